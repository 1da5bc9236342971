from buggy import hanoi

def test_none(): assert hanoi(0, 1, 3) == []
def test_one(): assert hanoi(1, 1, 3) == [(1, 3)]
def test_two(): assert hanoi(2, 1, 3) == [(1, 2), (1, 3), (2, 3)]
