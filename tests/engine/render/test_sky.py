"""The sky against almanacs and its own promises: stars where they stand, clouds over the share that is told, a moon
lit from where the sun is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ephem
import ephem.stars
import numpy as np
import pytest

from engine.render.clouds import Clouds
from engine.render.light import LUMA, light
from engine.render.sky import NOISE_SIZE, noise_texels, noise_texture
from engine.render.stage import Stage
from engine.render.stars import bright, faint, standing
from recorder.schema import CameraPose
from tests.engine.render.test_living import NOBODY, moment
from tests.engine.render.test_truth import rays
from tests.engine.render.valleys import environment, flat


def test_listed_stars_are_where_ephem_has_them_and_as_bright() -> None:
    ray, magnitude, _ = bright()
    found = 0
    for name in ephem.stars.stars:
        star = ephem.star(name)
        star.compute("2000/1/1", epoch="2000")
        there = np.array(
            [np.cos(star.a_dec) * np.cos(star.a_ra), np.cos(star.a_dec) * np.sin(star.a_ra), np.sin(star.a_dec)]
        )
        off = np.degrees(np.arccos(np.clip(ray @ there, -1, 1)))
        if star.mag < 2.0:
            assert off.min() < 0.1, name
        if off.min() < 0.1:
            found += 1
            assert magnitude[off.argmin()] == pytest.approx(star.mag, abs=0.35), name
    assert found > 70


@pytest.mark.parametrize(("latitude", "longitude"), [(47.0, 11.0), (-33.9, 151.2)])
def test_stars_stand_over_the_valley_where_ephem_sees_them(latitude: float, longitude: float) -> None:
    place = ephem.Observer()
    place.lat, place.lon, place.pressure, place.date = str(latitude), str(longitude), 0, "2026/3/4 21:30"
    turned = standing(float(place.sidereal_time()), latitude)
    for name in ("Sirius", "Vega", "Canopus", "Polaris"):
        star = ephem.star(name)
        star.compute(place)
        level = np.cos(star.alt)
        theirs = np.array([level * np.sin(star.az), level * np.cos(star.az), np.sin(star.alt)])
        ray, _, _ = bright()
        off = np.degrees(np.arccos(np.clip((ray @ turned.T) @ theirs, -1, 1))).min()
        assert off < 0.6, name  # a quarter of a century of precession


def test_faint_stars_follow_their_law() -> None:
    _, magnitude, _ = faint()
    counts = [(magnitude < m).sum() for m in (3.8, 4.8, 5.8)]
    assert counts[2] / counts[1] == pytest.approx(10**0.5, rel=0.15)
    assert counts[1] / counts[0] == pytest.approx(10**0.5, rel=0.35)


def test_the_noise_has_its_smaller_copies_and_leaves_none_to_the_driver() -> None:
    texture = noise_texture()
    assert texture.has_all_ram_mipmap_images() and texture.get_expected_num_mipmap_levels() == 9
    whole = noise_texels().astype(float)
    for level in range(1, 9):
        size = NOISE_SIZE >> level
        copy = np.frombuffer(bytes(texture.get_ram_mipmap_image(level)), np.uint8).reshape(size, size, 4)
        mean = whole.reshape(size, 1 << level, size, 1 << level, 2).mean(axis=(1, 3))
        assert np.abs(copy[..., [2, 1]] - mean - 0.5 * level).max() <= 0.5 * level  # halves go up, twice a level
        assert (copy[..., [0, 3]] == 255).all()


def dome(drawn: Stage, now: Any) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (n, 3) of the sky above the ground's haze, from four directions and overhead, and their solid angles."""
    looks = [CameraPose((0.0, 0.0, 2.0), k * np.pi / 2, 0.55, np.radians(90.0)) for k in range(4)]
    pixels, weights = [], []
    for pose in looks:
        rgb = drawn.render(now, pose)["rgb"].reshape(-1, 3)
        ray = rays(pose).reshape(-1, 3)
        forward = pose.rotation()[:, 2]
        along = ray @ forward / np.linalg.norm(ray, axis=1)
        unit = ray / np.linalg.norm(ray, axis=1, keepdims=True)
        mine = np.abs((np.arctan2(unit[:, 1], unit[:, 0]) - pose.yaw + np.pi) % (2 * np.pi) - np.pi) < np.pi / 4
        mine &= unit[:, 2] > 0.1
        pixels.append(rgb[mine])
        weights.append(along[mine] ** 3)
    return np.concatenate(pixels).astype(float), np.concatenate(weights)


