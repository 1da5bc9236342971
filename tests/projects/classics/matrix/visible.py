from buggy import multiply, transpose

def test_transpose(): assert transpose([[1, 2], [3, 4], [5, 6]]) == [[1, 3, 5], [2, 4, 6]]
def test_identity(): assert multiply([[1, 2], [3, 4]], [[1, 0], [0, 1]]) == [[1, 2], [3, 4]]
def test_multiply(): assert multiply([[1, 2]], [[3], [4]]) == [[11]]
