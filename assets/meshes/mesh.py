"""Triangle meshes as plain numpy columns, and the few solids everything in the valley is put together from.

Local frames are right-handed with z up. Faceted solids give each face its own vertices; round ones share them.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assets.palette import Part

Floats = NDArray[np.float64]
Rgb = tuple[float, float, float]  # sRGB 0..255

_COLUMNS = ("positions", "normals", "colours", "ambient", "glow", "sway", "slot", "part")
_FLAT_M2 = 1e-12  # twice the area below which a triangle counts as collapsed and is dropped


@dataclass(frozen=True)
class Mesh:
    """Triangles with all that the renderer needs to know of a vertex.

    Where `slot` is not 0, the drawn colour is `colours / 255` times the instance's colour of that slot.
    """

    positions: NDArray[np.float32]  # (V, 3) metres
    normals: NDArray[np.float32]  # (V, 3) unit
    colours: NDArray[np.uint8]  # (V, 3) sRGB
    ambient: NDArray[np.uint8]  # (V,) 255 open to the sky .. 0 occluded
    glow: NDArray[np.uint8]  # (V,) 255 where the surface shines at dusk
    sway: NDArray[np.uint8]  # (V,) 255 where wind moves it most
    slot: NDArray[np.uint8]  # (V,) 0 own colour, 1.. the instance's colour of that slot
    part: NDArray[np.uint8]  # (V,) assets.palette.Part; one for all corners of a triangle
    triangles: NDArray[np.uint32]  # (T, 3) counter-clockwise seen from outside

    def transformed(
        self, linear: ArrayLike | None = None, offset: ArrayLike = (0.0, 0.0, 0.0), scale: ArrayLike = 1.0
    ) -> Mesh:
        """This mesh scaled (a number or per axis), then turned by `linear` (3, 3), then moved by `offset` metres."""
        matrix = (np.eye(3) if linear is None else np.asarray(linear, dtype=np.float64)) * np.asarray(scale)
        normals = _unit(self.normals.astype(np.float64) @ np.linalg.inv(matrix))
        triangles = self.triangles if np.linalg.det(matrix) > 0 else self.triangles[:, ::-1]
        return replace(
            self,
            positions=(self.positions @ matrix.T + np.asarray(offset)).astype(np.float32),
            normals=normals.astype(np.float32),
            triangles=np.ascontiguousarray(triangles),
        )

    def marked(
        self,
        *,
        slot: int | None = None,
        glow: ArrayLike | None = None,
        sway: ArrayLike | None = None,
        part: Part | None = None,
    ) -> Mesh:
        """This mesh with a colour slot, glow and sway 0..1 per vertex or for all, and as a part of a thing."""
        return replace(
            self,
            slot=self.slot if slot is None else np.full_like(self.slot, slot),
            glow=self.glow if glow is None else _bytes(np.broadcast_to(np.asarray(glow) * 255.0, self.glow.shape)),
            sway=self.sway if sway is None else _bytes(np.broadcast_to(np.asarray(sway) * 255.0, self.sway.shape)),
            part=self.part if part is None else np.full_like(self.part, part),
        )

    def shaded(self, openness: ArrayLike) -> Mesh:
        """This mesh with its ambient multiplied by `openness` 0..1, per vertex or for all."""
        return replace(self, ambient=_bytes(self.ambient * np.asarray(openness)))

    def tinted(self, factor: ArrayLike) -> Mesh:
        """This mesh with its colours multiplied by `factor`: a number, (V,) or (V, 3)."""
        factor = np.asarray(factor, dtype=np.float64)
        return replace(self, colours=_bytes(self.colours * (factor[:, None] if factor.ndim == 1 else factor)))

    def coloured(self, rgb: ArrayLike) -> Mesh:
        """This mesh in other colours: one, or (V, 3)."""
        return replace(self, colours=np.array(np.broadcast_to(_bytes(rgb), self.colours.shape)))

    def painted(self, low: Rgb, high: Rgb, z_low: float, z_high: float) -> Mesh:
        """This mesh coloured by height: `low` at and below z_low, `high` at and above z_high metres."""
        t = np.clip((self.positions[:, 2] - z_low) / (z_high - z_low), 0.0, 1.0)[:, None]
        return replace(self, colours=_bytes(np.asarray(low) * (1 - t) + np.asarray(high) * t))


def _bytes(values: ArrayLike) -> NDArray[np.uint8]:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _unit(vectors: Floats) -> Floats:
    unit: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
    return unit


def stream(name: str, *indices: int) -> np.random.Generator:
    """The named random stream that shapes one mesh; meshes do not depend on the scenario's seed."""
    return np.random.default_rng(np.random.SeedSequence(0, spawn_key=(zlib.crc32(name.encode()), *indices)))


def join(meshes: Iterable[Mesh]) -> Mesh:
    """One mesh of several. Raises ValueError when there are none."""
    parts = list(meshes)
    if not parts:
        raise ValueError("join needs at least one mesh")
    offsets = np.cumsum([0, *(len(part.positions) for part in parts[:-1])])
    triangles = np.concatenate([part.triangles + np.uint32(k) for part, k in zip(parts, offsets, strict=True)])
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS}
    return Mesh(**columns, triangles=triangles.astype(np.uint32))


