"""The plan of a village: a square with a well, public buildings round it, houses along lanes that lead away."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assets.palette import BuildingKind
from world.village.footprints import Footprint, facing

Floats = NDArray[np.float64]
Buildable = Callable[[Footprint], bool]

SQUARE_RADIUS_M = 17.0
LANES = 5
LANE_HALF_WIDTH_M = 2.4
GAP_M = 3.6  # between walls: a cart passes, and so does the finest walking lattice
FIRST_LOT_M, LAST_LOT_M = 27.0, 112.0  # along the lane from the middle of the square
SECOND_ROW_M = 17.0
PEOPLE_PER_HOUSE = 2.2
MOST_HOUSES = 60
SCHOOL_FROM_HOUSES = 5
LANE_NAMES = ("Mill Lane", "Chapel Lane", "Orchard Lane", "Wood Lane", "Field Lane")

PLASTER = ((236, 226, 204), (228, 208, 168), (222, 196, 150), (240, 234, 220), (214, 186, 142), (226, 202, 182))
TIMBER = ((146, 112, 78), (128, 98, 70))
STONE = ((168, 160, 146), (152, 146, 136))
TERRACOTTA = ((168, 84, 58), (152, 74, 52), (180, 98, 66), (142, 70, 54))
SLATE = ((92, 96, 106), (78, 84, 94))
THATCH = ((172, 146, 92), (158, 132, 84))


@dataclass(frozen=True)
class Style:
    """Sizes and colours one kind of building varies in."""

    width: tuple[float, float]
    depth: tuple[float, float]
    wall: tuple[float, float]
    roof: tuple[float, float]
    walls: tuple[tuple[int, int, int], ...]
    roofs: tuple[tuple[int, int, int], ...]


STYLES = {
    BuildingKind.HOUSE: Style((7.0, 9.5), (6.0, 7.5), (2.9, 3.6), (2.2, 3.2), PLASTER, TERRACOTTA * 2 + SLATE + THATCH),
    BuildingKind.INN: Style((14.0, 15.0), (9.0, 9.5), (5.4, 5.8), (3.4, 3.8), PLASTER[:3], TERRACOTTA),
    BuildingKind.BAKERY: Style((9.5, 10.5), (7.5, 8.0), (3.4, 3.8), (2.8, 3.2), PLASTER[1:3], TERRACOTTA),
    BuildingKind.FORGE: Style((9.0, 10.0), (7.5, 8.0), (3.2, 3.4), (2.4, 2.8), STONE, SLATE),
    BuildingKind.CHAPEL: Style((8.0, 8.5), (14.0, 15.0), (5.5, 6.0), (4.6, 5.2), PLASTER[3:4], SLATE),
    BuildingKind.BARN: Style((12.0, 14.0), (8.5, 9.5), (4.2, 4.6), (3.4, 3.8), TIMBER, THATCH + TERRACOTTA[:1]),
    BuildingKind.MILL: Style((9.0, 9.5), (8.0, 8.5), (5.2, 5.6), (3.2, 3.6), STONE + PLASTER[:1], THATCH + SLATE[:1]),
    BuildingKind.SCHOOL: Style((11.0, 12.0), (7.5, 8.0), (3.4, 3.7), (2.8, 3.2), PLASTER[:2], SLATE + TERRACOTTA[:1]),
    BuildingKind.WELL: Style((1.8, 1.8), (1.8, 1.8), (0.9, 0.9), (1.6, 1.6), STONE, THATCH),
    BuildingKind.MARKET_STALL: Style((3.2, 3.6), (2.0, 2.2), (2.1, 2.2), (0.6, 0.7), TIMBER, TERRACOTTA + PLASTER[:2]),
}


@dataclass(frozen=True)
class Built:
    """One building of the plan, before the ground under it is known."""

    kind: BuildingKind
    footprint: Footprint
    address: str  # "Mill Lane 3", or "" for what is known by its kind
    wall_height_m: float
    roof_height_m: float
    wall_rgb: tuple[int, int, int]
    roof_rgb: tuple[int, int, int]


@dataclass(frozen=True)
class Plan:
    """The village as drawn on the ground."""

    centre: tuple[float, float]
    built: list[Built]
    lanes: list[Floats]  # (k, 2) world points from the square outwards

    @property
    def footprints(self) -> list[Footprint]:
        return [b.footprint for b in self.built]

    @property
    def radius_m(self) -> float:
        """Distance from the square's middle to the farthest wall of the village proper; the mill does not count."""
        cx, cy = self.centre
        village = [b.footprint for b in self.built if b.kind != BuildingKind.MILL]
        return max(math.hypot(f.x - cx, f.y - cy) + max(f.width, f.depth) / 2 for f in village)


