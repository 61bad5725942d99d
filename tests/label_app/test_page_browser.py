"""The label page in a real browser: keys, files, drafts, and hostile content."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
pytest.importorskip("uvicorn", reason="needs the extra [page]")

from page_sessions import CHROMIUM, CHROMIUM_OPTIONS, running, serious, write_labelled, write_texts

from dechaff_training.corpus.corpus import Corpus
from dechaff_training.fit.fine_tuning import SITES_TO_MEASURE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"needs Chromium at {CHROMIUM}: apt-get install chromium"),
]

HOSTILE = (
    "<script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 1'>",
    "</span></div><svg onload='window.hacked = 1'>",
    "{{7*7}} ${window.hacked = 1} javascript:window.hacked=1",
    "<b>A line of the article that should look as it was typed.</b>",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Start Chromium once."""
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=list(CHROMIUM_OPTIONS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """Open a page that collects errors and requests to other hosts."""
    with browser.new_context(viewport={"width": 1200, "height": 800}) as context:
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on("request", lambda request: page.problems.append(request.url) if not is_ours(request.url) else None)
        yield page
        assert page.problems == []


def is_ours(url: str) -> bool:
    """Return whether a request stays on this machine."""
    return re.match(r"http://127\.0\.0\.1:\d+/[\w-]{40,}/", url) is not None


def press(page: Any, *keys: str) -> None:
    """Press keys one after the other."""
    for key in keys:
        page.keyboard.press(key)


def marks(page: Any) -> str:
    """Return the marks of all lines on the page."""
    names = page.eval_on_selector_all(".line", "rows => rows.map(row => row.dataset.mark)")
    return "".join({"content": "+", "boilerplate": "-", "masked": "?"}[name] for name in names)


def active(page: Any) -> int:
    """Return the place of the active line."""
    return int(page.locator(".line.active").get_attribute("data-index"))


def wait_for_draft(mine: Path) -> None:
    """Wait until a draft is on the disk."""
    for _ in range(200):
        if list(mine.rglob(".drafts/*/*.json")):
            return
        time.sleep(0.05)
    pytest.fail("no draft was written")


def test_label_by_keyboard(page: Any, tmp_path: Path) -> None:
    """Open, flip, undo, redo, flip a range, mask, save and reload: the labels are in the file and on the page."""
    mine = tmp_path / "mine"
    with running(write_texts(tmp_path / "texts"), "--to", mine) as (url, _):
        page.goto(url)
        page.wait_for_selector(".line")
        assert marks(page) == "+-?"
        press(page, "Space")
        assert marks(page) == "--?"
        press(page, "Control+z")
        assert marks(page) == "+-?"
        press(page, "Control+Shift+Z")
        assert marks(page) == "--?"
        press(page, "ArrowDown", "Shift+ArrowDown")
        assert page.locator("[aria-selected=true]").count() == 2
        press(page, "Space")
        assert marks(page) == "-++"
        press(page, "Control+z")
        assert marks(page) == "--?"
        press(page, "ArrowUp", "+", "ArrowDown", "m")
        assert marks(page) == "+??"
        assert page.locator("#live").text_content() == "line 2 not counted"
        press(page, "s")
        playwright.expect(page.locator("#counts")).to_contain_text("✓ saved")
        assert "saved to" in page.locator("#live").text_content()
        page.reload()
        page.wait_for_selector(".line")
        assert marks(page) == "+??"
    assert (mine / "bote" / "weir.txt").read_text() == "+ The weir is open again.\n\n? Tweet\n? Perhaps\n"
    assert not list(mine.rglob(".drafts/*/*.json"))


def test_articles_and_reasons(page: Any, tmp_path: Path) -> None:
    """A key opens the next article, a line shows its reasons, and the view can be limited to unsure lines.

    The lines around them stay in view; keys pass over them, and a click reaches them.
    """
    with running(write_texts(tmp_path / "texts"), "--to", tmp_path / "mine") as (url, _):
        page.goto(url)
        page.wait_for_selector(".line")
        press(page, "n")
        playwright.expect(page.locator("#title")).to_have_text("observer / ferry")
        playwright.expect(page.locator("#why li")).to_have_count(3)
        playwright.expect(page.locator("#why")).to_contain_text("Line 1: the model predicts boilerplate")
        press(page, "u")
        shown = page.locator(".line:visible")
        assert 0 < shown.count() < 43
        unsure = page.locator(".line:visible:not(.context)")
        assert unsure.count() == page.locator(".chip.unsure").count() < shown.count()
        places = [int(row.get_attribute("data-index")) for row in unsure.all()]
        assert active(page) == places[0]
        page.locator(f"#line-{places[0] - 1} .text").click()
        assert page.locator("[aria-selected=true]").count() == 1
        press(page, "ArrowDown")
        assert active(page) == places[0]
        press(page, "u")
        assert shown.count() == 43
        press(page, "p")
        playwright.expect(page.locator("#title")).to_have_text("bote / weir")
        press(page, "?")
        playwright.expect(page.locator("#keys-dialog")).to_contain_text("next article")
        press(page, "n", "Escape")
        playwright.expect(page.locator("#title")).to_have_text("bote / weir")


@pytest.mark.parametrize("width", [1400, 1200, 1120, 900, 600])
def test_names_of_articles_can_be_read(page: Any, tmp_path: Path, width: int) -> None:
    """The list of articles has room for a name in windows of every width."""
    with running(write_texts(tmp_path / "texts"), "--to", tmp_path / "mine") as (url, _):
        page.set_viewport_size({"width": width, "height": 700})
        page.goto(url)
        page.wait_for_selector(".line")
        box = page.locator("#articles").bounding_box()
        assert box["width"] > 120
        assert box["x"] + box["width"] <= width


def test_jumps_and_kinds(page: Any, tmp_path: Path) -> None:
    """One key goes to the next doubtful or content line, back with Shift; a digit sets the kind of the lines."""
    mine = tmp_path / "mine"
    with running(write_texts(tmp_path / "texts"), "--to", mine) as (url, _):
        page.goto(url)
        page.wait_for_selector(".line")
        press(page, "n")
        playwright.expect(page.locator("#title")).to_have_text("observer / ferry")
        unsure = [int(row.get_attribute("data-index")) for row in page.locator(".line:has(.chip.unsure)").all()]
        press(page, "d")
        assert active(page) == next(place for place in unsure if place > 0)
        press(page, "c")
        content = active(page)
        assert page.locator(".line.active").get_attribute("data-mark") == "content"
        press(page, "c", "Shift+C")
        assert active(page) == content
        press(page, "End", "d")
        assert page.locator("#live").text_content() == "no line with an uncertain prediction below"
        press(page, "Shift+D")
        assert active(page) == unsure[-1]
        press(page, "p")
        playwright.expect(page.locator("#title")).to_have_text("bote / weir")
        press(page, "1")
        playwright.expect(page.locator("#line-0 .chip", has_text="offer")).to_be_visible()
        assert page.locator("#live").text_content() == "line 1 boilerplate, offer"
        assert marks(page) == "--?"
        press(page, "7", "Control+z", "ArrowDown", "Shift+ArrowDown", "6", "s")
        playwright.expect(page.locator("#counts")).to_contain_text("✓ saved")
    assert (
        mine / "bote" / "weir.txt"
    ).read_text() == "-offer The weir is open again.\n\n-legal Tweet\n-legal Perhaps\n"


def test_the_best_article_first(page: Any, tmp_path: Path) -> None:
    """In the order of active learning the best article opens first with its reason."""
    with running(write_texts(tmp_path / "texts"), "--to", tmp_path / "mine") as (url, _):
        page.goto(url)
        page.wait_for_selector(".line")
        press(page, "o")
        playwright.expect(page.locator("#title")).to_have_text("observer / ferry")
        playwright.expect(page.locator("#reason")).to_contain_text("first of its site")
        press(page, "n")
        playwright.expect(page.locator("#title")).to_have_text("bote / weir")
        playwright.expect(page.locator("#next")).to_be_disabled()
        press(page, "o")
        playwright.expect(page.locator("#next")).to_be_enabled()
        playwright.expect(page.locator("#reason")).to_be_empty()


def test_fine_tuning(page: Any, tmp_path: Path) -> None:
    """By key: figures before and after, and with the new model in use, new predictions and a model file."""
    mine = write_labelled(tmp_path / "mine", SITES_TO_MEASURE)
    with running(write_texts(tmp_path / "texts"), "--to", mine) as (url, _):
        page.goto(url)
        page.wait_for_selector(".line")
        probabilities = page.locator(".probability").all_text_contents()
        press(page, "t")
        dialog = page.locator("#tuning-dialog")
        playwright.expect(dialog).to_contain_text("The current model stays in use until you accept the new one")
        playwright.expect(dialog.get_by_role("button", name="Use")).to_be_hidden()
        dialog.get_by_role("button", name="Fine-tune").click()
        playwright.expect(dialog.locator("#tuning-text")).to_contain_text("take the new model", timeout=60_000)
        playwright.expect(dialog.locator("tbody tr")).to_have_count(2)
        dialog.get_by_role("button", name="Close").click()
        assert page.locator(".probability").all_text_contents() == probabilities
        press(page, "t")
        dialog.get_by_role("button", name="Use").click()
        playwright.expect(page.locator("#live")).to_contain_text("model.joblib")
        assert page.locator(".probability").all_text_contents() != probabilities
    assert (mine / "model.joblib").is_file()


def test_label_by_mouse(page: Any, tmp_path: Path) -> None:
    """A click on a mark flips it, a click with Shift selects a range, and the buttons do what the keys do."""
    with running(write_texts(tmp_path / "texts"), "--to", tmp_path / "mine") as (url, _):
        page.goto(url)
        page.wait_for_selector(".line")
        page.locator("#line-0 .mark").click()
        assert marks(page) == "--?"
        page.locator("#undo").click()
        assert marks(page) == "+-?"
        page.locator("#line-0 .text").click()
        page.locator("#line-2 .text").click(modifiers=["Shift"])
        press(page, "Space")
        assert marks(page) == "---"
        page.locator("#save").click()
        playwright.expect(page.locator("#counts")).to_contain_text("✓ saved")


def test_buttons_keep_their_keys(page: Any, tmp_path: Path) -> None:
    """Space on a focused button presses it and flips no line."""
    with running(write_texts(tmp_path / "texts"), "--to", tmp_path / "mine") as (url, _):
        page.goto(url)
        page.wait_for_selector(".line")
        press(page, "n")
        playwright.expect(page.locator("#title")).to_have_text("observer / ferry")
        before = marks(page)
        page.locator("#unsure").focus()
        press(page, "Space")
        assert page.locator("#unsure").get_attribute("aria-pressed") == "true"
        assert marks(page) == before


def test_drafts_outlive_the_server(page: Any, tmp_path: Path) -> None:
    """If the server is killed the page reports it, and the next server has the unsaved draft, which can be discarded."""
    texts, mine = write_texts(tmp_path / "texts"), tmp_path / "mine"
    with running(texts, "--to", mine) as (url, process):
        page.goto(url)
        page.wait_for_selector(".line")
        press(page, "Space")
        wait_for_draft(mine)
        process.kill()
        process.wait()
        press(page, "s")
        playwright.expect(page.locator("#notice")).to_contain_text("The server has stopped")
    with running(texts, "--to", mine) as (url, _):
        page.goto(url)
        playwright.expect(page.locator("#notice")).to_contain_text("Your unsaved changes were restored.")
        assert marks(page) == "--?"
        page.get_by_role("button", name="Discard them").click()
        playwright.expect(page.locator("#line-0")).to_have_attribute("data-mark", "content")
        assert not list(mine.rglob(".drafts/*/*.json"))


def test_drafts_outlive_the_page(page: Any, tmp_path: Path) -> None:
    """A page closed right after a flip has saved the draft."""
    mine = tmp_path / "mine"
    with running(write_texts(tmp_path / "texts"), "--to", mine) as (url, _):
        page.goto(url)
        page.wait_for_selector(".line")
        press(page, "Space")
        page.goto("about:blank")
        wait_for_draft(mine)
        page.goto(url)
        page.wait_for_selector(".line")
        assert marks(page) == "--?"


@pytest.mark.parametrize(
    ("choice", "kept"), [("overwrite", "- The weir"), ("reload", "+ Theirs"), ("cancel", "+ Theirs")]
)
def test_a_file_changed_underneath(page: Any, tmp_path: Path, choice: str, kept: str) -> None:
    """The page reports a file changed by another program and offers a choice."""
    mine = tmp_path / "mine"
    with running(write_texts(tmp_path / "texts"), "--to", mine) as (url, _):
        page.goto(url)
        page.wait_for_selector(".line")
        press(page, "s")
        playwright.expect(page.locator("#counts")).to_contain_text("✓ saved")
        file = mine / "bote" / "weir.txt"
        file.write_text("+ Theirs\n")
        press(page, "Space", "s")
        dialog = page.locator("#conflict-dialog")
        playwright.expect(dialog).to_contain_text("bote/weir.txt was changed by another program")
        dialog.locator(f"[value={choice}]").click()
        state = {"overwrite": "✓ saved", "reload": "✓ saved", "cancel": "● not saved"}[choice]
        playwright.expect(page.locator("#counts")).to_contain_text(state)
        assert page.locator(".line").count() == (1 if choice == "reload" else 3)
        assert file.read_text().startswith(kept)


def test_add_a_text(page: Any, tmp_path: Path) -> None:
    """Pasted text and an uploaded page become articles that can be saved."""
    pytest.importorskip("resiliparse", reason="needs the extra [html]")
    mine = tmp_path / "mine"
    (tmp_path / "mill.html").write_text("<html><body><h1>The mill</h1><p>It shuts.</p></body></html>")
    with running("--to", mine) as (url, _):
        page.goto(url)
        playwright.expect(page.locator("#empty")).to_be_visible()
        page.locator("#add").click()
        page.locator("#add-dialog [value=add]").click()
        playwright.expect(page.locator("#add-problem")).to_have_text("the pasted article contains no text")
        page.locator("#add-text").fill("The vote was held on Tuesday.\nShare")
        page.locator("#add-site").fill("../bote")
        page.locator("#add-name").fill("The vote")
        page.locator("#add-dialog [value=add]").click()
        playwright.expect(page.locator("#title")).to_have_text("bote / The-vote")
        press(page, "s")
        playwright.expect(page.locator("#counts")).to_contain_text("✓ saved")
        page.locator("#add").click()
        page.locator("#add-file").set_input_files(str(tmp_path / "mill.html"))
        playwright.expect(page.locator("#add-name")).to_have_value("mill")
        page.locator("#add-dialog [value=add]").click()
        playwright.expect(page.locator("#title")).to_have_text("bote / mill")  # the site stays
        assert page.locator(".text").all_text_contents() == ["The mill", "It shuts."]
    assert [article.id for article in Corpus.read(mine)] == ["bote/The-vote"]


def test_script_in_text_does_not_run(page: Any, tmp_path: Path) -> None:
    """Markup in an article, its name or pasted text is shown as text and never executed."""
    folder = tmp_path / "<img src=x onerror=alert(1)>"
    folder.mkdir()
    (folder / "a<b>.txt").write_text("\n".join(HOSTILE))
    page.on("dialog", lambda dialog: page.problems.append(dialog.message))
    with running(folder, "--to", tmp_path / "mine") as (url, _):
        page.goto(url)
        page.wait_for_selector(".line")
        assert page.locator(".text").all_text_contents() == list(HOSTILE)
        press(page, "Space", "ArrowDown", "Space", "s")
        playwright.expect(page.locator("#counts")).to_contain_text("✓ saved")
        playwright.expect(page.locator("#why li")).to_have_count(3)
        assert page.locator("#lines img, #lines script, #lines svg, #lines .text *, header img").count() == 0
        assert page.evaluate("window.hacked") is None
        inline = "() => { const s = document.createElement('script'); s.textContent = 'window.hacked = 1'; document.body.append(s) }"
        with pytest.raises(playwright.Error, match="TrustedScript"):
            page.evaluate(inline)
        assert page.evaluate("window.hacked") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 600])
def test_accessibility(browser: Any, tmp_path: Path, scheme: str, width: int) -> None:
    """axe-core reports nothing serious in light and dark, at 100 % and 200 % zoom, on the page and in its dialogs."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python").Axe()
    options = {"width": width, "height": 700}
    with (
        running(write_texts(tmp_path / "texts"), "--to", tmp_path / "mine") as (url, _),
        browser.new_context(viewport=options, color_scheme=scheme, reduced_motion="reduce") as context,
    ):
        page = context.new_page()
        page.goto(url)
        page.wait_for_selector(".line")
        press(page, "n")
        playwright.expect(page.locator("#why li")).to_have_count(3)
        press(page, "Space", "ArrowDown", "Shift+ArrowDown", "m")
        for dialog in (None, "keys", "add", "fine-tune"):
            if dialog:
                page.locator(f"#{dialog}").click()
            assert serious(axe.run(page)) == []
            press(page, "Escape")
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0
