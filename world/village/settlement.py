"""A village settles in the valley: its houses, the ground made level for them, fields, paths and named places."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from assets.palette import BuildingKind
from world.columns import BUILDINGS
from world.grid import bilinear, slope_of, smoothstep
from world.land.terrain import Terrain
from world.streams import stream
from world.view import Place
from world.village.bridges import Bridge, find_bridge, with_ramps
from world.village.footprints import Footprint, facing
from world.village.parcels import Parcel, parcels
from world.village.paths import PathWeb, open_web
from world.village.plan import LANE_HALF_WIDTH_M, MOST_HOUSES, SQUARE_RADIUS_M, STONE, Plan, houses_for, plan_village
from world.village.site import NoRoomError, choose_sites, own_bank

Floats = NDArray[np.float64]

BRIDGE_REACH = 0.8  # of the villagers' daily reach: within it a bridge is used
REACH_M = 265.0  # how far from the square the villagers' daily places lie
BUILDABLE_SLOPE = 0.2
MILL_RIVERSIDE_M = 4.0  # from the water's edge to the mill's wall
PARAPET_M = 0.9
BRIDGE_FOOT_M = 3.0  # one meets so far before the deck
FIELD_SIZE_M = (56.0, 40.0)
DOOR_CLEARANCE_M = 1.8
APRON_M, BLEND_M = 5.0, 13.0  # level ground round a wall (a cell and a bit), and where the old ground begins
ESSENTIAL = (BuildingKind.INN, BuildingKind.BAKERY, BuildingKind.FORGE, BuildingKind.CHAPEL, BuildingKind.MILL)
FEWEST_HOUSES = 3
WINDS = ("east", "north-east", "north", "north-west", "west", "south-west", "south", "south-east")


@dataclass(frozen=True)
class Settlement:
    """The village and what it did to the valley."""

    plan: Plan
    heights: Floats  # (n, n) ground after building
    buildings: NDArray[np.void]  # BUILDINGS, in the order of plan.built
    fields: list[Footprint]
    parcels: list[Parcel]
    paths: list[Floats]  # (k, 2) world points
    wood: tuple[float, float]  # middle of the village's wood
    wood_radius_m: float
    bridge: Bridge | None  # where the river can be crossed
    places: tuple[Place, ...]


def settle(terrain: Terrain, villagers: int, latitude: float, seed: int) -> Settlement:
    """Found the village of this seed.

    Raises:
        NoRoomError: if no site of the valley has room for it.
    """
    houses = houses_for(villagers)
    radius = (40.0 + 75.0 * math.sqrt(houses / MOST_HOUSES)) * max(min(1.0, terrain.grid.size_m / 1000.0), 0.6)
    failure = NoRoomError("no site was tried")
    for number, site in enumerate(choose_sites(terrain, radius, latitude)):
        try:
            return settle_at(site, terrain, houses, stream(seed, "settlement", number))
        except NoRoomError as error:
            failure = error
    raise NoRoomError(f"the village finds no place in this valley: {failure}")


def settle_at(site: tuple[float, float], terrain: Terrain, houses: int, rng: np.random.Generator) -> Settlement:
    """Found the village at one site.

    Raises:
        NoRoomError: if something it needs has no room there or cannot be reached.
    """
    scale = min(1.0, terrain.grid.size_m / 1000.0)
    reach = min(REACH_M, 0.46 * terrain.grid.size_m)
    near = own_bank(terrain, site)
    to_river, mill = riverside(near, site, rng)
    plan = plan_village(site, to_river, houses, mill, lambda f: buildable(near, f), rng)
    kinds = [b.kind for b in plan.built]
    for needed in ESSENTIAL:
        if needed not in kinds:
            raise NoRoomError(f"no room for the {needed.name.lower()}")
    if kinds.count(BuildingKind.HOUSE) < min(houses, FEWEST_HOUSES):
        raise NoRoomError(f"room for only {kinds.count(BuildingKind.HOUSE)} houses of {houses}")
    heights = level_ground(terrain, plan)
    bridge = find_bridge(terrain, near, site, plan.footprints, BRIDGE_REACH * reach)
    decks = [] if bridge is None else [bridge]
    walls = [*plan.footprints, *(b.deck for b in decks)]
    for b in decks:
        heights = with_ramps(terrain, heights, b)
    buildings = np.concatenate([building_columns(terrain, heights, plan), bridge_columns(decks, rng)])
    banks = near if bridge is None else terrain
    wanted_fields = 2 if houses < 4 else 3 + (houses > 14)
    fields = lay_fields(near, plan, to_river, reach, max(scale, 0.5), wanted_fields, walls)
    if bridge is not None:
        fields += lay_fields(banks, plan, to_river, reach, max(scale, 0.5), 1, [*walls, *fields], beyond=near)
    owned = parcels(plan, [*fields, *(b.deck for b in decks)], lambda garden: diggable(near, garden))
    dug = [*fields, *(parcel.garden for parcel in owned if parcel.garden is not None)]
    wood, wood_radius = choose_wood(near, plan, fields, reach, rng)
    web = open_web(banks, heights, site, reach + 15.0, plan.footprints, dug, decks)
    for lane in plan.lanes:
        web.add(lane)
    shore = find_shore(terrain, near, plan, reach)
    places = name_places(plan, fields, wood, wood_radius, web, shore, bridge)
    return Settlement(plan, heights, buildings, fields, owned, web.lines, wood, wood_radius, bridge, places)


def buildable(terrain: Terrain, footprint: Footprint) -> bool:
    """Dry, above the flood plain and not steep under the whole footprint."""
    grid = terrain.grid
    points = np.concatenate([footprint.corners(), [[footprint.x, footprint.y]]])
    x, y = points[:, 0], points[:, 1]
    if np.abs(points).max() > grid.size_m / 2 - 8.0:
        return False
    ground = bilinear(terrain.heights, grid.origin, grid.cell_m, x, y)
    span = math.hypot(footprint.width, footprint.depth)
    dry = bilinear(terrain.water_depth, grid.origin, grid.cell_m, x, y).max() == 0.0
    high = bilinear(terrain.above_river, grid.origin, grid.cell_m, x, y).min() > 1.5
    return bool(dry and high and np.ptp(ground) < BUILDABLE_SLOPE * span)


def riverside(
    terrain: Terrain, centre: tuple[float, float], rng: np.random.Generator
) -> tuple[float, Footprint | None]:
    """Direction from the square to the river, and the mill's footprint on the near bank."""
    grid, river = terrain.grid, terrain.river
    line = river.line()
    line = line[np.abs(line).max(axis=1) < grid.size_m / 2 - 20.0]
    away = np.hypot(line[:, 0] - centre[0], line[:, 1] - centre[1])
    nearest = line[int(np.argmin(away))]
    to_river = math.atan2(nearest[1] - centre[1], nearest[0] - centre[0])
    width, depth = float(rng.uniform(9.0, 9.5)), float(rng.uniform(8.0, 8.5))
    half_river = max(river.width_m / 2.0, 0.75 * grid.cell_m)
    for k in np.argsort(away + 1000.0 * (away < 48.0), kind="stable").tolist():
        towards = math.atan2(centre[1] - line[k, 1], centre[0] - line[k, 0])
        for extra in (0.0, 2.0, 4.0):
            reach = half_river + MILL_RIVERSIDE_M + depth / 2 + extra
            mill = Footprint(
                line[k, 0] + reach * math.cos(towards),
                line[k, 1] + reach * math.sin(towards),
                facing(towards),
                width,
                depth,
            )
            if away[k] > 48.0 and dry_ground(terrain, mill, 1.5):
                return to_river, mill
    return to_river, None


