"""A run's state can be taken out and put back, and the resumed run goes on exactly as one never interrupted."""

from __future__ import annotations

import copy
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any
from zlib import crc32

import msgpack
import numpy as np
import pytest

from agents.acts import SpeechPlan
from agents.language.templates import TemplateVoice, template_wording
from agents.language.voice import Wording
from engine.scenario import Scenario, build
from engine.simulation import STATE_LAYOUT, Simulation
from recorder.schema import Snapshot

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("machine_code")]
LAST = 1400
LIVES_ON = 200  # ticks that a resumed run is followed; some are followed to the end
ROOT = Path(__file__).parents[2]


def eventful() -> Scenario:
    """Ten talkative people at noon, and rain that comes after a minute and goes on."""
    return build(
        {
            "name": "t",
            "seed": 5,
            "place": {"start": "2026-06-12T12:50:00"},
            "world": {"size_m": 512, "tick_rate": 8},
            "village": {"villagers": 10, "talkativeness": 5.0},
            "weather": {"opening": "overcast", "front": "rain", "front_at": "40s", "front_lasts": "60s"},
        },
        "t",
    )


class UnpunctualVoice:
    """Words of some plans come at once and wait to be spoken, those of others a second late: each by its seed alone."""

    def __init__(self) -> None:
        self.plans: list[SpeechPlan] = []

    def submit(self, plan: SpeechPlan) -> None:
        self.plans.append(plan)

    def due(self, tick: int) -> list[Wording]:
        arrival = {p.key: p.key[1] + 1 if p.seed % 2 else p.due_tick + 8 for p in self.plans}
        ready = sorted((p for p in self.plans if arrival[p.key] <= tick), key=lambda p: p.key)
        self.plans = [p for p in self.plans if arrival[p.key] > tick]
        return [replace(template_wording(p), arrival_tick=tick) for p in ready]

    def close(self) -> None:
        self.plans.clear()


@dataclass
class Run:
    """A run that was never interrupted, with what it was at some ticks."""

    simulation: Simulation
    snapshots: dict[int, Snapshot] = field(default_factory=dict)
    wordings: dict[int, tuple[Wording, ...]] = field(default_factory=dict)
    states: dict[str, bytes] = field(default_factory=dict)  # packed, by what was going on
    ticks: dict[str, int] = field(default_factory=dict)
    copies: dict[int, Simulation] = field(default_factory=dict)


def under_way(kind: str) -> Callable[[Simulation], bool]:
    def holds(s: Simulation) -> bool:
        talks = s.society.talk.talks.values()
        match kind:
            case "an approach":
                return any(t.approaching and s.tick > t.started + 4 for t in talks)
            case "a turn being spoken":
                return any(t.speaking is not None and t.thread.turns > 3 for t in talks)
            case "words that wait to be spoken":
                return bool(s.society.talk._words)
            case "plans without words":
                return bool(s._unworded)
            case "rain":
                return bool(s.world._raining) and any(s.society.bodies.moving)
            case "several talks":
                return len(talks) > 1
        return s.tick == int(kind)

    return holds


MOMENTS = (
    "an approach",
    "a turn being spoken",
    "words that wait to be spoken",
    "plans without words",
    "rain",
    "several talks",
    "0",
    "800",
    "1333",
)


@pytest.fixture(scope="module")
def run() -> Run:
    simulation = Simulation(eventful(), UnpunctualVoice())
    run = Run(simulation)
    while True:
        for moment in MOMENTS:
            if moment not in run.states and under_way(moment)(simulation):
                run.states[moment], run.ticks[moment] = packed(simulation.freeze()), simulation.tick
        if simulation.tick == LAST:
            assert run.states.keys() == set(MOMENTS)
            return run
        snapshot = simulation.step()
        run.snapshots[snapshot.tick] = snapshot
        run.wordings[simulation.tick] = simulation.wordings
        if simulation.tick == 1000:
            run.copies[1000] = copy.deepcopy(simulation)


def packed(state: Any) -> bytes:
    """The state as bytes, by way of msgpack, as a session keeps it."""
    return bytes(msgpack.packb(state, default=_encoded, strict_types=True))


def unpacked(data: bytes) -> dict[str, Any]:
    return dict(msgpack.unpackb(data, object_hook=_decoded))


