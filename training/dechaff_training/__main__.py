"""Entry point of the command `dechaff`; handles Ctrl-C before the slower imports."""

import sys

from dechaff_training.cli.interrupts import exit_on_interrupt


def main() -> None:
    """Run the command line."""
    exit_on_interrupt()
    try:
        from dechaff_training.cli import app
    except ModuleNotFoundError as error:  # an install for inference alone has NumPy and joblib, but no typer
        sys.exit(f"dechaff: error: the command needs {error.name}; run: pip install dechaff")
    app.main()


if __name__ == "__main__":
    main()
