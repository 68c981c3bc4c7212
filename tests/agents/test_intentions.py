"""Plans carried out: promises, errands in two legs, what is interrupted and taken up again, the harvest, the fire."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from agents import options
from agents.acts import Proposal, Topic
from agents.intents import Intent
from agents.moment import Moment
from agents.plans import COMMITMENT_S
from tests.agents.flat_world import FAIR, RAIN, SUMMER
from tests.agents.village import Life, village

WELL, FROM_NINE = 1, 9 * 60
CAREFUL = {"conscientiousness": 0.95, "trade": "trader"}


def settled(villagers: int = 3, *, hour: int = 9, **config) -> Life:
    """People who talk to nobody, so that nothing but plans moves them."""
    return village(villagers, seed=4, hour=hour, rate=2, talkativeness=0.0, **config)


def told(life: Life, kind: str, row: int) -> list[tuple[int, dict]]:
    return [(t, d) for t, k, d in life.events if k == kind and d["villager"] == row]


def test_who_promised_to_come_is_there_in_time_and_stays() -> None:
    life = settled(personas=[CAREFUL, CAREFUL])
    proposal = Proposal("meet", 0, 1, WELL, 0, FROM_NINE + 7, 6, "")
    s = life.society
    ident = s.minds.promises.make(proposal, life.world.tick)
    life.run(7 * 60)
    assert s.intentions.intent[0] == Intent.MEET
    assert s.intentions.promise[0] == ident
    assert s.intentions.other[0] == 1
    life.run(120)
    well = life.world.places[WELL]
    assert np.hypot(s.bodies.x[0] - well.x, s.bodies.y[0] - well.y) < well.radius_m + 3.0
    life.run(5 * 60)
    assert s.intentions.intent[0] != Intent.MEET, "its hour is over"


@pytest.mark.parametrize("promised", ["attend", "meet"])
def test_who_promised_to_come_to_a_supper_it_knows_of_goes_for_both_reasons(
    promised: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(options, "HEED_SPREAD", 0.0)
    careless = {"conscientiousness": 0.05, "extraversion": 0.7, "trade": "trader"}
    life = settled(personas=[careless, CAREFUL])
    s = life.society
    s.minds.needs.loneliness[0] = 0.1
    supper = s.minds.knowledge.new(Topic.GATHERING, "gathering", 0, FROM_NINE + 7, subject=1, place=WELL, source="own")
    s.minds.knowledge.witness(0, supper)
    s.minds.promises.make(Proposal(promised, 0, 1, WELL, 0, FROM_NINE + 7, 60, "", supper.id), 0)
    life.run(9 * 60)
    assert (s.intentions.intent[0] == Intent.ATTEND) == (promised == "attend")


def test_the_careful_forget_less_of_what_they_promised() -> None:
    natures = [{"conscientiousness": 0.9}, {"conscientiousness": 0.1}, {}]
    s = settled(personas=natures).society
    rows, now = np.arange(2), Moment(0, 0, FROM_NINE, float(FROM_NINE), FAIR)
    heeds = []
    for _ in range(60):
        made = [s.minds.promises.make(Proposal("meet", row, 2, WELL, 0, FROM_NINE, 6, ""), 0) for row in (0, 1)]
        heeds.append(options._promises(rows, s.intentions, s.bodies, now).heed)
        for ident in made:
            s.minds.promises.release(ident)
    careful, careless = np.std(heeds, axis=0)
    assert 0.0 < careful < careless / 4


def test_what_is_to_be_brought_is_fetched_first_and_carried() -> None:
    life = settled(personas=[CAREFUL, CAREFUL])
    s = life.society
    goal = s.personas[1].home
    assert s.personas[0].workplace != goal
    s.minds.promises.make(Proposal("bring", 0, 1, goal, 0, FROM_NINE + 4, 25, "a basket of eggs"), life.world.tick)
    laden = False
    for _ in range(60):
        life.run(10)
        laden |= bool(s.intentions.laden[0] and s.villagers(life.world)["carries"][0])
    ((fetched, source),) = told(life, "fetches", 0)
    delivered = [t for t, d in told(life, "arrives", 0) if d["intent"] == "bring"]
    assert source["place"] == s.personas[0].workplace
    assert delivered
    assert fetched < delivered[0]
    assert laden


def test_an_interrupted_intention_is_returned_to() -> None:
    life = settled(personas=[CAREFUL | {"trade": "smith"}], hour=10)
    s = life.society
    life.run(40)
    asked = s.intentions.itinerary
    s.intentions.intent[0], s.intentions.place[0] = Intent.WORK, s.personas[0].workplace
    asked.intent[0], asked.place[0], asked.until[0] = Intent.WORK, s.personas[0].workplace, 10 * 60 + 8.0
    life.run(40)
    s.minds.needs.hunger[0] = 0.97
    life.run(120)
    assert s.intentions.intent[0] == Intent.EAT
    assert s.intentions.kept_intent[0] == Intent.WORK
    s.minds.needs.hunger[0] = 0.0
    life.run(120)
    back = [d for _, d in told(life, "sets_out", 0) if d.get("resumed")]
    assert back
    assert (back[0]["intent"], back[0]["place"]) == ("work", s.personas[0].workplace)


def test_nobody_changes_plans_within_half_a_minute() -> None:
    life = village(8, seed=7, hour=11, rate=2).run(15 * 60)
    rate = life.world.rate
    for row in range(8):
        begun = [t for t, _ in told(life, "sets_out", row)]
        assert all(b - a >= COMMITMENT_S * rate for a, b in pairwise(begun))
    assert sum(len(told(life, "sets_out", row)) for row in range(8)) > 15


@pytest.mark.parametrize("knows", [True, False])
def test_only_who_knows_of_the_rain_brings_in_the_harvest(knows: bool) -> None:
    farmers = [{"trade": "farmer", "conscientiousness": 0.6, "neuroticism": 0.4}] * 2
    life = settled(2, personas=farmers)
    life.world.season = replace(SUMMER, crop_height_m=0.8, crop_ripe=1.0)
    s = life.society
    s.intentions.itinerary.until[:] = -np.inf  # the day begins anew in this season
    s.intentions.itinerary.day[:] = -1
    life.run(4)
    if knows:
        rain = s.minds.knowledge.new(Topic.WEATHER, "rain_coming", 0, FROM_NINE, source="inferred")
        s.minds.knowledge.witness(0, rain)
    life.run(60)
    assert (s.intentions.intent[0] == Intent.HARVEST) == knows
    assert s.intentions.intent[1] != Intent.HARVEST
    if knows:
        assert life.world.places[s.intentions.place[0]].kind == "field"
        assert s.intentions.hurry[0] > 1.1, "before it rains"
        life.world.weather = replace(FAIR, rain_mm_h=8.0)
        life.run(60)
        assert s.intentions.intent[0] != Intent.HARVEST


@pytest.mark.parametrize(("hunger", "intent"), [(0.5, Intent.EAT), (0.02, Intent.SHELTER)])
def test_who_is_sated_while_it_pours_waits_indoors_and_eats_no_more(hunger: float, intent: Intent) -> None:
    life = settled(1, personas=[{"neuroticism": 0.9, "trade": "potter"}], weather=replace(RAIN, rain_mm_h=8.0))
    s = life.society
    home = s.intentions.outlook.home[0]
    s.intentions.intent[0], s.intentions.place[0], s.intentions.arrived[0] = Intent.EAT, home, True
    s.bodies.indoors[0], s.bodies.place[0], s.minds.needs.hunger[0] = True, home, hunger
    life.run(60)
    assert s.intentions.intent[0] == intent
    assert s.bodies.indoors[0] and s.bodies.place[0] == home


@pytest.mark.parametrize("somebody_in", [True, False])
def test_a_visit_ends_where_nobody_is_in(somebody_in: bool) -> None:
    life = settled(3, hour=19)
    guest, host = 0, 2
    s = life.society
    home, asked = s.intentions.outlook.home, s.intentions.itinerary
    assert home[guest] != home[host] and home[1] != home[host]
    s.minds.relations.move(guest, host, affinity=0.9)
    asked.until[:] = np.inf
    asked.intent[guest], asked.place[guest] = Intent.REST, home[guest]
    asked.intent[host], asked.place[host] = (Intent.SLEEP, home[host]) if somebody_in else (Intent.WORK, WELL)
    s.intentions.outlook.friend[:] = host, -1, -1
    s.minds.needs.loneliness[guest] = 0.6
    life.run(10 * 60)
    (came,) = [d for _, d in told(life, "arrives", guest) if d["intent"] == "visit"]
    assert came["place"] == home[host]
    assert (s.intentions.intent[guest] == Intent.VISIT) == somebody_in
    assert (s.bodies.place[guest] == home[host]) == somebody_in


def test_in_the_cold_somebody_of_each_house_fetches_wood_and_lights_the_fire() -> None:
    life = settled(4, hour=18, weather=replace(FAIR, temperature_c=-2.0))
    s = life.society
    s.intentions.outlook.fed[:] = 12 * 60.0
    life.run(15 * 60)
    lit = [d["villager"] for _, kind, d in life.events if kind == "lights_fire"]
    households = [s.personas[row].household for row in lit]
    assert len(households) >= 1
    assert len(set(households)) == len(households), "one of each household is enough"
    assert all(told(life, "fetches", row) for row in lit)


def test_a_gathering_that_one_knows_of_draws_its_host_and_the_sociable() -> None:
    natures = [{"extraversion": 0.5}, {"extraversion": 0.95}, {"extraversion": 0.05}]
    life = settled(3, hour=18, personas=natures)
    s = life.society
    s.minds.needs.loneliness[:] = (0.3, 0.6, 0.1)
    fact = s.minds.knowledge.new(
        Topic.GATHERING, "gathering", 0, 18 * 60 + 12, subject=0, place=WELL, source="own", what="a dance"
    )
    for row in range(3):
        s.minds.knowledge.witness(row, fact)
    life.run(15 * 60)
    assert s.intentions.intent[0] == Intent.ATTEND
    assert s.intentions.intent[1] == Intent.ATTEND
    assert s.intentions.intent[2] != Intent.ATTEND
    assert (s.intentions.place[:2] == WELL).all()


def test_who_waits_for_company_in_vain_goes_back_to_its_day_and_tries_again_later() -> None:
    life = settled(1, hour=9, personas=[{"trade": "trader", "extraversion": 0.9}])
    s = life.society
    sought = []
    for _ in range(4 * 60):
        s.minds.needs.loneliness[0], s.minds.needs.hunger[0] = 1.0, 0.2
        life.run(60)
        sought.append(s.intentions.intent[0] == Intent.COMPANY)
    times = np.flatnonzero(np.diff(np.array([False, *sought, False], int)))
    begun, ended = times[::2], times[1::2]
    assert len(begun) == 2 and ended[0] - begun[0] == pytest.approx(30, abs=3)
    assert begun[1] - ended[0] == pytest.approx(120, abs=3)


def at_work(**round_: float) -> Life:
    """A smith at the forge, whose day's round asks for that until so many minutes past ten."""
    life = settled(personas=[CAREFUL | {"trade": "smith"}], hour=10)
    life.run(40)
    s = life.society
    s.minds.needs.loneliness[0] = s.minds.needs.fatigue[0] = s.minds.needs.hunger[0] = 0.1
    s.intentions.outlook.friend[0] = s.intentions.outlook.new_place[0] = -1
    asks(life, Intent.WORK, s.personas[0].workplace, **round_)
    return life.run(90)


