"""The record measured: its cost to the run, its size, and the same stream in python `mcap`; called by run.py."""

from __future__ import annotations

import hashlib
import multiprocessing
import random
import shutil
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from mcap.exceptions import McapError
from rich.console import Console
from rich.table import Table

from agents.acts import SpeechPlan
from agents.language.prompt import SHARED_PREFIX, scene_prompt
from agents.language.templates import TemplateVoice, draft
from agents.language.voice import Wording
from engine.recording import slow_parts
from engine.render.stage import MODALITIES, Stage
from engine.scenario import load
from engine.sight import look
from engine.simulation import Simulation
from recorder.container import RecordType, SessionError
from recorder.images import encode_image
from recorder.reader import Session
from recorder.record_reader import RecordReader
from recorder.schema import Snapshot
from recorder.writer import KEYFRAME_S, SessionWriter
from tests.benchmarks.containers import SAFE_CHUNK, TICK_RATE, Container, Hamlet, Mcap, Stream, Tick

WARM_UP_TICKS = 64
TICKS_PER_KEYFRAME = round(KEYFRAME_S * TICK_RATE)
FRAMES = 24
FRAME_SIZE = (640, 480)
SEEKS = 300
COSTS = {12: 10, 100: 5, 1000: 2}  # villagers: turns of blocks
KILLS = 8
KILL_SPEED = 32  # world seconds per second in the process that is killed
FLIPS = 120
PREAMBLE = ("HEADER", "SCENERY", "CAST")

out = Console(width=118)


class PromptedVoice(TemplateVoice):
    """Says the drafts, and logs the prompt and two candidates as if a model had been asked."""

    def __init__(self) -> None:
        super().__init__()
        self._plans: dict[tuple[int, int, int], SpeechPlan] = {}

    def submit(self, plan: SpeechPlan) -> None:
        self._plans[plan.key] = plan
        super().submit(plan)

    def due(self, tick: int) -> list[Wording]:
        return [self._prompted(wording) for wording in super().due(tick)]

    def _prompted(self, wording: Wording) -> Wording:
        plan = self._plans.pop(wording.key)
        prompt = SHARED_PREFIX + scene_prompt(plan, draft(plan))
        return replace(wording, prompt=prompt, raw=(wording.text, wording.text[::-1]), rejections=("", "too long"))


def table(title: str, *columns: str) -> Table:
    made = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        made.add_column(column, justify="right" if number else "left")
    return made


def simulation_of(villagers: int, talkativeness: float = 1.0) -> Simulation:
    changes = {"village.villagers": villagers, "village.talkativeness": talkativeness}
    return Simulation(load("valley", changes), PromptedVoice())


def stream_of(villagers: int, seconds: float) -> Stream:
    """A village's life in memory."""
    simulation = simulation_of(villagers)
    ticks = [Tick(simulation.snapshot)]
    for _ in range(round(seconds * TICK_RATE)):
        snapshot = simulation.step()
        ticks.append(Tick(snapshot, tuple(asdict(wording) for wording in simulation.wordings)))
    return Stream(simulation.scenery, simulation.cast, ticks)


def with_frames(stream: Stream, count: int) -> Stream:
    """The first so many seconds with a frame each of all modalities, drawn and encoded."""
    square = next(place for place in stream.scenery.places if place["name"] == "the square")
    target = np.array([square["x"], square["y"], float(stream.scenery.buildings["z"].mean())])
    stage = Stage(stream.scenery, stream.cast, FRAME_SIZE, MODALITIES, tick_rate=TICK_RATE)
    ticks = stream.ticks[: count * TICK_RATE]
    for at in range(0, len(ticks), TICK_RATE):
        pose = look(target + np.array([-60.0 + at / 40, -35.0, 30.0]), target, 46)
        images = stage.render(ticks[at].snapshot, pose, None, None)
        encoded = {name: encode_image(name, image) for name, image in images.items()}
        ticks[at] = replace(ticks[at], frames=(("square", pose, encoded),))
    stage.close()
    return replace(stream, ticks=ticks)


