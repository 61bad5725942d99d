"""Standard streams as shells, pipes and terminals make them: right output or one clear error, never a traceback."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from cli_process import ARTICLE, DECHAFF, environment, on_terminal

FOREIGN = "The council of 東京 voted for the “Grüße” bridge, which cost ₹900 when it was built in 2019."
#: Every command that prints, with what each needs.
PRINTING = {
    "clean": ("clean", "a.txt", "sparse.txt"),
    "clean, JSON": ("clean", "a.txt", "--json"),
    "show": ("show", "a.txt"),
    "show, JSON": ("show", "a.txt", "--json"),
    "next": ("next", "a.txt"),
    "next, JSON": ("next", "a.txt", "--json"),
    "check": ("check", "wrong.txt"),
    "check, JSON": ("check", "wrong.txt", "--json"),
    "inspect": ("inspect", "--limit", "2"),
    "inspect, JSON": ("inspect", "--limit", "2", "--json"),
    "annotate": ("annotate", "labels", "--from", "text", "--to", "label-studio"),
    "bulk": ("bulk", "a.jsonl", "-o", "out"),
    "bulk, JSON": ("bulk", "a.jsonl", "-o", "out", "--json"),
    "help": ("clean", "--help"),
}
C_LOCALE = {"PYTHONIOENCODING": "", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make inputs, among them one that a warning is of and one with wrong labels."""
    (tmp_path / "a.txt").write_text(f"{FOREIGN}\n{ARTICLE}", encoding="utf-8")
    (tmp_path / "sparse.txt").write_text("Log in\nSubscribe\nShare\n")
    (tmp_path / "wrong.txt").write_text(f"+ Right\n* {FOREIGN}\n", encoding="utf-8")
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "a.txt").write_text(f"+ {FOREIGN}\n", encoding="utf-8")
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": "1", "text": f"{FOREIGN}\nShare"}) + "\n")
    return tmp_path


def run(command: str, folder: Path, redirect: str = "", **changes: str) -> "subprocess.CompletedProcess[bytes]":
    """Run a command by a shell, which redirects its streams; it never ends with a traceback."""
    line = " ".join((*DECHAFF, *PRINTING[command], redirect))
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"],
        cwd=folder, env=environment(**changes), stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert b"Traceback" not in done.stderr
    assert b"ignored" not in done.stderr
    return done


@pytest.mark.parametrize("command", ["show", "show, JSON", "check"])
def test_closed_standard_output(command: str, folder: Path) -> None:
    """What cannot print says so in its last line, and ends with exit code 1."""
    done = run(command, folder, ">&-")
    assert done.returncode == 1
    assert done.stderr.decode().splitlines()[-1] == "dechaff: error: standard output: Bad file descriptor"


def test_closed_standard_error(folder: Path) -> None:
    """What would be said on a closed standard error goes nowhere, and least of all among the results."""
    done = run("clean", folder, "2>&-")
    assert done.returncode == 0
    assert b"dechaff" not in done.stdout
    assert FOREIGN.encode() in done.stdout


def test_closed_streams_and_files(folder: Path) -> None:
    """No file takes the number of a closed stream: what is written is what is written with all of them open."""
    assert run("clean", folder, "-o whole <&- >&- 2>&-").returncode == 0
    assert run("clean", folder, "-o open").returncode == 0
    for name in ("a.txt", "sparse.txt"):
        assert (folder / "whole" / name).read_bytes() == (folder / "open" / name).read_bytes()


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="no /dev/full here")
@pytest.mark.parametrize("command", ["next", "check, JSON", "inspect", "annotate", "bulk", "help"])
def test_full_device(command: str, folder: Path) -> None:
    """Where nothing more can be written, the last line says so, and the exit code is 1."""
    done = run(command, folder, ">/dev/full")
    assert done.returncode == 1
    assert done.stderr.decode().splitlines()[-1] == "dechaff: error: standard output: No space left on device"


@pytest.mark.parametrize("command", ["next, JSON", "check", "inspect", "inspect, JSON", "bulk, JSON"])
def test_reader_that_has_gone(command: str, folder: Path) -> None:
    """A reader that has gone before anything is printed ends the command with 141, as it ends other programs."""
    done = run(command, folder, "| true; exit ${PIPESTATUS[0]}")
    assert done.returncode == 141
    assert b"error" not in done.stderr.replace(b"1 errors", b"")


@pytest.mark.parametrize(
    ("command", "encoding"),
    [("show", "latin-1"), ("show, JSON", "latin-1"), *((name, "ascii") for name in ("clean", "show", "next, JSON"))]
    + [(name, "ascii") for name in ("check", "check, JSON", "annotate")],
)
def test_other_encodings(command: str, encoding: str, folder: Path) -> None:
    """Results are UTF-8 in every locale; what is for people has a mark for each character that it cannot have."""
    locale = C_LOCALE if encoding == "ascii" else {"PYTHONIOENCODING": encoding}
    plain, other = run(command, folder), run(command, folder, **locale)
    for_people = command in ("show", "check")
    expected = plain.stdout.decode().encode(encoding, "replace") if for_people else plain.stdout
    assert (other.stdout, other.returncode) == (expected, plain.returncode)
    assert "東京".encode() in plain.stdout or command == "next, JSON"


@pytest.mark.parametrize("command", ["inspect", "next", "help"])
def test_narrow_terminals(command: str, folder: Path) -> None:
    """On a terminal of 30 columns the first column of what a wide one shows is there, and without colours."""
    arguments = [folder / each if (folder / each).exists() else each for each in PRINTING[command]]
    narrow, wide = (on_terminal(*arguments, columns=n, NO_COLOR="1") for n in (30, 200))
    assert not re.search("\x1b\\[[0-9;]*3[0-7]", narrow)
    first = {words[0] for line in wide.splitlines() if (words := re.findall(r"[\w+.-]{3,}", line))}
    joined = re.sub(r"\x1b\[[0-9;]*m|[─-╿\s]", "", narrow)
    assert {word for word in first if word not in joined} == set()


@pytest.mark.parametrize("command", ["show", "next"])
def test_no_terminal(command: str, folder: Path) -> None:
    """Without a terminal there are no colours, no bars, and no row is cut, however narrow `COLUMNS` says it is."""
    plain, narrow = run(command, folder), run(command, folder, COLUMNS="20", TERM="dumb")
    assert narrow.stdout == plain.stdout
    assert b"\x1b" not in narrow.stdout + narrow.stderr
    assert FOREIGN.encode() in plain.stdout or command == "next"
