def read_rows(text, separator=","):
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return []
    names = [name.strip() for name in lines[0].split(separator)]
    rows = []
    for line in lines[1:]:
        values = [value.strip() for value in line.split(separator)]
        rows.append(dict(zip(names, values)))
    return rows
