"""The command `dechaff label`: its options, and nothing else."""

from pathlib import Path
from typing import Annotated

import typer

from dechaff_training.options import Keywords, ModelFile, Threshold, phrases

EXAMPLES = (
    "Examples: [bold]dechaff label texts/ --to data/mine[/bold] · "
    "[bold]dechaff label page.html --to data/mine --no-open[/bold]\n\n"
    "Nothing leaves this machine. Stop it with Ctrl-C: what is unsaved is there the next time."
)


def label(
    to: Annotated[
        Path,
        typer.Option("--to", metavar="DIR", help="The folder for labelled articles, DIR/<site>/<slug>.txt."),
    ],
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="INPUT",
            help="Texts (.txt), labelled or not, HTML pages (.html), folders of them; by default those in DIR.",
            show_default=False,
        ),
    ] = None,
    model: ModelFile = None,
    threshold: Threshold = None,
    keywords: Keywords = None,
    extractor: Annotated[
        str, typer.Option("--extractor", "-x", metavar="NAME", help="What makes text of HTML.")
    ] = "resiliparse_all",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 is any that is free.")] = 0,
    opens: Annotated[bool, typer.Option("--open/--no-open", help="Whether to open a browser.")] = True,
) -> None:
    """Label articles on a page in the browser: see each line's label and reasons, correct it, save it."""
    from dechaff_training.label_files import label_files

    label_files(inputs or [], to, model, threshold, phrases(keywords), extractor, port, opens=opens)
