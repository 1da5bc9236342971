from buggy import moving_average, windows

def test_two(): assert list(windows([1, 2, 3], 2)) == [(1, 2), (2, 3)]
def test_all(): assert list(windows([1, 2], 2)) == [(1, 2)]
def test_more(): assert list(windows([1], 2)) == []
def test_average(): assert moving_average([1, 3, 5], 2) == [2, 4]
