"""What each part of the model is worth: each in turn is left out, all learn anew from the same sites.

python benchmarks/ablation.py PAGES --json data/evaluation/ablation.json

Some of the sites of `PAGES/train` and `data/articles` are learnt from; the articles of recent pages on a quarter of
all sites, which no model has seen, are measured. No test page is touched. A part of the sites is enough to tell the
parts from each other, but all figures are lower than those of the shipped model.
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
#: What is left out, as parameters of `LineClassifier`.
ABLATIONS: Final[Mapping[str, dict[str, Any]]] = {
    WHOLE: {},
    **{f"without {name}": {"without": (name,)} for name in GROUPS},
    "without crosses": {"n_trees": 0},
    "without stage 2 and decoder": {"stages": 1},
}
WITHOUT_DECODER: Final = "without decoder"
#: Pages of today: what people clean now.
RECENT: Final = ("wcxb", "fundus")
_HELD_OUT: Final = 0.25


def part_sites(corpus: Corpus, share: float, seed: int) -> tuple[Corpus, Corpus]:
    """Draw sites to learn from and, apart from these, sites to measure on.

    Parameters
    ----------
    corpus : Corpus
    share : float
        Of all sites, to learn from; a quarter is measured on, whatever the share.
    seed : int
    """
    sites = np.unique([article.site for article in corpus if article.source != "articles"])
    order = np.random.default_rng(seed).permutation(sites)
    cut = round(_HELD_OUT * len(order))
    held, learnt = set(order[:cut]), set(order[cut : cut + round(share * len(order))])
    # The project's own articles are learnt from by every model, as in earnest, but of sites to measure on.
    return (
        corpus.select(lambda article: article.site in learnt or _is_own(article, held)),
        corpus.select(lambda article: article.site in held and _is_measured(article)),
    )


def _is_own(article: Article, held: set[str]) -> bool:
    return article.source == "articles" and article.site not in held


def _is_measured(article: Article) -> bool:
    return article.source in RECENT and article.page_type == "article" and article.body is not None


def ablate(learnt: Corpus, measured: Corpus, seed: int) -> list[TextRow]:
    """Learn without each part in turn, and measure the texts; differences are against the whole."""
    systems = {}
    for name, parameters in ABLATIONS.items():
        print(f"{name}: training", file=sys.stderr, flush=True)
        model = train_model(learnt, LineClassifier(random_state=seed, **parameters))
        systems[name] = cleaned_by(model)
        if name == WHOLE:
            systems[WITHOUT_DECODER] = cleaned_by(replace(model, stage3=None))
    return compare(measured, {**systems, "keep all": keep_all})


def main(
    pages: Annotated[Path, typer.Argument(help="A folder with `train/`, Parquet files of pages.")],
    share: Annotated[float, typer.Option(min=0.01, max=0.75, help="Of all sites, to learn from.")] = 0.15,
    seed: Annotated[int, typer.Option(help="The same seed draws the same sites.")] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the rows as JSON.")] = None,
) -> None:
    """Leave out each feature group, stage and the decoder in turn."""
    if not (pages / "train").is_dir():
        raise typer.BadParameter(f"{pages / 'train'}: no such folder")
    learnt, measured = part_sites(Corpus.read(pages / "train", ARTICLES), share, seed)
    rows = ablate(learnt, measured, seed)
    if json_file is not None:
        counts = {"n_sites": len(set(learnt.groups)), "n_articles": len(learnt), "n_lines": learnt.n_lines}
        record = {"share": share, "seed": seed, "learnt": counts, "texts": [row.to_dict() for row in rows]}
        with written_whole(json_file) as temporary:
            temporary.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    print_tables([text_table("Texts: four-token shingles against the gold", rows, "less the whole")])


if __name__ == "__main__":
    typer.run(main)
