from buggy import subsequences

def test_a(): assert subsequences(1, 5, 3) == [[1, 2, 3], [1, 2, 4], [1, 3, 4], [2, 3, 4]]
def test_b(): assert subsequences(4, 10, 0) == [[]]
def test_c(): assert subsequences(30, 33, 2) == [[30, 31], [30, 32], [31, 32]]
