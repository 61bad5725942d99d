"""The command `dechaff diff`: its options, and nothing else."""

from pathlib import Path
from typing import Annotated

import typer

from dechaff_training.cli.options import Extractors, JsonFile, Threshold

EXAMPLES = (
    "Examples: [bold]dechaff diff default my.joblib data/articles[/bold] · "
    "[bold]dechaff diff old.joblib new.joblib texts/ --limit 50 --json changes.json[/bold]\n\n"
    "Reasons are the themes whose shares in the line's log-odds differ most, B less A: above zero, B is more for "
    "content. Where lines have labels, a change is right if B agrees with them."
)
_MODEL_HELP = "A model file, or 'default', the one that ships."


def diff(
    before: Annotated[str, typer.Argument(metavar="MODEL_A", help=_MODEL_HELP, show_default=False)],
    after: Annotated[str, typer.Argument(metavar="MODEL_B", help=_MODEL_HELP, show_default=False)],
    corpus: Annotated[
        list[Path],
        typer.Argument(
            metavar="CORPUS",
            help="Articles, labelled or not: .txt, .jsonl, .html, pages in .parquet, or folders of them.",
            show_default=False,
        ),
    ],
    threshold: Threshold = None,
    extractors: Extractors = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, help="How many changed lines to print.")] = 20,
    reasons: Annotated[int, typer.Option(min=0, help="How many reasons each changed line gets.")] = 2,
    json_file: JsonFile = None,
) -> None:
    """Say which lines two models label differently, and why."""
    from dechaff_training.cli.diff_files import diff_models

    diff_models((before, after), corpus, threshold, extractors or (), limit, reasons, json_file)
