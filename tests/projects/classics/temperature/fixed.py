class Log:
    def __init__(self):
        self.values = []

    def record(self, value):
        self.values.append(value)

    def mean(self):
        if not self.values:
            return None
        return sum(self.values) / len(self.values)

    def spread(self):
        if not self.values:
            return 0
        return max(self.values) - min(self.values)
