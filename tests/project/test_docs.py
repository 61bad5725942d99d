"""The documentation site: its navigation, and the links between its pages."""

import doctest
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from licences import ROOT
from markdown_it import MarkdownIt

import dechaff
from dechaff_training.cli.app import app

NEEDED = "needs the docs extra: pip install 'dechaff[docs]'"
yaml = pytest.importorskip("yaml", reason=NEEDED)
hook = pytest.importorskip("mkdocs_hook", reason=NEEDED)

PAGES = [*hook.navigation(yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))["nav"])]
WRITTEN = [page for page in PAGES if page != hook.COMMANDS]


def links(page: str) -> Iterator[str]:
    """Yield the addresses of a page's links and pictures."""
    for block in MarkdownIt("commonmark").enable("table").parse((ROOT / page).read_text("utf-8")):
        for token in block.children or ():
            yield from (str(token.attrs[name]) for name in ("href", "src") if name in token.attrs)


def anchors(page: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and the site form them."""
    tokens = MarkdownIt("commonmark").parse((ROOT / page).read_text("utf-8"))
    titles = (after.content for token, after in pairwise(tokens) if token.type == "heading_open")
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}


def examples() -> Iterator[Any]:
    """Yield the pages with Python examples; those that fit a model are slow."""
    for page in WRITTEN:
        text = (ROOT / page).read_text("utf-8")
        if ">>> " in text:
            yield pytest.param(page, marks=[pytest.mark.slow] if "LineClassifier(" in text else [])


def test_navigation_lists_every_page() -> None:
    """The navigation lists all pages of the folder docs, each page once, and only pages that exist."""
    assert len(PAGES) == len(set(PAGES))
    assert {path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/*.md")} <= set(PAGES)
    assert [page for page in WRITTEN if not (ROOT / page).is_file()] == []


@pytest.mark.parametrize("page", WRITTEN)
def test_links_lead_somewhere(page: str) -> None:
    """Every link to another file of the project names a file that exists, and an anchor that it has."""
    for link in links(page):
        path, _, anchor = link.partition("#")
        if "://" in link or path.startswith("mailto:"):
            continue
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), link
        assert not anchor or anchor in anchors(str(target)), link


@pytest.mark.parametrize("page", examples())
def test_examples(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python examples of a page print what it shows."""
    monkeypatch.chdir(ROOT)
    failed, tried = doctest.testfile(str(ROOT / page), module_relative=False, encoding="utf-8")
    assert tried
    assert not failed


def test_reference_lists_every_public_name() -> None:
    """The Python reference has an entry for every public name of the package."""
    entries = re.findall(r"^::: (\S+)$", (ROOT / "docs" / "api.md").read_text("utf-8"), re.MULTILINE)
    assert {f"dechaff.{name}" for name in dechaff.__all__} <= set(entries)


@pytest.mark.slow
def test_site(tmp_path: Path) -> None:
    """The site builds without warnings; the reference of the commands shows every command, its help and options."""
    pytest.importorskip("material", reason=NEEDED)
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(tmp_path), strict=True))
    commands = (tmp_path / "docs" / "commands" / "index.html").read_text("utf-8")
    names = [each.name or each.callback.__name__ for each in app.registered_commands if each.callback]
    assert [name for name in names if f"dechaff {name}" not in commands] == []
    assert "--threshold" in commands
    assert commands.count("Drop the boilerplate lines of texts, Markdown and HTML") == 2  # in the list too
    assert (tmp_path / "docs" / "pictures" / "report.png").is_file()
