"""Hostile HTML and Markdown: time grows with the size, whatever is nested, never closed or broken."""

import time
from collections.abc import Callable

import numpy as np
import pytest

pytest.importorskip("resiliparse", reason="needs the html extra: pip install 'dechaff[html]'")
pytest.importorskip("pyromark", reason="needs the markdown extra: pip install 'dechaff[markdown]'")

from helpers import plain_stage

from dechaff import LineModel, clean_html, clean_markdown
from dechaff.linear.line_model import stage_names

FIRST, SECOND = stage_names()[:2]
#: Keeps the first half of each text, so that both sizes take the same steps.
MODEL = LineModel(
    plain_stage(FIRST, 4.0, relative_position=-8.0),
    plain_stage(SECOND, log_odds=1.0),
    np.zeros(64, np.float32),
    0.5,
    {},
)
SMALL = 120_000
HTML = {
    "nested elements": b"<div>x",
    "comments": b"<div class=comment>x",
    "lists": b"<ul><li>x",
    "open tags": b"<b><p>x",
    "tables": b"<table><tr><td>x",
    "links": b"<a href=x>yes</a>\n",
    "titles": b"<h1>x</h1><title>x | y</title>",
    "data": b'<script type="application/ld+json">{"headline":"x"}</script>',
    "encodings": b"<p>\xff\x81\xfe &#xD800;&",
}
MARKDOWN = {
    "quotes": "> ",
    "items": "- - - - - - - - a\n\n\n",
    "open links": "[a](",
    "links": "[a](b) ",
    "tables": "|a|b|\n|-|-|\n|c|d|\n\n",
    "open fences": "```\na\n",
    "indented links": "a\n\n    [a](/b)\n\n",
    "definitions": "[a]: b\n[a] ",
}


def seconds(clean: Callable[[], object]) -> float:
    """Return the least processor time of two runs."""
    found = []
    for _ in range(2):
        start = time.process_time()
        clean()
        found.append(time.process_time() - start)
    return min(found)


@pytest.mark.slow
@pytest.mark.parametrize("name", HTML)
def test_hostile_pages(name: str) -> None:
    """Four times as much HTML takes less than nine times as long: quadratic time would take sixteen times."""
    pages = [HTML[name] * (size // len(HTML[name])) for size in (SMALL, 4 * SMALL)]
    small, large = (seconds(lambda page=page: clean_html(page, model=MODEL)) for page in pages)  # type: ignore[misc]
    assert large < 9 * small


@pytest.mark.slow
@pytest.mark.parametrize("name", MARKDOWN)
def test_hostile_markdown(name: str) -> None:
    """The same for Markdown."""
    texts = [MARKDOWN[name] * (size // len(MARKDOWN[name])) for size in (SMALL, 4 * SMALL)]
    small, large = (seconds(lambda text=text: clean_markdown(text, MODEL)) for text in texts)  # type: ignore[misc]
    assert large < 9 * small
