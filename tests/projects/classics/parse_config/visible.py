from buggy import parse

def test_plain(): assert parse("a = 1") == {".a": "1"}
def test_section(): assert parse("[x]\nb = 2") == {"x.b": "2"}
def test_comment(): assert parse("# no\n\nc=3=4") == {".c": "3=4"}