def houses_for(villagers: int) -> int:
    """Number of houses for so many people."""
    return min(MOST_HOUSES, max(3, math.ceil(villagers / PEOPLE_PER_HOUSE)))


class Surveyor:
    """Lays out one village: keeps what is built and refuses what would touch it."""

    def __init__(self, centre: tuple[float, float], to_river: float, buildable: Buildable, rng: np.random.Generator):
        self.centre = centre
        self.to_river = to_river  # direction in radians
        self.buildable = buildable
        self.rng = rng
        self.built: list[Built] = []
        self.lanes: list[Floats] = []
        self.headings = [
            to_river + (k + (float(rng.uniform(-0.1, 0.1)) if k else 0.0)) * 2 * math.pi / LANES for k in range(LANES)
        ]

    def draw_lanes(self, length_m: float) -> None:
        """Gently bent lanes from the rim of the square outwards."""
        for heading in self.headings:
            bend = float(self.rng.uniform(-0.35, 0.35))
            s = np.arange(SQUARE_RADIUS_M - 6.0, length_m + 1.0, 3.0)
            angle = heading + bend * (s / LAST_LOT_M) ** 1.5
            self.lanes.append(
                np.stack([self.centre[0] + s * np.cos(angle), self.centre[1] + s * np.sin(angle)], axis=1)
            )

    def polar(self, radius: float, angle: float) -> tuple[float, float]:
        """World point at a distance and direction from the middle of the square."""
        return self.centre[0] + radius * math.cos(angle), self.centre[1] + radius * math.sin(angle)

    def size(self, kind: BuildingKind) -> tuple[float, float]:
        """A width and depth within the kind's style."""
        style = STYLES[kind]
        return float(self.rng.uniform(*style.width)), float(self.rng.uniform(*style.depth))

    def raise_building(self, kind: BuildingKind, footprint: Footprint, address: str = "") -> None:
        """Build without asking."""
        style = STYLES[kind]
        walls, roofs = style.walls, style.roofs
        self.built.append(
            Built(
                kind,
                footprint,
                address,
                float(self.rng.uniform(*style.wall)),
                float(self.rng.uniform(*style.roof)),
                walls[int(self.rng.integers(len(walls)))],
                roofs[int(self.rng.integers(len(roofs)))],
            )
        )

    def fits(self, footprint: Footprint) -> bool:
        """Good ground, clear of every wall, lane and the square."""
        if footprint.distance(np.array(self.centre[0]), np.array(self.centre[1])) < SQUARE_RADIUS_M - 3.0:
            return False
        if not all(footprint.separated(b.footprint, GAP_M) for b in self.built):
            return False
        for lane in self.lanes:
            if footprint.distance(lane[:, 0], lane[:, 1]).min() < LANE_HALF_WIDTH_M:
                return False
        return self.buildable(footprint)

    def furnish_square(self) -> None:
        """The well near the middle, stalls in an arc before it."""
        self.raise_building(BuildingKind.WELL, Footprint(*self.polar(4.5, self.to_river + 2.2), 0.4, 1.8, 1.8))
        for k in range(3):
            angle = self.to_river + math.pi + (k - 1) * 0.75 + 0.35
            width, depth = self.size(BuildingKind.MARKET_STALL)
            self.raise_building(
                BuildingKind.MARKET_STALL, Footprint(*self.polar(11.5, angle), facing(angle + math.pi), width, depth)
            )

    def round_the_square(self, kinds: tuple[BuildingKind, ...]) -> None:
        """Public buildings in the gaps between the lanes, their doors to the square."""
        gaps = [self.headings[k] + math.pi / LANES for k in range(LANES)]
        for kind in kinds:
            width, depth = self.size(kind)
            for gap in list(gaps):
                tries = [(r, turn) for r in (0.0, 3.0, 7.0, 12.0) for turn in (0.0, 0.12, -0.12)]
                spots = [
                    Footprint(
                        *self.polar(SQUARE_RADIUS_M + r + depth / 2, gap + turn),
                        facing(gap + turn + math.pi),
                        width,
                        depth,
                    )
                    for r, turn in tries
                ]
                spot = next((s for s in spots if self.fits(s)), None)
                if spot is not None:
                    self.raise_building(kind, spot)
                    gaps.remove(gap)
                    break
            else:
                self.along_lanes(kind, 1)

    def along_lanes(self, kind: BuildingKind, count: int, outside: bool = False) -> int:
        """Build up to `count` of a kind on the free lots nearest to the square (farthest built-up if `outside`)."""
        lots = sorted(self._lots(), key=lambda lot: lot[0])
        if outside:
            edge = max((math.dist((b.footprint.x, b.footprint.y), self.centre) for b in self.built), default=0.0)
            lots = [lot for lot in lots if lot[0] > edge - 6.0]
        placed = 0
        for _, lane, s, side, row in lots:
            if placed == count:
                break
            footprint = self._lot_footprint(kind, lane, s, side, row)
            if self.fits(footprint):
                self.raise_building(kind, footprint, LANE_NAMES[lane])
                placed += 1
        return placed

    def _lots(self) -> list[tuple[float, int, float, int, int]]:
        lots = []
        for lane in range(len(self.lanes)):
            for row in (0, 1):
                for side in (-1, 1):
                    s = FIRST_LOT_M + float(self.rng.uniform(0.0, 5.0))
                    while s < LAST_LOT_M:
                        # Lots behind the first row count as farther, so that lanes fill before yards do.
                        lots.append((s + 30.0 * row + float(self.rng.uniform(0.0, 8.0)), lane, s, side, row))
                        s += float(self.rng.uniform(4.0, 6.5))
        return lots

    def _lot_footprint(self, kind: BuildingKind, lane: int, s: float, side: int, row: int) -> Footprint:
        line = self.lanes[lane]
        at = min(int((s - SQUARE_RADIUS_M + 6.0) / 3.0), len(line) - 2)
        (ax, ay), (bx, by) = line[at].tolist(), line[at + 1].tolist()
        heading = math.atan2(by - ay, bx - ax)
        width, depth = self.size(kind)
        setback = LANE_HALF_WIDTH_M + float(self.rng.uniform(1.2, 3.0)) + depth / 2 + row * SECOND_ROW_M
        outward = heading + side * math.pi / 2
        turn = float(self.rng.normal(0.0, 0.05))
        return Footprint(
            ax + setback * math.cos(outward),
            ay + setback * math.sin(outward),
            facing(outward + math.pi) + turn,
            width,
            depth,
        )


