"""Ctrl-C: commands end with exit code 130 and leave no half-written files.

This module imports little, because Ctrl-C shows a traceback until it has been imported.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: The exit code that shells report for a program ended by SIGINT.
INTERRUPTED = 130
# Seconds to wait before repeating a lost interrupt, so that the callback that swallowed it has returned.
_DELAY = 0.01


def exit_on_interrupt() -> None:
    """End the process at once on Ctrl-C, outside of `interruptible` blocks; leave an ignored SIGINT ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _exit)


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise `KeyboardInterrupt` on Ctrl-C within the block, if `exit_on_interrupt` is in force."""
    if signal.getsignal(signal.SIGINT) is not _exit:
        yield
        return
    before, sys.unraisablehook = sys.unraisablehook, _interrupt_again
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        yield
    finally:
        signal.signal(signal.SIGINT, _exit)
        sys.unraisablehook = before


def _exit(_number: int, _frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)


def _interrupt_again(lost: "sys.UnraisableHookArgs") -> None:
    """Repeat an interrupt that Python could not raise because it arrived during a callback."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        from _thread import interrupt_main
        from threading import Timer

        Timer(_DELAY, interrupt_main).start()
    else:
        sys.__unraisablehook__(lost)
