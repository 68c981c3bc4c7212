"""Beams against rays cast another way: planes, boxes, and the same points as the pictures show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.render.attenuation import fog_per_m
from engine.render.stage import Stage
from recorder.schema import TERRAIN_ID, VILLAGER, Beams, CameraPose, Snapshot
from tests.engine.render.test_truth import NOBODY, box
from tests.engine.render.valleys import flat, looking, snapshot, valley

EMPTY = np.zeros(0, VILLAGER)
SWEEP = Beams(16, 240, float(np.radians(12)), float(np.radians(-28)), 120.0)
SIZE = SWEEP.columns, SWEEP.rings
BOX_ID = 40
LOW, HIGH = (6.0, -3.0, 0.0), (8.0, 5.0, 4.0)


def lidar(
    position: tuple[float, float, float], beams: Beams = SWEEP, yaw: float = 0.3, pitch: float = 0.0
) -> CameraPose:
    return CameraPose(position, yaw, pitch, 1.0, "lidar", beams=beams)


def directions(pose: CameraPose) -> NDArray[np.float64]:
    """World directions (rings, columns, 3) written out from the angles of the rings and of the stand."""
    assert pose.beams is not None
    beams = pose.beams
    elevation = np.linspace(beams.highest, beams.lowest, beams.rings)[:, None]
    turned = -((np.arange(beams.columns) + 0.5) / beams.columns * 2 * np.pi - np.pi)[None]
    ahead, left, up = np.cos(elevation) * np.cos(turned), np.cos(elevation) * np.sin(turned), np.sin(elevation)
    ahead, up = (
        ahead * np.cos(pose.pitch) - up * np.sin(pose.pitch),
        ahead * np.sin(pose.pitch) + up * np.cos(pose.pitch),
    )
    east, north = (ahead * np.cos(pose.yaw - k * np.pi / 2) - left * np.sin(pose.yaw - k * np.pi / 2) for k in (0, 1))
    return np.stack([east, north, up], axis=-1)


@pytest.mark.parametrize("pitch", [0.0, -0.1])
def test_beams_meet_the_ground_and_a_box_where_rays_do(stage: Callable[..., Stage], pitch: float) -> None:
    pose = lidar((1.0, 0.5, 2.0), pitch=pitch)
    drawn = stage(flat(), NOBODY)
    drawn.add_mesh(box(LOW, HIGH), BOX_ID)
    seen = drawn.render(snapshot(EMPTY), pose)
    way, eye = directions(pose), np.asarray(pose.position)
    with np.errstate(divide="ignore"):
        ground = np.where(way[..., 2] < 0, -eye[2] / way[..., 2], np.inf)
        near = (np.where(way > 0, LOW, HIGH) - eye) / way
        far = (np.where(way > 0, HIGH, LOW) - eye) / way
    enter, leave = near.max(axis=-1), far.min(axis=-1)
    hit = (enter < leave) & (enter > 0)
    expected = np.minimum(ground, np.where(hit, enter, np.inf))
    measured, returns = seen["beam_range"], seen["beam_range"] > 0
    assert returns.mean() > 0.4
    off = np.abs(measured / np.where(returns, expected, 1) - 1)[returns]
    assert np.mean(off < 1e-3) > 0.995  # all but beams that pass an edge within half a pixel
    assert np.median(off) < 1e-4
    assert np.mean((seen["instance"] == BOX_ID)[returns] == (expected == enter)[returns]) > 0.995
    assert set(np.unique(seen["instance"][returns])) == {TERRAIN_ID, BOX_ID}
    assert not seen["instance"][~returns].any() and not seen["semantic"][~returns].any()
    assert not returns[way[..., 2] > 0][~hit[way[..., 2] > 0]].any()  # nothing comes back from the sky


def test_points_of_a_sweep_lie_on_what_they_are_said_to_show(stage: Callable[..., Stage]) -> None:
    scenery, cast, rows = valley(97, 60, 5)
    pose = lidar((0.0, 0.0, 15.5))
    seen = stage(scenery, cast).render(snapshot(rows, wind_m_s=0.0), pose)
    points = pose.unproject(seen["beam_range"])
    for house in scenery.buildings:
        mine = points[seen["instance"] == house["id"]]
        reach = np.hypot(house["width_m"], house["depth_m"]) / 2 + 1.5
        assert (np.hypot(mine[:, 0] - house["x"], mine[:, 1] - house["y"]) < reach).all()
    assert (seen["instance"] > TERRAIN_ID).any()
    back, _ = pose.project(points[seen["beam_range"] > 0], SIZE)
    v, u = np.nonzero(seen["beam_range"] > 0)
    assert back == pytest.approx(np.column_stack([u + 0.5, v + 0.5]), abs=1e-6)


def test_strength_is_reflectance_times_the_cosine_of_incidence(stage: Callable[..., Stage]) -> None:
    """On a floor and a wall of one paint, whose reflectance IEC 61966-2-1 tells."""
    drawn = stage(flat(), NOBODY)
    drawn.add_mesh(box((-30.0, -30.0, 0.0), (30.0, 30.0, 0.5)), BOX_ID)
    drawn.add_mesh(box((12.0, -30.0, 0.5), (13.0, 30.0, 12.0)), BOX_ID + 1)
    pose = lidar((0.0, 0.0, 2.5), replace(SWEEP, reach_m=1000.0))
    seen, way = drawn.render(snapshot(EMPTY), pose), directions(pose)
    paint = ((180 / 255 + 0.055) / 1.055) ** 2.4
    for ident, cosine in ((BOX_ID, -way[..., 2]), (BOX_ID + 1, way[..., 0])):
        mine = seen["instance"] == ident
        assert mine.sum() > 200 and np.ptp(cosine[mine]) > 0.3
        assert seen["beam_intensity"][mine] == pytest.approx(paint * cosine[mine] / 0.9, abs=3e-3)  # paint is in 1/255


def test_reach_and_rain_take_the_weakest_returns(stage: Callable[..., Stage]) -> None:
    drawn = stage(flat(), NOBODY)

    def sweep(now: Snapshot, **other: Any) -> dict[str, NDArray[Any]]:
        return drawn.render(now, lidar((0.0, 0.0, 2.0), replace(SWEEP, **other)))

    dry, wet = snapshot(EMPTY), snapshot(EMPTY, rain_mm_h=40.0)
    clear, short = sweep(dry), sweep(dry, reach_m=40.0)
    unaware, rained = sweep(wet), sweep(wet, rain=True)
    assert (short["beam_range"] > 0).sum() < (clear["beam_range"] > 0).sum()
    assert np.array_equal(unaware["beam_range"] > 0, unaware["beam_intensity"] > 0)
    both = rained["beam_range"] > 0
    assert 0 < both.sum() < (unaware["beam_range"] > 0).sum()
    assert np.array_equal(rained["beam_range"][both], unaware["beam_range"][both])
    lost = rained["beam_intensity"][both] / unaware["beam_intensity"][both]
    expected = np.exp(-0.02 * 40.0**0.6 * rained["beam_range"][both])
    strong = rained["beam_intensity"][both] > 0.02  # weak ones are rounded
    assert lost[strong] == pytest.approx(expected[strong], rel=0.03)


def test_fog_weakens_along_the_way_in_it_and_not_above_it(stage: Callable[..., Stage]) -> None:
    drawn = stage(flat(), NOBODY)
    drawn.add_mesh(box((20.0, -40.0, 0.0), (22.0, 40.0, 60.0)), BOX_ID)
    beams = replace(SWEEP, reach_m=1000.0)
    haze, inside, top = 25000.0, 200.0, 30.0
    foggy = snapshot(EMPTY, visibility_m=inside, haze_visibility_m=haze, fog_top_m=top)
    per_m = 3.912 / inside - 3.912 / haze  # of droplets far larger than the wavelength
    for height in (2.0, top - 7.0, top + 5.0):
        pose = lidar((0.0, 0.0, height), beams, 0.0)
        clear = drawn.render(foggy, pose)
        dim = drawn.render(foggy, lidar((0.0, 0.0, height), replace(beams, fog=True), 0.0))
        both = (dim["beam_range"] > 0) & (clear["beam_intensity"] > 0.2)
        assert both.sum() > 100
        assert np.array_equal(dim["beam_range"][both], clear["beam_range"][both])
        way = np.linspace(0.0, 1.0, 2001)[:, None] * clear["beam_range"][both]  # density summed up step by step
        level = height + way * directions(pose)[both][:, 2]
        density = np.clip((top - level) / 14.0, 0.0, 1.0)  # full up to 14 m under the top
        expected = np.exp(-2 * per_m * density.mean(axis=0) * clear["beam_range"][both])
        lost = dim["beam_intensity"][both] / clear["beam_intensity"][both]
        assert lost == pytest.approx(expected, abs=0.01)
    thin = snapshot(EMPTY, visibility_m=2000.0, haze_visibility_m=haze, fog_top_m=1000.0)
    power = 0.16 * 2.0 + 0.34  # Kim et al. (2001), of 2 km
    assert fog_per_m(thin.environment) == pytest.approx((3.912 / 2000 - 3.912 / haze) * (905 / 550) ** -power)
    assert fog_per_m(snapshot(EMPTY).environment) == 0.0


def test_ranges_err_as_told_and_by_seed_and_tick(stage: Callable[..., Stage]) -> None:
    drawn = stage(flat(), NOBODY)
    beams = replace(SWEEP, noise_m=0.03, seed=5)

    def sweep(tick: int, beams: Beams) -> dict[str, NDArray[Any]]:
        return drawn.render(replace(snapshot(EMPTY), tick=tick), lidar((0.0, 0.0, 2.0), beams))

    exact, first, again, later, other = (
        sweep(tick, each)
        for tick, each in ((3, SWEEP), (3, beams), (3, beams), (4, beams), (3, replace(beams, seed=6)))
    )
    returns = exact["beam_range"] > 0
    errors = [(each["beam_range"] - exact["beam_range"])[returns] for each in (first, later, other)]
    for error in errors:
        assert error.std() == pytest.approx(0.03, rel=0.05) and abs(error.mean()) < 0.003
        assert abs((error / error.std()) ** 4).mean() == pytest.approx(3.0, abs=0.5)  # as of a normal distribution
        assert abs(np.corrcoef(error[1:], error[:-1])[0, 1]) < 0.1
    assert abs(np.corrcoef(errors)[np.triu_indices(3, 1)]).max() < 0.1
    assert all(np.array_equal(first[name], again[name]) for name in first)
    for name in ("beam_intensity", "instance", "semantic"):
        assert np.array_equal(first[name], exact[name])


def test_a_beam_that_widens_meets_more_and_returns_no_more_light(stage: Callable[..., Stage]) -> None:
    drawn = stage(flat(), NOBODY)
    drawn.add_mesh(box((20.0, -0.4, 0.0), (20.5, 0.4, 6.0)), BOX_ID)
    narrow = Beams(3, 1440, 0.01, -0.01, 1000.0)
    wide = replace(narrow, divergence=0.02)
    thin, broad = (drawn.render(snapshot(EMPTY), lidar((0.0, 0.0, 2.0), each, 0.0)) for each in (narrow, wide))
    across, spacing = 0.8 / 20.0, 2 * np.pi / 1440
    counts = [(seen["instance"][1] == BOX_ID).sum() for seen in (thin, broad)]
    assert counts[0] == pytest.approx(across / spacing, abs=1.5)
    reach = 0.02 * np.sqrt((7 + 12 / 2) / 19)  # the outermost rays' circle, across
    assert counts[1] == pytest.approx((across + reach) / spacing, abs=2.5)
    sums = [seen["beam_intensity"][1].astype(float).sum() for seen in (thin, broad)]
    assert sums[1] == pytest.approx(sums[0], rel=0.05)
    box_beams = broad["instance"][1] == BOX_ID
    assert broad["beam_range"][1][box_beams] == pytest.approx(20.0, abs=0.01)
    assert not broad["instance"][0][~(broad["instance"][0] == BOX_ID)].any()  # the sky behind returns nothing


@pytest.mark.parametrize("gap", [0.4, 3.0])
def test_an_edge_returns_one_surface_or_what_lies_within_a_pulse(stage: Callable[..., Stage], gap: float) -> None:
    drawn = stage(flat(), NOBODY)
    drawn.add_mesh(box((20.0, 0.0, 0.0), (20.1, 30.0, 20.0)), BOX_ID)
    drawn.add_mesh(box((20.0 + gap, -30.0, 0.0), (21.0 + gap, 30.0, 20.0)), BOX_ID + 1)
    wide = Beams(1, 1440, 0.001, 0.0, 1000.0, divergence=0.02)
    seen = drawn.render(snapshot(EMPTY), lidar((0.0, 0.0, 10.0), wide, 0.0))
    column = np.abs(np.arange(1440) + 0.5 - 720) < 12  # a few beams to either side of the edge
    away = seen["beam_range"][0][column] * np.cos((np.arange(1440)[column] + 0.5 - 720) * 2 * np.pi / 1440)
    between = (away > 20.0 + 0.05 * gap) & (away < 20.0 + 0.95 * gap)
    assert np.ptp(away) == pytest.approx(gap, abs=0.02)
    assert (between.sum() >= 2) if gap < 0.75 else not between.any()


def test_a_sweep_does_not_depend_on_the_size_of_the_pictures(stage: Callable[..., Stage]) -> None:
    scenery, cast, rows = valley(97, 60, 5)
    pose = lidar((0.0, 0.0, 15.5))
    small, large = stage(scenery, cast, ("rgb",), (64, 48)), stage(scenery, cast, ("depth",), (200, 150))
    first = small.render(snapshot(rows), pose)
    large.render(snapshot(rows), looking((-20.0, -25.0, 24.0), (0.0, 0.0, 14.0)))
    second = large.render(snapshot(rows), pose)
    for name, image in first.items():
        assert np.array_equal(image, second[name])
