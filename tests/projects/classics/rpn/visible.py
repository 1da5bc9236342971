from buggy import evaluate

def test_a(): assert evaluate([3.0, 5.0, "+", 2.0, "/"]) == 4.0
def test_b(): assert evaluate([2.0, 2.0, "+"]) == 4.0
def test_c(): assert evaluate([7.0, 4.0, "+", 3.0, "-"]) == 8.0
