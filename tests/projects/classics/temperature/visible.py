from buggy import Log

def filled(*values):
    log = Log()
    for value in values:
        log.record(value)
    return log

def test_mean(): assert filled(1, 2).mean() == 1.5
def test_whole(): assert filled(2, 4).mean() == 3
def test_none(): assert filled().mean() is None
def test_spread(): assert filled(3, 9, 4).spread() == 6
