"""What a kind of weather, forced or the climate's own, makes of one moment, and how several mix."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from datetime import datetime

LEAST_MM_H, MOST_MM_H = 0.01, 260.0  # less is nothing; 305 mm fell in the wettest hour known (Holt 1947)


@dataclass(frozen=True)
class Air:
    """What one kind of weather makes of a moment."""

    temperature_c: float
    spread_c: float  # temperature minus dew point
    cloud: float
    wind_m_s: float
    direction: float  # off the prevailing one
    pressure_pa: float
    even_mm_h: float  # precipitation, before its texture
    storm_mm_h: float  # of a forced storm, likewise
    mist: float  # everywhere, and
    fog: float  # in the valley only: shares of the densest
    fog_top_m: float  # above the village


def mixed(parts: list[tuple[float, Air]]) -> Air:
    """Airs by their shares."""
    if len(parts) == 1:
        return parts[0][1]
    total = sum(share for share, _ in parts)
    return Air(**{f.name: sum(s * getattr(air, f.name) for s, air in parts) / total for f in fields(Air)})


def bounded_mm_h(rate: float) -> float:
    """A rate of precipitation without what is too little to call so, and below the most that falls on Earth."""
    return 0.0 if rate < LEAST_MM_H else MOST_MM_H * math.tanh(rate / MOST_MM_H)


def hour_of(local: datetime) -> float:
    """Hours since local midnight."""
    return local.hour + local.minute / 60.0 + (local.second + local.microsecond * 1e-6) / 3600.0
