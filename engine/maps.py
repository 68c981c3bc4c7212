"""Maps of a valley as pictures: relief in grey, a layer in colour over it, and a frame that says what is what."""

from __future__ import annotations

import math
from collections.abc import Iterable
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.map_layers import STILL_WATER, Layer, Mapped, lakes
from engine.map_village import HOUSE, close_cells, close_view, draw_village, halo
from engine.plots import FAINT, INK, new_figure, styled
from engine.quantities import format_duration
from world.valley import Valley

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap, Normalize
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

MAP_PX = (1260, 1030)  # of a single map
MAP_SHARE = 0.74  # of its width is the map itself
SHEET_COLUMNS, SHEET_CELL_PX = 4, (470, 520)
LIGHTS = ((180.0, 0.2), (135.0, 0.45), (90.0, 0.2), (45.0, 0.15))  # degrees from east and weights: mostly north-west
LIGHT_HEIGHT = math.radians(40.0)
DRAWN_SLOPE, STEEPER = 0.4, (0.6, 4.0)  # of the mean slope: low hills show, and steep ones are not black and white
DARKEST, LIGHTER = 0.25, 0.7  # light in shadow, and the power that makes level ground bright
HIDDEN = (0.955, 0.95, 0.935)  # bare relief
ROUND = (1.0, 2.0, 5.0)
UNIT_CHARACTERS = 24  # of a line beside a single map


def draw_map(layer: Layer, mapped: Mapped, name: str) -> Figure:
    """One layer on a figure of its own, with legend, scale, north and title.

    Raises:
        PlotsError: matplotlib is missing.
    """
    with styled():
        figure = new_figure(*MAP_PX)
        axes = figure.add_axes((0.03, 0.03, MAP_SHARE, MAP_SHARE * MAP_PX[0] / MAP_PX[1]))
        side = figure.add_axes((0.795, 0.3, 0.02, 0.45))
        _fill(axes, side, layer, mapped)
        _scale_and_north(axes)
        figure.text(0.03, 0.967, layer.title, fontsize=15, fontweight="bold", va="center")
        figure.text(
            0.03 + MAP_SHARE, 0.967, subtitle(layer, mapped, name), fontsize=9.5, color=FAINT, va="center", ha="right"
        )
    return figure


