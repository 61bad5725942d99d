"""The documentation site: its navigation, and the links between its pages."""

import base64
import doctest
import json
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


def read(page: str) -> str:
    """Return a page in Markdown; of a notebook, its text."""
    path = ROOT / page
    return hook.notebook_page(path, ROOT / "none")[0] if path.suffix == ".ipynb" else path.read_text("utf-8")


def links(page: str) -> Iterator[str]:
    """Yield the addresses of a page's links and pictures."""
    for block in MarkdownIt("commonmark").enable("table").parse(read(page)):
        for token in block.children or ():
            yield from (str(token.attrs[name]) for name in ("href", "src") if name in token.attrs)


def anchors(page: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and the site form them."""
    tokens = MarkdownIt("commonmark").parse(read(page))
    titles = (after.content for token, after in pairwise(tokens) if token.type == "heading_open")
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}


def examples() -> Iterator[Any]:
    """Yield the pages with Python examples; those that fit a model are slow."""
    for page in WRITTEN:
        text = read(page)
        if ">>> " in text:
            yield pytest.param(page, marks=[pytest.mark.slow] if "LineClassifier(" in text else [])


def test_navigation_lists_every_page() -> None:
    """The navigation lists all pages of the folder docs and all notebooks, each page once, and only pages that exist."""
    assert len(PAGES) == len(set(PAGES))
    pages = [*ROOT.glob("docs/*.md"), *ROOT.glob("notebooks/*.ipynb")]
    assert {path.relative_to(ROOT).as_posix() for path in pages} <= set(PAGES)
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


def test_notebook_page(tmp_path: Path) -> None:
    """A notebook's page has text, printed lines, tables and pictures in order; outputs of other cells are not shown."""
    picture = base64.b64encode(b"picture").decode()
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": ["one\n"]},
        {"output_type": "stream", "name": "stdout", "text": ["two ```\n"]},
        {"output_type": "display_data", "data": {"image/png": picture, "text/plain": ["<Figure>"]}},
        {"output_type": "execute_result", "data": {"text/markdown": ["| a |\n", "|---|"], "text/plain": "<Table>"}},
        {"output_type": "execute_result", "data": {"text/plain": ["3"]}},
    ]
    cells: list[dict[str, Any]] = [
        {"cell_type": "markdown", "source": ["## Lines\n", "By [site](a.md)."]},
        {"cell_type": "code", "source": ["plot(lines)\n", "1 + 2"], "outputs": []},
    ]
    path, executed = tmp_path / "1-a.ipynb", tmp_path / "executed.ipynb"
    path.write_text(json.dumps({"cells": cells}), "utf-8")
    code = '??? note "Code"\n    ~~~~python\n    plot(lines)\n    1 + 2\n    ~~~~\n'
    without = f"*Without outputs: `make notebooks` did not run before the site was built.*\n\n## Lines\nBy [site](a.md).\n\n{code}"
    assert hook.notebook_page(path, executed) == (without, {})
    executed.write_text(json.dumps({"cells": [cells[0], cells[1] | {"outputs": outputs}]}), "utf-8")
    assert hook.notebook_page(path, executed) == (
        f"## Lines\nBy [site](a.md).\n\n{code}\n~~~~text\none\ntwo ```\n~~~~\n\n![Lines](1-a/1.png)\n\n"
        "| a |\n|---|\n\n~~~~text\n3\n~~~~\n",
        {"1-a/1.png": b"picture"},
    )
    path.write_text(json.dumps({"cells": cells[:1]}), "utf-8")
    assert "~~~~" not in hook.notebook_page(path, executed)[0]


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
    errors = (tmp_path / "notebooks" / "3-errors" / "index.html").read_text("utf-8")
    assert "What misled the models</h2>" in re.sub(r"<a .*?</a>", "", errors)
    assert ("Without outputs" in errors) != (tmp_path / "notebooks" / "3-errors" / "1.png").is_file()
