"""Runs the command `dechaff` by real process, for the tests of the command line."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent.parent / "data" / "articles"
# A few sites are enough where it does not matter what is learnt.
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


def environment(**changes: str) -> dict[str, str]:
    """Give this process's environment without what changes how terminals are treated."""
    kept = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"}}
    return {**kept, "PYTHONIOENCODING": "utf-8", "TERM": "xterm-256color", **changes}


def dechaff(
    *arguments: object, text: bytes | str = b"", cwd: Path | None = None, code: int | None = 0
) -> "subprocess.CompletedProcess[Any]":
    """Run the command, and check how it ends and that it ends without a traceback."""
    done = subprocess.run(
        [*DECHAFF, *map(str, arguments)],
        input=text.encode() if isinstance(text, str) else text,
        capture_output=True,
        cwd=cwd,
        env=environment(),
        timeout=300,
    )
    done.stderr = done.stderr.decode()
    assert "Traceback" not in done.stderr
    if code is not None:
        assert done.returncode == code, done.stderr
    return done


def on_terminal(*arguments: object, columns: int, **changes: str) -> str:
    """Run the command with its standard output on a terminal of some width."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    process = subprocess.Popen(
        [*DECHAFF, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=theirs, env=environment(**changes)
    )
    os.close(theirs)
    printed = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # what Linux says once the other side is closed
            break
        if not piece:
            break
        printed += piece
    os.close(ours)
    assert process.wait(timeout=60) == 0
    return printed.decode().replace("\r\n", "\n")
