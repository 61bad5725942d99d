"""Find flipped labels: how many of them are at the top of the list of doubtful labels.

python benchmarks/label_errors.py

A share of the labels of `data/articles` is flipped at random, several times, and looked for as by `dechaff check`.
"""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer
from numpy.typing import NDArray

from dechaff_training.corpus import MASKED, Article, Corpus
from dechaff_training.fit.label_errors import find_label_errors

ARTICLES: Final = Path(__file__).parents[1] / "data" / "articles"


def flip_labels(corpus: Corpus, share: float, seed: int) -> tuple[Corpus, NDArray[np.bool_]]:
    """Return a corpus with a share of the labels flipped at random, and which lines have a flipped label.

    Parameters
    ----------
    corpus : Corpus
    share : float
    seed : int
    """
    labels = np.concatenate(corpus.labels)
    known = np.flatnonzero(labels != MASKED)
    flipped = np.zeros(len(labels), np.bool_)
    flipped[np.random.default_rng(seed).choice(known, round(share * len(known)), replace=False)] = True
    changed = np.where(flipped, 1 - labels, labels).astype(np.int8)
    bounds = np.cumsum([0, *map(len, corpus.labels)]).tolist()
    articles: list[Article] = [
        replace(article, labels=changed[first:last])
        for article, (first, last) in zip(corpus, pairwise(bounds), strict=True)
    ]
    return Corpus(articles), flipped


def main(
    corpora: Annotated[
        list[Path] | None, typer.Argument(help="Labelled articles.", show_default=str(ARTICLES))
    ] = None,
    share: Annotated[float, typer.Option(min=0, max=1, help="The share of the labels that are flipped.")] = 0.03,
    top: Annotated[float, typer.Option(min=0, max=1, help="The share of the list that is read.")] = 0.05,
    draws: Annotated[int, typer.Option(min=1, help="The number of draws.")] = 5,
) -> None:
    """Print for each draw how many flipped labels are at the top of the list, and among the doubtful ones."""
    corpus = Corpus.read(*(corpora or [ARTICLES]))
    for seed in range(draws):
        changed, flipped = flip_labels(corpus, share, seed)
        found = find_label_errors(changed, seed)
        first = found.order[: round(top * len(found.order))]
        counts = flipped.sum(), flipped[first].sum(), flipped[found.doubtful].sum()
        print(
            f"draw {seed}: {len(found.order):,} labels, of these flipped: {counts[0]}; of these in the first "
            f"{len(first)}: {counts[1]}, among {len(found.doubtful)} doubtful ones: {counts[2]}"
        )


if __name__ == "__main__":
    typer.run(main)
