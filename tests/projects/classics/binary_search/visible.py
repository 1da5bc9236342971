from buggy import find

def test_found(): assert find([3, 4, 5, 5, 5, 5, 6], 5) == 3
def test_absent(): assert find([1, 2, 3, 4, 6, 7, 8], 5) == -1
def test_behind(): assert find([1, 2, 3], 9) == -1
def test_first(): assert find([2, 4, 6], 2) == 0
