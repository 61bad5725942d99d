"""The commands `dechaff label` and `dechaff next`: their options, and nothing else."""

from pathlib import Path
from typing import Annotated

import typer

from dechaff_training.cli.options import Extractor, Json, Keywords, ModelFile, Threshold, phrases

EXAMPLES = (
    "Examples: [bold]dechaff label texts/ --to data/mine[/bold] · "
    "[bold]dechaff label page.html --to data/mine --no-open[/bold]\n\n"
    "A model that was taught on the page lies in DIR; without --model it proposes labels there.\n\n"
    "Nothing leaves this machine. Stop it with Ctrl-C: what is unsaved is there the next time."
)

NEXT_EXAMPLES = (
    "Example: [bold]dechaff next texts/ --to data/mine[/bold]\n\n"
    "The number before each article is how many words the model is expected to have wrong, halved for each article "
    "of its site that is labelled or stands above."
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
    extractor: Extractor = "resiliparse_all",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 is any that is free.")] = 0,
    opens: Annotated[bool, typer.Option("--open/--no-open", help="Whether to open a browser.")] = True,
) -> None:
    """Label articles on a page in the browser: see each line's label and reasons, correct it, save it."""
    from dechaff_training.cli.label_files import label_files

    label_files(inputs or [], to, model, threshold, phrases(keywords), extractor, port, opens=opens)


def suggest(
    inputs: Annotated[
        list[Path],
        typer.Argument(metavar="INPUT", help="Texts (.txt), HTML pages (.html), or folders of them."),
    ],
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help="The folder of labelled articles: these are done.")
    ] = None,
    model: ModelFile = None,
    extractor: Extractor = "resiliparse_all",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many to show.")] = 20,
    as_json: Json = False,
) -> None:
    """Say which articles to label next: where the model is least sure of most words, site after site."""
    from dechaff_training.cli.label_files import suggest_files

    suggest_files(inputs, to, model, extractor, limit, as_json=as_json)
