"""What `dechaff train`, `evaluate`, `annotate` and `check` do, without their command line."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dechaff.errors import CorpusError, InputError
from dechaff.features.lexicon import collect_keywords
from dechaff.linear.artifact import model_digest, save_model
from dechaff.linear.line_model import Threshold
from dechaff_training.files.json_io import read_json, write_record
from dechaff_training.files.models import load
from dechaff_training.files.progress import Bar, Steps
from dechaff_training.files.text_io import Decoding, open_output, read_text, show_path

if TYPE_CHECKING:  # these import scikit-learn or take a second themselves
    from dechaff_training.evaluate.evaluation import Evaluation


def check_out(out: Path) -> None:
    """Refuse to write a model over what is no plain file.

    Raises
    ------
    InputError
    """
    if out.exists() and not out.is_file():
        # A device would be replaced by the model, which takes a root shell's /dev/null away.
        raise InputError(f"{show_path(out)}: no plain file: name the model's file, as in model.joblib")


def train_to_file(
    paths: Sequence[Path],
    out: Path,
    parameters: dict[str, Any],
    extractors: Sequence[str] = (),
    metrics: Path | None = None,
) -> None:
    """Learn a model from corpora and write it.

    Parameters
    ----------
    paths : sequence of Path
    out : Path
    parameters : dict
        Of `LineClassifier`.
    extractors : sequence of str
    metrics : Path, optional
        A JSON file of figures to keep in the model.

    Raises
    ------
    DechaffError
        If something cannot be read or learnt from.
    """
    check_out(out)
    figures = None if metrics is None else read_json(metrics)
    collect_keywords(parameters.get("keywords") or {})  # complains before the corpus is read
    with Steps("reading") as tell:
        tell("reading the corpus")
        from dechaff_training.corpus import read_corpus
        from dechaff_training.fit.estimator import LineClassifier
        from dechaff_training.fit.training import train_model

        corpus = read_corpus(paths, extractors)
        model = train_model(corpus, LineClassifier(**parameters), figures, tell)
        save_model(model, out)
    print(f"dechaff: {corpus.n_lines} lines of {len(corpus)} articles learnt: {show_path(out)}", file=sys.stderr)


def evaluate_model(
    paths: Sequence[Path],
    model: Path | None,
    threshold: Threshold = None,
    extractors: Sequence[str] = (),
    lines: Path | None = None,
    *,
    titles: bool = False,
) -> "Evaluation":
    """Measure a model on corpora, and keep what it says of each line if a file is named for that.

    Raises
    ------
    DechaffError
        If model or corpora cannot be read.
    """
    judge = load(model)
    with Bar("reading the corpus") as bar:
        from dechaff_training.corpus import read_corpus

        corpus = read_corpus(paths, extractors)
        bar.describe("evaluating")
        from dechaff_training.evaluate.evaluation import evaluate

        evaluation = evaluate(judge, corpus, threshold, titles=titles)
    if lines is not None:
        evaluation.records.write(lines)
    evaluation.settings["model_sha256"] = model_digest(model)
    return evaluation


def annotate_page(
    page: Path, gold: Path, out: Path | None, extractor: str, title: str | None, decoding: Decoding
) -> None:
    """Write a labelled text file from a page and the paragraphs that belong to its article.

    Raises
    ------
    DechaffError
        If a file cannot be read, or less than half of the gold is found on the page.
    """
    from dechaff_training.corpus import format_labelled
    from dechaff_training.corpus.extraction import extract
    from dechaff_training.corpus.gold_alignment import USABLE_COVERAGE, align, coverage

    html = read_text(page, decoding)
    body = [line.strip() for line in read_text(gold, decoding).splitlines() if line.strip()]
    if not body:
        raise InputError(f"{show_path(gold)}: empty: write the article's paragraphs, one a line")
    text = extract(html, extractor)
    found = coverage(text, body)
    if found < USABLE_COVERAGE:
        raise InputError(
            f"{show_path(page)}: by {extractor}, the page has {found:.0%} of the words of {show_path(gold)}: "
            "take the gold of this page, or another --extractor"
        )
    labelled = format_labelled(text, align(text, body, title))
    with open_output(out) as stream:
        stream.write(labelled.encode("utf-8", "replace"))


def check_corpus(paths: Sequence[Path], *, as_json: bool = False) -> bool:
    """Print what is wrong with the labels of corpora, and tell whether nothing is seriously wrong.

    Raises
    ------
    CorpusError
        If a path is missing.
    """
    from dechaff_training.corpus import check_paths

    for path in paths:
        if not path.exists():
            raise CorpusError(f"{show_path(path)}: no such file or folder")
    findings = check_paths(list(paths))
    for finding in findings:
        record = {name: getattr(finding, name) for name in ("path", "line", "severity", "message")}
        record["path"] = show_path(Path(finding.path))
        place = f"{record['path']}:{finding.line}" if finding.line else record["path"]
        if as_json:
            write_record(record)
        else:
            print(f"{place}: {finding.severity}: {finding.message}")
    n_errors: int = sum(finding.severity == "error" for finding in findings)
    print(f"dechaff: {n_errors} errors, {len(findings) - n_errors} warnings", file=sys.stderr)
    return n_errors == 0
