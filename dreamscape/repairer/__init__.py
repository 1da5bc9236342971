"""The embedded model: a repair case goes in, candidates by search over syntax-tree edits come out."""

from dreamscape.repairer.search import Repairer

__all__ = ["Repairer"]
