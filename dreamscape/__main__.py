"""``python -m dreamscape`` and the console script."""

from dreamscape.cli.app import run as main

__all__ = ["main"]

if __name__ == "__main__":
    main()
