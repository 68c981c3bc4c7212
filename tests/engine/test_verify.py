"""Verification finds whatever was forged, and says where: files whose checksums are right but whose content is not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agents.language.templates import TemplateVoice
from agents.language.voice import Wording
from engine.provenance import Model, header
from engine.resimulation import Divergence, other_versions, resimulate
from engine.scenario import Scenario, build
from engine.simulation import Simulation
from engine.verify import Examination
from recorder import record_reader, segment
from recorder.catalogue import Catalogue
from recorder.compression import zstd_compress, zstd_decompress
from recorder.container import FLAG_ZSTD, RecordType
from recorder.edit import cut, merge
from recorder.reader import Session
from recorder.schema import Snapshot
from recorder.writer import SessionWriter
from tests.recorder import synthetic
from tests.recorder.test_damage import Forge

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("machine_code")]
TICKS = 160
KEYFRAME_EVERY = 40
Change = Callable[[Snapshot], Snapshot]
DAY = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Run:
    """What a run of a village gives to a writer."""

    simulation: Simulation
    header: dict[str, Any]
    snapshots: list[Snapshot] = field(default_factory=list)
    words: dict[int, tuple[Wording, ...]] = field(default_factory=dict)
    states: dict[int, dict[str, Any]] = field(default_factory=dict)


def village() -> Scenario:
    return build(
        {
            "name": "t",
            "seed": 7,
            "place": {"start": "2026-06-12T13:00:00"},
            "world": {"size_m": 512, "tick_rate": 8},
            "village": {"villagers": 4, "talkativeness": 5.0},
            "capture": {"fps": 1},
        },
        "t",
    )


@pytest.fixture(scope="module")
def run() -> Run:
    simulation = Simulation(village(), TemplateVoice())
    made = Run(simulation, header(simulation.scenario, Model("none", ""), DAY), [simulation.snapshot])
    while simulation.tick < TICKS:
        made.snapshots.append(simulation.step())
        made.words[simulation.tick] = simulation.wordings
        if simulation.tick % KEYFRAME_EVERY == 0:
            made.states[simulation.tick] = simulation.freeze()
    assert any(made.words.values()), "nobody spoke"
    return made


def write(run: Run, path: Path) -> Session:
    """The run as a session, with a few images."""
    with SessionWriter(path, run.header, run.simulation.scenery, run.simulation.cast) as writer:
        for snapshot in run.snapshots:
            for word in run.words.get(snapshot.tick, ()):
                writer.wording(asdict(word))
            writer.snapshot(snapshot)
            if snapshot.tick in run.states:
                writer.keyframe(snapshot.tick, run.states[snapshot.tick])
            if snapshot.tick % 60 == 0:
                images = synthetic.images(snapshot.tick, 16, 12)
                writer.frame(snapshot.tick, "a", synthetic.POSE, {name: images[name] for name in ("rgb", "depth")})
    return Session.open(path)


def forged(run: Run, tick: int, change: Change) -> Run:
    """The run with another snapshot at a tick."""
    return replace(run, snapshots=[change(each) if each.tick == tick else each for each in run.snapshots])


def moved(snapshot: Snapshot) -> Snapshot:
    rows = snapshot.villagers.copy()
    rows["x"][2] += 1
    return replace(snapshot, villagers=rows)


def moved_and_hashed(snapshot: Snapshot) -> Snapshot:
    return replace(moved(snapshot), hashes={**snapshot.hashes, "agents": bytes(16), "total": bytes(16)})


def findings(session: Session, stages: int = 5) -> list[str]:
    """What the first stages of an examination find; the last one puts keyframes back, which takes its time."""
    examination = Examination(session)
    for stage in examination.stages()[:stages]:
        for _ in stage.run():
            pass
    return examination.findings


def divergence(session: Session) -> Divergence | None:
    *_, (_, last) = resimulate(session)
    return last


def test_a_true_session_is_whole_and_is_repeated(run: Run, tmp_path: Path) -> None:
    with write(run, tmp_path / "s.hamlet") as session:
        examination = Examination(session)
        for stage in examination.stages():
            steps = sum(1 for _ in stage.run())
            assert stage.total in (None, steps)
        assert (examination.findings, examination.notes) == ([], [])
        assert (examination.images, examination.keyframes) == (6, TICKS // KEYFRAME_EVERY)
        assert list(resimulate(session)) == [(tick, None) for tick in range(TICKS + 1)]
        assert other_versions(session) == ""


@pytest.mark.parametrize(("change", "rooms"), [(moved, ("agents",)), (moved_and_hashed, ("agents", "total"))])
def test_a_moved_villager_is_named(run: Run, tmp_path: Path, change: Change, rooms: tuple[str, ...]) -> None:
    name = run.simulation.cast.personas[2]["name"]
    true = run.snapshots[71].villagers["x"][2]
    with write(forged(run, 71, change), tmp_path / "s.hamlet") as session:
        found = divergence(session)
        assert found == Divergence(71, rooms)
        assert str(found) == f"tick 71: agents: {name}: x {true!s} instead of {true + np.float32(1)!s}"
        assert findings(session, 4) == [], "no keyframe lies at tick 71, so reading alone cannot know"


def test_lines_and_events_are_compared_too(run: Run, tmp_path: Path) -> None:
    (spoken,) = [each for each in run.snapshots if each.utterances][:1]

    def hushed(snapshot: Snapshot) -> Snapshot:
        return replace(snapshot, utterances=tuple(replace(line, text="Hush.") for line in snapshot.utterances))

    with write(forged(run, spoken.tick, hushed), tmp_path / "s.hamlet") as session:
        found = divergence(session)
    assert found == Divergence(spoken.tick, ("language",))
    assert str(found).endswith("instead of 'Hush.'")


@pytest.mark.parametrize("moved", [moved, moved_and_hashed])
def test_columns_that_are_not_those_of_the_keyframe_are_found_by_reading(
    run: Run, tmp_path: Path, moved: Change
) -> None:
    name = run.simulation.cast.personas[2]["name"]
    with write(forged(run, 80, moved), tmp_path / "s.hamlet") as session:
        (found,) = findings(session)
    assert f"keyframe of tick 80: agents: {name}: x " in found


@pytest.mark.parametrize("room", ["world", "agents"])
def test_a_hash_whose_columns_agree_is_followed_to_the_next_keyframe(run: Run, tmp_path: Path, room: str) -> None:
    def change(snapshot: Snapshot) -> Snapshot:
        return replace(snapshot, hashes={**snapshot.hashes, room: bytes(16)})

    states = copy.deepcopy(run.states)
    path = planted(states[80], room)
    with write(replace(forged(run, 71, change), states=states), tmp_path / "s.hamlet") as session:
        found = divergence(session)
    assert found == Divergence(71, (room,))
    assert str(found).startswith(
        f"tick 71: the recorded values agree, the state does not; keyframe of tick 80: {room}."
    )
    assert path in str(found)


def planted(state: dict[str, Any], room: str) -> str:
    """Change the last number of a room's state; gives back the name it has there."""

    def change(value: dict[str, Any]) -> str:
        for key in reversed(value):
            if isinstance(value[key], dict) and (name := change(value[key])):
                return name
            if isinstance(value[key], np.ndarray) and value[key].size and value[key].dtype.kind in "iuf":
                value[key] = value[key].copy()
                value[key].flat[-1] += 1
                return str(key)
        return ""

    name = change(state[room])
    assert name
    return name