def smooth(points: ArrayLike, triangles: ArrayLike, rgb: ArrayLike) -> Mesh:
    """A mesh with shared vertices and area-weighted normals; `rgb` is one colour or (V, 3)."""
    p = np.asarray(points, dtype=np.float64)
    t = np.asarray(triangles, dtype=np.int64)
    cross = np.cross(p[t[:, 1]] - p[t[:, 0]], p[t[:, 2]] - p[t[:, 0]])
    solid = np.linalg.norm(cross, axis=1) > _FLAT_M2
    t, cross = t[solid], cross[solid]
    used, compact = np.unique(t, return_inverse=True)
    normals = np.zeros_like(p)
    np.add.at(normals, t.ravel(), np.repeat(cross, 3, axis=0))
    colours = np.broadcast_to(np.asarray(rgb, dtype=np.float64), p.shape)
    return _assemble(p[used], _unit(normals[used]), colours[used], compact.reshape(t.shape))


def faceted(points: ArrayLike, faces: Sequence[Sequence[int]], rgb: ArrayLike) -> Mesh:
    """Flat convex polygons, each with its own vertices; `rgb` is one colour or one per face (F, 3)."""
    p = np.asarray(points, dtype=np.float64)
    colours = np.broadcast_to(np.asarray(rgb, dtype=np.float64), (len(faces), 3))
    positions, normals, paint, triangles = [], [], [], []
    count = 0
    for face, colour in zip(faces, colours, strict=True):
        corners = p[list(face)]
        fan = np.array([(0, k, k + 1) for k in range(1, len(face) - 1)])
        cross = np.cross(corners[fan[:, 1]] - corners[0], corners[fan[:, 2]] - corners[0])
        fan = fan[np.linalg.norm(cross, axis=1) > _FLAT_M2]
        positions.append(corners)
        normals.append(np.tile(_unit(cross.sum(axis=0)), (len(face), 1)))
        paint.append(np.tile(colour, (len(face), 1)))
        triangles.append(fan + count)
        count += len(face)
    return _assemble(*(np.concatenate(columns) for columns in (positions, normals, paint, triangles)))


def _assemble(positions: Floats, normals: Floats, colours: Floats, triangles: NDArray[np.int64]) -> Mesh:
    zeros = np.zeros(len(positions), dtype=np.uint8)
    return Mesh(
        positions=positions.astype(np.float32),
        normals=normals.astype(np.float32),
        colours=_bytes(colours),
        ambient=np.full(len(positions), 255, dtype=np.uint8),
        glow=zeros,
        sway=zeros,
        slot=zeros,
        part=zeros,
        triangles=triangles.astype(np.uint32),
    )


