"""`dechaff benchmark`: extractors, rules and a model on the same pages, by the command and by the function."""

import json
import sys
from pathlib import Path

import pytest
from cli_process import dechaff
from helpers import write_pages

from dechaff import extras
from dechaff.errors import InputError, MissingExtraError
from dechaff_training.corpus import extraction
from dechaff_training.corpus.corpus import Corpus
from dechaff_training.corpus.extraction import ADAPTERS, PEERS, page_text
from dechaff_training.evaluate.benchmark import compare, keep_all
from dechaff_training.evaluate.page_benchmark import PageBenchmark, benchmark_pages

pytest.importorskip("trafilatura", reason="needs the peers extra: pip install 'dechaff[peers]'")

BODY = [
    "The mill at the weir will close in the spring, its owner stderr on Monday, after ninety years of work. "
    "She had hoped to sell it to the town, but the council, which met in the afternoon, had no money for it.",
    "The weir itself is to stay, because the meadows above it would be dry for most of the summer. "
    "Two of the nine workers have found places at the sawmill down the road; the others are still looking.",
]
PAGE = f"""<html lang="en"><head><title>The mill closes | Wemmer Post</title></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/sport">Sport and weather of the day</a></li></ul></nav>
<article><h1>The mill closes</h1>{"".join(f"<p>{p}</p>" for p in BODY)}</article>
<p>Subscribe now for ₹900 per month.</p><footer><a href="/terms">Terms</a></footer></body></html>"""
SYSTEMS = ["resiliparse_all", "resiliparse_all + C4 line rules", "resiliparse_all + dechaff", "trafilatura"]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the page for four sites, as a forum page, and without a gold body."""
    page = {"source": "post", "title": "The mill closes", "html": PAGE, "body": BODY}
    rows = [
        {"id": f"post/{place}", "site": f"{place}.example", "page_type": "article", **page} for place in range(6)
    ]
    rows[4] |= {"page_type": "forum"}
    rows[5] |= {"body": None}
    return write_pages(tmp_path_factory.mktemp("pages") / "pages.parquet", *rows)


@pytest.fixture
def hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make jusText a package that is not installed."""
    monkeypatch.setitem(sys.modules, "justext", None)
    extraction.load_quietly.cache_clear()


def run(pages: Path, model: Path, *extractors: str, **options: str) -> PageBenchmark:
    """Benchmark with few resamples."""
    return benchmark_pages([pages], model, extractors or ("resiliparse_all",), n_resamples=20, **options)


@pytest.fixture(scope="module")
def figures(pages: Path, saved: Path) -> PageBenchmark:
    """Benchmark one extractor and the peers."""
    return run(pages, saved)


def test_command(pages: Path, saved: Path, tmp_path: Path) -> None:
    """Both tables list the systems in order, articles separate from other pages, and the JSON holds the printed figures."""
    file = tmp_path / "figures.json"
    arguments = ("benchmark", pages.parent, "-m", saved, "--extractors", "resiliparse_all")
    printed = dechaff(*arguments, "--json", file).stdout.decode()
    assert "F1 - trafilatura" in printed
    assert "pages/s" in printed
    assert "- timed: processor time" in printed
    figures = json.loads(file.read_bytes())
    assert [row["system"] for row in figures["texts"] if row["pages"] == "other pages"][:4] == SYSTEMS
    assert [row["system"] for row in figures["speeds"]][:4] == SYSTEMS
    assert {row["n_pages"] for row in figures["texts"]} == {4, 1}
    again = json.loads(dechaff(*arguments, "--json", "-").stdout)
    assert (again["texts"], again["settings"]) == (figures["texts"], figures["settings"])


def test_help() -> None:
    """The help shows an example."""
    assert "Example: dechaff benchmark pages.parquet" in " ".join(
        dechaff("benchmark", "--help").stdout.decode().split()
    )


def test_figures_are_those_of_the_labelled_corpus(pages: Path, figures: PageBenchmark, tmp_path: Path) -> None:
    """Freshly extracted texts have the figures that `dechaff evaluate` computes."""
    corpus = Corpus.read(pages, extractors=("resiliparse_all",), cache=tmp_path / "cache", n_jobs=1)
    expected = [row.to_dict()["f1"] for row in compare(corpus, {"all": keep_all}, n_resamples=20)]
    rows = [row.to_dict()["f1"] for row in figures.texts if row.system == "resiliparse_all"]
    assert rows == expected
    assert 0 < rows[0]["value"] < 1


