"""Contents from git's own store, many at one call; the working tree is not touched."""

from __future__ import annotations

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