def dry_ground(terrain: Terrain, footprint: Footprint, margin: float) -> bool:
    """No water within `margin` metres of the footprint."""
    grid = terrain.grid
    grown = Footprint(
        footprint.x, footprint.y, footprint.yaw, footprint.width + 2 * margin, footprint.depth + 2 * margin
    )
    u, v = np.meshgrid(np.linspace(-0.5, 0.5, 9), np.linspace(-0.5, 0.5, 9))
    points = np.array([grown.world(a * grown.width, b * grown.depth) for a, b in zip(u.flat, v.flat, strict=True)])
    if np.abs(points).max() > grid.size_m / 2 - 5.0:
        return False
    depth = bilinear(terrain.water_depth, grid.origin, grid.cell_m, points[:, 0], points[:, 1])
    return bool(depth.max() == 0.0)


def level_ground(terrain: Terrain, plan: Plan) -> Floats:
    """Ground with the square and the building plots gently levelled; water and its bed stay as they are."""
    grid = terrain.grid
    x, y = grid.mesh()
    heights = terrain.heights.copy()
    cx, cy = plan.centre
    near = np.hypot(x - cx, y - cy)
    middle = (near < 2.0 * SQUARE_RADIUS_M) & (terrain.water_depth == 0)
    coefficients, *_ = np.linalg.lstsq(
        np.stack([x[middle], y[middle], np.ones(int(middle.sum()))], axis=1), heights[middle], rcond=None
    )
    plane = coefficients[0] * x + coefficients[1] * y + coefficients[2]
    heights += (plane - heights) * 0.85 * (1.0 - smoothstep(SQUARE_RADIUS_M, 2.0 * SQUARE_RADIUS_M, near))
    strongest = np.zeros(heights.shape)
    weights, levels = np.zeros(heights.shape), np.zeros(heights.shape)
    for f in plan.footprints:
        points = np.concatenate([f.corners(), [[f.x, f.y]]])
        floor = float(bilinear(heights, grid.origin, grid.cell_m, points[:, 0], points[:, 1]).mean())
        reach = math.hypot(f.width, f.depth) / 2 + BLEND_M
        rows = slice(*np.searchsorted(grid.axis, (f.y - reach, f.y + reach)))
        cols = slice(*np.searchsorted(grid.axis, (f.x - reach, f.x + reach)))
        pull = 1.0 - smoothstep(APRON_M, BLEND_M, f.distance(x[rows, cols], y[rows, cols]))
        strongest[rows, cols] = np.maximum(strongest[rows, cols], pull)
        weights[rows, cols] += pull**6
        levels[rows, cols] += pull**6 * floor
    target = np.where(weights > 0, levels / np.maximum(weights, 1e-30), heights)
    heights += (target - heights) * strongest
    return np.where(terrain.water_depth > 0, terrain.heights, heights)


