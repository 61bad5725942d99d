"""Worker processes that clean chunks; their results are returned in the order of the chunks."""

import gc
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context, parent_process, resource_tracker
from threading import Thread
from typing import Any, Final, TypeVar

from dechaff.bulk.cleaner import Cleaner
from dechaff.bulk.formats import FORMATS
from dechaff.bulk.formats.columns import Columns
from dechaff.bulk.records import Chunk, Document, Result
from dechaff.bulk.settings import MAX_UNPARSED
from dechaff.errors import InputError

Event = TypeVar("Event")
Outcome = TypeVar("Outcome")
#: Starts a job and returns a function that waits for its result.
Submit = Callable[["Job"], Callable[[], Result]]
#: A function that starts a job, and one that returns whether the numba kernels are used.
Workers = tuple[Submit, Callable[[], bool]]

# The number of queued or finished chunks per worker: enough to keep all workers busy.
_QUEUED: Final = 3
# Each core has a worker, so more threads would only compete for the cores.
_ONE_THREAD: Final = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Job:
    """A chunk to clean.

    Attributes
    ----------
    chunk : Chunk
    format, compression : str
    columns : Columns
    file_name : str
    position : int
        Bytes read so far, over all inputs.
    """

    chunk: Chunk
    format: str
    compression: str
    columns: Columns
    file_name: str
    position: int


def n_workers(requested: int | None, n_bytes: int) -> int:
    """Return the number of processes: as requested, or one per core if there is enough input for each.

    Examples
    --------
    >>> n_workers(4, 1000), n_workers(None, 1000)
    (4, 1)
    """
    if requested is not None:
        return max(requested, 1)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, n_bytes >> 17))


@contextmanager
def start_workers(n: int, cleaner: Cleaner) -> Iterator[Workers]:
    """Start worker processes, each with its own model; with `n` = 1, chunks are cleaned in this process.

    The processes start before the first job, so that they load their modules while this process prepares.

    Parameters
    ----------
    n : int
        The number of workers.
    cleaner : Cleaner

    Raises
    ------
    InputError
        If a worker process ends unexpectedly.
    """
    if n == 1:
        yield lambda job: partial(_clean, job, cleaner), cleaner.is_compiled
        return
    with _one_thread():
        pool = ProcessPoolExecutor(n, get_context("spawn"), _start, (cleaner,))
        try:
            # Checked in the workers, because loading the kernels in this process would take seconds.
            is_compiled = [_submit(pool, _is_compiled) for _ in range(n)]
            yield lambda job: _submit(pool, _work, job), is_compiled[0]
        except BrokenProcessPool as error:
            raise InputError(
                "a worker process has ended, perhaps for lack of memory; finished files are kept: run again with "
                "fewer --workers and without --overwrite to resume"
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _submit(pool: ProcessPoolExecutor, function: Callable[..., Outcome], *args: object) -> Callable[[], Outcome]:
    """Submit a call to the pool; if this starts a process, SIGINT is blocked in it."""
    if not hasattr(signal, "pthread_sigmask"):  # on Windows
        return pool.submit(function, *args).result
    resource_tracker.ensure_running()  # if it started with the first process, it would unblock the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return pool.submit(function, *args).result
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Limit each process that is started within the context to one thread."""
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(_ONE_THREAD)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


_cleaners: list[Cleaner] = []


def _start(cleaner: Cleaner) -> None:
    """Prepare a worker: ignore Ctrl-C, exit with the parent, and load tables and kernels by cleaning a text.

    The loaded objects live as long as the process: freezing them keeps later garbage collections short.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()
    cleaner.clean([Document.of(1, "The vote was held on Tuesday.", "none")])
    gc.collect()
    gc.freeze()
    _cleaners.append(cleaner)


def _is_compiled() -> bool:
    return _cleaners[0].is_compiled()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(job: Job) -> Result:
    return _clean(job, _cleaners[0])


def _clean(job: Job, cleaner: Cleaner) -> Result:
    return FORMATS[job.format].clean(job.chunk, job.columns, job.file_name, job.compression, cleaner)


def in_order(events: Iterable[Event | Job], submit: Submit, n: int) -> Iterator[tuple[Event | Job, Result | None]]:
    """Yield events in their order, jobs with their results; a bounded number of jobs is submitted in advance.

    Parameters
    ----------
    events : iterable
        Jobs and other events.
    submit : callable
        The function from `start_workers` that starts a job.
    n : int
        The number of workers.
    """
    waiting: deque[tuple[Any, Callable[[], Result] | None]] = deque()
    n_bytes, max_waiting = 0, 1 if n == 1 else _QUEUED * n
    for event in events:
        waiting.append((event, submit(event) if isinstance(event, Job) else None))
        n_bytes += _size(event)
        while len(waiting) > max_waiting or (n_bytes > MAX_UNPARSED and waiting):
            done, result = waiting.popleft()
            n_bytes -= _size(done)
            yield done, result and result()
    while waiting:
        done, result = waiting.popleft()
        yield done, result and result()


def _size(event: object) -> int:
    return len(event.chunk.data) if isinstance(event, Job) else 0
