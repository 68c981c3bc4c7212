"""A small made-up session for the recorder's tests: a few villagers on a slope, some speech, gradients for pictures."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from recorder.schema import (
    BOX_2D,
    BOX_3D,
    BUILDING,
    BUILDING_STATE,
    ENVIRONMENT,
    FIRST_FREE_ID,
    KEYPOINTS,
    LOOKS,
    PLANT,
    VILLAGER,
    CameraPose,
    Cast,
    Detail,
    Event,
    Scenery,
    Snapshot,
    Surface,
    Surroundings,
    Utterance,
)
from recorder.surfaces import MAPS
from recorder.writer import SessionWriter

TICK_RATE = 16
SURFACE_TICKS = 20  # from one surface to the next
POSE = CameraPose((4.0, -6.5, 2.25), 0.7, -0.125, 0.9)
NAMES = ("Mira", "Tomas", "Åsa", "Jorun")
LINES = (
    ("Good morning, Tomas. That sky over the mill looks like rain before noon, don't you think?", "tell", "weather"),
    ("Aye. I'll get the hay in first, then.", "acknowledge", "weather"),
    (
        "Have you seen a grey sheep? One went missing by the ford last night – “the old ewe”, Jorun calls her.",
        "ask",
        "news",
    ),
    ("Not I, but Åsa said she heard something down there.", "answer", "news"),
)


def random_table(rng: np.random.Generator, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    raw = rng.integers(0, 256, (*shape, dtype.itemsize), dtype=np.uint8)
    return np.ascontiguousarray(raw).reshape(-1).view(dtype).reshape(shape)


def scenery(rng: np.random.Generator, rows: int = 5, cols: int = 7) -> Scenery:
    plants = np.zeros(3, PLANT)
    plants["id"], plants["species"] = [16, 17, 18], [0, 3, 4]
    buildings = np.zeros(2, BUILDING)
    buildings["id"], buildings["kind"], buildings["wall_rgb"] = [19, 20], [0, 6], (200, 180, 150)
    return Scenery(
        cell_m=2.0,
        origin=(-6.0, -4.0),
        heights=rng.normal(0, 3, (rows, cols)).astype(np.float32),
        water_depth=np.zeros((rows, cols), np.float32),
        cover=rng.integers(0, 8, (rows, cols), dtype=np.uint8),
        moisture=rng.random((rows, cols), dtype=np.float32),
        plants=plants,
        buildings=buildings,
        places=(
            {"id": 0, "kind": "house", "name": "Mill Lane 3", "x": 1.0, "y": 2.0, "building": 0},
            {"id": 1, "kind": "well", "name": "the well", "x": 3.5, "y": 0.5, "building": 1},
        ),
        latitude=47.5,
        longitude=10.25,
        surroundings=Surroundings(np.arange(12, dtype=np.float32).reshape(3, 4) * 40, (-90.0, -60.0), 60.0),
        detail=Detail(
            np.arange(rows * cols, dtype=np.uint8).reshape(rows, cols),
            np.arange(-32, 32, dtype=np.int8).reshape(8, 8),
            2,
            1e-3,
        ),
    )


def cast(people: int = 4) -> Cast:
    looks = np.zeros(people, LOOKS)
    looks["id"] = FIRST_FREE_ID + 16 + np.arange(people)
    looks["height_m"] = 1.7
    trades = ("miller", "farmer", "weaver", "shepherd")
    personas = tuple(
        {"name": NAMES[i % 4], "age": 30 + 7 * i, "gender": "woman" if i % 2 == 0 else "man", "trade": trades[i % 4],
         "manner": "warm, talkative", "backstory": "Born in the valley.", "home": 0}
        for i in range(people)
    )  # fmt: skip
    return Cast(looks, personas)


def snapshot(rng: np.random.Generator, tick: int, people: int = 4, said: tuple[Utterance, ...] = ()) -> Snapshot:
    environment = np.zeros((), ENVIRONMENT)
    environment["temperature_c"], environment["rain_mm_h"] = 9.5 + tick / 64, max(0.0, (tick - 60) / 20)
    environment["wind_m_s"], environment["cloud"], environment["visibility_m"] = 4.0, 0.7, 8000.0
    environment["sun_elevation"] = 0.4
    villagers = np.zeros(people, VILLAGER)
    villagers["x"], villagers["y"] = np.arange(people) + tick * 0.1, 2.0
    villagers["place"] = 1
    villagers["mood"] = rng.random(people)
    events = (Event(tick, "rain_starts", {"mm_h": 0.5, "where": ["north", 3]}),) if tick % 5 == 2 else ()
    hashes = {"world": rng.bytes(16), "agents": rng.bytes(16), "total": rng.bytes(16)}
    state = np.zeros(2, BUILDING_STATE)
    state["door"], state["lamp"] = [1, tick // 20 % 2], [0, 1]
    return Snapshot(tick, environment, villagers, events, said, state, surface(tick), hashes)


@lru_cache
def surface(tick: int, every: int = SURFACE_TICKS) -> Surface:
    """What lies on the ground at a tick: rain that gathers, since the last time it was looked at."""
    since = tick - tick % every
    if since != tick:
        return surface(since, every)
    rows, cols = 5, 7
    rng = np.random.default_rng(17)
    deep = np.arange(rows)[:, None] + rng.integers(0, 4, (rows, cols)) + since // every
    steps = {"water_m": deep, "snow_m": deep * 0, "wetness": np.minimum(deep, 32), "ice_m": np.where(deep > 3, 2, 0)}
    return Surface(since, **{name: (each / MAPS[name]).astype(np.float32) for name, each in steps.items()})


@lru_cache
def land(since: int) -> dict[str, Any]:
    """A slow part of keyframes, as large as the rest of a made-up village."""
    rng = np.random.default_rng(since)
    return {"tick": since, "depth": rng.random((5, 7)), "soil": {"water": rng.random(40, dtype=np.float32), "n": since}}


def state(tick: int, every: int = 48) -> tuple[dict[str, Any], dict[str, int]]:
    """A keyframe's state, and its slow parts with the ticks since when they are so."""
    since = tick - tick % every
    return {"tick": tick, "world": {"land": land(since), "rain": 0.5}, "field": np.arange(9) * tick}, {
        "world/land": since
    }