def plan_village(
    centre: tuple[float, float],
    to_river: float,
    houses: int,
    mill: Footprint | None,
    buildable: Buildable,
    rng: np.random.Generator,
) -> Plan:
    """A village round `centre`, its first lane towards the river; the mill stands where its water is.

    Houses that find no lot are left out: the caller sees how many were built.
    """
    surveyor = Surveyor(centre, to_river, buildable, rng)
    surveyor.draw_lanes(LAST_LOT_M)
    if mill is not None:
        surveyor.raise_building(BuildingKind.MILL, mill)
    surveyor.furnish_square()
    surveyor.round_the_square((BuildingKind.INN, BuildingKind.CHAPEL, BuildingKind.BAKERY))
    surveyor.along_lanes(BuildingKind.FORGE, 1)
    if houses >= SCHOOL_FROM_HOUSES:
        surveyor.along_lanes(BuildingKind.SCHOOL, 1)
    surveyor.along_lanes(BuildingKind.HOUSE, houses)
    surveyor.along_lanes(BuildingKind.BARN, 1 if houses < 12 else 2, outside=True)
    lanes = [trimmed(lane, name, surveyor.built, centre) for lane, name in zip(surveyor.lanes, LANE_NAMES, strict=True)]
    return Plan(centre, numbered(surveyor.built, centre), lanes)


def trimmed(lane: Floats, name: str, built: list[Built], centre: tuple[float, float]) -> Floats:
    """The lane as far as the last building on it, at least out of the square."""
    ends = [math.dist((b.footprint.x, b.footprint.y), centre) for b in built if b.address == name]
    away = np.hypot(lane[:, 0] - centre[0], lane[:, 1] - centre[1])
    return lane[away < max([SQUARE_RADIUS_M + 4.0, *ends])]


def numbered(built: list[Built], centre: tuple[float, float]) -> list[Built]:
    """Houses with their number on their lane, counted from the square."""
    count: dict[str, int] = {}
    order = sorted(range(len(built)), key=lambda i: math.dist((built[i].footprint.x, built[i].footprint.y), centre))
    result = list(built)
    for i in order:
        b = built[i]
        if b.kind == BuildingKind.HOUSE:
            count[b.address] = count.get(b.address, 0) + 1
            result[i] = Built(
                b.kind,
                b.footprint,
                f"{b.address} {count[b.address]}",
                b.wall_height_m,
                b.roof_height_m,
                b.wall_rgb,
                b.roof_rgb,
            )
    return result
