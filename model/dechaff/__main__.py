"""`python -m dechaff`: the command `dechaff`, which comes with the package `dechaff_training`."""

import runpy
import sys
from importlib.util import find_spec


def main() -> None:
    """Run the command line by its name: the library imports nothing of `dechaff_training`."""
    # The wheel has both packages; without its dependencies (docs/deploy.md), typer is missing.
    if find_spec("dechaff_training") is None or find_spec("typer") is None:
        sys.exit("dechaff: error: the command line is not installed; run: pip install dechaff")
    runpy.run_module("dechaff_training", run_name="__main__")


if __name__ == "__main__":
    main()
