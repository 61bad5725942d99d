"""Ctrl-C: a command ends with 130, and leaves nothing behind that is half done.

It imports little: until it has been imported, Ctrl-C shows a traceback.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: What a shell makes of a program that SIGINT ended.
INTERRUPTED = 130
# Seconds until what an interrupt fell into has surely been left.
_MOMENT = 0.01


def leave_at_once() -> None:
    """Let Ctrl-C end the process on the spot, where nothing is begun or all is done; unless it is to be ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C raise `KeyboardInterrupt` in the block, in a process that it would else end on the spot."""
    if signal.getsignal(signal.SIGINT) is not _leave:
        yield
        return
    before, sys.unraisablehook = sys.unraisablehook, _interrupt_again
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        yield
    finally:
        signal.signal(signal.SIGINT, _leave)
        sys.unraisablehook = before


def _leave(_number: int, _frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)


def _interrupt_again(lost: "sys.UnraisableHookArgs") -> None:
    """Interrupt once more where an interrupt fell into a callback, of which Python can only print it."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        from _thread import interrupt_main
        from threading import Timer

        Timer(_MOMENT, interrupt_main).start()
    else:
        sys.__unraisablehook__(lost)
