"""Measure the speed of dechaff relative to HTML extraction and other common steps, in one run.

Tasks take turns, so that other load on the machine affects them equally. A figure is a median, or a ratio of
medians; a missed target is no failure.

Run `python benchmarks/speed.py --help`.
"""

import cProfile
import gc
import json
import math
import os
import platform
import pstats
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from importlib import metadata
from itertools import cycle
from multiprocessing import get_context
from operator import mul
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Final

# Before numpy is imported: one thread for all tasks, whatever numpy was built with.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from dechaff import (
    DechaffError,
    InputError,
    LineModel,
    classify_lines,
    clean_array,
    default_model,
    keep_content,
    load_model,
    split_lines,
)
from dechaff.extras import load
from dechaff.kernels import numba_available
from dechaff_training.cli.options import BEHAVIOUR
from dechaff_training.corpus.extraction import EXTRACTORS, extractor_version
from dechaff_training.files.progress import Bar

EXTRACTOR: Final = "resiliparse_all"
ARTICLE_LINES: Final = 200
SIZES_MB: Final = (1, 2, 4, 8)
SECONDS_FOR_ONE_ARTICLE: Final = 1.0
_WEIGHTS: Final = (-4.0, 0.8, 0.4, -4.0, -4.0, -1.0, 2.0, -6.0)
_BOILERPLATE_WORDS: Final = frozenset(
    ("subscribe", "share", "related", "newsletter", "comments", "login", "advertisement")
)
_SHIPPED: Final = "import dechaff; dechaff.default_model()"

Tasks = Mapping[str, Callable[[], object]]


@dataclass(frozen=True)
class Timing:
    """The wall-clock and processor seconds of one task.

    Attributes
    ----------
    task : str
    repetitions : int
    minimum, median : float
        Wall-clock seconds.
    cpu_median : float or None
        Processor seconds of all threads; None for a task in its own process.
    """

    task: str
    repetitions: int
    minimum: float
    median: float
    cpu_median: float | None = None


@dataclass(frozen=True)
class Figure:
    """One measured figure and its target.

    Attributes
    ----------
    name : str
    value : float
    unit : str
        "ratio", "ms", "slope", "threads" or "MB".
    target : float or None
        The upper limit; None without a target.
    detail : str
        How it was measured.
    """

    name: str
    value: float
    unit: str
    target: float | None = None
    detail: str = ""

    @property
    def met(self) -> bool | None:
        """Return whether the target is met; None without a target.

        Examples
        --------
        >>> Figure("import", 3.2, "ratio", target=4.0).met
        True
        """
        return None if self.target is None else self.value <= self.target


@dataclass(frozen=True)
class Report:
    """Figures and the timings that they are computed from."""

    figures: list[Figure]
    timings: list[Timing]

    def __add__(self, other: "Report") -> "Report":
        return Report(self.figures + other.figures, self.timings + other.timings)


def take_turns(tasks: Tasks, repetitions: int) -> list[Timing]:
    """Time tasks in turns, after one warm-up turn each.

    Parameters
    ----------
    tasks : mapping of str to callable
    repetitions : int

    Returns
    -------
    list of Timing
        In the order of the tasks.

    Examples
    --------
    >>> [timing.repetitions for timing in take_turns({"sum": lambda: sum(range(9))}, repetitions=3)]
    [3]
    """
    wall: dict[str, list[float]] = {name: [] for name in tasks}
    cpu: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(repetitions + 1):
        for name, task in tasks.items():
            gc.collect()  # otherwise one task pays for the garbage of another
            cpu_start, start = time.process_time(), time.perf_counter()
            task()
            seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
            if turn:
                wall[name].append(seconds)
                cpu[name].append(cpu_seconds)
    return [Timing(name, repetitions, min(wall[name]), median(wall[name]), median(cpu[name])) for name in tasks]


def read_html(path: Path) -> list[str]:
    """Read the pages of a Parquet file, or of a folder of them.

    Raises
    ------
    InputError
        If there are none, or they have no column `html`.
    MissingExtraError
        If the packages of the extras `html` and `bulk` are not installed.
    """
    hint = "give --pages a Parquet file, or a folder of them, with a column 'html'"
    if not path.exists():
        raise InputError(f"{path}: no such file or folder: {hint}")
    try:
        pages = load("pyarrow.parquet", "bulk").read_table(path, columns=["html"])["html"].to_pylist()
    except (ValueError, OSError, KeyError) as error:  # pyarrow's errors are among these
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"{path}: {reason}: {hint}") from error
    html = [page for page in pages if page]
    if not html:
        raise InputError(f"{path}: no pages: {hint}")
    return html


