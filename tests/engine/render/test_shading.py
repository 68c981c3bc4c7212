"""Pixels that are shaded after all geometry is drawn, against the same scene shaded while it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine.render.horizon import Horizon
from engine.render.programs import Targets
from engine.render.sensors import frustum
from engine.render.stage import Stage
from engine.render.water import Water
from tests.engine.render.valleys import looking, snapshot, valley

pytestmark = pytest.mark.slow
POSE = looking((24.0, -38.0, 28.0), (0.0, 0.0, 12.0))


@pytest.mark.parametrize(
    "weather",
    [
        {},
        {"snow_depth_m": 0.2, "leaf_cover": 0.5},
        {"visibility_m": 150.0, "fog_top_m": 22.0, "haze_visibility_m": 9000.0},
    ],
    ids=["fair", "snow", "fog"],
)
def test_pixels_shaded_afterwards_look_as_if_shaded_at_once(
    stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch, weather: dict[str, Any]
) -> None:
    scenery, cast, villagers = valley(65, 80, 4)
    shot = snapshot(villagers, **weather), POSE, snapshot(villagers, 161, **weather), POSE
    names = "rgb", "depth", "instance", "normal", "flow"
    afterwards = stage(scenery, cast, names, quality="fast").render(*shot)
    monkeypatch.setattr(Targets, "deferred", property(lambda self: False))
    at_once = stage(scenery, cast, names, quality="fast").render(*shot)
    for name in set(at_once) - {"rgb"}:
        assert afterwards[name].tobytes() == at_once[name].tobytes(), name
    off = np.abs(afterwards["rgb"].astype(int) - at_once["rgb"])
    assert off.mean() < 3 and np.median(off) <= 2  # what differs lies at the edges of shadows


@pytest.mark.parametrize("elevation", [28.0, 75.0], ids=["hills shade", "hills do not"])
def test_what_programs_do_without_is_not_there(
    stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch, elevation: float
) -> None:
    scenery, cast, villagers = valley(129, 40, 2)
    now = snapshot(villagers, sun_elevation=np.radians(elevation))
    river, away = looking((40.0, -50.0, 30.0), (45.0, 10.0, 9.0)), looking((-40.0, 0.0, 30.0), (-100.0, 0.0, 20.0))
    made = stage(scenery, cast, ("rgb", "albedo", "depth"), quality="fast")
    first, second = made.render(now, river), made.render(now, away)
    assert made.horizon.shades == (elevation < 60)
    assert made.water.in_view(frustum(river, made.size)) and not made.water.in_view(frustum(away, made.size))
    monkeypatch.setattr(Horizon, "shades", property(lambda self: True, lambda self, value: None), raising=False)
    monkeypatch.setattr(Water, "in_view", lambda self, planes: True)
    for pose, without in ((river, first), (away, second)):
        every = made.render(now, pose)
        for name in without:
            assert every[name].tobytes() == without[name].tobytes(), name
