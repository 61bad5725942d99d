"""What `dechaff label` and `dechaff next` do, without their command lines."""

import sys
from collections.abc import Sequence
from pathlib import Path

from dechaff import extras
from dechaff.errors import InputError
from dechaff.linear.artifact import load_model, model_digest
from dechaff.linear.line_model import Threshold
from dechaff_training.files.json_io import write_record
from dechaff_training.files.models import load
from dechaff_training.label_app.store import Store


def label_files(
    inputs: Sequence[Path],
    to: Path,
    model: Path | None = None,
    threshold: Threshold = None,
    keywords: dict[str, list[str]] | None = None,
    extractor: str = "resiliparse_all",
    port: int = 0,
    *,
    opens: bool = True,
) -> None:
    """Serve the labelling page until it is interrupted.

    Raises
    ------
    DechaffError
        If an extra is not installed, or an input or the model cannot be read.
    """
    for package in ("starlette", "uvicorn"):
        extras.load(package, "page")
    from dechaff_training.corpus.extraction import EXTRACTORS, check_extractors, extractor_version
    from dechaff_training.label_app.server import serve
    from dechaff_training.label_app.session import Session

    check_extractors([extractor], EXTRACTORS)
    if to.exists() and not to.is_dir():
        raise InputError(f"{to}: not a folder: name one for the labelled articles")
    judge = load(model)
    judge = judge.with_keywords(keywords) if keywords else judge
    judge.resolve_threshold(threshold)
    session = Session(inputs, to, judge, threshold, extractor, model_digest(model))
    if model is None and (taught := _taught_with(to)):
        session.use(load_model(taught))
        print(f"dechaff: {taught}, taught with these labels, proposes new ones", file=sys.stderr)
    if session.has_pages:
        extractor_version(extractor)  # complains here, not on the page
    serve(session, port, opens=opens)


def _taught_with(labels: Path) -> Path | None:
    """Give the model that was taught on the page with a folder's labels, if there is one."""
    path = Store(labels).model_path
    return path if path.is_file() else None


def suggest_files(
    inputs: Sequence[Path],
    to: Path | None = None,
    model: Path | None = None,
    extractor: str = "resiliparse_all",
    limit: int = 20,
    *,
    as_json: bool = False,
) -> None:
    """Print which articles to label next, and why; those in the folder of labels are done.

    Raises
    ------
    DechaffError
        If an input or the model cannot be read.
    """
    from dechaff_training.fit.active_learning import rank_articles
    from dechaff_training.label_app.sources import find_sources

    done = find_sources([to] if to and to.is_dir() else [])
    todo = {name: source for name, source in find_sources(inputs).items() if name not in done}
    if not todo:
        raise InputError("no articles to label there: name texts (.txt), pages (.html) or folders of them")
    texts = [source.read_text(extractor) for source in todo.values()]
    names = list(todo)
    sites = [name.site for name in names]
    judge = load(model or (to and _taught_with(to)))
    ranked = rank_articles(judge, texts, sites, labelled_sites=[name.site for name in done])
    for suggestion in ranked[:limit]:
        path = str(todo[names[suggestion.index]].path)
        if as_json:
            write_record({"path": path, **suggestion.to_dict()})
        else:
            print(f"{suggestion.gain:8.1f}  {path}  {suggestion.reason}")