def write(container: Container, path: Path, stream: Stream) -> float:
    """Seconds to write a stream and close the file."""
    path.unlink(missing_ok=True)
    began = time.perf_counter()
    recording = container.record(path, stream)
    for tick in stream.ticks:
        recording.tick(tick)
    recording.close()
    return time.perf_counter() - began


def compare(folder: Path, what: str, stream: Stream, turns: int = 5) -> None:
    """Write, read and seek the same stream in each container, turn by turn; medians."""
    ways: list[Container] = [Hamlet(), Mcap.default(), Mcap.safe()]
    measured: dict[str, dict[str, list[float]]] = {way.name: {} for way in ways}
    chance = random.Random(0)
    paths = {way.name: folder / f"stream.{number}" for number, way in enumerate(ways)}
    for _ in range(turns):
        ticks = chance.sample(range(len(stream.ticks)), 40)
        for way in ways:
            for name, value in _taken(way, paths[way.name], stream, ticks).items():
                measured[way.name].setdefault(name, []).extend(value)
    medians = {way: {name: statistics.median(values) for name, values in of.items()} for way, of in measured.items()}
    shown = table(f"{what} (in brackets: to Hamlet's)", "", *medians)
    for name, ours in medians["Hamlet"].items():
        shown.add_row(name, *(f"{of[name]:.3g} ({of[name] / ours:.2f})" for of in medians.values()))
    out.print(shown)


def _taken(way: Container, path: Path, stream: Stream, ticks: list[int]) -> dict[str, list[float]]:
    """What one turn takes by one way; seeks one by one."""
    write(way, path, replace(stream, ticks=[]))
    valley = path.stat().st_size
    total = write(way, path, stream)
    began = time.perf_counter()
    for _ in way.read(path):
        pass
    read = time.perf_counter() - began
    began = time.perf_counter()
    seek = way.seeker(path)
    opening = time.perf_counter() - began
    seeks = []
    for tick in ticks:
        began = time.perf_counter()
        seek(tick)
        seeks.append((time.perf_counter() - began) * 1e3)
    return {
        "write all, ms": [total * 1e3],
        "read all, ms": [read * 1e3],
        "open, ms": [opening * 1e3],
        "seek a tick, ms": seeks,
        "open and seek, ms": [opening * 1e3 + seeks[0]],
        "the valley, MB": [valley / 1e6],
        "all else, MB": [(path.stat().st_size - valley) / 1e6],
    }


def killed(folder: Path, stream: Stream) -> None:
    """A process that writes in paced time is killed; how many of the ticks it had handed over are read afterwards."""
    ways: list[Container] = [Hamlet(), Mcap.default(), Mcap.safe()]
    shown = table(
        f"SIGKILL at {KILLS} random moments, {KILL_SPEED} x real time",
        "", "ticks given", "read again", "share", "lost: median s", "worst s", "opens as usual",
    )  # fmt: skip
    chance = random.Random(1)
    moments = [chance.uniform(0.2, 1.5) for _ in range(KILLS)]
    context = multiprocessing.get_context("fork")
    for way in ways:
        given, found, opened = [], [], 0
        for moment in moments:
            path = folder / "killed"
            path.unlink(missing_ok=True)
            count = context.Value("i", 0)
            process = context.Process(target=_paced, args=(way, path, stream, count))
            process.start()
            while not count.value:
                time.sleep(0.001)
            time.sleep(moment)
            process.kill()
            process.join()
            given.append(count.value)
            found.append(way.survivors(path))
            opened += _opens(way, path)
        lost = [(g - f) / TICK_RATE for g, f in zip(given, found, strict=True)]
        shown.add_row(
            way.name, f"{sum(given)}", f"{sum(found)}", f"{sum(found) / sum(given):.1%}",
            f"{statistics.median(lost):.2f}", f"{max(lost):.2f}", f"{opened} of {KILLS}",
        )  # fmt: skip
    out.print(shown)


