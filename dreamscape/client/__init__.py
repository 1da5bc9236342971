"""OpenAIClient: a prompt and a card go in, the model's exact answer comes out; there is no other way to a model."""

from dreamscape.client.client import OpenAIClient

__all__ = ["OpenAIClient"]
