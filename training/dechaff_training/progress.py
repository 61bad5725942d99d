"""Progress on standard error: only where someone looks, and only when it takes a while."""

import sys
from contextlib import suppress
from threading import Lock, Timer
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

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
        self._shown = not hidden and sys.stderr is not None and sys.stderr.isatty()
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
            self._progress.update(self._task, completed=self._count, description=self._description)

    def _appear(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        with self._lock:
            if self._ended:
                return
            columns = [TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()]
            counted = self._total is not None and self._total > 1
            parts = [*columns[:2], MofNCompleteColumn(), *columns[2:]] if counted else columns
            self._progress = Progress(*parts, console=Console(stderr=True), transient=True)
            total = self._total if counted else None
            self._task = self._progress.add_task(self._description, total=total, completed=self._count)
            self._progress.start()


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
