"""Runs that are killed, interrupted or repeated: nothing is lost, and nothing is done twice."""

import json
import os
import random
import signal
import subprocess
import time
from functools import partial
from pathlib import Path

import pytest
from bulk_corpora import read_jsonl, records, tree, write_jsonl
from cli_process import DECHAFF, dechaff, environment

from dechaff import InputError
from dechaff.bulk import Settings, clean_bulk
from dechaff.bulk.checkpoint import UNFINISHED
from dechaff.bulk.outputs import remove_unfinished


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write four files of documents, one with a bad record."""
    folder = tmp_path_factory.mktemp("bulk") / "in"
    for number in range(4):
        write_jsonl(folder / f"{number}.jsonl.zst", [*records(1000, lines=6), *([[]] if number == 1 else [])])
    return folder


def start(*arguments: object) -> "subprocess.Popen[bytes]":
    """Start the command in a session of its own that receives Ctrl-C."""
    listens = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    command = [*DECHAFF, "bulk", *map(str, arguments)]
    return subprocess.Popen(
        command, env=environment(), stderr=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=listens, start_new_session=True
    )  # fmt: skip


def wait_for(path: Path, process: "subprocess.Popen[bytes]") -> None:
    """Wait until a file exists or the process has ended."""
    while not path.exists() and process.poll() is None:
        time.sleep(0.01)


def group_is_gone(group: int) -> bool:
    """Return whether all processes of a group end within a minute."""
    for _ in range(1000):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.slow
def test_killed_at_random(folder: Path, tmp_path: Path) -> None:
    """A run that is killed three times and restarted writes the same bytes as an undisturbed run."""
    options = ("--attributes", "--workers", "2")
    dechaff("bulk", folder, "-o", tmp_path / "whole", *options, code=3)
    chance = random.Random(7)  # noqa: S311
    for stop in (0, 1, 2):
        process = start(folder, "-o", tmp_path / "killed", *options)
        wait_for(tmp_path / "killed" / f"{stop}.jsonl.zst", process)
        time.sleep(chance.random() / 2)
        process.kill()
        process.communicate()
        assert group_is_gone(process.pid)
        names = [path.name for path in (tmp_path / "killed").glob("*.zst")]
        assert all(
            (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes() for name in names
        )
    dechaff("bulk", folder, "-o", tmp_path / "killed", *options, code=3)
    assert tree(tmp_path / "killed") == tree(tmp_path / "whole")


@pytest.mark.slow
def test_interrupted(folder: Path, tmp_path: Path) -> None:
    """Ctrl-C ends the run with 130, without a traceback, an incomplete file or a process left behind."""
    process = start(folder, "-o", tmp_path / "out", "--workers", "2")
    wait_for(tmp_path / "out" / "0.jsonl.zst", process)
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate()
    assert process.returncode == 130, stderr.decode()
    assert b"Traceback" not in stderr
    assert group_is_gone(process.pid)
    assert b"the same command, without --overwrite, goes on from there" in stderr
    there = {path.name for path in (tmp_path / "out").iterdir()}
    finished = [json.loads(line).get("finished") for line in (tmp_path / "out" / "_manifest.jsonl").open()]
    assert there >= set(filter(None, finished))
    assert all(len(read_jsonl(path)) == 1000 for path in (tmp_path / "out").glob("*.zst"))


@pytest.mark.slow
def test_a_worker_that_dies(folder: Path, tmp_path: Path) -> None:
    """If a worker is killed, for example for lack of memory, the run ends with a one-line error and can be resumed."""
    process = start(folder, "-o", tmp_path / "out", "--workers", "2", "--quiet")
    wait_for(tmp_path / "out" / "0.jsonl.zst", process)
    children = pytest.importorskip("psutil").Process(process.pid).children()
    next(child for child in children if "spawn_main" in " ".join(child.cmdline())).kill()
    _, stderr = process.communicate()
    assert process.returncode == 1, stderr.decode()
    assert stderr.decode().startswith("dechaff: error: a worker process has ended")
    assert stderr.count(b"\n") == 1
    dechaff("bulk", folder, "-o", tmp_path / "out", code=3)


def test_unfinished_files_are_removed(tmp_path: Path) -> None:
    """A file that cannot be removed keeps no other; what a link points to is left alone."""
    unfinished, other = tmp_path / "out" / UNFINISHED, tmp_path / "other"
    (unfinished / "folder").mkdir(parents=True)
    for path in (unfinished / "documents", unfinished / "zz.journal"):
        path.write_text("x", "utf-8")
    remove_unfinished(tmp_path / "out")
    assert [path.name for path in unfinished.iterdir()] == ["folder"]
    (unfinished / "folder").rmdir()
    remove_unfinished(tmp_path / "out")
    assert not unfinished.exists()
    other.mkdir()
    (other / "mine").write_text("x", "utf-8")
    unfinished.symlink_to(other)
    remove_unfinished(tmp_path / "out")
    assert (other / "mine").exists()


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Write two small files."""
    for name in ("a.jsonl", "b.jsonl"):
        write_jsonl(tmp_path / "in" / name, records(5))
    return tmp_path / "in"


