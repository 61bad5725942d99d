"""The command `dechaff bulk`: its options, and nothing else."""

from pathlib import Path
from typing import Annotated

import typer

from dechaff_training.cli.options import Keywords, ModelFile, Threshold, phrases

EXAMPLES = (
    "Examples: [bold]dechaff bulk docs.jsonl.zst -o clean/[/bold] · "
    "[bold]dechaff bulk crawl/ -o clean/ --dropped --workers 8[/bold]\n\n"
    "Exit codes: 0 all is clean · 1 bad input, other settings than before, or a bad record with --strict · "
    "2 wrong usage · 3 done, but some records are in quarantine · 130 interrupted. "
    "Run it again to go on where it stopped."
)
#: What a run ends with that has put records in quarantine.
QUARANTINED = 3


def bulk(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT",
            help="JSON Lines (.jsonl, .json, also .gz, .zst), .parquet, WET or WARC (.wet, .warc, also .gz), "
            "folders of them, or patterns in quotes.",
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="The folder to write to.")],
    text_column: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The field with the text; else text, content, body, …", show_default=False
        ),
    ] = None,
    id_column: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The field with the id; else id, doc_id, url, …", show_default=False),
    ] = None,
    dropped: Annotated[
        bool, typer.Option("--dropped", help="Write every dropped line down, with kind and reasons; slow.")
    ] = False,
    attributes: Annotated[
        bool, typer.Option("--attributes", help="Write every line's score as Dolma attributes.")
    ] = False,
    model: ModelFile = None,
    threshold: Threshold = None,
    keywords: Keywords = None,
    workers: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Processes; by default one a core.", show_default=False)
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first bad record.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Begin anew, whatever runs before did.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write the summary as JSON.")] = False,
) -> None:
    """Clean folders of documents on all cores; run it again to go on where it stopped."""
    from dechaff.bulk.settings import Settings
    from dechaff_training.cli.bulk_files import bulk_files

    settings = Settings(model, threshold, phrases(keywords), text_column, id_column, dropped, attributes, strict)
    summary = bulk_files(
        inputs, output, settings, workers=workers, overwrite=overwrite, quiet=quiet, as_json=as_json
    )
    if summary.counts.n_bad:
        raise typer.Exit(QUARANTINED)
