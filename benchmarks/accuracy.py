"""dechaff beside its peers and its own parts, on the same pages in one run.

python benchmarks/accuracy.py PAGES --json data/evaluation/comparison.json

The parts learn from what the shipped model learns from (`PAGES/train` and `data/articles`) and are measured on
`PAGES/test`: words only, dense features only, one stage of both, and two stages without crosses. The whole is the
shipped model, or what `--model` names; "two stages" is that model without its decoder; in the
last row but one it is told which pages are of one site.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from dechaff import LineModel
from dechaff.features import group_names
from dechaff.files import written_whole
from dechaff.linear.artifact import model_digest
from dechaff_training.corpus import Corpus
from dechaff_training.evaluate.benchmark import cleaned_by, compare, peers
from dechaff_training.evaluate.evaluation import text_table
from dechaff_training.files.models import load
from dechaff_training.fit.estimator import LineClassifier
from dechaff_training.fit.training import train_model
from dechaff_training.report.rendering import print_tables

ARTICLES: Final = Path(__file__).parents[1] / "data" / "articles"
#: What each part of the model is on its own: parameters of `LineClassifier`.
PARTS: Final[Mapping[str, dict[str, Any]]] = {
    "words only": {"stages": 1, "without": tuple(group_names())},
    "dense features only": {"stages": 1, "without": ("words",)},
    "one stage": {"stages": 1},
    "two stages without crosses": {"stages": 2, "n_trees": 0},
}
TWO_STAGES: Final = "two stages"
BY_SITE: Final = "dechaff, sites given"
WHOLE: Final = "two stages and decoder (dechaff)"


def train_parts(corpus: Corpus) -> dict[str, LineModel]:
    """Learn each part from the same corpus."""
    models = {}
    for name, parameters in PARTS.items():
        print(f"{name}: training", file=sys.stderr, flush=True)
        models[name] = train_model(corpus, LineClassifier(**parameters))
    return models


def main(
    pages: Annotated[Path, typer.Argument(help="A folder with `train/` and `test/`, Parquet files of pages.")],
    model: Annotated[Path | None, typer.Option(help="A model file; by default the one that ships.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the rows as JSON.")] = None,
) -> None:
    """Compare dechaff with rules for lines and with its own parts."""
    for folder in (pages / "train", pages / "test"):
        if not folder.is_dir():
            raise typer.BadParameter(f"{folder}: no such folder")
    whole = load(model)
    parts = train_parts(Corpus.read(pages / "train", ARTICLES))
    systems = peers({**parts, TWO_STAGES: replace(whole, stage3=None), WHOLE: whole})
    name, labels_themselves = systems.popitem()  # they stay the last row
    systems |= {BY_SITE: cleaned_by(whole, by_site=True), name: labels_themselves}
    rows = compare(Corpus.read(pages / "test"), systems)
    if json_file is not None:
        record = {"model_sha256": model_digest(model), "texts": [row.to_dict() for row in rows]}
        with written_whole(json_file) as temporary:
            temporary.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    print_tables([text_table("Texts: four-token shingles against the gold", rows, "less keep all")])


if __name__ == "__main__":
    typer.run(main)
