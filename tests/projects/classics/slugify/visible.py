from buggy import slugify

def test_simple(): assert slugify("hello world") == "hello-world"
def test_case(): assert slugify("Hello World") == "hello-world"
def test_marks(): assert slugify("a & b, c!") == "a-b-c"
