"""No command writes over one of its inputs, whatever path or link leads there."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from cli_process import ARTICLE, DATA, DECHAFF, dechaff, environment

SITE = DATA / "deccan-ledger"
# Each command, with IN for the input that its output is to be, and OUT for that output.
COMMANDS = {
    "clean": "clean texts/a.txt -o {texts/a.txt}",
    "clean several": "clean texts/a.txt texts/b.txt -o {texts}",
    "clean several as JSON": "clean texts/a.txt texts/b.txt --json -o {texts/b.txt}",
    "clean, the model": "clean texts/a.txt -m m.joblib -o {m.joblib}",
    "report": "report texts/a.txt texts/b.txt -o {texts/b.txt}",
    "report of a folder": "report texts -o {texts/b.txt}",
    "report, the model": "report texts/a.txt -m m.joblib -o {m.joblib}",
    "diff": "diff default m.joblib site --json {site/1.txt}",
    "diff, a model": "diff default m.joblib site --json {m.joblib}",
    "evaluate": "evaluate site -m m.joblib --json {site/1.txt}",
    "evaluate, lines": "evaluate site/1.txt -m m.joblib --lines {site/1.txt}",
    "evaluate, languages of sites": "evaluate site/1.txt -m m.joblib --json {sites.tsv}",
    "evaluate, HTML": "evaluate site -m m.joblib --html pages.parquet --json {pages.parquet}",
    "evaluate, the model": "evaluate site -m m.joblib --lines {m.joblib}",
    "benchmark": "benchmark pages.parquet --json {pages.parquet}",
    "train": "train site -o {site/1.txt}",
    "train, figures": "train site --metrics figures.json -o {figures.json}",
    "fine-tune": "train site --start-from default -o {site/1.txt}",
    "fine-tune, the model": "train site --start-from m.joblib -o {m.joblib}",
    "fine-tune, scores": "train site --start-from m.joblib -o new.joblib --json {site/1.txt}",
    "annotate": "annotate page.html --gold texts/a.txt -o {page.html}",
    "annotate, the gold": "annotate page.html --gold texts/a.txt -o {texts/a.txt}",
    "convert to texts": "annotate site --from text --to text -o {.}",
    "convert to tasks": "annotate site --from text --to label-studio -o {site/1.txt}",
    "convert documents": "annotate articles.jsonl --from dolma --to dolma -o {.}",
    "bulk": "bulk in.jsonl -o {.}",
    "profile": "profile in.jsonl -o {in.jsonl}",
    "bulk, starting over": "bulk in.jsonl -o {.} --overwrite",
    "bulk, side files": "bulk side/_dropped/in.jsonl -o {side} --dropped",
    "bulk, the manifest": "bulk side/_manifest.jsonl -o {side}",
    "label, raw texts": "label site/raw.txt --to {.} --no-open",
    "label, the model": "label site/1.txt --to {.} -m model.joblib --no-open",
}


@pytest.fixture
def place(tmp_path: Path, saved: Path) -> Path:
    """Make inputs of every kind."""
    tmp_path /= "work"
    for folder in ("texts", "site", "side/_dropped", "_attributes"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("texts/a.txt", "texts/b.txt", "page.html", "pages.parquet", "site/raw.txt"):
        (tmp_path / name).write_text(ARTICLE)
    for number, path in enumerate(sorted(SITE.glob("*.txt"))[:2]):
        shutil.copy(path, tmp_path / "site" / f"{number}.txt")
    for name in ("in.jsonl", "articles.jsonl", "side/_dropped/in.jsonl", "side/_manifest.jsonl"):
        (tmp_path / name).write_text('{"id": "x/y", "text": "The vote was held."}\n')
    attributes = '{"id": "x/y", "attributes": {"dechaff__content": [[0, 18, 1.0]]}}\n'
    (tmp_path / "_attributes" / "articles.jsonl").write_text(attributes)
    (tmp_path / "figures.json").write_text("{}")
    (tmp_path / "sites.tsv").write_text("site\tlanguage\n")
    shutil.copy(saved, tmp_path / "m.joblib")
    shutil.copy(saved, tmp_path / "model.joblib")
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    """Return the content of every file."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def other_names(output: str, place: Path) -> list[str]:
    """Return other paths of a file or folder: absolute, by detours, by links to it and to its folder."""
    path = place / output
    (place.parent / "link").symlink_to(path)
    (place.parent / "folder").symlink_to(path.parent)
    names = [output, str(path), f"texts/../{output}", f"missing/../{output}", "../link", f"../folder/{path.name}"]
    if path.is_file():
        os.link(path, place.parent / "hard")
        names.append("../hard")
    return names


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_inputs_are_never_written_over(command: str, place: Path) -> None:
    """Every command that writes refuses an output that is its input, by any path or link, and writes nothing."""
    if not command.startswith("label site/raw"):
        (place / "site" / "raw.txt").unlink()
    before, (head, output, tail) = contents(place), command.replace("}", "{").split("{")
    for name in other_names(output, place):
        done = dechaff(*head.split(), name, *tail.split(), cwd=place, code=1)
        assert "which would be overwritten: choose another output" in done.stderr.replace("\n", " ")
        assert done.stderr.count("\n") == 1
        assert contents(place) == before


@pytest.mark.slow
def test_standard_streams(tmp_path: Path) -> None:
    """A file that the shell has opened to be read or written is known too; a device may be both."""
    path = tmp_path / "a.txt"
    path.write_bytes(ARTICLE.encode())
    redirections = [("clean -o a.txt", "rb"), ("clean a.txt", "ab"), ("show a.txt", "ab"), ("report a.txt", "ab")]
    for command, mode in redirections:
        stream = {"rb": "stdin", "ab": "stdout"}[mode]
        with path.open(mode) as file:
            streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, stream: file}
            run = [*DECHAFF, *command.split()]
            done = subprocess.run(
                run, **streams, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, check=False
            )
        assert b"which would be overwritten" in done.stderr
        assert (done.returncode, path.read_bytes()) == (1, ARTICLE.encode())
    dechaff("clean", os.devnull, "-o", os.devnull)


def test_other_outputs_are_replaced(place: Path) -> None:
    """A file that is not an input is replaced, as before, and so is the target of a link."""
    (place / "old.txt").write_text("old")
    (place / "link").symlink_to(place / "old.txt")
    dechaff("clean", "texts/a.txt", "-o", "link", cwd=place)
    assert (place / "old.txt").read_text().startswith("The council")


def test_unfinished_files_are_no_inputs(tmp_path: Path) -> None:
    """A bulk run removes unfinished files, so it refuses these as inputs."""
    path = tmp_path / "out" / "_unfinished" / "a.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text('{"text": "The vote was held."}\n')
    done = dechaff("bulk", path, "-o", tmp_path / "out", code=1)
    assert "are removed: move it" in done.stderr
    assert path.exists()