def compare_with_extraction(
    html: Sequence[str], texts: list[str], model: LineModel, repetitions: int, size_mb: float
) -> Report:
    """Time cleaning by dechaff, in one batch, and by other line filters, against the extraction from HTML.

    All tasks get the same pages, repeated until their texts have `size_mb`. The extraction is the bare call of
    Resiliparse with dechaff's settings, without the check for control characters in `extract`, which would only
    make it look slow.
    """
    bare, times = EXTRACTORS[EXTRACTOR], _repeats_for(texts, size_mb)
    html, texts = [*html] * times, texts * times
    others = {name: partial(_clean_each, clean, texts) for name, clean in find_peers().items()}
    tasks: Tasks = {
        "Resiliparse, HTML to all text": lambda: [bare(page) for page in html],
        "clean_array, all texts": lambda: clean_array(texts, model),
        **others,
    }
    extraction, cleaning, *peers = timings = take_turns(tasks, repetitions)
    n_bytes = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
    size = f"{len(html)} pages ({times} times the same), {n_bytes / 1e6:.1f} MB, one thread"
    threads = max(timing.cpu_median / timing.median for timing in timings if timing.cpu_median)
    figures = [
        Figure("clean_array / extraction", cleaning.median / extraction.median, "ratio", 0.5, f"medians; {size}"),
        Figure("clean_array / extraction, minima", cleaning.minimum / extraction.minimum, "ratio"),
        *_compare_processor_time(extraction, cleaning),
        *(Figure(f"{peer.task} / extraction", peer.median / extraction.median, "ratio") for peer in peers),
        Figure("processor time / wall-clock time", threads, "threads", detail="of the busiest side"),
    ]
    return Report(figures, timings)


def _compare_processor_time(extraction: Timing, cleaning: Timing) -> list[Figure]:
    """Compare processor times, which are less affected by other load."""
    if not extraction.cpu_median or not cleaning.cpu_median:
        return []
    ratio = cleaning.cpu_median / extraction.cpu_median
    return [Figure("clean_array / extraction, processor time", ratio, "ratio", detail="medians")]


def _repeats_for(texts: Sequence[str], size_mb: float) -> int:
    """Return how often to repeat texts for a size in megabytes of UTF-8, at least once."""
    n_bytes = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
    return max(1, round(size_mb * 1e6 / max(n_bytes, 1)))


def _clean_each(clean: Callable[[str], object], texts: Sequence[str]) -> None:
    for text in texts:
        clean(text)


def find_peers() -> dict[str, Callable[[str], object]]:
    """Return other line filters: the C4 rules of datatrove, if installed, and a loop in Python."""
    peers: dict[str, Callable[[str], object]] = {"loop over lines in Python": keep_lines_one_by_one}
    try:
        from datatrove.data import Document
        from datatrove.pipeline.filters import C4QualityFilter
    except ImportError:
        print("datatrove's C4 rules are left out: datatrove is not installed", file=sys.stderr)
        return peers
    # Line rules only: the rules for documents would stop early on some pages, or split sentences.
    rules = C4QualityFilter(min_num_sentences=-1, filter_lorem_ipsum=False, filter_curly_bracket=False)
    return {"datatrove's C4 line rules": lambda text: rules.filter(Document(text=text, id=""))} | peers


def keep_lines_one_by_one(text: str) -> str:
    r"""Return the lines with a positive score, computed in a plain Python loop from eight features each.

    It stands for pipelines that call a function for each line, such as FinerWeb's, with a cheap linear model
    instead of a transformer; the weights are made up, only the time matters.

    Examples
    --------
    >>> keep_lines_one_by_one("Share this\nThe council voted on Tuesday to repair the old bridge.")
    'The council voted on Tuesday to repair the old bridge.'
    """
    return "\n".join(line for line in text.splitlines() if sum(map(mul, _WEIGHTS, _line_features(line))) > 0)


def _line_features(line: str) -> tuple[float, ...]:
    words, n_chars = line.split(), max(len(line), 1)
    n_words = max(len(words), 1)
    return (
        1.0,
        math.log1p(n_chars),
        math.log1p(len(words)),
        sum(map(str.isupper, line)) / n_chars,
        sum(map(str.isdigit, line)) / n_chars,
        sum(word[0].isupper() for word in words) / n_words,
        float(line.rstrip().endswith((".", "!", "?", '"'))),
        sum(word.lower() in _BOILERPLATE_WORDS for word in words) / n_words,
    )


