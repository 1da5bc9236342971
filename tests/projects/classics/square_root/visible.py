from buggy import root

def test_a(): assert abs(root(2, 0.01) - 1.4142) < 0.01
def test_b(): assert abs(root(27, 0.01) - 5.196) < 0.01
def test_c(): assert abs(root(4, 0.2) - 2) < 0.2
