from buggy import to_base

def test_a(): assert to_base(31, 16) == "1F"
def test_b(): assert to_base(41, 2) == "101001"
def test_c(): assert to_base(8227, 18) == "1771"
