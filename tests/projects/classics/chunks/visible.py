from buggy import chunks

def test_even(): assert list(chunks([1, 2, 3, 4], 2)) == [[1, 2], [3, 4]]
def test_rest(): assert list(chunks([1, 2, 3], 2)) == [[1, 2], [3]]
def test_none(): assert list(chunks([], 3)) == []