def building_columns(terrain: Terrain, heights: Floats, plan: Plan) -> NDArray[np.void]:
    """The plan's buildings as columns, floors at the highest ground along their walls."""
    grid = terrain.grid
    rows = np.zeros(len(plan.built), BUILDINGS)
    for row, b in zip(rows, plan.built, strict=True):
        f = b.footprint
        points = np.concatenate([f.corners(), [[f.x, f.y], f.front(0.0)]])
        floor = bilinear(heights, grid.origin, grid.cell_m, points[:, 0], points[:, 1]).max()
        row["kind"], row["x"], row["y"], row["z"] = int(b.kind), f.x, f.y, floor
        row["yaw"], row["width_m"], row["depth_m"] = f.yaw, f.width, f.depth
        row["wall_height_m"], row["roof_height_m"] = b.wall_height_m, b.roof_height_m
        row["wall_rgb"], row["roof_rgb"] = b.wall_rgb, b.roof_rgb
    return rows


def bridge_columns(bridges: list[Bridge], rng: np.random.Generator) -> NDArray[np.void]:
    """Bridges as building columns: the floor is the deck, the walls are the parapets."""
    rows = np.zeros(len(bridges), BUILDINGS)
    for row, b in zip(rows, bridges, strict=True):
        f = b.deck
        row["kind"], row["x"], row["y"], row["z"] = int(BuildingKind.BRIDGE), f.x, f.y, b.z
        row["yaw"], row["width_m"], row["depth_m"] = f.yaw, f.width, f.depth
        row["wall_height_m"], row["roof_height_m"] = PARAPET_M, 0.1
        row["wall_rgb"] = row["roof_rgb"] = STONE[int(rng.integers(len(STONE)))]
    return rows


