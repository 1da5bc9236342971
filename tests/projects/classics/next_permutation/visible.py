from buggy import next_permutation

def test_a(): assert next_permutation([3, 2, 4, 1]) == [3, 4, 1, 2]
def test_b(): assert next_permutation([3, 5, 6, 2, 1]) == [3, 6, 1, 2, 5]
def test_c(): assert next_permutation([1, 2, 3]) == [1, 3, 2]
