def order(graph):
    done = []
    waiting = list(graph)
    while waiting:
        for node in waiting:
            if all(each in done for each in graph[node]):
                done.append(node)
                waiting.remove(node)
                break
        else:
            raise ValueError("circle")
    return done
