class Node:
    def __init__(self, value, successor=None):
        self.value = value
        self.successor = successor


def reverse(node):
    previous = None
    while node:
        following = node.successor
        node.successor = previous
        previous = node
        node = following
    return previous
