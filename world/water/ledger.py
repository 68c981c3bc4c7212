"""The books of the land surface: water in cubic metres and energy in joules, since the start."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WaterLedger:
    """What came, what went and what is there, m3."""

    initial: float
    rain: float
    snow: float
    inflow: float
    outflow: float  # off the map's edge, under the ground included
    evaporated: float
    stored: float  # on the ground, in it, as snow, and on the way between

    @property
    def error_m3(self) -> float:
        """What is there beyond what must be."""
        came = self.initial + self.rain + self.snow + self.inflow
        return self.stored - (came - self.outflow - self.evaporated)

    @property
    def error(self) -> float:
        """Relative to all that was moved: what came in and what went out, or a thousandth of what there was."""
        moved = self.rain + self.snow + self.inflow + self.outflow + abs(self.evaporated)
        return abs(self.error_m3) / max(moved, 1e-3 * self.initial, 1e-9)


@dataclass(frozen=True)
class EnergyLedger:
    """Where the net radiation went, J."""

    net_radiation: float
    sensible: float
    latent: float
    stored: float  # in soil, snow and water
    melted: float  # ice and snow melted, less what froze
    carried: float  # from flowing water that froze and took its ice away, and under ice that thinned

    @property
    def error(self) -> float:
        """What is missing, relative to the sum of all flows' sizes."""
        spent = (self.sensible, self.latent, self.stored, self.melted, self.carried)
        size = abs(self.net_radiation) + sum(abs(part) for part in spent)
        return abs(self.net_radiation - sum(spent)) / max(size, 1e-9)
