"""The command `dechaff diff`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dechaff_training.cli import options
from dechaff_training.cli.options import examples
from dechaff_training.files.json_io import write_json
from dechaff_training.files.models import load, named_model
from dechaff_training.files.paths import find_articles, protect_inputs
from dechaff_training.files.progress import Bar
from dechaff_training.files.text_io import STANDARD

if TYPE_CHECKING:
    from dechaff_training.corpus import Article, Corpus

EPILOG = (
    examples("diff default my.joblib data/articles", "diff old.joblib new.joblib texts/ --json changes.json")
    + "\n\nReasons are the themes whose contributions to the line's log-odds differ most, B minus A: positive "
    "if they favour content in B. If a line is labelled, a change is right if B agrees with the label."
)
_MODEL_HELP = "Model file, or 'default' for the built-in model."
_CORPUS_SUFFIXES = (".jsonl", ".parquet")


def diff(
    before: Annotated[str, typer.Argument(metavar="MODEL_A", help=_MODEL_HELP, show_default=False)],
    after: Annotated[str, typer.Argument(metavar="MODEL_B", help=_MODEL_HELP, show_default=False)],
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="CORPUS",
            help="Articles, labelled or not: .txt, .jsonl, .html, pages in .parquet, or folders of them.",
            show_default=False,
        ),
    ],
    threshold: options.Threshold = None,
    extractors: options.Extractors = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=0, metavar="N", help="Number of changed lines to print.")
    ] = 20,
    reasons: Annotated[int, typer.Option(min=0, metavar="N", help="Number of reasons per changed line.")] = 2,
    json_file: options.JsonFile = None,
) -> None:
    """List the lines that two models label differently, with the reasons."""
    from dechaff_training.evaluate.model_diff import Explainer, compare_models
    from dechaff_training.report.diff_rendering import print_comparison, to_dict

    names = (before, after)
    protect_inputs([json_file], (*paths, *map(named_model, names)))
    model_a, model_b = (load(named_model(name)) for name in names)
    with Bar("reading the corpus") as bar:
        corpus = read_articles(paths, extractors or ())
        bar.describe("comparing")
        comparison = compare_models(model_a, model_b, corpus, threshold)
    explainer = Explainer(comparison)
    if json_file is not None:
        write_json(to_dict(comparison, names, explainer, reasons), json_file)
    if json_file != STANDARD:
        print_comparison(comparison, explainer, limit, reasons)


def read_articles(paths: Sequence[Path], extractors: Sequence[str] = ()) -> "Corpus":
    """Read articles, with their labels if they have any; every page yields one article per extractor.

    Raises
    ------
    DechaffError
        If an article cannot be read.
    """
    from dechaff_training.corpus import Corpus
    from dechaff_training.corpus.article_files import read_article
    from dechaff_training.corpus.extraction import EXTRACTORS, LEARNT, check_extractors
    from dechaff_training.files.formats import HTML_SUFFIXES, SUFFIXES

    check_extractors(extractors, EXTRACTORS)
    chosen = tuple(extractors) or LEARNT
    articles: list[Article] = []
    for path in find_articles(paths, (*SUFFIXES, *_CORPUS_SUFFIXES)):
        if path.suffix in _CORPUS_SUFFIXES:
            articles += Corpus.read(path, extractors=chosen)
        elif path.suffix in HTML_SUFFIXES:
            articles += [read_article(path, extractor=extractor) for extractor in chosen]
        else:
            articles.append(read_article(path))
    return Corpus(articles)
