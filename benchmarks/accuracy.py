"""Compare dechaff with line rules and with itself without stage 3, on the same pages in one run.

python benchmarks/accuracy.py PAGES --json data/evaluation/comparison.json

"three stages" is the shipped model, or that of `--model`, and "two stages" the same model without stage 3; "sites
given" passes the sites of the pages as groups. What parts of the model give is in `benchmarks/ablation.py`.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer

from dechaff.files import written_whole
from dechaff.linear.artifact import model_digest
from dechaff_training.corpus import Corpus
from dechaff_training.evaluate.benchmark import cleaned_by, compare, peers
from dechaff_training.evaluate.evaluation import text_table
from dechaff_training.files.models import load
from dechaff_training.report.rendering import print_tables

TWO_STAGES: Final = "two stages"
BY_SITE: Final = "dechaff, sites given"
WHOLE: Final = "three stages (dechaff)"


def main(
    pages: Annotated[Path, typer.Argument(help="A folder of pages in Parquet, or a file.")],
    model: Annotated[Path | None, typer.Option(help="A model file; by default the one that ships.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the rows as JSON.")] = None,
) -> None:
    """Compare dechaff with line rules and with itself without stage 3."""
    if not pages.exists():
        raise typer.BadParameter(f"{pages}: no such file or folder")
    whole = load(model)
    systems = peers({TWO_STAGES: replace(whole, stage3=None), WHOLE: whole})
    name, oracle = systems.popitem()  # stays the last row
    systems |= {BY_SITE: cleaned_by(whole, by_site=True), name: oracle}
    rows = compare(Corpus.read(pages), systems)
    if json_file is not None:
        record = {"model_sha256": model_digest(model), "texts": [row.to_dict() for row in rows]}
        with written_whole(json_file) as temporary:
            temporary.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    print_tables([text_table("Texts: four-token shingles against the gold", rows, "less keep all")])


if __name__ == "__main__":
    typer.run(main)
