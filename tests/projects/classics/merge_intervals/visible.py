from buggy import merge

def test_apart(): assert merge([(1, 2), (4, 5)]) == [(1, 2), (4, 5)]
def test_touch(): assert merge([(1, 3), (2, 6)]) == [(1, 6)]
def test_within(): assert merge([(1, 9), (2, 3)]) == [(1, 9)]
def test_order(): assert merge([(5, 6), (1, 5)]) == [(1, 6)]
