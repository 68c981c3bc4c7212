"""What the stage promises as a whole: weather changes the picture and not the truth; same tick, same bytes."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.render import programs
from engine.render.graphics import ReadBack, RenderError, extracted
from engine.render.stage import Stage
from recorder.schema import CROP_ID, GRASS_ID, VILLAGER
from tests.engine.render.valleys import flat, looking, snapshot, valley

pytestmark = pytest.mark.slow
POSE = looking((24.0, -38.0, 28.0), (0.0, 0.0, 12.0))
DIGEST = """
import hashlib, sys
from engine.render.stage import Stage
from tests.engine.render import valleys as V
scenery, cast, villagers = V.valley(97, 120, 4)
pose = V.looking((24.0, -38.0, 28.0), (0.0, 0.0, 12.0))
now, after, before = (V.snapshot(villagers, tick, rain_mm_h=3.0) for tick in (160, 161, 159))
for quality in sys.argv[1:]:
    stage = Stage(scenery, cast, (96, 72), quality=quality)
    out = stage.render(now, pose, after, None, before)
    stage.close()
    print({name: hashlib.sha256(image.tobytes()).hexdigest() for name, image in out.items()})
"""


def test_shapes_and_types(stage: Callable[..., Stage]) -> None:
    scenery, cast, villagers = valley(65, 20, 2)
    out = stage(scenery, cast, size=(52, 38)).render(snapshot(villagers), POSE)
    expected = {
        "rgb": ((38, 52, 3), np.uint8),
        "depth": ((38, 52), np.float32),
        "instance": ((38, 52), np.uint32),
        "semantic": ((38, 52), np.uint8),
        "normal": ((38, 52, 3), np.float32),
        "flow": ((38, 52, 2), np.float32),
        "flow_valid": ((38, 52), np.bool_),
        "part": ((38, 52), np.uint8),
        "back_flow": ((38, 52, 2), np.float32),
        "back_flow_valid": ((38, 52), np.bool_),
        "albedo": ((38, 52, 3), np.uint8),
    }
    assert {name: (image.shape, image.dtype.type) for name, image in out.items()} == expected
    assert all(image.flags.c_contiguous and image.flags.writeable for image in out.values())


@pytest.mark.parametrize(
    "weather",
    [
        {"rain_mm_h": 12.0, "cloud": 1.0, "ground_wetness": 1.0},
        {"snow_mm_h": 2.0, "cloud": 1.0, "snow_depth_m": 0.2},
        {"sun_elevation": -0.5},
        {"visibility_m": 60.0},
    ],
    ids=["rain", "snow", "night", "fog"],
)
def test_weather_changes_the_picture_and_not_the_truth(stage: Callable[..., Stage], weather: dict[str, Any]) -> None:
    scenery, cast, villagers = valley(97, 120, 4)
    drawn = stage(scenery, cast)
    clear = drawn.render(snapshot(villagers), POSE, snapshot(villagers, 161), POSE)
    other = drawn.render(snapshot(villagers, **weather), POSE, snapshot(villagers, 161, **weather), POSE)
    difference = np.abs(clear["rgb"].astype(int) - other["rgb"]).mean()
    assert difference > 4
    same = np.ones(clear["instance"].shape, np.bool_)
    if "snow_depth_m" in weather:  # lying snow has no thickness, but it buries grass
        same = ~(np.isin(clear["instance"], (GRASS_ID, CROP_ID)) | np.isin(other["instance"], (GRASS_ID, CROP_ID)))
        assert 0.3 < same.mean() < 1.0
    for name in ("depth", "instance", "semantic", "normal", "flow", "flow_valid"):
        assert clear[name][same].tobytes() == other[name][same].tobytes(), name


def test_falling_rain_moves(stage: Callable[..., Stage]) -> None:
    scenery, cast, villagers = valley(65, 0, 0)
    drawn = stage(scenery, cast, ("rgb",))
    wet = {"rain_mm_h": 14.0, "wind_m_s": 0.0}
    one, two = (drawn.render(snapshot(villagers, t, **wet), POSE)["rgb"] for t in (160, 161))
    dry = drawn.render(snapshot(villagers, 160, wind_m_s=0.0), POSE)["rgb"]
    assert (one != two).any(axis=-1).mean() > 0.005
    assert (one != dry).any(axis=-1).mean() > 0.005


def test_night_is_dim_but_readable_and_noon_is_bright(stage: Callable[..., Stage]) -> None:
    scenery, cast, villagers = valley(97, 120, 4)
    drawn = stage(scenery, cast, ("rgb",))
    levels = {e: drawn.render(snapshot(villagers, sun_elevation=e), POSE)["rgb"].mean() for e in (-0.6, 0.0, 0.3, 1.0)}
    assert 12 < levels[-0.6] < levels[0.0] < levels[1.0] < 200
    assert levels[0.3] > 45


def test_walls_throw_shadows_and_hills_do_too(stage: Callable[..., Stage]) -> None:
    scenery, cast, villagers = valley(97, 0, 0)
    drawn = stage(scenery, cast, ("rgb",))
    pose = looking((0.0, 0.0, 90.0), (0.0, 1.0, 12.0))
    low_sun: dict[str, Any] = {"sun_elevation": 0.35, "cloud": 0.0}
    east, west = (
        drawn.render(snapshot(villagers, sun_azimuth=a, **low_sun), pose)["rgb"].mean(axis=-1) for a in (0.0, np.pi)
    )
    assert (np.abs(east - west) > 40).mean() > 0.02


def test_same_tick_same_bytes_whatever_was_drawn_before(stage: Callable[..., Stage]) -> None:
    scenery, cast, villagers = valley(97, 120, 4)
    drawn = stage(scenery, cast)
    first = drawn.render(snapshot(villagers), POSE)
    elsewhere = looking((-20.0, 10.0, 14.0), (0.0, 0.0, 12.0))
    drawn.render(snapshot(villagers, 400, sun_elevation=-0.2, rain_mm_h=5.0, snow_depth_m=0.1), elsewhere)
    again = drawn.render(snapshot(villagers), POSE)
    for name, image in first.items():
        assert image.tobytes() == again[name].tobytes(), name


def test_of_clothes_at_one_depth_the_same_show_whoever_was_drawn_before(stage: Callable[..., Stage]) -> None:
    rng = np.random.default_rng(4)
    _, cast, rows = valley(97, 0, 12)
    for name, most in (("hat", 3), ("skirt", 3), ("cane", 2), ("female", 2), ("over", 7)):
        cast.looks[name] = rng.integers(0, most, 12)
    rows["x"], rows["y"], rows["z"] = np.linspace(-1.3, 1.3, 12), rng.uniform(-0.3, 0.3, 12), 0.0
    pose = looking((0.0, -2.2, 1.4), (0.0, 0.0, 1.0))
    images = []
    for before in ((), range(11, 4, -1), (3,), (9,)):
        drawn = stage(flat(), cast, ("part", "albedo", "normal"), (960, 720), "truth")
        for one in before:
            alone = rows.copy()
            alone["indoors"] = np.arange(12) != one
            drawn.render(snapshot(alone), pose)
        images.append(drawn.render(snapshot(rows), pose))
    for name, image in images[0].items():
        assert all(image.tobytes() == other[name].tobytes() for other in images), name


def test_processes_draw_the_same_bytes_with_any_number_of_threads(graphics: None) -> None:
    root = Path(__file__).parents[3]
    printed = []
    for threads in ("0", "2"):  # LP_NUM_THREADS of Mesa in software; other drivers do not know it
        environment = {**os.environ, "LP_NUM_THREADS": threads}
        command = [sys.executable, "-c", DIGEST, "truth", "fast", "fine"]
        run = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=True)
        printed.append(run.stdout)
    assert len(set(printed)) == 1 and printed[0].count("'") == 3 * 44


def test_fast_read_back_is_pandas_own(stage: Callable[..., Stage]) -> None:
    scenery, cast, villagers = valley(65, 60, 3)
    drawn = stage(scenery, cast)
    drawn.render(snapshot(villagers), POSE, snapshot(villagers, 161), POSE)
    reader = ReadBack(drawn.context)
    if not reader.direct:
        pytest.skip("OpenGL older than 4.5: the slow road is the only one")
    for name, channels, kind in (
        ("rgb", "rgb", np.uint8),
        ("ident", "rgba", np.uint8),
        ("floats 0", "rgba", np.float32),
    ):
        fast = reader.read(drawn.texture(name), channels, kind)
        assert (
            fast.tobytes()
            == np.ascontiguousarray(extracted(drawn.context, drawn.texture(name)))[..., : len(channels)].tobytes()
        )


def test_pixels_belong_to_the_caller(stage: Callable[..., Stage]) -> None:
    scenery, cast, villagers = valley(65, 20, 1)
    drawn = stage(scenery, cast)
    first = drawn.render(snapshot(villagers), POSE)
    digest = {name: hashlib.sha256(image.tobytes()).hexdigest() for name, image in first.items()}
    drawn.render(snapshot(villagers, 300, sun_elevation=0.05), looking((5.0, 5.0, 20.0), (0.0, 0.0, 12.0)))
    assert digest == {name: hashlib.sha256(image.tobytes()).hexdigest() for name, image in first.items()}


def test_refusals_name_what_is_possible() -> None:
    scenery, cast, _ = valley(33, 0, 0)
    with pytest.raises(ValueError, match=r"infrared.*modalities are rgb"):
        Stage(scenery, cast, (32, 32), ("rgb", "infrared"))
    with pytest.raises(ValueError, match="Cannot render"):
        Stage(scenery, cast, (0, 32))


def test_a_refused_program_is_an_error_and_no_garbage(
    stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    scenery, cast, villagers = valley(33, 0, 0)
    monkeypatch.setattr(programs, "_programs", {})
    monkeypatch.setitem(
        programs.KINDS, "ground", ("surface.vert", "surface.frag", ("KIND_GROUND", "normalize unheard"))
    )
    with pytest.raises(RenderError, match="refused the shader programs of ground, as it says above"):
        stage(scenery, cast, ("depth",)).render(snapshot(villagers), POSE)
    assert "unheard" in capfd.readouterr().err


def test_a_stage_without_plants_buildings_or_people(stage: Callable[..., Stage]) -> None:
    scenery, cast, _ = valley(33, 0, 0)
    bare = type(scenery)(**{**vars(scenery), "buildings": scenery.buildings[:0], "plants": scenery.plants[:0]})
    out = stage(bare, cast).render(snapshot(np.zeros(0, VILLAGER)), POSE)
    assert set(np.unique(out["semantic"])) <= {0, 1, 2, 8, 11}
