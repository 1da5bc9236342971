"""``python -m dreamscape`` and the console script."""

import sys


def main() -> None:
    """Runs the command line; an interrupt while it is still being loaded ends it as one that comes later does."""
    try:
        from dreamscape.cli.app import run
    except KeyboardInterrupt:
        sys.stderr.write("dreamscape: interrupted\n")
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