def test_a_keyframe_that_holds_another_state_is_found(run: Run, tmp_path: Path) -> None:
    states = copy.deepcopy(run.states)
    states[80] = run.states[120]
    with write(replace(run, states=states), tmp_path / "other.hamlet") as session:
        (found,) = findings(session)
        assert "keyframe of tick 80: it holds the state of tick 120" in found
        assert divergence(session) is not None
    states[80] = {"agents": {}}
    with write(replace(run, states=states), tmp_path / "none.hamlet") as session:
        (found,) = findings(session)
    assert "keyframe of tick 80: the state has no " in found


def test_words_that_are_missing_are_another_run(run: Run, tmp_path: Path) -> None:
    spoken = [tick for tick, words in run.words.items() if words]
    assert len(spoken) > 1
    with write(replace(run, words={**run.words, spoken[0]: ()}), tmp_path / "s.hamlet") as session:
        found = divergence(session)
    assert found is not None and found.tick <= spoken[0]
    assert "agents" in found.rooms or "no words for agent" in str(found)


def test_a_piece_from_the_middle_is_run_again_from_its_keyframe(run: Run, tmp_path: Path) -> None:
    with write(run, tmp_path / "s.hamlet") as session:
        for name, span in (("a", range(95, 130)), ("b", range(10, 30))):
            *_, _ = cut(session, tmp_path / f"{name}.hamlet", span)
    with Session.open(tmp_path / "a.hamlet") as piece:
        assert piece.keyframes == [80, 120]
        assert findings(piece) == []
    with Session.open(tmp_path / "a.hamlet") as a, Session.open(tmp_path / "b.hamlet") as b:
        *_, _ = merge([b, a], tmp_path / "c.hamlet")
    with Session.open(tmp_path / "c.hamlet") as both:
        assert list(resimulate(both)) == [(tick, None) for tick in (*range(10, 30), *range(95, 130))]
        assert findings(both, 4) == []


