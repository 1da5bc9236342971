from buggy import Vector

def test_add(): assert Vector(1, 2) + Vector(3, 4) == Vector(4, 6)
def test_times(): assert Vector(1, 2) * 3 == Vector(3, 6)
def test_dot(): assert Vector(1, 2).dot(Vector(3, 4)) == 11
def test_right_angle(): assert Vector(1, 0).dot(Vector(0, 5)) == 0
