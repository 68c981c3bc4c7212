"""What the year has done to the plants, as the environment of a tick says it."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Season:
    """Leaves, flowers, grass and crops; shares of 0..1. The defaults are high summer."""

    leaf_cover: float = 1.0
    leaf_colour: float = 0.0
    blossom: float = 0.2
    grass_green: float = 1.0
    crop_height_m: float = 0.85
    crop_ripe: float = 1.0


def season(environment: NDArray[np.void]) -> Season:
    """The season of an environment row; a recording made before seasons were told lies in high summer."""
    names = environment.dtype.names or ()
    return Season(**{f.name: float(environment[f.name]) for f in fields(Season) if f.name in names})
