"""The command `dechaff train`: its options, and nothing else."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from dechaff_training.cli.options import Corpora, Extractors, JsonFile, Keywords, phrases

EXAMPLES = (
    "Examples: [bold]dechaff train data/articles -o model.joblib --seed 1[/bold] · "
    "[bold]dechaff train --start-from default data/mine -o mine.joblib[/bold]\n\n"
    "With --start-from, a model moves towards your labels as far as that serves sites of yours that it has not "
    "seen; before and after are measured on these, with intervals. With too few sites nothing is promised."
)
#: What only makes sense where a model is learnt from nothing.
_ANEW: Final = ("trees", "folds", "c", "c_context", "threshold", "keywords", "metrics")


def train(
    context: typer.Context,
    corpora: Corpora,
    out: Annotated[Path, typer.Option("--out", "-o", help="The model file to write.")],
    start_from: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL", help="Teach this model file, or 'default', the one that ships.", show_default=False
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="The same seed gives the same file.")] = 0,
    trees: Annotated[int, typer.Option(min=0, help="Shallow trees that stage 2 takes its crosses from.")] = 120,
    folds: Annotated[int, typer.Option(min=2, help="Folds by site for what stage 2 learns from.")] = 4,
    c: Annotated[float, typer.Option("--c", min=1e-9, help="Inverse strength of the penalty, stage 1.")] = 0.03,
    c_context: Annotated[float, typer.Option(min=1e-9, help="Inverse strength of the penalty, stage 2.")] = 0.03,
    threshold: Annotated[float, typer.Option(min=0, max=1, help="Lines from this probability on are kept.")] = 0.5,
    keywords: Keywords = None,
    extractors: Extractors = None,
    metrics: Annotated[Path | None, typer.Option(help="A JSON file of figures to keep in the model.")] = None,
    json_file: JsonFile = None,
) -> None:
    """Learn a model from labelled articles and pages, or teach a model that is there."""
    if start_from is None:
        if json_file is not None:
            raise typer.BadParameter("there is nothing to measure without --start-from", param_hint="'--json'")
        from dechaff_training.cli.corpus_files import train_to_file

        parameters: dict[str, Any] = {
            "random_state": seed,
            "n_trees": trees,
            "n_folds": folds,
            "threshold": threshold,
        }
        parameters |= {"C": c, "C_context": c_context, "keywords": phrases(keywords)}
        train_to_file(corpora, out, parameters, extractors or (), metrics)
        return
    for option in context.command.params:
        source = context.get_parameter_source(str(option.name))
        if option.name in _ANEW and source is not None and source.name == "COMMANDLINE":
            raise typer.BadParameter("the model of --start-from has its own", param_hint=f"'{option.opts[0]}'")
    from dechaff_training.cli.teaching_files import teach_to_file

    teach_to_file(corpora, out, start_from, seed, extractors or (), json_file)