def _encoded(value: Any) -> Any:
    if type(value) is tuple or isinstance(value, StrEnum):  # a list and a text to msgpack, unless it is strict
        return list(value) if type(value) is tuple else str(value)
    assert type(value) is np.ndarray, f"a {type(value)} is nothing plain"
    return {"dtype": value.dtype.str, "shape": list(value.shape), "data": value.tobytes()}


def _decoded(value: dict[str, Any]) -> Any:
    if value.keys() != {"dtype", "shape", "data"}:
        return value
    return np.frombuffer(value["data"], value["dtype"]).reshape(value["shape"])


def assert_same_tick(resumed: Simulation, run: Run) -> None:
    snapshot, expected = resumed.snapshot, run.snapshots[resumed.tick]
    assert snapshot.hashes == expected.hashes, f"tick {resumed.tick}"
    assert np.array_equal(snapshot.villagers, expected.villagers)
    assert np.array_equal(snapshot.environment, expected.environment)
    assert (snapshot.events, snapshot.utterances) == (expected.events, expected.utterances)
    assert resumed.wordings == run.wordings[resumed.tick]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_resumed_run_goes_on_as_if_never_interrupted(run: Run, moment: str) -> None:
    resumed = Simulation.resume(eventful(), UnpunctualVoice(), unpacked(run.states[moment]))
    assert resumed.tick == run.ticks[moment]
    assert packed(resumed.freeze()) == run.states[moment], "what is frozen at once is what was thawed"
    if resumed.tick:
        assert resumed.snapshot.hashes == run.snapshots[resumed.tick].hashes
        assert np.array_equal(resumed.snapshot.villagers, run.snapshots[resumed.tick].villagers)
    until = LAST if moment in ("rain", "words that wait to be spoken") else min(LAST, resumed.tick + LIVES_ON)
    while resumed.tick < until:
        resumed.step()
        assert_same_tick(resumed, run)
    if until == LAST:
        assert list(differences(settled(run.simulation), settled(resumed))) == []


def settled(simulation: Simulation) -> Simulation:
    """The same once nobody works on its land: who asks for the water waits."""
    assert simulation.world.nature.land.water is not None
    return simulation


def test_nothing_that_has_state_is_left_out(run: Run) -> None:
    """Every attribute of every object, private ones too, is what it is in the run that was never interrupted."""
    whole = run.copies[1000]
    resumed = Simulation.resume(eventful(), UnpunctualVoice(), unpacked(packed(whole.freeze())))
    found = [
        path
        for path in differences(whole, settled(resumed))
        if path not in (".snapshot.events", ".snapshot.utterances")
    ]
    assert found in ([], [".wordings"])


def test_a_missed_attribute_would_be_noticed(run: Run) -> None:
    whole = run.copies[1000]
    resumed = Simulation.resume(eventful(), UnpunctualVoice(), whole.freeze())
    resumed.society.intentions.stuck[3] += 1
    resumed.society.talk._next_id += 1
    resumed.world.nature.land.water._depth[100, 100] += 1e-9
    assert {
        ".society.intentions.stuck",
        ".society.talk._next_id",
        ".world.nature.land._water._depth",
    } <= set(differences(whole, resumed))


def test_later_steps_do_not_change_what_was_taken(run: Run) -> None:
    simulation = copy.deepcopy(run.copies[1000])
    state = simulation.freeze()
    before = packed(state)
    for _ in range(100):
        simulation.step()
    assert packed(state) == before != packed(simulation.freeze())


IN_ANOTHER_PROCESS = """
import sys
from tests.engine.test_resume import *
resumed = Simulation.resume(eventful(), UnpunctualVoice(), unpacked(sys.stdin.buffer.read()))
for _ in range(150):
    resumed.step()
print(resumed.tick, resumed.snapshot.hashes["total"].hex(), crc32(repr(resumed.snapshot.villagers).encode()))
print(crc32(packed(resumed.freeze())))
"""


