"""The launcher that builds a sandbox around one command and watches it.

It runs in a process of its own, as the top-level package ``jail`` of a bare interpreter (``-I -S``): standard library
only, and of that only what imports fast; imports nothing of ours. `task` is what it is told, `start` the order of
things, `root` the file system the command sees (`copy` where no overlay can be laid), `payload` what the command does
before it becomes itself, `filter` the system calls it may not make, `watch` holds it to its limits, `kernel` speaks to
Linux. Paths are bytes throughout.
"""
