def root(x, epsilon):
    guess = x / 2
    while abs(x - guess) > epsilon:
        guess = 0.5 * (guess + x / guess)
    return guess
