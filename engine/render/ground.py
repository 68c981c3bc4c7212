"""The terrain: colours by what covers it, chunks in four levels of detail with skirts, and a fifth near the eye."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from panda3d.core import LODNode, NodePath, Point3
from scipy.ndimage import distance_transform_edt, gaussian_filter, label, maximum_filter, minimum_filter, uniform_filter

from assets.palette import GroundCover
from engine.render.geometry import SURFACE, SURFACE_FORMAT, bounded, geom, id_bytes, node, vertices_of
from engine.render.relief import BLOCK, Block, Relief
from recorder.schema import TERRAIN_ID, Scenery

Floats32 = NDArray[np.float32]
Floats64 = NDArray[np.float64]

CHUNK = 32  # cells along a chunk's side
STEPS = (1, 2, 4, 8)  # cells per triangle edge, one level of detail each
PATH_SHARE = {2: 0.8, 4: 0.55, 8: 0.42}  # what is left of a path on a coarse level, so that it is not too wide
LOD_REACH_M = (150.0, 320.0, 640.0)  # a chunk nearer than this to the eye uses the level of the same place
SKIRT_M = 1.5  # per cell of step: deep enough to close the cracks between levels
HIGHEST_HUMMOCK_M = 0.5  # over the samples, for culling
PIECES_KEPT = 512  # squares of the near ground, so that an eye that comes back finds them made

# sRGB 0..1
DRY, LUSH = (0.475, 0.492, 0.275), (0.335, 0.42, 0.20)
COVER_COLOUR: dict[GroundCover, tuple[float, float, float]] = {
    GroundCover.MEADOW: (0.435, 0.49, 0.245),
    GroundCover.FOREST_FLOOR: (0.335, 0.365, 0.20),
    GroundCover.ROCK: (0.52, 0.50, 0.475),
    GroundCover.SAND: (0.77, 0.70, 0.54),
    GroundCover.MUD: (0.44, 0.37, 0.28),
}
CLIFF, SCREE, PEAK = (0.47, 0.45, 0.43), (0.52, 0.49, 0.42), (0.66, 0.65, 0.63)


def normals(heights: Floats32, cell_m: float) -> Floats32:
    """Unit normals (rows, cols, 3) of a height grid."""
    down_north, down_east = np.gradient(heights.astype(np.float64), cell_m)
    made = np.stack([-down_east, -down_north, np.ones_like(down_east)], axis=-1)
    return np.asarray(made / np.linalg.norm(made, axis=-1, keepdims=True), dtype=np.float32)


def speckle(shape: tuple[int, int], scale: float, seed: int) -> Floats32:
    """Smooth noise of unit deviation and zero mean, `scale` cells wide."""
    raw = np.random.default_rng(np.random.SeedSequence(seed)).standard_normal(shape)
    made = gaussian_filter(raw, scale, mode="reflect")
    return np.asarray((made - made.mean()) / (made.std() + 1e-9), dtype=np.float32)


def _ramp(low: float, high: float, x: Floats32) -> Floats32:
    t = np.clip((x - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)


def _blend(a: NDArray[np.floating], b: tuple[float, float, float], t: Floats32) -> Floats32:
    return np.asarray(a + (np.asarray(b, np.float32) - a) * t[..., None], dtype=np.float32)


def furrow_angles(cover: NDArray[np.uint8]) -> Floats32:
    """Direction of the furrows (rows, cols) as a share of a half turn: along the longer side of each field."""
    fields, count = label(cover == GroundCover.FIELD)
    angles = np.zeros(count + 1, np.float32)
    for k in range(1, count + 1):
        r, c = np.nonzero(fields == k)
        if len(r) > 2:
            spread = np.cov(np.stack([c, r]).astype(np.float64))
            x, y = np.linalg.eigh(spread)[1][:, 1]
            angles[k] = (np.arctan2(y, x) / np.pi) % 1.0
    # every cell takes the angle of its nearest field, so that nothing is blended at a field's edge
    nearest = distance_transform_edt(fields == 0, return_distances=False, return_indices=True)
    return np.asarray(angles[fields[tuple(nearest)]], dtype=np.float32)


def ground_colours(scenery: Scenery, normal: Floats32) -> Floats32:
    """Colour (rows, cols, 3) sRGB 0..1 of the ground without its paths, fields and squares."""
    h, cover = scenery.heights, scenery.cover
    broad, fine = speckle(h.shape, 12.0, 11), speckle(h.shape, 1.6, 12)
    slope = 1.0 - normal[..., 2]
    lush = _ramp(0.15, 0.75, scenery.moisture + 0.17 * broad + 0.08 * fine)
    colour = _blend(np.broadcast_to(np.asarray(DRY, np.float32), (*h.shape, 3)), LUSH, lush)
    for kind, tone in COVER_COLOUR.items():
        weight = np.clip(gaussian_filter((cover == kind).astype(np.float32), 0.8) * (1 + 0.25 * fine), 0, 1)
        colour = _blend(colour, tone, np.asarray(weight, np.float32))
    colour = _blend(colour, SCREE, _ramp(0.12, 0.20, slope + 0.02 * fine) * np.float32(0.7))
    banding = (0.5 + 0.5 * np.sin(h * 0.8 + 1.5 * broad)).astype(np.float32)
    cliff = np.asarray(CLIFF, np.float32) * (0.90 + 0.18 * banding + 0.05 * fine)[..., None]
    steep = _ramp(0.17, 0.30, slope + 0.02 * broad)[..., None]
    colour = colour * (1 - steep) + cliff * steep
    low, high = float(h.min()), float(h.max())
    if high - low > 60.0:
        top = _ramp(low + 0.80 * (high - low), high, h + 4.0 * broad + 1.5 * fine)
        colour = _blend(colour, PEAK, top * np.float32(0.8))
    bed = gaussian_filter((scenery.water_depth > 0.02).astype(np.float32), 0.7)
    colour = _blend(colour, (0.42, 0.37, 0.27), np.asarray(np.clip(bed * 1.6, 0, 0.9), np.float32))
    return np.asarray(np.clip(colour * (1 + 0.06 * fine + 0.075 * broad)[..., None], 0, 1), dtype=np.float32)


def ambient(scenery: Scenery, sky_view: Floats32) -> Floats32:
    """How open each cell is to the sky, 0..1: hills, hollows, crowns above, walls beside."""
    h = scenery.heights
    hollow = np.zeros(h.shape, np.float32)
    for reach, weight in ((2, 0.30), (6, 0.35), (14, 0.35)):
        bulge = uniform_filter(h, 2 * reach + 1, mode="nearest") - h
        hollow += weight * np.clip(bulge / (reach * scenery.cell_m * 0.5), -0.3, 1.0)
    made = sky_view * (1.0 - 0.7 * np.maximum(hollow, 0.0))
    return np.asarray(np.clip(made * _under_crowns(scenery) * _beside_walls(scenery), 0.2, 1.0), dtype=np.float32)


def _under_crowns(scenery: Scenery) -> Floats32:
    plants, (rows, cols) = scenery.plants, scenery.heights.shape
    x0, y0 = scenery.origin
    c = np.clip(np.rint((plants["x"] - x0) / scenery.cell_m).astype(int), 0, cols - 1)
    r = np.clip(np.rint((plants["y"] - y0) / scenery.cell_m).astype(int), 0, rows - 1)
    crown = (0.16 * plants["height_m"]) ** 2 * np.pi
    area = np.bincount(r * cols + c, crown, rows * cols).reshape(rows, cols)
    cover = gaussian_filter(area, 2.2 / scenery.cell_m) / scenery.cell_m**2
    return np.asarray(1.0 - 0.42 * (1 - np.exp(-1.6 * cover)), dtype=np.float32)


def _beside_walls(scenery: Scenery) -> Floats32:
    rows, cols = scenery.heights.shape
    made = np.ones((rows, cols), np.float32)
    x0, y0 = scenery.origin
    x = x0 + np.arange(cols) * scenery.cell_m
    y = y0 + np.arange(rows) * scenery.cell_m
    for b in scenery.buildings:
        reach = float(np.hypot(b["width_m"], b["depth_m"])) / 2 + 6.0
        near_c = np.flatnonzero(np.abs(x - b["x"]) < reach)
        near_r = np.flatnonzero(np.abs(y - b["y"]) < reach)
        if not len(near_c) or not len(near_r):
            continue
        dx, dy = x[near_c][None, :] - b["x"], y[near_r][:, None] - b["y"]
        cos, sin = np.cos(b["yaw"]), np.sin(b["yaw"])
        u = np.abs(dx * cos + dy * sin) - b["width_m"] / 2
        v = np.abs(-dx * sin + dy * cos) - b["depth_m"] / 2
        away = np.hypot(np.maximum(u, 0), np.maximum(v, 0))
        made[np.ix_(near_r, near_c)] *= 1.0 - 0.5 * np.exp(-away / 1.6)
    return made


def ground_vertices(scenery: Scenery, sky_view: Floats32) -> NDArray[np.void]:
    """Vertices (rows, cols) SURFACE of the whole map."""
    h, cover = scenery.heights, scenery.cover
    rows, cols = h.shape
    made = np.zeros((rows, cols), SURFACE)
    made["position"][..., 0] = scenery.origin[0] + np.arange(cols) * scenery.cell_m
    made["position"][..., 1] = (scenery.origin[1] + np.arange(rows) * scenery.cell_m)[:, None]
    made["position"][..., 2] = h
    made["normal"] = normals(h, scenery.cell_m)
    made["colour"][..., :3] = ground_colours(scenery, made["normal"]) * 255 + 0.5
    made["colour"][..., 3] = ambient(scenery, sky_view) * 255
    for place, kind in ((0, GroundCover.PATH), (1, GroundCover.FIELD), (3, GroundCover.SQUARE)):
        made["extra"][..., place] = (cover == kind) * np.uint8(255)
    made["extra"][..., 2] = furrow_angles(cover) * 255
    made["ident"] = id_bytes(np.full(1, TERRAIN_ID, np.uint32))
    return made


def _lattice(count: int, step: int) -> NDArray[np.intp]:
    return np.unique(np.r_[np.arange(0, count, step), count - 1])


def grid_triangles(rows: int, cols: int) -> NDArray[np.uint32]:
    """Triangles (T, 3) of a grid of vertices, each cell cut from south-west to north-east, facing up."""
    i = (np.arange(rows - 1)[:, None] * cols + np.arange(cols - 1)).astype(np.uint32)
    cut = np.stack([i, i + 1, i + cols + 1, i, i + cols + 1, i + cols], axis=-1)
    return cut.reshape(-1, 3)


def _rim(rows: int, cols: int) -> NDArray[np.uint32]:
    """Indices of a grid's outer vertices, once round from the south-west corner and back to it."""
    r, c = np.arange(rows), np.arange(cols)
    return np.concatenate(
        [c, (r * cols + cols - 1)[1:], ((rows - 1) * cols + c[::-1])[1:], (r[::-1] * cols)[1:]]
    ).astype(np.uint32)


