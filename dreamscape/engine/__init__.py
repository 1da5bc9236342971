"""AutomationEngine: takes work in order of impact, drives proposers, lands what is proven, remembers."""

from dreamscape.engine.book import RunBook
from dreamscape.engine.engine import AutomationEngine
from dreamscape.engine.file_signals import file_signals
from dreamscape.engine.known import known_repairs
from dreamscape.engine.lander import RepositoryLander
from dreamscape.engine.rejections import rejected_changes
from dreamscape.engine.solving import Solver

__all__ = [
    "AutomationEngine",
    "RepositoryLander",
    "RunBook",
    "Solver",
    "file_signals",
    "known_repairs",
    "rejected_changes",
]
