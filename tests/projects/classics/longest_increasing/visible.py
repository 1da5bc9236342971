from buggy import lis

def test_a(): assert lis([4, 1, 5, 3, 7, 6, 2]) == 3
def test_b(): assert lis([10, 22, 9, 33, 21, 50, 41, 60, 80, 1]) == 6
def test_c(): assert lis([]) == 0
def test_d(): assert lis([3, 1]) == 1
