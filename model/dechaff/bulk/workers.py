"""Processes that clean chunks, and the order in which their results come back."""

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
from dechaff.bulk.settings import LONGEST_UNREAD
from dechaff.errors import InputError

Event = TypeVar("Event")
Outcome = TypeVar("Outcome")
#: Starts a job; what it gives waits for the result.
Submit = Callable[["Job"], Callable[[], Result]]
#: How to start a job, and what tells whether compiled functions are used.
Workers = tuple[Submit, Callable[[], bool]]

# Chunks a worker that wait or are done: enough that none is ever idle.
_AHEAD: Final = 3
# A worker is a process by itself: threads within it would only be in each other's way.
_ONE_THREAD: Final = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Job:
    """A chunk, and what has to be known to clean it.

    Attributes
    ----------
    chunk : Chunk
    format, compression : str
    columns : Columns
    source : str
        What the file is called.
    position : int
        How many bytes of all inputs have been read.
    """

    chunk: Chunk
    format: str
    compression: str
    columns: Columns
    source: str
    position: int


def n_workers(asked: int | None, n_bytes: int) -> int:
    """Say how many processes to use: as asked, or one for each core if there is something to do for all.

    Examples
    --------
    >>> n_workers(4, 1000), n_workers(None, 1000)
    (4, 1)
    """
    if asked is not None:
        return max(asked, 1)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, n_bytes >> 17))


@contextmanager
def start_workers(n: int, cleaner: Cleaner) -> Iterator[Workers]:
    """Start processes, each with its own model, at once: they load what they need while others prepare the rest.

    With one alone the work is done in this process.

    Parameters
    ----------
    n : int
    cleaner : Cleaner

    Raises
    ------
    InputError
        If a process ends on its own.
    """
    if n == 1:
        yield lambda job: partial(_clean, job, cleaner), cleaner.is_compiled
        return
    with _one_thread():
        pool = ProcessPoolExecutor(n, get_context("spawn"), _start, (cleaner,))
        try:
            # A worker is asked, so that this process need not load them.
            answers = [_submit(pool, _is_compiled) for _ in range(n)]
            yield lambda job: _submit(pool, _work, job), answers[0]
        except BrokenProcessPool as error:
            raise InputError(
                "a worker process has ended, perhaps for want of memory: run it again, with fewer --workers; "
                "finished files stay"
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _submit(pool: ProcessPoolExecutor, function: Callable[..., Outcome], *args: object) -> Callable[[], Outcome]:
    """Hand something over; a process that has to be started for it never hears Ctrl-C."""
    if not hasattr(signal, "pthread_sigmask"):  # on Windows
        return pool.submit(function, *args).result
    resource_tracker.ensure_running()  # which is started with the first process, and lets it hear
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return pool.submit(function, *args).result
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let the processes that are started meanwhile use one thread each."""
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
    """Prepare a worker: Ctrl-C is for the parent, and without a parent there is nothing to do.

    Tables and compiled functions are loaded by cleaning something. What is there by then is never garbage: frozen,
    it is not looked through each time that the worker collects its own.
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
    return FORMATS[job.format].clean(job.chunk, job.columns, job.source, job.compression, cleaner)


def in_order(events: Iterable[Event | Job], submit: Submit, n: int) -> Iterator[tuple[Event | Job, Result | None]]:
    """Give events in their order, jobs with their results; so many are under way as keeps all workers busy.

    Parameters
    ----------
    events : iterable
        Jobs among others.
    submit : callable
        As `start_workers` gives it.
    n : int
        How many workers there are.
    """
    waiting: deque[tuple[Any, Callable[[], Result] | None]] = deque()
    n_bytes, most = 0, 1 if n == 1 else _AHEAD * n
    for event in events:
        waiting.append((event, submit(event) if isinstance(event, Job) else None))
        n_bytes += _size(event)
        while len(waiting) > most or (n_bytes > LONGEST_UNREAD and waiting):
            done, result = waiting.popleft()
            n_bytes -= _size(done)
            yield done, result and result()
    while waiting:
        done, result = waiting.popleft()
        yield done, result and result()


def _size(event: object) -> int:
    return len(event.chunk.data) if isinstance(event, Job) else 0
