"""Simulate active learning: articles are labelled by uncertainty or at random, and a model is fine-tuned on them.

python benchmarks/labelling.py PAGES --json data/evaluation/labelling.json

The start model is trained without wcxb's sites; wcxb's training pages stand for a user's own pages. Labels of half
of their sites are revealed article by article, the model is fine-tuned on them as by `dechaff train --start-from`,
and evaluated on the other half; this is repeated with other halves. No test page is used.
"""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer

from dechaff import LineModel, load_model, save_model
from dechaff._typing import Values
from dechaff.files import written_whole
from dechaff_training.corpus import MASKED, Article, Corpus
from dechaff_training.evaluate.benchmark import text_columns
from dechaff_training.evaluate.evaluation import decide_corpus
from dechaff_training.evaluate.metrics import Estimate, Resamples, f1_of_means
from dechaff_training.evaluate.tables import Table
from dechaff_training.fit.active_learning import rank_articles
from dechaff_training.fit.estimator import LineClassifier
from dechaff_training.fit.fine_tuner import FineTuner
from dechaff_training.fit.fine_tuning import STRENGTHS, choose_strength
from dechaff_training.fit.training import train_model
from dechaff_training.report.rendering import print_tables

ARTICLES: Final = Path(__file__).parents[1] / "data" / "articles"
#: The source whose pages stand for a user's own.
OWN: Final = "wcxb"
#: The numbers of labelled articles after which the model is fine-tuned and evaluated.
STEPS: Final = (0, 5, 10, 20, 40, 80, 160)
#: Returns the indices of the next articles to label, from the model, labelled and unlabelled articles, and a
#: number.
Order = Callable[[LineModel, Corpus, Corpus, int], Sequence[int]]


def doubtful_first(model: LineModel, labelled: Corpus, rest: Corpus, n: int) -> list[int]:
    """Choose as `dechaff next --order doubtful` does, by the model fine-tuned on the labelled articles."""
    sites = [article.site for article in rest]
    ranked = rank_articles(model, rest.texts, sites, labelled_sites=[article.site for article in labelled])
    return [suggestion.index for suggestion in ranked[:n]]


def as_they_come(_model: LineModel, _labelled: Corpus, rest: Corpus, n: int) -> list[int]:
    """Choose the first articles, which are shuffled."""
    return list(range(min(n, len(rest))))


ORDERS: Final[dict[str, Order]] = {"doubtful first": doubtful_first, "at random": as_they_come}


def own_pages(corpus: Corpus, known_sites: set[str]) -> Corpus:
    """Return the user's articles, one text of each page, of sites outside the training data."""

    def is_own(article: Article) -> bool:
        return (
            article.source == OWN
            and article.page_type == "article"
            and article.body is not None
            and bool((article.labels != MASKED).any())
            and article.extractor == "resiliparse_all"
            and article.site not in known_sites
        )

    return corpus.select(is_own)


