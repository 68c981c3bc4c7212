"""What is noticed: weather, water, neighbours and their deeds, work that falls behind."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from agents.acts import Topic
from agents.intents import Intent
from agents.memory import EpisodeKind
from assets.palette import Activity
from tests.agents.flat_world import FAIR, FlatWorld
from tests.agents.village import Life, digest, village
from world.view import Floats

STORM = replace(FAIR, wind_m_s=19.0, gust_m_s=28.0)
WELL = 1


@dataclass
class Flooded(FlatWorld):
    """The flat world with water over one place."""

    under_water: int = -1

    def walkable(self, x: Floats, y: Floats) -> np.ndarray:
        dry = super().walkable(x, y)
        if self.under_water < 0:
            return dry
        p = self.places[self.under_water]
        return dry & (np.hypot(x - p.x, y - p.y) > 3.0)


def noticed(life: Life, kind: str) -> list[dict]:
    return [d for _, k, d in life.events if k == "noticed" and d["kind"] == kind]


def test_who_is_seen_somewhere_is_known_and_remembered_there(morning: Life) -> None:
    minds, seen = morning.society.minds, 0
    for row, held in enumerate(minds.knowledge.held):
        lived = minds.memories.of(row)[["kind", "who", "place", "fact"]].tolist()
        for fact in (f for f in held.values() if f.kind == "saw_person" and f.told_by < 0):
            assert (EpisodeKind.SAW, fact.subject, fact.place, fact.id) in lived
            seen += 1
    assert seen > 40


def test_a_storm_is_noticed_once_by_all_who_are_awake() -> None:
    life = village(8, seed=3).run(4)
    asleep = life.society.bodies.activity == Activity.SLEEP
    life.world.weather = STORM
    life.run(4)
    (told,) = noticed(life, "storm_started")
    assert set(told["villagers"]) == set(np.flatnonzero(~asleep).tolist())
    for row in told["villagers"]:
        assert life.society.minds.knowledge.held[row][told["fact"]].kind == "storm_started"


def test_rain_is_noticed_by_those_out_of_doors_and_a_storm_by_no_sleeper() -> None:
    day = village(12, seed=3, hour=10).run(4)
    day.society.bodies.indoors[:5] = True
    out = np.flatnonzero(~day.society.bodies.indoors).tolist()
    day.world.weather = replace(FAIR, rain_mm_h=2.0)
    day.run(1 / day.world.rate)
    (told,) = noticed(day, "rain_started")
    assert told["villagers"] == out and 0 < len(out) < 12
    night = village(6, seed=3, hour=2).run(1)
    night.society.bodies.activity[2] = Activity.SIT
    night.world.weather = STORM
    night.run(1 / night.world.rate)
    (told,) = noticed(night, "storm_started")
    assert told["villagers"] == [2]


def test_water_over_a_place_is_known_to_those_who_see_it_and_to_nobody_else() -> None:
    life = village(14, seed=5, talkativeness=0.0)
    world = Flooded(start=life.world.start, rate=life.world.rate)
    life.world = world
    life.run(6)
    assert not noticed(life, "place_flooded")
    world.under_water = WELL
    life.run(6)
    s, well = life.society, world.places[WELL]
    knows = {row for d in noticed(life, "place_flooded") for row in d["villagers"]}
    near = np.hypot(s.bodies.x - well.x, s.bodies.y - well.y) < 30.0
    far = np.hypot(s.bodies.x - well.x, s.bodies.y - well.y) > 50.0
    assert set(np.flatnonzero(near & ~s.bodies.indoors).tolist()) <= knows
    assert knows
    assert not knows & set(np.flatnonzero(far).tolist())
    assert s.intentions.outlook.shut[sorted(knows), WELL].all()
    assert not s.intentions.outlook.shut[np.flatnonzero(far), WELL].any()
    assert not (s.intentions.place[sorted(knows)] == WELL).any()


def test_being_told_of_water_keeps_one_away() -> None:
    life = village(6, seed=5, talkativeness=0.0).run(2)
    s = life.society
    s.bodies.x[0], s.bodies.y[0] = 100.0, 100.0  # too far to see the well
    flood = s.minds.knowledge.new(Topic.WEATHER, "place_flooded", 0, 9 * 60, place=WELL)
    s.minds.knowledge.witness(1, flood)
    assert not s.intentions.outlook.shut[0].any()
    s.minds.knowledge.tell(1, 0, flood, life.world.tick, belief=1.0)
    life.run(3)
    assert s.intentions.outlook.shut[0, WELL]


def test_work_that_is_behind_makes_a_need_of_its_own_once_a_day() -> None:
    careless = [{"conscientiousness": 0.03}] * 10
    life = village(10, seed=2, hour=14, personas=careless).run(300)
    needs = noticed(life, "needs_help")
    assert len(needs) >= 3
    rows = [d["villagers"][0] for d in needs]
    assert len(rows) == len(set(rows))
    for d in needs:
        fact = life.society.minds.knowledge.held[d["villagers"][0]][d["fact"]]
        assert (fact.subject, fact.source) == (d["villagers"][0], "own")
        assert fact.details["what"]


def test_help_unasked_is_seen_and_thanked_for() -> None:
    """An agreeable villager who knows of a need goes, works beside, and the one who is helped holds it dear."""
    natures = [{"agreeableness": 0.97, "trade": "trader"}, {"trade": "trader"}]
    life = village(2, seed=4, personas=natures, talkativeness=0.0).run(2)
    s = life.society
    market = s.personas[1].workplace
    need = s.minds.knowledge.new(
        Topic.FAVOUR, "needs_help", 0, 9 * 60, subject=1, place=market, source="own", what="set up the stall"
    )
    s.minds.knowledge.witness(1, need)
    s.minds.knowledge.tell(1, 0, need, life.world.tick, belief=1.0)
    trust, debt = (float(getattr(s.minds.relations, name)[1, 0]) for name in ("trust", "debt"))
    helping = False
    for _ in range(150):
        life.run(4)
        helping |= bool(s.intentions.intent[0] == Intent.HELP and s.bodies.activity[0] == Activity.WORK)
        if noticed(life, "helped"):
            break
    assert helping
    (told,) = noticed(life, "helped")
    fact = s.minds.knowledge.held[told["villagers"][0]][told["fact"]]
    assert (fact.subject, fact.object, fact.details["what"]) == (0, 1, "set up the stall")
    assert s.minds.relations.trust[1, 0] > trust and s.minds.relations.debt[1, 0] > debt


def test_a_thawed_society_goes_on_as_the_one_that_was_frozen() -> None:
    life = village(9, seed=6).run(40)
    life.world.weather = STORM
    life.run(20)
    state, tick = life.society.freeze(), life.world.tick
    again = village(9, seed=6)
    again.world.tick, again.world.weather = tick, STORM
    again.society.thaw(state)
    assert digest(again.society) == digest(life.society)
    names = set(life.society.intentions.columns())
    for name in names:
        ours, theirs = (x.society.intentions.columns()[name] for x in (life, again))
        assert np.array_equal(ours, theirs, equal_nan=True), name
