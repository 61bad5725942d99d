"""Standard streams of shells, pipes and terminals: correct output or one clear error, never a traceback."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from cli_process import ARTICLE, DECHAFF, environment, on_terminal

FOREIGN = "The council of 東京 voted for the “Grüße” bridge, which cost ₹900 when it was built in 2019."
#: Commands that print, with what each needs.
PRINTING = {
    "clean": ("clean", "a.txt", "sparse.txt"),
    "show": ("show", "a.txt"),
    "show, JSON": ("show", "a.txt", "--json"),
    "next": ("next", "a.txt"),
    "next, JSON": ("next", "a.txt", "--json"),
    "check": ("check", "wrong.txt"),
    "check, JSON": ("check", "wrong.txt", "--json"),
    "inspect": ("inspect", "--limit", "2"),
    "bulk": ("bulk", "a.jsonl", "-o", "out"),
    "help": ("clean", "--help"),
    "help of all": ("--help",),
    "version": ("--version",),
}
C_LOCALE = {"PYTHONIOENCODING": "", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make inputs, among them one that causes a warning and one with wrong labels."""
    (tmp_path / "a.txt").write_text(f"{FOREIGN}\n{ARTICLE}", encoding="utf-8")
    (tmp_path / "sparse.txt").write_text("Log in\nSubscribe\nShare\n")
    (tmp_path / "wrong.txt").write_text(f"+ Right\n* {FOREIGN}\n", encoding="utf-8")
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": "1", "text": f"{FOREIGN}\nShare"}) + "\n")
    return tmp_path


def run(command: str, folder: Path, redirect: str = "", **changes: str) -> "subprocess.CompletedProcess[bytes]":
    """Run a command in a shell that redirects its streams, and check that there is no traceback."""
    line = " ".join((*DECHAFF, *PRINTING[command], redirect))
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"],
        cwd=folder, env=environment(**changes), stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert b"Traceback" not in done.stderr
    assert b"ignored" not in done.stderr
    return done


@pytest.mark.slow
@pytest.mark.parametrize("command", ["show, JSON", "check", "version", "help of all"])
def test_closed_standard_output(command: str, folder: Path) -> None:
    """If standard output is closed, the last line reports it, with exit code 1."""
    done = run(command, folder, ">&-")
    assert done.returncode == 1
    assert done.stderr.decode().splitlines()[-1] == "dechaff: error: standard output: Bad file descriptor"


@pytest.mark.slow
def test_closed_standard_error(folder: Path) -> None:
    """Messages for a closed standard error are discarded and never mixed with the results."""
    done = run("clean", folder, "2>&-")
    assert done.returncode == 0
    assert b"dechaff" not in done.stdout
    assert FOREIGN.encode() in done.stdout


@pytest.mark.slow
def test_closed_streams_and_files(folder: Path) -> None:
    """No file takes the descriptor of a closed stream: outputs are the same as with all streams open."""
    assert run("clean", folder, "-o whole <&- >&- 2>&-").returncode == 0
    assert run("clean", folder, "-o open").returncode == 0
    for name in ("a.txt", "sparse.txt"):
        assert (folder / "whole" / name).read_bytes() == (folder / "open" / name).read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="no /dev/full here")
@pytest.mark.parametrize("command", ["next", "check, JSON", "inspect", "bulk", "version", "help of all"])
def test_full_device(command: str, folder: Path) -> None:
    """If standard output is full, the last line reports it, with exit code 1."""
    done = run(command, folder, ">/dev/full")
    assert done.returncode == 1
    assert done.stderr.decode().splitlines()[-1] == "dechaff: error: standard output: No space left on device"


@pytest.mark.slow
@pytest.mark.parametrize("command", ["next, JSON", "check", "inspect", "version"])
def test_reader_that_has_gone(command: str, folder: Path) -> None:
    """A reader that closes the pipe before anything is printed ends the command with 141."""
    done = run(command, folder, "| true; exit ${PIPESTATUS[0]}")
    assert done.returncode == 141
    assert b"error" not in done.stderr.replace(b"1 errors", b"")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "encoding"),
    [
        ("show", "latin-1"),
        ("clean", "ascii"),
        ("show, JSON", "ascii"),
        ("check", "ascii"),
        ("check, JSON", "latin-1"),
    ],
)
def test_other_encodings(command: str, encoding: str, folder: Path) -> None:
    """Results are UTF-8 in every locale; text for people has a replacement mark for each character that the encoding lacks."""
    locale = C_LOCALE if encoding == "ascii" else {"PYTHONIOENCODING": encoding}
    plain, other = run(command, folder), run(command, folder, **locale)
    for_people = command in ("show", "check")
    expected = plain.stdout.decode().encode(encoding, "replace") if for_people else plain.stdout
    assert (other.stdout, other.returncode) == (expected, plain.returncode)
    assert "東京".encode() in plain.stdout


CUT = pytest.mark.xfail(reason="typer cuts the names of options in help on so narrow a terminal", strict=True)


@pytest.mark.parametrize("command", ["inspect", pytest.param("help", marks=CUT)])
def test_narrow_terminals(command: str) -> None:
    """On a terminal of 30 columns no row is wider and nothing listed is missing, without colours."""
    printed = on_terminal(*PRINTING[command], columns=30, NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]", printed)
    rows = re.sub(r"\x1b\[[0-9;]*m", "", printed).splitlines()
    assert max(map(len, rows)) <= 30
    listed = {"inspect": ("version", "threshold", "+", "word"), "help": ("--out", "--threshold", "--help", "Drop")}
    assert [name for name in listed[command] if name not in "\n".join(rows)] == []


@pytest.mark.slow
def test_no_terminal(folder: Path) -> None:
    """Without a terminal there are no colours or bars, and no row is cut, whatever `COLUMNS` is."""
    plain, narrow = run("show", folder), run("show", folder, COLUMNS="20", TERM="dumb")
    assert narrow.stdout == plain.stdout
    assert b"\x1b" not in narrow.stdout + narrow.stderr
    assert FOREIGN.encode() in plain.stdout
