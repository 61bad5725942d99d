"""Interrupt a command at chosen lines of the project's own code: `interruption.py FOLDER MOMENTS ARGUMENT…`.

The command runs in this process once, which imports all that it needs; then in a fork that counts its lines, and in
one fork for each moment, where the process sends itself SIGINT. Each run works on its own copy of the folder.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import dechaff
import dechaff_training
from dechaff.files import written_whole
from dechaff_training.__main__ import main

_OWN = tuple(str(Path(package.__file__).parent) for package in (dechaff, dechaff_training))
#: The file with the code that writes under a temporary name.
_FILES = written_whole.__wrapped__.__code__.co_filename


def on_lines(act: Callable[[int, str], None]) -> None:
    """Call a function with the number and the file of each of the project's lines before it runs."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        if event == "call":
            return trace if frame.f_code.co_filename.startswith(_OWN) else None
        if event == "line":
            count += 1
            act(count, frame.f_code.co_filename)
        return trace

    sys.settrace(trace)


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    sys.argv = ["dechaff", *arguments]
    signal.signal(signal.SIGINT, signal.default_int_handler)  # as at the start of any program
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def in_fork(folder: Path, arguments: list[str], act: Callable[[int, str], None], done: Callable[[], None]) -> int:
    """Run the command in a fork, within a folder, and return its exit code."""
    if (child := os.fork()) == 0:
        os.chdir(folder)
        for descriptor, name in ((1, "stdout"), (2, "stderr")):
            os.dup2(os.open(folder.parent / f"{folder.name}.{name}", os.O_WRONLY | os.O_CREAT), descriptor)
        on_lines(act)
        code = run(arguments)
        sys.settrace(None)
        done()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def choose(files: list[str], n: int) -> list[int]:
    """Choose `n` moments over the whole run, and up to `n` more where something is written under a temporary name."""
    every = range(1, len(files) + 1)
    writing = [line for line in every if files[line - 1] == _FILES]
    return sorted({*spread(every, n), *spread(writing, n)})


def spread(lines: Sequence[int], n: int) -> list[int]:
    """Choose `n` of the lines at equal distances; not the first, before the interrupt handler is set."""
    step = max(len(lines) / n, 1)
    return [lines[int((place + 0.5) * step)] for place in range(min(n, len(lines)))]


def copy(folder: Path, name: str) -> Path:
    """Copy a folder beside itself."""
    return Path(shutil.copytree(folder, folder.parent / name, symlinks=True))


def main_process(folder: Path, n: int, arguments: list[str]) -> list[tuple[int, int]]:
    """Interrupt the command at `n` moments or more; return each moment and its exit code."""
    os.chdir(copy(folder, "warm"))
    assert run(arguments) == 0
    files: list[str] = []
    counted = folder.parent / "lines.json"
    assert not in_fork(
        copy(folder, "whole"), arguments, lambda _, file: files.append(file), lambda: _keep(files, counted)
    )
    outcomes = []
    for moment in choose(json.loads(counted.read_text()), n):

        def interrupt(line: int, _: str, moment: int = moment) -> None:
            if line == moment:
                os.kill(os.getpid(), signal.SIGINT)

        outcomes.append((moment, in_fork(copy(folder, str(moment)), arguments, interrupt, lambda: None)))
    return outcomes


def _keep(files: list[str], path: Path) -> None:
    path.write_text(json.dumps(files))


if __name__ == "__main__":
    _, inputs, moments, *rest = sys.argv
    outcomes = main_process(Path(inputs), int(moments), rest)
    Path(inputs).with_name("outcomes.json").write_text(json.dumps(outcomes))
