from buggy import bucketsort

def test_empty(): assert bucketsort([], 14) == []
def test_some(): assert bucketsort([3, 11, 2, 9, 1, 5], 12) == [1, 2, 3, 5, 9, 11]
def test_twins(): assert bucketsort([2, 2, 1, 0], 3) == [0, 1, 2, 2]
