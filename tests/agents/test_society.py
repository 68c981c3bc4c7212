"""The whole society: the same seed lives the same life, and words never move it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from agents.bodies import VILLAGER
from agents.looks import LOOKS
from assets.palette import Activity
from recorder import schema
from tests.agents.flat_world import FAIR, RAIN
from tests.agents.village import Life, digest, village

pytestmark = pytest.mark.slow
HALF_A_MINUTE = """
from tests.agents.village import village
print(b"".join(village(9, seed=11).run(30, digests=True).digests).hex())
"""


def test_a_fresh_process_lives_the_same_life():
    env = {**os.environ, "PYTHONHASHSEED": "77", "PYTHONPATH": "."}
    fresh = subprocess.run([sys.executable, "-c", HALF_A_MINUTE], capture_output=True, text=True, env=env)
    assert fresh.returncode == 0, fresh.stderr
    here = village(9, seed=11).run(30, digests=True).digests
    assert fresh.stdout == f"{b''.join(here).hex()}\n"
    assert len(set(here)) == len(here) == 240, "the state must move from tick to tick"


def test_another_seed_lives_another_life():
    assert village(6, seed=1).run(5, digests=True).digests != village(6, seed=2).run(5, digests=True).digests


def test_words_never_move_the_world():
    plain, absurd = village(10, seed=4), village(10, seed=4)
    absurd.say = lambda plan: " ".join(["bananas"] * (plan.seed % 90)) + "\n\0"
    for _ in range(200):
        assert digest(plain.run(1).society) == digest(absurd.run(1).society)
    assert len(plain.spoken) > 20
    assert [s.floor_end_tick for s in plain.spoken] == [s.floor_end_tick for s in absurd.spoken]
    assert any(s.end_tick != t.end_tick for s, t in zip(plain.spoken, absurd.spoken, strict=True))
    assert all(s.start_tick < s.end_tick <= s.floor_end_tick for s in absurd.spoken)


def test_late_words_are_waited_for_in_silence():
    life = village(10, seed=4)
    life.delay = 3 * life.world.rate
    life.run(150, rows=True)
    due = {p.key: p.due_tick for p in life.plans}
    assert len(life.spoken) > 10
    for said in life.spoken:
        assert said.start_tick == due[said.wording.key] + life.delay
        before = life.rows[said.start_tick - 2]
        assert not before["speaking"][said.speaker]
        assert not before["speaking"][list(said.listeners)].any()


def test_without_words_everybody_turns_away_in_the_end():
    life = village(10, seed=4)
    life.delay = -1
    life.run(120)
    started = [d for at, kind, d in life.events if kind == "conversation_starts" and at < 60 * life.world.rate]
    silent = [d["conversation"] for _, kind, d in life.events if kind == "silence"]
    assert not life.spoken
    assert started and {d["conversation"] for d in started} <= set(silent)


@pytest.mark.parametrize("villagers", [1, 2, 60])
def test_small_and_large_villages_live(villagers):
    life = village(villagers, seed=2).run(20, rows=True)
    last = life.rows[-1]
    assert last.dtype == VILLAGER
    assert len(last) == villagers
    assert all(np.isfinite(last[name]).all() for name in VILLAGER.names or ())
    assert len({p.name for p in life.society.personas}) == villagers


def test_columns_match_the_record():
    assert schema.VILLAGER == VILLAGER
    assert {n: LOOKS[n] for n in LOOKS.names or ()} == {
        n: schema.LOOKS[n] for n in schema.LOOKS.names or () if n != "id"
    }


def test_a_calm_morning_shows_people_walking_working_and_talking(morning: Life):
    rows = np.array(morning.rows)
    outdoors = rows["indoors"] == 0
    two_minutes = rows[: 120 * morning.world.rate]
    walkers = (two_minutes["activity"] == Activity.WALK).sum(axis=0) > 5 * morning.world.rate
    assert outdoors.mean() > 0.7
    assert walkers.sum() >= 4
    assert (rows["activity"] == Activity.WORK).any(axis=0).sum() >= 5
    starts = [t for t, kind, _ in morning.events if kind == "conversation_starts"]
    assert sum(t < 120 * morning.world.rate for t in starts) >= 2


def test_night_finds_the_village_asleep_and_the_world_is_quiet():
    life = village(10, hour=2).run(60, rows=True)
    asleep = life.rows[-1]["activity"] == Activity.SLEEP
    assert asleep.all()
    assert not life.spoken


def test_rain_sends_people_indoors_and_passes():
    life = village(12, seed=3, hour=10)
    dry = int(life.run(30).society.bodies.indoors.sum())
    life.world.weather = replace(RAIN, rain_mm_h=12.0)
    wet = next(indoors for indoors in every_half_minute(life) if indoors >= dry + 6)
    kinds = [d["kind"] for _, kind, d in life.events if kind == "noticed"]
    assert {"rain_started", "storm_started"} & set(kinds)
    life.world.weather = replace(FAIR, ground_wetness=0.7)
    assert any(indoors < wet / 2 for indoors in every_half_minute(life))


def every_half_minute(life: Life) -> Iterator[int]:
    """How many are under a roof, through four minutes at most."""
    for _ in range(8):
        yield int(life.run(30).society.bodies.indoors.sum())


def test_extraverts_start_more_conversations():
    """Traits must show in behaviour with the right sign; rows alternate, so trades do not decide it."""
    even = dict.fromkeys(("openness", "conscientiousness", "agreeableness", "neuroticism"), 0.5)
    personas = [even | {"extraversion": 0.85 if row % 2 else 0.15, "trade": "trader"} for row in range(10)]
    started = np.zeros(2)
    for seed in range(4):
        life = village(10, seed=seed, rate=2, personas=personas, talkativeness=6.0).run(1500)
        for _, kind, data in life.events:
            if kind == "conversation_starts":
                started[data["villagers"][0] % 2] += 1
    assert started.sum() > 25
    assert started[1] > 1.4 * started[0]
