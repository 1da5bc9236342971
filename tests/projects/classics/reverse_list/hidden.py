def observe(program, random):
    node = None
    for _ in range(random.randint(0, 6)):
        node = program.Node(random.randrange(9), node)
    node, found = program.reverse(node), []
    while node and len(found) < 20:
        found.append(node.value)
        node = node.successor
    return found
