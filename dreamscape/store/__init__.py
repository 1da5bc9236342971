"""The memory of all runs: SQLAlchemy tables, their migrations, and the `Store` that reads and writes them."""

from dreamscape.store.store import Store, open_store

__all__ = ["Store", "open_store"]
