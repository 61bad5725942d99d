"""What the library decides is logged at DEBUG, and nothing unless somebody asks."""

import logging
import subprocess
import sys
from importlib.resources import files

import pytest

from dechaff import clean_article, clean_html, keep_content, load_model

PROSE = "The council voted on Tuesday to repair the old bridge, which had been closed since March."
CREDIT = "Photo: A. Smith / Agency"


@pytest.mark.parametrize(
    ("call", "messages"),
    [
        (lambda: keep_content(PROSE), ["articles: 1, lines: 1, of these kept: 1 at threshold 0.450; articles flagged: 0"]),
        (lambda: keep_content(f"{PROSE}\n* * *\n{PROSE}"), ["articles: 1, lines: 3, of these kept: 3"]),
        (lambda: keep_content("Share", threshold=0.9), ["at threshold 0.900; articles flagged: 1"]),
        (lambda: keep_content(f"The bridge\n{PROSE}", title="The bridge"), ["lines that a title or an address raises"]),
        (lambda: keep_content(f"{PROSE}\n{CREDIT}", keep_kinds=["credit"]), ["kept for their kind (credit): 1"]),
        (lambda: clean_article(PROSE, format="auto"), ["the text is read as text that may be wrapped"]),
    ],
)  # fmt: skip
def test_decisions_are_logged(call: object, messages: list[str], caplog: pytest.LogCaptureFixture) -> None:
    """A decision is logged at DEBUG with its counts."""
    with caplog.at_level(logging.DEBUG, "dechaff"):
        call()  # type: ignore[operator]
    assert all(message in caplog.text for message in messages), caplog.text
    assert {record.levelno for record in caplog.records} == {logging.DEBUG}
    assert all(record.name.startswith("dechaff.") for record in caplog.records)


def test_pages_and_models_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    """A page's title and the file of a model are logged."""
    pytest.importorskip("resiliparse", reason="needs the html extra")
    path = str(files("dechaff").joinpath("artifacts", "default.joblib"))
    with caplog.at_level(logging.DEBUG, "dechaff"):
        load_model(path)
        clean_html(f"<title>The bridge</title><p>{PROSE}</p>")
    assert f"model {path}: threshold 0.450" in caplog.text
    assert "title 'The bridge'" in caplog.text


def test_silent_by_default() -> None:
    """Without a handler, nothing is printed."""
    run = subprocess.run(
        [sys.executable, "-c", f"import dechaff; dechaff.keep_content({PROSE!r})"], capture_output=True, check=True
    )
    assert run.stdout + run.stderr == b""
