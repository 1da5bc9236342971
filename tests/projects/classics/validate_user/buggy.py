def validate(user):
    errors = []
    if not user.get("name"):
        errors.append("name is missing")
    age = user.get("age")
    if age < 0:
        errors.append("age is negative")
    if "@" not in user.get("email", ""):
        errors.append("email is invalid")
    return errors