def skirted(block: NDArray[np.void], drop_m: float) -> tuple[NDArray[np.void], NDArray[np.uint32]]:
    """Vertices and triangles of a grid (rows, cols) with a skirt that hangs from its rim."""
    rows, cols = block.shape
    flat, triangles = block.reshape(-1), grid_triangles(rows, cols)
    rim = _rim(rows, cols)
    hem = flat[rim].copy()
    hem["position"][:, 2] -= drop_m
    below = (len(flat) + np.arange(len(rim))).astype(np.uint32)
    a, b, d, e = rim[:-1], rim[1:], below[:-1], below[1:]
    wall = np.stack([a, d, e, a, e, b], axis=-1).reshape(-1, 3)
    return np.concatenate([flat, hem]), np.concatenate([triangles, wall])


class Ground:
    """The terrain's nodes under `path`."""

    def __init__(self, scenery: Scenery, sky_view: Floats32) -> None:
        self.path = NodePath("ground")
        vertices = ground_vertices(scenery, sky_view)
        self.vertices = vertices
        self.colours: NDArray[np.uint8] = vertices["colour"][..., :3].copy()
        self._heights = scenery.heights
        self._lowest = {step: minimum_filter(scenery.heights, 2 * step + 1) for step in STEPS[1:]}
        self._near_water = {step: _near(scenery.water_depth > 0.0, step) for step in STEPS[1:]}
        self._coarse: list[tuple[int, slice, slice, NodePath]] = []
        self._relief = None if scenery.detail is None else Relief(scenery, scenery.detail)
        self._near: dict[Block, tuple[LODNode, NodePath, NodePath]] = {}  # by chunk: all of it, and what stands for it
        self._fine: frozenset[Block] = frozenset()
        self._piece = lru_cache(maxsize=PIECES_KEPT)(self._square)
        levels = [self._level(vertices, step) for step in STEPS]
        rows, cols = vertices.shape
        for r in range(0, rows - 1, CHUNK):
            for c in range(0, cols - 1, CHUNK):
                self._chunk(levels, slice(r, r + CHUNK + 1), slice(c, c + CHUNK + 1), scenery.cell_m)

    def refine(self, eye: Floats64) -> None:
        """Draw the squares round this eye with the scenery's detail, the others without."""
        if self._relief is None:
            return
        wanted = self._relief.near(eye)
        side = CHUNK // BLOCK
        for chunk in {(i // side, j // side) for i, j in wanted ^ self._fine}:
            switch, whole, parts = self._near[chunk]
            parts.get_children().detach()
            inside = [(chunk[0] * side + i, chunk[1] * side + j) for i in range(side) for j in range(side)]
            if wanted.isdisjoint(inside):
                whole.show()
                switch.clear_force_switch()
                continue
            whole.hide()
            switch.force_switch(0)
            for block in inside:
                if min(self.vertices[self._relief.cells(block)].shape) > 1:
                    self._piece(block, block in wanted).reparent_to(parts)
        self._fine = wanted

    def _square(self, block: Block, fine: bool) -> NodePath:
        assert self._relief is not None
        made = self._relief.vertices(self.vertices, block) if fine else self.vertices[self._relief.cells(block)]
        return node(geom(*skirted(made, SKIRT_M), SURFACE_FORMAT), "ground", "ground")

    def _level(self, vertices: NDArray[np.void], step: int) -> NDArray[np.void]:
        if step == 1:
            return vertices
        made = vertices.copy()
        made["position"][..., 2] = self._sunk(step)
        # a path narrower than the triangles would fall between their corners, and show as dashes
        path = maximum_filter(vertices["extra"][..., 0], step + 1) * PATH_SHARE[step]
        made["extra"][..., 0] = np.maximum(path, vertices["extra"][..., 0] * PATH_SHARE[step])
        return made

    def _sunk(self, step: int) -> Floats32:
        """Heights of a coarse level. Its triangles would bridge a stream's bed: near water it sinks to the lowest."""
        return np.where(self._near_water[step], self._lowest[step], self._heights)

    def flood(self, wet: NDArray[np.bool_]) -> None:
        """Sink the coarse levels where this water (rows, cols) stands, and raise them where it has gone."""
        for step in STEPS[1:]:
            now = _near(wet, step)
            changed = now != self._near_water[step]
            if not changed.any():
                continue
            self._near_water[step] = now
            heights = self._sunk(step)
            for level, rows, cols, piece in self._coarse:
                if level == step and changed[rows, cols].any():
                    self._lower(piece, heights[rows, cols], step)

    @staticmethod
    def _lower(piece: NodePath, heights: Floats32, step: int) -> None:
        picked = heights[np.ix_(_lattice(heights.shape[0], step), _lattice(heights.shape[1], step))]
        z = np.concatenate([picked.reshape(-1), picked.reshape(-1)[_rim(*picked.shape)] - np.float32(SKIRT_M * step)])
        vertices_of(piece)["position"][:, 2] = z

    def _chunk(self, levels: list[NDArray[np.void]], rows: slice, cols: slice, cell_m: float) -> None:
        near = levels[0][rows, cols]["position"].reshape(-1, 3)
        low, high = near.min(axis=0), near.max(axis=0)
        switch = LODNode("chunk")
        switch.set_center(Point3(*map(float, (low + high) / 2)))
        holder = self.path.attach_new_node(switch)
        reach = (0.0, *LOD_REACH_M, 1e6)
        for level, (step, vertices) in enumerate(zip(STEPS, levels, strict=True)):
            block = vertices[rows, cols]
            picked = block[np.ix_(_lattice(block.shape[0], step), _lattice(block.shape[1], step))]
            made, triangles = skirted(picked, SKIRT_M * step)
            piece = node(geom(made, triangles, SURFACE_FORMAT), "ground", "ground")
            near_parts = self._relief is not None and step == 1
            piece.reparent_to(holder.attach_new_node("near") if near_parts else holder)
            if near_parts:
                parts = piece.get_parent().attach_new_node("squares")
                self._near[rows.start // CHUNK, cols.start // CHUNK] = switch, piece, parts
            if step > 1:
                self._coarse.append((step, rows, cols, piece))
            switch.add_switch(reach[level + 1], reach[level])
        if self._relief is not None:
            high[2] += HIGHEST_HUMMOCK_M
        bounded(holder, low - [0, 0, 12 * cell_m], high)


def _near(wet: NDArray[np.bool_], step: int) -> NDArray[np.bool_]:
    """Cells within `step` cells of water, along either axis."""
    return np.asarray(maximum_filter(wet, 2 * step + 1))
