"""Contents from git's own store, many at one call; the working tree is not touched."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from dreamscape.tools.git import Git


def read_blobs(git: Git, blobs: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
    """Each blob with its bytes as stored; None for one that is not there (a partial clone). Raises GitFailed."""
    listing = git.ask("cat-file", "--batch", stdin="\n".join([*blobs, ""]).encode("ascii")) if blobs else b""
    at = 0
    for blob in blobs:
        end = listing.index(b"\n", at)
        about = listing[at:end].split()
        at = end + 1
        if about[1] != b"blob":
            yield blob, None
            continue
        size = int(about[2])
        yield blob, listing[at : at + size]
        at += size + 1


def is_blob(content: bytes, name: str) -> bool:
    """Whether these bytes are the blob of that name, in a repository of either kind of names."""
    whole = b"blob %d\0" % len(content) + content
    digest = hashlib.sha1(whole, usedforsecurity=False) if len(name) == 40 else hashlib.sha256(whole)
    return digest.hexdigest() == name
