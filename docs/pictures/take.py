"""Take the pictures of docs/label.md and docs/report.md anew in headless Chromium.

python docs/pictures/take.py
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import sync_playwright

HERE: Final = Path(__file__).parent
DATA: Final = HERE.parents[1] / "data"
CHROMIUM: Final = {
    "executable_path": "/usr/bin/chromium",
    "args": ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
}
WINDOW: Final = {"width": 1120, "height": 700}
REPORT_WINDOW: Final = {"width": 1000, "height": 900}
_FINE_TUNING_MS: Final = 300_000


def lay_out(folder: Path) -> tuple[Path, Path]:
    """Copy an article without labels and a folder of articles with labels."""
    texts, mine = folder / "texts", folder / "mine"
    (texts / "observer").mkdir(parents=True)
    shutil.copy(DATA / "example.txt", texts / "observer" / "ferry.txt")
    for site in sorted(path for path in (DATA / "articles").iterdir() if path.is_dir()):
        (mine / site.name).mkdir(parents=True)
        for article in sorted(site.glob("*.txt"))[:2]:
            shutil.copy(article, mine / site.name)
    return texts, mine


@contextmanager
def serving(texts: Path, mine: Path) -> Iterator[str]:
    """Serve the page, and give its address."""
    command = [sys.executable, "-m", "dechaff_training", "label", str(texts), "--to", str(mine), "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        try:
            yield server.stdout.readline().strip() if server.stdout else ""
        finally:
            server.terminate()


def shoot(page: Any, name: str) -> None:
    """Write what is on the screen as a picture."""
    page.screenshot(path=str(HERE / f"{name}.png"))


def take(page: Any, mine: Path) -> None:
    """Go through the states of the page."""
    page.wait_for_selector("#why li")
    shoot(page, "label-light")
    page.keyboard.press("u")
    page.get_by_text("Line 5: the model predicts").wait_for()
    shoot(page, "label-unsure")
    page.keyboard.press("u")
    page.emulate_media(color_scheme="dark")
    for key in ("ArrowDown", "Space"):
        page.keyboard.press(key)
    page.get_by_text("Line 6: the model predicts").wait_for()
    shoot(page, "label-dark")
    page.emulate_media(color_scheme="light")
    page.keyboard.press("s")
    page.wait_for_selector("[data-saved=true]")
    for key in ("ArrowDown", "Space"):
        page.keyboard.press(key)
    saved = next(mine.glob("observer/*.txt"))
    saved.write_text(saved.read_text("utf-8") + "\n? A line that an editor added\n", "utf-8")
    page.keyboard.press("s")
    page.wait_for_selector("#conflict-dialog[open]")
    shoot(page, "label-changed")
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    page.click("#tuning-dialog [value=start]")
    page.wait_for_selector("#tuning-dialog tbody tr", timeout=_FINE_TUNING_MS)
    shoot(page, "label-fine-tuned")


def take_report(page: Any, file: Path) -> None:
    """Write a report about one article, and show it from the end of its first table on, one run unfolded."""
    command = [sys.executable, "-m", "dechaff_training", "report", "data/example.txt", "-o", str(file)]
    subprocess.run(command, cwd=DATA.parent, check=True)  # noqa: S603
    page.goto(file.as_uri())
    page.locator("summary").nth(1).click()
    page.get_by_text("Articles", exact=True).evaluate(
        "heading => scrollBy(0, heading.getBoundingClientRect().top - 150)"
    )
    shoot(page, "report")


def main() -> None:
    """Take all pictures."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        texts, mine = lay_out(Path(folder))
        browser = driver.chromium.launch(**CHROMIUM)
        with serving(texts, mine) as url:
            page = browser.new_page(viewport=WINDOW)
            page.goto(url)
            take(page, mine)
        take_report(browser.new_page(viewport=REPORT_WINDOW), Path(folder) / "report.html")
        browser.close()


if __name__ == "__main__":
    main()
