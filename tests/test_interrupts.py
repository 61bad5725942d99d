"""Ctrl-C at any moment: exit code 130, no traceback, no half file, no temporary one left behind."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from bulk_corpora import records, tree, write_jsonl
from cli_process import ARTICLE, DATA, OFFER, PROSE, SITES, dechaff, environment

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

#: Writes a figure into the report of a test run, `pytest --junitxml`.
Count = Callable[[str, object], None]
#: How often each command is interrupted: so many times over all of its run, and again where files get their names.
MOMENTS = 12
SITE = str(SITES[0])
LABELS = ("annotate", SITE, "--from", "text", "--to")
COMMANDS = {
    "clean": (("clean", "a.txt", "-o", "out/old.txt"), MOMENTS),
    "clean, a folder": (("clean", "a.txt", "b.txt", "-o", "out"), MOMENTS),
    "clean, JSON": (("clean", "a.txt", "b.txt", "--json", "-o", "out/old.txt"), MOMENTS),
    "bulk": (("bulk", "in", "-o", "out/bulk", "--dropped", "--workers", "1"), MOMENTS),
    "train": (("train", *map(str, SITES), "--trees", "0", "--folds", "2", "-o", "out/old.txt"), MOMENTS // 6),
    "evaluate": (("evaluate", SITE, "--json", "out/old.txt", "--lines", "out/lines.npz"), MOMENTS // 6),
    "annotate": (("annotate", "page.html", "--gold", "gold.txt", "-o", "out/old.txt"), MOMENTS),
    "annotate, Label Studio": ((*LABELS, "label-studio", "-o", "out/old.txt"), MOMENTS),
    "annotate, Dolma": ((*LABELS, "dolma", "-o", "out/dolma"), MOMENTS),
    "annotate, text": ((*LABELS, "text", "-o", "out/text"), MOMENTS),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder of inputs, and of an output that an earlier run has written."""
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
    """Interrupt a command at so many lines and more; give the exit code at each."""
    script = Path(__file__).with_name("interruption.py")
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")  # what forks cannot take along
    done = subprocess.run(
        [sys.executable, script, folder, str(moments), *arguments],
        env=environment(**one_thread), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {int(moment): code for moment, code in json.loads(folder.with_name("outcomes.json").read_text())}


@pytest.mark.parametrize("command", COMMANDS)
def test_interrupted_at_a_line(command: str, folder: Path, record_property: Count) -> None:
    """Wherever a command is interrupted, a file is as it was before or as the whole run leaves it."""
    arguments, moments = COMMANDS[command]
    codes = interrupt(folder, arguments, moments)
    record_property("interrupts", len(codes))
    assert len(codes) >= moments
    before, whole = tree(folder), tree(folder.with_name("whole"))
    for moment, code in codes.items():
        said = (folder.parent / f"{moment}.stderr").read_text()
        assert (code, "Traceback" in said) == (130, False), (moment, said)
        left = tree(folder.with_name(str(moment)))
        half = {name for name, data in left.items() if data not in (before.get(name), whole.get(name))}
        assert half <= {"out/bulk/_manifest.jsonl"}, moment
