from datetime import datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.timeline import TICK_PX, Bar, Timeline

START = datetime.fromisoformat("2026-06-12T09:29:50")
RATE = 16


def bar(first, last, spoken=(), width=640):
    return Bar(Timeline(START, RATE, first, last, (), np.array(spoken, np.int64)), width)


spans = st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)).map(sorted)


@given(spans, st.integers(16, 4000), st.floats(0, 1))
def test_a_click_lands_on_the_tick_that_is_drawn_there(span, width, share):
    line = bar(span[0], span[1], width=width)
    tick = round(span[0] + share * (span[1] - span[0]))
    assert line.left <= line.x(tick) <= line.right
    per_pixel = (span[1] - span[0]) / (line.right - line.left)
    assert abs(line.tick(round(line.x(tick))) - tick) <= per_pixel / 2 + 1
    assert line.tick(-50) == span[0]
    assert line.tick(width + 50) == span[1]


@given(spans, st.integers(200, 2000))
def test_marks_lie_on_full_units_of_local_time_and_are_not_crowded(span, width):
    line = bar(span[0], span[1], width=width)
    places = np.array(line.marks())
    share = (places - line.left) / (line.right - line.left)
    day_s = (9 * 60 + 29) * 60 + 50 + (span[0] + share * (span[1] - span[0])) / RATE  # of START and of each mark
    step = np.diff(day_s)
    assert np.abs(day_s - np.rint(day_s)).max(initial=0) < 1e-3
    if len(step):
        assert np.ptp(step) < 1e-3
        assert np.diff(places).min() >= TICK_PX - 1e-6
        assert np.all(np.rint(day_s) % round(step[0]) == 0)


def test_talk_is_counted_where_it_begins():
    line = bar(0, 599, [0, 1, 2, 3, 300, 599, 640])  # the last is newer than the last tick, after a kill
    edges, loud = line.speech()
    where = edges[:-1][loud > 0]
    assert loud.max() == 1 and loud[0] == 1
    one = loud[np.searchsorted(edges, line.x(300), "right") - 1]
    assert 1 / 4 <= one < loud[-1] < 1, "one line, two, four"
    assert len(where) == 3


def test_the_clock_names_the_day_only_where_it_must():
    assert bar(160, 320).timeline.clock(160) == "09:30:00"
    over = bar(0, 16 * 3600 * 20).timeline
    assert over.clock(over.last) == "Sat 13 Jun, 05:29:50"
