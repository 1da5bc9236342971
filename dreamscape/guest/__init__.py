"""What runs inside the project's interpreter; standard library only, Python 3.8 syntax, imports nothing of ours."""
