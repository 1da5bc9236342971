"""Events and git go in, devlogs come out."""

from dreamscape.publishing.devlog import Devlog

__all__ = ["Devlog"]
