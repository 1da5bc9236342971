def transpose(rows):
    if not rows:
        return []
    return [[row[i] for row in rows] for i in range(len(rows[0]))]


def multiply(a, b):
    columns = transpose(b)
    return [[sum(x * y for x, y in zip(row, column)) for column in columns] for row in a]
