"""The command `dechaff bulk`."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from bulk_corpora import jsonl, read_jsonl, records, write_jsonl
from cli_process import dechaff, environment
from typer.testing import CliRunner

from dechaff_training.cli import app as cli
from dechaff_training.cli.bulk import summary_rows


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """Make inputs of several kinds."""
    write_jsonl(tmp_path / "a.jsonl.zst", records(20))
    (tmp_path / "bad.jsonl").write_bytes(jsonl(records(2)) + b"{\n")
    (tmp_path / "odd.jsonl").write_text('{"headline": "The vote", "words": 2}\n')
    (tmp_path / "notes.txt").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a.jsonl.zst").touch()
    return tmp_path


def test_a_run_prints_its_summary(inputs: Path) -> None:
    """The summary is on standard output, the chosen fields on standard error, and the documents in the folder."""
    done = dechaff("bulk", "a.jsonl.zst", "-o", "out", cwd=inputs)
    assert done.stderr == "dechaff: a.jsonl.zst: text from 'text', id from 'id', address from 'url'\n"
    rows = done.stdout.decode().splitlines()
    assert re.fullmatch(
        r"20 documents of 1 file: \d+ of \d+ lines dropped \([\d.]+ %\), [\d.]+ % of the characters", rows[0]
    )
    assert "Dropped most often:" in rows
    assert "Fields: text from 'text', id from 'id', address from 'url'" in rows
    assert "0 documents have a title, 20 only an address" in rows
    assert len(read_jsonl(inputs / "out" / "a.jsonl.zst")) == 20


def test_quarantine_is_reported(inputs: Path) -> None:
    """Bad records are in the summary and set exit code 3, also if an earlier run found them."""
    for _ in range(2):
        done = dechaff("bulk", "bad.jsonl", "-o", "out", cwd=inputs, code=3)
        assert f"1 record in quarantine: {Path('out', '_quarantine')}" in done.stdout.decode()
    assert dechaff("bulk", "bad.jsonl", "-o", "new", "--strict", cwd=inputs, code=1).stderr.endswith(
        "dechaff: error: bad.jsonl: record 3: not JSON: unexpected end of data\n"
    )


def test_json_and_quiet(inputs: Path) -> None:
    """The summary is printed as JSON with `--json`, and not at all with `--quiet`."""
    done = dechaff("bulk", "a.jsonl.zst", "-o", "out", "--json", "--quiet", cwd=inputs)
    summary = json.loads(done.stdout)
    assert (summary["n_documents"], summary["n_bad"], summary["n_inputs"], done.stderr) == (20, 0, 1, "")
    assert 0 < summary["share_dropped_lines"] < 1
    done = dechaff("bulk", "a.jsonl.zst", "-o", "out", "--quiet", cwd=inputs)
    assert (done.stdout, done.stderr) == (b"", "")


def test_columns_can_be_named(inputs: Path) -> None:
    """The text field can be named; a record without an id gets the file name and its number."""
    done = dechaff("bulk", "odd.jsonl", "-o", "out", "--text-column", "headline", "--attributes", cwd=inputs)
    assert done.stderr == (
        "dechaff: odd.jsonl: text from 'headline', no id, so the file name and the record number, "
        "no title or address\n"
    )
    assert read_jsonl(inputs / "out" / "_attributes" / "odd.jsonl")[0]["id"] == "odd.jsonl:1"


BAD_INPUT = [
    (["nowhere.jsonl"], "nowhere.jsonl: no such file or folder"),
    (["no*.jsonl"], "no*.jsonl: no such file or folder"),
    (["notes.txt"], "notes.txt: unknown format: the name should end in .jsonl"),
    (["empty"], "empty: no files that end in .jsonl"),
    (
        ["odd.jsonl"],
        "odd.jsonl: which field holds the text? Set it with --text-column; fields: 'headline', 'words'",
    ),
    (["odd.jsonl", "--text-column", "words"], "odd.jsonl: --text-column: no field 'words' that holds strings"),
    (
        ["a.jsonl.zst", "--id-column", "key"],
        "a.jsonl.zst: --id-column: no field 'key'; fields: 'id', 'url'",
    ),
    (["a.jsonl.zst", "--title-column", "key"], "a.jsonl.zst: --title-column: no field 'key' that holds strings"),
    (["a.jsonl.zst", "--url-column", "meta"], "a.jsonl.zst: --url-column: no field 'meta' that holds strings"),
    (["a.jsonl.zst", "--threshold", "fair"], "threshold 'fair' is neither a number nor a preset"),
    (["a.jsonl.zst", "--model", "notes.txt"], "notes.txt: not a model file"),
    (["a.jsonl.zst", "-k", "winnow=Read on"], "winnow"),
    (["a.jsonl.zst", "-o", "full"], "full/a.jsonl.zst: exists, and was not written by an earlier run"),
    (["a.jsonl.zst", "-o", "."], "a.jsonl.zst: an input, which would be overwritten"),
    (["."], "out: lies within the input .: choose another output folder"),
    (["a.jsonl.zst", "-o", "notes.txt"], "notes.txt"),
]


def run_here(arguments: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """Run the command in this process; return its exit code and standard error."""
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(cli.app, ["bulk", *arguments])
    return done.exit_code, done.stderr


@pytest.mark.parametrize(("arguments", "message"), BAD_INPUT, ids=[" ".join(a) for a, _ in BAD_INPUT])
def test_bad_input(arguments: list[str], message: str, inputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bad input ends with a one-line error that says what to do, and exit code 1."""
    output = [] if "-o" in arguments else ["-o", "out"]
    code, stderr = run_here([*output, "-q", *arguments], inputs, monkeypatch)
    assert code == 1
    assert stderr.startswith("dechaff: error: ")
    assert stderr.count("\n") == 1
    assert message in stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.jsonl.zst"], "--output"),
        (["-o", "out"], "INPUT"),
        (["a.jsonl.zst", "-o", "out", "--workers", "0"], "--workers"),
        (["a.jsonl.zst", "-o", "out", "--threshold", "2"], "--threshold"),
        (["a.jsonl.zst", "-o", "out", "-k", "share"], "FAMILY=PHRASE"),
    ],
)
def test_bad_usage(arguments: list[str], message: str, inputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong argument is explained, with exit code 2."""
    code, stderr = run_here(arguments, inputs, monkeypatch)
    assert code == 2
    assert message in " ".join(stderr.replace("│", " ").split())


def test_help_has_examples_and_exit_codes() -> None:
    """The help shows an example and the meaning of each exit code."""
    printed = " ".join(dechaff("bulk", "--help").stdout.decode().split())
    assert "Example: dechaff bulk docs.jsonl.zst -o clean/" in printed
    assert "3 done, but some records are in quarantine" in printed


@pytest.mark.parametrize("package", ["orjson", "zstandard"])
def test_a_missing_package(package: str, inputs: Path) -> None:
    """Without the extra, a one-line error names the command that installs it."""
    code = f"import sys; sys.modules[{package!r}] = None; from dechaff_training.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "bulk", "a.jsonl.zst", "-o", "out"], cwd=inputs, capture_output=True, env=environment()
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.decode() == f"dechaff: error: {package} is not installed; run: pip install 'dechaff[bulk]'\n"


def test_nothing_is_imported_too_early() -> None:
    """The library does not import the packages of bulk runs, and `dechaff.bulk` only those that its inputs need."""
    code = (
        "import sys, dechaff; assert 'dechaff.bulk' not in sys.modules; import dechaff.bulk;"
        "print([m for m in ('orjson', 'zstandard', 'pyarrow', 'rich', 'typer', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment(), check=True)
    assert done.stdout == b"[]\n"


def test_summary_rows_disarm_what_they_show(tmp_path: Path) -> None:
    """Control characters in a dropped line are replaced in the summary."""
    from collections import Counter

    from dechaff.bulk import Summary
    from dechaff.bulk.summary import Counts

    summary = Summary(Counts(frequent=Counter({"Share \x1b[31m": 3})))
    assert list(summary_rows(summary, tmp_path))[-1] == "        3  Share �[31m"
