"""What lies on the ground comes back to the last bit, in little space, and damage to it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from recorder import ground, surfaces
from recorder.columns import array_to_plain
from recorder.compression import zstd_compress
from recorder.container import CorruptSession, Gap, RecordType, SessionError
from recorder.edit import cut
from recorder.payload import pack, unpack
from recorder.reader import Session
from recorder.record_reader import RecordReader
from recorder.recover import recover
from recorder.schema import Snapshot, Surface
from recorder.surfaces import GROUP, MAPS, Maps, SurfaceEncoder, base_of, maps_from_plain, surface_of
from recorder.writer import SessionWriter
from tests.recorder import synthetic
from tests.recorder.test_damage import Forge, closed_with, index

EVERY = 4  # ticks from surface to surface
SHAPE = (5, 7)
PATIENT = settings(deadline=None, max_examples=40)


def write(path: Path, ticks: int = 100, every: int = EVERY, **more: Any) -> list[Snapshot]:
    rng = np.random.default_rng(3)
    given_ticks = []
    with SessionWriter(path, synthetic.header(tick_rate=8), synthetic.scenery(rng), synthetic.cast(), **more) as writer:
        for tick in range(ticks):
            given_ticks.append(replace(synthetic.snapshot(rng, tick), surface=synthetic.surface(tick, every)))
            writer.snapshot(given_ticks[-1])
    return given_ticks


def same(one: Surface | None, other: Surface | None) -> bool:
    assert one is not None and other is not None
    return one.tick == other.tick and all(getattr(one, n).tobytes() == getattr(other, n).tobytes() for n in MAPS)


def hit(path: Path, kind: RecordType, number: int) -> None:
    """Flip a bit in the payload of one record of a kind."""
    reader = RecordReader(path)
    heads = [met for met in reader.walk() if not isinstance(met, Gap) and met.type == kind]
    reader.close()
    data = bytearray(path.read_bytes())
    data[heads[number].offset + 40] ^= 4
    path.write_bytes(data)


MAP = hnp.arrays(np.float32, SHAPE, elements=st.floats(width=32)) | hnp.arrays(
    np.uint16, SHAPE, elements=st.integers(0, 700)
).map(lambda steps: (steps / 100).astype(np.float32))


@PATIENT
@given(st.lists(st.tuples(MAP, MAP), min_size=1, max_size=GROUP + 2))
def test_any_maps_come_back_bit_for_bit(given_maps: list[tuple[np.ndarray, np.ndarray]]) -> None:
    encoder = SurfaceEncoder()
    read: dict[int, Maps] = {}
    for tick, (water, other) in enumerate(given_maps):
        surface = Surface(tick, water, other, np.abs(other), np.zeros(SHAPE, np.float32))
        value = unpack(pack(encoder.encode(surface)))
        base = base_of(value)
        assert (base is None) >= (tick % GROUP == 0)
        read[tick] = maps_from_plain(value, {} if base is None else read[base], SHAPE)
        assert same(surface_of(tick, read[tick]), surface)


def test_the_way_to_a_whole_surface_is_short() -> None:
    encoder, bases = SurfaceEncoder(), {}
    for tick in range(3 * GROUP):
        water = np.full(SHAPE, tick / 100, np.float32)
        bases[tick] = base_of(encoder.encode(Surface(tick, water, water, water, water)))
    ways = []
    for start in bases.values():
        way, at = 0, start
        while at is not None:
            way, at = way + 1, bases[at]
        ways.append(way)
    assert max(ways) <= 4 and sum(way == 0 for way in ways) >= 3
    assert max(ways) < ground.KEPT


def valley(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Heights with hollows of every width, and a river: 1 where it flows."""
    rng = np.random.default_rng(5)
    wave = np.hypot(*np.meshgrid(np.fft.fftfreq(size), np.fft.fftfreq(size)))
    wave[0, 0] = 1
    heights = np.fft.ifft2(np.fft.fft2(rng.normal(size=(size, size))) * wave**-1.8).real
    heights /= heights.std()
    course = size / 2 + size / 8 * np.sin(np.arange(size) / size * 9)
    return heights, np.abs(np.arange(size)[:, None] - course) < 3


