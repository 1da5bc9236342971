def observe(program, random):
    stack, seen = program.MinStack(), []
    for _ in range(10):
        if random.random() < 0.6 or not stack.items:
            stack.push(random.randrange(5))
        else:
            seen.append(stack.pop())
        if stack.items:
            seen.append(stack.low())
    return seen
