"""ProjectScanner: a tree of files goes in, ranked files and functions come out."""

from dreamscape.scanner.project import ProjectScanner

__all__ = ["ProjectScanner"]
