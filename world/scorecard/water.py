"""Water: the live flow against what is known exactly, channels against hydraulic geometry, and the books of a year."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from world.scorecard.card import Chart, Metric, Series, Value
from world.scorecard.subject import Subject
from world.valley import MAPS, Valley
from world.water.basin import Basin
from world.water.channels import Channels, channels_of
from world.water.column import Month, usual_year
from world.water.faces import GRAVITY
from world.water.live_water import Bed, LiveWater

Floats = NDArray[np.float64]
Flow = Callable[[Bed, Floats], LiveWater]

FLOOD_MM_H, FLOOD_S, DRAINS_S = 120.0, 120, 120  # a cloudburst on sealed ground, and what follows
FLOOD_SIDE_M = (
    1024.0  # of the square in the middle of the map that it falls on: all of a large map takes six times as long
)
LAKE_M, LAKE_S = 3.0, 20
DAM_CELLS, DAM_S = 200, 10
SLOPE, MANNING_N, FLUX_M2_S = 0.005, 0.04, 0.5
LEAST_FLOW_M3_S, LEAST_CELLS = 0.002, 40
FU = 2.6  # mean of Fu's parameter over the world's catchments (Zhang et al. 2004)
BARE_MM = 5.0  # that the baseline's soil holds, where nothing grows


def flood_error(basin: Basin, flow: Flow = LiveWater) -> float:
    """Water that a cloudburst over the whole valley makes or loses, relative to what fell."""
    ways = channels_of(basin)
    water = flow(ways.bed, ways.depth)
    before = water.volume_m3
    water.falling[:] = FLOOD_MM_H / 3.6e6
    water.step(FLOOD_S)
    water.falling[:] = 0.0
    water.step(DRAINS_S)
    if float(water.depth.min()) < 0.0:
        return float("nan")
    return abs(water.volume_m3 - before - water.fell_m3 + water.left_m3) / water.fell_m3


def middle_of(valley: Valley, side_m: float = FLOOD_SIDE_M) -> Valley:
    """The square in the middle of a valley's maps, without the streams that enter it."""
    size = valley.heights.shape[0]
    cells = min(size, round(side_m / valley.cell_m) + 1)
    first = (size - cells) // 2
    part = np.s_[first : first + cells, first : first + cells]
    x, y = (edge + first * valley.cell_m for edge in valley.origin)
    return replace(
        valley, origin=(x, y), inflows=valley.inflows[:0], **{name: getattr(valley, name)[part] for name in MAPS}
    )


def unrest(basin: Basin, flow: Flow = LiveWater, bedless: bool = False) -> float:
    """Largest flux in m2/s that arises in a lake at rest over the lowest ground of the valley.

    `bedless` is the baseline: as if the water's depth drove it, not its level.
    """
    heights = basin.heights.astype(np.float64)
    depth = np.maximum(heights.min() + LAKE_M - heights, 0.0)
    bed = np.zeros_like(heights) if bedless else heights
    walls = np.zeros((4, heights.shape[0]))
    water = flow(Bed(basin.cell_m, bed, bed, np.full(heights.shape, 0.03), walls), depth)
    water.step(LAKE_S)
    return float(max(np.abs(water.east).max(), np.abs(water.north).max()))


def dam_break(flow: Flow = LiveWater) -> tuple[Floats, Floats, Floats]:
    """A metre of water let go over a dry frictionless bed: places in m, depths found, and Ritter's (1892)."""
    x = np.arange(DAM_CELLS, dtype=np.float64) + 0.5 - DAM_CELLS // 2
    depth = np.repeat(np.where(x < 0.0, 1.0, 0.0)[None, :], 3, axis=0)
    level = np.zeros_like(depth)
    water = flow(Bed(1.0, level, level, level, np.zeros((4, DAM_CELLS))), depth)
    water.step(DAM_S)
    wave = math.sqrt(GRAVITY)
    inside = (2.0 * wave - x / DAM_S) ** 2 / (9.0 * GRAVITY)
    exact = np.where(x < -wave * DAM_S, 1.0, np.where(x < 2.0 * wave * DAM_S, inside, 0.0))
    return x, water.depth[1].copy(), exact


