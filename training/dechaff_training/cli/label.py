"""The commands `dechaff label` and `dechaff next`."""

import sys
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dechaff import extras
from dechaff.errors import InputError
from dechaff.linear.artifact import model_digest
from dechaff.linear.line_model import LineModel
from dechaff_training.cli import options
from dechaff_training.cli.options import examples, parse_keywords
from dechaff_training.files.json_io import write_record
from dechaff_training.files.models import load
from dechaff_training.files.paths import protect_inputs

if TYPE_CHECKING:
    from dechaff_training.files.paths import Name
    from dechaff_training.fit.active_learning import Suggestion
    from dechaff_training.label_app.sources import Source

LABEL_EPILOG = (
    examples("label texts/ --to data/mine", "label page.html --to data/mine --no-open")
    + "\n\nWithout --model, the model fine-tuned with the labels in DIR, if there is one, proposes the labels.\n\n"
    "Nothing leaves this machine. Stop with Ctrl-C; unsaved changes are kept for the next time."
)
NEXT_EPILOG = (
    examples("next texts/ --to data/mine") + "\n\nArticles are listed at random, one of each site first; "
    "if you label them in this order, it stays the same. "
    "With --order doubtful, the number before each article is the expected number of words with a wrong label, "
    "halved for each article of the same site that is labelled or listed above. That finds where the model is "
    "weak; it does not teach it sooner: with 5 to 40 labelled articles, random ones were better by .002 to .006 of "
    "F1, with 80 and 160 there was no difference."
)


class LabelOrder(Enum):
    """Orders in which articles are offered for labelling."""

    random = "random"
    doubtful = "doubtful"


def label(
    to: Annotated[
        Path,
        typer.Option("--to", metavar="DIR", help="Folder for labelled articles: DIR/<site>/<slug>.txt."),
    ],
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="INPUT",
            help="Texts (.txt), labelled or not, HTML pages (.html), or folders of them.",
            show_default="those in DIR",
        ),
    ] = None,
    model: options.ModelFile = None,
    threshold: options.Threshold = None,
    keywords: options.Keywords = None,
    extractor: options.Extractor = "resiliparse_all",
    port: Annotated[int, typer.Option(min=0, max=65535, metavar="N", help="Port; 0 for any free port.")] = 0,
    opens: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = True,
) -> None:
    """Label articles in the browser: check each line's label and reasons, correct it, save."""
    for package in ("starlette", "uvicorn"):
        extras.load(package, "page")
    from dechaff_training.corpus.extraction import EXTRACTORS, check_extractors, extractor_version
    from dechaff_training.label_app.server import serve
    from dechaff_training.label_app.session import Session

    check_extractors([extractor], EXTRACTORS)
    _check_folder(to, model)
    judge = load(model, parse_keywords(keywords))
    judge.resolve_threshold(threshold)
    session = Session(inputs or [], to, judge, threshold, extractor, model_digest(model))
    if model is None and (tuned := _tuned_model(to)):
        session.use(load(tuned))
        message = f"labels are proposed by {tuned}, the model fine-tuned on the labels in {to}"
        print(f"dechaff: {message}", file=sys.stderr)
    if session.has_pages:
        extractor_version(extractor)  # a missing package is reported here, not in the browser
    serve(session, port, opens=opens)


def suggest(
    inputs: Annotated[
        list[Path],
        typer.Argument(metavar="INPUT", help="Texts (.txt), HTML pages (.html), or folders of them."),
    ],
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="DIR", help="Folder of labelled articles, which are left out."),
    ] = None,
    order: Annotated[
        LabelOrder, typer.Option(help="At random, one of each site first; or where the model has most doubt.")
    ] = LabelOrder.random,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Seed of the random order.")] = 0,
    model: options.ModelFile = None,
    extractor: options.Extractor = "resiliparse_all",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, metavar="N", help="Number of articles.")] = 20,
    as_json: options.Json = False,
) -> None:
    """List the articles to label next: at random, one of each site first, or those the model is most unsure of."""
    from dechaff_training.fit.active_learning import spread_articles
    from dechaff_training.label_app.sources import find_sources

    done = find_sources([to] if to and to.is_dir() else [])
    todo = {name: source for name, source in find_sources(inputs).items() if name not in done}
    if not todo:
        raise InputError("no unlabelled articles found in the inputs: give .txt or .html files, or folders of them")
    sites, labelled = [name.site for name in todo], [name.site for name in done]
    paths = [str(source.path) for source in todo.values()]
    if order is LabelOrder.random:
        names = [f"{name.site}/{name.slug}" for name in todo]
        ranked = spread_articles(names, sites, labelled_sites=labelled, seed=seed)
    else:
        ranked = _rank_sources(load(model or (to and _tuned_model(to))), todo, extractor, labelled)
    for suggestion in ranked[:limit]:
        path = paths[suggestion.index]
        if as_json:
            write_record({"path": path, **suggestion.to_dict()})
        else:
            gain = "" if suggestion.gain is None else f"{suggestion.gain:8.1f}  "
            print(f"{gain}{path}  {suggestion.reason}")


def _rank_sources(
    model: LineModel, sources: "Mapping[Name, Source]", extractor: str, labelled: list[str]
) -> "list[Suggestion]":
    """Rank articles by the words that a model probably labels wrong."""
    from dechaff_training.fit.active_learning import rank_articles

    found = [source.read_text(extractor) for source in sources.values()]
    texts, titles = [text for text, _ in found], [title for _, title in found]
    return rank_articles(model, texts, [name.site for name in sources], titles=titles, labelled_sites=labelled)


def _check_folder(labels: Path, model: Path | None) -> None:
    """Raise if the labels cannot be saved to this folder, or a fine-tuned model would replace the given one."""
    from dechaff_training.label_app.store import Store

    if labels.exists() and not labels.is_dir():
        raise InputError(f"{labels}: not a folder: give a folder for the labelled articles")
    protect_inputs([Store(labels).model_path], [model])


def _tuned_model(labels: Path) -> Path | None:
    """Return the path of the model that was fine-tuned with a folder's labels, if there is one."""
    from dechaff_training.label_app.store import Store

    path = Store(labels).model_path
    return path if path.is_file() else None
