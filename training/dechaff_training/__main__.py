"""Starts the command `dechaff`: Ctrl-C is quiet from here on, also while `dechaff_training.cli.app` is imported."""

from dechaff_training.cli.interrupts import leave_at_once


def main() -> None:
    """Run the command line."""
    leave_at_once()
    from dechaff_training.cli import app as cli

    cli.main()


if __name__ == "__main__":
    main()