def test_an_index_that_tells_of_other_frames_is_found(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Forgetful(Catalogue):
        def to_plain(self) -> dict[str, Any]:
            return {**Catalogue.to_plain(self), "modalities": ["rgb"]}

    with monkeypatch.context() as patch:
        patch.setattr(segment, "Catalogue", Forgetful)
        session = write(run, tmp_path / "s.hamlet")
    with session:
        (found,) = findings(session, 1)
    assert "the index has other modalities than the records" in found


def test_lines_that_make_no_sense_are_found(tmp_path: Path) -> None:
    def lines(tick: int) -> tuple[Any, ...]:
        line = synthetic.utterance(tick, tick)
        return {
            3: (replace(line, listeners=(9,)),),
            5: (replace(line, end_tick=1),),
            7: (replace(line, start_tick=77, end_tick=80),),
        }.get(tick, ())

    rng = np.random.default_rng(1)
    with SessionWriter(tmp_path / "s.hamlet", synthetic.header(), synthetic.scenery(rng), synthetic.cast()) as writer:
        for tick in range(20):
            writer.snapshot(synthetic.snapshot(rng, tick, said=lines(tick)))
        writer.wording({"key": [7, 3, 0], "arrival_tick": 3, "text": "?"})
    with Session.open(tmp_path / "s.hamlet") as session:
        found = findings(session)
    for part in (
        "line 3, at tick 3: it names row 9, which does not exist",
        "line 5, at tick 5: it ends at tick 1, before it begins",
        "line 7 begins at tick 77, which is not recorded",
        "words that arrived at tick 3 are of row 7",
    ):
        assert any(part in each for each in found), part
    assert len(found) == 4


def test_damage_is_found_wherever_it_is(run: Run, tmp_path: Path) -> None:
    write(run, tmp_path / "s.hamlet").close()
    data = (tmp_path / "s.hamlet").read_bytes()
    for at in np.linspace(1000, len(data) - 200, 6).astype(int):
        (tmp_path / "bad.hamlet").write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
        with Session.open(tmp_path / "bad.hamlet") as session:
            assert findings(session, 1), at


def test_versions_that_differ_are_told(run: Run, tmp_path: Path) -> None:
    versions = {**run.header["versions"], "numpy": "1.0", "gone": "3"}
    with write(replace(run, header={**run.header, "versions": versions}), tmp_path / "s.hamlet") as session:
        words = other_versions(session)
    assert f"numpy {np.__version__} instead of 1.0" in words and "gone not installed instead of 3" in words


def test_many_small_compression_bombs_are_not_all_set_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forge = Forge.begun()
    for _ in range(100):
        forge.add(RecordType.BLOB, body=zstd_compress(bytes(16 << 20)), flags=FLAG_ZSTD)
    (tmp_path / "bombs.hamlet").write_bytes(forge.data)
    burst: list[int] = []

    def decompressed(data: bytes, limit: int) -> bytes:
        burst.append(len(content := zstd_decompress(data, limit)))
        return content

    monkeypatch.setattr(record_reader, "zstd_decompress", decompressed)
    with Session.open(tmp_path / "bombs.hamlet") as session:
        examination = Examination(session)
        for _ in examination.stages()[0].run():
            pass
    assert any("decompresses to more than" in finding for finding in examination.findings)
    assert sum(burst) < 20 * (16 << 20)
