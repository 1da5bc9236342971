def wrap(text, columns):
    lines = []
    while len(text) > columns:
        end = text.rfind(" ", 0, columns)
        if end == -1:
            end = columns
        line, text = text[:end], text[end:]
        lines.append(line)
    lines.append(text)
    return lines
