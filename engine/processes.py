"""Processes that work for this one: they do not hear Ctrl-C, which is for their parent, and they end with it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.connection import wait as wait_for
from typing import TypeVar

Task = TypeVar("Task")
Done = TypeVar("Done")


def cores() -> int:
    """How many processes can really run at once here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def finished(
    work: Callable[[Task], Done], tasks: Iterable[Task], workers: int
) -> Generator[tuple[Task, Done], None, None]:
    """Every task with what `work` makes of it, in the order in which they are finished.

    Closing the iterator, or an interruption, kills what is still under way.

    Raises:
        BrokenProcessPool: a process ended before its task was done.
    """
    before = set(active_children())
    pool = ProcessPoolExecutor(workers, get_context("spawn"), end_with_parent)
    try:
        with unheard():
            for _ in range(workers):
                pool.submit(os.getpid)  # starts one process each
        waiting: dict[Future[Done], Task] = {pool.submit(work, task): task for task in tasks}
        while waiting:
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                yield waiting.pop(future), future.result()
    except BaseException:
        for process in set(active_children()) - before:
            process.kill()  # they hear nothing milder
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def unheard() -> Iterator[None]:
    """Processes started in here do not hear Ctrl-C, from their first instruction on: their parent decides."""
    previous = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def end_with_parent() -> None:
    """End this process when its parent ends, which may be killed and tell nobody; returns at once."""
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    wait_for([parent.sentinel])
    os._exit(1)