def _paced(way: Container, path: Path, stream: Stream, count: Any) -> None:
    recording = way.record(path, stream)
    began = time.perf_counter()
    for number, tick in enumerate(stream.ticks):
        time.sleep(max(0.0, began + number / TICK_RATE / KILL_SPEED - time.perf_counter()))
        recording.tick(tick)
        count.value = number + 1
    time.sleep(60)


def _opens(way: Container, path: Path) -> bool:
    try:
        way.seeker(path)(0)
    except (McapError, SessionError, OSError, ValueError):
        return False
    return True


def flipped(folder: Path, stream: Stream) -> None:
    """One bit behind the valley is turned over, then all of the file is read."""
    ways: list[Container] = [
        Hamlet(),
        Mcap("mcap, as it comes", SAFE_CHUNK, checked=False),
        Mcap("mcap, validate_crcs", SAFE_CHUNK),
    ]
    shown = table(f"{FLIPS} single flipped bits", "", "told", "nothing changed", "wrong or missing, not told")
    for way in ways:
        path = folder / "flipped"
        write(way, path, replace(stream, ticks=[]))
        valley = path.stat().st_size
        write(way, path, stream)
        whole = path.read_bytes()
        right = fingerprint(way.read(path))
        chance = random.Random(2)
        outcomes: Counter[str] = Counter()
        for _ in range(FLIPS):
            bit = chance.randrange(valley * 8, len(whole) * 8)
            broken = bytearray(whole)
            broken[bit // 8] ^= 1 << bit % 8
            path.write_bytes(broken)
            try:
                outcomes["same" if fingerprint(way.read(path)) == right else "silent"] += 1
            except Exception:  # whatever a reader trips over, it did not return wrong values
                outcomes["told"] += 1
        shown.add_row(way.name, *(f"{outcomes[name]}" for name in ("told", "same", "silent")))
    out.print(shown)


def fingerprint(values: Iterator[Any]) -> bytes:
    """A digest of everything read."""
    digest = hashlib.blake2b()

    def take(value: Any) -> None:
        if isinstance(value, np.ndarray):
            digest.update(value.tobytes())
        elif is_dataclass(value):
            for item in fields(value):
                take(getattr(value, item.name))
        elif isinstance(value, Mapping):
            take(list(value.items()))
        elif isinstance(value, (list, tuple)):
            for item in value:
                take(item)
        else:
            digest.update(repr(value).encode())

    for value in values:
        take(value)
    return digest.digest()


@dataclass
class _Ways:
    """What one kind of blocks took, seconds per tick."""

    whole: list[float] = field(default_factory=list)  # of the clock
    ticks: list[float] = field(default_factory=list)  # of the processor, in the simulation
    calls: list[float] = field(default_factory=list)  # of the processor, in the recording's calls


def cost(folder: Path) -> None:
    """What recording costs a run that goes as fast as it can: blocks of ticks recorded in one way or not take turns."""
    shown = table(
        "Recording beside a run that goes as fast as it can: processor time of its thread per tick; time of the clock",
        "", *(f"{villagers} villagers" for villagers in COSTS), *(f"{villagers}: slower by" for villagers in COSTS),
    )  # fmt: skip
    rows: dict[str, list[str]] = {}
    slower: dict[str, list[str]] = {}
    for villagers, turns in COSTS.items():
        ways = _blocks(folder, villagers, turns)
        alone = statistics.median(tick for way in ways.values() for tick in way.ticks)
        for name, way in ways.items():
            calls = statistics.median(way.calls)
            tick = f"tick {alone * 1e3:.2f} ms"
            rows.setdefault(name, []).append(f"{calls * 1e6:.0f} us, {calls / alone:.1%}" if way.calls[0] else tick)
            paired = [mine / its - 1 for mine, its in zip(way.whole, ways["not recorded"].whole, strict=True)]
            slower.setdefault(name, []).append(f"{statistics.median(paired):+.1%}" if way.calls[0] else "")
    for name, cells in rows.items():
        shown.add_row(name, *cells, *slower[name])
    out.print(shown)


def _blocks(folder: Path, villagers: int, turns: int) -> dict[str, _Ways]:
    simulation = simulation_of(villagers)
    for _ in range(WARM_UP_TICKS):
        simulation.step()
    valley = Stream(simulation.scenery, simulation.cast, [])
    ways = {name: _Ways() for name in ("not recorded", "Hamlet", "Hamlet, keyframes", "freeze alone", "mcap, default")}
    other = Mcap.default().record(folder / "cost.mcap", valley)
    with SessionWriter(folder / f"cost{villagers}.hamlet", {"tick_rate": TICK_RATE}, *valley.parts) as writer:
        for _ in range(turns):
            for name, way in ways.items():
                calls = 0.0
                began, worked = time.perf_counter(), time.thread_time()
                for number in range(TICKS_PER_KEYFRAME):
                    snapshot = simulation.step()
                    before = time.thread_time()
                    if name.startswith("Hamlet"):
                        _hand_over(writer, simulation, snapshot)
                    elif name.startswith("mcap"):
                        other.tick(Tick(snapshot, tuple(asdict(wording) for wording in simulation.wordings)))
                    if number == TICKS_PER_KEYFRAME // 2 and name == "freeze alone":
                        simulation.freeze()
                    elif number == TICKS_PER_KEYFRAME // 2 and name == "Hamlet, keyframes":
                        state = simulation.freeze()
                        writer.keyframe(snapshot.tick, state, slow_parts(state))
                    calls += time.thread_time() - before if name != "not recorded" else 0.0
                way.whole.append((time.perf_counter() - began) / TICKS_PER_KEYFRAME)
                way.calls.append(calls / TICKS_PER_KEYFRAME)
                way.ticks.append((time.thread_time() - worked - calls) / TICKS_PER_KEYFRAME)
    other.close()
    return ways


def _hand_over(writer: SessionWriter, simulation: Simulation, snapshot: Snapshot) -> None:
    for wording in simulation.wordings:
        writer.wording(asdict(wording))
    writer.snapshot(snapshot)


def sizes(folder: Path) -> None:
    """Bytes per agent-hour, by kind of record; the valley is stored once and left out."""
    kinds = ("CHUNK", "UTTERANCE", "WORDING", "KEYFRAME", "index")
    shown = table(
        "MB per agent-hour of state, language (with prompts and candidates) and keyframes; at most 6",
        "villagers", "lines a minute", *(kind.lower() for kind in kinds), "all", "the valley, once MB",
    )  # fmt: skip
    for villagers, talkativeness in ((2, 5.0), (12, 5.0), (24, 5.0), (100, 5.0)):
        path = folder / f"size{villagers}.hamlet"
        minutes, lines = 2, 0
        simulation = simulation_of(villagers, talkativeness)
        with SessionWriter(path, {"tick_rate": TICK_RATE}, simulation.scenery, simulation.cast) as writer:
            for _ in range(minutes * 60 * TICK_RATE):
                snapshot = simulation.step()
                lines += len(snapshot.utterances)
                _hand_over(writer, simulation, snapshot)
                if snapshot.tick % TICKS_PER_KEYFRAME == 0:
                    state = simulation.freeze()
                    writer.keyframe(snapshot.tick, state, slow_parts(state))
        stored = stored_bytes(path)
        once = sum(stored.pop(kind, 0) for kind in PREAMBLE)
        stored["index"] = sum(size for kind, size in stored.items() if kind not in kinds)
        hours = villagers * minutes / 60
        shown.add_row(
            f"{villagers}", f"{lines / minutes:.0f}", *(f"{stored[kind] / 1e6 / hours:.2f}" for kind in kinds),
            f"{sum(stored[kind] for kind in kinds) / 1e6 / hours:.2f}", f"{once / 1e6:.1f}",
        )  # fmt: skip
    out.print(shown)


def stored_bytes(path: Path) -> Counter[str]:
    """Bytes of a session's file by kind of record."""
    records, stored = RecordReader(path), Counter[str]()
    for head in records.walk():
        assert hasattr(head, "type"), "a gap in a file just written"
        stored[RecordType(head.type).name] += head.end - head.offset
    records.close()
    return stored


def seeking(folder: Path, stream: Stream) -> None:
    """Random ticks of long sessions: closed, cut off as by a kill, and in segments."""
    shown = table(f"Seeking: {SEEKS} random ticks", "session", "MB", "opening ms", "median ms", "p99 ms", "worst ms")
    ticks = stream.ticks[:-1]
    for hours, turns in (("10 minutes", 1), ("an hour", 6)):
        long = replace(stream, ticks=[tick for turn in range(turns) for tick in _later(ticks, turn)])
        path = folder / "long.hamlet"
        write(Hamlet(), path, long)
        cut = folder / "cut.hamlet"
        shutil.copyfile(path, cut)
        with cut.open("r+b") as file:
            file.truncate(cut.stat().st_size * 9 // 10)
        files = {"closed": path, "cut off": cut}
        if turns > 1:  # each segment begins with the scenery: short ones hold little else
            files["in segments"] = folder / "parts.hamlet"
            with SessionWriter(
                files["in segments"],
                {"tick_rate": TICK_RATE},
                long.scenery,
                long.cast,
                segment_bytes=2 * path.stat().st_size // 5,
            ) as writer:
                for tick in long.ticks:
                    writer.snapshot(tick.snapshot)
        for what, file_ in files.items():
            _sought(shown, f"{hours}, {what}", file_)
        for made in folder.glob("parts*"):
            made.unlink()
        path.unlink()
        cut.unlink()
    out.print(shown)


def _sought(shown: Table, what: str, path: Path) -> None:
    openings, seeks = [], []
    for _ in range(5):
        began = time.perf_counter()
        Session.open(path).close()
        openings.append((time.perf_counter() - began) * 1e3)
    chance = random.Random(4)
    with Session.open(path) as session:
        size = sum(file.stat().st_size for file in session.segments)
        for _ in range(SEEKS):
            tick = chance.choice(session.ticks)
            began = time.perf_counter()
            session.snapshot(tick)
            seeks.append((time.perf_counter() - began) * 1e3)
    shown.add_row(
        what, f"{size / 1e6:.1f}", f"{statistics.median(openings):.1f}", f"{statistics.median(seeks):.2f}",
        f"{np.percentile(seeks, 99):.2f}", f"{max(seeks):.2f}",
    )  # fmt: skip


def _later(ticks: Sequence[Tick], turn: int) -> Iterator[Tick]:
    """The same ticks in a later turn of the same life."""
    shift = turn * len(ticks)
    before = after = None
    for tick in ticks:
        snapshot = tick.snapshot
        if snapshot.surface is not before and snapshot.surface is not None:
            after = replace(snapshot.surface, tick=snapshot.surface.tick + shift)
        before = snapshot.surface
        said = tuple(
            replace(line, id=line.id + turn * 10**6, start_tick=line.start_tick + shift) for line in snapshot.utterances
        )
        later = replace(snapshot, tick=snapshot.tick + shift, utterances=said, surface=after)
        yield Tick(later, tick.wordings)


def record() -> None:
    """Print every table."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        cost(folder)
        sizes(folder)
        few = stream_of(12, 300)
        compare(folder, "12 villagers, 5 minutes", few)
        compare(folder, "100 villagers, 2 minutes", stream_of(100, 120), turns=3)
        drawn = with_frames(few, FRAMES)
        compare(folder, f"12 villagers, {FRAMES} frames of {FRAME_SIZE[0]}x{FRAME_SIZE[1]}", drawn, turns=3)
        killed(folder, few)
        flipped(folder, replace(few, ticks=few.ticks[: 20 * TICK_RATE]))
        seeking(folder, stream_of(24, 600))


if __name__ == "__main__":
    record()
