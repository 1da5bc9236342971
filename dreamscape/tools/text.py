"""What a terminal could take for a command, found fast in texts of many megabytes."""

from __future__ import annotations

_CONTROLS = bytes([*range(9), *range(11, 32), 127])
_LATIN_1 = b"\xc2"
"""The first byte of the other controls in UTF-8, and of a few harmless letters."""


def is_surely_plain(data: bytes) -> bool:
    """Whether UTF-8 text is free of control characters other than tab and line feed; False may be a false alarm."""
    return _LATIN_1 not in data and len(data.translate(None, _CONTROLS)) == len(data)