def utterance(number: int, tick: int, length: int = 40) -> Utterance:
    text, act, topic = LINES[number % 4]
    speaker = number % 2
    return Utterance(
        id=number, speaker=speaker, listeners=(1 - speaker,), overhearers=(2,), conversation=number // 4, act=act,
        topic=topic, fact={"kind": "rain_coming", "subject": -1, "day": 0, "details": {"what": "clouds"}},
        text=text, draft="It will rain.", source="model", start_tick=tick, end_tick=tick + length,
        request_tick=tick - 3, arrival_tick=tick, positions={0: (1.0, 2.0, 0.5), 1: (2.0, 2.0, 0.25)},
        sees={0: (1,), 1: (0, 2)}, weather={"rain_mm_h": 0.25}, prompt="Say it.", raw=("a", "b"),
        rejections=("", "too long"), seed=2**63 + 11, model_sha256="ab" * 32,
    )  # fmt: skip


def disc(shape: tuple[int, int], x: float, y: float, radius: float) -> np.ndarray:
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    return np.asarray((cols + 0.5 - x) ** 2 + (rows + 0.5 - y) ** 2 < radius**2)


def images(tick: int, width: int = 64, height: int = 48, people: int = 4) -> dict[str, np.ndarray]:
    """A sky over a plane with villagers as discs that walk to the right."""
    shape = (height, width)
    rows, cols = np.mgrid[:height, :width].astype(np.float32)
    horizon = height * 0.4
    ground = rows > horizon
    with np.errstate(divide="ignore"):
        depth = np.where(ground, 1.6 * height / (rows + 0.5 - horizon), np.inf).astype(np.float32)
    rgb = np.stack([90 + 60 * rows / height, 140 + 40 * cols / width, 220 - 120 * rows / height], -1)
    rgb[ground] = rgb[ground] * (0.6, 0.9, 0.4)
    instance, semantic = np.where(ground, 1, 0).astype(np.uint32), np.where(ground, 1, 0).astype(np.uint8)
    normal = np.zeros((*shape, 3), np.float32)
    normal[ground] = (0, 0, 1)
    flow = np.zeros((*shape, 2), np.float32)
    flow[ground, 0] = ((rows - horizon) * 0.02)[ground]
    for i in range(people):
        x, y, radius = width * (0.15 + 0.2 * i) + tick * 0.05, height * (0.55 + 0.05 * i), height * 0.09
        mask = disc(shape, x, y, radius)
        rgb[mask] = (230 - 40 * i, 90 + 40 * i, 80)
        instance[mask], semantic[mask], depth[mask] = FIRST_FREE_ID + 16 + i, 5, 4 + i
        normal[mask] = (0.6, -0.8, 0)
        flow[mask] = (0.8, 0.2 * i)
    return {
        "rgb": rgb.astype(np.uint8), "depth": depth, "instance": instance, "semantic": semantic, "normal": normal,
        "flow": flow, "flow_valid": ground & (cols < width - 2),
    }  # fmt: skip


