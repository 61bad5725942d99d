"""The page of `dechaff report`: its content, its policy, and its look in a browser."""

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from cli_process import DATA, dechaff
from helpers import ANY_TEXTS
from hypothesis import given
from page_sessions import CHROMIUM, CHROMIUM_OPTIONS, FERRY, serious

from dechaff import LineModel, classify_lines, clean_article
from dechaff_training.corpus.corpus import Corpus
from dechaff_training.report.html_report import Tally, make_page, make_section
from dechaff_training.report.rendering import visible

HOSTILE = (
    "<script>alert(1)</script>\n</del></style><img src=x onerror=alert(1)>\n&lt;b&gt; \u202eturned \x1b[31m\x00"
)


class Reader(HTMLParser):
    """Parse a report into lines with class, text, mark and reasons, and into tags and links."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []
        self.tags: set[str] = set()
        self.links: list[str] = []
        self._into = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line or a part of one."""
        own = dict(attrs)
        self.tags.add(tag)
        self.links += [own[name] or "" for name in ("href", "src") if name in own]
        if tag == "li" and own.get("class"):
            self.lines.append({"label": own["class"], "text": "", "mark": "", "why": []})
        elif tag == "p":
            self._into = own.get("class") or ""
        elif tag == "li":
            self._into = "why"
            self.lines[-1]["why"].append("")
        elif tag == "del":
            self.lines[-1]["is_struck"] = True

    def handle_endtag(self, tag: str) -> None:
        """End a part."""
        if tag in {"p", "li"}:
            self._into = ""

    def handle_data(self, data: str) -> None:
        """Add to the part that was begun."""
        if self._into == "why":
            self.lines[-1]["why"][-1] += data
        elif self._into in {"text", "mark"}:
            self.lines[-1][self._into] += data


def write_report(out: Path, *arguments: object, code: int = 0, text: str = "") -> Reader:
    """Run the command and parse its output."""
    dechaff("report", *arguments, "-o", out, text=text, code=code)
    return Reader(out.read_text(encoding="utf-8"))


def test_it_says_what_the_model_says(tmp_path: Path) -> None:
    """Every line is listed in order; dropped ones are struck through, with probability, kind and reasons."""
    found = write_report(tmp_path / "report.html", FERRY).lines
    expected = classify_lines(FERRY.read_text())
    assert [(line["text"], line["label"]) for line in found] == [(line.text, line.label) for line in expected]
    assert {line["label"] for line in found} == {"content", "boilerplate"}
    for line, own in zip(found, expected, strict=True):
        is_dropped = own.label == "boilerplate"
        assert line.get("is_struck", False) == is_dropped
        assert line["mark"].startswith("− dropped" if is_dropped else "+ kept")
        assert line["mark"].endswith(
            f"{own.kind} · {own.probability:.2f}" if is_dropped else f"{own.probability:.2f}"
        )
        assert line["why"] == [f"{why.contribution:+.1f} {why.text}" for why in own.why(2) if is_dropped]


@pytest.mark.parametrize("limit", [0, 1, 4])
def test_as_many_reasons_as_asked_for(model: LineModel, limit: int) -> None:
    """`--reasons` limits the reasons of dropped lines, and some line reaches the limit."""
    section = make_section(1, "ferry.txt", clean_article(FERRY.read_text(), model), limit)
    assert max(len(line["why"]) for line in Reader(make_page([section], "")).lines) == limit


def test_runs_of_dropped_lines_are_folded(model: LineModel, few: Corpus) -> None:
    """Three dropped lines or more in a row are in a closed element, counted by kind; shorter runs and kept lines are not."""
    n_shorter = 0
    for text in few.texts:
        article = clean_article(text, model)
        root = make_section(1, "a.txt", article, 0).element
        runs = [[*run] for label, run in groupby(article.lines, lambda line: line.label) if label == "boilerplate"]
        long = [run for run in runs if len(run) >= 3]
        n_shorter += len(runs) - len(long)
        for fold, run in zip(root.findall("details"), long, strict=True):
            assert [item.findtext(".//del") for item in fold.iter("li")] == [visible(line.text) for line in run]
            summary = "".join(fold.find("summary").itertext())
            assert summary.startswith(f"− {len(run)} lines dropped: ")
            assert all(f"{kind} {n}" in summary for kind, n in Counter(line.kind for line in run).items())
            assert "open" not in fold.attrib
        starts = [(int(each.get("start")), len(each)) for each in root.iter("ol")]
        assert [start + n for start, n in starts] == [*(start for start, _ in starts[1:]), len(article.lines) + 1]
    assert n_shorter


def test_the_sums(model: LineModel) -> None:
    """Counts of lines and words are those of the articles, by kind and in total."""
    texts = [FERRY.read_text(), "Share this article\nThe vote was held on Tuesday.", ""]
    articles = [clean_article(text, model) for text in texts]
    page = make_page([make_section(i, "a.txt", article, 0) for i, article in enumerate(articles, 1)], "")
    lines = [line for article in articles for line in article.lines]
    n_kept = sum(article.n_kept for article in articles)
    total = Tally.of(lines)
    assert sum(total.lines.values()) == len(lines)
    share = f"{n_kept / len(lines):.0%}"
    assert f"3 articles. Kept: lines {n_kept} of {len(lines)} ({share}), words {total.words['kept']:,} of" in page
    for kind in {line.kind for line in lines} - {None}:
        assert re.search(rf">{kind}</th><td[^>]*>{sum(line.kind == kind for line in lines)}</td>", page)
    assert f'<td class="number">0 of 0</td>' in page  # noqa: F541 - an article without lines


