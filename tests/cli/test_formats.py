"""The commands take HTML, Markdown and text, by suffix, by content, or as they are told."""

import json
from pathlib import Path

import pytest
from cli_process import dechaff

pytest.importorskip("resiliparse", reason="needs the html extra: pip install 'dechaff[html]'")

PROSE = "The council voted on Tuesday to repair the old bridge, which had been closed since March."
PAGE = f"""<!DOCTYPE html><html><head><meta charset="windows-1252"><title>Bridge to be repaired | Post</title></head>
<body><nav><a href="/">Log in</a></nav><h1>Bridge to be repaired</h1><p>{PROSE} It costs £9.</p>
<div class="comments"><p>I for one think that the bridge was fine.</p></div></body></html>"""
CLEAN = f"Bridge to be repaired\n\n{PROSE} It costs £9."
TEXT = f"{PROSE}\nLog in\n"


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """Make a folder with a page, a page without a suffix, a text, and a text about HTML."""
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "bridge.html").write_text(PAGE, "windows-1252")
    (tmp_path / "in" / "bridge.txt").write_text(TEXT)
    (tmp_path / "in" / "other.pdf").write_bytes(b"\0")
    (tmp_path / "page").write_text(PAGE, "windows-1252")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["in/deep/bridge.html"], "HTML"),
        (["page"], "HTML"),
        (["page", "--format", "html"], "HTML"),
        (["in/bridge.txt"], "text"),
    ],
)
def test_formats_are_recognised(texts: Path, arguments: list[str], said: str) -> None:
    """A page is read by its suffix or its content, and --verbose says so."""
    done = dechaff("clean", *arguments, "--verbose", cwd=texts)
    assert done.stdout.decode().strip() == (CLEAN if said == "HTML" else PROSE)
    assert f"dechaff: {arguments[0]}: {said}" in done.stderr.splitlines()


def test_told_formats(texts: Path) -> None:
    """With --format text, a page is a text like any other; standard input can be HTML."""
    assert (
        "<p>"
        in dechaff("clean", "page", "--format", "text", "--encoding", "windows-1252", cwd=texts).stdout.decode()
    )
    assert dechaff("clean", "--format", "html", text=f"<p>{PROSE}", cwd=texts).stdout.decode() == PROSE


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32-le", "cp037"])
def test_pages_in_a_given_encoding(texts: Path, encoding: str) -> None:
    """A page in an encoding that is unlike ASCII is HTML by its content if --encoding names it, mark or no mark."""
    (texts / "wide").write_bytes(PAGE.encode(encoding))
    done = dechaff("clean", "wide", "--encoding", encoding, "--verbose", cwd=texts)
    assert done.stdout.decode().strip() == CLEAN
    assert "dechaff: wide: HTML" in done.stderr.splitlines()


def test_folders(texts: Path) -> None:
    """The articles of a folder are found in its subfolders, whose paths the results keep; text of HTML is .txt."""
    dechaff("clean", "in", "page", "-o", "out", cwd=texts)
    found = {
        path.relative_to(texts / "out").as_posix(): path.read_text()
        for path in (texts / "out").rglob("*")
        if path.is_file()
    }
    assert found == {"bridge.txt": f"{PROSE}\n", "deep/bridge.txt": CLEAN, "page": CLEAN}


def test_markdown(texts: Path) -> None:
    """With --to markdown, pages become Markdown, in files that end in .md; texts stay texts."""
    done = dechaff("clean", "page", "--to", "markdown", cwd=texts)
    assert done.stdout.decode() == f"# {CLEAN}\n"
    dechaff("clean", "in", "-o", "out", "--to", "markdown", cwd=texts)
    assert (texts / "out" / "deep" / "bridge.md").read_text() == f"# {CLEAN}\n"
    assert (texts / "out" / "bridge.txt").read_text() == f"{PROSE}\n"


def test_other_commands(texts: Path) -> None:
    """`show`, `report` and `next` read the same page."""
    lines = [json.loads(line) for line in dechaff("show", "page", "--json", cwd=texts).stdout.splitlines()]
    assert [line["text"] for line in lines if line["label"] == "content"] == [
        line for line in CLEAN.splitlines() if line
    ]
    assert PROSE in dechaff("report", "page", cwd=texts).stdout.decode()
    assert "bridge.html" in dechaff("next", "in", cwd=texts).stdout.decode()


def test_bulk(texts: Path) -> None:
    """Records that hold HTML become their clean text, by a look at each, unless they are said to be text."""
    pytest.importorskip("orjson", reason="needs the bulk extra: pip install 'dechaff[bulk]'")
    (texts / "a.jsonl").write_text(
        "".join(json.dumps({"id": n, "html": text}) + "\n" for n, text in enumerate((PAGE, TEXT)))
    )
    for form, expected in (("auto", [CLEAN, f"{PROSE}\n"]), ("html", [CLEAN, f"{PROSE} Log in"])):
        dechaff("bulk", "a.jsonl", "-o", form, "--format", form, cwd=texts)
        rows = [json.loads(line)["html"] for line in (texts / form / "a.jsonl").read_text().splitlines()]
        assert rows[0] == expected[0]
        assert form == "html" or rows == expected
