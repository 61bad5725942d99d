"""The command `dechaff inspect`."""

from pathlib import Path
from typing import Annotated

import typer

from dechaff_training.cli.options import examples
from dechaff_training.files.json_io import write_json
from dechaff_training.files.models import describe_model

EPILOG = examples("inspect model.joblib --limit 10")


def inspect(
    model: Annotated[
        Path | None,
        typer.Argument(metavar="MODEL", help="Model file.", show_default="built-in model"),
    ] = None,
    limit: Annotated[int, typer.Option(min=0, metavar="N", help="Number of weights per part.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Describe a model: its origin and its strongest weights. Nothing in the file is executed."""
    description = describe_model(model, limit)
    if as_json:
        write_json(description, None)
    else:
        from dechaff_training.report.rendering import print_model

        print_model(description)
