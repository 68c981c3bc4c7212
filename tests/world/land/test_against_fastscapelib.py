"""Routing and incision against fastscapelib, which shares no code with ours."""

from __future__ import annotations

import fastscapelib as fs
import numpy as np
import pytest

from world.land.erosion import AREA_EXPONENT, stream_power_step
from world.land.hydrology import accumulate, downstream_order, priority_flood, steepest_receivers
from world.streams import stream

SIDE, CELL_M = 65, 10.0
K, YEARS = 2e-4, 5000.0


@pytest.fixture(scope="module")
def surface():
    """A rough slope without hollows that drains over its west edge."""
    x = np.mgrid[0:SIDE, 0:SIDE][1] * CELL_M
    rough = 0.03 * x + 4.0 * stream(2, "rough").standard_normal((SIDE, SIDE))
    return priority_flood(rough, base(), 1e-4)


def base():
    west = np.zeros((SIDE, SIDE), dtype=np.bool_)
    west[:, 0] = True
    return west


def routed(surface):
    receivers = steepest_receivers(surface, base(), np.full((SIDE, SIDE), np.sqrt(2.0)))
    order = downstream_order(receivers)
    return receivers, order, accumulate(receivers, order, np.full(SIDE * SIDE, CELL_M**2))


def their_graph(surface):
    core = fs.NodeStatus.CORE
    grid = fs.RasterGrid([SIDE, SIDE], [CELL_M, CELL_M], [fs.NodeStatus.FIXED_VALUE, core, core, core])
    graph = fs.FlowGraph(grid, [fs.SingleFlowRouter()])
    graph.update_routes(surface)
    return graph


def test_the_same_area_drains_through_every_cell(surface):
    *_, area = routed(surface)
    theirs = their_graph(surface).accumulate(1.0)
    assert area.reshape(SIDE, SIDE) == pytest.approx(theirs, rel=1e-9)


def test_rivers_cut_as_deep(surface):
    receivers, order, area = routed(surface)
    ours = surface.copy().ravel()
    steep, nowhere = np.full(ours.size, 1e9), np.zeros(ours.size, dtype=np.bool_)
    stream_power_step(ours, receivers, order, K * area**AREA_EXPONENT * YEARS, CELL_M, SIDE, steep, nowhere)
    graph = their_graph(surface)
    eroder = fs.SPLEroder(graph, k_coef=K, area_exp=AREA_EXPONENT, slope_exp=1.0, tolerance=1e-9)
    cut = eroder.erode(surface, area.reshape(SIDE, SIDE), YEARS)
    assert cut.max() > 1.0
    assert ours.reshape(SIDE, SIDE) == pytest.approx(surface - cut, abs=1e-6)
