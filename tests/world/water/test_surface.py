"""The running land: streams that rise and fall, snow that melts, ice, books that close, and exact repetition."""

from __future__ import annotations

import copy
import math
import os
import subprocess
import sys
import threading
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from assets.palette import GroundCover
from tests.world.water.doubles import CLIMATE, Steady, land, shower, sunrise, vale
from world.water import surface as module
from world.water.ground import DEEP, FROZEN, ICE, ROOT, SNOW, SURFACE, TOP
from world.water.surface import LandSurface

HOUR = 3600


def same(one: LandSurface, other: LandSurface) -> bool:
    a, b = one.freeze(), other.freeze()
    flat = [(a[k], b[k]) for k in a if not isinstance(a[k], dict)]
    flat += [(a[k][j], b[k][j]) for k in a if isinstance(a[k], dict) for j in a[k]]
    return all(np.array_equal(x, y) for x, y in flat) and one.digest() == other.digest()


def test_a_stream_runs_steadily_in_dry_weather_rises_with_rain_and_falls_after_it() -> None:
    surface = land(Steady(rain_mm_h=shower(HOUR, 2 * HOUR, 25.0)))
    flows = []
    for minute in range(0, 4 * 60, 10):
        surface.advance(minute * 60)
        flows.append(surface.outflow_m3_s)
    dry, peak, after = flows[5], max(flows[6:14]), flows[-1]
    assert dry == pytest.approx(0.05, rel=0.25)
    assert peak > 2.0 * dry
    assert dry < after < 0.6 * peak
    assert int(np.argmax(flows)) in range(7, 16)  # after the rain began, within an hour of its end


def test_the_books_of_a_stormy_day_with_snow_close() -> None:
    air = Steady(
        air_c=lambda t: 8.0 * np.sin(t / 2000.0), rain_mm_h=shower(600, 4000, 40.0), snow_mm_h=shower(5000, 10000, 15.0)
    )
    surface = land(air, vale(cover=GroundCover.FIELD), sunrise("2026-03-01T04:00"), "snow")
    surface.advance(3 * HOUR + 13)
    water, energy = surface.water_ledger, surface.energy_ledger
    assert water.rain > 100.0 and water.snow > 50.0 and water.outflow > 100.0 and water.evaporated != 0.0
    assert water.error < 1e-10
    assert abs(energy.net_radiation) > 1e9 and energy.error < 1e-9


@given(
    air_c=st.floats(-70, 50), humidity=st.floats(0.03, 1), wind=st.floats(0, 45), cloud=st.floats(0, 1),
    rain=st.floats(0, 150), snow=st.floats(0, 60), latitude=st.floats(-90, 90), month=st.integers(1, 12),
    opening=st.sampled_from(["fair", "snow", "storm", "rain"]), inflow=st.floats(0, 30),
)  # fmt: skip
@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate])  # shrinking takes minutes
def test_nothing_impossible_arises_at_the_ends_of_the_ranges(
    air_c: float, humidity: float, wind: float, cloud: float, rain: float, snow: float, latitude: float, month: int,
    opening: str, inflow: float,
) -> None:  # fmt: skip
    air = Steady(lambda t: air_c, lambda t: rain, lambda t: snow, humidity, wind, cloud)
    surface = land(air, vale(17, GroundCover.PATH, inflow), sunrise(f"2026-{month:02d}-21T11:00", latitude), opening)
    surface.advance(400)
    state = surface.freeze()
    assert all(np.isfinite(v).all() for v in (state["_stores"], surface.water.depth, surface.water.east))
    stores = state["_stores"]
    assert stores[[TOP, ROOT, SNOW, FROZEN, ICE]].min() >= 0.0 and surface.water.depth.min() >= 0.0
    assert stores[SURFACE].min() > -100.0 and stores[SURFACE].max() < 100.0
    assert surface.water_ledger.error < 1e-9 and surface.energy_ledger.error < 1e-9
    published = surface.published(0)
    assert published.wetness.max() <= 1.0 and published.water_m.min() >= 0.0


def test_any_chunks_give_the_same_land_and_so_does_a_frozen_one() -> None:
    air = Steady(rain_mm_h=shower(100, 900, 40.0))
    whole, parts, thawed = land(air), land(air), land(air)
    for second in (0.4, 10, 77.7, 78, 301):
        parts.advance(second)
    thawed.thaw(parts.freeze())
    for surface in (whole, parts, thawed):
        surface.advance(600)
    assert same(whole, parts) and same(whole, thawed)
    thawed.advance(601)
    assert not same(whole, thawed)


