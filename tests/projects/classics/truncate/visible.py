from buggy import truncate

def test_short(): assert truncate("abc", 5) == "abc"
def test_exact(): assert truncate("abcde", 5) == "abcde"
def test_long(): assert truncate("abcdefgh", 6) == "abc..."
def test_space(): assert truncate("ab cdefgh", 6) == "ab..."
