from buggy import to_rpn

def test_one(): assert to_rpn([30]) == [30]
def test_two(): assert to_rpn([10, "-", 5, "-", 2]) == [10, 5, "-", 2, "-"]
def test_three(): assert to_rpn([34, "-", 12, "/", 5]) == [34, 12, 5, "/", "-"]
