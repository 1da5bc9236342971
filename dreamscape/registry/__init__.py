"""ModelRegistry: cards and history go in, a decision which models to ask, in which order, comes out."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dreamscape.registry.registry import ModelRegistry

__all__ = ["ModelRegistry"]


def __getattr__(name: str) -> object:
    # Who takes the policy alone needs no cards, and what they are read with takes as long to import as numpy.
    if name == "ModelRegistry":
        from dreamscape.registry.registry import ModelRegistry

        return ModelRegistry
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