def turn(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> Floats:
    """Rotation (3, 3): roll about x, then pitch about y, then yaw about z, in radians, counter-clockwise."""
    (cz, cy, cx), (sz, sy, sx) = np.cos((yaw, pitch, roll)), np.sin((yaw, pitch, roll))
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    product: Floats = about_z @ about_y @ about_x
    return product


def prism(outline: ArrayLike, z0: float, z1: float, rgb: Rgb) -> Mesh:
    """A closed upright prism over a convex outline (n, 2), counter-clockwise seen from above."""
    flat = np.asarray(outline, dtype=np.float64)
    n = len(flat)
    points = np.concatenate([np.column_stack([flat, np.full(n, z)]) for z in (z0, z1)])
    sides = [(k, (k + 1) % n, n + (k + 1) % n, n + k) for k in range(n)]
    return faceted(points, [*sides, tuple(range(n - 1, -1, -1)), tuple(range(n, 2 * n))], rgb)


def box(centre: ArrayLike, size: ArrayLike, rgb: Rgb) -> Mesh:
    """A closed axis-aligned box: 12 triangles."""
    half = np.asarray(size, dtype=np.float64) / 2
    outline = [(-half[0], -half[1]), (half[0], -half[1]), (half[0], half[1]), (-half[0], half[1])]
    return prism(outline, -half[2], half[2], rgb).transformed(offset=centre)


def bevelled_box(centre: ArrayLike, size: ArrayLike, bevel: float, rgb: Rgb) -> Mesh:
    """A closed box whose upright edges and top rim are cut back by `bevel` metres: 44 triangles."""
    hx, hy, hz = np.asarray(size, dtype=np.float64) / 2
    corners = [(hx, -hy), (hx, hy), (-hx, hy), (-hx, -hy)]
    inward = [(-1, 1), (-1, -1), (1, -1), (1, 1)]
    ring = []
    for (x, y), (ix, iy) in zip(corners, inward, strict=True):
        pair = [(x + ix * bevel, y), (x, y + iy * bevel)]
        ring += pair if ix * iy < 0 else pair[::-1]
    outline = np.array(ring)
    inset = outline - np.sign(outline) * bevel * (1 - bevel / np.maximum(np.abs(outline), bevel))
    levels = [(outline, -hz), (outline, hz - bevel), (inset, hz)]
    return _stack(levels, rgb).transformed(offset=centre)


def _stack(levels: Sequence[tuple[Floats, float]], rgb: Rgb) -> Mesh:
    """Closed faceted solid through outlines (n, 2) at rising heights."""
    n = len(levels[0][0])
    points = np.concatenate([np.column_stack([flat, np.full(n, z)]) for flat, z in levels])
    faces: list[tuple[int, ...]] = []
    for level in range(len(levels) - 1):
        a, b = level * n, (level + 1) * n
        faces += [(a + k, a + (k + 1) % n, b + (k + 1) % n, b + k) for k in range(n)]
    top = (len(levels) - 1) * n
    return faceted(points, [*faces, tuple(range(n - 1, -1, -1)), tuple(range(top, top + n))], rgb)


def frustum(r0: float, r1: float, z0: float, z1: float, sides: int, rgb: Rgb) -> Mesh:
    """A closed faceted frustum, or a cone where r1 is 0."""
    angle = np.arange(sides) * 2 * np.pi / sides
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    if r1 > 0:
        return _stack([(circle * r0, z0), (circle * r1, z1)], rgb)
    points = np.concatenate([np.column_stack([circle * r0, np.full(sides, z0)]), [[0, 0, z1]]])
    faces: list[tuple[int, ...]] = [(k, (k + 1) % sides, sides) for k in range(sides)]
    return faceted(points, [*faces, tuple(range(sides - 1, -1, -1))], rgb)


def lathe(profile: ArrayLike, sides: int, rgb: ArrayLike) -> Mesh:
    """A smooth surface of revolution about z. `profile` is (n, 2) radius and height, rising; radius 0 closes an end.

    `rgb` is one colour or one per profile point.
    """
    rows = np.asarray(profile, dtype=np.float64)
    angle = np.arange(sides) * 2 * np.pi / sides
    circle = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(sides)])
    colours = np.broadcast_to(np.asarray(rgb, dtype=np.float64), (len(rows), 3))
    points, paint, start = [], [], []
    count = 0
    for (radius, z), colour in zip(rows, colours, strict=True):
        ring = circle * radius + (0, 0, z) if radius > 0 else np.array([[0.0, 0.0, z]])
        points.append(ring)
        paint.append(np.tile(colour, (len(ring), 1)))
        start.append(count)
        count += len(ring)
    triangles: list[tuple[int, int, int]] = []
    for (r0, _), (r1, _), a, b in zip(rows[:-1], rows[1:], start[:-1], start[1:], strict=True):
        for k in range(sides):
            j = (k + 1) % sides
            if r0 > 0:
                triangles.append((a + k, a + j, b + j if r1 > 0 else b))
            if r1 > 0:
                triangles.append((a + k if r0 > 0 else a, b + j, b + k))
    return smooth(np.concatenate(points), triangles, np.concatenate(paint))


def icosphere(subdivisions: int, rgb: Rgb) -> Mesh:
    """A smooth unit sphere of 20 * 4^subdivisions triangles."""
    g = (1 + 5**0.5) / 2
    points: list[tuple[float, float, float]]
    points = [(-1, g, 0), (1, g, 0), (-1, -g, 0), (1, -g, 0), (0, -1, g), (0, 1, g)]
    points += [(0, -1, -g), (0, 1, -g), (g, 0, -1), (g, 0, 1), (-g, 0, -1), (-g, 0, 1)]
    faces = [(0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11), (1, 5, 9), (5, 11, 4), (11, 10, 2)]
    faces += [(10, 7, 6), (7, 1, 8), (3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8), (3, 8, 9), (4, 9, 5)]
    faces += [(2, 4, 11), (6, 2, 10), (8, 6, 7), (9, 8, 1)]
    p = _unit(np.array(points, dtype=np.float64))
    t = np.array(faces)
    for _ in range(subdivisions):
        edges = np.sort(t[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
        unique, which = np.unique(edges, axis=0, return_inverse=True)
        a, b, c = t.T
        x, y, z = (which.reshape(-1, 3) + len(p)).T
        p = np.concatenate([p, _unit(p[unique].sum(axis=1))])
        t = np.concatenate([np.stack(k, axis=1) for k in ((a, x, z), (b, y, x), (c, z, y), (x, y, z))])
    return smooth(p, t, rgb)


def beam(start: ArrayLike, end: ArrayLike, width: float, height: float, rgb: Rgb) -> Mesh:
    """A closed bar between two points, `width` metres across and `height` metres in the plane holding z."""
    a, b = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    length = float(np.linalg.norm(b - a))
    along = (b - a) / length
    up = np.array([0.0, 0.0, 1.0]) if abs(along[2]) < 0.999 else np.array([0.0, 1.0, 0.0])
    side = _unit(np.cross(up, along))
    frame = np.column_stack([along, side, np.cross(along, side)])
    return box((0, 0, 0), (length, width, height), rgb).transformed(frame, (a + b) / 2)
