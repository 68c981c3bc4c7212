"""What every shader knows about the frame: one array of vec4 written in place, its slices named by macros."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from panda3d.core import NodePath, PTA_LVecBase4f

# name -> (row, first component, how many): 16 is a matrix, stored by columns
_MATRICES = ("VIEW", "NEXT_VIEW", "PREV_VIEW", "SHADOW_VIEW", "FAR_SHADOW_VIEW")
_ROWS: tuple[tuple[tuple[str, int], ...], ...] = (
    (("EYE", 3), ("EXPOSURE", 1)),
    (("NEXT_EYE", 3), ("FOG_DENSITY", 1)),
    (("SHADOW_CENTRE", 3), ("SHADOW_OFFSET", 1)),
    (("PREV_EYE", 3), ("CLOUD", 1)),
    (("IMAGE_SIZE", 2),),
    (("KEY_DIR", 3), ("OVERCAST", 1)),
    (("KEY_COLOUR", 3), ("SKY_FOG", 1)),
    (("SKY_LIGHT", 3), ("WETNESS", 1)),
    (("GROUND_LIGHT", 3), ("SNOW", 1)),
    (("FOG_SUN", 3), ("RAIN", 1)),
    (("FOG_ANTI", 3), ("RIPPLE", 1)),
    (("SUN_DIR", 3), ("STARLIGHT", 1)),
    (("SUN_DISC", 3), ("FALL_AMOUNT", 1)),
    (("MOON_DIR", 3), ("FALL_PHASE", 1)),
    (("MOON_DISC", 3), ("EDGE_FADE", 1)),
    (("GLOW", 3),),
    (("SWAY", 4),),
    (("NEXT_SWAY", 4),),
    (("PREV_SWAY", 4),),
    (("WAVES", 4),),
    (("CLOUD_LIT", 3),),
    (("CLOUD_DARK", 3),),
    (("FALL_BOX", 3),),
    (("FALL_OFFSET", 3),),
    (("FALL_DIR", 3),),
    (("FALL_COLOUR", 3),),
    (("MAP_ORIGIN", 2), ("MAP_SCALE", 2)),
    (("FOG_LAYER", 3), ("FOG_BANK", 1)),
    (("FOG_BASE", 1), ("FOG_SOFT", 1), ("LEAF_COVER", 1), ("LEAF_COLOUR", 1)),
    (("CROP_COLOUR", 3), ("CROP_COVER", 1)),
    (("CROP_GROWN", 1), ("CROP_RIPE", 1), ("BLOSSOM", 1), ("GRASS_GREEN", 1)),
    (("FLASH_DIR", 3), ("SMOKE_TIME", 1)),
    (("FLASH_SKY", 3),),
    (("SMOKE_DRIFT", 3),),
    (("SMOKE_COLOUR", 3),),
    (("EDGE_CENTRE", 2), ("EDGE_SCALE", 2)),
    (("CLOUD_SLAB", 4),),
    (("CLOUD_DETAIL", 4),),
    (("CLOUD_SLIDES", 4),),
    (("STARS_EAST", 3), ("MOON_LIT", 1)),
    (("STARS_NORTH", 3), ("NIGHT", 1)),
    (("STARS_UP", 3),),
    (("GALAXY_CENTRE", 3),),
    (("GALAXY_POLE", 3), ("LAMPS_LIT", 1)),
    (("FAR_SHADOW_CENTRE", 3), ("SECONDS", 1)),
)
LAMPS = 16  # at most so many lamps light a frame; each is a row: place from the eye, and strength
_LAMPS_AT = 4 * len(_MATRICES) + len(_ROWS)
_LENGTH = _LAMPS_AT + LAMPS


def _layout() -> dict[str, tuple[int, int, int]]:
    places = {name: (4 * k, 0, 16) for k, name in enumerate(_MATRICES)}
    for k, row in enumerate(_ROWS):
        start = 0
        for name, count in row:
            places[name] = (4 * len(_MATRICES) + k, start, count)
            start += count
    return places


LAYOUT = _layout()


CARRIED = (
    "EYE",
    "FOG_DENSITY",
    "SHADOW_VIEW",
    "SHADOW_CENTRE",
    "KEY_DIR",
    "KEY_COLOUR",
    "SKY_LIGHT",
    "GROUND_LIGHT",
    "FOG_SUN",
    "FOG_ANTI",
    "SUN_DIR",
    "SUN_DISC",
    "EDGE_FADE",
    "EDGE_CENTRE",
    "MAP_ORIGIN",
    "WAVES",
    "CROP_COLOUR",
    "CLOUD_LIT",
    "CLOUD_DARK",
    "CLOUD_SLAB",
    "CLOUD_DETAIL",
    "CLOUD_SLIDES",
)
"""What fragments of a whole image take from the vertices: llvmpipe loads a uniform anew, which costs as much as two
additions for each of its numbers, and a flat varying nearly for nothing."""


def _carried_rows() -> dict[int, int]:
    """Places of the carried rows of `frame` among those carried."""
    rows = [LAYOUT[name][0] + k for name in CARRIED for k in range(4 if LAYOUT[name][2] == 16 else 1)]
    return {row: place for place, row in enumerate(dict.fromkeys(rows))}


def macros(carried: bool = False) -> str:
    """The #defines that name the slices of `frame` in every shader, or of what is carried from the vertices."""
    places = _carried_rows() if carried else {}
    lines = [f"#define FRAME_LENGTH {_LENGTH}", f"#define LAMP(k) frame[{_LAMPS_AT} + (k)]"]
    if carried:
        lines.append(f"flat in vec4 carried[{len(places)}];")
    for name, (row, start, count) in LAYOUT.items():
        rows = [f"carried[{places[r]}]" if r in places else f"frame[{r}]" for r in range(row, row + 4)]
        value = f"mat4({', '.join(rows)})" if count == 16 else f"{rows[0]}.{'xyzw'[start : start + count]}"
        lines.append(f"#define {name} {value}")
    return "\n".join(lines) + "\n"


def carrying() -> str:
    """A function for vertex shaders that hands on what their fragments take from them."""
    places = _carried_rows()
    moves = "".join(f"    carried[{place}] = frame[{row}];\n" for row, place in places.items())
    return f"flat out vec4 carried[{len(places)}];\nvoid carry() {{\n{moves}}}\n"


class Frame:
    """The frame's inputs. Writing a name changes what the next draw sees; no state is made, so none leaks."""

    def __init__(self, root: NodePath) -> None:
        self._array = PTA_LVecBase4f.empty_array(_LENGTH)
        root.set_shader_input("frame", self._array)
        view = memoryview(self._array).cast("B")  # type: ignore[arg-type]
        self._rows: NDArray[np.float32] = np.frombuffer(view, dtype=np.float32).reshape(_LENGTH, 4)

    def __setitem__(self, name: str, value: ArrayLike) -> None:
        row, start, count = LAYOUT[name]
        if count == 16:
            self._rows[row : row + 4] = np.asarray(value, dtype=np.float64).T
        else:
            self._rows[row, start : start + count] = value

    def lamps(self, rows: NDArray[np.floating], lit: int) -> None:
        """Put the lamps (LAMPS, 4) into the frame; only the first `lit` shine."""
        self._rows[_LAMPS_AT:] = rows
        self["LAMPS_LIT"] = lit

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        row, start, count = LAYOUT[name]
        if count == 16:
            return self._rows[row : row + 4].T.copy()
        return self._rows[row, start : start + count].copy()
