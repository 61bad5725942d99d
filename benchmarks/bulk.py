"""Measure the use of cores and memory by bulk runs, and whether killed runs resume without loss.

Run `python benchmarks/bulk.py --help`.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from dechaff import DechaffError
from dechaff.extras import load
from dechaff_training.cli.options import BEHAVIOUR
from dechaff_training.corpus import Corpus
from dechaff_training.corpus.extraction import EXTRACTORS
from dechaff_training.files.progress import Bar

EXTRACTOR: Final = "resiliparse_all"
ARTICLES: Final = Path(__file__).parents[1] / "data" / "articles"
_COMMAND: Final = (sys.executable, "-m", "dechaff_training", "bulk", "--quiet")
_ONE_THREAD: Final = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
# Seconds between samples of memory; more frequent sampling would take processor time from the workers.
_INTERVAL: Final = 0.5
_LARGEST: Final = "the largest of all processes"


@dataclass(frozen=True)
class Figure:
    """One measured figure and its target.

    Attributes
    ----------
    name : str
    value : float
    unit : str
    target : str
    detail : str
    """

    name: str
    value: float
    unit: str
    target: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Run:
    """Resources that one run took.

    Attributes
    ----------
    seconds : float
        By the clock.
    cpu_seconds : float
        Processor time of all its processes.
    reader_seconds : float
        Processor time of the process that reads and writes.
    peaks : list of float
        The largest resident memory of each process, in MB, the reader's first.
    """

    seconds: float
    cpu_seconds: float
    reader_seconds: float
    peaks: list[float]


def read_texts(pages: Path | None) -> list[str]:
    """Return the texts of pages, by default of the project's own articles.

    Raises
    ------
    DechaffError
        If they cannot be read.
    """
    if pages is None:
        return list(Corpus.read(ARTICLES).texts)
    html = load("pyarrow.parquet", "bulk").read_table(pages, columns=["html"])["html"].to_pylist()
    return [text for text in (EXTRACTORS[EXTRACTOR](page) for page in html if page) if text]


def write_documents(texts: list[str], path: Path, n_bytes: int) -> int:
    """Write `n_bytes` of JSON lines as .jsonl.zst; texts start at random offsets, so that repetitions differ."""
    orjson, zstandard = load("orjson", "bulk"), load("zstandard", "bulk")
    chance = random.Random(0)  # noqa: S311
    written: int = 0
    with path.open("wb") as file, zstandard.ZstdCompressor(level=3).stream_writer(file) as stream:
        for number, text in enumerate(cycle(texts)):
            start = chance.randrange(max(len(text) // 4, 1))
            record = {"id": number, "url": f"https://example.org/{number}", "text": text[start:]}
            line = orjson.dumps(record) + b"\n"
            stream.write(line)
            written += len(line)
            if written >= n_bytes:
                break
    return written


def run(source: Path, out: Path, workers: int) -> Run:
    """Run the command in a subprocess and sample the memory of its processes."""
    psutil = load("psutil", "dev")
    shutil.rmtree(out, ignore_errors=True)
    start = time.perf_counter()
    before = os.times()
    command = [*_COMMAND, str(source), "-o", str(out), "--workers", str(workers)]
    process = subprocess.Popen(command, env={**os.environ, **_ONE_THREAD})
    watched = psutil.Process(process.pid)
    peaks: dict[int, float] = {}
    reader = 0.0
    while process.returncode is None:
        for each in [watched, *_children(watched, psutil)]:
            megabytes, seconds = _sample(each, psutil)
            peaks[each.pid] = max(peaks.get(each.pid, 0.0), megabytes)
            reader = max(reader, seconds) if each is watched else reader
        with suppress(subprocess.TimeoutExpired):
            process.wait(_INTERVAL)
    if process.returncode:
        raise DechaffError(f"the run ended with {process.returncode}")
    seconds = time.perf_counter() - start
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    done = Run(seconds, used, reader, list(peaks.values()))
    print(f"bulk.py: {source.name}, {workers} workers: {done}", file=sys.stderr)
    return done


def _children(process: Any, psutil: Any) -> list[Any]:
    try:
        return list(process.children())
    except psutil.Error:
        return []


def _sample(process: Any, psutil: Any) -> tuple[float, float]:
    """Return resident memory in MB and processor seconds; zeros if the process has ended."""
    try:
        times = process.cpu_times()
        return float(process.memory_info().rss) / 1e6, float(times.user + times.system)
    except psutil.Error:
        return 0.0, 0.0


def kill_often(source: Path, folder: Path, workers: int, times: int) -> Iterator[bool]:
    """Kill a run at random moments, resume it, and yield whether it wrote the bytes of an undisturbed run."""
    whole = run(source, folder / "whole", workers)
    chance = random.Random(1)  # noqa: S311
    for number in range(times):
        out = folder / "killed"
        shutil.rmtree(out, ignore_errors=True)
        command = [*_COMMAND, str(source), "-o", str(out), "--workers", str(workers)]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)  # killed workers print tracebacks
        time.sleep(chance.uniform(0.1, 0.95) * whole.seconds)
        process.kill()
        process.wait()
        done = subprocess.run(command, check=False)
        yield done.returncode == 0 and _tree(out) == _tree(folder / "whole")
        print(f"bulk.py: killed {number + 1} times", file=sys.stderr)


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def measure(pages: Path | None, megabytes: int, small: int, repetitions: int, kills: int) -> list[Figure]:
    """Measure everything.

    Raises
    ------
    DechaffError
        If the pages cannot be read, or a run fails.
    """
    texts = read_texts(pages)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as name, Bar("measuring") as bar:
        folder = Path(name)
        sources = {size: folder / f"{size}.jsonl.zst" for size in {megabytes, small}}
        sizes = {size: write_documents(texts, path, size * 1_000_000) / 1e6 for size, path in sources.items()}
        bar.describe("cores")
        ones, twos = [], []
        for _ in range(repetitions):  # alternating, so that other load affects both
            ones.append(run(sources[megabytes], folder / "one", 1))
            twos.append(run(sources[megabytes], folder / "two", 2))
        figures += compare_cores(ones, twos, sizes[megabytes])
        bar.describe("memory")
        few = run(sources[small], folder / "few", 2)
        figures.append(Figure(f"peak memory, {sizes[small]:.0f} MB", max(few.peaks), "MB", "≤ 700", _LARGEST))
        most = max(max(run.peaks) for run in twos)
        figures.append(Figure(f"peak memory, {sizes[megabytes]:.0f} MB", most, "MB", "≤ 700", _LARGEST))
        bar.describe("kills")
        write_documents(texts, folder / "killed.jsonl.zst", min(small, 20) * 1_000_000)
        same = list(kill_often(folder / "killed.jsonl.zst", folder, 2, kills))
        figures.append(Figure("killed runs that wrote the same bytes", sum(same), f"of {kills}", "all"))
    return figures


def compare_cores(ones: list[Run], twos: list[Run], megabytes: float) -> list[Figure]:
    """Compare one worker with two, by wall-clock and by processor time."""
    one, two = median(r.seconds for r in ones), median(r.seconds for r in twos)
    cpu_one, cpu_two = median(r.cpu_seconds for r in ones), median(r.cpu_seconds for r in twos)
    reader = median(r.reader_seconds for r in twos)
    what = f"{megabytes:.0f} MB in one .jsonl.zst, medians of {len(ones)}"
    return [
        Figure("speed of two workers / one", one / two, "ratio", "≥ 1.7", what),
        Figure("the same by processor time", 2 * cpu_one / cpu_two, "ratio", "≥ 1.7", "as on two idle cores"),
        Figure("reader's share of processor time", reader / cpu_two, "share", "", "more cores than 1 / share idle"),
        Figure("one worker", megabytes / one, "MB/s", "", "of JSON, by the clock"),
        Figure("two workers", megabytes / two, "MB/s", "", "of JSON, by the clock"),
        Figure("one worker", megabytes / cpu_one, "MB/core s", "", "of JSON"),
        Figure("two workers", cpu_two / megabytes * 1e6 / 3600, "core h/TB", "", "of JSON, processor time"),
    ]


def print_figures(figures: list[Figure], console: Console) -> None:
    """Print the figures with their targets."""
    table = Table("figure", title="Bulk runs")
    for name in ("measured", "target"):
        table.add_column(name, justify="right")
    table.add_column("how")
    for figure in figures:
        table.add_row(figure.name, f"{figure.value:.2f} {figure.unit}", figure.target, figure.detail)
    console.print(table)


app = typer.Typer(**BEHAVIOUR)


@app.command(epilog="Example: [bold]python benchmarks/bulk.py --megabytes 1000 --json bulk.json[/bold]")
def main(
    pages: Annotated[
        Path | None,
        typer.Option(
            help="A Parquet file, or a folder of them, with a column 'html'; by default data/articles.",
            show_default=False,
        ),
    ] = None,
    megabytes: Annotated[int, typer.Option("--megabytes", "-m", min=1, help="The size of the file.")] = 1000,
    small: Annotated[int, typer.Option(min=1, help="The size of the smaller file, for memory.")] = 100,
    repetitions: Annotated[int, typer.Option("--repetitions", "-n", min=1, help="How often each side runs.")] = 1,
    kills: Annotated[int, typer.Option(min=0, help="How often a run is killed.")] = 10,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write the figures to this file.")
    ] = None,
) -> None:
    """Measure bulk runs: one worker and two, peak memory by input size, and killed runs."""
    try:
        figures = measure(pages, megabytes, small, repetitions, kills)
    except DechaffError as error:
        print(f"bulk.py: error: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    print_figures(figures, Console(width=None if sys.stdout.isatty() else 140))
    if json_file is not None:
        content = [asdict(figure) for figure in figures]
        json_file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    app()
