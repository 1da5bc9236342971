from buggy import max_sublist_sum

def test_a(): assert max_sublist_sum([4, -5, 2, 1, -1, 3]) == 5
def test_b(): assert max_sublist_sum([0, -1, 2, -1, 3, -1, 0]) == 4
def test_c(): assert max_sublist_sum([3, 4, 5]) == 12
def test_d(): assert max_sublist_sum([-4, -4, -5]) == 0
