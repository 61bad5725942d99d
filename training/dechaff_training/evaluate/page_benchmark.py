"""dechaff behind HTML extractors, beside other extractors: how near to the gold, and how fast, in one run."""

import gc
import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from dechaff.errors import CorpusError, InputError, MissingExtraError
from dechaff.linear.artifact import model_digest
from dechaff_training.corpus import Article, find_files
from dechaff_training.corpus.extraction import (
    ADAPTERS,
    LEARNT,
    PEERS,
    check_extractors,
    package_version,
    page_text,
)
from dechaff_training.corpus.pages import read_html
from dechaff_training.evaluate.benchmark import System, TextRow, c4_rules, cleaned_by, compare_texts, gold_text
from dechaff_training.evaluate.evaluation import Table, text_table
from dechaff_training.evaluate.metrics import N_RESAMPLES
from dechaff_training.files.models import load
from dechaff_training.files.progress import Bar

#: trafilatura alone: what somebody who has the HTML in hand would take.
REFERENCE: Final = "trafilatura"
# Short enough for the systems to meet the same moods of the machine, long enough for a batch to pay.
_BLOCK: Final = 64
_ANY_PAGE: Final = "<html lang='en'><body><p>The mill at the weir will close in the spring.</p></body></html>"

Page = tuple[Article, str]
#: By extractor, what cleans its texts.
Chains = Mapping[str, Mapping[str, System]]
T = TypeVar("T")


@dataclass(frozen=True)
class Run:
    """What one system made of pages, and how long it took.

    Attributes
    ----------
    texts : list of str
        One a page.
    extraction, cleaning : float
        Seconds of processor time.

    Examples
    --------
    >>> Run(["One"], 0.25) + Run(["Two"], 0.25, 0.5)
    Run(texts=['One', 'Two'], extraction=0.5, cleaning=0.5)
    """

    texts: list[str]
    extraction: float
    cleaning: float = 0.0

    def __add__(self, other: "Run") -> "Run":
        return Run(self.texts + other.texts, self.extraction + other.extraction, self.cleaning + other.cleaning)


@dataclass(frozen=True)
class Speed:
    """How long one system took for all pages.

    Attributes
    ----------
    system : str
    n_pages : int
    extraction, cleaning : float
        Seconds of processor time.

    Examples
    --------
    >>> Speed("trafilatura + dechaff", 100, 2.0, 0.5).pages_per_second
    40.0
    """

    system: str
    n_pages: int
    extraction: float
    cleaning: float

    @property
    def pages_per_second(self) -> float:
        """Pages from HTML to clean text in a second of one core."""
        return self.n_pages / max(self.extraction + self.cleaning, 1e-9)

    def to_dict(self) -> dict[str, Any]:
        """Give the row as JSON knows it."""
        return {**asdict(self), "pages_per_second": self.pages_per_second}


