"""Measure how time and memory grow with the input, for several types of text: slopes of log time over log size.

Each size of each type runs in its own process, so that peaks of memory are separate; the time is the least
processor time of the repetitions. Slow results are not failures.

Run `python benchmarks/scale.py --help`.
"""

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from itertools import cycle, islice
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from speed import peak_memory, read_model  # first: it sets numpy's number of threads

from dechaff import DechaffError, LineModel, clean_html, clean_markdown, keep_content, split_lines
from dechaff.kernels import numba_available, use_numba
from dechaff_training.cli.options import BEHAVIOUR
from dechaff_training.corpus import Corpus
from dechaff_training.files.progress import Bar

ARTICLES: Final = Path(__file__).parents[1] / "data" / "articles"
#: Target for slopes: linear time, with room for the logarithm in sorting, and noise.
LINEAR: Final = 1.1
_MAX_LINES: Final = 5_000_000
# Bidirectional and other controls, zero-width characters, lone surrogates, unassigned code points, line separators.
_HOSTILE: Final = "\u202e\u2066\u200b\ufeff\0\x1b\ud800\udfff\u0378\U0010fffe\u2028\x85\r\v a1%₹"


@dataclass(frozen=True)
class Measured:
    """Resources that cleaning one text took.

    Attributes
    ----------
    kind : str
    megabytes, n_lines : float, int
        Size in UTF-8, and the number of lines that are not blank.
    seconds : float
        Processor time, which other load affects less; the least of the repetitions.
    peak_mb, added_mb : float
        The largest resident memory of the process, and its growth during cleaning.
    """

    kind: str
    megabytes: float
    n_lines: int
    seconds: float
    peak_mb: float
    added_mb: float


