"""The command `dechaff train`: training from scratch, or fine-tuning with `--start-from`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from dechaff.errors import InputError
from dechaff.features.lexicon import collect_keywords
from dechaff.linear.artifact import model_digest, save_model
from dechaff.wording import count
from dechaff_training.cli import options
from dechaff_training.cli.options import examples, parse_keywords
from dechaff_training.files.json_io import read_json, write_json
from dechaff_training.files.models import load, named_model
from dechaff_training.files.paths import protect_inputs
from dechaff_training.files.progress import Steps
from dechaff_training.files.text_io import STANDARD, show_path

if TYPE_CHECKING:
    from dechaff_training.evaluate.tables import Table

EPILOG = (
    examples("train data/articles -o model.joblib --seed 1", "train --start-from default data/mine -o mine.joblib")
    + "\n\nWith --start-from, a model is moved towards your labels, as far as that helps on your held-out sites. "
    "The scores on these sites, before and after, are printed with confidence intervals if there are enough sites; "
    "with fewer, those on new articles of known sites. Training from scratch prints the scores on the sites that "
    "its folds held out."
)
#: Options that fine-tuning takes from the model to start from.
_SCRATCH_ONLY: Final = (
    "trees",
    "folds",
    "c",
    "c_context",
    "threshold",
    "keywords",
    "correct_labels",
    "metrics",
)
CorrectLabels = Annotated[
    bool,
    typer.Option(
        "--correct-labels",
        help="Before, fit a smaller model to pages labelled by reading, and correct other labels by it.",
    ),
]


def train(
    context: typer.Context,
    corpora: options.Corpora,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Model file to write.")],
    start_from: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Fine-tune this model file, or 'default' for the built-in one."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, metavar="N", help="Same seed, same file.")] = 0,
    trees: Annotated[int, typer.Option(min=0, metavar="N", help="Shallow trees of each fit of stage 2.")] = 120,
    folds: Annotated[int, typer.Option(min=2, metavar="N", help="Folds by site, at most one for each site.")] = 5,
    c: Annotated[
        float, typer.Option("--c", min=1e-9, metavar="C", help="Inverse regularization strength of stage 1.")
    ] = 0.03,
    c_context: Annotated[
        float, typer.Option(min=1e-9, metavar="C", help="Inverse regularization strength of stage 2.")
    ] = 0.03,
    threshold: Annotated[
        float, typer.Option(min=0, max=1, metavar="P", help="Lines with at least this probability are kept.")
    ] = 0.45,
    keywords: options.Keywords = None,
    extractors: options.Extractors = None,
    correct_labels: CorrectLabels = False,
    metrics: Annotated[
        Path | None, typer.Option(metavar="FILE", help="JSON file of figures to store in the model.")
    ] = None,
    json_file: options.JsonFile = None,
) -> None:
    """Train a model on labelled articles and pages, or fine-tune one."""
    if start_from is not None:
        _refuse_scratch_options(context)
        fine_tune_to_file(corpora, out, start_from, seed, extractors or (), json_file)
        return
    parameters: dict[str, Any] = {"random_state": seed, "n_trees": trees, "n_folds": folds, "threshold": threshold}
    parameters |= {"C": c, "C_context": c_context, "keywords": parse_keywords(keywords)}
    train_to_file(corpora, out, parameters, extractors or (), metrics, json_file, corrected=correct_labels)


def _refuse_scratch_options(context: typer.Context) -> None:
    for option in context.command.params:
        source = context.get_parameter_source(str(option.name))
        if option.name in _SCRATCH_ONLY and source is not None and source.name == "COMMANDLINE":
            raise typer.BadParameter(
                "this setting comes from the model of --start-from: omit the option",
                param_hint=f"'{option.opts[0]}'",
            )


def train_to_file(
    paths: Sequence[Path],
    out: Path,
    parameters: dict[str, Any],
    extractors: Sequence[str] = (),
    metrics: Path | None = None,
    json_file: Path | None = None,
    *,
    corrected: bool = False,
) -> None:
    """Train a model on corpora, write it, and print its scores on the sites that its folds held out.

    Parameters
    ----------
    paths : sequence of Path
    out : Path
    parameters : dict
        Parameters of `LineClassifier`.
    extractors : sequence of str
    metrics : Path, optional
        A JSON file of figures to store in the model.
    json_file : Path, optional
        The JSON file to write the scores to.
    corrected : bool
        Whether to correct the labels of pages first (`correct_labels`).

    Raises
    ------
    DechaffError
        If a file cannot be read, or the corpora are too small to train on.
    """
    _check_out(out)
    protect_inputs([out, json_file], (*paths, metrics))
    figures = None if metrics is None else read_json(metrics)
    collect_keywords(parameters.get("keywords") or {})  # raises before the corpus is read
    with Steps("reading") as progress:
        progress("reading the corpus")
        from dechaff_training.corpus import read_corpus

        corpus = read_corpus(paths, extractors, all_markup=corrected)
        # These import scikit-learn, which takes longer than finding out that a path is missing.
        from dechaff_training.fit.estimator import LineClassifier
        from dechaff_training.fit.held_out import held_out_scores
        from dechaff_training.fit.training import correct_labels, train_model

        classifier = LineClassifier(**parameters)
        if corrected:
            corpus = correct_labels(corpus, classifier, progress)
        save_model(train_model(corpus, classifier, figures, progress), out)
        scores = held_out_scores(classifier, corpus)
    if scores is not None:
        _write_scores(scores.to_dict(), scores.table(), json_file)
    print(
        f"dechaff: wrote {show_path(out)}, trained on {count(corpus.n_lines, 'line')} of "
        f"{count(len(corpus), 'article')}",
        file=sys.stderr,
    )


def fine_tune_to_file(
    paths: Sequence[Path],
    out: Path,
    start: str,
    seed: int = 0,
    extractors: Sequence[str] = (),
    json_file: Path | None = None,
) -> None:
    """Fine-tune a model on corpora, write it, and print its scores on held-out sites before and after.

    Parameters
    ----------
    paths : sequence of Path
    out : Path
        The model file to write; it must not be the file of the model to start from.
    start : str
        A model file, or `default`.
    seed : int
    extractors : sequence of str
    json_file : Path, optional
        The JSON file to write the scores to.

    Raises
    ------
    DechaffError
        If a file cannot be read, or the corpora are too small to train on.
    """
    _check_out(out)
    old = named_model(start)
    protect_inputs([out, json_file], (*paths, old))
    model = load(old)
    with Steps("reading") as progress:
        progress("reading the corpus")
        from dechaff_training.corpus import read_corpus

        corpus = read_corpus(paths, extractors)
        from dechaff_training.fit.fine_tuning import fine_tune, fine_tuning_table  # these import scikit-learn

        result = fine_tune(model, corpus, seed=seed, start_digest=model_digest(old), progress=progress)
        save_model(result.model, out)
    _write_scores(result.to_dict(), fine_tuning_table(result), json_file)
    print(f"dechaff: {result.advice} The model is in {show_path(out)}.", file=sys.stderr)


def _write_scores(scores: dict[str, Any], table: "Table", json_file: Path | None) -> None:
    """Write scores as JSON if a file is given, and print their table unless it is empty or JSON is printed."""
    if json_file is not None:
        write_json(scores, json_file)
    if json_file != STANDARD and table.rows:
        from dechaff_training.report.rendering import print_tables

        print_tables([table])


def _check_out(out: Path) -> None:
    """Raise if the output exists but is not a plain file: replacing /dev/null as root would destroy it."""
    if out.exists() and not out.is_file():
        raise InputError(f"{show_path(out)}: not a plain file: give a file for the model, such as model.joblib")
