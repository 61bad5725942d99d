"""What `dechaff report` does, without its command line."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from dechaff.linear.artifact import model_digest
from dechaff_training.cli.cleaning_files import Articles, Job
from dechaff_training.corpus.article_files import find_articles
from dechaff_training.corpus.extraction import EXTRACTORS, check_extractors
from dechaff_training.files.text_io import open_output, show_path
from dechaff_training.report.html_report import Section, make_page, make_section


def report_files(job: Job, out: Path | None, limit: int) -> None:
    """Write a page about every input; one that cannot be read is told of and left out.

    Parameters
    ----------
    job : Job
        A folder stands for the articles in it.
    out : Path, optional
        By default standard output.
    limit : int
        How many reasons a dropped line gets.

    Raises
    ------
    DechaffError
        If any input was left out; the rest is written.
    """
    check_extractors([job.extractor or ""], EXTRACTORS)
    articles = Articles(replace(job, paths=find_articles(job.paths)), hidden=False)
    sections = list(_sections(articles, limit))
    articles.check_any()
    threshold = articles.model.resolve_threshold(job.threshold)
    page = make_page(sections, _settings(job.model, threshold))
    with open_output(out) as stream:
        stream.write(page.encode("utf-8", "replace"))
    articles.check_all()


def _sections(articles: Articles, limit: int) -> Iterator[Section]:
    for number, (path, article) in enumerate(articles, 1):
        yield make_section(number, show_path(path), article, limit)


def _settings(model: Path | None, threshold: float) -> str:
    name = "the model that ships" if model is None else show_path(model)
    return f"By {name} (SHA-256 {model_digest(model)[:12]}…), lines kept from a probability of {threshold:g} on"
