"""The common shape of a roofed building: walls, gables, roof, where openings go."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from assets.meshes import carpentry as c
from assets.meshes.mesh import Mesh, Rgb, beam, faceted, join, stream, turn
from assets.palette import Part

_STOREY_M = 2.6
_STONES: tuple[Rgb, ...] = ((150, 142, 130), (132, 126, 118), (162, 154, 140))


@dataclass(frozen=True)
class Shell:
    """A footprint with walls under a gable roof whose ridge follows the longer side."""

    width: float
    depth: float
    wall_height: float
    roof_height: float
    wall_rgb: Rgb
    roof_rgb: Rgb
    variant: int

    @property
    def ridge_along_x(self) -> bool:
        return self.width >= self.depth

    @property
    def span(self) -> float:
        """Extent across the ridge in metres."""
        return self.depth if self.ridge_along_x else self.width

    def gable_sides(self) -> tuple[int, int]:
        """The two sides under the roof's ends."""
        return (c.RIGHT, c.LEFT) if self.ridge_along_x else (c.FRONT, c.BACK)

    def eave_sides(self) -> tuple[int, int]:
        """The two sides under the eaves."""
        return (c.FRONT, c.BACK) if self.ridge_along_x else (c.RIGHT, c.LEFT)

    def roof(self) -> Mesh:
        """The roof over the whole footprint."""
        length = max(self.width, self.depth)
        name = f"{self.width:.1f} {self.depth:.1f} {self.variant}"
        roof = c.gable_roof(length, self.span, self.wall_height, self.roof_height, self.roof_rgb, name)
        return roof if self.ridge_along_x else roof.transformed(turn(yaw=np.pi / 2))

    def roof_z(self, x: float, y: float) -> float:
        """Height of the roof's upper face above a point of the footprint."""
        across = abs(y) if self.ridge_along_x else abs(x)
        return self.wall_height + self.roof_height * (1 - across / (self.span / 2)) + c.ROOF_THICKNESS_M

    def gable_end(self) -> Mesh:
        """The front piece that closes a roof's end, with its timbers."""
        z0, rise = self.wall_height, self.roof_height
        parts = [c.gable(self.span, z0, rise, self.wall_rgb)]
        parts += [
            c.timber((0, z0), (0, z0 + rise - 0.1), 0.16),
            c.timber((-self.span / 2, z0 + 0.06), (self.span / 2, z0 + 0.06), 0.2),
        ]
        for s in (-1, 1):
            quarter = self.span / 4
            parts.append(c.timber((s * quarter, z0 + 0.1), (s * quarter, z0 + rise / 2 - 0.05), 0.14))
        return join(parts).marked(part=Part.WALL)

    def body(self, storeys: int = 1, stone: bool = False) -> Mesh:
        """Base, walls with their timbers, and gable ends."""
        parts = [c.plinth(self.width, self.depth)]
        split = min(_STOREY_M, self.wall_height * 0.5)
        for side in range(4):
            length = c.side_length(side, self.width, self.depth)
            pieces = [c.wall(length, 0.0, self.wall_height, self.wall_rgb)]
            openings = [(0.0, 0.75)] if side == c.FRONT else []
            if stone:
                pieces.append(self._masonry(side, length))
            else:
                levels = [c.PLINTH_M, *([split] if storeys > 1 else []), self.wall_height]
                pieces += [c.half_timbering(length, z0, z1, openings, brace=True) for z0, z1 in pairwise(levels)]
            parts.append(c.on_side(join(pieces), side, self.width, self.depth))
        parts += [c.on_side(self.gable_end(), side, self.width, self.depth) for side in self.gable_sides()]
        return join(parts).marked(part=Part.WALL)

    def _masonry(self, side: int, length: float) -> Mesh:
        """Quoins at the corners and scattered stones that show through the plaster."""
        rng = stream("masonry", side, self.variant)
        parts = []
        for row in range(int((self.wall_height - c.PLINTH_M) / 0.42)):
            z = c.PLINTH_M + row * 0.42
            reach = 0.5 if row % 2 else 0.3
            for s in (-1, 1):
                x0, x1 = sorted((s * length / 2, s * (length / 2 - reach)))
                parts.append(c.slab(x0, x1, z + 0.02, z + 0.4, 0.04, _STONES[row % 3], ends=False))
        for _ in range(int(length * 2)):
            x, z = rng.uniform(-length / 2 + 0.8, length / 2 - 0.8), rng.uniform(0.6, self.wall_height - 0.4)
            size = rng.uniform(0.14, 0.3)
            corners = [
                (x - size, z),
                (x - size * 0.4, z - 0.11),
                (x + size * 0.7, z - 0.09),
                (x + size, z + 0.05),
                (x, z + 0.12),
            ]
            stone = faceted([(a, -0.012, b) for a, b in corners], [(0, 1, 2, 3, 4)], _STONES[int(rng.integers(3))])
            parts.append(stone.tinted(0.92))
        return join(parts)

    def boards(self, side: int) -> Mesh:
        """A front wall of upright boards in uneven tones, running up into the gable where there is one."""
        rng = stream("boards", side, self.variant)
        length = c.side_length(side, self.width, self.depth)
        count = round(length / 0.5)
        edges = np.linspace(-length / 2, length / 2, count + 1)
        pitch = self.roof_height / (self.span / 2) if side in self.gable_sides() else 0.0
        tops = self.wall_height + pitch * (length / 2 - np.abs(edges)) - 0.02 * (pitch > 0)
        points = [(x, 0.0, z) for x, top in zip(edges, tops, strict=True) for z in (0.0, 0.9, top)]
        faces = [
            (3 * k + row, 3 * k + 3 + row, 3 * k + 4 + row, 3 * k + 1 + row) for k in range(count) for row in (0, 1)
        ]
        tones = np.repeat(rng.uniform(0.8, 1.12, (count, 1)), 2, axis=0)
        mesh = faceted(points, faces, np.clip(tones * np.array(self.wall_rgb), 0, 255))
        z = mesh.positions[:, 2]
        return mesh.shaded(np.interp(z, (0, 0.9, self.wall_height), (0.62, 1.0, 0.7))).marked(part=Part.WALL)

    def front(self, rgb: Rgb, wide: bool = False) -> list[Mesh]:
        """The door in the middle of the front."""
        height = min(2.15, self.wall_height - 0.4)
        return [c.on_side(c.door(0.0, 1.35 if wide else 1.05, height, rgb), c.FRONT, self.width, self.depth)]

    def windows(self, storeys: int = 1, flowers: bool = False) -> list[Mesh]:
        """Windows left and right of the door, round the walls, and one in each gable that has room."""
        shutter = c.SHUTTERS[self.variant % len(c.SHUTTERS)]
        split = min(_STOREY_M, self.wall_height * 0.5)
        floors = [(0.0, self.wall_height if storeys == 1 else split)]
        if storeys > 1:
            floors.append((split, self.wall_height))
        placed = []
        for side in range(4):
            length = c.side_length(side, self.width, self.depth)
            for floor, (low, high) in enumerate(floors):
                z = low + (high - low) * (0.6 if floor == 0 else 0.52)
                count = 1 if length < 6.5 else 2 if length < 11 else 3
                xs = [(k - (count - 1) / 2) * length / (count + 0.35) for k in range(count)]
                if side == c.FRONT and floor == 0:
                    xs = [s * (0.75 + length / 2) / 2 for s in (-1, 1)] if length > 5 else []
                tall = min(1.05, (high - low) * 0.42)
                gay = (flowers or (side == c.FRONT and self.variant % 4 == 3)) and side != c.BACK
                frames = [c.window(x, z, 0.85, tall, shutter, gay) for x in xs]
                placed += [c.on_side(frame, side, self.width, self.depth) for frame in frames]
        if self.roof_height > 1.7:
            attic = c.window(0.0, self.wall_height + self.roof_height * 0.34, 0.7, 0.75, None)
            placed += [c.on_side(attic, side, self.width, self.depth) for side in self.gable_sides()]
        return placed

    def chimney(self, along: float = 0.28) -> Mesh:
        """A stack beside the ridge, at a fraction of the ridge's length from its middle."""
        length = max(self.width, self.depth)
        x, y = (along * length, 0.35) if self.ridge_along_x else (0.35, along * length)
        return c.chimney(x, y, self.roof_z(x, y) - 0.9, self.wall_height + self.roof_height + 0.85, 0.75)

    def dormer(self, along: float = 0.0) -> Mesh:
        """A small gabled window on the slope over the first eave side."""
        side = self.eave_sides()[0]
        length = c.side_length(side, self.width, self.depth)
        out = self.span / 2
        z = self.wall_height + self.roof_height * 0.2
        size = min(1.3, self.roof_height * 0.55)
        face = out * 0.84
        cheek_back = out * (1 - (0.2 * self.roof_height + size) / self.roof_height)
        w = size * 0.55
        front = [
            (-w, -face, z - 0.3),
            (w, -face, z - 0.3),
            (w, -face, z + size),
            (-w, -face, z + size),
            (0, -face, z + size + w),
        ]
        wall = faceted(front, [(0, 1, 2, 4, 3)], self.wall_rgb).shaded(0.9)
        cheeks = []
        for s in (-1, 1):
            points = [(s * w, -face, z - 0.3), (s * w, -cheek_back, z + size), (s * w, -face, z + size)]
            cheeks.append(faceted(points, [(0, 1, 2) if s > 0 else (0, 2, 1)], self.wall_rgb).shaded(0.75))
        ridge_back = max(0.0, out * (1 - (0.2 * self.roof_height + size + w) / self.roof_height))
        slopes = []
        for s in (-1, 1):
            edge = w + 0.22
            high, low = z + size + w + 0.1, z + size - 0.12
            points = [
                (0, -face - 0.3, high),
                (s * edge, -face - 0.3, low),
                (s * edge, -cheek_back + 0.3, low),
                (0, -ridge_back, high),
            ]
            slopes.append(
                faceted(points, [(0, 3, 2, 1), (0, 1, 2, 3)] if s > 0 else [(0, 1, 2, 3), (0, 3, 2, 1)], self.roof_rgb)
            )
            rake = beam((0, -face - 0.3, high), (s * edge, -face - 0.3, low), 0.07, 0.14, c.TIMBER_DARK)
            slopes.append(rake)
        pane = c.window(0.0, z + size * 0.45, size * 0.55, size * 0.6, None).transformed(offset=(0, -face, 0))
        walls, roof = join([wall, *cheeks]).marked(part=Part.WALL), join(slopes).marked(part=Part.ROOF)
        piece = join([walls, roof, pane]).transformed(offset=(along * length, 0, 0))
        return piece.transformed(turn(yaw=side * np.pi / 2))
