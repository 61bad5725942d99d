"""Progress bars on standard error: only on terminals, and only for work that takes over two seconds."""

import sys
import time
from contextlib import suppress
from threading import Timer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

_DELAY_SECONDS = 2.0


class Bar:
    """A progress bar; without a total, or with a total of 1, it only shows that work goes on."""

    def __init__(self, description: str, total: int | None = None, *, hidden: bool = False) -> None:
        self._progress: Progress | None = None
        if hidden or not sys.stderr.isatty():
            return
        from rich import console, progress

        total = total if total and total > 1 else None
        stderr = console.Console(stderr=True)
        self._progress = progress.Progress(*self._columns(total), console=stderr, transient=True)
        self._task = self._progress.add_task(description, total=total, documents=0, speed=0.0)
        # A timer, since a single item may take long.
        self._timer = Timer(_DELAY_SECONDS, self._progress.start)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        if self._progress is not None:
            self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._timer.cancel()
            self._timer.join()
            if self._progress.live.is_started:
                self._progress.stop()

    def advance(self, n: int = 1) -> None:
        """Count items as done."""
        self._update(advance=n)

    def describe(self, description: str) -> None:
        """Show another description."""
        self._update(description=description)

    def _update(self, **fields: Any) -> None:
        if self._progress is not None:
            self._progress.update(self._task, **fields)

    def _columns(self, total: int | None) -> "list[str | ProgressColumn]":
        from rich.progress import BarColumn, MofNCompleteColumn, TimeElapsedColumn

        count = [] if total is None else [MofNCompleteColumn()]
        return ["{task.description}", BarColumn(), *count, TimeElapsedColumn()]


class Throughput(Bar):
    """A progress bar over the bytes of files, with documents, decompressed MB per second, and the time left."""

    _n_documents = _n_bytes = _position = 0

    def expect(self, n_bytes: int) -> None:
        """Set the total number of bytes."""
        self._began = time.monotonic()
        self._update(total=n_bytes)

    def reach(self, position: int, n_documents: int, n_bytes: int) -> None:
        """Set the position in the files, and add documents and decompressed bytes."""
        self._n_documents += n_documents
        self._n_bytes += n_bytes
        self._position = max(position, self._position)
        speed = self._n_bytes / 1e6 / max(time.monotonic() - self._began, 1e-3)
        self._update(completed=self._position, documents=self._n_documents, speed=speed)

    def print(self, message: str) -> None:
        """Print a line on standard error, above the bar if there is one."""
        if self._progress is None:
            print(message, file=sys.stderr, flush=True)
        else:
            self._progress.print(message, markup=False, highlight=False, soft_wrap=True)

    def _columns(self, _: int | None) -> "list[str | ProgressColumn]":
        from rich.progress import BarColumn, TimeRemainingColumn

        figures = "{task.fields[documents]:,} documents {task.fields[speed]:.1f} MB/s"
        return ["{task.description}", BarColumn(), figures, TimeRemainingColumn()]


class Steps(Bar):
    """A progress bar for named steps; without a terminal, each step is a line on standard error."""

    def __call__(self, step: str) -> None:
        """Begin a step."""
        self.describe(step)
        if self._progress is None:
            with suppress(OSError):
                print(f"dechaff: {step}", file=sys.stderr, flush=True)
