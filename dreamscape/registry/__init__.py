"""ModelRegistry: cards and history go in, a decision which models to ask, in which order, comes out."""

from dreamscape.registry.registry import ModelRegistry

__all__ = ["ModelRegistry"]
