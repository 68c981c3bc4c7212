"""What the hidden index of the months does to the statistics of their rain (Katz & Parlange 1998), in closed form.

Averages over the index are by Gauss-Hermite quadrature; arrays are (12,), January first.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from world.sky.normals import LEAST_MM, MONTH_DAYS, DailyStatistics

Floats = NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(11)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
MOST_SWAY = 1.4
STEPS = 40  # of the searches


def _swayed(chance: Floats, logits: Floats) -> Floats:
    inside = np.clip(chance, 1e-9, 1.0 - 1e-9)
    result: Floats = 1.0 / (1.0 + (1.0 / inside - 1.0) * np.exp(-np.clip(logits, -30.0, 30.0)))
    return result


def _conditional(daily: DailyStatistics, sway: Floats) -> tuple[Floats, Floats]:
    """Chances of a wet day after a dry and after a wet one, (nodes, 12)."""
    logits = _NODES[:, None] * sway
    return _swayed(daily.p01, logits), _swayed(daily.p11, logits)


def monthly_moments(daily: DailyStatistics, sway: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of the month's rain in mm and mm2."""
    p01, p11 = _conditional(daily, sway)
    share, memory = p01 / (1.0 - p11 + p01), p11 - p01
    mean = LEAST_MM + daily.mix * daily.large_mm + (1.0 - daily.mix) * daily.small_mm
    second = 2.0 * (daily.mix * daily.large_mm**2 + (1.0 - daily.mix) * daily.small_mm**2)
    variance = second - (mean - LEAST_MM) ** 2
    n = MONTH_DAYS
    # Variance of the number of wet days in n days of a two-state chain. The power is next to nothing; a negative
    # memory, where wet days are followed by dry ones, has none to the 28.2425 days of a February.
    links = memory / (1.0 - memory) * (n - (1.0 - np.abs(memory) ** n) / (1.0 - memory))
    count = share * (1.0 - share) * (n + 2.0 * links)
    given_mean = n * share * mean
    given_variance = n * share * variance + count * mean**2
    total = _WEIGHTS @ given_mean
    result: Floats = _WEIGHTS @ given_variance + _WEIGHTS @ (given_mean - total) ** 2
    return total, result


def centred(daily: DailyStatistics) -> DailyStatistics:
    """The statistics with chances moved so that, over all values of the index, they come out as they stand here."""
    wanted = _logit(daily.p01), _logit(daily.p11)
    p01, p11 = daily.p01, daily.p11
    for _ in range(STEPS):
        given = replace(daily, p01=p01, p11=p11)
        after_dry, after_wet = _conditional(given, daily.sway)
        share = after_dry / (1.0 - after_wet + after_dry)
        seen01 = (_WEIGHTS @ ((1.0 - share) * after_dry)) / (_WEIGHTS @ (1.0 - share))
        seen11 = (_WEIGHTS @ (share * after_wet)) / (_WEIGHTS @ share)
        p01 = _swayed(p01, wanted[0] - _logit(seen01))
        p11 = _swayed(p11, wanted[1] - _logit(seen11))
    # A chance of 0 stays 0: where it never rains, it does not.
    return replace(daily, p01=np.where(daily.p01 > 0.0, p01, 0.0), p11=p11)


def _logit(chance: Floats) -> Floats:
    inside = np.clip(chance, 1e-9, 1.0 - 1e-9)
    result: Floats = np.log(inside / (1.0 - inside))
    return result


def sway_for(daily: DailyStatistics, months: NDArray[np.bool_], variance_mm2: float) -> float:
    """The sway, the same in all months, that gives the sum of the variances of some months' rain."""
    low, high = 0.0, MOST_SWAY
    for _ in range(STEPS):
        middle = 0.5 * (low + high)
        given = centred(replace(daily, sway=np.full(12, middle)))
        _, variance = monthly_moments(given, given.sway)
        if float(variance[months].sum()) > variance_mm2:
            high = middle
        else:
            low = middle
    return 0.5 * (low + high)