PROGRAM = """
from tests.world.water.doubles import Steady, land, shower, vale
import world.water.surface as module
module.SPIN_UP_S = 3
surface = land(Steady(air_c=lambda t: -2.0 + t / 60, rain_mm_h=shower(0, 90, 60.0)), vale(9), opening="snow")
surface.advance(130)
print(surface.digest().hex(), float(surface.water.depth.sum()).hex(), float(surface.freeze()["_stores"].sum()).hex())
"""


def test_the_same_bytes_without_machine_code_and_in_another_process() -> None:
    def run(**more: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], env=os.environ | {"PYTHONPATH": "."} | more, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert run() == run(NUMBA_DISABLE_JIT="1")


def test_snow_lies_where_it_fell_and_melts_first_where_the_sun_reaches() -> None:
    surface = land(Steady(air_c=lambda t: 3.0, cloud=0.1), when=sunrise("2026-03-20T08:00"), opening="snow")
    before = surface.freeze()["_stores"][SNOW]
    surface.advance(3 * HOUR)
    after = surface.freeze()["_stores"][SNOW]
    melted = (before - after)[3:-3, :]
    facing_west, facing_east = melted[:, 20:30].mean(), melted[:, 3:13].mean()  # the vale's eastern and western side
    assert melted.min() >= 0.0 and facing_west != pytest.approx(facing_east, rel=0.01)
    # 3 degC for an eighth of a day under a spring sun: degree-days of 2 to 12 mm/K and day, sun included
    assert 2.0 * 3.0 / 8 < melted.mean() < 14.0 * 3.0 / 8
    assert surface.published(0).snow_m.max() > 0.02


def test_a_film_of_water_does_not_melt_the_snow_it_creeps_under_but_open_water_takes_what_falls() -> None:
    air = Steady(air_c=lambda t: -5.0, snow_mm_h=lambda t: 1.0)
    surface = land(air, vale(17, GroundCover.MUD), sunrise("2026-01-10T14:00"), "snow")
    surface.water.depth[:, :3] = 0.01  # less than the snow is deep
    lay = surface.freeze()["_stores"][SNOW][:, :3].copy()
    surface.advance(HOUR)
    stores = surface.freeze()["_stores"]
    assert lay.min() > 20.0 and (stores[SNOW][:, :3] > 0.9 * lay).all()
    assert (stores[SNOW][:, 8] == 0.0).all()  # the stream


def test_snow_lies_on_a_puddle_that_is_half_ice() -> None:
    surface = land(Steady(air_c=lambda t: -12.0, snow_mm_h=shower(4 * HOUR, 6 * HOUR, 2.0)), vale(17, GroundCover.MUD),
                   sunrise("2026-01-10T18:00"))  # fmt: skip
    surface.water.depth[:, :4] = 0.01
    surface.advance(6 * HOUR)
    stores = surface.freeze()["_stores"]
    assert 0.003 < stores[ICE][2:14, :3].min() <= stores[ICE][2:14, :3].max() < 0.02
    assert stores[SNOW][2:14, :3].min() > 1.0


def test_a_cold_spell_freezes_still_water_and_soil_but_not_the_stream() -> None:
    basin = vale(17, GroundCover.MUD, inflow_m3_s=0.3)
    surface = land(Steady(air_c=lambda t: -12.0, cloud=0.0), basin, sunrise("2026-01-10T18:00"))
    surface.water.depth[:, :4] = 0.01  # puddles
    surface.advance(5 * HOUR)
    stores = surface.freeze()["_stores"]
    assert stores[ICE][2:14, 8].max() < stores[ICE][2:14, :3].min()
    assert stores[FROZEN][:, 12:].mean() > 0.1 * stores[TOP][:, 12:].mean()
    assert surface.surface_c[:, 12:].mean() < -5.0 and stores[DEEP].min() > -12.0


def test_noon_is_warmer_on_the_side_that_faces_the_sun() -> None:
    surface = land(Steady(cloud=0.0), when=sunrise("2026-10-01T08:00"))
    surface.advance(2 * HOUR)
    morning = surface.surface_c
    assert morning[5:-5, 3:12].mean() > 0.0
    # The western side of the vale faces east, to the morning sun.
    assert morning[5:-5, 3:12].mean() > morning[5:-5, 21:30].mean() + 0.1


