"""How time and memory grow with the input, for texts of several kinds: the slope of log time over log size.

Each size of each kind runs in a process of its own, so that a peak of memory is its own; the time is the least
processor time of the repetitions. Nothing here fails because something was slow.

Run `python benchmarks/scale.py --help`.
"""

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from speed import peak_memory, read_model  # first: it says how many threads numpy has

from dechaff import DechaffError, keep_content, split_lines
from dechaff.kernels import is_compiled, using_compiled
from dechaff_training.cli.options import BEHAVIOUR
from dechaff_training.corpus import Corpus
from dechaff_training.files.progress import Bar

ARTICLES: Final = Path(__file__).parents[1] / "data" / "articles"
#: Slopes are wished to be at most this: linear time, the logarithm in sorting, and noise.
LINEAR: Final = 1.1
_MOST_LINES: Final = 5_000_000
# Bidirectional and other controls, what has no width, lone surrogates, unassigned code points, line separators.
_HOSTILE: Final = "\u202e\u2066\u200b\ufeff\0\x1b\ud800\udfff\u0378\U0010fffe\u2028\x85\r\v a1%₹"


@dataclass(frozen=True)
class Measured:
    """What one text took.

    Attributes
    ----------
    kind : str
    megabytes, n_lines : float, int
        Of UTF-8, and lines with something on them.
    seconds : float
        Of the processor, so that a busy machine counts less; the least of the repetitions.
    peak_mb, added_mb : float
        The largest resident memory of the process, and how much of it came while the text was cleaned.
    """

    kind: str
    megabytes: float
    n_lines: int
    seconds: float
    peak_mb: float
    added_mb: float


