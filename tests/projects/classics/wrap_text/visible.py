from buggy import wrap

def test_short(): assert wrap("abc", 10) == ["abc"]
def test_two(): assert wrap("the leaves did not stir", 12) == ["the leaves", " did not", " stir"]
