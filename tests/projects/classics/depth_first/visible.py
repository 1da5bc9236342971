from buggy import reachable

def test_line(): assert reachable({1: [2], 2: [3]}, 1, 3)
def test_none(): assert not reachable({1: [2], 3: [4]}, 1, 4)
def test_circle(): assert not reachable({1: [2], 2: [3], 3: [1]}, 1, 9)