def test_another_process_goes_on_the_same(run: Run) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS],
        input=run.states["a turn being spoken"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    tick, digest, rows, state = done.stdout.decode().split()
    snapshot = run.snapshots[int(tick)]
    assert (digest, int(rows)) == (snapshot.hashes["total"].hex(), crc32(repr(snapshot.villagers).encode()))
    here = Simulation.resume(eventful(), UnpunctualVoice(), unpacked(run.states["a turn being spoken"]))
    for _ in range(150):
        here.step()
    assert int(state) == crc32(packed(here.freeze()))


def test_a_state_that_does_not_fit_is_refused_in_a_sentence(run: Run) -> None:
    state = unpacked(run.states["words that wait to be spoken"])
    scenario = eventful()
    paths = [*paths_of(state)]
    assert len(paths) > 150
    broken = [with_other(state, path, None) for path in paths]
    broken += [with_other(state, path, {"other": "kind"}) for path in paths[::4]]
    for states in broken:
        with pytest.raises(ValueError, match=r"the state") as caught:
            thawed(scenario, states, run)
        assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="seed 6, where seed 5"):
        thawed(scenario, {**state, "seed": 6}, run)
    with pytest.raises(ValueError, match="layout 0, where"):
        thawed(scenario, {**state, "layout": 0}, run)


def thawed(scenario: Scenario, state: dict[str, Any], run: Run) -> None:
    """What `Simulation.resume` does, in rooms that exist already: a new valley for every key would take long."""
    if 0 not in run.copies:
        run.copies[0] = Simulation(scenario, TemplateVoice())
    rooms = run.copies[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Simulation, "__init__", lambda self, *_: self.__dict__.update(rooms.__dict__))
        Simulation.resume(scenario, TemplateVoice(), state)


def paths_of(state: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every key of a state; of lists the first item stands for all. What a fact's details hold is free."""
    items = state.items() if isinstance(state, Mapping) else enumerate(state[:1]) if isinstance(state, list) else ()
    for key, value in items:
        if isinstance(key, str):
            yield (*path, key)
        if key != "details":
            yield from paths_of(value, (*path, key))


def with_other(state: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """The state with another value at a path; with None, without one."""
    changed, (key, *rest) = copy.copy(state), path
    if rest:
        changed[key] = with_other(state[key], tuple(rest), value)
    elif value is None:
        del changed[key]
    else:
        changed[key] = value
    return changed


def test_the_layout_has_a_new_number_where_it_changes(run: Run) -> None:
    """Whoever adds, drops or renames something in the state raises STATE_LAYOUT, and writes its new shape here."""
    names = {
        ".".join(str(key) for key in path if isinstance(key, str))
        for s in run.states.values()
        for path in paths_of(unpacked(s))
    }
    assert (STATE_LAYOUT, len(names), crc32(" ".join(sorted(names)).encode())) == (9, 428, 3751436813)


# What follows from the scenario, closed places, the ground and the hour, and is filled when first asked for; and
# room that is written anew in each step.
CACHES = {"_rounds", "_found", "voice", "_fields", "_moments", "_storms", "_nights", "_strokes", "_field", "_days"}
CACHES |= {"_listed", "_starts", "_carry", "_share", "_asleep", "_wanted", "_over", "_people", "_leading", "walkers"}


def differences(one: Any, other: Any, path: str = "", seen: set[tuple[int, int]] | None = None) -> Iterator[str]:
    """Paths at which two object graphs differ, private attributes and the order of maps included."""
    seen = set() if seen is None else seen
    if (id(one), id(other)) in seen or one is other:
        return
    seen.add((id(one), id(other)))
    if type(one) is not type(other):
        yield path
    elif isinstance(one, np.ndarray):
        if one.dtype != other.dtype or not np.array_equal(one, other, equal_nan=one.dtype.kind == "f"):
            yield path
    elif isinstance(one, dict):
        if list(one) != list(other) and not (path.endswith("_thinkers") and one.keys() == other.keys()):
            yield path
        else:
            for key in one:
                yield from differences(one[key], other[key], f"{path}[{key}]", seen)
    elif isinstance(one, list | tuple | deque):
        if len(one) != len(other):
            yield path
        for i, (a, b) in enumerate(zip(one, other, strict=False)):
            yield from differences(a, b, f"{path}[{i}]", seen)
    elif isinstance(one, str | int | float | bytes | None | Enum | date | timedelta | slice | np.generic):
        if one != other:
            yield path
    elif hasattr(one, "__dict__"):
        for name in sorted(one.__dict__.keys() | other.__dict__.keys()):
            if name in CACHES:
                continue
            if not (name in one.__dict__ and name in other.__dict__):
                yield f"{path}.{name}"
            else:
                yield from differences(one.__dict__[name], other.__dict__[name], f"{path}.{name}", seen)
    else:
        raise TypeError(f"{path}: how to compare a {type(one)}?")
