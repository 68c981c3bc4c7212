"""Who turns to whom: guests talk at the table they were invited to, and who is expected elsewhere does not begin."""

from __future__ import annotations

import numpy as np
import pytest

from agents.acts import Act, Proposal
from agents.conversation import LONGEST_S, REST_S, REST_VARIES
from agents.meeting import meet
from agents.perception import Sight, in_company
from assets.palette import Activity
from tests.agents.flat_world import FAIR
from tests.agents.test_groups import INN, RATE, Square
from tests.agents.village import village

WELL, CHAPEL, TEN = 1, 6, 600


def expected_at(place: int, at: int) -> Square:
    """Three at a place, one of whom (0) has promised another one (1) to be at some place by now."""
    square = Square(people=3, inside=(0, 1, 2) if at == INN else ())
    if at != INN:
        spot = square.world.places[at]
        square.bodies.x[:] = spot.x + np.array([0.0, 2.0, 0.0])
        square.bodies.y[:] = spot.y + np.array([0.0, 0.0, 2.0])
        square.bodies.place[:] = at
    square.minds.promises.make(Proposal("attend", 0, 1, place, 0, TEN - 10, 60, "a supper"), square.tick)
    return square


@pytest.mark.parametrize("at", [INN, WELL])
def test_guests_talk_at_the_table_and_who_is_expected_elsewhere_does_not(at: int) -> None:
    for place, talks in ((at, True), (CHAPEL, False)):
        square = expected_at(place, at)
        sight = Sight(np.array([[1, 2], [0, 2], [0, 1]], np.int16), np.full((3, 2), 2.0))
        scene = square.talk, square.minds, square.bodies, square.world, square.now
        begun = [out for _ in range(20) for out in meet(np.array([0]), sight, *scene, talkativeness=20.0)]
        assert (square.talk.talk_of[0] >= 0) == bool(begun) == talks
        for out in begun:
            square._note(out)
        if talks:
            square.run(20)
            assert len(square.spoken) > 3
            assert not any(line.act == Act.CLOSE for line in square.spoken), "nobody needs to go"


def test_company_is_who_is_near_out_of_doors_or_awake_under_the_same_roof() -> None:
    square = Square(people=7, inside=(0, 1, 2, 3))
    square.bodies.activity[2], square.bodies.place[3] = Activity.SLEEP, CHAPEL
    sight = Sight(np.full((7, 1), -1, np.int16), np.array([[np.inf]] * 4 + [[3.0], [13.0], [np.inf]]))
    assert in_company(sight, square.bodies, 12.0)[[0, 1, 3, 4, 5, 6]].tolist() == [
        True,
        True,
        False,
        True,
        False,
        False,
    ]
    square.bodies.activity[1] = Activity.SLEEP
    assert not in_company(sight, square.bodies, 12.0)[0]


def test_who_sits_among_others_grows_lonely_more_slowly_than_who_sits_alone() -> None:
    life = village(3, rate=1, weather=FAIR, personas=[{"extraversion": 0.5}] * 3, talkativeness=0.0)
    s = life.society
    s.bodies.indoors[:], s.bodies.activity[:], s.bodies.place[:] = True, Activity.SIT, (INN, INN, CHAPEL)
    before = s.minds.needs.loneliness.copy()
    life.run(2)
    among, alone = (s.minds.needs.loneliness - before)[[0, 2]]
    assert among == pytest.approx(0.5 * alone) and among > 0


def test_who_parts_at_the_same_time_is_not_silent_for_the_same_time() -> None:
    square = Square(people=6)  # all halfway between introvert and extravert
    assert (square.talk.free_at(1.0) < 0).all()
    for one, other in ((0, 1), (2, 3), (4, 5)):
        square.turn_to(one, other)
    square.run(LONGEST_S + 60.0)
    assert (square.talk.talk_of < 0).all()
    rested = (square.talk.free_at(1.0) - square.talk.parted_at) / RATE / np.mean(REST_S)
    assert REST_VARIES[0] <= rested.min() < 0.7 and 1.3 < rested.max() <= REST_VARIES[1]
    assert len(set(rested.round(2))) == 6
