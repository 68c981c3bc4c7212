"""The valley: a time step of its erosion against fastscapelib's, its generation, and what a tick of it costs."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import datetime

import numpy as np
from rich.console import Console
from rich.table import Table

from world.grid import Grid
from world.land.config import LandConfig
from world.land.hydrology import accumulate, downstream_order, priority_flood, steepest_receivers
from world.land.terrain import make_terrain
from world.sky.sun import sun_at
from world.sky.weather import WeatherOpening
from world.streams import stream
from world.world import World, WorldConfig

SIDES = (257, 513)
STEPS = 5
MEASURED_TICKS, BUDGET_MS = 16 * 120, 3.0
TICKS_AFTER_S = (
    ("fair", 600), ("rain", 600), ("storm", 1200), ("snow", 600),
    ("cloudburst", 1200), ("cloudburst", 3600), ("cloudburst", 5280),
)  # fmt: skip
CELL_M = 8.0


def median_ms(call: Callable[[], object], times: int = STEPS) -> float:
    """Median time of a call after one to warm up."""
    call()
    took = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


def routing_ms(side: int) -> tuple[float, float]:
    """Milliseconds on a square lattice: Hamlet's, fastscapelib's."""
    import fastscapelib as fs

    surface = 0.02 * np.mgrid[0:side, 0:side][1] * CELL_M + 3.0 * stream(1, "bench").standard_normal((side, side))
    base = np.zeros((side, side), dtype=np.bool_)
    base[:, 0] = True
    cells = np.full(side * side, CELL_M**2)
    diagonal = np.full((side, side), np.sqrt(2.0))

    def ours() -> object:
        filled = priority_flood(surface, base, 1e-5)
        receivers = steepest_receivers(filled, base, diagonal)
        return accumulate(receivers, downstream_order(receivers), cells)

    edges = [fs.NodeStatus.FIXED_VALUE, fs.NodeStatus.CORE, fs.NodeStatus.CORE, fs.NodeStatus.CORE]
    grid = fs.RasterGrid([side, side], [CELL_M, CELL_M], edges)
    graph = fs.FlowGraph(grid, [fs.PFloodSinkResolver(), fs.SingleFlowRouter()])

    def theirs() -> object:
        graph.update_routes(surface)
        return graph.accumulate(1.0)

    return median_ms(ours), median_ms(theirs)


def flow_routing(out: Console) -> None:
    """Filling, receivers, order and drainage area of a rough surface: the graph part of an erosion step."""
    shown = Table(title="Flow routing of an erosion step", title_justify="left")
    for column in ("lattice", "Hamlet ms", "fastscapelib ms", "fastscapelib / Hamlet"):
        shown.add_column(column, justify="right")
    for side in SIDES:
        mine, other = routing_ms(side)
        shown.add_row(f"{side} x {side}", f"{mine:.1f}", f"{other:.1f}", f"{other / mine:.2f}")
    out.print(shown)


class Stopwatch:
    """Adds up the processor time of one method of one object, in the thread that calls it."""

    def __init__(self, owner: object, method: str) -> None:
        self.s = 0.0
        self._call = getattr(owner, method)
        setattr(owner, method, self)

    def __call__(self, *args: object) -> object:
        began = time.thread_time()
        try:
            return self._call(*args)
        finally:
            self.s += time.thread_time() - began


def ticks(out: Console) -> None:
    """What a tick of a 2 km valley costs, with nobody in it, by part; every process on.

    The land is stepped beside the ticks, by a second thread; what is told of the slowest ticks is of their own.
    """
    parts = ("land", "sky", "publication", "households")
    shown = Table(title="A tick of the 2 km valley (16 Hz, processor ms)", title_justify="left")
    for column in ("weather", "after min", *parts, "all", "of 3 ms", "beside", "99.9 % below", "worst"):
        shown.add_column(column, justify="right")
    for kind, before_s in TICKS_AFTER_S:
        start = datetime.fromisoformat("2026-01-12T12:00" if kind == "snow" else "2026-06-12T12:00")
        world = World(WorldConfig(seed=7, start=start, weather=WeatherOpening(kind, hours=6.0)))
        world.nature.advance(before_s * 16 - 1)
        world.tick = before_s * 16 - 1
        nature = world.nature
        methods = ((nature.land, "advance"), (nature._sky, "at"), (nature, "_publish"), (world, "_at_home"))
        watches = [Stopwatch(owner, method) for owner, method in methods]
        took = np.zeros(MEASURED_TICKS)
        both = time.process_time()
        for k in range(MEASURED_TICKS):
            began = time.thread_time()
            world.step()
            took[k] = (time.thread_time() - began) * 1000
        whole = (time.process_time() - both) * 1000 / MEASURED_TICKS
        each = [watch.s / MEASURED_TICKS * 1000 for watch in watches]
        beside = whole - float(took.mean())
        shown.add_row(
            kind, f"{before_s / 60:.0f}", *(f"{ms:.3f}" for ms in each), f"{whole:.2f}", f"{whole / BUDGET_MS:.0%}",
            f"{beside:.2f}", f"{np.quantile(took, 0.999):.1f}", f"{took.max():.1f}",
        )  # fmt: skip
    out.print(shown)


def generation(out: Console) -> None:
    """The bare terrain of a map from nothing, the machine code warm."""
    shown = Table(title="Terrain from nothing", title_justify="left")
    for column in ("map", "lattice", "s"):
        shown.add_column(column, justify="right")
    make_terrain(Grid(65, 4.0), 1, LandConfig(), 1000.0, 0.3)
    for size in (1024.0, 2048.0):
        grid = Grid(round(size / 4.0) + 1, 4.0)
        began = time.perf_counter()
        make_terrain(grid, 7, LandConfig(), 1000.0, 0.3)
        shown.add_row(f"{size:.0f} m", f"{grid.n} x {grid.n}", f"{time.perf_counter() - began:.1f}")
    out.print(shown)


def sun(out: Console) -> None:
    """The sun's position at one moment, against pvlib's SPA."""
    import pandas as pd
    from pvlib import solarposition

    moment = datetime.fromisoformat("2026-06-12T09:30")
    times = pd.DatetimeIndex([moment]).tz_localize("UTC")
    mine = median_ms(lambda: [sun_at(moment, 47.0, 11.0) for _ in range(100)]) / 100
    other = median_ms(lambda: solarposition.spa_python(times, 47.0, 11.0))
    shown = Table(title="The sun's position at one moment", title_justify="left")
    for column in ("Hamlet ms", "pvlib SPA ms", "pvlib / Hamlet"):
        shown.add_column(column, justify="right")
    shown.add_row(f"{mine:.4f}", f"{other:.2f}", f"{other / mine:.0f}")
    out.print(shown)
