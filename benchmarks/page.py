"""Measure the speed of the label page with a long article, by its performance marks in headless Chromium.

Run `python benchmarks/page.py --help`.
"""

import json
import subprocess
import sys
import tempfile
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from dechaff_training.cli.options import BEHAVIOUR
from dechaff_training.corpus import parse_labelled

ARTICLES: Final = Path(__file__).parents[1] / "data" / "articles"
CHROMIUM_OPTIONS: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-quic")
TARGETS_MS: Final = {"first paint": 1500, "lines on the screen": 1500, "flip": 50, "flip of 100 lines": 50}
_PAINT: Final = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
_MEASURES: Final = "name => performance.getEntriesByName(name).map(entry => entry.duration)"
_FLIPS: Final = 10


def measure(
    lines: Annotated[int, typer.Option(min=1, help="Lines of the article.")] = 3000,
    repetitions: Annotated[int, typer.Option(min=1, help="How often to open the page.")] = 5,
    chromium: Annotated[Path, typer.Option(help="The browser.")] = Path("/usr/bin/chromium"),
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all figures as JSON.")] = None,
) -> None:
    """Open the page repeatedly, flip lines, and print the times in milliseconds."""
    from playwright.sync_api import sync_playwright

    figures: dict[str, list[float]] = {name: [] for name in TARGETS_MS}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        text = Path(folder, "long.txt")
        text.write_text("\n".join(islice(cycle(_lines()), lines)), encoding="utf-8")
        command = [sys.executable, "-m", "dechaff_training", "label", str(text), "--no-open"]
        command += ["--to", str(Path(folder, "labels"))]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                url = server.stdout.readline().strip()
                browser = driver.chromium.launch(executable_path=str(chromium), args=list(CHROMIUM_OPTIONS))
                for _ in range(repetitions):
                    _measure_once(browser, url, figures)
                browser.close()
            finally:
                server.terminate()
    if json_file is not None:
        json_file.write_text(json.dumps({"lines": lines, "milliseconds": figures}, indent=2) + "\n")
    _print(lines, figures)


def _lines() -> list[str]:
    """Return the non-blank lines of the project's articles."""
    texts = (parse_labelled(path.read_text(encoding="utf-8"))[0] for path in sorted(ARTICLES.rglob("*.txt")))
    return [line for text in texts for line in text.splitlines() if line.strip()]


def _measure_once(browser: Any, url: str, figures: dict[str, list[float]]) -> None:
    with browser.new_context(viewport={"width": 1200, "height": 800}) as context:
        page = context.new_page()
        page.goto(url)
        while not page.evaluate(_MEASURES, "dechaff:open"):  # the page's policy forbids `wait_for_function`
            page.wait_for_timeout(50)
        figures["first paint"].append(page.evaluate(_PAINT))
        figures["lines on the screen"] += page.evaluate(_MEASURES, "dechaff:open")
        figures["flip"] += _flip(page, ["ArrowDown", "ArrowDown"])
        figures["flip of 100 lines"] += _flip(page, ["Shift+PageDown"] * 10)


def _flip(page: Any, keys: list[str]) -> list[float]:
    """Move and flip repeatedly; return the duration of each flip until it was painted."""
    page.evaluate("performance.clearMeasures()")
    for _ in range(_FLIPS):
        for key in keys:
            page.keyboard.press(key)
        page.wait_for_timeout(100)  # let the move finish before the flip is measured
        page.keyboard.press("Space")
        page.wait_for_timeout(50)
        page.keyboard.press("ArrowDown")
    page.wait_for_timeout(500)
    durations: list[float] = page.evaluate(_MEASURES, "dechaff:flip")
    return durations


def _print(lines: int, figures: dict[str, list[float]]) -> None:
    table = Table("milliseconds", "median", "maximum", "n", "target", title=f"an article of {lines:,} lines")
    for name, values in figures.items():
        cells = (f"{median(values):.0f}", f"{max(values):.0f}", str(len(values)), f"≤ {TARGETS_MS[name]}")
        table.add_row(name, *cells)
    Console().print(table)


if __name__ == "__main__":
    app = typer.Typer(**BEHAVIOUR)
    app.command()(measure)
    app()
