from buggy import next_palindrome

def test_a(): assert next_palindrome([1, 4, 9, 4, 1]) == [1, 5, 0, 5, 1]
def test_b(): assert next_palindrome([9, 9, 9]) == [1, 0, 0, 1]
def test_c(): assert next_palindrome([4, 7, 2, 5, 5, 2, 7, 4]) == [4, 7, 2, 6, 6, 2, 7, 4]
