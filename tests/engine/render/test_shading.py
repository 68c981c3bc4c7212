"""Pixels that are shaded after all geometry is drawn, against the same scene shaded while it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine.render.programs import Targets
from engine.render.stage import Stage
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
