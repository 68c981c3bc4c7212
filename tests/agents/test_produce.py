"""What work brings forth, by skill, weather and help."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from agents.intents import Intent
from agents.population import trade_row
from agents.produce import BATCH_H, HELP_SHARE, WET_SHARE
from assets.palette import Activity
from tests.agents.flat_world import FAIR, RAIN
from tests.agents.village import village
from world.view import Weather

BAKER, FARMER, HELPER = range(3)


def tally(seconds: int = 3600, weather: Weather = FAIR, helped: int = -1, skill: float = 0.5) -> np.ndarray:
    """Loaves and tended rows after an hour of a baker and a farmer at work, and perhaps a neighbour beside one."""
    trades = [{"trade": t, "skill": skill} for t in ("baker", "farmer", "trader")]
    society = village(3, personas=trades).society
    produce, intentions, bodies = society.produce, society.intentions, society.bodies
    intentions.intent[:] = Intent.WORK, Intent.WORK, Intent.HELP if helped >= 0 else Intent.LINGER
    intentions.place[:] = [p.workplace for p in society.minds.personas]
    intentions.other[:] = -1, -1, helped
    intentions.arrived[:] = True
    bodies.activity[:] = Activity.WORK
    events = [e for _ in range(seconds // 10) for e in produce.step(10.0, intentions, bodies, weather, 0)]
    for row, per_h in ((BAKER, 12.0), (FARMER, 3.0)):
        batch = max(1.0, round(per_h * BATCH_H))
        told = [d for _, d in events if d["villager"] == row]
        assert len(told) == int(produce.made[row] // batch)
        assert all(d["count"] == batch for d in told)
    return produce.made


def test_an_hour_of_middling_work_brings_what_the_table_says() -> None:
    assert tally()[[BAKER, FARMER, HELPER]] == pytest.approx([12.0, 3.0, 0.0])


def test_skill_weather_and_help_tell() -> None:
    assert (tally(skill=0.9)[:2] > 1.3 * tally(skill=0.3)[:2]).all()
    wet = tally(weather=replace(RAIN, rain_mm_h=3.0))
    assert wet[BAKER] == pytest.approx(12.0)
    assert wet[FARMER] == pytest.approx(3.0 * WET_SHARE)
    helped = tally(helped=BAKER)
    assert helped[BAKER] == pytest.approx(12.0 * (1.0 + HELP_SHARE))
    assert helped[FARMER] == pytest.approx(3.0)


def test_a_morning_makes_things_and_a_new_day_begins_with_nothing() -> None:
    life = village(12, seed=1, rate=1, hour=8, talkativeness=0.0)
    produce = life.society.produce
    per_h = [float(trade_row(p.trade).get("per_hour", 0.0)) for p in life.society.personas]
    produce.made[:] = [0.8 * max(1.0, round(made * BATCH_H)) for made in per_h]  # most of a batch is done
    assert not [kind for _, kind, _ in life.run(60).events if kind == "makes"]
    life.run(1000)
    made = [d for _, kind, d in life.events if kind == "makes"]
    assert len({d["what"] for d in made}) >= 3
    assert all(d["today"] <= produce.made[d["villager"]] for d in made if d["what"] != "sheaves")
    produce.step(1.0, life.society.intentions, life.society.bodies, FAIR, 1)
    assert produce.made.max() < 1.0
