"""Money as a person reads it."""

from __future__ import annotations

import math


def dollars(usd: float) -> str:
    """With its cents, or where these would read as nothing, with its first two digits."""
    if not 0 < usd < 0.005:
        return f"{usd:.2f}"
    return f"{usd:.{min(12, 1 - math.floor(math.log10(usd)))}f}"
