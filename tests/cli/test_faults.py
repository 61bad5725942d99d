"""Full disks, folders without write permission, files that disappear: one clear line, and nothing is lost."""

import ctypes
import json
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from bulk_corpora import records, tree, write_jsonl
from cli_process import ARTICLE, DECHAFF, SITES, environment

from dechaff import DechaffError
from dechaff_training.corpus import Corpus, check_paths, checks, corpus, find_files

pytestmark = pytest.mark.slow
COMMANDS = {
    "clean": ("clean", "a.txt", "-o", "disk/old.txt"),
    "annotate": ("annotate", str(SITES[0]), "--from", "text", "--to", "dolma", "-o", "disk/dolma"),
    "bulk": ("bulk", "in", "-o", "disk/bulk", "--attributes", "--workers", "1"),
}
ATTRIBUTES = "bulk/_attributes/a.jsonl"
_DROP_FROM_BOUNDING_SET, _OVERRIDE, _SEARCH = 24, 1, 2

#: What prepares a process, and what mends the fault.
Fault = tuple[Callable[[], None], Callable[[], object]]


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """Mount a small tmpfs on a folder, with an earlier output on it."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount")
    mount = ["mount", "-t", "tmpfs", "-o", options, "dechaff", folder]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this system does not let root mount")
    try:
        (folder / "old.txt").write_text("written before")
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@contextmanager
def full_disk(folder: Path) -> Iterator[Fault]:
    """Fill a disk to the last byte."""
    with mounted(folder, "size=256k"):
        filler = folder / "filler"
        with suppress(OSError), filler.open("wb", 0) as file:
            while True:
                file.write(bytes(4096))
        yield int, filler.unlink


@contextmanager
def file_limit(folder: Path) -> Iterator[Fault]:
    """Limit the size of files to ten bytes, which needs no privileges."""
    assert folder.is_dir()
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10)), int


@contextmanager
def read_only_disk(folder: Path) -> Iterator[Fault]:
    """Mount a disk read-only."""
    with mounted(folder, "size=256k"):
        change = ["mount", "-o", "remount,ro", folder]
        subprocess.run(change, check=True)
        yield int, lambda: subprocess.run(["mount", "-o", "remount,rw", folder], check=True)


@contextmanager
def locked_folder(folder: Path) -> Iterator[Fault]:
    """Remove write permission from a folder, and root's capability to ignore that."""
    folder.chmod(0o555)
    try:
        yield obey_rights, lambda: folder.chmod(0o755)
    finally:
        folder.chmod(0o755)


def obey_rights() -> None:
    """Drop the capabilities that exempt root from file permissions, for the program started next."""
    if os.geteuid() == 0:
        for capability in (_OVERRIDE, _SEARCH):
            assert ctypes.CDLL(None).prctl(_DROP_FROM_BOUNDING_SET, capability, 0, 0, 0) == 0


FAULTS = {
    full_disk: "No space left on device",
    file_limit: "File too large",
    read_only_disk: "Read-only file system",
    locked_folder: "Permission denied",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make inputs, and a disk with the output of an earlier run."""
    (tmp_path / "a.txt").write_bytes(ARTICLE.encode())
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "old.txt").write_text("written before")
    write_jsonl(tmp_path / "in" / "a.jsonl", records(5))
    return tmp_path


def run(command: str, folder: Path, prepare: Callable[[], object] = int) -> tuple[int, str]:
    """Run a command; return its exit code and standard error."""
    done = subprocess.run(
        [*DECHAFF, *COMMANDS[command]],
        cwd=folder, env=environment(), capture_output=True, text=True, preexec_fn=prepare, timeout=120, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_can_be_written(command: str, fault: Callable[[Path], object], folder: Path) -> None:
    """A fault is reported in one line with place and cause; existing files stay; a bulk run resumes once it is repaired."""
    disk = folder / "disk"
    with fault(disk) as (prepare, mend):
        code, stderr = run(command, folder, prepare)
        errors = [line for line in stderr.splitlines() if line.startswith("dechaff: error: ")]
        assert (code, len(errors)) == (1, 1), stderr
        assert FAULTS[fault] in errors[0]
        assert "disk" in errors[0]
        left = tree(disk)
        assert left.pop("old.txt") == b"written before"
        assert left.keys() <= {"filler", "bulk/_manifest.jsonl"}
        mend()
        if command == "bulk":
            assert run(command, folder)[0] == 0
            assert tree(disk).keys() == {"old.txt", *left, "bulk/_manifest.jsonl", "bulk/a.jsonl", ATTRIBUTES} - {
                "filler"
            }


def test_names_as_long_as_the_system_allows(folder: Path) -> None:
    """A file can be written whose name has no room for a temporary ending."""
    name = "x" * 255
    (folder / name).write_bytes(ARTICLE.encode())
    done = subprocess.run(
        [*DECHAFF, "clean", name, "-o", "disk"], cwd=folder, env=environment(), capture_output=True, check=False
    )
    assert (done.returncode, (folder / "disk" / name).exists()) == (0, True)


@pytest.mark.parametrize("read", [Corpus.read, lambda path: check_paths([path])], ids=["read", "check"])
def test_a_file_that_disappears(
    read: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A labelled file that disappears after its folder was listed is named."""
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text("+ The weir is open again.\n")

    def find_and_remove(path: Path, *rest: tuple[str, ...]) -> list[Path]:
        found = find_files(path, *rest)
        (tmp_path / "b.txt").unlink(missing_ok=True)
        return found

    for module in (corpus, checks):
        monkeypatch.setattr(module, "find_files", find_and_remove)
    try:
        stderr = str(read(tmp_path))
    except DechaffError as error:
        stderr = str(error)
    assert "b.txt" in stderr


def test_an_input_that_disappears(tmp_path: Path) -> None:
    """An input that disappears while the one before it is read is skipped and named; the others are written."""
    os.mkfifo(tmp_path / "first")
    (tmp_path / "second").write_bytes(ARTICLE.encode())
    command = [*DECHAFF, "clean", "first", "second", "--json", "-o", "out"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE) as process:
        with (tmp_path / "first").open("wb") as pipe:  # opens once the command reads it
            (tmp_path / "second").unlink()
            pipe.write(ARTICLE.encode())
        stderr = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 1
    assert "second: no such file" in stderr
    assert [json.loads(line)["path"] for line in (tmp_path / "out").read_text().splitlines()] == ["first"]