def ordinary(n_bytes: int) -> str:
    """Return the project's articles as one text, repeated to the size."""
    articles = Corpus.read(ARTICLES).texts
    size = sum(len(text.encode()) + 1 for text in articles)
    return "\n".join(islice(cycle(articles), max(len(articles) * n_bytes // size, 1)))


def one_line(n_bytes: int) -> str:
    """Return the words of the project's articles as one line."""
    return " ".join(ordinary(n_bytes).split())


def short_lines(n_bytes: int) -> str:
    """Return distinct lines of one to seven digits; at most five million, from 40 MB on."""
    return "\n".join(map(str, range(min(n_bytes // 8, _MAX_LINES))))


def hostile(n_bytes: int) -> str:
    """Return a mix of controls, zero-width characters, lone surrogates and unassigned code points."""
    rng = np.random.default_rng(0)
    size = len(_HOSTILE.encode("utf-8", "surrogatepass")) / len(_HOSTILE)
    runs = rng.integers(0, len(_HOSTILE), int(n_bytes / size / 4)), rng.integers(1, 8, int(n_bytes / size / 4))
    return "".join(_HOSTILE[place] * n for place, n in zip(*(run.tolist() for run in runs), strict=True))


def repeated(unit: str, n_bytes: int) -> str:
    """Return a unit of markup repeated to the size."""
    return unit * (n_bytes // len(unit.encode("utf-8", "surrogatepass")))


#: Markup that is nested, never closed, or broken.
HTML: Final = {
    "nested elements": "<div>x",
    "nested lists": "<ul><li>x",
    "open tags": "<b><p>x",
    "open tables": "<table><tr><td>x",
    "links": "<a href=x>yes</a>\n",
    "broken characters": "<p>\ufffd\ud800 &#0;&#xD800;&",
}
MARKDOWN: Final = {
    "nested quotes": "> ",
    "nested items": "- - - - - - - - a\n\n\n",
    "open links": "[a](",
    "links": "[a](b) ",
    "tables": "|a|b|\n|-|-|\n|c|d|\n\n",
    "open fences": "```\na\n",
}
KINDS: Final[dict[str, Callable[[int], str]]] = {
    "ordinary text": ordinary,
    "one line": one_line,
    "short lines": short_lines,
    "hostile text": hostile,
    **{f"HTML, {name}": partial(repeated, unit) for name, unit in HTML.items()},
    **{f"Markdown, {name}": partial(repeated, unit) for name, unit in MARKDOWN.items()},
}


def clean(kind: str, text: str, model: LineModel) -> str:
    """Clean a text of a type."""
    if kind.startswith("HTML"):
        return clean_html(text, model=model)
    return (clean_markdown if kind.startswith("Markdown") else keep_content)(text, model)


def measure(kind: str, megabytes: int, repetitions: int, *, compiled: bool) -> Measured:
    """Clean one text in this process, and measure time and memory."""
    model, text = read_model(None), KINDS[kind](megabytes * 1_000_000)
    with use_numba(compiled):
        keep_content("Tables are built on first use.\n" * 1000, model)
        _reset_peak()
        before, seconds = peak_memory(), []
        for _ in range(repetitions):
            start = time.process_time()
            clean(kind, text, model)
            seconds.append(time.process_time() - start)
        peak = peak_memory()
    size = len(text.encode("utf-8", "surrogatepass")) / 1e6
    return Measured(kind, size, len(split_lines(text)), min(seconds), peak, peak - before)


def _reset_peak() -> None:
    """Reset the peak of memory if the system supports it: creating a text may take more than cleaning it."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def measure_all(kinds: list[str], sizes: list[int], repetitions: int, *, compiled: bool) -> list[Measured]:
    """Measure every type of text at every size, each in its own process."""
    found = []
    with Bar("measuring", len(kinds) * len(sizes)) as bar:
        for kind in kinds:
            for size in sizes:
                with ProcessPoolExecutor(1, get_context("spawn")) as pool:
                    found.append(pool.submit(measure, kind, size, repetitions, compiled=compiled).result())
                bar.advance()
    return found


def slope(rows: list[Measured], size: str, value: str) -> float:
    r"""Compute the slope of log value over log size: 1 is linear growth, 2 quadratic.

    Examples
    --------
    >>> rows = [Measured("", n, n, n**2.0, 0, 0) for n in (1, 2, 4)]
    >>> round(slope(rows, "megabytes", "seconds"), 6)
    2.0
    """
    sizes, values = (np.log([getattr(row, name) for row in rows]) for name in (size, value))
    return float(np.polynomial.Polynomial.fit(sizes, values, 1).convert().coef[1])


def slopes(rows: list[Measured]) -> dict[str, dict[str, float]]:
    """Compute the slopes of time and added memory of each type of text with two sizes or more."""
    kinds = {row.kind: [other for other in rows if other.kind == row.kind] for row in rows}
    # Short lines have a largest size: measure it once.
    sized = {kind: list({row.megabytes: row for row in mine}.values()) for kind, mine in kinds.items()}
    return {
        kind: {name: slope(mine, "megabytes", name) for name in ("seconds", "added_mb")}
        for kind, mine in sized.items()
        if len(mine) > 1
    }


def print_rows(rows: list[Measured], console: Console) -> None:
    """Print the measurements and the slopes."""
    table = Table("kind", title="Growth")
    for name in ("MB", "lines", "seconds", "MB/s", "peak MB", "added MB"):
        table.add_column(name, justify="right")
    for row in rows:
        figures = (row.megabytes, row.seconds, row.megabytes / row.seconds, row.peak_mb, row.added_mb)
        size, seconds, speed, *memory = (f"{figure:.2f}" for figure in figures)
        table.add_row(row.kind, size, f"{row.n_lines:,}", seconds, speed, *memory)
    console.print(table)
    for kind, found in slopes(rows).items():
        verdict = "linear" if found["seconds"] <= LINEAR else "MORE THAN LINEAR"
        console.print(f"{kind}: time {found['seconds']:.2f} ({verdict}), memory {found['added_mb']:.2f}")


app = typer.Typer(**BEHAVIOUR)


@app.command(epilog="Example: [bold]python benchmarks/scale.py --size 10 --size 20 --json scale.json[/bold]")
def main(
    sizes: Annotated[list[int], typer.Option("--size", metavar="MB", min=1, help="A size; repeatable.")] = [  # noqa: B006
        10,
        20,
        40,
        80,
    ],
    kinds: Annotated[
        list[str] | None, typer.Option("--kind", help="A type of text; repeatable. By default all.")
    ] = None,
    repetitions: Annotated[int, typer.Option("--repetitions", "-n", min=1, help="How often each runs.")] = 1,
    compiled: Annotated[bool, typer.Option(help="Whether to use the numba kernels.")] = True,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write the figures to this file.")
    ] = None,
) -> None:
    """Measure time and peak memory of one article at several sizes, for ordinary and adversarial texts."""
    wrong = set(kinds or ()) - KINDS.keys()
    if wrong:
        raise typer.BadParameter(f"{', '.join(sorted(wrong))}: choose from {', '.join(KINDS)}")
    try:
        rows = measure_all(kinds or list(KINDS), sizes, repetitions, compiled=compiled)
    except DechaffError as error:
        print(f"scale.py: error: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    print_rows(rows, Console(width=None if sys.stdout.isatty() else 140))
    if json_file is not None:
        content: dict[str, Any] = {"compiled": compiled and numba_available(), "slopes": slopes(rows)}
        content["rows"] = [asdict(row) for row in rows]
        json_file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    app()
