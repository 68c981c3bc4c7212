"""The wardrobe: every piece a figure may be drawn with, by name and level of detail."""

from __future__ import annotations

from functools import cache

from assets.meshes.figure import Piece
from assets.meshes.figure_body import GARMENTS
from assets.meshes.figure_hair import HAIR_STYLES, HATS, hair, hat, raised_hood
from assets.meshes.figure_things import LOADS, load, thing

THINGS = ("cane", "lantern", "stool")
PIECES: tuple[str, ...] = (
    *GARMENTS,
    *(f"hair {style}" for style in HAIR_STYLES if style != "bald"),
    *(f"hat {kind}" for kind in HATS),
    "raised_hood",
    *(f"load {kind.name.lower()}" for kind in LOADS),
    *THINGS,
)
"""Everything but the head, which is each villager's own: see assets.meshes.figure_face."""


@cache
def piece(name: str, level: int) -> Piece:
    """A piece of PIECES. Raises KeyError for another name."""
    group, _, kind = name.partition(" ")
    if name in GARMENTS:
        return GARMENTS[name](level)
    if group == "hair":
        made = hair(kind, level)
        if made is None:
            raise KeyError(name)
        return made
    if group == "hat":
        return hat(kind, level)
    if name == "raised_hood":
        return raised_hood(level)
    if group == "load":
        return load(next(each for each in LOADS if each.name.lower() == kind))
    return thing(THINGS[THINGS.index(name)])
