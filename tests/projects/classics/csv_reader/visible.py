from buggy import read_rows

def test_rows(): assert read_rows("a,b\n1, 2\n3,4") == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]
def test_header(): assert read_rows("a,b") == []
def test_none(): assert read_rows("") == []
