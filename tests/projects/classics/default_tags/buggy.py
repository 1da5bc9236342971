class Post:
    def __init__(self, title, tags=None):
        self.title = title
        self.tags = list(tags) if tags is not None else []

    def tag(self, name):
        if name in self.tags:
            self.tags.append(name)
        return self

    def matches(self, *names):
        return all(name in self.tags for name in names)
