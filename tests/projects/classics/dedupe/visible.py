from buggy import unique

def test_plain(): assert unique([1, 2, 1]) == [1, 2]
def test_key(): assert unique(["a", "A", "b"], key=str.lower) == ["a", "b"]
def test_key_again(): assert unique(["A", "a", "B"], key=str.lower) == ["A", "B"]
