"""The commands `dechaff label` and `dechaff next`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from dechaff import extras
from dechaff.errors import InputError
from dechaff.linear.artifact import model_digest
from dechaff_training.cli import options
from dechaff_training.cli.options import examples, parse_keywords
from dechaff_training.files.json_io import write_record
from dechaff_training.files.models import load
from dechaff_training.files.paths import protect_inputs

LABEL_EPILOG = (
    examples("label texts/ --to data/mine", "label page.html --to data/mine --no-open")
    + "\n\nWithout --model, the model fine-tuned with the labels in DIR, if there is one, proposes the labels.\n\n"
    "Nothing leaves this machine. Stop with Ctrl-C; unsaved changes are kept for the next time."
)
NEXT_EPILOG = (
    examples("next texts/ --to data/mine")
    + "\n\nThe number before each article is the expected number of words with a wrong label, halved for each "
    "article of the same site that is labelled or listed above."
)


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
    model: options.ModelFile = None,
    extractor: options.Extractor = "resiliparse_all",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, metavar="N", help="Number of articles.")] = 20,
    as_json: options.Json = False,
) -> None:
    """List the articles to label next: those with the most words that the model is unsure of, spread over sites."""
    from dechaff_training.fit.active_learning import rank_articles
    from dechaff_training.label_app.sources import find_sources

    done = find_sources([to] if to and to.is_dir() else [])
    todo = {name: source for name, source in find_sources(inputs).items() if name not in done}
    if not todo:
        raise InputError("no unlabelled articles found in the inputs: give .txt or .html files, or folders of them")
    judge = load(model or (to and _tuned_model(to)))
    texts = [source.read_text(extractor) for source in todo.values()]
    titles = [source.read_title() for source in todo.values()]
    sites = [name.site for name in todo]
    paths = [str(source.path) for source in todo.values()]
    ranked = rank_articles(judge, texts, sites, titles=titles, labelled_sites=[name.site for name in done])
    for suggestion in ranked[:limit]:
        path = paths[suggestion.index]
        if as_json:
            write_record({"path": path, **suggestion.to_dict()})
        else:
            print(f"{suggestion.gain:8.1f}  {path}  {suggestion.reason}")


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
