from buggy import distance

def test_a(): assert distance("electron", "neutron") == 3
def test_b(): assert distance("kitten", "sitting") == 3
def test_c(): assert distance("", "amber") == 5
def test_d(): assert distance("abc", "abc") == 0
