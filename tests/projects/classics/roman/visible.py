from buggy import from_roman

def test_three(): assert from_roman("III") == 3
def test_four(): assert from_roman("IV") == 4
def test_year(): assert from_roman("MCMXCIV") == 1994
