"""Keeps track of what is in the kitchen."""
