from buggy import parse_query

def test_pair(): assert parse_query("a=1&b=2") == {"a": ["1"], "b": ["2"]}
def test_twice(): assert parse_query("a=1&a=2") == {"a": ["1", "2"]}
def test_bare(): assert parse_query("a") == {"a": [""]}
def test_gap(): assert parse_query("a=1&&b=2") == {"a": ["1"], "b": ["2"]}
def test_empty(): assert parse_query("") == {}