def lay_fields(
    terrain: Terrain,
    plan: Plan,
    to_river: float,
    reach: float,
    scale: float,
    count: int,
    walls: list[Footprint],
    beyond: Terrain | None = None,
) -> list[Footprint]:
    """Up to `count` fields round the village: level, dry, clear of walls and of each other.

    With `beyond`, the terrain as seen from the village's own bank, only those across the water.
    """
    grid = terrain.grid
    slope = slope_of(terrain.heights, grid.cell_m)
    width, depth = FIELD_SIZE_M[0] * scale, FIELD_SIZE_M[1] * scale
    fields: list[Footprint] = []
    radius = plan.radius_m
    candidates = []
    for k in range(32):
        angle = to_river + (k + 0.5) * 2 * math.pi / 32
        for out in range(8):
            distance = radius + 6.0 + depth / 2 + out * 8.0
            f = Footprint(
                plan.centre[0] + distance * math.cos(angle),
                plan.centre[1] + distance * math.sin(angle),
                facing(angle + math.pi),
                width,
                depth,
            )
            steep = float(bilinear(slope, grid.origin, grid.cell_m, f.corners()[:, 0], f.corners()[:, 1]).mean())
            candidates.append((distance + 600.0 * steep, angle, f))
    for _, angle, f in sorted(candidates, key=lambda c: c[0]):
        if len(fields) == count:
            break
        others = [math.atan2(g.y - plan.centre[1], g.x - plan.centre[0]) for g in fields]
        apart = all(math.cos(angle - other) < math.cos(math.radians(50)) for other in others)
        within = math.dist((f.x, f.y), plan.centre) + width / 2 < reach
        if beyond is not None and dry_ground(beyond, f, 0.0):
            continue
        if apart and within and arable(terrain, f) and all(f.separated(b, 6.0) for b in walls):
            fields.append(f)
    return fields


def arable(terrain: Terrain, field: Footprint) -> bool:
    """Level and dry enough to plough, on the village's side of the water."""
    points = np.concatenate([field.corners(), [[field.x, field.y]]])
    grid = terrain.grid
    ground = bilinear(terrain.heights, grid.origin, grid.cell_m, points[:, 0], points[:, 1])
    above = bilinear(terrain.above_river, grid.origin, grid.cell_m, points[:, 0], points[:, 1])
    return dry_ground(terrain, field, 8.0) and bool(np.ptp(ground) < 0.2 * field.width and above.min() > 1.0)


def diggable(terrain: Terrain, garden: Footprint) -> bool:
    """Dry, out of reach of ordinary floods and not steep."""
    grid, points = terrain.grid, garden.corners()
    ground = bilinear(terrain.heights, grid.origin, grid.cell_m, points[:, 0], points[:, 1])
    above = bilinear(terrain.above_river, grid.origin, grid.cell_m, points[:, 0], points[:, 1])
    return dry_ground(terrain, garden, 2.0) and bool(np.ptp(ground) < 0.2 * garden.depth and above.min() > 1.0)


def choose_wood(
    terrain: Terrain, plan: Plan, fields: list[Footprint], reach: float, rng: np.random.Generator
) -> tuple[tuple[float, float], float]:
    """Middle and radius of the village's wood: on rising ground away from the river, clear of fields and houses.

    Raises:
        NoRoomError: if there is no such ground within reach.
    """
    grid = terrain.grid
    best, wood = -math.inf, plan.centre
    radius = 0.17 * reach
    offset = float(rng.uniform(0, 2 * math.pi))
    for k in range(36):
        angle = offset + 2 * math.pi * k / 36
        for share in (0.7, 0.8, 0.9, 1.0):
            x, y = plan.centre[0] + share * reach * math.cos(angle), plan.centre[1] + share * reach * math.sin(angle)
            if max(abs(x), abs(y)) > grid.size_m / 2 - 5.0:
                continue
            clear = all(f.distance(np.array(x), np.array(y)) > radius + 6.0 for f in (*fields, *plan.footprints))
            point = np.array([x]), np.array([y])
            above = float(bilinear(terrain.above_river, grid.origin, grid.cell_m, *point)[0])
            river = float(bilinear(terrain.river_distance, grid.origin, grid.cell_m, *point)[0])
            score = min(above, 25.0) - 20.0 * share - 0.5 * max(0.0, radius + 10.0 - river)
            if clear and score > best:
                best, wood = score, (x, y)
    if best == -math.inf:
        raise NoRoomError("no room for its wood")
    return wood, radius


