"""The streams of the side valleys: where they run, how wide they are, and their beds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import cKDTree

from world.land.hydrology import channel_depth, channel_width
from world.land.river import resampled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

CHANNEL_AREA_M2 = 6e4  # drainage area at which slopes give way to a channel, in middling rain
SMOOTHING_CELLS = 1.8
POINT_STEP_M = 0.8
BANK_SLOPE = 0.45  # of the little valley that a brook keeps open
BED_BELOW_M = 0.25  # the bed lies so far below its banks where the brook itself is shallower
REACH_CELLS = 2.5  # how far from the brook its banks are shaped


@dataclass(frozen=True)
class Brooks:
    """All points of all brooks, downstream within each; columns of equal length."""

    points: Floats  # (n, 2)
    bed: Floats  # m
    discharge_m3_s: Floats


def trace_brooks(
    ground: Floats, receivers: Ints, area_m2: Floats, discharge: Floats, taken: Flags, axis_x: Floats, axis_y: Floats
) -> Brooks:
    """Follow every channel from its head to the river, smooth its line and grade its bed.

    `taken` cells belong to the river or the lake; brooks end there. `area_m2` and `discharge` are flat.
    """
    columns = ground.shape[1]
    flat, done = ground.ravel(), taken.ravel().copy()
    channel = (area_m2 > CHANNEL_AREA_M2) & ~done
    fed = np.zeros(channel.size, dtype=np.bool_)
    index = np.flatnonzero(channel)
    moves = index[receivers[index] != index]
    fed[receivers[moves]] = True
    heads = index[~fed[index]]
    # from the highest: the longest streams are drawn first and take in the others
    heads = heads[np.argsort(-flat[heads], kind="stable")]
    points, beds, flows = [np.empty((0, 2))], [np.empty(0)], [np.empty(0)]
    bed_at = flat.copy()
    for head in heads.tolist():
        path = [head]
        while not done[path[-1]] and receivers[path[-1]] != path[-1]:
            done[path[-1]] = True
            path.append(int(receivers[path[-1]]))
        if len(path) < 4:
            continue
        cells = np.array(path)
        line = np.stack([axis_x[cells % columns], axis_y[cells // columns]], axis=1)
        smooth = gaussian_filter1d(line, SMOOTHING_CELLS, axis=0, mode="nearest")
        smooth[0], smooth[-1] = line[0], line[-1]
        depth = np.maximum(channel_depth(discharge[cells]), BED_BELOW_M)
        bed = np.minimum.accumulate(flat[cells] - depth)
        bed[-1] = bed_at[cells[-1]]
        bed = np.maximum(bed, bed[-1])
        bed_at[cells] = bed
        flow = discharge[cells].copy()
        flow[-1] = flow[-2]
        # close enough that a steep bed has no steps
        fine, fine_bed, fine_flow = resampled(smooth, POINT_STEP_M, bed, flow)
        points.append(fine)
        beds.append(fine_bed)
        flows.append(fine_flow)
    return Brooks(np.concatenate(points), np.concatenate(beds), np.concatenate(flows))


def carve_brooks(ground: Floats, brooks: Brooks, kept: Flags, axis_x: Floats, axis_y: Floats) -> tuple[Floats, Floats]:
    """Ground with the beds and banks of the brooks in it, and the depth of the water in them.

    Water is shown where a brook is at least half a cell wide; `kept` cells (river and lake) stay as they are.
    """
    depth = np.zeros(ground.shape)
    if brooks.bed.size == 0:
        return ground, depth
    cell = float(axis_x[1] - axis_x[0])
    x, y = np.meshgrid(axis_x, axis_y)
    away, index = cKDTree(brooks.points).query(
        np.stack([x.ravel(), y.ravel()], axis=1), distance_upper_bound=REACH_CELLS * cell
    )
    near = np.isfinite(away).reshape(ground.shape) & ~kept
    away, index = away.reshape(ground.shape)[near], index.reshape(ground.shape)[near]
    width = channel_width(brooks.discharge_m3_s[index])
    shown = width > 0.5 * cell
    half = np.maximum(width / 2.0, np.where(shown, 0.75, 0.5) * cell)  # cells of a shown brook join without gaps
    bank = brooks.bed[index] + BANK_SLOPE * np.maximum(away - half, 0.0)
    result = ground.copy()
    result[near] = np.minimum(ground[near], bank)
    wet = np.where((away < half) & shown, channel_depth(brooks.discharge_m3_s[index]), 0.0)
    depth[near] = np.where(result[near] < brooks.bed[index] + wet, wet, 0.0)
    return result, depth
