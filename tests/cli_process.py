"""Run the command `dechaff`: in this process, on a terminal, or in a process of its own."""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, chdir, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from unittest import mock

from dechaff_training.__main__ import main

DATA = Path(__file__).parent.parent / "data" / "articles"
# A few sites suffice if the quality of the model does not matter.
SITES = [DATA / site for site in ("deccan-ledger", "solderpoint", "rothener-tagblatt")]
DECHAFF = (sys.executable, "-m", "dechaff_training")
PROSE = (
    "The council voted on Tuesday to repair the old bridge, which had been closed to traffic since March.",
    "“Nobody wanted to wait for another winter,” said Anna Holm, who lives beside the river and saw the "
    "cracks grow from week to week until the engineers came and put up their barriers.",
    "Work will begin in the spring and is expected to take two years, the mayor said after the vote, and it "
    "will cost the town about as much as the new school did when it was built in 2019.",
)
OFFER = "Subscribe now for ₹900 per month"
ARTICLE = f"{PROSE[0]}\r\n\r\n{PROSE[1]}\r\n\r\n{PROSE[2]}\r\n\r\n{OFFER}\r\n\r\nShare this article\r\n"
SMALL = ("--trees", "2", "--folds", "2")
#: As Python opens its standard streams.
STREAMS = (("stdin", "r", "strict"), ("stdout", "w", "strict"), ("stderr", "w", "backslashreplace"))


def environment(**changes: str) -> dict[str, str]:
    """Return this process's environment without the variables that change how terminals are treated."""
    kept = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"}}
    return {**kept, "PYTHONIOENCODING": "utf-8", "TERM": "xterm-256color", **changes}


Done = subprocess.CompletedProcess[Any]


def dechaff(*arguments: object, text: bytes | str = b"", cwd: Path | None = None, code: int | None = 0) -> Done:
    """Run the command in this process and check its exit code; an uncaught exception fails the test."""
    with TemporaryFile() as stdin, TemporaryFile() as stdout, TemporaryFile() as stderr:
        stdin.write(_encode(text))
        for file in (stdin, stdout, stderr):
            file.seek(0)
        with chdir(cwd or Path.cwd()):
            ended = _call(arguments, stdin.fileno(), stdout.fileno(), stderr.fileno())
        printed, errors = (file.seek(0) or file.read() for file in (stdout, stderr))
    return _check(Done(arguments, ended, printed, errors), code)


def dechaff_process(
    *arguments: object, text: bytes | str = b"", cwd: Path | None = None, code: int | None = 0
) -> Done:
    """Run the command in a process of its own; check its exit code and that it ends without a traceback."""
    command = [*DECHAFF, *map(str, arguments)]
    done = subprocess.run(
        command, input=_encode(text), capture_output=True, cwd=cwd, env=environment(), timeout=300, check=False
    )
    return _check(done, code)


def on_terminal(*arguments: object, columns: int, **changes: str) -> str:
    """Run the command in this process with its standard output on a terminal of the given width."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    with ThreadPoolExecutor(1) as pool, TemporaryFile() as stdin:
        printed = pool.submit(_read_terminal, ours)
        try:
            assert _call(arguments, stdin.fileno(), theirs, 2, **changes) == 0
        finally:
            os.close(theirs)
    os.close(ours)
    return printed.result().decode().replace("\r\n", "\n")


def _call(arguments: tuple[object, ...], *streams: int, **changes: str) -> int:
    """Call the command's entry point with file descriptors as its standard streams; return the exit code."""
    handler = signal.getsignal(signal.SIGINT)
    with (
        mock.patch.dict(os.environ, environment(**changes), clear=True),
        mock.patch.object(sys, "argv", ["dechaff", *map(str, arguments)]),
        _standard_streams(*streams),
    ):
        try:
            main()
        except SystemExit as end:
            return int(end.code or 0)
        finally:
            signal.signal(signal.SIGINT, handler)
    return 0


@contextmanager
def _standard_streams(*streams: int) -> Iterator[None]:
    """Replace this process's standard streams, as a shell does, and restore them at the end."""
    with ExitStack() as restored:
        for number, (stream, (name, mode, errors)) in enumerate(zip(streams, STREAMS, strict=True)):
            kept = os.dup(number)
            restored.callback(os.close, kept)
            restored.callback(os.dup2, kept, number)
            os.dup2(stream, number)
            file = restored.enter_context(open(number, mode, encoding="utf-8", errors=errors, closefd=False))
            restored.enter_context(mock.patch.object(sys, name, file))
        yield


def _read_terminal(descriptor: int) -> bytes:
    printed = b""
    while True:
        try:
            piece = os.read(descriptor, 65536)
        except OSError:  # Linux raises it once the other side is closed
            return printed
        if not piece:
            return printed
        printed += piece


def _encode(text: bytes | str) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _check(done: Done, code: int | None) -> Done:
    done.stderr = done.stderr.decode()
    assert "Traceback" not in done.stderr
    if code is not None:
        assert done.returncode == code, done.stderr
    return done