def name_places(
    plan: Plan,
    fields: list[Footprint],
    wood: tuple[float, float],
    wood_radius: float,
    web: PathWeb,
    shore: tuple[float, float] | None,
    bridge: Bridge | None,
) -> tuple[Place, ...]:
    """Everywhere one can go, each joined to the square by a path; ids follow the order of the result.

    Raises:
        NoRoomError: if a building or the wood cannot be reached from the square.
    """
    places: list[Place] = []

    def add(kind: str, name: str, point: tuple[float, float], building: int, radius: float, path: bool = True) -> None:
        if path and not web.connect(point, meeting_point):
            if kind in ("bench", "field", "shore", "bridge"):
                return  # one of several, or a spot across a brook: the village does without it
            raise NoRoomError(f"{name} cannot be reached from the square")
        places.append(Place(len(places), kind, name, float(point[0]), float(point[1]), building, radius))

    cx, cy = plan.centre
    well = next(i for i, b in enumerate(plan.built) if b.kind == BuildingKind.WELL)
    at_well = plan.built[well].footprint
    meeting_point = (cx - 0.35 * (at_well.x - cx), cy - 0.35 * (at_well.y - cy))
    add("market", "the square", meeting_point, -1, SQUARE_RADIUS_M - 5.0, path=False)
    add("well", "the well", at_well.front(DOOR_CLEARANCE_M), well, 2.5, path=False)
    barns = 0
    for row, b in enumerate(plan.built):
        door = b.footprint.front(DOOR_CLEARANCE_M)
        if b.kind == BuildingKind.HOUSE:
            add("house", b.address, door, row, 2.0)
        elif b.kind == BuildingKind.BARN:
            barns += 1
            add("barn", "the barn" if barns == 1 else "the far barn", door, row, 3.0)
        elif b.kind not in (BuildingKind.WELL, BuildingKind.MARKET_STALL):
            name = b.kind.name.lower()
            add(name, f"the {name}", door, row, 3.0)
    if bridge is not None:
        add("bridge", "the bridge", bridge.deck.front(BRIDGE_FOOT_M), -1, 2.5)
        deck = bridge.deck
        over = deck.world(deck.width, deck.depth / 2 + 9.0)
        add("bench", "the bench across the river", over, -1, 1.5)
    for field in fields:
        wind = WINDS[round(math.atan2(field.y - cy, field.x - cx) / (math.pi / 4)) % 8]
        name = f"the {wind} field"
        named = sum(p.kind == "field" and p.name.endswith(name[4:]) for p in places)
        add("field", f"the far {wind} field" if named else name, field.front(-4.0), -1, 10.0)
    to_wood = math.atan2(wood[1] - cy, wood[0] - cx)
    edge = 0.8 * wood_radius
    add(
        "wood",
        "the edge of the wood",
        (wood[0] - edge * math.cos(to_wood), wood[1] - edge * math.sin(to_wood)),
        -1,
        8.0,
    )
    if shore is not None:
        add("shore", "the river shore", shore, -1, 5.0)
        bench = (shore[0] + (cx - shore[0]) * 0.14, shore[1] + (cy - shore[1]) * 0.14)
        add("bench", "the bench by the river", bench, -1, 1.5)
    rim = SQUARE_RADIUS_M - 3.5
    towards = math.atan2(at_well.y - cy, at_well.x - cx) + 0.9
    add("bench", "the bench on the square", (cx + rim * math.cos(towards), cy + rim * math.sin(towards)), -1, 1.5)
    return tuple(places)


def find_shore(terrain: Terrain, near: Terrain, plan: Plan, reach: float) -> tuple[float, float] | None:
    """A spot at the water on the village's bank, 40 m or more from the mill and near to the square."""
    grid = terrain.grid
    x, y = grid.mesh()
    water = distance_transform_edt(terrain.water_depth == 0) * grid.cell_m
    mills = [b.footprint for b in plan.built if b.kind == BuildingKind.MILL]
    fit = (water > 1.0 * grid.cell_m) & (water <= 2.5 * grid.cell_m) & (near.water_depth == 0)
    fit &= np.maximum(np.abs(x), np.abs(y)) < grid.size_m / 2 - 12.0
    for building in plan.footprints:
        fit &= building.distance(x, y) > LANE_HALF_WIDTH_M
    for mill in mills:
        fit &= mill.distance(x, y) > 40.0
    away = np.hypot(x - plan.centre[0], y - plan.centre[1])
    away = np.where(fit & (away < reach), away, np.inf)
    best = int(np.argmin(away))
    return (float(x.flat[best]), float(y.flat[best])) if np.isfinite(away.flat[best]) else None
