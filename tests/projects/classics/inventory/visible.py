from buggy import Inventory

def test_empty(): assert Inventory().total() == 0

def test_total():
    stock = Inventory()
    stock.add("pen", 2, 3)
    stock.add("ink", 5)
    assert stock.total() == 11

def test_again():
    stock = Inventory()
    stock.add("pen", 2)
    stock.add("pen", 2, 4)
    assert stock.total() == 10
