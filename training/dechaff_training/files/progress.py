"""Progress on standard error: only where someone looks, and only when it takes a while."""

import sys
import time
from contextlib import suppress
from threading import Lock, Timer
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn, TaskID

PATIENCE = 2.0


class Bar:
    """A bar that appears on standard error once a run has taken two seconds, and goes when it ends.

    Nothing is shown where standard error is no terminal, or where the results run over the same screen.

    Parameters
    ----------
    description : str
    total : int, optional
        Without it the bar only moves.
    hidden : bool
    """

    def __init__(self, description: str, total: int | None = None, *, hidden: bool = False) -> None:
        self._description, self._total, self._count = description, total, 0
        self._shown = not hidden and sys.stderr.isatty()
        self._lock, self._ended = Lock(), False
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        # A timer, not a look at the clock between items: one single item may be what takes long.
        self._timer = Timer(PATIENCE, self._appear)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        if self._shown:
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            self._ended = True
            if self._progress is not None:
                self._progress.stop()

    def advance(self, n: int = 1) -> None:
        """Count one more item as done, or several."""
        with self._lock:
            self._count += n
            self._update()

    def describe(self, description: str) -> None:
        """Say what is being done now."""
        with self._lock:
            self._description = description
            self._update()

    def _update(self) -> None:
        if self._progress is not None and self._task is not None:
            self._progress.update(
                self._task, completed=self._count, description=self._description, **self._fields()
            )

    def _fields(self) -> dict[str, Any]:
        """Give what the columns show beside the count."""
        return {}

    def _columns(self) -> "list[ProgressColumn]":
        """Choose what is shown: the count only where there is one."""
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn

        count = [MofNCompleteColumn()] if self._is_counted() else []
        return [TextColumn("{task.description}"), BarColumn(), *count, TimeElapsedColumn()]

    def _is_counted(self) -> bool:
        return self._total is not None and self._total > 1

    def _appear(self) -> None:
        from rich.console import Console
        from rich.progress import Progress

        with self._lock:
            if self._ended:
                return
            self._progress = Progress(*self._columns(), console=Console(stderr=True), transient=True)
            total = self._total if self._is_counted() else None
            self._task = self._progress.add_task(
                self._description, total=total, completed=self._count, **self._fields()
            )
            self._progress.start()


class Throughput(Bar):
    """A bar over the bytes of files, with documents, their MB a second, decompressed, and the time that is left."""

    def __init__(self, description: str, total: int | None = None, *, hidden: bool = False) -> None:
        super().__init__(description, total, hidden=hidden)
        self._n_documents, self._n_bytes, self._began = 0, 0, time.monotonic()

    def expect(self, n_bytes: int) -> None:
        """Say how many bytes there are."""
        with self._lock:
            self._total = n_bytes
            if self._progress is not None and self._task is not None:
                self._progress.update(self._task, total=n_bytes)

    def reach(self, position: int, n_documents: int, n_bytes: int) -> None:
        """Say how far the files have been read, and how many more documents and bytes of them are done."""
        self._n_documents += n_documents
        self._n_bytes += n_bytes
        self.advance(max(position - self._count, 0))

    def print(self, message: str) -> None:
        """Print a line on standard error, above the bar if there is one."""
        with self._lock:
            if self._progress is not None:
                self._progress.console.print(message, markup=False, highlight=False, soft_wrap=True)
            else:
                print(message, file=sys.stderr, flush=True)

    def _fields(self) -> dict[str, Any]:
        speed = self._n_bytes / 1e6 / max(time.monotonic() - self._began, 1e-3)
        return {"documents": self._n_documents, "speed": speed}

    def _columns(self) -> "list[ProgressColumn]":
        from rich import progress

        done = progress.TextColumn("{task.fields[documents]:,} documents {task.fields[speed]:.1f} MB/s")
        return [
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            done,
            progress.TimeRemainingColumn(),
        ]


class Steps(Bar):
    """A bar for named steps; where no terminal is looking, each step is a line on standard error."""

    def __init__(self, description: str, total: int | None = None) -> None:
        super().__init__(description, total)
        self._begun = False

    def __call__(self, step: str) -> None:
        """Begin a step: those before it are done."""
        self.describe(step)
        if not self._shown:
            with suppress(OSError):
                print(f"dechaff: {step}", file=sys.stderr, flush=True)
        if self._begun:
            self.advance()
        self._begun = True
