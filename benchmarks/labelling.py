"""What labels teach, by the order in which articles are labelled: the doubtful first, or at random.

python benchmarks/labelling.py PAGES --json data/evaluation/labelling.json

A model that has learnt nothing from wcxb's sites stands for the one that someone begins with, wcxb's training pages
for that someone's own. The labels of half of their sites are uncovered article by article, the model is taught with
what is uncovered, as `dechaff train --start-from` does it, and judged on the other half, again and again with other
halves. No test page is touched.
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
from dechaff.files import written_whole
from dechaff_training.corpus import MASKED, Article, Corpus
from dechaff_training.evaluate.benchmark import text_columns
from dechaff_training.evaluate.evaluation import Table, decide_corpus
from dechaff_training.evaluate.metrics import Estimate, Resamples, Values, f1_of_means
from dechaff_training.fit.active_learning import rank_articles
from dechaff_training.fit.estimator import LineClassifier
from dechaff_training.fit.fine_tuner import FineTuner
from dechaff_training.fit.fine_tuning import STRENGTHS, choose_strength
from dechaff_training.fit.training import train_model
from dechaff_training.report.rendering import print_tables

ARTICLES: Final = Path(__file__).parents[1] / "data" / "articles"
#: Whose pages are someone's own.
OWN: Final = "wcxb"
#: After so many labelled articles the model is taught and judged.
STEPS: Final = (0, 5, 10, 20, 40, 80, 160)
#: Chooses the next articles of a corpus: of the model, what is labelled, what is not, and how many; gives places.
Order = Callable[[LineModel, Corpus, Corpus, int], Sequence[int]]


def doubtful_first(model: LineModel, labelled: Corpus, rest: Corpus, n: int) -> list[int]:
    """Choose as `dechaff next` does, by the model that has learnt from what is labelled."""
    sites = [article.site for article in rest]
    ranked = rank_articles(model, rest.texts, sites, labelled_sites=[article.site for article in labelled])
    return [suggestion.index for suggestion in ranked[:n]]


def as_they_come(_model: LineModel, _labelled: Corpus, rest: Corpus, n: int) -> list[int]:
    """Choose the first, of articles that were shuffled before."""
    return list(range(min(n, len(rest))))


ORDERS: Final[dict[str, Order]] = {"doubtful first": doubtful_first, "at random": as_they_come}


def own_pages(corpus: Corpus, known_sites: set[str]) -> Corpus:
    """Take someone's own articles, one text of each page, of sites that the model does not know."""

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


def part(corpus: Corpus, seed: int) -> tuple[Corpus, Corpus]:
    """Draw half of the sites to label, shuffled, and the other half to judge by."""
    rng = np.random.default_rng(seed)
    sites = rng.permutation(np.unique(corpus.groups))
    labelled = set(sites[: len(sites) // 2])
    pool = corpus.select(lambda article: article.site in labelled).articles
    shuffled = Corpus([pool[place] for place in rng.permutation(len(pool))])
    return shuffled, corpus.select(lambda article: article.site not in labelled)


def learn(start: LineModel, pool: Corpus, order: Order, seed: int) -> Iterator[tuple[LineModel, Corpus]]:
    """Label step by step, and give each time the model and what it was taught with."""
    model, labelled, rest = start, Corpus([]), pool
    yield model, labelled
    for before, after in pairwise(STEPS):
        chosen = set(order(model, labelled, rest, after - before))
        labelled = Corpus([*labelled, *(article for place, article in enumerate(rest) if place in chosen)])
        rest = Corpus([article for place, article in enumerate(rest) if place not in chosen])
        adapter = FineTuner(start, labelled)
        model = adapter.model(adapter.change(choose_strength(adapter, labelled.groups, STRENGTHS, seed)))
        yield model, labelled


def simulate(start: LineModel, corpus: Corpus, n_draws: int) -> list[dict[str, Any]]:
    """Label by each order, in each of several divisions of the sites, and measure after each step."""
    columns: dict[tuple[str, int], list[Values]] = {}
    n_lines: dict[tuple[str, int], list[int]] = {}
    groups: list[str] = []
    for seed in range(n_draws):
        pool, judged = part(corpus, seed)
        groups += judged.groups
        for name, order in ORDERS.items():
            for n_articles, (model, labelled) in zip(STEPS, learn(start, pool, order, seed), strict=True):
                texts = {name: decide_corpus(model, judged.texts).texts}
                columns.setdefault((name, n_articles), []).append(text_columns(judged.articles, texts)[name])
                n_lines.setdefault((name, n_articles), []).append(labelled.n_lines)
            print(f"draw {seed + 1} of {n_draws}, {name}", file=sys.stderr, flush=True)
    # A site is judged in several draws: a resample takes all of a site's pages from all draws, or none.
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
    """Read the model to begin with, or learn it from all sites but those of someone's own pages, and keep it."""
    if path is not None and path.exists():
        return load_model(path)
    model = train_model(corpus.select(lambda article: article.source != OWN), LineClassifier(random_state=seed))
    if path is not None:
        save_model(model, path)
    return model


def show(rows: list[dict[str, Any]]) -> Table:
    """Lay out rows for people."""
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
    return Table("Sites that nobody labelled", ("order", "articles", "lines", "text F1", "less random"), cells)


def main(
    pages: Annotated[Path, typer.Argument(help="A folder with `train/`, Parquet files of pages.")],
    model: Annotated[
        Path | None, typer.Option(help="The model to begin with; written where it is not there.")
    ] = None,
    draws: Annotated[int, typer.Option(min=1, help="How often the sites are divided.")] = 8,
    seed: Annotated[int, typer.Option(help="Of the model's training.")] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the rows as JSON.")] = None,
) -> None:
    """Simulate someone who labels articles of their own sites, in two orders."""
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
    print_tables([show(rows)])


if __name__ == "__main__":
    typer.run(main)
