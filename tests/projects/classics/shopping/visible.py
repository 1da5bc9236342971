from buggy import price

def test_plain(): assert price([(10, 2)]) == 25.0
def test_free(): assert price([(50, 1)]) == 50.0
def test_discount(): assert price([(10, 1)], discount=0.1) == 14.0
def test_both(): assert price([(100, 1)], discount=0.5) == 50.0
