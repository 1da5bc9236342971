"""The launcher that builds a sandbox around one command and watches it.

It runs in a process of its own, as the top-level package ``jail`` of a bare interpreter (``-I -S``): standard library
only, imports nothing of ours, is imported by nobody. `start` reads what to do, `root` builds the file system the
command sees, `payload` gives up all powers and becomes the command, `watch` holds it to its limits, `kernel` speaks
to Linux. Paths are bytes throughout.
"""
