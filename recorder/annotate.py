"""What the ids in the pictures mean: class and name of every id, villagers who are visible."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assets.palette import BuildingKind, SemanticClass, Species
from recorder.moments import name_of
from recorder.schema import (
    CROP_ID,
    GRASS_ID,
    TERRAIN_ID,
    WATER_ID,
    Cast,
    Scenery,
    value_name,
)

BUILDING_CLASS = {BuildingKind.WELL: SemanticClass.WELL, BuildingKind.MARKET_STALL: SemanticClass.PROP}
PLANT_CLASS = {  # all others are trees
    Species.BUSH: SemanticClass.BUSH,
    Species.CACTUS: SemanticClass.BUSH,
    Species.ROCK: SemanticClass.ROCK,
}
SHARED = {
    0: (SemanticClass.NOTHING, "nothing"),
    TERRAIN_ID: (SemanticClass.TERRAIN, "ground"),
    WATER_ID: (SemanticClass.WATER, "water"),
    GRASS_ID: (SemanticClass.GRASS, "grass"),
    CROP_ID: (SemanticClass.CROP, "crop"),
}


@dataclass(frozen=True)
class Label:
    """What one instance id stands for."""

    id: int
    semantic: SemanticClass
    name: str  # a villager's or place's name, else the kind of thing


def instance_table(scenery: Scenery, cast: Cast) -> dict[int, Label]:
    """Every instance id of a session with its class and name."""
    table = {number: Label(number, semantic, name) for number, (semantic, name) in SHARED.items()}
    for plant in scenery.plants:
        species = Species(int(plant["species"]))
        number = int(plant["id"])
        table[number] = Label(number, PLANT_CLASS.get(species, SemanticClass.TREE), value_name(species))
    of_building = {int(place["building"]): str(place["name"]) for place in reversed(scenery.places)}
    for row, building in enumerate(scenery.buildings):
        kind, number = BuildingKind(int(building["kind"])), int(building["id"])
        semantic = BUILDING_CLASS.get(kind, SemanticClass.BUILDING)
        name = of_building.get(row, value_name(kind))
        table[number] = Label(number, semantic, name)
    for row in range(len(cast.personas)):
        number = int(cast.looks["id"][row])
        table[number] = Label(number, SemanticClass.VILLAGER, name_of(cast, row))
    return table


def class_lookup(scenery: Scenery, cast: Cast) -> NDArray[np.uint8]:
    """The class of every id as an array to index with an instance image; ids that stand for nothing give NOTHING."""
    table = instance_table(scenery, cast)
    lookup = np.zeros(max(table) + 1, np.uint8)
    for number, label in table.items():
        lookup[number] = label.semantic
    return lookup


def visible_villagers(instance: NDArray[np.uint32], cast: Cast, least_pixels: int = 1) -> dict[int, int]:
    """Rows of the cast that an instance image shows, each with its number of pixels, ordered by row."""
    pixels = np.bincount(instance.reshape(-1), minlength=int(cast.looks["id"].max(initial=0)) + 1)
    seen = {row: int(pixels[number]) for row, number in enumerate(cast.looks["id"])}
    return {row: count for row, count in seen.items() if count >= least_pixels}
