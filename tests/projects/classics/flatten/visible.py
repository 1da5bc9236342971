from buggy import flatten

def test_nested(): assert list(flatten([[1, [], [2, 3]], [[4]], 5])) == [1, 2, 3, 4, 5]
def test_empty(): assert list(flatten([[], [[], []]])) == []
def test_texts(): assert list(flatten(["moe", ["curly"]])) == ["moe", "curly"]
