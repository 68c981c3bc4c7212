"""One thread beside Python's own, for machine code that needs neither Python nor its lock.

Python lets a thread in that asks for its lock after milliseconds at the latest. So whoever begins some work lets it
in at once, and whoever waits for its end lets it out.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Lock


class Background:
    """Work of one process, a piece at a time; the thread is made for the first, and ends with the process."""

    def __init__(self) -> None:
        self._thread: ThreadPoolExecutor | None = None
        self._latest: Future[None] | None = None
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=self._finish, after_in_child=self._start_anew)

    def begin(self, work: Callable[[], None]) -> Future[None]:
        """Begin some work; its end, or what it raised, is the future's.

        The first is done at once, for it loads its machine code; and so is what comes while other work goes on.
        """
        if self._latest is None:
            self._latest = _done(work)
            return self._latest
        if not self._latest.done():
            return _done(work)
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "hamlet")
        begun = Lock()
        begun.acquire()

        def beginning() -> None:
            begun.release()
            work()

        self._latest = self._thread.submit(beginning)
        begun.acquire()
        return self._latest

    def _finish(self) -> None:
        if self._latest is not None:
            wait([self._latest])

    def _start_anew(self) -> None:
        self._thread = self._latest = None  # threads are not there in a forked process


def _done(work: Callable[[], None]) -> Future[None]:
    future: Future[None] = Future()
    try:
        work()
    except Exception as error:  # it is told where the future is asked
        future.set_exception(error)
    else:
        future.set_result(None)
    return future


background = Background()
