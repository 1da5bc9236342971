from buggy import Tree, depth, insert

def build(*values):
    tree = None
    for value in values:
        tree = insert(tree, value)
    return tree

def test_empty(): assert depth(None) == 0
def test_one(): assert depth(build(1)) == 1
def test_line(): assert depth(build(1, 2, 3)) == 3
def test_order():
    tree = build(2, 1, 3, 4)
    assert tree.left.value == 1
    assert tree.right.value == 3
    assert tree.right.right.value == 4
