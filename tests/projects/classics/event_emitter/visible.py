from buggy import Emitter

def test_emit():
    emitter = Emitter()
    emitter.on("add", lambda a, b: a + b)
    assert emitter.emit("add", 1, 2) == [3]

def test_none(): assert Emitter().emit("x") == []

def test_off():
    emitter = Emitter()
    handler = str
    emitter.on("x", handler)
    emitter.off("x", handler)
    assert emitter.emit("x", 1) == []
