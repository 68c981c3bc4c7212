"""Interventions: each changes what it should, and nothing before its tick; twins differ by the change alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from agents.acts import SpeechPlan
from agents.language.templates import TemplateVoice, template_wording
from agents.language.voice import Voice, Wording
from engine.interventions import Intervention, intervention, parse_inject, parse_set
from engine.scenario import Scenario, ScenarioError, build
from engine.simulation import Simulation
from engine.voice import continued_voice
from recorder.schema import Snapshot

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("machine_code")]
AT = 240
LAST = 1360


def lively(villagers: int = 12) -> Scenario:
    return build(
        {
            "name": "t",
            "seed": 5,
            "place": {"start": "2026-06-12T12:50:00"},
            "world": {"size_m": 512, "tick_rate": 8},
            "village": {"villagers": villagers, "talkativeness": 16.0},
        },
        "t",
    )


class Kept:
    """A run with its snapshots, and its log as a session keeps it."""

    def __init__(self, voice: Voice, *changes: Intervention, villagers: int = 12, until: int = LAST) -> None:
        self.simulation = Simulation(lively(villagers), voice, changes)
        self.snapshots: list[Snapshot] = [self.simulation.snapshot]
        self.log: list[dict[str, Any]] = []
        while self.simulation.tick < until:
            self.snapshots.append(self.simulation.step())
            self.log += [asdict(wording) for wording in self.simulation.wordings]

    def events(self, kind: str) -> list[tuple[int, dict[str, Any]]]:
        return [(e.tick, e.data) for s in self.snapshots for e in s.events if e.kind == kind]

    def lines(self) -> Iterator[Any]:
        return (line for snapshot in self.snapshots for line in snapshot.utterances)


@pytest.fixture(scope="module")
def plain_run() -> Kept:
    return Kept(TemplateVoice())


def assert_same_until(first_change: int, one: Kept, other: Kept) -> None:
    for a, b in zip(one.snapshots[:first_change], other.snapshots, strict=False):
        assert (a.hashes, a.events, a.utterances) == (b.hashes, b.events, b.utterances)
    after = one.snapshots[first_change].hashes, other.snapshots[first_change].hashes
    assert after[0] != after[1], "the change shows in the state of its very tick"


@pytest.mark.parametrize(
    "given",
    [
        parse_set("weather=storm,over=2min", AT),
        parse_set("talkativeness=0", AT),
        parse_set("model=models/a,b=c.gguf", AT),
        parse_inject("rumour: who=Mira, kind=fox_in_barn", AT),
        parse_inject("rumour:who=Mira,kind=lost_sheep,place=the mill,about=Tomas", AT),
        parse_inject("closed:place=the mill", AT),
    ],
)
def test_what_was_typed_survives_a_header(given: Intervention) -> None:
    assert intervention(given.plain()) == given


@pytest.mark.parametrize(
    ("option", "text", "says"),
    [
        ("set", "weather=hail", "weather = 'hail' is none of .*'storm'"),
        ("set", "weather=storm,over=soon", "over = 'soon': 'soon' is not a duration"),
        ("set", "weather=storm,until=5min", "'until' is not known"),
        ("set", "wind=3", "write --set 'weather=storm,over=10min' or"),
        ("set", "talkativeness=29", "less than or equal to 20"),
        ("set", "model=", "at least 1 character"),
        ("inject", "rumour:who=Mira", "'kind' is missing"),
        ("inject", "rumour:who=Mira,kind=war", "kind = 'war' is none of .*'fox_in_barn'"),
        ("inject", "rumour:Mira", "write 'rumour:who=Mira,kind=fox_in_barn'"),
        ("inject", "closed:place=", "write 'closed:place=the mill'"),
        ("inject", "flood:place=the mill", "write --inject 'rumour:"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(option: str, text: str, says: str) -> None:
    parse = {"set": parse_set, "inject": parse_inject}[option]
    with pytest.raises(ScenarioError, match=says) as caught:
        parse(text, AT)
    assert text in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rumour:who=Nobody,kind=fox_in_barn", "Nobody here is called 'Nobody'; there are "),
        ("closed:place=the moon", "no place called 'the moon'; there are the square, the well"),
        ("closed:place=the ferry", "no place called 'the ferry'"),
    ],
)
def test_unknown_names_list_what_there_is(text: str, says: str) -> None:
    with pytest.raises(ScenarioError, match=says):
        Simulation(lively(), TemplateVoice(), [parse_inject(text, AT)])


def test_a_front_arrives_from_its_tick_on(plain_run: Kept) -> None:
    stormy = Kept(TemplateVoice(), parse_set("weather=storm,over=2min", AT))
    assert stormy.events("front") == [(AT, {"kind": "storm", "over_s": 120.0})]
    for a, b in zip(plain_run.snapshots[:AT], stormy.snapshots, strict=False):
        assert (a.hashes, a.events) == (b.hashes, b.events)
    rain = np.array([s.environment["rain_mm_h"] for s in stormy.snapshots])
    assert not rain[: AT + 1].any()
    assert rain[AT + 130 * 8 :].min() > 3.0, "after two minutes and an update it is a storm"
    assert not any(s.environment["rain_mm_h"] for s in plain_run.snapshots)
    assert stormy.events("rain_starts")


def test_who_is_told_to_be_silent_turns_to_nobody() -> None:
    silent = Kept(TemplateVoice(), parse_set("talkativeness=0", AT), villagers=24)
    plain_run = Kept(TemplateVoice(), villagers=24)
    assert_same_until(AT, silent, plain_run)
    begun = [tick for tick, _ in silent.events("conversation_starts") if tick > AT + 15 * 8]
    assert not begun and [tick for tick, _ in plain_run.events("conversation_starts") if tick > AT + 15 * 8]


def test_a_rumour_changes_nothing_before_its_tick(plain_run: Kept) -> None:
    who = plain_run.simulation.society.personas[2].name
    given = parse_inject(f"rumour:who={who},kind=lost_sheep,place=The Mill", AT)
    assert_same_until(AT, Kept(TemplateVoice(), given, until=AT + 1), plain_run)


def test_rumours_travel_and_the_record_knows_them_from_the_news() -> None:
    people = Simulation(lively(), TemplateVoice()).society.personas
    given = [parse_inject(f"rumour:who={p.name},kind=fox_in_barn", AT) for p in people]
    rumoured = Kept(TemplateVoice(), *given)
    told = rumoured.events("rumour")
    assert [(tick, data["villager"], data["kind"]) for tick, data in told] == [
        (AT, p.row, "fox_in_barn") for p in people
    ]
    places = rumoured.simulation.world.valley.places
    assert {places[data["place"]].kind for _, data in told} == {"barn"}
    source = {data["fact"]: data["villager"] for _, data in told}
    about = [line for line in rumoured.lines() if line.fact and line.fact["id"] in source]
    assert {line.act for line in about} & {"tell", "answer"}
    assert all(line.fact["details"]["rumour"] and line.fact["witnesses"] == [] for line in about)
    assert {line.fact["source"] for line in about} == {"rumour", "told"}
    learned = {(data["fact"], data["villager"]) for _, data in rumoured.events("learns") if data["fact"] in source}
    heads = enumerate(rumoured.simulation.society.minds.knowledge.held)
    holding = {(fact, row) for row, held in heads for fact in held if fact in source}
    assert learned and holding == learned | set(source.items())
    news = [line.fact for line in rumoured.lines() if line.fact and line.fact["id"] not in source]
    assert news and not any("rumour" in fact["details"] or fact["witnesses"] == [] for fact in news)


@pytest.mark.parametrize("place", ["the square", "Field Lane 1"])
def test_nobody_enters_a_closed_place_and_all_leave_it(plain_run: Kept, place: str) -> None:
    simulation = Simulation(lively(), TemplateVoice(), [parse_inject(f"closed:place={place}", AT)])
    shut = next(p for p in simulation.world.valley.places if p.name == place)
    bodies, before, ever = simulation.society.bodies, set(range(12)), set[int]()
    while simulation.tick < LAST or (before and simulation.tick < LAST + 1600):  # who is in a talk parts first
        snapshot = simulation.step()
        if snapshot.tick < AT:
            assert snapshot.hashes == plain_run.snapshots[snapshot.tick].hashes
            continue
        within = set(np.flatnonzero(~simulation.world.view().walkable(bodies.x, bodies.y)).tolist())
        near = np.hypot(bodies.x - shut.x, bodies.y - shut.y) < shut.radius_m - 0.75
        assert set(np.flatnonzero(near).tolist()) <= within
        assert within <= before, f"{within - before} entered at tick {snapshot.tick}"
        before, ever = within, ever | within
    assert not before, "there was time enough to leave"
    assert ever or place == "Field Lane 1"
    assert not {i.place for i in simulation.society.intentions.current} & set(simulation.world.closed)
    resumed = Simulation.resume(lively(), TemplateVoice(), simulation.freeze())
    for _ in range(80):
        assert resumed.step().hashes == simulation.step().hashes


class OtherVoice:
    """A voice with words of its own."""

    def __init__(self) -> None:
        self.asked: list[SpeechPlan] = []
        self.closed = False

    def submit(self, plan: SpeechPlan) -> None:
        self.asked.append(plan)

    def due(self, tick: int) -> list[Wording]:
        ready = [p for p in self.asked if p.due_tick == tick]
        return [Wording(p.key, "Well!", template_wording(p).text, "template", tick) for p in ready]

    def close(self) -> None:
        self.closed = True


def test_a_twin_without_a_change_never_differs_and_never_asks_the_live_voice(plain_run: Kept) -> None:
    live = OtherVoice()
    parent = Simulation(lively(), TemplateVoice())
    while parent.tick < AT:
        parent.step()
    twin = Simulation.resume(lively(), continued_voice(plain_run.log, live), parent.freeze())
    last_due = max(entry["arrival_tick"] for entry in plain_run.log)
    while twin.tick < last_due:
        snapshot = twin.step()
        expected = plain_run.snapshots[snapshot.tick]
        assert (snapshot.hashes, snapshot.events) == (expected.hashes, expected.events)
        assert snapshot.utterances == expected.utterances
    assert all(plan.due_tick > last_due for plan in live.asked)
    twin.voice.close()
    assert live.closed


def test_a_twin_with_a_change_speaks_anew_only_where_the_change_has_reached(plain_run: Kept) -> None:
    live = OtherVoice()
    twin = Kept(continued_voice(plain_run.log, live), parse_set("weather=storm,over=2min", AT))
    logged = {tuple(entry["key"]): entry["text"] for entry in plain_run.log}
    assert live.asked
    for entry in twin.log:
        assert entry["text"] in ("Well!", logged.get(entry["key"]))
    early = [line for line in twin.lines() if line.start_tick <= AT]
    assert early == [line for line in plain_run.lines() if line.start_tick <= AT]
