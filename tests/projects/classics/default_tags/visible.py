from buggy import Post

def test_tag(): assert Post("a").tag("x").tags == ["x"]
def test_twice(): assert Post("a", ["x"]).tag("x").tags == ["x"]
def test_matches(): assert Post("a", ["x", "y"]).matches("x", "y")
def test_not(): assert not Post("a", ["x"]).matches("z")
