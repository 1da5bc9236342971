from buggy import quicksort

def test_a(): assert quicksort([1, 2, 6, 72, 7, 33, 4]) == [1, 2, 4, 6, 7, 33, 72]
def test_twins(): assert quicksort([5, 4, 3, 5, 1]) == [1, 3, 4, 5, 5]
def test_none(): assert quicksort([]) == []