def test_the_ground_takes_little_space() -> None:
    """A lattice of 513 x 513: at most 15 kB in dry weather and 60 kB in a storm, on average."""
    size = 513
    heights, river = valley(size)
    hollow = np.clip(-np.gradient(np.gradient(heights, axis=0), axis=0) * -40, 0, 1) * (heights < 0)
    wet = 0.4 - 0.1 * heights

    def dry(step: int) -> dict[str, np.ndarray]:
        return {"water_m": river * 0.8, "wetness": wet * (1 - 0.0007 * step)}

    def storm(step: int) -> dict[str, np.ndarray]:
        rising = river * (0.8 + 0.012 * step) + hollow * 0.006 * step * (0.5 - 0.2 * heights)
        return {"water_m": rising, "wetness": wet + 0.006 * step * (1.1 - wet)}

    for weather, most in ((dry, 15_000), (storm, 60_000)):
        encoder, weights = SurfaceEncoder(), []
        for step in range(GROUP):
            maps = {name: np.zeros((size, size)) for name in MAPS} | weather(step)
            steps = {name: np.rint(np.clip(each, 0, None) * MAPS[name]) for name, each in maps.items()}
            steps["wetness"] = np.minimum(steps["wetness"], 32)
            surface = Surface(step, **{name: (each / MAPS[name]).astype(np.float32) for name, each in steps.items()})
            weights.append(len(pack(encoder.encode(surface))))
        assert sum(weights) / len(weights) <= most, (weather.__name__, weights)


def test_every_tick_has_its_surface_whatever_is_read_first(tmp_path: Path) -> None:
    lived = write(tmp_path / "s.hamlet")
    with Session.open(tmp_path / "s.hamlet") as session:
        assert session.surfaces == list(range(0, 100, EVERY)) and not session.damage
        for tick in np.random.default_rng(0).permutation(100):
            assert same(session.snapshot(int(tick)).surface, lived[tick].surface)
        assert session.snapshot(41).surface is session.snapshot(42).surface, "consumers know by the object what changed"
        with pytest.raises(ValueError, match="read-only"):
            session.surface(40).water_m[0, 0] = 1


def test_reading_on_decodes_every_surface_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "s.hamlet")
    made: list[int] = []

    def counting(value: Any, *rest: Any) -> Any:
        made.append(value["tick"])
        return maps_from_plain(value, *rest)

    monkeypatch.setattr(ground, "maps_from_plain", counting)
    with Session.open(tmp_path / "s.hamlet") as session:
        for _ in session.snapshots():
            pass
    assert made == list(range(0, 100, EVERY))


def test_what_is_the_same_object_is_written_once_and_each_file_can_be_read_alone(tmp_path: Path) -> None:
    lived = write(tmp_path / "s.hamlet", 300, 24, segment_bytes=32_000)
    with Session.open(tmp_path / "s.hamlet") as session:
        paths = session.segments
    assert len(paths) > 3
    for path in paths:
        alone = tmp_path / "alone.hamlet"
        alone.write_bytes(path.read_bytes())
        with Session.open(alone) as part:
            assert part.ticks and all(same(s.surface, lived[s.tick].surface) for s in part.snapshots())
            assert all(str(damage).endswith("is missing") or "before it" in str(damage) for damage in part.damage)
        reader = RecordReader(path)
        kinds = [met.type for met in reader.walk() if not isinstance(met, Gap)]
        reader.close()
        assert kinds.count(RecordType.SURFACE) == len(part.surfaces)


def test_a_lost_surface_is_told_and_the_one_before_stands_in(tmp_path: Path) -> None:
    path = tmp_path / "s.hamlet"
    lived = write(path)
    hit(path, RecordType.SURFACE, 4)  # of tick 16: four numbers on, tick 20, 24 and 28 lean on it
    with Session.open(path) as session:
        assert not session.damage, "with an index it shows when it is read"
        shown = {s.tick: s.surface and s.surface.tick for s in session.snapshots()}
        assert shown == {tick: 12 if 16 <= tick < 32 else tick - tick % EVERY for tick in range(100)}
        told = [str(damage) for damage in session.damage]
        assert len(told) == 4 and "the surface of tick 16 is lost, and that of tick 12 stands in for it" in told[0]
        with pytest.raises(CorruptSession, match=str(path)):
            session.snapshot(17, whole=True)
        assert same(session.snapshot(33, whole=True).surface, lived[33].surface)
        with pytest.raises(CorruptSession):
            for _ in cut(session, tmp_path / "piece.hamlet", range(14, 18)):
                pass
        assert not (tmp_path / "piece.hamlet").exists()
    recovery = recover(path, tmp_path / "r.hamlet")
    assert [(loss.what, loss.first) for loss in recovery.lost] == [("surface", tick) for tick in (16, 20, 24, 28)]
    assert recovery.kept["surfaces"] == 21 and recovery.kept["ticks"] == 100
    with Session.open(tmp_path / "r.hamlet") as session:
        for snapshot in session.snapshots():
            if 16 <= snapshot.tick < 32:
                assert snapshot.surface is None, "nothing is guessed"
            else:
                assert same(snapshot.surface, lived[snapshot.tick].surface)
        assert not session.damage


