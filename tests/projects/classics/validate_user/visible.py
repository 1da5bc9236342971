from buggy import validate

def test_good(): assert validate({"name": "a", "age": 3, "email": "a@b"}) == []
def test_negative(): assert validate({"name": "a", "age": -3, "email": "a@b"}) == ["age is negative"]
def test_no_age(): assert validate({"name": "a", "email": "a@b"}) == []
def test_empty(): assert validate({}) == ["name is missing", "email is invalid"]
