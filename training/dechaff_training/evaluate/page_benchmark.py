"""Compare HTML extractors with and without dechaff: agreement with gold texts and speed, in one run."""

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
from dechaff_training.evaluate.evaluation import text_table
from dechaff_training.evaluate.metrics import N_RESAMPLES
from dechaff_training.evaluate.tables import Table
from dechaff_training.files.models import load
from dechaff_training.files.progress import Bar

#: The system trafilatura alone, the most common choice for HTML.
REFERENCE: Final = "trafilatura"
# Small enough that all systems run under the same load of the machine, large enough for efficient batches.
_BATCH_SIZE: Final = 64
_ANY_PAGE: Final = "<html lang='en'><body><p>The mill at the weir will close in the spring.</p></body></html>"

Page = tuple[Article, str]
#: The systems that clean the texts of each extractor.
Chains = Mapping[str, Mapping[str, System]]
T = TypeVar("T")


@dataclass(frozen=True)
class Run:
    """The texts of one system, and its processor time.

    Attributes
    ----------
    texts : list of str
        The text of each page.
    extraction, cleaning : float
        Processor time in seconds.

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
    """The processor time of one system for all pages.

    Attributes
    ----------
    system : str
    n_pages : int
    extraction, cleaning : float
        Processor time in seconds.

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
        """Return the pages per second on one core, from HTML to clean text."""
        return self.n_pages / max(self.extraction + self.cleaning, 1e-9)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields and the pages per second as JSON-ready values."""
        return {**asdict(self), "pages_per_second": self.pages_per_second}


@dataclass(frozen=True)
class PageBenchmark:
    """The results of all systems on some pages.

    Attributes
    ----------
    settings : dict
        The numbers of pages, the model, versions, the reference system and the resamples.
    texts : list of TextRow
        The text figures by source, and by articles or other pages.
    speeds : list of Speed
        The speed of each system over all pages.
    notes : list of str
        Notes on systems and pages that were left out, and on the timing.
    """

    settings: dict[str, Any]
    texts: list[TextRow]
    speeds: list[Speed]
    notes: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-ready values."""
        texts, speeds = ([row.to_dict() for row in rows] for rows in (self.texts, self.speeds))
        return {"settings": self.settings, "texts": texts, "speeds": speeds, "notes": self.notes}

    def tables(self) -> list[Table]:
        """Return the figures as tables to print."""
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
    """Compare extractors, alone and followed by rules or a model, on pages with a gold body.

    Parameters
    ----------
    paths : sequence of Path
        Parquet files of pages, as for `read_html`, or folders of them.
    model : Path, optional
        The model file; by default the model that ships with dechaff.
    extractors : sequence of str
        The extractors whose texts the rules and the model clean; by default those of the training corpus.
    reference : str
        The system that is subtracted in differences.
    n_resamples : int
        Number of resamples of the sites, for the intervals.
    seed : int
        The seed of the resamples.

    Raises
    ------
    DechaffError
        If there are no pages with a gold body, or the model, an extractor or the reference system does not exist.
    """
    extractors = tuple(extractors) or LEARNT
    check_extractors(extractors, ADAPTERS)
    cleaners = {"C4 line rules": c4_rules(end_punctuation=True), "dechaff": cleaned_by(load(model))}
    chains, missing = _build_chains(extractors, cleaners)
    _check_reference(reference, chains)
    files = [file for path in paths for file in find_files(path, (".parquet",))]
    with Bar("reading the pages"):
        pages, unused = _read_pages(files)
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


def _read_pages(files: Iterable[Path]) -> tuple[list[Page], list[str]]:
    """Read the pages with a gold text; return a note if pages without one are left out."""
    pages = [page for file in files for page in read_html(file)]
    with_gold = [page for page in pages if gold_text(page[0]) is not None]
    if not with_gold:
        raise CorpusError("no pages with a gold body: give Parquet files with a column 'body', or folders of them")
    n_left = len(pages) - len(with_gold)
    return with_gold, [f"{n_left:,} of {len(pages):,} pages have no gold body and are left out"] if n_left else []


def _build_chains(extractors: Sequence[str], cleaners: Mapping[str, System]) -> tuple[Chains, list[str]]:
    """Return the cleaners of every extractor; peers whose package is missing are left out, with a note."""
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
    systems = [system for name, cleaners in chains.items() for system in (name, *_name_systems(name, cleaners))]
    if reference not in systems:
        raise InputError(f"unknown reference system {reference!r}: choose one of {', '.join(systems)}")


def _name_systems(extractor: str, cleaners: Mapping[str, System]) -> dict[str, System]:
    return {f"{extractor} + {name}": clean for name, clean in cleaners.items()}


def run_systems(pages: Sequence[Page], chains: Chains) -> dict[str, Run]:
    """Run all systems in turn on each batch of pages.

    Parameters
    ----------
    pages : sequence of (Article, str)
        Articles with their HTML.
    chains : mapping of str to mapping of str to System
        The systems that clean the texts of each extractor; possibly none.

    Returns
    -------
    dict of str to Run
        The run of each extractor alone, followed by those of its systems, named "extractor + system".
    """
    batches = [pages[start : start + _BATCH_SIZE] for start in range(0, len(pages), _BATCH_SIZE)]
    runs: dict[str, Run] = {}
    with Bar("extracting and cleaning", (len(pages) + len(batches[0])) * len(chains)) as bar:
        for turn, batch in enumerate([batches[0], *batches]):
            for name, cleaners in chains.items():
                for system, run in _run_chain(batch, name, cleaners).items():
                    # Turn 0 warms up caches and memory and is not counted.
                    runs[system] = runs[system] + run if turn > 1 else run
                bar.advance(len(batch))
    return runs


def _run_chain(pages: Sequence[Page], extractor: str, cleaners: Mapping[str, System]) -> dict[str, Run]:
    texts, extraction = _time(lambda: [page_text(html, extractor) for _, html in pages])
    runs = {extractor: Run(texts, extraction)}
    articles = [replace(article, text=text, markup=None) for (article, _), text in zip(pages, texts, strict=True)]
    for system, clean in _name_systems(extractor, cleaners).items():
        cleaned, seconds = _time(partial(clean, articles))
        runs[system] = Run(cleaned, extraction, seconds)
    return runs


def _time(work: Callable[[], T]) -> tuple[T, float]:
    gc.collect()  # otherwise one system pays for the garbage of another
    start = time.process_time()
    result = work()
    return result, time.process_time() - start


def _speed_table(speeds: Sequence[Speed]) -> Table:
    headers = ("system", "extraction, ms a page", "cleaning, ms a page", "pages/s")
    cells = [
        (
            speed.system,
            *(f"{1000 * seconds / speed.n_pages:.2f}" for seconds in (speed.extraction, speed.cleaning)),
            f"{speed.pages_per_second:,.0f}",
        )
        for speed in speeds
    ]
    return Table("Speed from HTML to text, one core", headers, cells)


def _timing_note(n_pages: int) -> str:
    return (
        f"timed: processor time of one process for all {n_pages:,} pages, extracted anew, without a cache; "
        f"the systems take turns on batches of {_BATCH_SIZE} pages; dechaff and the rules: extraction plus "
        "cleaning; extraction begins with a check for characters that parsers refuse, the same for all; "
        "not counted: imports, reading the pages, and one warm-up turn on the first batch"
    )