@pytest.mark.parametrize("cloud", [0.15, 0.4, 0.7])
def test_as_much_of_the_dome_is_clouded_as_is_told(stage: Callable[..., Stage], cloud: float) -> None:
    drawn = stage(flat(33), NOBODY, ("rgb",))
    covered = []
    for tick in (160, 9600):
        weather = {"sun_elevation": np.radians(50.0), "visibility_m": 45000.0}
        clouded, weight = dome(drawn, moment(tick=tick, cloud=cloud, **weather))
        whiteness = clouded.min(axis=1) / np.maximum(clouded.max(axis=1), 1)
        clear, _ = dome(drawn, moment(tick=tick, cloud=0.0, **weather))
        blue = clear.min(axis=1) / np.maximum(clear.max(axis=1), 1)
        share = np.clip((whiteness - blue) / np.maximum(0.93 - blue, 0.05), 0, 1) > 0.5
        covered.append((share * weight).sum() / weight.sum())
    assert np.mean(covered) == pytest.approx(cloud, abs=0.07)


def test_clouds_are_a_function_of_the_moment_alone() -> None:
    noise = noise_texels() / np.float32(255)
    a, b = Clouds(noise), Clouds(noise)
    for seconds in (0.0, 30.0, 4000.0):
        a.drift(environment(cloud=0.5), seconds)
    b.drift(environment(cloud=0.5), 4000.0)
    assert bytes(a.texture.get_ram_image()) == bytes(b.texture.get_ram_image())


def test_a_fuller_and_higher_moon_gives_more_light() -> None:
    def moonlight(**moon: float) -> float:
        now = light(environment(sun_elevation=-0.4, cloud=0.0, moon_azimuth=1.0, **moon))
        return float(now.key_colour @ LUMA)

    by_phase = [moonlight(moon_elevation=0.7, moon_lit=lit) for lit in (0.05, 0.3, 0.6, 1.0)]
    assert np.all(np.diff(by_phase) > 0)
    by_height = [moonlight(moon_elevation=e, moon_lit=1.0) for e in (-0.2, 0.05, 0.2, 1.2)]
    assert by_height[0] == 0.0 and np.all(np.diff(by_height) > 0)


@pytest.mark.parametrize(("lit", "share"), [(0.1, 0.1), (0.5, 0.5), (0.9, 0.9)])
def test_the_moons_disc_is_lit_on_the_suns_side_by_its_share(
    stage: Callable[..., Stage], lit: float, share: float
) -> None:
    azimuth, elevation = 1.0, 0.5
    aside = np.arccos(2 * lit - 1)  # the angle at the moon between sun and eye; seen from here the rest of a half turn
    sun_azimuth = azimuth + (np.pi - aside)
    row = {"moon_azimuth": azimuth, "moon_elevation": elevation, "moon_lit": lit, "cloud": 0.0}
    now = moment(None, 160, sun_azimuth=sun_azimuth, sun_elevation=-0.35, **row)
    pose = CameraPose((0.0, 0.0, 2.0), azimuth, elevation, np.radians(1.0))
    rgb = stage(flat(33), NOBODY, ("rgb",)).render(now, pose)["rgb"].mean(axis=-1)
    background = np.median(rgb[:5])
    shining = rgb > background + 0.5 * (rgb.max() - background)
    across = 0.0048 * rgb.shape[0] / (2 * np.tan(np.radians(0.5)))
    assert shining.sum() / (np.pi * across**2) == pytest.approx(share, abs=0.13)
    left, right = shining[:, : rgb.shape[1] // 2].sum(), shining[:, rgb.shape[1] // 2 :].sum()
    if lit == 0.5:  # the sun is at a larger azimuth, counter-clockwise: to the left
        assert left > 4 * right
