"""The village on a map: houses, decks and the names of places, and the part of the map that shows it close."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.plots import DPI, INK
from world.valley import Valley

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROUND_VILLAGE_M = 110.0  # shown round the outermost houses
UNNAMED = ("house", "field", "bench", "wood", "shore")  # places that would crowd a map with names
HOUSE, DECK = "#3f322e", "#7a4f2c"
NAME_PT, POINTS_PER_INCH = 7.0, 72.0
NAME_SIDES = (
    ((0.0, 5.0), "center", "bottom"),
    ((0.0, -5.0), "center", "top"),
    ((5.0, 0.0), "left", "center"),
    ((-5.0, 0.0), "right", "center"),
)  # where a name may stand beside its place, in points


def draw_village(axes: Axes, valley: Valley, named: bool) -> None:
    """Footprints of houses and decks; with the names of places other than homes."""
    from matplotlib.patches import Polygon  # noqa: PLC0415

    for table, depth, colour in ((valley.decks, "length_m", DECK), (valley.buildings, "depth_m", HOUSE)):
        for each in table:
            c, s = math.cos(float(each["yaw"])), math.sin(float(each["yaw"]))
            half_x, half_y = float(each["width_m"]) / 2.0, float(each[depth]) / 2.0
            corners = [
                (float(each["x"]) + i * half_x * c - j * half_y * s, float(each["y"]) + i * half_x * s + j * half_y * c)
                for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1))
            ]
            axes.add_patch(Polygon(np.array(corners) / 1000.0, closed=True, facecolor=colour, linewidth=0, zorder=4))
    if not named:
        return
    _name_places(axes, valley)


def _name_places(axes: Axes, valley: Valley) -> None:
    """The names of places other than homes, each where it hides no other; one that finds no room is left out."""
    west, south, east, north = close_view(valley)
    width_pt = axes.get_window_extent().width * POINTS_PER_INCH / DPI
    taken: list[tuple[float, float, float, float]] = []
    for place in valley.places:
        if place.kind in UNNAMED or not (west < place.x < east and south < place.y < north):
            continue
        name = place.name.removeprefix("the ")
        at = ((place.x - west) / (east - west) * width_pt, (place.y - south) / (north - south) * width_pt)
        for (right, up), ha, va in NAME_SIDES:
            box = _text_box(at[0] + right, at[1] + up, name, ha, va)
            if any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken):
                continue
            taken.append(box)
            axes.annotate(
                name, (place.x / 1000.0, place.y / 1000.0), xytext=(right, up), textcoords="offset points",
                fontsize=NAME_PT, ha=ha, va=va, color=INK, zorder=6, path_effects=halo(),
            )  # fmt: skip
            break


def _text_box(x: float, y: float, text: str, ha: str, va: str) -> tuple[float, float, float, float]:
    """Left, bottom, right, top in points of a text at a point, by the usual width of its letters."""
    width, height = 0.6 * NAME_PT * len(text), 1.2 * NAME_PT
    left = x - {"left": 0.0, "center": 0.5, "right": 1.0}[ha] * width
    bottom = y - {"bottom": 0.0, "center": 0.5, "top": 1.0}[va] * height
    return left, bottom, left + width, bottom + height


def close_view(valley: Valley) -> tuple[float, float, float, float]:
    """West, south, east, north of a square round the village, inside the map."""
    west, south, east, north = valley.extent
    if not len(valley.buildings):
        return valley.extent
    x, y = (0.5 * (float(valley.buildings[axis].min()) + float(valley.buildings[axis].max())) for axis in ("x", "y"))
    reach = max(float(np.ptp(valley.buildings["x"])), float(np.ptp(valley.buildings["y"]))) / 2.0 + ROUND_VILLAGE_M
    reach = min(reach, (east - west) / 2.0)
    x, y = min(max(x, west + reach), east - reach), min(max(y, south + reach), north - reach)
    return x - reach, y - reach, x + reach, y + reach


def close_cells(valley: Valley) -> tuple[slice, slice]:
    """Rows and columns of the close view."""
    west, south, east, north = close_view(valley)
    x0, y0 = valley.origin
    first, last = (round((x - x0) / valley.cell_m) for x in (west, east))
    low, high = (round((y - y0) / valley.cell_m) for y in (south, north))
    return slice(low, high + 1), slice(first, last + 1)


def halo() -> list[Any]:
    """White round letters and lines, so that they show on any ground."""
    from matplotlib.patheffects import withStroke  # noqa: PLC0415

    return [withStroke(linewidth=2.2, foreground="white", alpha=0.85)]
