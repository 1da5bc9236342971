from buggy import MinStack

def make(*values):
    stack = MinStack()
    for value in values:
        stack.push(value)
    return stack

def test_low(): assert make(3, 1, 2).low() == 1

def test_pop():
    stack = make(3, 2, 1)
    assert stack.pop() == 1
    assert stack.low() == 2
    assert stack.pop() == 2
    assert stack.low() == 3

def test_twins():
    stack = make(1, 1)
    stack.pop()
    assert stack.low() == 1
