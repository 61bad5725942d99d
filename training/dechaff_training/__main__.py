"""Entry point of the command `dechaff`; handles Ctrl-C before the slower imports."""

from dechaff_training.cli.interrupts import exit_on_interrupt


def main() -> None:
    """Run the command line."""
    exit_on_interrupt()
    from dechaff_training.cli import app

    app.main()


if __name__ == "__main__":
    main()
