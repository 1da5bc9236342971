"""Events and git go in, devlogs come out."""
