from buggy import knapsack

def test_one(): assert knapsack(100, [(60, 10), (50, 8), (20, 4), (20, 4), (8, 3), (3, 2)]) == 19
def test_two(): assert knapsack(40, [(30, 10), (50, 5), (10, 20), (40, 25)]) == 30
def test_tiny(): assert knapsack(10, [(11, 3)]) == 0
