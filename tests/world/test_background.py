"""Work in the background: what it gives and raises, one thread for all, forked processes, and an orderly end."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from world.background import Background
from world.compiled import compiled_apart

PATIENCE_S = 60.0  # against waiting for ever


@pytest.fixture(scope="module")
def background() -> Background:
    made = Background()
    made.begin(lambda: None)  # the first piece of work is done at once
    return made


def test_work_goes_on_beside_and_what_it_raises_is_told_each_time(background: Background) -> None:
    goes, told = threading.Event(), []

    def work() -> None:
        assert goes.wait(PATIENCE_S)
        told.append(threading.current_thread())
        raise OverflowError("too much")

    future = background.begin(work)
    assert not told
    goes.set()
    for _ in range(2):
        with pytest.raises(OverflowError, match="too much"):
            future.result(PATIENCE_S)
    background.begin(lambda: told.append(threading.current_thread())).result(PATIENCE_S)
    assert told[0] is told[1] is not threading.current_thread()


def test_while_other_work_goes_on_it_is_done_at_once(background: Background) -> None:
    goes, done = threading.Event(), []
    first = background.begin(lambda: done.append(("first", goes.wait(PATIENCE_S))))
    second = background.begin(lambda: done.append(("second", threading.current_thread() is threading.main_thread())))
    assert second.done() and done == [("second", True)]

    def fails() -> None:
        raise OverflowError("too much")

    third = background.begin(fails)
    goes.set()
    first.result(PATIENCE_S)
    with pytest.raises(OverflowError, match="too much"):
        third.result(PATIENCE_S)
    assert done[1:] == [("first", True)]


@compiled_apart
def _turned(values: np.ndarray, times: int) -> None:
    for _ in range(times):
        for i in range(values.size):
            values[i] = 4.0 * values[i] * (1.0 - values[i])


def test_machine_code_made_apart_lets_python_go_on(background: Background) -> None:
    values = np.full(100, 0.3)
    _turned(values, 1)

    def goes_on_beside() -> bool:
        future = background.begin(lambda: _turned(values, 1_000_000))
        beside = not future.done()
        future.result(PATIENCE_S)
        return beside

    assert any(goes_on_beside() for _ in range(5))  # a busy machine may let this thread in too late


def _begun_twice(background: Background) -> None:
    for _ in range(2):
        background.begin(lambda: None).result(PATIENCE_S)
    os._exit(7)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system knows no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_has_a_thread_of_its_own_and_finished_work(background: Background) -> None:
    done: list[int] = []
    goes = threading.Event()
    threading.Timer(0.05, goes.set).start()
    future = background.begin(lambda: done.append(int(goes.wait(PATIENCE_S))))
    child = multiprocessing.get_context("fork").Process(target=_begun_twice, args=(background,))
    child.start()
    assert future.done() and done == [1]
    child.join(PATIENCE_S)
    assert child.exitcode == 7


ENDS = """
import numpy as np
from tests.world.test_background import _turned
from world.background import background
for _ in range(2):
    background.begin(lambda: _turned(np.full(100, 0.3), 100_000))
raise SystemExit(3)
"""


def test_a_process_ends_in_order_while_work_goes_on() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ENDS], env=os.environ | {"PYTHONPATH": "."}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (3, "")
