"""Frozen values that travel between the stations; the words everybody shares."""
