from buggy import gcd

def test_small(): assert gcd(17, 0) == 17
def test_common(): assert gcd(35, 21) == 7
def test_prime(): assert gcd(13, 13) == 13
def test_big(): assert gcd(624129, 2061517) == 18913
