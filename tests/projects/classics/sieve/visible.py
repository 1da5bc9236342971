from buggy import sieve

def test_one(): assert sieve(1) == []
def test_four(): assert sieve(4) == [2, 3]
def test_ten(): assert sieve(10) == [2, 3, 5, 7]
def test_twenty(): assert sieve(20) == [2, 3, 5, 7, 11, 13, 17, 19]
