"""The command line: parses, calls bootstrap, shows values through `render`."""