def split_sites(corpus: Corpus, seed: int) -> tuple[Corpus, Corpus]:
    """Return the shuffled articles of half of the sites, for labelling, and those of the other half, held out."""
    rng = np.random.default_rng(seed)
    sites = rng.permutation(np.unique(corpus.groups))
    labelled = set(sites[: len(sites) // 2])
    pool = corpus.select(lambda article: article.site in labelled).articles
    shuffled = Corpus([pool[place] for place in rng.permutation(len(pool))])
    return shuffled, corpus.select(lambda article: article.site not in labelled)


def label_and_tune(start: LineModel, pool: Corpus, order: Order, seed: int) -> Iterator[tuple[LineModel, Corpus]]:
    """Yield at each step the fine-tuned model and the labelled articles."""
    model, labelled, rest = start, Corpus([]), pool
    yield model, labelled
    for before, after in pairwise(STEPS):
        chosen = set(order(model, labelled, rest, after - before))
        labelled = Corpus([*labelled, *(article for place, article in enumerate(rest) if place in chosen)])
        rest = Corpus([article for place, article in enumerate(rest) if place not in chosen])
        tuner = FineTuner(start, labelled)
        model = tuner.model(tuner.change(choose_strength(tuner, labelled.groups, STRENGTHS, seed)))
        yield model, labelled


def simulate(start: LineModel, corpus: Corpus, n_draws: int) -> list[dict[str, Any]]:
    """Simulate each order for several draws of the sites, and evaluate after each step."""
    columns: dict[tuple[str, int], list[Values]] = {}
    n_lines: dict[tuple[str, int], list[int]] = {}
    groups: list[str] = []
    for seed in range(n_draws):
        pool, held_out = split_sites(corpus, seed)
        groups += held_out.groups
        for name, order in ORDERS.items():
            for n_articles, (model, labelled) in zip(STEPS, label_and_tune(start, pool, order, seed), strict=True):
                texts = {name: decide_corpus(model, held_out.texts).texts}
                columns.setdefault((name, n_articles), []).append(text_columns(held_out.articles, texts)[name])
                n_lines.setdefault((name, n_articles), []).append(labelled.n_lines)
            print(f"draw {seed + 1} of {n_draws}, {name}", file=sys.stderr, flush=True)
    # A site is held out in several draws: a resample has the pages of a site from all draws, or none.
    resamples = Resamples(groups)
    f1 = {key: f1_of_means(resamples.sums(np.concatenate(found))) for key, found in columns.items()}
    return [
        {
            "order": name,
            "n_articles": n_articles,
            "n_lines": round(float(np.mean(n_lines[name, n_articles])), 1),
            "f1": resamples.estimate(values).to_dict(),
            "less_random": resamples.estimate(values - f1["at random", n_articles]).to_dict(),
        }
        for (name, n_articles), values in f1.items()
    ]


def base_model(corpus: Corpus, path: Path | None, seed: int) -> LineModel:
    """Read the start model, or train it without the user's sites and write it."""
    if path is not None and path.exists():
        return load_model(path)
    model = train_model(corpus.select(lambda article: article.source != OWN), LineClassifier(random_state=seed))
    if path is not None:
        save_model(model, path)
    return model


def results_table(rows: list[dict[str, Any]]) -> Table:
    """Return the results as a table to print."""
    cells: list[tuple[str, ...]] = [
        (
            row["order"],
            str(row["n_articles"]),
            f"{row['n_lines']:,.0f}",
            str(Estimate(**row["f1"])),
            str(Estimate(**row["less_random"])),
        )
        for row in rows
    ]
    return Table("Held-out sites", ("order", "articles", "lines", "text F1", "less random"), cells)


def main(
    pages: Annotated[Path, typer.Argument(help="A folder with `train/`, Parquet files of pages.")],
    model: Annotated[Path | None, typer.Option(help="The start model; written if it does not exist.")] = None,
    draws: Annotated[int, typer.Option(min=1, help="The number of draws of the sites.")] = 8,
    seed: Annotated[int, typer.Option(help="The seed of the start model's training.")] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the rows as JSON.")] = None,
) -> None:
    """Simulate a user who labels articles of their own sites, in two orders."""
    if not (pages / "train").is_dir():
        raise typer.BadParameter(f"{pages / 'train'}: no such folder")
    corpus = Corpus.read(pages / "train", ARTICLES)
    start = base_model(corpus, model, seed)
    known = {article.site for article in corpus if article.source != OWN}
    own = own_pages(corpus, known)
    rows = simulate(start, own, draws)
    if json_file is not None:
        counts = {"n_sites": len(set(own.groups)), "n_articles": len(own), "n_lines": own.n_lines}
        with written_whole(json_file) as temporary:
            record = {"draws": draws, "seed": seed, "own": counts, "rows": rows}
            temporary.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    print_tables([results_table(rows)])


if __name__ == "__main__":
    typer.run(main)
