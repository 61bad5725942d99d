"""Runs that are interrupted within a file go on from the last checkpoint, to the same bytes."""

import json
import os
import signal
from pathlib import Path

import pytest
from bulk_corpora import read_jsonl, records, texts, tree, write_jsonl
from test_bulk_resume import start, wait_for

from dechaff import InputError
from dechaff.bulk import Settings, clean_bulk, run
from dechaff.bulk.formats import compression, jsonl, parquet, warc
from dechaff.bulk.run import ProgressListener
from dechaff.bulk.summary import Counts

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
N = 500
SETTINGS = Settings(attributes=True)
UNFINISHED = Path("_unfinished", "checkpoint.json")


class Stopper(ProgressListener):
    """Presses Ctrl-C after some chunks, and remembers how many documents were cleaned and what was said."""

    def __init__(self, after: int = 10**9) -> None:
        self.n_documents, self.n_chunks, self.after, self.messages = 0, 0, after, list[str]()

    def on_message(self, message: str) -> None:
        """Remember a message."""
        self.messages.append(message)

    def on_progress(self, position: int, counts: Counts, n_bytes: int) -> None:  # noqa: ARG002
        """Stop after enough chunks."""
        self.n_documents += counts.n_documents
        self.n_chunks += 1
        if self.n_chunks >= self.after:
            raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut small files into many chunks, with a checkpoint after every second."""
    for module in (jsonl, parquet, warc):
        monkeypatch.setattr(module, "CHUNK", 1 << 14)
    monkeypatch.setattr(parquet, "_ROW_GROUP", 1 << 16)
    monkeypatch.setattr(compression, "_PIECE", 1 << 14)
    monkeypatch.setattr(compression, "_COMPRESSED_PIECE", 1 << 9)
    monkeypatch.setattr(run, "CHECKPOINT_PARTS", 2)


def write_input(name: str, folder: Path) -> Path:
    """Write documents in the format of the name, some of them bad."""
    path = folder / name
    if name.endswith("parquet"):
        rows = [{"id": n, "text": None if n == 50 else text} for n, text in enumerate(texts(N))]
        path.parent.mkdir(exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif "wet" in name:
        head = "WARC/1.0\r\nWARC-Type: conversion\r\nContent-Type: text/plain\r\nContent-Length: "
        bodies = [text.encode() for text in texts(N)]
        parts = [f"{head}{len(body)}\r\n\r\n".encode() + body + b"\r\n\r\n" for body in bodies]
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"".join([*parts[:50], b"no record\r\n\r\n", *parts[50:]]))
    else:
        write_jsonl(path, [*records(50), [], *records(N - 50)])
    return path


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.parquet", "a.wet"])
def test_same_bytes_after_interruptions(name: str, tmp_path: Path) -> None:
    """Interrupted twice, a run writes all files as if undisturbed, and cleans nothing twice but since a checkpoint."""
    path = write_input(name, tmp_path / "in")
    whole = clean_bulk([path], tmp_path / "whole", SETTINGS, workers=1)
    for _ in range(2):
        stopper = Stopper(after=2)
        with pytest.raises(KeyboardInterrupt):
            clean_bulk([path], tmp_path / "out", SETTINGS, workers=1, listener=stopper)
        n_safe = json.loads((tmp_path / "out" / UNFINISHED).read_text())["counts"]["n_documents"]
        assert f"0 of 1 file is finished, and {n_safe} documents of {name}" in stopper.messages[-1]
    stopper = Stopper()
    summary = clean_bulk([path], tmp_path / "out", SETTINGS, workers=1, listener=stopper)
    assert stopper.messages[0] == f"{name}: going on after {n_safe} documents"
    assert stopper.n_documents == whole.counts.n_documents - n_safe
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")
    assert (summary.counts.to_dict(), summary.notes) == (whole.counts.to_dict(), whole.notes)


def test_every_point_of_interruption(tmp_path: Path) -> None:
    """Wherever the run ends, before or after a checkpoint, the result is the same."""
    path = write_input("a.jsonl.zst", tmp_path / "in")
    clean_bulk([path], tmp_path / "whole", workers=1)
    for after in range(1, 5):
        folder = tmp_path / str(after)
        with pytest.raises(KeyboardInterrupt):
            clean_bulk([path], folder, workers=1, listener=Stopper(after))
        clean_bulk([path], folder, workers=1)
        assert tree(folder) == tree(tmp_path / "whole")


def stop(path: Path, folder: Path) -> int:
    """Interrupt a run; return the number of documents that are safe."""
    with pytest.raises(KeyboardInterrupt):
        clean_bulk([path], folder, workers=1, listener=Stopper(2))
    return int(json.loads((folder / UNFINISHED).read_text())["counts"]["n_documents"])


def test_a_changed_input_starts_over(tmp_path: Path) -> None:
    """A checkpoint of a file that has changed, with a short file or without its manifest is not used."""
    path, out = write_input("a.jsonl", tmp_path / "in"), tmp_path / "out"
    clean_bulk([path], tmp_path / "whole", workers=1)
    damages = {
        "changed": lambda: path.write_bytes(path.read_bytes()) and os.utime(path, (1, 1)),
        "short": lambda: (out / "_unfinished" / "documents").write_bytes(b"x"),
        "damaged": lambda: (out / UNFINISHED).write_text("{"),
        "no manifest": lambda: (out / "_manifest.jsonl").unlink(),
    }
    for damage in damages.values():
        assert stop(path, out) > 0
        damage()
        stopper = Stopper()
        clean_bulk([path], out, workers=1, listener=stopper)
        assert stopper.n_documents == N
        assert (out / "a.jsonl").read_bytes() == (tmp_path / "whole" / "a.jsonl").read_bytes()
        assert not (out / "_unfinished").exists()
        (out / "a.jsonl").unlink()


def test_a_damaged_journal_is_an_error(tmp_path: Path) -> None:
    """A journal with other bytes of the right length is an error that names the file."""
    path, out = write_input("a.jsonl.zst", tmp_path / "in"), tmp_path / "out"
    stop(path, out)
    journal = out / "_unfinished" / "documents.journal"
    journal.write_bytes(journal.read_bytes()[:8] + bytes(journal.stat().st_size - 8))
    with pytest.raises(InputError, match=r"documents\.journal: damaged: delete its folder"):
        clean_bulk([path], out, workers=1)


def test_other_files_wait(tmp_path: Path) -> None:
    """A file that is added before the interrupted one is cleaned after it; starting over ignores the checkpoint."""
    path, out = write_input("b.jsonl", tmp_path / "in"), tmp_path / "out"
    n_safe = stop(path, out)
    write_input("a.jsonl", tmp_path / "in")
    stopper = Stopper()
    summary = clean_bulk([tmp_path / "in"], out, workers=1, listener=stopper)
    assert (summary.counts.n_documents, stopper.n_documents) == (2 * N, 2 * N - n_safe)
    again = Stopper()
    stop(write_input("c.jsonl", tmp_path / "in"), out)
    clean_bulk([tmp_path / "in"], out, workers=1, listener=again, overwrite=True)
    assert again.n_documents == 3 * N


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_killed_within_a_file(end: signal.Signals, tmp_path: Path) -> None:
    """One large file, killed or interrupted by Ctrl-C, goes on and ends with the bytes of an undisturbed run."""
    path = write_jsonl(tmp_path / "in" / "big.jsonl.zst", records(100_000))
    process = start(path, "-o", tmp_path / "out", "--workers", "2")
    wait_for(tmp_path / "out" / UNFINISHED, process)
    os.killpg(process.pid, end)
    stderr = process.communicate()[1].decode()
    assert ("0 of 1 file is finished, and" in stderr) == (end == signal.SIGINT)
    for folder in ("out", "whole"):
        process = start(path, "-o", tmp_path / folder, "--workers", "2")
        stderr = process.communicate()[1].decode()
        assert process.returncode == 0
        assert ("big.jsonl.zst: going on after" in stderr) == (folder == "out")
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")
    assert len(read_jsonl(tmp_path / "out" / "big.jsonl.zst")) == 100_000