def time_one_article(texts: Sequence[str], model: LineModel, repetitions: int) -> Report:
    """Time single articles, with a loaded model: the text whose number of lines is closest to 200."""
    counts = [len(split_lines(text)) for text in texts]
    nearest = min(range(len(texts)), key=lambda place: abs(counts[place] - ARTICLE_LINES))
    text = texts[nearest]
    tasks: Tasks = {
        "keep_content, one article": lambda: keep_content(text, model),
        "classify_lines, one article": lambda: classify_lines(text, model),
    }
    once = sum(timing.median for timing in take_turns(tasks, 3))
    timings = take_turns(tasks, max(repetitions, int(SECONDS_FOR_ONE_ARTICLE / once)))
    detail = f"{counts[nearest]} lines, {len(text):,} characters; median of {timings[0].repetitions}"
    figures = [
        Figure(timing.task, 1000 * timing.median, "ms", target, detail)
        for timing, target in zip(timings, (5.0, None), strict=True)
    ]
    figures.append(Figure("keep_content, one article", count_calls(lambda: keep_content(text, model)), "calls"))
    return Report(figures, timings)


def count_calls(task: Callable[[], object]) -> int:
    """Count the function calls of a task, without arithmetic on arrays: unlike a time, the same in every run.

    Examples
    --------
    >>> count_calls(lambda: len(sorted([2, 1])))
    4
    """
    profile = cProfile.Profile()
    profile.runcall(task)
    return pstats.Stats(profile).total_calls  # type: ignore[attr-defined,no-any-return]


def fit_growth(texts: Sequence[str], model: LineModel, repetitions: int) -> Report:
    """Fit the slope of log time over log size, for many articles and for one: 1 is linear, 2 quadratic.

    The target allows a tenth for the logarithm in sorting and for noise.
    """
    grown = {size: _grow(texts, size * 1_000_000) for size in SIZES_MB}
    joined = {size: "\n".join(articles) for size, articles in grown.items()}
    many: Tasks = {f"clean_array, {n} MB": partial(clean_array, grown[n], model) for n in SIZES_MB}
    one: Tasks = {f"keep_content, {n} MB": partial(keep_content, joined[n], model) for n in SIZES_MB}
    timings = take_turns({**many, **one}, repetitions)
    sizes = f"{', '.join(map(str, SIZES_MB))} million characters"
    figures = [
        Figure("growth of clean_array", _slope(timings[: len(many)]), "slope", 1.1, f"many articles, {sizes}"),
        Figure("growth of keep_content", _slope(timings[len(many) :]), "slope", 1.1, f"one article, {sizes}"),
    ]
    return Report(figures, timings)


def _grow(texts: Sequence[str], n_chars: int) -> list[str]:
    """Return texts, repeated in a cycle, with `n_chars` characters in total; the last one is cut."""
    grown = []
    for text in cycle(filter(None, texts)):
        grown.append(text[:n_chars])
        n_chars -= len(text)
        if n_chars <= 0:
            return grown
    raise InputError("no page has any text")


def _slope(timings: Sequence[Timing]) -> float:
    seconds = [timing.median for timing in timings]
    return float(np.polynomial.Polynomial.fit(np.log(SIZES_MB), np.log(seconds), 1).convert().coef[1])


def time_import(model_path: Path | None, repetitions: int) -> Report:
    """Time processes that import dechaff and load a model, against processes that import numpy, or nothing.

    Raises
    ------
    InputError
        If one of the processes fails.
    """
    ready = _SHIPPED if model_path is None else f"import dechaff; dechaff.load_model({str(model_path)!r})"
    programs = {"python -c pass": "pass", "import numpy": "import numpy", "import dechaff, load the model": ready}
    tasks: Tasks = {name: partial(_run_python, code) for name, code in programs.items()}
    timings = [Timing(t.task, t.repetitions, t.minimum, t.median) for t in take_turns(tasks, repetitions)]
    nothing, numpy, dechaff = (timing.median for timing in timings)
    detail = f"whole processes, medians of {repetitions}"
    figures = [
        Figure("import and load / import numpy", dechaff / numpy, "ratio", 4.0, detail),
        Figure("import and load / empty process", dechaff / nothing, "ratio", detail=detail),
        Figure("import and load", 1000 * dechaff, "ms", detail=detail),
    ]
    return Report(figures, timings)


