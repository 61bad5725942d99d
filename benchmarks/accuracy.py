"""Compare dechaff with other systems and with its own parts, on the same pages in one run.

python benchmarks/accuracy.py PAGES --json data/evaluation/comparison.json

The parts are trained on the data of the shipped model (`PAGES/train` and `data/articles`) and evaluated on
`PAGES/test`: words only, dense features only, one stage of both, and two stages without crosses. "three stages" is
the shipped model, or that of `--model`, and "two stages" the same model without stage 3; "sites given" passes the
sites of the pages as groups.
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
#: The parts of the model, as parameters of `LineClassifier`.
PARTS: Final[Mapping[str, dict[str, Any]]] = {
    "words only": {"stages": 1, "without": tuple(group_names())},
    "dense features only": {"stages": 1, "without": ("words",)},
    "one stage": {"stages": 1},
    "two stages without crosses": {"stages": 2, "n_trees": 0},
}
TWO_STAGES: Final = "two stages"
BY_SITE: Final = "dechaff, sites given"
WHOLE: Final = "three stages (dechaff)"


def train_parts(corpus: Corpus) -> dict[str, LineModel]:
    """Train each part on the same corpus."""
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
    """Compare dechaff with line rules and with its own parts."""
    for folder in (pages / "train", pages / "test"):
        if not folder.is_dir():
            raise typer.BadParameter(f"{folder}: no such folder")
    whole = load(model)
    parts = train_parts(Corpus.read(pages / "train", ARTICLES))
    systems = peers({**parts, TWO_STAGES: replace(whole, stage3=None), WHOLE: whole})
    name, oracle = systems.popitem()  # stays the last row
    systems |= {BY_SITE: cleaned_by(whole, by_site=True), name: oracle}
    rows = compare(Corpus.read(pages / "test"), systems)
    if json_file is not None:
        record = {"model_sha256": model_digest(model), "texts": [row.to_dict() for row in rows]}
        with written_whole(json_file) as temporary:
            temporary.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    print_tables([text_table("Texts: four-token shingles against the gold", rows, "less keep all")])


if __name__ == "__main__":
    typer.run(main)