def draw_sheet(layers: Iterable[Layer], mapped: Mapped, name: str) -> Figure:
    """Several layers side by side. Raises PlotsError where matplotlib is missing."""
    chosen = list(layers)
    columns = min(SHEET_COLUMNS, len(chosen))
    rows = math.ceil(len(chosen) / columns)
    width, height = columns * SHEET_CELL_PX[0], rows * SHEET_CELL_PX[1] + 70
    with styled():
        figure = new_figure(width, height)
        figure.text(24 / width, 1 - 34 / height, name, fontsize=17, fontweight="bold", va="center")
        when = f", {_when(mapped.at_s or 0.0)}" if any(_tells_when(layer, mapped) for layer in chosen) else ""
        figure.text(
            1 - 24 / width, 1 - 34 / height, _about(mapped) + when, fontsize=10, color=FAINT, va="center", ha="right"
        )
        for number, layer in enumerate(chosen):
            left = (number % columns) * SHEET_CELL_PX[0] + 20
            top = 70 + (number // columns) * SHEET_CELL_PX[1]
            size = SHEET_CELL_PX[0] - 40
            bottom = height - top - 26 - size
            axes = figure.add_axes((left / width, bottom / height, size / width, size / height))
            side = figure.add_axes((left / width, (bottom - 16) / height, size / width, 8 / height))
            _fill(axes, side, layer, mapped, below=True)
            _scale_and_north(axes)
            unit = f"  {_unit(layer, mapped)}" if _unit(layer, mapped) else ""
            label = axes.set_title(layer.title, fontsize=11, pad=6)
            axes.annotate(unit, (1, 0), xycoords=label, fontsize=8.5, color=FAINT, va="bottom", annotation_clip=False)
    return figure


def subtitle(layer: Layer, mapped: Mapped, name: str) -> str:
    """What world it is and when."""
    when = f", {_when(mapped.at_s or 0.0)}" if _tells_when(layer, mapped) else ""
    return f"{name}, {_about(mapped)}{when}"


def _about(mapped: Mapped) -> str:
    west, south, east, north = mapped.valley.extent
    return f"seed {mapped.config.seed}, {(east - west) / 1000:.3g} x {(north - south) / 1000:.3g} km"


def _when(at_s: float) -> str:
    return f"after {format_duration(at_s)}" if at_s else "at the beginning"


def _tells_when(layer: Layer, mapped: Mapped) -> bool:
    return layer.moment or (mapped.at_s is not None and _of_moment(layer))


def _of_moment(layer: Layer) -> bool:
    return layer.key in ("rain", "temperature")


def _unit(layer: Layer, mapped: Mapped) -> str:
    if _of_moment(layer):
        each = {"rain": ("mm in a mean year", "mm/h"), "temperature": ("mean of the year, °C", "°C")}[layer.key]
        return each[mapped.at_s is not None]
    return layer.unit


def _fill(axes: Axes, side: Axes, layer: Layer, mapped: Mapped, below: bool = False) -> None:
    """Draw the layer into `axes` and what its colours mean into `side`."""
    from matplotlib.colors import to_rgb  # noqa: PLC0415

    valley = mapped.valley
    west, south, east, north = (edge / 1000.0 for edge in valley.extent)
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.set_xticks([])
    axes.set_yticks([])
    values = layer.values(mapped)
    colours, norm = _colours(layer, values)
    shade = 1.0 - layer.shaded * (1.0 - _hillshade(valley))
    image = np.empty((*valley.heights.shape, 3))
    image[:] = HIDDEN
    fine = values if values.ndim == 3 else _stretched(values, valley.heights.shape)
    seen = np.ones(valley.heights.shape, np.bool_) if layer.hidden_below is None else fine >= layer.hidden_below
    image[seen] = colours(norm(fine[seen]))[:, :3] if fine.ndim == 2 else _mixed(layer, fine)
    wet = valley.water_depth > 0.0
    if layer.water:
        image[wet] = to_rgb(STILL_WATER)
        shade = np.where(wet, 1.0, shade)
    elif layer.hidden_below is not None:
        image[wet & ~seen] = to_rgb(layer.ordinary)
        shade = np.where(wet, 1.0, shade)
    axes.imshow(
        np.clip(image * shade[:, :, None], 0.0, 1.0),
        extent=(west, east, south, north),
        origin="lower",
        interpolation="antialiased",
    )
    if layer.ordinary != STILL_WATER and lakes(valley).any():  # or they could not be told from flooded ground
        x, y = (np.linspace(*ends, count) for ends, count in (((west, east), wet.shape[1]), ((south, north), len(wet))))
        axes.contour(x, y, lakes(valley), levels=[0.5], colors=[INK], linewidths=0.8)
    if not seen.any() and layer.nothing:
        axes.text(
            0.5, 0.5, layer.nothing, transform=axes.transAxes, ha="center", va="center", fontsize=13, color=INK,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 6},
        )  # fmt: skip
    if layer.village:
        draw_village(axes, valley, named=layer.close)
    if layer.close:
        _zoom(axes, valley)
    if not seen.any():
        side.axis("off")
    elif layer.classes or not _unit(layer, mapped):
        shown = fine[close_cells(valley)] if layer.close else fine
        _names(side, layer, _present(layer, shown), below)
    else:
        _bar(side, layer, mapped, colours, norm, below)


def _colours(layer: Layer, values: Floats) -> tuple[Colormap, Normalize]:
    """The colours of a layer, and where on them each value lies."""
    from matplotlib import colormaps  # noqa: PLC0415
    from matplotlib.colors import LinearSegmentedColormap, ListedColormap, LogNorm, Normalize  # noqa: PLC0415

    if layer.classes:
        return ListedColormap([colour for _, colour in layer.classes]), Normalize(-0.5, len(layer.classes) - 0.5)
    chosen = layer.colours
    colours = (
        colormaps[chosen] if isinstance(chosen, str) else LinearSegmentedColormap.from_list(layer.key, list(chosen))
    )
    low = float(values.min()) if layer.low is None else layer.low
    high = float(values.max()) if layer.high is None else layer.high
    if layer.log:
        return colours, LogNorm(low, max(high, 10.0 * low), clip=True)
    return colours, Normalize(low, high if high > low else low + 1.0, clip=True)


def _zoom(axes: Axes, valley: Valley) -> None:
    west, south, east, north = close_view(valley)
    axes.set_xlim(west / 1000.0, east / 1000.0)
    axes.set_ylim(south / 1000.0, north / 1000.0)


def _mixed(layer: Layer, shares: Floats) -> Floats:
    """Colours (cells, 3) of shares (classes, rows, cols): those of the classes, mixed."""
    from matplotlib.colors import to_rgb  # noqa: PLC0415

    colours = np.array([to_rgb(colour) for _, colour in layer.classes])
    return np.tensordot(shares.reshape(len(colours), -1).T, colours, axes=1)


def _present(layer: Layer, values: Floats) -> list[int]:
    """Numbers of the classes that occur, those that cover most first."""
    if not layer.classes:
        return []
    cover = (
        values.mean(axis=(1, 2))
        if values.ndim == 3
        else np.bincount(values.astype(np.int64).ravel(), minlength=len(layer.classes)) / values.size
    )
    return [int(number) for number in np.argsort(-cover, kind="stable")[: len(layer.classes)] if cover[number] > 0.002]


