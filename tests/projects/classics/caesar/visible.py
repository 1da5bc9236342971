from buggy import decrypt, encrypt

def test_encrypt(): assert encrypt("abc xyz", 2) == "cde zab"
def test_decrypt(): assert decrypt("cde", 2) == "abc"
def test_round(): assert decrypt(encrypt("Hello", 5), 5) == "Hello"
