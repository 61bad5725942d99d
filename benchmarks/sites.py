"""Measure the time and memory of `dechaff profile`, and the size of its file, by the size of the input.

Run `python benchmarks/sites.py --help`.
"""

import os
import random
import sys
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import Annotated, Final

import typer

from dechaff import SiteProfile
from dechaff.extras import load
from dechaff_training.cli.options import BEHAVIOUR
from dechaff_training.corpus import Corpus

ARTICLES: Final = Path(__file__).parents[1] / "data" / "articles"
_PAGES_OF_SITE: Final = 50
_ALPHABET: Final = "abcdefghijklmnopqrst"


def write_documents(path: Path, n_bytes: int) -> int:
    """Write JSON lines of sites of 50 pages: the boilerplate of a site on each page, all else on one alone."""
    dumps, chance, written = load("orjson", "bulk").dumps, random.Random(0), 0  # noqa: S311
    articles = [[line for line in text.splitlines() if line.strip()] for text in Corpus.read(ARTICLES).texts]
    with path.open("wb") as file:
        for number in count():
            site = number // _PAGES_OF_SITE
            own, shared = chance.choice(articles), articles[site % len(articles)][:10]
            lines = [f"{line} {_word(site)}" for line in shared] + [f"{line} {_word(number)}" for line in own]
            # As in a crawl, pages of one site do not follow each other.
            url = f"https://www.{_word(site)}.example/{number}"
            written += file.write(dumps({"id": number, "url": url, "text": "\n".join(lines)}) + b"\n")
            if written >= n_bytes:
                return number + 1
    return 0


def _word(number: int) -> str:
    """Return a word for a number, because digits do not count in lines."""
    return "x" + "".join(_ALPHABET[int(digit)] for digit in str(number))


def main(
    sizes: Annotated[list[int] | None, typer.Argument(metavar="MEGABYTES", help="Sizes of the input.")] = None,
    workers: Annotated[int, typer.Option(metavar="N", help="Number of processes.")] = 1,
) -> None:
    """Print documents, seconds, megabytes of memory and of the file for each size."""
    for size in sizes or [100, 300, 1000]:
        with tempfile.TemporaryDirectory() as folder:
            source, output = Path(folder, "in.jsonl"), Path(folder, "sites.dechaff")
            n_documents = write_documents(source, size * 1_000_000)
            start = time.perf_counter()
            command = [sys.executable, "-m", "dechaff_training", "profile", "-q", str(source), "-o", str(output)]
            process = os.posix_spawn(sys.executable, [*command, "--workers", str(workers)], os.environ)
            _, status, used = os.wait4(process, 0)
            seconds = time.perf_counter() - start
            if status:
                raise SystemExit(f"the run ended with {os.waitstatus_to_exitcode(status)}")
            profile = SiteProfile.load(output)
            processor = used.ru_utime + used.ru_stime
            figures = f"{seconds:.0f} s ({processor:.0f} s of processor), {used.ru_maxrss >> 10} MB"
            file = f"{output.stat().st_size / 1e6:.1f} MB in the file"
            table = f"{profile.n_lines:,} lines, lost {profile.n_lost}"
            print(f"{size} MB, {n_documents:,} documents: {figures}, {file}, {table}", flush=True)


if __name__ == "__main__":
    app = typer.Typer(**BEHAVIOUR)
    app.command()(main)
    app()