def test_what_is_finished_is_left_alone(small: Path, tmp_path: Path) -> None:
    """A second run changes nothing and reports the same; a changed input is processed again, with its quarantine."""
    (small / "a.jsonl").write_bytes((small / "a.jsonl").read_bytes() + b"[]\n")
    first = clean_bulk([small], tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}
    second = clean_bulk([small], tmp_path / "out")
    assert (second.n_skipped, second.counts.n_lines, second.counts.n_bad) == (2, first.counts.n_lines, 1)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")} == before
    write_jsonl(small / "a.jsonl", records(3))
    third = clean_bulk([small], tmp_path / "out")
    assert (third.n_skipped, third.n_redone, third.counts.n_documents, third.counts.n_bad) == (1, 1, 8, 0)
    assert len(read_jsonl(tmp_path / "out" / "a.jsonl")) == 3
    assert list((tmp_path / "out" / "_quarantine").iterdir()) == []


@pytest.mark.parametrize(
    "settings", [Settings(threshold=0.9), Settings(dropped=True), Settings(keywords={"share": ["a b"]})], ids=str
)
def test_other_settings_are_refused(settings: Settings, small: Path, tmp_path: Path) -> None:
    """A folder written with other settings is refused unless `overwrite` is given."""
    clean_bulk([small], tmp_path / "out")
    with pytest.raises(InputError, match="written with other settings"):
        clean_bulk([small], tmp_path / "out", settings)
    assert clean_bulk([small], tmp_path / "out", settings, overwrite=True).n_skipped == 0
    clean_bulk([small], tmp_path / "fresh", settings)
    assert tree(tmp_path / "out") == tree(tmp_path / "fresh")


def test_another_model_is_refused(small: Path, saved: Path, tmp_path: Path) -> None:
    """Models are compared by content, not by name."""
    model = tmp_path / "m.joblib"
    model.write_bytes(saved.read_bytes())
    clean_bulk([small], tmp_path / "out", Settings(model=saved))
    assert clean_bulk([small], tmp_path / "out", Settings(model=model)).n_skipped == 2
    with pytest.raises(InputError, match="model was"):
        clean_bulk([small], tmp_path / "out")


def test_a_manifest_that_broke_off(small: Path, tmp_path: Path) -> None:
    """An incomplete last line of the manifest is ignored: its file is processed again, to the same bytes."""
    clean_bulk([small], tmp_path / "out")
    whole = tree(tmp_path / "out")
    manifest = tmp_path / "out" / "_manifest.jsonl"
    manifest.write_bytes(manifest.read_bytes()[:-9])
    (tmp_path / "out" / "_unfinished").mkdir()
    (tmp_path / "out" / "_unfinished" / "documents").write_bytes(b"half")
    assert clean_bulk([small], tmp_path / "out").n_skipped == 1
    assert tree(tmp_path / "out") == whole


def test_a_damaged_manifest(small: Path, tmp_path: Path) -> None:
    """A damaged manifest is refused, and paths in it that lead outside the folder are not touched."""
    (tmp_path / "out").mkdir()
    (tmp_path / "precious.jsonl").write_text("{}")
    (tmp_path / "out" / "_manifest.jsonl").write_text('{"begun": "../precious.jsonl"}\n[]\n')
    with pytest.raises(InputError, match="damaged"):
        clean_bulk([small], tmp_path / "out")
    clean_bulk([small], tmp_path / "out", overwrite=True)
    assert (tmp_path / "precious.jsonl").exists()


def test_same_names_do_not_collide(tmp_path: Path) -> None:
    """Files of one name in several folders are told apart by their folders; a file named twice is processed once."""
    paths = [
        write_jsonl(tmp_path / "in" / part / "a.jsonl", records(n)) for n, part in enumerate(("x", "y", "y/z"), 1)
    ]
    summary = clean_bulk([*paths, paths[0], str(tmp_path / "in" / "**" / "*.jsonl")], tmp_path / "out")
    found = [path.relative_to(tmp_path / "out").as_posix() for path in sorted((tmp_path / "out").rglob("*.jsonl"))]
    assert found == ["_manifest.jsonl", "x/a.jsonl", "y/a.jsonl", "y/z/a.jsonl"]
    assert (summary.n_inputs, summary.counts.n_documents) == (3, 6)


def test_other_names_than_before_are_refused(tmp_path: Path) -> None:
    """A further input that would rename a finished output is refused, because its documents would exist twice."""
    first, second = (write_jsonl(tmp_path / "in" / part / "a.jsonl", records(2)) for part in "xy")
    clean_bulk([first], tmp_path / "out")
    with pytest.raises(InputError, match=r"an earlier run wrote the output as a\.jsonl"):
        clean_bulk([first, second], tmp_path / "out")


