"""What others see of clothing, loads, seats and gestures follows from weather, intent and act."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from agents.acts import Act, Fact, Topic
from agents.dialogue.moves import Move
from agents.outward import GESTURES, RAISED_S, TOOLS, Outward, clothing, gesture
from agents.plans import Intent
from assets.palette import Activity, Bearing, Gesture, Load, Seat, Wear
from tests.agents.flat_world import FAIR, FlatWorld
from tests.agents.village import village

RAIN = replace(FAIR, rain_mm_h=4.0, cloud=1.0)


def people():
    return village(20, seed=1).society.personas


def test_people_put_on_more_the_colder_and_wetter_it_is() -> None:
    hardy = np.array([False, True])
    for falling in (0.0, 0.3, 3.0):
        worn = [clothing(hardy, falling, t).astype(int) for t in (20.0, 6.0, -8.0)]
        assert all((warmer <= colder).all() for warmer, colder in pairwise(worn))
    assert clothing(hardy, 0.0, 6.0).tolist() == [Wear.CLOAK, Wear.NOTHING_MORE]
    assert clothing(hardy, 3.0, 20.0).tolist() == [Wear.HOODED_CLOAK] * 2


def test_loads_follow_trade_and_errand() -> None:
    folk, world = people(), FlatWorld()
    shown, n = Outward(folk, world.places), len(folk)
    well = np.full(n, next(p.id for p in world.places if p.kind == "well"))
    bare, laden = np.zeros(n, bool), np.ones(n, bool)
    at_work = shown.loads(np.full(n, Intent.WORK), well, bare)
    assert at_work.tolist() == [TOOLS.get(person.trade, Load.NOTHING) for person in folk]
    assert (shown.loads(np.full(n, Intent.ERRAND), well, bare) == Load.BUCKET).all()
    assert (shown.loads(np.full(n, Intent.LINGER), well, bare) == Load.NOTHING).all()
    assert (shown.loads(np.full(n, Intent.ERRAND), np.full(n, -1), bare) == Load.NOTHING).all()
    assert (shown.loads(np.full(n, Intent.FIRE), well, laden) == Load.FIREWOOD).all()
    assert (shown.loads(np.full(n, Intent.FIRE), well, bare) == Load.NOTHING).all()
    assert (shown.loads(np.full(n, Intent.BRING), well, laden) == Load.BASKET).all()


def test_every_act_has_a_gesture_and_elders_are_bowed_to() -> None:
    assert set(GESTURES) == set(Act)
    kind = (Act.GREET, Act.AGREE, Act.OFFER, Act.INVITE, Act.PROMISE, Act.THANK, Act.APOLOGISE, Act.PRAISE, Act.JOKE)
    hard = (Act.DOUBT, Act.REFUSE, Act.BLAME)
    assert not {GESTURES[act] for act in kind} & {GESTURES[act] for act in hard}, "nobody smiles while it says no"
    assert [act for act in Act if GESTURES[act] == Gesture.LAUGH] == [Act.JOKE]
    young, old = (replace(people()[k], age=age) for k, age in ((0, 20), (1, 70)))
    greeting = Move(0, 1, Act.GREET, Topic.NEWS)
    assert gesture(greeting, (young, old), 0.0) == Gesture.BOW
    assert gesture(greeting, (old, young), 0.0) == Gesture.WAVE


def test_good_news_make_the_cheerful_laugh_and_bad_news_are_fended_off() -> None:
    two = people()[:2]
    wedding, fox = (Fact(1, Topic.NEWS, kind, -1, -1, 0, 0) for kind in ("wedding_planned", "fox_in_barn"))
    assert gesture(Move(0, 1, Act.ACKNOWLEDGE, Topic.NEWS, wedding), two, 0.8) == Gesture.LAUGH
    assert gesture(Move(0, 1, Act.ACKNOWLEDGE, Topic.NEWS, wedding), two, 0.0) == Gesture.NOD
    assert gesture(Move(0, 1, Act.TELL, Topic.NEWS, fox), two, 0.8) == Gesture.PALM_OUT


def test_gestures_rise_and_sink_with_the_line() -> None:
    life = village(20, seed=3).run(120, rows=True)
    rows, rate = np.array(life.rows), life.world.rate
    assert (rows["gesture"][rows["speaking"] == 0] == Gesture.NONE).all()
    assert len(np.unique(rows["gesture"])) >= 5
    step = np.abs(np.diff(rows["gesturing"], axis=0))
    still = rows["speaking"][1:] * rows["speaking"][:-1] == 1
    assert step[still].max() < 1.01 / (RAISED_S * rate) + 1e-6
    assert rows["gesturing"].max() == 1.0 and rows["gesturing"].min() == 0.0


def test_those_who_work_hold_their_tool_and_nobody_indoors_wears_a_cloak() -> None:
    life = village(20, seed=1).run(5, rows=True)
    rows = life.rows[-1]
    for row, person in enumerate(people()):
        if rows["activity"][row] == Activity.WORK:
            assert rows["carries"][row] == TOOLS.get(person.trade, Load.NOTHING)
        assert rows["seat"][row] in (Seat.STOOL, Seat.GROUND)


@pytest.mark.parametrize("elevation, lit", [(0.5, False), (-0.5, True)])
def test_lanterns_are_lit_in_the_dark_and_rain_bends_backs(elevation: float, lit: bool) -> None:
    life = village(20, seed=1)
    life.world.weather = RAIN
    life.world.sun_elevation = elevation
    rows = life.run(1, rows=True).rows[-1]
    out = rows["indoors"] == 0
    assert out.any()
    assert (rows["lantern"][out & (rows["activity"] != Activity.SIT)] == lit).all()
    assert not rows["lantern"][~out].any()
    assert set(rows["bearing"][out].tolist()) <= {Bearing.HUNCHED, Bearing.SHELTERING}
    assert (rows["wears"][out] == Wear.HOODED_CLOAK).all() and not rows["wears"][~out].any()
