from buggy import is_balanced

def test_good(): assert is_balanced("((()()))()") is True
def test_early(): assert is_balanced(")()(") is False
def test_open(): assert is_balanced("((") is False
def test_empty(): assert is_balanced("") is True
