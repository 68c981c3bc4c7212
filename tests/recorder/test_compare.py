"""Two sessions are the same exactly if they hold the same; one planted difference is found where it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recorder.compare import Comparison, compare
from recorder.differences import state_differences
from recorder.reader import Session
from recorder.schema import ENVIRONMENT, VILLAGER, Event, Snapshot
from recorder.writer import SessionWriter
from tests.recorder import synthetic

TICKS = 40
STATE: dict[str, Any] = {
    "agents": {"trust": np.arange(4.0), "facts": [{"day": 3}] * 4},
    "world": {"rain": 0.25, "seed": b"ab"},
}
Change = Callable[[Snapshot], Snapshot]


def write(path: Path, change: Change = lambda snapshot: snapshot, **other: Any) -> Session:
    """A session in which one thing may be other than usual."""
    rng = np.random.default_rng(3)
    header = synthetic.header(**other.get("header", {}))
    with SessionWriter(path, header, synthetic.scenery(rng), synthetic.cast()) as writer:
        for tick in range(TICKS):
            said = (synthetic.utterance(tick // 16, tick),) if tick % 16 == 4 else ()
            writer.snapshot(change(synthetic.snapshot(rng, tick, said=said)))
            for line in said:
                text = other.get("wording", line.text)
                writer.wording({"key": [line.speaker, tick, 0], "arrival_tick": tick, "text": text})
            if tick == 24:
                writer.keyframe(tick, other.get("state", STATE))
            if tick % 16 == 0:
                images = synthetic.images(tick, 16, 12)
                if tick == 16:
                    images = other.get("paint", lambda images: images)(images)
                writer.frame(tick, "square", synthetic.POSE, images)
    return Session.open(path)


def compared(here: Session, there: Session) -> Comparison:
    *_, result = compare(here, there)
    return result


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return write(tmp_path_factory.mktemp("usual") / "s.hamlet")


def test_a_session_is_the_same_as_one_written_again(tmp_path: Path, usual: Session) -> None:
    result = compared(write(tmp_path / "s.hamlet", header={"created": "2031-01-01"}), usual)
    assert result.same and result.ticks == result.same_ticks == TICKS
    assert result.apart == ["id", "created", "run"]


def test_nan_is_the_same_as_itself(tmp_path: Path) -> None:
    def nan(snapshot: Snapshot) -> Snapshot:
        rows = snapshot.villagers.copy()
        rows["mood"] = np.nan
        return replace(snapshot, villagers=rows)

    assert compared(write(tmp_path / "a.hamlet", nan), write(tmp_path / "b.hamlet", nan)).same


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tick=st.integers(0, TICKS - 1), row=st.integers(0, 3), data=st.data())
def test_a_planted_value_is_found(
    tmp_path_factory: pytest.TempPathFactory, usual: Session, tick: int, row: int, data: st.DataObject
) -> None:
    room = data.draw(st.sampled_from(["agents", "world"]))
    name = data.draw(st.sampled_from((VILLAGER if room == "agents" else ENVIRONMENT).names or ()))

    def plant(snapshot: Snapshot) -> Snapshot:
        if snapshot.tick != tick:
            return snapshot
        rows, environment = snapshot.villagers.copy(), snapshot.environment.copy()
        if room == "agents":
            rows[name][row] += 1
        else:
            environment[name] += 1
        return replace(snapshot, villagers=rows, environment=environment)

    result = compared(write(tmp_path_factory.mktemp("planted") / "s.hamlet", plant), usual)
    assert result.first is not None and not result.same
    villager = synthetic.NAMES[row] if room == "agents" else ""
    assert (result.first.tick, result.first.room, result.first.entity, result.first.field) == (
        tick,
        room,
        villager,
        name,
    )
    assert result.first.found != result.first.expected
    assert {key: tally.count for key, tally in result.fields.items()} == {(room, name): 1}
    assert (result.same_ticks, result.differing_ticks) == (tick, 1)


def at_tick_20(**changes: Any) -> Change:
    def change(snapshot: Snapshot) -> Snapshot:
        given = {name: value(snapshot) for name, value in changes.items()}
        return replace(snapshot, **given) if snapshot.tick == 20 else snapshot

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            at_tick_20(hashes=lambda s: {**s.hashes, "agents": bytes(16)}),
            "tick 20: agents: hash 00000000 instead of",
        ),
        (
            at_tick_20(events=lambda s: (*s.events, Event(20, "arrives", {"who": 2}))),
            "tick 20: events: event 1 arrives instead of nothing",
        ),
        (
            at_tick_20(utterances=lambda s: tuple(replace(line, text="Hush.") for line in s.utterances)),
            "tick 20: language: Tomas: text 'Hush.' instead of \"Aye.",
        ),
        (at_tick_20(utterances=lambda s: ()), "tick 20: language: Tomas: line 1 nothing instead of"),
    ],
)
def test_what_is_no_column_is_found_too(tmp_path: Path, usual: Session, change: Change, sentence: str) -> None:
    result = compared(write(tmp_path / "s.hamlet", change), usual)
    assert str(result.first).startswith(sentence)
    assert result.lines == ("language" in sentence) and result.differing_ticks == 1


def test_an_image_is_compared_by_its_pixels(tmp_path: Path, usual: Session) -> None:
    def paint(images: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        images["depth"][9, 5] += 1
        return images

    result = compared(write(tmp_path / "s.hamlet", paint=paint), usual)
    assert list(result.frames) == ["depth"] and result.frames["depth"].count == 1 and result.differing_ticks == 0
    assert "tick 16: frames: square: depth" in str(result.first)
    assert "at row 9, column 5, the first of 1 pixels" in str(result.first)


def test_words_states_and_headers_are_compared(tmp_path: Path, usual: Session) -> None:
    worded = compared(write(tmp_path / "w.hamlet", wording="other words"), usual)
    assert worded.wordings == 3 and not worded.same and worded.first is None
    facts = [*STATE["agents"]["facts"][:2], {"day": 4}, {"day": 3}]
    kept = compared(write(tmp_path / "k.hamlet", state={**STATE, "agents": {**STATE["agents"], "facts": facts}}), usual)
    assert kept.keyframes == 1
    assert str(kept.first) == "tick 24: keyframes: agents.facts[Åsa].day 4 instead of 3"
    headed = compared(write(tmp_path / "h.hamlet", header={"seed": 8, "moons": 2}), usual)
    assert headed.header == ["seed", "moons"] and not headed.same and headed.first is None


def test_states_are_compared_entry_by_entry() -> None:
    cast = synthetic.cast()
    here = {"x": np.array([[1, 2], [3, 4]]), "y": {"a": 1.0}, "z": [1, 2], "t": np.zeros(4, [("u", "<f4")])}
    there = {
        "x": np.array([[1, 2], [3, 5]]),
        "y": {"a": 1, "b": None},
        "z": [1, 2, 3],
        "t": np.zeros(4, [("u", "<f4")]),
    }
    there["t"]["u"][1] = 2  # type: ignore[index]
    assert list(state_differences(here, there, cast)) == [
        ("x[1, 1]", "4", "5"),
        ("y.a", "1.0", "1"),
        ("y.b", "nothing", "None"),
        ("z", "2 entries", "3"),
        ("t.u[Tomas]", "0.0", "2.0"),
    ]
    narrow, wide = np.array([1, 2], np.int8), np.array([1, 2])
    assert not list(state_differences({"x": narrow}, {"x": wide}, cast)), "the same numbers"
