"""What a scenario may say about the making of the land, and how much work goes into it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LandConfig:
    """How fast the rock rises, how hard it is, and how much rain cut into it while the land took shape."""

    uplift_mm_a: float = 0.4
    rain_mm_a: float | None = None  # none: today's
    hardness: float = 1.0  # resistance to rivers, relative to sandstone


@dataclass(frozen=True)
class Effort:
    """How finely and how long the land is eroded."""

    region_cells: int = 256  # a side of the region's lattice
    epochs: int = 5  # rain follows the hills from epoch to epoch
    epoch_steps: int = 18
    refining_steps: tuple[int, ...] = (24, 16, 12)  # after each halving but the last; later ones only sharpen
    finest_steps: int = 12
