from buggy import order

def test_line(): assert order({"a": ["b"], "b": []}) == ["b", "a"]
def test_empty(): assert order({}) == []
def test_circle():
    try:
        order({"a": ["b"], "b": ["a"]})
    except ValueError:
        return
    raise AssertionError("DID NOT RAISE <class 'ValueError'>")
