"""Measure the value of each part of the model: leave it out and train again on the same sites.

python benchmarks/ablation.py PAGES --json data/evaluation/ablation.json

Models are trained on some sites of `PAGES/train` and on `data/articles`, and evaluated on the recent articles of a
quarter of all sites, held out from training. No test page is used. With fewer training sites, all figures are lower
than those of the shipped model, but the differences show.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer

from dechaff.features import FEATURE_GROUPS
from dechaff.files import written_whole
from dechaff_training.corpus import Article, Corpus
from dechaff_training.evaluate.benchmark import TextRow, cleaned_by, compare, keep_all
from dechaff_training.evaluate.evaluation import text_table
from dechaff_training.fit.estimator import LineClassifier
from dechaff_training.fit.training import train_model
from dechaff_training.report.rendering import print_tables

ARTICLES: Final = Path(__file__).parents[1] / "data" / "articles"
WHOLE: Final = "whole"
GROUPS: Final = (*(group.name for group in FEATURE_GROUPS), "words", "context")
#: The ablations, as parameters of `LineClassifier`.
ABLATIONS: Final[Mapping[str, dict[str, Any]]] = {
    WHOLE: {},
    **{f"without {name}": {"without": (name,)} for name in GROUPS},
    "without crosses": {"n_trees": 0},
    "without stages 2 and 3": {"stages": 1},
}
WITHOUT_STAGE3: Final = "without stage 3"
#: Sources with recent pages.
RECENT: Final = ("wcxb", "fundus")
_HELD_OUT: Final = 0.25


def split_sites(corpus: Corpus, share: float, seed: int) -> tuple[Corpus, Corpus]:
    """Draw training sites and held-out sites.

    Parameters
    ----------
    corpus : Corpus
    share : float
        Of all sites, for training; a quarter is always held out.
    seed : int
    """
    sites = np.unique([article.site for article in corpus if article.source != "articles"])
    order = np.random.default_rng(seed).permutation(sites)
    cut = round(_HELD_OUT * len(order))
    held, trained = set(order[:cut]), set(order[cut : cut + round(share * len(order))])
    # Every model is trained on the project's own articles, as the shipped one is, except those of held-out sites.
    return (
        corpus.select(lambda article: article.site in trained or _is_own(article, held)),
        corpus.select(lambda article: article.site in held and _is_recent(article)),
    )


def _is_own(article: Article, held: set[str]) -> bool:
    return article.source == "articles" and article.site not in held


def _is_recent(article: Article) -> bool:
    return article.source in RECENT and article.page_type == "article" and article.body is not None


def ablate(train: Corpus, held_out: Corpus, seed: int) -> list[TextRow]:
    """Train without each part in turn and evaluate the texts; differences are relative to the whole model."""
    systems = {}
    for name, parameters in ABLATIONS.items():
        print(f"{name}: training", file=sys.stderr, flush=True)
        model = train_model(train, LineClassifier(random_state=seed, **parameters))
        systems[name] = cleaned_by(model)
        if name == WHOLE:
            systems[WITHOUT_STAGE3] = cleaned_by(replace(model, stage3=None))
    return compare(held_out, {**systems, "keep all": keep_all})


def main(
    pages: Annotated[Path, typer.Argument(help="A folder with `train/`, Parquet files of pages.")],
    share: Annotated[float, typer.Option(min=0.01, max=0.75, help="Share of the sites for training.")] = 0.15,
    seed: Annotated[int, typer.Option(help="The same seed draws the same sites.")] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the rows as JSON.")] = None,
) -> None:
    """Leave out each feature group, the crosses and stages in turn."""
    if not (pages / "train").is_dir():
        raise typer.BadParameter(f"{pages / 'train'}: no such folder")
    train, held_out = split_sites(Corpus.read(pages / "train", ARTICLES), share, seed)
    rows = ablate(train, held_out, seed)
    if json_file is not None:
        counts = {"n_sites": len(set(train.groups)), "n_articles": len(train), "n_lines": train.n_lines}
        record = {"share": share, "seed": seed, "learnt": counts, "texts": [row.to_dict() for row in rows]}
        with written_whole(json_file) as temporary:
            temporary.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    print_tables([text_table("Texts: four-token shingles against the gold", rows, "less the whole")])


if __name__ == "__main__":
    typer.run(main)