def asks(life: Life, intent: Intent, place: int, *, until: float) -> None:
    asked = life.society.intentions.itinerary
    asked.intent[0], asked.place[0], asked.until[0] = intent, place, 10 * 60 + until


def test_a_plan_is_held_for_half_a_minute_though_its_cause_has_gone() -> None:
    life = at_work(until=60.0)
    s = life.society
    assert s.intentions.intent[0] == Intent.WORK
    s.minds.needs.hunger[0] = 0.97
    while s.intentions.intent[0] != Intent.EAT:
        life.run(1)
    s.minds.needs.hunger[0] = 0.0
    life.run(28)
    assert s.intentions.intent[0] == Intent.EAT
    life.run(10)
    assert s.intentions.intent[0] == Intent.WORK


def test_what_was_interrupted_is_gone_on_with_for_as_long_as_it_would_have_taken() -> None:
    life = at_work(until=12.0)
    s = life.society
    s.minds.needs.hunger[0] = 0.97
    life.run(60)
    assert s.intentions.intent[0] == Intent.EAT
    asks(life, Intent.LINGER, 0, until=180.0)  # meanwhile the day goes on
    s.minds.needs.hunger[0] = 0.0
    life.run(2 * 60)
    assert s.intentions.intent[0] == Intent.WORK and s.intentions.place[0] == s.personas[0].workplace
    life.run(13 * 60)
    assert s.intentions.intent[0] == Intent.LINGER


def test_who_is_late_for_a_promise_hurries_and_who_is_not_does_not() -> None:
    hurries = []
    for minutes in (1, 6):
        life = settled(personas=[CAREFUL, CAREFUL])
        s = life.society
        wood = next(p.id for p in life.world.places if p.kind == "wood")
        s.minds.promises.make(Proposal("meet", 0, 1, wood, 0, FROM_NINE + minutes, 30, ""), life.world.tick)
        life.run(40)
        assert s.intentions.intent[0] == Intent.MEET and s.bodies.moving[0]
        hurries.append(float(s.intentions.hurry[0]))
    assert hurries[0] > 1.1 > hurries[1] == 1.0