def test_what_is_published_is_rounded_and_read_only() -> None:
    surface = land(opening="snow").published(480)
    assert surface.tick == 480
    for values, step in (
        (surface.water_m, 0.01),
        (surface.snow_m, 0.005),
        (surface.wetness, 1 / 32),
        (surface.ice_m, 0.01),
    ):
        assert values.dtype == np.float32 and not values.flags.writeable
        assert np.abs(values / step - np.rint(values / step)).max() < 1e-3
    assert surface.water_m[:, 16].min() > 0.0 and (surface.wetness[:, 16] == 1.0).all()


def test_streams_that_enter_side_by_side_bring_all_of_their_water() -> None:
    class Twin(type(vale())):  # type: ignore[misc]
        @property
        def inflows(self) -> np.ndarray:
            one = vale().inflows
            two = one.copy()
            two["discharge_m3_s"] = 0.2
            return np.concatenate([one, two])

    surface = land(basin=Twin(33, cover=vale().cover))
    surface.advance(300)
    assert surface.water_ledger.inflow == pytest.approx(300 * 0.25, rel=0.01)
    assert surface.water_ledger.error < 1e-10


def test_a_run_opens_with_the_wetness_and_the_snow_it_is_told() -> None:
    surface = LandSurface(vale(), Steady(air_c=lambda t: -3.0), CLIMATE, sunrise("2026-01-10T10:00"), 0.9, 0.4)
    published = surface.published(0)
    assert published.snow_m[:, :12].mean() == pytest.approx(0.4, abs=0.01)
    assert published.wetness[:, :8].mean() == pytest.approx(0.9, abs=0.02)


def test_a_second_that_has_begun_cannot_be_frozen_and_is_not_told() -> None:
    surface = land(Steady(rain_mm_h=shower(0, 900, 40.0)))
    surface.advance(20)
    told = surface.digest()
    surface.advance(20.5)
    assert surface.digest() == told
    with pytest.raises(RuntimeError, match="end of a stride"):
        surface.freeze()
    surface.advance(21)
    assert surface.digest() != told


def test_long_strides_come_to_what_short_ones_come_to_and_go_on_when_they_are_read_within() -> None:
    air = Steady(rain_mm_h=shower(0, 900, 40.0))
    short, long = (LandSurface(vale(), air, CLIMATE, sunrise(), stride_s=stride) for stride in (1, 30))
    for second in (10, 40.5, 90):
        short.advance(math.ceil(second / 30) * 30)
        long.advance(second)
        assert np.array_equal(long.water.depth, short.water.depth) and np.array_equal(long.surface_c, short.surface_c)
        assert long.water_ledger.stored == pytest.approx(short.water_ledger.stored, rel=1e-12)
        assert long.water_ledger.error < 1e-10
    long.advance(90.5)
    told = long.digest()
    long.advance(119)
    assert long.digest() == told and long.second == 90
    long.advance(120)
    assert long.digest() != told and long.second == 120
    with pytest.raises(ValueError, match="do not divide"):
        LandSurface(vale(), air, CLIMATE, sunrise(), stride_s=7)


def test_what_is_read_within_a_second_waits_for_the_second_to_be_stepped() -> None:
    air = Steady(rain_mm_h=shower(0, 900, 40.0))
    whole, parted = land(air), land(air)
    reads: tuple[Callable[[LandSurface], float], ...] = (
        lambda land: land.outflow_m3_s,
        lambda land: land.water.volume_m3,
        lambda land: float(land.surface_c.sum()),
        lambda land: land.water_ledger.stored,
        lambda land: float(land.published(0).wetness.sum()),
    )
    for second in range(20):
        read = reads[second % len(reads)]
        parted.advance(second + 0.5)
        at_once = read(parted)
        assert parted.water_ledger.error < 1e-10 and parted.energy_ledger.error < 1e-9
        parted.advance(second + 0.75)
        assert read(parted) == at_once
    parted.advance(20.5)
    copied = copy.deepcopy(parted)
    for surface in (whole, parted, copied):
        surface.advance(30)
    assert same(whole, parted) and same(whole, copied)


def test_what_goes_wrong_in_the_background_is_told_at_the_end_of_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    surface = land()
    surface.advance(3)
    told = surface.digest()

    def fails(*_: object) -> None:
        raise ArithmeticError("a cell without a bottom")

    with monkeypatch.context() as patch:
        patch.setattr(module, "step_land", fails)
        surface.advance(3.5)
    for _ in range(2):
        with pytest.raises(ArithmeticError, match="without a bottom"):
            surface.advance(4)
    assert surface.second == 3 and surface.digest() == told


def test_lands_that_are_thrown_away_leave_no_threads() -> None:
    land().advance(1.5)
    before = threading.active_count()
    for _ in range(5):
        land().advance(1.5)
    assert threading.active_count() == before