def _names(side: Axes, layer: Layer, present: list[int], below: bool) -> None:
    """The classes that occur."""
    from matplotlib.patches import Patch  # noqa: PLC0415

    side.axis("off")
    patches = [Patch(facecolor=layer.classes[number][1], label=layer.classes[number][0]) for number in present]
    if layer.water:
        patches.append(Patch(facecolor=STILL_WATER, label="water"))
    if layer.village:
        patches.append(Patch(facecolor=HOUSE, label="house"))
    place: dict[str, Any] = (
        {"loc": "upper left", "bbox_to_anchor": (0, 1.6), "ncols": 4, "fontsize": 7.5, "columnspacing": 1.0}
        if below
        else {"loc": "upper left", "bbox_to_anchor": (0, 1), "fontsize": 10, "labelspacing": 0.9}
    )
    side.legend(handles=patches, borderaxespad=0, handlelength=1.1, handleheight=1.1, **place)
    if not below and layer.unit:
        side.text(0, 1.04, layer.unit, transform=side.transAxes, fontsize=9.5, va="bottom")


def _bar(side: Axes, layer: Layer, mapped: Mapped, colours: Colormap, norm: Normalize, below: bool) -> None:
    """A bar of the colours."""
    from matplotlib.cm import ScalarMappable  # noqa: PLC0415
    from matplotlib.ticker import FuncFormatter, NullLocator  # noqa: PLC0415

    bar = side.figure.colorbar(
        ScalarMappable(norm, colours), cax=side, orientation="horizontal" if below else "vertical"
    )
    if layer.log:
        bar.ax.minorticks_off()
        bar.formatter = FuncFormatter(lambda value, _: f"{value:g}")
        bar.update_ticks()
        (bar.ax.xaxis if below else bar.ax.yaxis).set_minor_locator(NullLocator())
    bar.outline.set_linewidth(0.4)
    bar.ax.tick_params(labelsize=8 if below else 9.5, length=2)
    if not below:
        side.text(
            0, 1.04, fill(_unit(layer, mapped), UNIT_CHARACTERS), transform=side.transAxes, fontsize=9.5, va="bottom"
        )


def _hillshade(valley: Valley) -> Floats:
    """Light on the ground from several sides, 0..1 (Mark 1992)."""
    surface = (valley.heights + valley.water_depth).astype(np.float64)
    north, east = np.gradient(surface, valley.cell_m)
    mean = float(np.hypot(north, east).mean())
    steeper = min(max(DRAWN_SLOPE / max(mean, 1e-9), STEEPER[0]), STEEPER[1])
    north, east = steeper * north, steeper * east
    steep = np.sqrt(1.0 + north**2 + east**2)
    total = np.zeros(surface.shape)
    for degrees, weight in LIGHTS:
        side = math.radians(degrees)
        lit = math.sin(LIGHT_HEIGHT) - math.cos(LIGHT_HEIGHT) * (east * math.cos(side) + north * math.sin(side))
        total += weight * np.maximum(lit / steep, 0.0)
    shade: Floats = DARKEST + (1.0 - DARKEST) * np.minimum(total, 1.0) ** LIGHTER
    return shade


def _stretched(values: Floats, shape: tuple[int, ...]) -> Floats:
    """Values on the valley's own lattice, whatever lattice they came on; both reach from edge to edge."""
    if values.shape == shape:
        return values
    rows = np.linspace(0.0, values.shape[0] - 1.0, shape[0])
    columns = np.linspace(0.0, values.shape[1] - 1.0, shape[1])
    along = np.stack([np.interp(columns, np.arange(values.shape[1]), row) for row in values])
    return np.stack([np.interp(rows, np.arange(values.shape[0]), column) for column in along.T], axis=1)


def _scale_and_north(axes: Axes) -> None:
    """A bar of a round length in the lower left corner and an arrow in the upper right."""
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    size = east - west
    wanted = size / 4.0
    power = 10.0 ** math.floor(math.log10(wanted))
    length = max(factor * power for factor in ROUND if factor * power <= wanted)
    x, y = west + 0.04 * size, south + 0.04 * size
    backing = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.7}
    axes.plot([x, x + length], [y, y], color="white", linewidth=6, solid_capstyle="butt")
    axes.plot([x, x + length], [y, y], color=INK, linewidth=3, solid_capstyle="butt")
    axes.plot([x + length / 2, x + length], [y, y], color="white", linewidth=1.6, solid_capstyle="butt")
    text = f"{1000 * length:.0f} m" if length < 1.0 else f"{length:.0f} km"
    axes.text(x, y + 0.016 * size, text, fontsize=8.5, va="bottom", bbox=backing)
    tip = (east - 0.05 * size, north - 0.035 * size)
    foot = (tip[0], tip[1] - 0.06 * size)
    axes.annotate(
        "N",
        xy=tip,
        xytext=foot,
        ha="center",
        va="top",
        fontsize=9,
        fontweight="bold",
        bbox=backing,
        arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1.4, "path_effects": halo()},
    )
