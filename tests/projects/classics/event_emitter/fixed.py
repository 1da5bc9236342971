class Emitter:
    def __init__(self):
        self.handlers = {}

    def on(self, name, handler):
        self.handlers.setdefault(name, []).append(handler)

    def off(self, name, handler):
        if name in self.handlers and handler in self.handlers[name]:
            self.handlers[name].remove(handler)

    def emit(self, name, *args):
        return [handler(*args) for handler in self.handlers.get(name, [])]