def test_the_copy_in_another_file_is_as_good(tmp_path: Path) -> None:
    lived = write(tmp_path / "s.hamlet", 300, 24, segment_bytes=32_000)
    with Session.open(tmp_path / "s.hamlet") as session:
        twice = [tick for tick, places in session._surfaces.items() if len(places) > 1]
        tick = twice[0]
        first = session._surfaces[tick][0][0]
        path = session.segments[first]
        number = [each for each, places in session._surfaces.items() if first in dict(places)].index(tick)
    hit(path, RecordType.SURFACE, number)
    with Session.open(tmp_path / "s.hamlet") as session:
        assert all(same(s.surface, lived[s.tick].surface) for s in session.snapshots()) and not session.damage
    assert not recover(tmp_path / "s.hamlet", tmp_path / "r.hamlet").lost


Change = Callable[[Surface], Surface]
REFUSED: dict[str, Change] = {
    "cannot be shown then": lambda s: replace(s, tick=99),
    "cannot be shown then$": lambda s: replace(s, tick=-1),
    "was given after that of tick 8": lambda s: replace(s, tick=4),
    r"has snow_m \(4, 7\)": lambda s: replace(s, snow_m=s.snow_m[1:]),
    "has ice_m .* of float64": lambda s: replace(s, ice_m=s.ice_m.astype(np.float64)),
    "is not the one that was given before": lambda s: replace(s, tick=8, water_m=s.water_m + 1),
}


@pytest.mark.parametrize("words", REFUSED)
def test_a_surface_that_cannot_be_is_refused(tmp_path: Path, words: str) -> None:
    rng = np.random.default_rng(0)
    writer = SessionWriter(tmp_path / "a.hamlet", synthetic.header(), synthetic.scenery(rng), synthetic.cast())
    for tick in range(10):
        writer.snapshot(replace(synthetic.snapshot(rng, tick), surface=synthetic.surface(tick, EVERY)))
    wrong = REFUSED[words](synthetic.surface(12, EVERY))
    with pytest.raises(SessionError, match=words.rstrip("$")):
        writer.snapshot(replace(synthetic.snapshot(rng, 12), surface=wrong))
    again = replace(synthetic.surface(8, EVERY))
    writer.snapshot(replace(synthetic.snapshot(rng, 13), surface=again))  # another object, the same surface
    writer.snapshot(replace(synthetic.snapshot(rng, 14), surface=None))
    writer.snapshot(replace(synthetic.snapshot(rng, 15), surface=again))
    writer.close()
    with Session.open(tmp_path / "a.hamlet") as session:
        shown = [s.surface and s.surface.tick for s in session.snapshots()]
        assert shown[-3:] == [8, None, 8] and session.surfaces == [0, 4, 8]


def forged(maps: dict[str, Any], **changes: Any) -> bytes:
    """A closed file with two ticks that have the surface of tick 7."""
    forge = Forge.begun(columns={"environment": [["x", "|u1", []]], "villagers": [["x", "|u1", []]]})
    flat = array_to_plain(np.zeros(SHAPE, np.float32))
    scenery: dict[str, Any] = dict.fromkeys(("heights", "water_depth", "cover", "moisture"), flat)
    scenery |= {"cell_m": 1.0, "origin": [0, 0], "places": [], "latitude": 0.0, "longitude": 0.0}
    table = {"shape": [0], "fields": []}
    forge.add(RecordType.SCENERY, {**scenery, "plants": table, "buildings": table})
    forge.add(RecordType.CAST, {"looks": table, "personas": []})
    forge.add(RecordType.SURFACE, {"tick": 7, "shape": list(SHAPE), "maps": maps, **changes})
    steps = {"shape": [2], "steps": b"\0\0"}
    chunk = {"first": 7, "count": 2, "environment": steps, "villagers": {"shape": [2, 0], "steps": b""}}
    forge.add(RecordType.CHUNK, {**chunk, "events": [], "event_counts": [0, 0], "hashes": [{}, {}], "surface": 7})
    return forge.data


