"""The time of `clean_array` that each numba kernel saves, on one thread.

Each kernel in turn is replaced by its function in numpy. The same batch is cleaned with and without it, one
directly after the other, so that other processes slow both alike; a figure is the median over these pairs.

Run `python benchmarks/kernels.py --help`.
"""

import inspect
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from statistics import median, quantiles
from typing import Annotated, Final
from unittest.mock import patch

import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from speed import EXTRACTOR, read_html  # first: it sets the number of numpy's threads

from dechaff import DechaffError, LineModel, clean_array, default_model
from dechaff.features import context, keywords, lexicon, position, smoothing, words
from dechaff.kernels import compiled, use_numba
from dechaff.linear import stage
from dechaff.text import character_counts, lines, tokens
from dechaff.text.batching import batches
from dechaff_training.cli.options import BEHAVIOUR
from dechaff_training.corpus.corpus import Corpus
from dechaff_training.corpus.extraction import EXTRACTORS
from dechaff_training.files.progress import Bar

ARTICLES: Final = Path(__file__).parents[1] / "data" / "articles"
_MODULES: Final = (
    *(character_counts, lines, tokens),
    *(context, keywords, lexicon, position, smoothing, words),
    stage,
)

Functions = Mapping[str, Callable[..., object]]


@dataclass(frozen=True)
class Saving:
    """The time that one kernel saves, as a share of the time with all kernels.

    Attributes
    ----------
    kernel : str
    share : float
        The median over the pairs.
    error : float
        The standard error of the median.
    n_pairs : int
    """

    kernel: str
    share: float
    error: float
    n_pairs: int


def find_references() -> Functions:
    """Find the numpy function of each kernel, by name."""
    named = chain.from_iterable(vars(module).items() for module in _MODULES)
    return {name: inspect.unwrap(function) for name, function in named if name in compiled.__all__}


def repeat_articles(megabytes: float) -> list[str]:
    """Repeat the project's articles, each time in another order, up to a size in UTF-8."""
    articles, rng = Corpus.read(ARTICLES).texts, np.random.default_rng(0)
    size = sum(len(text.encode()) for text in articles)
    n = max(round(megabytes * 1e6 / size), 1)
    return [articles[k] for _ in range(n) for k in rng.permutation(len(articles))]


def measure(texts: list[str], model: LineModel, n_rounds: int) -> list[Saving]:
    """Measure every kernel, and all together, on each batch as often as there are rounds."""
    references, parts = find_references(), [batch.texts for batch in batches(texts)]
    replaced = {**{name: {name: each} for name, each in references.items()}, "all": references}
    growth: dict[str, list[float]] = {name: [] for name in replaced}
    with use_numba(True), Bar("measuring", n_rounds * len(parts)) as bar:
        clean_array(texts, model)
        for turn in range(n_rounds * len(parts)):
            part = parts[turn % len(parts)]
            for name, functions in replaced.items():
                growth[name].append(_compare(part, model, functions, reverse=bool(turn & 1)))
            bar.advance()
    return sorted((_summarise(name, values) for name, values in growth.items()), key=lambda each: -each.share)


def _compare(texts: list[str], model: LineModel, functions: Functions, *, reverse: bool) -> float:
    """Return by what share cleaning takes longer with `functions` in place of the kernels of their names."""
    order = (functions, {}) if reverse else ({}, functions)
    first, second = (_time(texts, model, each) for each in order)
    return (first / second if reverse else second / first) - 1


def _time(texts: list[str], model: LineModel, functions: Functions) -> float:
    with patch.dict(vars(compiled), functions):
        start = time.process_time()
        clean_array(texts, model)
        return time.process_time() - start


def _summarise(name: str, growth: list[float]) -> Saving:
    lower, _, upper = quantiles(growth, n=4)
    # The standard error of a median, with the deviation of a normal distribution from its quartiles.
    error = 1.25 * (upper - lower) / 1.35 / len(growth) ** 0.5
    return Saving(name, median(growth), error, len(growth))


def print_savings(savings: list[Saving]) -> None:
    """Print a table of all kernels, those that save most first."""
    table = Table("kernel", title="Time saved, as a share of the time with all kernels")
    for name in ("saved", "standard error", "pairs"):
        table.add_column(name, justify="right")
    for each in savings:
        table.add_row(each.kernel, f"{each.share:.1%}", f"{each.error:.1%}", str(each.n_pairs))
    Console().print(table)


app = typer.Typer(**BEHAVIOUR)


@app.command(epilog="Example: [bold]python benchmarks/kernels.py --rounds 20 --json kernels.json[/bold]")
def main(
    pages: Annotated[
        Path | None,
        typer.Option(help="A Parquet file with a column 'html', or a folder of them; by default data/articles."),
    ] = None,
    megabytes: Annotated[float, typer.Option("--size", metavar="MB", help="Size of the text.")] = 10.0,
    rounds: Annotated[int, typer.Option(min=2, help="How often to clean each batch.")] = 7,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write the figures.")
    ] = None,
) -> None:
    """Measure the time that each numba kernel saves in cleaning many articles."""
    try:
        texts = (
            repeat_articles(megabytes)
            if pages is None
            else [EXTRACTORS[EXTRACTOR](page) for page in read_html(pages)]
        )
        savings = measure(texts, default_model(), rounds)
    except DechaffError as error:
        print(f"kernels.py: error: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    print_savings(savings)
    if json_file is not None:
        content = [asdict(each) for each in savings]
        json_file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    app()