def test_reference(pages: Path, saved: Path) -> None:
    """Differences are against the named system, wherever it is in the table."""
    rows = run(pages, saved, reference="resiliparse_all + C4 line rules").texts
    base = next(row for row in rows if row.system == "resiliparse_all + C4 line rules")
    assert base.difference.value == base.difference.low == base.difference.high == 0
    assert rows[0].difference.value == rows[0].f1.value - base.f1.value < 0


def test_speeds(figures: PageBenchmark) -> None:
    """A system that cleans takes its extractor's time plus its own; the first pass is not counted."""
    alone, _, cleaned, *_ = figures.speeds
    assert alone.cleaning == 0 < cleaned.cleaning
    assert alone.extraction == cleaned.extraction
    assert alone.pages_per_second > cleaned.pages_per_second
    assert {speed.n_pages for speed in (alone, cleaned)} == {5}


def test_pages_without_gold_are_counted(figures: PageBenchmark) -> None:
    """A note counts the pages without a gold body."""
    assert "1 of 6 pages have no gold body and are left out" in figures.notes


@pytest.mark.usefixtures("hidden")
def test_a_missing_peer_is_a_note(pages: Path, saved: Path) -> None:
    """If a package is missing, a note names the command that installs it, and the other systems are measured."""
    figures = run(pages, saved)
    assert "justext is left out: justext is not installed; run: pip install 'dechaff[peers]'" in figures.notes
    assert not [row for row in figures.texts if row.system == "justext"]


@pytest.mark.usefixtures("hidden")
def test_a_missing_extractor_is_an_error(pages: Path, saved: Path) -> None:
    """An extractor that was asked for by name is an error if it is missing."""
    with pytest.raises(MissingExtraError, match="justext is not installed"):
        run(pages, saved, "justext")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("-x", "lynx"), "choose one of resiliparse_all"),
        (("--reference", "lynx"), "choose one of resiliparse_all, resiliparse_all + C4 line rules"),
    ],
)
def test_unknown_names_are_refused(pages: Path, saved: Path, options: tuple[str, ...], message: str) -> None:
    """An unknown extractor or system is refused with the valid names."""
    assert message in dechaff("benchmark", pages, "-m", saved, *options, code=1).stderr


def test_pages_are_needed(tmp_path: Path, saved: Path) -> None:
    """A folder without pages and a file of another kind are refused with a remedy."""
    (tmp_path / "text.txt").write_text("+ One\n")
    assert "no pages with a gold body" in dechaff("benchmark", tmp_path, "-m", saved, code=1).stderr
    assert "a file ending in .parquet" in dechaff("benchmark", tmp_path / "text.txt", "-m", saved, code=1).stderr


@pytest.mark.parametrize("peer", PEERS)
def test_peers_find_the_body(peer: str) -> None:
    """Each peer extracts the paragraphs of an article."""
    if peer == "boilerpy3":
        pytest.importorskip("boilerpy3", reason="needs the peers extra: pip install 'dechaff[peers]'")
    if peer == "newspaper4k":
        pytest.importorskip("newspaper", reason="needs the newspaper extra: pip install 'dechaff[newspaper]'")
    text = page_text(PAGE.replace("</nav>", "</nav></b>"), peer)
    assert [paragraph for paragraph in BODY if paragraph not in text] == []


def test_a_peer_that_fails_gives_an_empty_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page on which a peer fails does not end the run."""

    def fail(html: str) -> str:
        raise ValueError(html)

    monkeypatch.setitem(ADAPTERS, "broken", fail)  # type: ignore[arg-type]
    assert page_text(PAGE, "broken") == ""


def test_the_peers_extra_is_named() -> None:
    """A missing boilerpy3 is reported with the extra `peers`."""
    with pytest.raises(MissingExtraError, match=r"pip install 'dechaff\[peers\]'"):
        extras.load("dechaff_no_such_package", "peers")


def test_the_default_reference_is_there(pages: Path, saved: Path, figures: PageBenchmark) -> None:
    """The default reference is in the table whatever extractor dechaff runs behind."""
    assert figures.settings["reference"] in {row.system for row in figures.texts}
    with pytest.raises(InputError, match="unknown reference system 'html_text'"):
        run(pages, saved, reference="html_text")