def _run_python(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(f"{code!r} failed: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")


def measure_memory(texts: list[str], model_path: Path | None) -> Report:
    """Measure the peak memory of a new process that cleans all texts, in total and above the level before."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "texts.json"
        file.write_text(json.dumps(texts), encoding="utf-8")
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            before, peak = pool.submit(_clean_and_measure, file, model_path).result()
    detail = "a process that holds the texts and the model and cleans all in one batch"
    figures = [
        Figure("peak memory", peak, "MB", detail=detail),
        Figure("peak memory above that before cleaning", peak - before, "MB", detail="the result is part of it"),
    ]
    return Report(figures, [])


def _clean_and_measure(file: Path, model_path: Path | None) -> tuple[float, float]:
    model, texts = read_model(model_path), json.loads(file.read_text(encoding="utf-8"))
    keep_content("Tables are built on first use.", model)
    before = peak_memory()
    clean_array(texts, model)
    return before, peak_memory()


def peak_memory() -> float:
    """Return the peak resident memory of this process in MB.

    Examples
    --------
    >>> peak_memory() > 1
    True
    """
    status = Path("/proc/self/status")
    if status.exists():  # getrusage also counts the memory of the parent process
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def read_model(path: Path | None) -> LineModel:
    """Return a model from a file, or the one that ships with dechaff."""
    return default_model() if path is None else load_model(path)


def measure(pages: Path, model_path: Path | None, repetitions: int, size_mb: float) -> Report:
    """Return the report of all measurements.

    Raises
    ------
    DechaffError
        If pages or model cannot be read.
    """
    html, model = read_html(pages), read_model(model_path)
    texts = [EXTRACTORS[EXTRACTOR](page) for page in html]
    parts: list[Callable[[], Report]] = [
        lambda: compare_with_extraction(html, texts, model, repetitions, size_mb),
        lambda: time_one_article(texts, model, repetitions),
        lambda: fit_growth(texts, model, max(3, repetitions // 2)),
        lambda: time_import(model_path, max(10, repetitions)),
        lambda: measure_memory(texts, model_path),
    ]
    report = Report([], [])
    with Bar("measuring", len(parts)) as bar:
        for part in parts:
            report += part()
            bar.advance()
    return report


def describe_run(pages: Path, model_path: Path | None) -> dict[str, Any]:
    """Return the metadata of a run: pages, model, versions and platform."""
    packages = ("dechaff", "numpy", "resiliparse")
    return {
        "pages": str(pages),
        "model": "shipped" if model_path is None else str(model_path),
        "extractor": extractor_version(EXTRACTOR),
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "n_cpus": os.cpu_count(),
        "compiled": numba_available(),
        "versions": {name: metadata.version(name) for name in packages},
    }


def as_json(report: Report, run: dict[str, Any]) -> dict[str, Any]:
    """Return a report as JSON-ready values."""
    figures = [{**asdict(figure), "met": figure.met} for figure in report.figures]
    return {"run": run, "figures": figures, "timings": [asdict(timing) for timing in report.timings]}


def print_report(report: Report, console: Console) -> None:
    """Print the figures beside their targets, then the timings."""
    figures = Table("figure", title="Figures")
    for name in ("measured", "target"):
        figures.add_column(name, justify="right")
    figures.add_column("met")
    figures.add_column("how")
    for figure in report.figures:
        target = "" if figure.target is None else f"≤ {figure.target:g}"
        met = {True: "yes", False: "no", None: ""}[figure.met]
        figures.add_row(figure.name, f"{figure.value:.2f} {figure.unit}", target, met, figure.detail)
    timings = Table("task", title="Timings, in milliseconds")
    for name in ("repetitions", "minimum", "median"):
        timings.add_column(name, justify="right")
    for t in report.timings:
        timings.add_row(t.task, str(t.repetitions), f"{1000 * t.minimum:.2f}", f"{1000 * t.median:.2f}")
    console.print(figures, timings)


app = typer.Typer(**BEHAVIOUR)


@app.command(epilog="Example: [bold]python benchmarks/speed.py --pages pages.parquet --json speed.json[/bold]")
def main(
    pages: Annotated[Path, typer.Option(help="A Parquet file, or a folder of them, with a column 'html'.")] = Path(
        "../shared/corpora/test"
    ),
    model: Annotated[
        Path | None,
        typer.Option("--model", "-m", help="A model file; by default the one that ships.", show_default=False),
    ] = None,
    size_mb: Annotated[
        float, typer.Option("--size", metavar="MB", min=0, help="Repeat the texts up to this size; 0: once.")
    ] = 100.0,
    repetitions: Annotated[int, typer.Option("--repetitions", "-n", min=1, help="How often each task runs.")] = 9,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write figures and timings as JSON.")
    ] = None,
) -> None:
    """Measure the speed of dechaff relative to extraction from HTML and the import of numpy.

    Figures are medians, or ratios of medians; growing input runs half as often, imports at least ten times.
    """
    try:
        report = measure(pages, model, repetitions, size_mb)
    except DechaffError as error:
        print(f"speed.py: error: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    # Without a terminal, use a fixed width, so that no figure is truncated.
    print_report(report, Console(width=None if sys.stdout.isatty() else 140))
    if json_file is not None:
        content = as_json(report, describe_run(pages, model))
        json_file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    app()
