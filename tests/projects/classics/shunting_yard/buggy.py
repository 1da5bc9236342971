def to_rpn(tokens):
    precedence = {"+": 1, "-": 1, "*": 2, "/": 2}
    output = []
    pending = []
    for token in tokens:
        if isinstance(token, int):
            output.append(token)
        else:
            while pending and precedence[token] <= precedence[pending[-1]]:
                output.append(pending.pop())
    while pending:
        output.append(pending.pop())
    return output
