"""Parcels: the ground that belongs to each house, with a kitchen garden behind it where there is room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from assets.palette import BuildingKind
from world.village.footprints import Footprint
from world.village.plan import LANE_HALF_WIDTH_M, Plan

YARD_M = 1.5  # of the parcel before and beside the walls
BEHIND_M = 2.6  # from the back wall to the beds
BED_M = 1.2  # between a bed and whatever else stands or grows
LONG_M, SHORT_M = 11.0, 5.0  # of a garden, away from the house
WIDEST_M = 9.0


@dataclass(frozen=True)
class Parcel:
    """One household's ground."""

    building: int  # row of the house
    plot: Footprint  # house, yard and garden
    garden: Footprint | None  # dug beds


def parcels(plan: Plan, others: list[Footprint], dry: Callable[[Footprint], bool]) -> list[Parcel]:
    """The parcels of all houses of a plan, in their order; gardens are the longest that find room.

    Args:
        plan: the village.
        others: what else takes ground: fields, the bridge.
        dry: whether a rectangle is dry and level enough to dig.
    """
    made: list[Parcel] = []
    for row, built in enumerate(plan.built):
        if built.kind != BuildingKind.HOUSE:
            continue
        house = built.footprint
        taken = [f for i, f in enumerate(plan.footprints) if i != row]
        taken += [*others, *(p.plot for p in made)]
        garden = next((g for g in _gardens(house) if _free(g, plan, taken) and dry(g)), None)
        behind = YARD_M if garden is None else BEHIND_M + garden.depth + 0.5
        x, y = house.world(0.0, (behind - YARD_M) / 2)
        plot = Footprint(x, y, house.yaw, house.width + 2 * YARD_M, house.depth + YARD_M + behind)
        made.append(Parcel(row, plot, garden))
    return made


def _gardens(house: Footprint) -> list[Footprint]:
    """Beds behind the house, the longest first."""
    width = min(house.width, WIDEST_M)
    lengths = [LONG_M - step for step in range(int(LONG_M - SHORT_M) + 1)]
    return [
        Footprint(*house.world(0.0, house.depth / 2 + BEHIND_M + length / 2), house.yaw, width, length)
        for length in lengths
    ]


def _free(garden: Footprint, plan: Plan, taken: list[Footprint]) -> bool:
    if not all(garden.separated(other, BED_M) for other in taken):
        return False
    return all(garden.distance(lane[:, 0], lane[:, 1]).min() > LANE_HALF_WIDTH_M for lane in plan.lanes)