def dam_error_cm(flow: Flow = LiveWater) -> float:
    """Root mean square difference from Ritter's depths."""
    _, found, exact = dam_break(flow)
    return 100.0 * float(np.sqrt(np.mean((found - exact) ** 2)))


def manning_error(flow: Flow = LiveWater) -> float:
    """Percent by which the depth of steady flow in a long channel differs from Manning's."""
    n, cell = 120, 4.0
    heights = np.repeat(SLOPE * cell * np.arange(n)[::-1][None, :], 3, axis=0)
    edges = np.zeros((4, n))
    edges[1, :3] = np.sqrt(SLOPE) / MANNING_N
    normal = float((FLUX_M2_S * MANNING_N / math.sqrt(SLOPE)) ** 0.6)
    water = flow(
        Bed(cell, heights, heights, np.full(heights.shape, MANNING_N), edges), np.full(heights.shape, normal / 2)
    )
    for _ in range(1500):
        water.pour(np.arange(3), np.zeros(3, dtype=np.int64), np.full(3, FLUX_M2_S * cell))
        water.step()
    return 100.0 * (float(water.depth[1, 40:100].mean()) / normal - 1.0)


def reaches(basin: Basin, ways: Channels) -> tuple[Floats, Floats, Floats] | None:
    """Mean flow, width and depth of the valley's running streams; None where too few run."""
    flow, width = basin.discharge_m3_s.astype(np.float64), basin.channel_width_m.astype(np.float64)
    from_edge = np.zeros(flow.shape, dtype=np.bool_)
    from_edge[2:-2, 2:-2] = True
    # Lakes and backwaters are no channels: their depth is not the flow's own.
    runs = (
        (width > 0.0) & (flow > LEAST_FLOW_M3_S) & (ways.depth > 0.005) & (ways.depth < 0.15 * width + 0.2) & from_edge
    )
    if int(runs.sum()) < LEAST_CELLS or flow[runs].max() < 3.0 * flow[runs].min():
        return None
    # A cell is wider than a brook: in the brook's own width the same flow runs deeper, by Manning's law.
    over = np.maximum(width, np.where(basin.water_depth > 0.0, 1.5, 1.0) * basin.cell_m)
    deeper = (over[runs] / width[runs]) ** 0.6
    return flow[runs], width[runs], ways.depth[runs] * deeper


def exponents(flow: Floats, width: Floats, depth: Floats) -> tuple[float, float, float]:
    """Exponents of width, depth and speed with flow, by least squares on medians of classes of flow."""
    classes = np.floor(np.log2(flow) * 2.0)
    middle = [
        [float(np.median(np.log(v[classes == k]))) for v in (flow, width, depth, flow / (width * depth))]
        for k in np.unique(classes)
    ]
    log = np.array(middle)
    w, d, v = (float(np.polyfit(log[:, 0], log[:, k], 1)[0]) for k in (1, 2, 3))
    return w, d, v


def _exponent(subject: Subject, which: int, uniform: bool = False) -> Value:
    def make() -> tuple[Floats, Floats, Floats] | None:
        return reaches(subject.valley, channels_of(subject.valley))

    found = subject.shared("water:reaches", make)
    if found is None:
        return None
    flow, width, depth = found
    if uniform:  # all streams in a bed of one width: Manning's depth for what is left to carry
        depth = depth * (width / width.mean()) ** 0.6
        width = np.full(width.shape, width.mean())
    return exponents(flow, width, depth)[which]


def fu_ratio(aridity: float) -> float:
    """Share of the rain that evaporates by Fu's curve (1981), from potential evaporation over rain."""
    return float(1.0 + aridity - (1.0 + aridity**FU) ** (1.0 / FU))


def budyko_gap(months: list[Month], pet_mm: float) -> Value:
    """Share of the year's rain that evaporates, less Fu's; None where no rain falls."""
    fell, evaporated = sum(m.fell for m in months), sum(m.evaporated for m in months)
    return None if fell < 1.0 else evaporated / fell - fu_ratio(pet_mm / fell)