@dataclass(frozen=True)
class PageBenchmark:
    """Everything that was measured on some pages.

    Attributes
    ----------
    settings : dict
        Pages, model, versions, reference, resamples.
    texts : list of TextRow
        By source, and articles or other pages.
    speeds : list of Speed
        Over all pages.
    notes : list of str
        What was left out, and what was timed.
    """

    settings: dict[str, Any]
    texts: list[TextRow]
    speeds: list[Speed]
    notes: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Give all of it as JSON knows it."""
        texts, speeds = ([row.to_dict() for row in rows] for rows in (self.texts, self.speeds))
        return {"settings": self.settings, "texts": texts, "speeds": speeds, "notes": self.notes}

    def tables(self) -> list[Table]:
        """Lay the figures out for printing."""
        difference = f"F1 - {self.settings['reference']}"
        title = "Texts: four-token shingles against the gold, headlines left out"
        return [text_table(title, self.texts, difference, ("source", "pages")), _speed_table(self.speeds)]


def benchmark_pages(
    paths: Sequence[Path],
    model: Path | None = None,
    extractors: Sequence[str] = (),
    reference: str = REFERENCE,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> PageBenchmark:
    """Compare extractors, and what rules and a model make of their texts, on pages with a gold body.

    Parameters
    ----------
    paths : sequence of Path
        Parquet files of pages (`read_html`), or folders of them.
    model : Path, optional
        By default the model that dechaff ships with.
    extractors : sequence of str
        Which the rules and the model are put behind; by default those that dechaff learns from.
    reference : str
        The system that differences are against.
    n_resamples : int
        Draws of sites behind each interval.
    seed : int
        Of the draws.

    Raises
    ------
    DechaffError
        If pages, model, an extractor or the reference are not there.
    """
    extractors = tuple(extractors) or LEARNT
    check_extractors(extractors, ADAPTERS)
    cleaners = {"C4 line rules": c4_rules(end_punctuation=True), "dechaff": cleaned_by(load(model))}
    chains, missing = _chains(extractors, cleaners)
    _check_reference(reference, chains)
    files = [file for path in paths for file in find_files(path, (".parquet",))]
    with Bar("reading the pages"):
        pages, unused = _read(files)
    runs = run_systems(pages, chains)
    articles = [article for article, _ in pages]
    outputs = {name: run.texts for name, run in runs.items()}
    with Bar("comparing with the gold"):
        texts = compare_texts(articles, outputs, n_resamples, seed, reference)
    settings = {
        "reference": reference,
        "extractors": list(extractors),
        "n_pages": len(pages),
        "n_resamples": n_resamples,
        "seed": seed,
        "versions": {name: package_version(name) for name in chains},
        "pages_sha256": {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files},
        "model_sha256": model_digest(model),
    }
    speeds = [Speed(name, len(pages), run.extraction, run.cleaning) for name, run in runs.items()]
    notes = ["an extractor by itself keeps all its lines", *missing, *unused, _timing_note(len(pages))]
    return PageBenchmark(settings, texts, speeds, notes)


def _read(files: Iterable[Path]) -> tuple[list[Page], list[str]]:
    """Give the pages that have a gold, and a note if there are others."""
    pages = [page for file in files for page in read_html(file)]
    with_gold = [page for page in pages if gold_text(page[0]) is not None]
    if not with_gold:
        raise CorpusError("no pages with a gold body there: name Parquet files with a column 'body', or a folder")
    n_left = len(pages) - len(with_gold)
    return with_gold, [f"{n_left:,} of {len(pages):,} pages have no gold body and are left out"] if n_left else []


def _chains(extractors: Sequence[str], cleaners: Mapping[str, System]) -> tuple[Chains, list[str]]:
    """Name every extractor, with what cleans its texts; a peer whose package is missing becomes a note."""
    chains = dict.fromkeys(extractors, cleaners)
    notes = []
    for name in dict.fromkeys((*extractors, *PEERS)):
        try:
            page_text(_ANY_PAGE, name)
        except MissingExtraError as error:
            if name in extractors:
                raise
            notes.append(f"{name} is left out: {error}")
        else:
            chains.setdefault(name, {})
    return chains, notes


def _check_reference(reference: str, chains: Chains) -> None:
    systems = [system for name, cleaners in chains.items() for system in (name, *_behind(name, cleaners))]
    if reference not in systems:
        raise InputError(f"there is no system {reference!r} to compare with: choose one of {', '.join(systems)}")


def _behind(extractor: str, cleaners: Mapping[str, System]) -> dict[str, System]:
    return {f"{extractor} + {name}": clean for name, clean in cleaners.items()}


def run_systems(pages: Sequence[Page], chains: Chains) -> dict[str, Run]:
    """Run all systems on all pages, in turns, a block of pages at a time.

    Parameters
    ----------
    pages : sequence of (Article, str)
        With their HTML.
    chains : mapping of str to mapping of str to System
        By extractor, what cleans its texts; the cleaners may be none.

    Returns
    -------
    dict of str to Run
        The extractors by themselves, each followed by "extractor + cleaner".
    """
    blocks = [pages[start : start + _BLOCK] for start in range(0, len(pages), _BLOCK)]
    runs: dict[str, Run] = {}
    with Bar("extracting and cleaning", (len(pages) + len(blocks[0])) * len(chains)) as bar:
        for turn, block in enumerate([blocks[0], *blocks]):
            for name, cleaners in chains.items():
                for system, run in _run_chain(block, name, cleaners).items():
                    # The first turn is for what is built, and memory that is touched, for the first time.
                    runs[system] = runs[system] + run if turn > 1 else run
                bar.advance(len(block))
    return runs


def _run_chain(pages: Sequence[Page], extractor: str, cleaners: Mapping[str, System]) -> dict[str, Run]:
    texts, extraction = _timed(lambda: [page_text(html, extractor) for _, html in pages])
    runs = {extractor: Run(texts, extraction)}
    articles = [replace(article, text=text) for (article, _), text in zip(pages, texts, strict=True)]
    for system, clean in _behind(extractor, cleaners).items():
        cleaned, seconds = _timed(partial(clean, articles))
        runs[system] = Run(cleaned, extraction, seconds)
    return runs


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    gc.collect()  # else one system pays for the garbage of another
    start = time.process_time()
    result = work()
    return result, time.process_time() - start


def _speed_table(speeds: Sequence[Speed]) -> Table:
    heads = ("system", "extraction, ms a page", "cleaning, ms a page", "pages/s")
    cells = [
        (
            speed.system,
            *(f"{1000 * seconds / speed.n_pages:.2f}" for seconds in (speed.extraction, speed.cleaning)),
            f"{speed.pages_per_second:,.0f}",
        )
        for speed in speeds
    ]
    return Table("Speed from HTML to text, one core", heads, cells)


def _timing_note(n_pages: int) -> str:
    return (
        f"timed: processor time of one process for all {n_pages:,} pages, extracted afresh, nothing from a cache; "
        f"the systems take turns on blocks of {_BLOCK} pages; dechaff and the rules: extraction plus cleaning, "
        "each block one batch; extraction begins with a search for what parsers refuse, the same for all; "
        "not counted: imports, reading the pages, and a first turn on the first block"
    )