@given(ANY_TEXTS)
def test_any_text_stays_text(model: LineModel, texts: list[str]) -> None:
    """Any article or file name is read back by an HTML parser as text, without other elements."""
    articles = [clean_article(text, model) for text in (*texts, HOSTILE)]
    page = make_page([make_section(i, HOSTILE, article, 1) for i, article in enumerate(articles, 1)], HOSTILE)
    reader = Reader(page.encode("utf-8", "replace").decode())
    expected = [visible(line.text) for article in articles for line in article.lines]
    assert [line["text"] for line in reader.lines] == [t.encode("utf-8", "replace").decode() for t in expected]
    assert not reader.tags & {"script", "img", "b>"}
    assert all(link.startswith("#") for link in reader.links)


def test_the_policy_allows_the_style_alone(tmp_path: Path) -> None:
    """The page loads nothing, and its policy allows only its own style."""
    page = (write_report(tmp_path / "report.html", FERRY), (tmp_path / "report.html").read_text())[1]
    style = re.search("<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'" in page
    assert "url(" not in style[1]
    assert "@import" not in style[1]
    assert "http" not in page.replace("http-equiv", "")


def test_inputs_of_every_kind(tmp_path: Path) -> None:
    """Folders are searched, labelled texts lose their marks, HTML becomes text, and `-` is standard input."""
    pytest.importorskip("resiliparse", reason="needs the extra [html]")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "weir.txt").write_text("+ The weir is open again.\n\n-share Tweet\n")
    (tmp_path / "in" / "mill.html").write_text("<html><body><h1>The mill</h1><p>It shuts.</p></body></html>")
    (tmp_path / "in" / "notes.pdf").write_text("Not read")
    reader = write_report(tmp_path / "report.html", tmp_path / "in", "-", text="- The vote\nwas held.")
    texts = [line["text"] for line in reader.lines]
    assert texts == ["The mill", "It shuts.", "The weir is open again.", "Tweet", "- The vote", "was held."]
    assert reader.links[:3] == ["#article-1", "#article-2", "#article-3"]


def test_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    """A missing input is skipped with exit code 1; if all are missing, an old page stays."""
    out = tmp_path / "report.html"
    assert len(write_report(out, FERRY, "nowhere.txt", code=1).lines) == 43
    before = out.read_bytes()
    assert "nowhere.txt" in dechaff("report", "nowhere.txt", "-o", out, code=1).stderr
    assert (
        "2 of 2 inputs could not be read" in dechaff("report", "nowhere.txt", "gone.txt", "-o", out, code=1).stderr
    )
    assert (out.read_bytes(), list(tmp_path.iterdir())) == (before, [out])


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (["empty"], 1, "empty: no article files in this folder (.txt, .md, .markdown, .html, .htm, .xhtml)"),
        (["a.txt", "-x", "nobody"], 1, "there is no extractor 'nobody'"),
        (["a.txt", "-m", "a.txt"], 1, "a.txt"),
        (["a.txt", "b.txt", "--title", "The mill"], 2, "--title"),
        (["a.txt", "--reasons", "-1"], 2, "--reasons"),
        (["a.txt", "--encoding", "nothing"], 2, "--encoding"),
    ],
)
def test_wrong_usage(tmp_path: Path, arguments: list[str], code: int, problem: str) -> None:
    """Wrong arguments are refused with a reason, and no page is written."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.txt").write_text("The vote was held.")
    assert problem in dechaff("report", *arguments, "-o", "report.html", cwd=tmp_path, code=code).stderr
    assert not (tmp_path / "report.html").exists()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Start Chromium once."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
    if not CHROMIUM.exists():
        pytest.skip(f"needs Chromium at {CHROMIUM}: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=list(CHROMIUM_OPTIONS))
        yield browser
        browser.close()


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 600), ("dark", 400)])
def test_in_a_browser(browser: Any, tmp_path: Path, scheme: str, width: int) -> None:
    """Without scripts or requests, the style applies and links lead to their articles; axe-core reports nothing serious."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python").Axe()
    out = tmp_path / "report.html"
    arabic = DATA / "sahifat-al-mirsat"
    write_report(out, FERRY, arabic, "-", text=HOSTILE.strip("\0"))
    options = {"viewport": {"width": width, "height": 700}, "color_scheme": scheme}
    with browser.new_context(**options, java_script_enabled=False) as context:
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(out.as_uri())
        page.get_by_role("link", name=str(FERRY)).click()
        assert page.url.endswith("#article-1")
        assert asked == [out.as_uri()]
    with browser.new_context(**options, bypass_csp=True) as context:  # axe-core is a script
        page = context.new_page()
        page.goto(out.as_uri())
        assert serious(axe.run(page)) == []
        folded = page.locator("details li").first
        assert not folded.is_visible()
        page.emulate_media(media="print")
        assert folded.is_visible()
        page.emulate_media(media="screen")
        page.locator("summary").first.click()
        assert folded.is_visible()
        assert serious(axe.run(page)) == []
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        struck = page.eval_on_selector("del", "element => getComputedStyle(element).textDecorationLine")
        assert struck == "line-through"
        headings = page.eval_on_selector_all("h1, h2", "all => all.map(each => each.tagName)")
        assert headings == ["H1"] + ["H2"] * (headings.count("H2"))
