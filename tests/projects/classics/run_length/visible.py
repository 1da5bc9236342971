from buggy import encode

def test_one(): assert encode("aaa") == "3a"
def test_two(): assert encode("aab") == "2a1b"
def test_none(): assert encode("") == ""
