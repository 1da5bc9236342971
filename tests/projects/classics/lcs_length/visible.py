from buggy import lcs_length

def test_a(): assert lcs_length("witch", "sandwich") == 2
def test_b(): assert lcs_length("meow", "homeowner") == 4
def test_c(): assert lcs_length("fun", "") == 0
def test_d(): assert lcs_length("aaa", "aba") == 1