def ordinary(n_bytes: int) -> str:
    """Make one text of the project's articles, again and again."""
    articles = Corpus.read(ARTICLES).texts
    size = sum(len(text.encode()) + 1 for text in articles)
    return "\n".join(islice(cycle(articles), max(len(articles) * n_bytes // size, 1)))


def one_line(n_bytes: int) -> str:
    """Make one line of the words of the project's articles."""
    return " ".join(ordinary(n_bytes).split())


def short_lines(n_bytes: int) -> str:
    """Make lines of one to seven digits, no two alike; of 40 MB and more there are five million."""
    return "\n".join(map(str, range(min(n_bytes // 8, _MOST_LINES))))


def hostile(n_bytes: int) -> str:
    """Mix controls, marks without width, halves of pairs and what is unassigned, in runs of any length."""
    rng = np.random.default_rng(0)
    size = len(_HOSTILE.encode("utf-8", "surrogatepass")) / len(_HOSTILE)
    runs = rng.integers(0, len(_HOSTILE), int(n_bytes / size / 4)), rng.integers(1, 8, int(n_bytes / size / 4))
    return "".join(_HOSTILE[place] * n for place, n in zip(*(run.tolist() for run in runs), strict=True))


KINDS: Final[dict[str, Callable[[int], str]]] = {
    "ordinary text": ordinary,
    "one line": one_line,
    "short lines": short_lines,
    "hostile text": hostile,
}


def measure(kind: str, megabytes: int, repetitions: int, *, compiled: bool) -> Measured:
    """Clean one text of a kind and size in this process, and weigh it."""
    model, text = read_model(None), KINDS[kind](megabytes * 1_000_000)
    with using_compiled(compiled):
        keep_content("Tables are built on first use.\n" * 1000, model)
        _forget_peak()
        before, seconds = peak_memory(), []
        for _ in range(repetitions):
            start = time.process_time()
            keep_content(text, model)
            seconds.append(time.process_time() - start)
        peak = peak_memory()
    size = len(text.encode("utf-8", "surrogatepass")) / 1e6
    return Measured(kind, size, len(split_lines(text)), min(seconds), peak, peak - before)


def _forget_peak() -> None:
    """Let the peak of memory begin anew, where the system can: making a text may take more than cleaning it."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def measure_all(kinds: list[str], sizes: list[int], repetitions: int, *, compiled: bool) -> list[Measured]:
    """Measure every kind at every size, each in a process of its own."""
    found = []
    with Bar("measuring", len(kinds) * len(sizes)) as bar:
        for kind in kinds:
            for size in sizes:
                with ProcessPoolExecutor(1, get_context("spawn")) as pool:
                    found.append(pool.submit(measure, kind, size, repetitions, compiled=compiled).result())
                bar.advance()
    return found


def slope(rows: list[Measured], size: str, value: str) -> float:
    r"""Fit the logarithm of a value over that of a size: 1 is linear growth, 2 quadratic.

    Examples
    --------
    >>> rows = [Measured("", n, n, n**2.0, 0, 0) for n in (1, 2, 4)]
    >>> round(slope(rows, "megabytes", "seconds"), 6)
    2.0
    """
    sizes, values = (np.log([getattr(row, name) for row in rows]) for name in (size, value))
    return float(np.polynomial.Polynomial.fit(sizes, values, 1).convert().coef[1])


def slopes(rows: list[Measured]) -> dict[str, dict[str, float]]:
    """Give the slopes of time and of added memory of each kind that has two sizes at least."""
    kinds = {row.kind: [other for other in rows if other.kind == row.kind] for row in rows}
    # Short lines are counted by lines: of more than five million there are no more.
    sized = {kind: list({row.megabytes: row for row in mine}.values()) for kind, mine in kinds.items()}
    return {
        kind: {name: slope(mine, "megabytes", name) for name in ("seconds", "added_mb")}
        for kind, mine in sized.items()
        if len(mine) > 1
    }


def print_rows(rows: list[Measured], console: Console) -> None:
    """Print what each text took, and the slopes."""
    table = Table("kind", title="Growth")
    for name in ("MB", "lines", "seconds", "MB/s", "peak MB", "added MB"):
        table.add_column(name, justify="right")
    for row in rows:
        figures = (row.megabytes, row.seconds, row.megabytes / row.seconds, row.peak_mb, row.added_mb)
        size, seconds, speed, *memory = (f"{figure:.2f}" for figure in figures)
        table.add_row(row.kind, size, f"{row.n_lines:,}", seconds, speed, *memory)
    console.print(table)
    for kind, found in slopes(rows).items():
        told = "linear" if found["seconds"] <= LINEAR else "MORE THAN LINEAR"
        console.print(f"{kind}: time {found['seconds']:.2f} ({told}), memory {found['added_mb']:.2f}")


app = typer.Typer(**BEHAVIOUR)


@app.command(epilog="Example: [bold]python benchmarks/scale.py --size 10 --size 20 --json scale.json[/bold]")
def main(
    sizes: Annotated[list[int], typer.Option("--size", metavar="MB", min=1, help="A size; repeat it.")] = [  # noqa: B006
        10,
        20,
        40,
        80,
    ],
    kinds: Annotated[
        list[str] | None, typer.Option("--kind", help="A kind of text; repeat it. By default all.")
    ] = None,
    repetitions: Annotated[int, typer.Option("--repetitions", "-n", min=1, help="How often each runs.")] = 1,
    compiled: Annotated[bool, typer.Option(help="Whether to use compiled functions.")] = True,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures there, too.")
    ] = None,
) -> None:
    """Measure time and peak memory of one article at several sizes, for ordinary text and the worst kinds."""
    wrong = set(kinds or ()) - KINDS.keys()
    if wrong:
        raise typer.BadParameter(f"{', '.join(sorted(wrong))}: there are {', '.join(KINDS)}")
    try:
        rows = measure_all(kinds or list(KINDS), sizes, repetitions, compiled=compiled)
    except DechaffError as error:
        print(f"scale.py: error: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    print_rows(rows, Console(width=None if sys.stdout.isatty() else 140))
    if json_file is not None:
        with using_compiled(compiled):
            content: dict[str, Any] = {"compiled": is_compiled(), "slopes": slopes(rows)}
        content["rows"] = [asdict(row) for row in rows]
        json_file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    app()
