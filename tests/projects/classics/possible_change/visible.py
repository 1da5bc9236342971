from buggy import possible_change

def test_a(): assert possible_change([1, 4, 2], -7) == 0
def test_b(): assert possible_change([1, 5, 10, 25], 11) == 4
def test_c(): assert possible_change([3, 7], 14) == 1
