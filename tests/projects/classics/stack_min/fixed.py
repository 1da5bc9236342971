class MinStack:
    def __init__(self):
        self.items = []
        self.lows = []

    def push(self, value):
        self.items.append(value)
        if not self.lows or value <= self.lows[-1]:
            self.lows.append(value)

    def pop(self):
        value = self.items.pop()
        if value == self.lows[-1]:
            self.lows.pop()
        return value

    def low(self):
        return self.lows[-1]
