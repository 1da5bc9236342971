def reachable(graph, start, goal):
    seen = set()

    def visit(node):
        if node in seen:
            return False
        if node == goal:
            return True
        seen.add(node)
        return any(visit(each) for each in graph.get(node, ()))

    return visit(start)