def tables(tick: int, people: int = 4) -> dict[str, np.ndarray]:
    """What stands beside the images of a frame: a row for each of some people, and nothing where there are none."""
    rng = np.random.default_rng(tick)
    ids = FIRST_FREE_ID + 16 + np.arange(people if tick else 0, dtype=np.uint32)
    made = {"boxes": np.zeros(len(ids), BOX_2D), "boxes_3d": np.zeros(len(ids), BOX_3D)}
    made["keypoints"] = np.zeros(len(ids), KEYPOINTS)
    for table in made.values():
        table["id"] = ids
    made["boxes"]["x"], made["boxes"]["w"], made["boxes"]["percent_visible"] = rng.integers(0, 40, 2)[0], 7, 0.25
    for name in ("h", "amodal_w", "amodal_h", "whole_w", "whole_h"):
        made["boxes"][name] = 9
    made["boxes_3d"]["yaw"], made["boxes_3d"]["height_m"] = rng.random(len(ids)), 1.7
    made["keypoints"]["pixels"] = rng.normal(20, 5, (len(ids), 17, 2))
    made["keypoints"]["pixels"][:, 3] = np.nan
    made["keypoints"]["sight"] = rng.integers(0, 3, (len(ids), 17))
    return made


def header(**changes: object) -> dict[str, object]:
    base = {
        "scenario": {"name": "a made-up morning", "villagers": 4}, "seed": 7, "tick_rate": TICK_RATE,
        "start": "2025-05-04T07:30:00", "model": {"name": "SmolLM2-135M-Instruct", "sha256": "ab" * 32},
        "cameras": ["square", "lane"], "size": [64, 48], "modalities": ["rgb", "depth"],
    }  # fmt: skip
    return {**base, **changes}


def write_session(
    path: Path,
    ticks: int = 96,
    every: int = 16,
    size: tuple[int, int] = (64, 48),
    cameras: tuple[str, ...] = ("square",),
) -> list[Snapshot]:
    """Writes a session and returns the snapshots it was given."""
    rng = np.random.default_rng(3)
    given = []
    with SessionWriter(path, header(), scenery(rng), cast()) as writer:
        for tick in range(ticks):
            said = (utterance(tick // 48 * 2, tick),) if tick % 48 == 4 else ()
            if tick % 48 == 28:
                said = (utterance(tick // 48 * 2 + 1, tick, 30),)
            given.append(snapshot(rng, tick, said=said))
            writer.snapshot(given[-1])
            for line in said:
                writer.wording(
                    {"key": (line.speaker, tick, 0), "arrival_tick": tick, "text": line.text, "source": "model"}
                )
            if every and tick % every == 0:
                for number, camera in enumerate(cameras):
                    pose = replace(POSE, yaw=POSE.yaw + tick / 100 + number)
                    writer.frame(tick, camera, pose, images(tick + 40 * number, *size), tables(tick + 40 * number))
        writer.close({"utterances": 4})
    return given
