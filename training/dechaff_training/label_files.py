"""What `dechaff label` does, without its command line."""

from collections.abc import Sequence
from pathlib import Path

from dechaff import extras
from dechaff.errors import InputError
from dechaff.model import Threshold
from dechaff_training.cleaning_files import load


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
    from dechaff_training.extraction import EXTRACTORS, check_extractors, extractor_version
    from dechaff_training.page.server import serve
    from dechaff_training.page.session import Session

    check_extractors([extractor], EXTRACTORS)
    if to.exists() and not to.is_dir():
        raise InputError(f"{to}: not a folder: name one for the labelled articles")
    judge = load(model)
    judge = judge.with_keywords(keywords) if keywords else judge
    judge.resolve_threshold(threshold)
    session = Session(inputs, to, judge, threshold, extractor)
    if session.has_pages:
        extractor_version(extractor)  # complains here, not on the page
    serve(session, port, opens=opens)