def _year(subject: Subject) -> list[Month]:
    return subject.shared("water:year", lambda: usual_year(subject.climate))


def _barren(subject: Subject) -> list[Month]:
    return subject.shared("water:barren", lambda: usual_year(subject.climate, BARE_MM, planted=0.0))


METRICS = (
    Metric(
        key="flood_mass", name="water made or lost in a flood", group="water", unit="", accepted=(0.0, 1e-6),
        source="conservation of mass", measure=lambda s: flood_error(middle_of(s.valley)), hard=True,
    ),
    Metric(
        key="lake_at_rest", name="flux in a lake at rest", group="water", unit="m2/s", accepted=(0.0, 1e-6),
        source="hydrostatics; well-balanced schemes", measure=lambda s: unrest(middle_of(s.valley)),
        baseline=lambda s: unrest(middle_of(s.valley), bedless=True), against="depth drives", hard=True,
    ),
    Metric(
        key="dam_break", name="dam break, RMS of depth at 1 m", group="water", unit="cm", accepted=(0.0, 5.0),
        source="Ritter 1892", measure=lambda s: dam_error_cm(), per_seed=False,
    ),
    Metric(
        key="manning", name="depth of uniform flow", group="water", unit="%", accepted=(-2.0, 2.0),
        source="Manning 1891", measure=lambda s: manning_error(), per_seed=False,
    ),
    Metric(
        key="width_exponent", name="width with flow", group="water", unit="", accepted=(0.4, 0.6),
        source="Leopold & Maddock 1953", measure=lambda s: _exponent(s, 0),
        baseline=lambda s: _exponent(s, 0, uniform=True), against="one width",
    ),
    Metric(
        key="depth_exponent", name="depth with flow", group="water", unit="", accepted=(0.25, 0.55),
        source="Leopold & Maddock 1953", measure=lambda s: _exponent(s, 1),
        baseline=lambda s: _exponent(s, 1, uniform=True), against="one width",
    ),
    Metric(
        key="speed_exponent", name="speed with flow", group="water", unit="", accepted=(-0.05, 0.25),
        source="Leopold & Maddock 1953", measure=lambda s: _exponent(s, 2),
        baseline=lambda s: _exponent(s, 2, uniform=True), against="one width",
    ),
    Metric(
        key="budyko", name="evaporation over rain, less Fu's", group="water", unit="", accepted=(-0.15, 0.15),
        source="Fu 1981; Zhang et al. 2004", measure=lambda s: budyko_gap(_year(s), float(s.climate.pet_mm.sum())),
        baseline=lambda s: budyko_gap(_barren(s), float(s.climate.pet_mm.sum())), against="bare ground",
        per_seed=False,
    ),
    Metric(
        key="month_water", name="water books of a month", group="water", unit="", accepted=(0.0, 0.01),
        source="conservation of mass", measure=lambda s: max(m.water.error for m in _year(s)), per_seed=False,
    ),
    Metric(
        key="month_energy", name="energy books of a month", group="water", unit="", accepted=(0.0, 0.01),
        source="conservation of energy", measure=lambda s: max(m.energy.error for m in _year(s)), per_seed=False,
    ),
)  # fmt: skip


def charts(subject: Subject) -> tuple[Chart, ...]:
    """The dam break, and the year of a meadow."""
    x, found, exact = dam_break()
    year = _year(subject)
    month = np.arange(1.0, 13.0)
    dam = Chart(
        "dam_break", "A dam break after ten seconds", "place (m)", "depth (m)",
        (Series("live water", x, found), Series("Ritter 1892", x, exact, "reference")),
        note="The thin front lags: friction-free water outruns every lattice.",
    )  # fmt: skip
    water = Chart(
        "water_year", "Where a meadow's rain goes", "month", "water (mm)",
        (
            Series("rain and snow", month, np.array([m.fell for m in year]), "bars"),
            Series("evaporation", month, np.array([m.evaporated for m in year])),
            Series("runoff", month, np.array([m.ran_off for m in year])),
        ),
    )  # fmt: skip
    return dam, water
