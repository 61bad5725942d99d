"""What `dechaff diff` does, without its command line."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from dechaff.explain.sentences import Why
from dechaff.linear.artifact import model_digest
from dechaff.linear.line_model import Threshold
from dechaff_training.corpus import Article, Corpus
from dechaff_training.corpus.article_files import HTML_SUFFIXES, SUFFIXES, find_articles, read_article
from dechaff_training.corpus.extraction import EXTRACTORS, LEARNT, check_extractors
from dechaff_training.evaluate.change_reasons import Explainer
from dechaff_training.evaluate.model_diff import Change, Comparison, Verdict, compare_models
from dechaff_training.files.json_io import write_json
from dechaff_training.files.models import load, named_model
from dechaff_training.files.progress import Bar
from dechaff_training.files.text_io import STANDARD

_CORPORA: Final = (".jsonl", ".parquet")


def diff_models(
    names: tuple[str, str],
    paths: Sequence[Path],
    threshold: Threshold = None,
    extractors: Sequence[str] = (),
    limit: int = 20,
    reasons: int = 2,
    json_file: Path | None = None,
) -> None:
    """Print which lines two models label differently, and why; or write it as JSON.

    Parameters
    ----------
    names : tuple of str
        Of models A and B: files, or `default`.
    paths : sequence of Path
        Articles with labels or without, and folders of them.
    threshold : float or str, optional
    extractors : sequence of str
        Pages become one article by each of them; by default those that dechaff learns from.
    limit : int
        How many lines are printed; JSON has them all.
    reasons : int
        How many reasons a line gets.
    json_file : Path, optional

    Raises
    ------
    DechaffError
        If a model or an article cannot be read.
    """
    before, after = (load(named_model(name)) for name in names)
    with Bar("reading the corpus") as bar:
        corpus = read_articles(paths, extractors)
        bar.describe("comparing")
        comparison = compare_models(before, after, corpus, threshold)
    explainer = Explainer(comparison)
    if json_file is not None:
        write_json(to_dict(comparison, names, explainer, reasons), json_file)
    if json_file != STANDARD:
        from dechaff_training.report.diff_rendering import print_comparison

        print_comparison(comparison, explainer, limit, reasons)


def read_articles(paths: Sequence[Path], extractors: Sequence[str] = ()) -> Corpus:
    """Read articles, with labels where they have some.

    Raises
    ------
    DechaffError
        If one cannot be read.
    """
    check_extractors(extractors, EXTRACTORS)
    chosen = tuple(extractors) or LEARNT
    found = find_articles(paths, (*SUFFIXES, *_CORPORA))
    return Corpus([article for path in found for article in _read(path, chosen)])


def _read(path: Path, extractors: tuple[str, ...]) -> Iterator[Article]:
    if path.suffix in _CORPORA:
        yield from Corpus.read(path, extractors=extractors)
    elif path.suffix in HTML_SUFFIXES:
        yield from (read_article(path, extractor=extractor) for extractor in extractors)
    else:
        yield read_article(path)


def to_dict(comparison: Comparison, names: tuple[str, str], explainer: Explainer, reasons: int) -> dict[str, Any]:
    """Give everything about a comparison as JSON knows it.

    Parameters
    ----------
    comparison : Comparison
    names : tuple of str
        Of the models.
    explainer : Explainer
    reasons : int
        How many a line gets.
    """
    models = {
        letter: {"model": name, "model_sha256": model_digest(named_model(name)), "threshold": threshold}
        for letter, name, threshold in zip("ab", names, comparison.thresholds, strict=True)
    }
    return {
        "settings": {**models, "corpus_digest": comparison.corpus.digest},
        "totals": comparison.totals(),
        "articles": [
            {**_place(comparison.corpus.articles[article]), "words": n_words}
            for article, n_words in comparison.words_changed.most_common()
        ],
        "changes": [
            _record(comparison.corpus.articles[change.article], change, explainer.why(change, reasons))
            for change in comparison.changes
        ],
    }


def _record(article: Article, change: Change, why: Sequence[Why]) -> dict[str, Any]:
    return {
        **_place(article),
        "line": change.number,
        "text": change.text,
        "words": change.n_words,
        "a": _verdict(change.before),
        "b": _verdict(change.after),
        "is_right": change.is_right,
        "why": [
            {"text": text, "difference": round(difference, 4), "theme": theme} for text, difference, theme in why
        ],
    }


def _place(article: Article) -> dict[str, str]:
    return {"id": article.id, "extractor": article.extractor}


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {**vars(verdict), "probability": round(verdict.probability, 6)}
