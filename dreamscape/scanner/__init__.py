"""ProjectScanner: a tree of files goes in, ranked files and functions come out."""
