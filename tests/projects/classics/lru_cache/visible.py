from buggy import Cache

def test_keeps():
    cache = Cache(2)
    cache.put("a", 1)
    assert cache.get("a") == 1

def test_evicts():
    cache = Cache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    cache.get("a")
    cache.put("c", 3)
    assert cache.get("b") is None
    assert cache.get("a") == 1
    assert cache.get("c") == 3
