from buggy import bitcount

def test_seven(): assert bitcount(127) == 7
def test_one(): assert bitcount(128) == 1
def test_mixed(): assert bitcount(3005) == 9
