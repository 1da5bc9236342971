def pascal(n):
    rows = [[1]]
    for r in range(1, n):
        row = []
        for c in range(0, r):
            up_left = rows[r - 1][c - 1] if c > 0 else 0
            up_right = rows[r - 1][c] if c < r else 0
            row.append(up_left + up_right)
        rows.append(row)
    return rows