def test_an_output_of_another_input_is_refused(tmp_path: Path) -> None:
    """An output of another input with the same name, finished or begun, is not replaced."""
    first, second = (write_jsonl(tmp_path / "in" / part / "a.jsonl", records(n)) for n, part in enumerate("xy", 2))
    clean_bulk([first], tmp_path / "out")
    whole = tree(tmp_path / "out")
    manifest = tmp_path / "out" / "_manifest.jsonl"
    for _ in range(2):
        with pytest.raises(InputError, match=r"which belongs to .*x/a\.jsonl: choose another output folder"):
            clean_bulk([second], tmp_path / "out")
        assert tree(tmp_path / "out") == whole
        manifest.write_bytes(b"".join(manifest.read_bytes().splitlines(keepends=True)[:2]))
        whole = tree(tmp_path / "out")
    clean_bulk([first, second], tmp_path / "out", overwrite=True)
    assert [len(read_jsonl(tmp_path / "out" / part / "a.jsonl")) for part in "xy"] == [2, 3]


def test_an_input_is_known_by_any_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is recognised under another path."""
    path = write_jsonl(tmp_path / "in" / "a.jsonl", records(2))
    (tmp_path / "link").symlink_to(tmp_path / "in")
    clean_bulk([path], tmp_path / "out")
    monkeypatch.chdir(tmp_path)
    for other in ("in/a.jsonl", "link/../in/a.jsonl", "link/a.jsonl"):
        assert clean_bulk([other], "out").n_skipped == 1


def test_folders_keep_their_shape(tmp_path: Path) -> None:
    """All files below a folder are cleaned, except other formats and names that begin with a dot or an underscore."""
    for name in ("a.jsonl", "deep/b.jsonl.gz", ".hidden.jsonl", "_side/c.jsonl", "notes.txt"):
        write_jsonl(tmp_path / "in" / name, records(1))
    clean_bulk([tmp_path / "in"], tmp_path / "out")
    assert sorted(tree(tmp_path / "out")) == ["_manifest.jsonl", "a.jsonl", "deep/b.jsonl.gz"]


def test_nothing_of_others_is_overwritten(small: Path, tmp_path: Path) -> None:
    """Inputs, folders of inputs and files that no run has written are refused as outputs."""
    with pytest.raises(InputError, match="lies within the input"):
        clean_bulk([small], small / "out")
    with pytest.raises(InputError, match="would be overwritten"):
        clean_bulk([small / "a.jsonl"], small, overwrite=True)
    clean_bulk([small], tmp_path / "before" / "sub")
    with pytest.raises(InputError, match="where --overwrite removes"):
        clean_bulk([tmp_path / "before" / "sub"], tmp_path / "before", overwrite=True)
    assert (tmp_path / "before" / "sub" / "a.jsonl").exists()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.jsonl").write_text("precious")
    with pytest.raises(InputError, match="not written by an earlier run"):
        clean_bulk([small], tmp_path / "out")
    assert (tmp_path / "out" / "a.jsonl").read_text() == "precious"


def test_one_run_at_a_time(small: Path, tmp_path: Path) -> None:
    """Two runs cannot write to one folder at the same time."""
    fcntl = pytest.importorskip("fcntl")
    clean_bulk([small], tmp_path / "out")
    with (tmp_path / "out" / "_manifest.jsonl").open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(InputError, match="another run is writing"):
            clean_bulk([small], tmp_path / "out", overwrite=True)
    assert len(read_jsonl(tmp_path / "out" / "a.jsonl")) == 5


def test_a_pattern_never_takes_outputs_or_what_is_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pattern that reaches into the output folder matches the same inputs in every run, and no manifest."""
    write_jsonl(tmp_path / "in" / "a.jsonl", records(2))
    write_jsonl(tmp_path / "in" / "_side" / "b.jsonl", records(1))
    monkeypatch.chdir(tmp_path)
    first, again = (clean_bulk(["**/*.jsonl"], "out") for _ in range(2))
    assert (first.n_inputs, again.n_inputs, again.n_skipped) == (1, 1, 1)
    assert sorted(tree(tmp_path / "out")) == ["_manifest.jsonl", "a.jsonl"]
    assert clean_bulk(["in/*.jsonl"], ".").n_inputs == 1


def test_each_file_once(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file matched by several arguments is read once."""
    monkeypatch.chdir(tmp_path)
    inputs = [small, small / "a.jsonl", "in/../in/a.jsonl", "in/a*"]
    assert clean_bulk(inputs, "out").n_inputs == clean_bulk([small], "other").n_inputs


def test_a_deleted_output_comes_back(small: Path, tmp_path: Path) -> None:
    """A rerun writes deleted outputs again."""
    clean_bulk([small], tmp_path / "out")
    before = (tmp_path / "out" / "a.jsonl").read_bytes()
    (tmp_path / "out" / "a.jsonl").unlink()
    clean_bulk([small], tmp_path / "out")
    assert (tmp_path / "out" / "a.jsonl").read_bytes() == before
