"""What each pass over the scene shows, and the states that it draws kinds of things with."""

from __future__ import annotations

from panda3d.core import (
    BitMask32,
    CullBinEnums,
    CullBinManager,
    RenderAttrib,
    RenderState,
    ShaderAttrib,
    StencilAttrib,
)

from engine.render.programs import Targets, program

EYES, SHADOWS, SURFACES, AIR = (BitMask32.bit(k) for k in range(4))
"""What is shown by a picture drawn in one pass; by shadow maps; by truth alone; after what has a surface is shaded."""
MARKS = {"ground": 1, "solid": 2, "figure": 2, "plant": 3, "tuft": 3, "water": 4}
"""By kind, what is left in the stencil: figures are shaded as solids are, tufts as plants."""
LAND, AFTER_LAND = "land", "after land"
"""Bins drawn after Panda's own `fixed`: the first has its nearest pieces drawn first, the second is as `fixed`."""
_ALL_BITS = 0xFF


def add_bins() -> None:
    """Make the process's bins, once."""
    bins = CullBinManager.get_global_ptr()
    if bins.find_bin(LAND) < 0:
        after = bins.get_bin_sort(bins.find_bin("fixed"))
        bins.add_bin(LAND, CullBinEnums.BT_front_to_back, after + 1)
        bins.add_bin(AFTER_LAND, CullBinEnums.BT_fixed, after + 2)


def program_state(kind: str, targets: Targets) -> RenderState:
    """The state that draws a kind of thing with its program, whatever the node itself asks for."""
    shaded = ShaderAttrib.make(program(kind, targets), 100)
    if not targets.kept or kind not in MARKS:
        return RenderState.make(shaded)
    mark = StencilAttrib.make(
        True,
        RenderAttrib.M_always,
        StencilAttrib.SO_keep,
        StencilAttrib.SO_keep,
        StencilAttrib.SO_replace,
        MARKS[kind],
        _ALL_BITS,
        _ALL_BITS,
    )
    return RenderState.make(shaded, mark)


def where_marked(kind: str) -> RenderAttrib:
    """Draws only where this kind of thing was kept."""
    return StencilAttrib.make(
        True,
        RenderAttrib.M_equal,
        StencilAttrib.SO_keep,
        StencilAttrib.SO_keep,
        StencilAttrib.SO_keep,
        MARKS[kind],
        _ALL_BITS,
        0,
    )