def flat(**changes: Any) -> dict[str, Any]:
    data = zstd_compress(bytes(5 * 7 * 2))
    return {name: {"scale": 100, "leans": False, "data": data} for name in MAPS} | changes


BOMB = {"scale": 100, "leans": False, "data": zstd_compress(bytes(1 << 26))}
LEANING = {"scale": 100, "leans": True, "data": flat()["snow_m"]["data"]}
FORGERIES = {
    "too much in it": forged(flat(water_m=BOMB)),
    "too little in it": forged(flat(water_m={**BOMB, "data": zstd_compress(b"")})),
    "another shape": forged(flat(), shape=[7, 5]),
    "a shape without end": forged(flat(), shape=[1 << 40, 1 << 40]),
    "a map too few": forged({name: each for name, each in flat().items() if name != "ice_m"}),
    "a scale without end": forged(flat(wetness={**LEANING, "leans": False, "scale": 1 << 60})),
    "leaning on nothing": forged(flat(wetness=LEANING)),
    "leaning on itself": forged(flat(wetness=LEANING), base=7),
    "leaning on a later one": forged(flat(wetness=LEANING), base=9),
    "leaning on one that is not there": forged(flat(wetness=LEANING), base=3),
    "no maps": forged({}),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_forged_surfaces_are_no_surfaces(tmp_path: Path, name: str) -> None:
    (tmp_path / "f.hamlet").write_bytes(FORGERIES[name])
    with Session.open(tmp_path / "f.hamlet") as session:
        assert session.ticks == range(7, 9)
        assert session.snapshot(8).surface is None and any("surface of tick 7" in str(each) for each in session.damage)
        with pytest.raises(SessionError):
            session.surface(7)
    recovery = recover(tmp_path / "f.hamlet", tmp_path / "r.hamlet")
    assert {loss.what for loss in recovery.lost} <= {"surface", "record"} and recovery.lost


def test_what_is_not_forged_is_one(tmp_path: Path) -> None:
    (tmp_path / "f.hamlet").write_bytes(forged(flat()))
    with Session.open(tmp_path / "f.hamlet") as session:
        assert same(session.snapshot(8).surface, Surface(7, *(np.zeros(SHAPE, np.float32) for _ in MAPS)))


def test_an_endless_way_is_not_gone(tmp_path: Path) -> None:
    longest = surfaces.LONGEST_WAY
    leaning = {tick: {"tick": tick, "base": tick - 1, "shape": list(SHAPE), "maps": flat(wetness=LEANING)}
                     for tick in range(1, 3 * longest)}  # fmt: skip
    leaning[0] = {"tick": 0, "shape": list(SHAPE), "maps": flat()}
    numbers = {tick: [(0, tick)] for tick in leaning}

    def decoded(place: tuple[int, int], _: RecordType, make: Callable[[Any], Any]) -> Any:
        try:
            return make(leaning[place[1]])
        except ValueError as error:
            raise CorruptSession(tmp_path, 0, str(error)) from error

    lying = ground.Ground(tmp_path, numbers, decoded, lambda: SHAPE)
    assert lying.surface(longest - 1).tick == longest - 1
    with pytest.raises(CorruptSession, match="lean on each other"):
        lying.surface(3 * longest - 1)


def test_an_index_of_surfaces_that_lies_is_found_out(tmp_path: Path) -> None:
    rows = array_to_plain(np.array([[0, 64]], np.int64))
    (tmp_path / "f.hamlet").write_bytes(closed_with(index(surfaces=rows, slow=array_to_plain(np.array([[0, 0, 64]])),
                                                          slow_parts=["world/land"])))  # fmt: skip
    with Session.open(tmp_path / "f.hamlet") as session:
        assert session.surfaces == [0]
        with pytest.raises(CorruptSession):
            session.surface(0)
