"""TestAgent: runs tests sandboxed, makes cases of failures, judges candidates."""
