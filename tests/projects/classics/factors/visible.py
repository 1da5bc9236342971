from buggy import factors

def test_one(): assert factors(1) == []
def test_hundred(): assert factors(100) == [2, 2, 5, 5]
def test_prime(): assert factors(101) == [101]
def test_square(): assert factors(49) == [7, 7]
