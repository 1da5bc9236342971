from buggy import word_count

def test_one(): assert word_count("a") == {"a": 1}
def test_many(): assert word_count("a b a.") == {"a": 2, "b": 1}
def test_empty(): assert word_count("") == {}
