"""The title that a page gives itself helps wherever a page is labelled: report, label page, and what to label next."""

from pathlib import Path

import pytest
from cli_process import dechaff

from dechaff import LineModel
from dechaff_training.cli.clean import Articles, Job
from dechaff_training.corpus.html_marks import find_title
from dechaff_training.fit.active_learning import measure_uncertainty
from dechaff_training.label_app.session import Session

pytest.importorskip("resiliparse", reason="needs the extra [html]")
TITLE = "Read our traffic news"
BODY = "The council voted on Tuesday to repair the old bridge, which had been closed to traffic since March."
LINES = ("Home", "Sport", TITLE, "Share", BODY, f"Read more: {TITLE}", "Subscribe now for ₹900 per month")
PAGE = f"<html><head><title>{{}}</title></head><body>{''.join(f'<p>{line}</p>' for line in LINES)}</body></html>"


@pytest.fixture(params=[(f"{TITLE} | Valley Post", True), ("", False)], ids=["title", "no title"])
def page(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, bool]:
    """Write a page with or without a title; return it and whether its headline is to be kept."""
    title, is_kept = request.param
    path = tmp_path / "in" / "money.html"
    path.parent.mkdir()
    path.write_text(PAGE.format(title))
    return path, is_kept


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("<title>The  mill\nshuts</title>", "The mill shuts"),
        ('<title>The mill | Post</title><meta property="og:title" content="The mill">', "The mill"),
        ('<meta property="og:title" content=""><title>The mill</title>', "The mill"),
        ("", None),
    ],
)
def test_title_of_a_page(head: str, title: str | None) -> None:
    """The title for sharing comes first, since it lacks the site's name; then that of the window."""
    assert find_title(f"<html><head>{head}</head><body><p>It was old.</p></body></html>") == title
    assert find_title(" ") is None


def test_report(page: tuple[Path, bool], tmp_path: Path) -> None:
    """The report uses the title of a page, unless another one is given."""
    path, is_kept = page
    for title, wanted in ((None, is_kept), (TITLE, True)):
        job = Job((path,), title=title, extractor="resiliparse_all")
        [(_, article)] = Articles(job, hidden=True)
        assert (TITLE in article.text.splitlines()) == wanted
    dechaff("report", path, "-o", tmp_path / "report.html")
    assert TITLE in (tmp_path / "report.html").read_text()


def test_label_page(page: tuple[Path, bool], tmp_path: Path, model: LineModel) -> None:
    """The page's title helps the proposals; it is still there for a draft and for saved labels."""
    path, is_kept = page
    session = Session([path], tmp_path / "mine", model)
    opened = session.open(0)
    assert (opened["marks"][2] == "+") == is_kept
    session.keep(0, opened["key"], opened["marks"], [""] * len(LINES), None)
    assert Session([path], tmp_path / "mine", model).open(0)["lines"] == opened["lines"]
    session.save(0, opened["key"], opened["marks"], [""] * len(LINES), None)
    assert Session([path], tmp_path / "mine", model).open(0)["lines"] == opened["lines"]


def test_next(page: tuple[Path, bool], model: LineModel) -> None:
    """What is unsure is measured with the titles."""
    path, has_title = page
    text = "\n".join(LINES)
    plain, titled = (
        measure_uncertainty(model, [text], titles) for titles in (None, [find_title(path.read_text())])
    )
    assert (plain.tolist() != titled.tolist()) == has_title
    assert "money.html" in dechaff("next", path).stdout.decode()
