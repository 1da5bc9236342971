"""Dreamscape keeps a Python code base healthy without anyone watching."""

__version__ = "0.1.0"
