from buggy import kth

def test_a(): assert kth([1, 2, 3, 4, 5, 6, 7], 4) == 5
def test_b(): assert kth([3, 6, 7, 1, 6, 3, 8, 9], 5) == 7
def test_c(): assert kth([2, 3, 1], 0) == 1
