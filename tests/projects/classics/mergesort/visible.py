from buggy import mergesort

def test_empty(): assert mergesort([]) == []
def test_one(): assert mergesort([7]) == [7]
def test_many(): assert mergesort([3, 1, 2, 9, 2]) == [1, 2, 2, 3, 9]
