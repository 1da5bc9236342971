from buggy import group_by, largest_group

def test_group(): assert group_by([1, 2, 3], lambda n: n % 2) == {1: [1, 3], 0: [2]}
def test_largest(): assert largest_group(["a", "bb", "cc"], len) == 2
def test_none(): assert largest_group([], len) is None
