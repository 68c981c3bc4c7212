"""The figures of crowds: those of the walkers are accepted, those of broken walkers are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from world.scorecard import crowd as card
from world.walking.crowd import Crowd, Floor, advance

ACCEPTED = {metric.key: metric for metric in card.METRICS}


def frozen(crowd: Crowd, way: np.ndarray, speed: np.ndarray, floor: Floor, dt: float) -> Crowd:
    return crowd


def thin(crowd: Crowd, way: np.ndarray, speed: np.ndarray, floor: Floor, dt: float) -> Crowd:
    """Takes bodies for half as broad as they are."""
    return replace(advance(replace(crowd, radius=crowd.radius / 2), way, speed, floor, dt), radius=crowd.radius)


def timid(crowd: Crowd, way: np.ndarray, speed: np.ndarray, floor: Floor, dt: float) -> Crowd:
    return advance(crowd, way, 0.5 * speed, floor, dt)


def straight_on(crowd: Crowd, way: np.ndarray, speed: np.ndarray, floor: Floor, dt: float) -> Crowd:
    """Stops before others, and never turns."""
    dx, dy = crowd.x - crowd.x[:, None], crowd.y - crowd.y[:, None]
    ahead = dx * way[:, :1] + dy * way[:, 1:]
    aside = np.abs(dx * way[:, 1:] - dy * way[:, :1])
    blocked = ((ahead > 0.0) & (ahead < 0.6) & (aside < 0.4)).any(axis=1)
    return card.heedless(crowd, way, np.where(blocked, 0.0, speed), floor, dt)


def test_speeds_follow_weidmann_and_those_of_broken_walkers_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card, "DENSITIES_M2", (1.0, 3.0))
    metric = ACCEPTED["speed_density"]
    assert metric.accepts(card.misfit_m_s(advance))
    for broken in (card.heedless, frozen, timid, thin):
        assert not metric.accepts(card.misfit_m_s(broken)), broken


def test_no_two_bodies_overlap_and_thin_ones_do() -> None:
    metric = ACCEPTED["overlap"]
    assert card.deepest_overlap_cm(advance) <= 1e-6
    for broken in (card.heedless, thin):
        assert not metric.accepts(card.deepest_overlap_cm(broken)), broken
    two = Crowd(np.array([0.1, 11.9]), np.zeros(2), np.zeros(2), np.zeros(2), np.full(2, 0.2))
    assert card.overlap_cm(two) == pytest.approx(20.0)


def test_a_door_lets_as_many_through_as_real_ones() -> None:
    metric = ACCEPTED["door_flow"]
    assert metric.accepts(card.door_flow(advance))
    for broken in (card.heedless, frozen):
        assert not metric.accepts(card.door_flow(broken)), broken


def test_two_streams_pass_and_those_who_never_turn_do_not() -> None:
    metric = ACCEPTED["passing"]
    assert metric.accepts(card.passing_share(advance))
    for broken in (card.heedless, frozen, straight_on):
        assert not metric.accepts(card.passing_share(broken)), broken


def test_weidmann_1993_known_values() -> None:
    assert card.weidmann_m_s(np.array([1.0, 1.75, 5.4])) == pytest.approx([1.06, 0.70, 0.0], abs=0.005)
    density = np.linspace(0.2, 5.3, 500)
    assert (density * card.weidmann_m_s(density)).max() == pytest.approx(1.22, abs=0.01)  # his capacity
