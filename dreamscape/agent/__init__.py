"""TestAgent: runs tests sandboxed, makes cases of failures, judges candidates."""

from dreamscape.agent.base import Base
from dreamscape.agent.loop import TestAgent
from dreamscape.agent.paths import may_be_repaired

__all__ = ["Base", "TestAgent", "may_be_repaired"]
