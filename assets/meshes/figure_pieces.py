"""The wardrobe: every piece a figure may be drawn with, by name and level of detail."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from assets.meshes.figure import Piece
from assets.meshes.figure_body import boots, hands, shirt, skirt, sleeves, tails, trousers
from assets.meshes.figure_hair import HAIR_STYLES, HATS, hair, hat, raised_hood
from assets.meshes.figure_over import apron, cassock, cloak, shawl, vest
from assets.meshes.figure_things import LOADS, load, thing

GARMENTS: dict[str, Callable[[int], Piece]] = {
    "shirt_man": lambda level: shirt(False, level),
    "shirt_woman": lambda level: shirt(True, level),
    "tails_man": lambda level: tails(False, level),
    "tails_woman": lambda level: tails(True, level),
    "sleeves": lambda level: sleeves(False, level),
    "sleeves_rolled": lambda level: sleeves(True, level),
    "hands": hands,
    "trousers": trousers,
    "skirt": skirt,
    "boots": boots,
    "apron_man": lambda level: apron(False, level),
    "apron_woman": lambda level: apron(True, level),
    "vest_man": lambda level: vest(False, level),
    "vest_woman": lambda level: vest(True, level),
    "shawl": shawl,
    "cassock": cassock,
    "sheepskin": lambda level: vest(False, level, fleece=True),
    "cloak": cloak,
}
"""What a body is put together from, by level of detail."""
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
