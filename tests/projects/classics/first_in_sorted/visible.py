from buggy import first

def test_run(): assert first([3, 4, 5, 5, 5, 5, 6], 5) == 2
def test_absent(): assert first([3, 4, 5, 5, 5, 5, 6], 7) == -1
def test_between(): assert first([3, 4, 6, 8], 5) == -1
def test_begin(): assert first([3, 3, 4], 3) == 0
