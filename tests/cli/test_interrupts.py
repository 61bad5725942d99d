"""Ctrl-C at any moment: exit code 130, no traceback, no incomplete or temporary file left behind."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from bulk_corpora import records, tree, write_jsonl
from cli_process import ARTICLE, DECHAFF, OFFER, PROSE, SITES, environment
from page_sessions import Saver, running, write_texts

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")]

#: Writes a figure into the report of a test run, `pytest --junitxml`.
Count = Callable[[str, object], None]
#: Interrupts of each command: this number over its whole run, and again where files get their names.
MOMENTS = 8
#: Bulk runs append to this file.
MANIFEST = "out/bulk/_manifest.jsonl"
#: Interrupts of each process; `DECHAFF_INTERRUPTS=100` tries more.
TIMES = int(os.environ.get("DECHAFF_INTERRUPTS", "1"))
SITE = str(SITES[0])
LABELS = ("annotate", SITE, "--from", "text", "--to")
COMMANDS = {
    "clean": (("clean", "a.txt", "-o", "out/old.txt"), MOMENTS),
    "clean, a folder": (("clean", "a.txt", "b.txt", "-o", "out"), MOMENTS),
    "clean, JSON": (("clean", "a.txt", "b.txt", "--json", "-o", "out/old.txt"), MOMENTS),
    "bulk": (("bulk", "in", "-o", "out/bulk", "--dropped", "--workers", "1"), MOMENTS),
    "train": (("train", *map(str, SITES), "--trees", "0", "--folds", "2", "-o", "out/old.txt"), MOMENTS // 4),
    "evaluate": (("evaluate", SITE, "--json", "out/old.txt", "--lines", "out/lines.npz"), MOMENTS // 4),
    "annotate": (("annotate", "page.html", "--gold", "gold.txt", "-o", "out/old.txt"), MOMENTS),
    "annotate, Label Studio": ((*LABELS, "label-studio", "-o", "out/old.txt"), MOMENTS),
    "annotate, Dolma": ((*LABELS, "dolma", "-o", "out/dolma"), MOMENTS),
    "annotate, text": ((*LABELS, "text", "-o", "out/text"), MOMENTS),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder of inputs with the output of an earlier run."""
    folder = tmp_path / "inputs"
    (folder / "out").mkdir(parents=True)
    (folder / "out" / "old.txt").write_text("written before")
    for name in ("a.txt", "b.txt"):
        (folder / name).write_bytes(ARTICLE.encode())
    for name in ("a.jsonl", "b.jsonl"):
        write_jsonl(folder / "in" / name, records(3))
    paragraphs = "".join(f"<p>{text}</p>" for text in (PROSE[0], OFFER, *PROSE[1:], "Share"))
    (folder / "page.html").write_text(f"<html><body>{paragraphs}</body></html>")
    (folder / "gold.txt").write_text("\n".join(PROSE))
    return folder


def interrupt(folder: Path, arguments: tuple[str, ...], moments: int) -> dict[int, int]:
    """Interrupt a command at the given number of lines or more; return the exit code for each."""
    script = Path(__file__).parents[1] / "interruption.py"
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")  # threads do not survive a fork
    done = subprocess.run(
        [sys.executable, script, folder, str(moments), *arguments],
        env=environment(**one_thread), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {int(moment): code for moment, code in json.loads(folder.with_name("outcomes.json").read_text())}


@pytest.mark.parametrize("command", COMMANDS)
def test_interrupted_at_a_line(command: str, folder: Path, record_property: Count) -> None:
    """Wherever a command is interrupted, each file is as before or as a complete run leaves it."""
    arguments, moments = COMMANDS[command]
    codes = interrupt(folder, arguments, moments)
    record_property("interrupts", len(codes))
    assert len(codes) >= moments
    before, whole = tree(folder), tree(folder.with_name("whole"))
    for moment, code in codes.items():
        stderr = (folder.parent / f"{moment}.stderr").read_text()
        assert (code, "Traceback" in stderr) == (130, False), (moment, stderr)
        assert half_files(folder.with_name(str(moment)), before, whole) == set(), moment


def half_files(folder: Path, before: dict[str, bytes], whole: dict[str, bytes]) -> set[str]:
    """Return the files that are neither as before nor as a complete run leaves them, except the manifest."""
    left = tree(folder).items()
    return {name for name, data in left if data not in (before.get(name), whole.get(name)) and name != MANIFEST}


AT_RANDOM = {
    "clean": COMMANDS["clean, a folder"][0],
    "annotate": COMMANDS["annotate, text"][0],
    "bulk": ("bulk", "in", "-o", "out/bulk", "--workers", "2"),
}


@pytest.mark.parametrize("seed", range(TIMES))
@pytest.mark.parametrize("command", AT_RANDOM)
def test_interrupted_at_random(command: str, seed: int, folder: Path, record_property: Count) -> None:
    """A process that receives Ctrl-C at any moment after its start ends with 130, or has just finished; all files are complete."""
    arguments, before = [*DECHAFF, *AT_RANDOM[command]], tree(folder)
    whole = shutil.copytree(folder, folder.with_name("whole"))
    began = time.monotonic()
    subprocess.run(arguments, cwd=whole, env=environment(), capture_output=True, check=True)
    took = time.monotonic() - began
    process = start(arguments, folder)
    wait_for_numpy(process)
    time.sleep(random.Random(seed).uniform(0, took))  # noqa: S311
    os.killpg(process.pid, signal.SIGINT)
    stderr = process.communicate(timeout=60)[1].decode()
    record_property("interrupts", 1)
    code = process.returncode if process.returncode >= 0 else 128 - process.returncode  # as a shell reports it
    assert code in (0, 130), stderr
    assert "Traceback" not in stderr
    assert half_files(folder, before, tree(whole)) == set()
    assert code or tree(folder).keys() == tree(whole).keys()


def start(arguments: list[str], folder: Path) -> "subprocess.Popen[bytes]":
    """Start a command in a session of its own that receives Ctrl-C, unlike a background process."""
    return subprocess.Popen(
        arguments,
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def wait_for_numpy(process: "subprocess.Popen[bytes]") -> None:
    """Wait until a process imports numpy; while Python itself starts, a traceback cannot be avoided."""
    maps = Path(f"/proc/{process.pid}/maps")
    if not maps.exists():
        pytest.skip("needs /proc")
    while process.poll() is None and "numpy" not in maps.read_text():
        time.sleep(0.001)


@pytest.mark.parametrize("seed", range(TIMES))
def test_interrupted_while_the_page_saves(seed: int, tmp_path: Path, record_property: Count) -> None:
    """A server interrupted between or within saves leaves every labelled file and draft as one save wrote it."""
    pytest.importorskip("uvicorn", reason="needs the extra [page]")
    texts, saved = write_texts(tmp_path / "texts"), tmp_path / "mine"
    with running(texts, "--to", saved) as (url, process):
        page = Saver(url)
        page.save_once()
        page.start()
        time.sleep(0.2 + random.Random(seed).uniform(0, 0.2))  # noqa: S311
        process.send_signal(signal.SIGINT)
        stderr = process.communicate(timeout=30)[1]
    page.join()
    record_property("interrupts", 1)
    assert (process.returncode, "Traceback" in stderr) == (130, False), stderr
    assert page.n_saved > 2
    assert set(tree(saved)) <= {"bote/weir.txt", ".drafts/bote/weir.json"}
    assert (saved / "bote" / "weir.txt").read_text() in Saver.FILES.values()
