"""Fits the climate to a station's record: its normals, and the statistics from which the generator draws days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from world.sky.air import saturation_pa
from world.sky.normals import (
    LEAST_MM,
    MONTH_DAYS,
    Climate,
    DailyStatistics,
    hargreaves_mm,
    knots_of,
    through_the_year,
)
from world.sky.station import Record, StationError
from world.sky.wetness import centred, sway_for
from world.sky.zonal import cloud_of, dryness_of

Floats = NDArray[np.float64]

PRIOR_DAYS = 2.0  # of the year's mean that each month's chances are drawn to
LEAST_WET_DAYS = 12  # of a month, to have a mixture of its own
EM_STEPS = 300
LEAST_YEARS = 3  # to tell how months differ from year to year
MOST_SLOW = 0.5
USUAL_SLOW = 0.15
LEAST_VARIANCE_C2 = 1e-4
LEAST_RANGE_C = 0.5  # of a day's temperature
LEAST_MEAN_MM = 0.05  # of the amounts above the least: a record may hold nothing but the least


def fitted(
    record: Record, zonal: Climate, annual_rain_mm: float | None = None, temperature_c: float | None = None
) -> Climate:
    """The climate of a station; what it did not measure is the zonal climate's.

    Args:
        record: the station's days.
        zonal: of the same place.
        annual_rain_mm: replaces the record's mean; amounts are scaled.
        temperature_c: replaces the record's mean of the year.

    Raises:
        StationError: the record holds no rain, as many EPW files do, and `annual_rain_mm` does not say how much falls.
    """
    if annual_rain_mm is None and not record.has_rain:
        raise StationError(
            f"{record.name}: holds no rain, and nobody can tell whether none fell or none was measured; "
            "say how much falls in a year with climate.annual_rain_mm."
        )
    month = record.month
    temperature = _monthly(record.mean_c, month, zonal.temperature_c)
    if temperature_c is not None:
        temperature = temperature + temperature_c - float(temperature @ MONTH_DAYS / MONTH_DAYS.sum())
    ranges = _monthly(record.temp_max_c - record.temp_min_c, month, zonal.diurnal_range_c)
    daily = zonal.daily
    wet = np.zeros(len(month), dtype=bool)
    rain, wet_days = zonal.rain_mm, zonal.wet_days
    if record.has_rain:
        valid = ~np.isnan(record.precipitation_mm)
        wet = valid & (record.precipitation_mm >= LEAST_MM)
        rain = _monthly(record.precipitation_mm, month, zonal.rain_mm / MONTH_DAYS) * MONTH_DAYS
        wet_days = _monthly(np.where(valid, wet, np.nan), month, zonal.wet_days / MONTH_DAYS) * MONTH_DAYS
        scale = 1.0 if annual_rain_mm is None else annual_rain_mm / max(float(rain.sum()), 1e-9)
        rain = rain * scale
        daily = _rain_statistics(record, daily, month, wet, scale)
    daily = _temperature_statistics(record, daily, month, wet, wet_days / MONTH_DAYS)
    pet = hargreaves_mm(zonal.latitude, temperature, ranges)
    dryness = _monthly(record.temp_min_c - record.dew_c, month, dryness_of(pet, rain))
    daily = replace(daily, dryness_c=dryness)
    dew = temperature - ranges / 2.0 - dryness
    humidity = [min(0.99, saturation_pa(d) / saturation_pa(t)) for d, t in zip(dew, temperature, strict=True)]
    return replace(
        zonal,
        temperature_c=temperature,
        diurnal_range_c=ranges,
        rain_mm=rain,
        wet_days=wet_days,
        humidity=np.array(humidity),
        wind_m_s=np.maximum(_monthly(record.wind_m_s, month, zonal.wind_m_s), 0.3),
        cloud=np.clip(_monthly(record.cloud, month, cloud_of(wet_days / MONTH_DAYS)), 0.03, 0.97),
        pet_mm=pet,
        daily=daily,
        source=f"{record.name}, {len(record.ordinal)} days" + ("" if record.has_rain else ", rain as given"),
    )


def _monthly(values: Floats, month: NDArray[np.int64], fallback: Floats) -> Floats:
    """Means of the months; the fallback's where nothing was measured."""
    result = np.array(fallback, dtype=np.float64)
    for m in range(12):
        there = values[(month == m) & ~np.isnan(values)]
        if len(there):
            result[m] = float(np.mean(there))
    return result


def _rain_statistics(
    record: Record, daily: DailyStatistics, month: NDArray[np.int64], wet: NDArray[np.bool_], scale: float
) -> DailyStatistics:
    p01, p11 = _chances(record, month, wet)
    mix, small, large = np.empty(12), np.empty(12), np.empty(12)
    every = record.precipitation_mm[wet] - LEAST_MM
    pooled = mixture(every)
    for m in range(12):
        amounts = record.precipitation_mm[wet & (month == m)] - LEAST_MM
        if len(amounts) >= LEAST_WET_DAYS:
            mix[m], small[m], large[m] = mixture(amounts)
        else:
            usual = max(float(every.mean()), LEAST_MEAN_MM)
            ratio = max(float(amounts.mean()), LEAST_MEAN_MM) / usual if len(amounts) else 1.0
            mix[m], small[m], large[m] = pooled[0], pooled[1] * ratio, pooled[2] * ratio
    plain = replace(daily, p01=p01, p11=p11, mix=mix, small_mm=small, large_mm=large, sway=np.zeros(12))
    variance, months = _variance_of_months(record, month)
    sway = daily.sway
    if months.any():
        sway = np.full(12, sway_for(plain, months, float(variance[months].sum())))
    return centred(replace(plain, sway=sway, small_mm=scale * small, large_mm=scale * large))


def _chances(record: Record, month: NDArray[np.int64], wet: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Chances of a wet day after a dry and after a wet one; a day counts to its own month."""
    follows = (np.diff(record.ordinal) == 1) & ~np.isnan(record.precipitation_mm[1:])
    follows &= ~np.isnan(record.precipitation_mm[:-1])
    chances = []
    for before in (False, True):
        from_state = follows & (wet[:-1] == before)
        pooled = (float(np.sum(from_state & wet[1:])) + 0.5) / (float(np.sum(from_state)) + 1.0)
        there = np.array([float(np.sum(from_state & (month[1:] == m))) for m in range(12)])
        turned = np.array([float(np.sum(from_state & wet[1:] & (month[1:] == m))) for m in range(12)])
        chances.append((turned + PRIOR_DAYS * pooled) / (there + PRIOR_DAYS))
    return chances[0], chances[1]


def mixture(amounts_mm: Floats) -> tuple[float, float, float]:
    """Weight of the larger, mean of the smaller and mean of the larger of two exponentials, by maximum likelihood.

    Expectation and maximisation from a fixed start; one exponential twice where two are not told apart.
    """
    mean = max(float(np.mean(amounts_mm)), LEAST_MEAN_MM)
    share, small, large = 0.5, 0.4 * mean, 1.6 * mean
    for _ in range(EM_STEPS):
        one = share / large * np.exp(-amounts_mm / large)
        other = (1.0 - share) / small * np.exp(-amounts_mm / small)
        of_large = one / np.maximum(one + other, 1e-300)
        share = min(0.98, max(0.02, float(np.mean(of_large))))
        large = max(float(np.sum(of_large * amounts_mm) / max(float(np.sum(of_large)), 1e-9)), LEAST_MEAN_MM)
        small = max(
            float(np.sum((1.0 - of_large) * amounts_mm) / max(float(np.sum(1.0 - of_large)), 1e-9)), LEAST_MEAN_MM
        )
    fit = share * large + (1.0 - share) * small
    return share, small * mean / fit, large * mean / fit


def _variance_of_months(record: Record, month: NDArray[np.int64]) -> tuple[Floats, NDArray[np.bool_]]:
    """Variance over the years of each month's rain, and which months have years enough."""
    year = record.year
    variance, enough = np.zeros(12), np.zeros(12, dtype=bool)
    for m in range(12):
        totals = []
        for y in np.unique(year):
            days = record.precipitation_mm[(month == m) & (year == y)]
            days = days[~np.isnan(days)]
            if len(days) >= 0.9 * MONTH_DAYS[m]:
                totals.append(float(days.mean()) * float(MONTH_DAYS[m]))
        if len(totals) >= LEAST_YEARS:
            enough[m], variance[m] = True, float(np.var(totals, ddof=1))
    return variance, enough


def _temperature_statistics(
    record: Record, daily: DailyStatistics, month: NDArray[np.int64], wet: NDArray[np.bool_], wet_share: Floats
) -> DailyStatistics:
    span = record.temp_max_c - record.temp_min_c
    knots = knots_of(_monthly(record.mean_c, month, np.zeros(12)))
    usual = np.array([through_the_year(knots, date.fromordinal(int(o))) for o in record.ordinal])
    anomaly = record.mean_c - usual
    measured = ~np.isnan(anomaly)
    shift, dry_range, wet_range = daily.wet_shift_c.copy(), daily.range_dry_c.copy(), daily.range_wet_c.copy()
    ranges = _monthly(span, month, daily.range_dry_c)
    rainy, rainless = span[wet & measured], span[~wet & measured]
    ratio = 1.0  # where it rains every day, or never
    if len(rainy) and len(rainless):
        ratio = max(float(np.mean(rainy)), LEAST_RANGE_C) / max(float(np.mean(rainless)), LEAST_RANGE_C)
    spread = daily.spread_c.copy()
    for m in range(12):
        rows = measured & (month == m)
        if not wet.any():
            dry_range[m] = wet_range[m] = ranges[m]
            shift[m] = 0.0
        elif min(np.sum(rows & wet), np.sum(rows & ~wet)) >= LEAST_WET_DAYS:
            wet_range[m], dry_range[m] = float(span[rows & wet].mean()), float(span[rows & ~wet].mean())
            shift[m] = float(anomaly[rows & wet].mean() - anomaly[rows & ~wet].mean())
        else:
            dry_range[m] = ranges[m] / (1.0 - wet_share[m] + ratio * wet_share[m])
            wet_range[m] = ratio * dry_range[m]
        left = anomaly[rows] - shift[m] * (wet[rows] - wet_share[m])
        spread[m] = max(0.3, float(np.std(left)))
    moved = shift[month] * (wet - wet_share[month])
    slow, memory = _slow_and_memory(record, month, anomaly, moved, daily.memory)
    expected = np.where(wet, wet_range[month], dry_range[month])
    logs = np.log(np.maximum(span[measured], 0.3) / np.maximum(expected[measured], 0.3))
    return replace(
        daily,
        spread_c=spread,
        slow=np.full(12, slow),
        wet_shift_c=shift,
        range_dry_c=np.maximum(dry_range, LEAST_RANGE_C),
        range_wet_c=np.maximum(wet_range, LEAST_RANGE_C),
        range_spread=min(0.7, max(0.1, float(np.std(logs)))),
        memory=memory,
    )


def _slow_and_memory(
    record: Record, month: NDArray[np.int64], anomaly: Floats, moved: Floats, usual: float
) -> tuple[float, float]:
    """Share of the variance that stays all month, and the correlation from day to day of the rest.

    Both the correlation of days on end and the variance of the months' means must come out: with s the share and
    r = s + (1 - s) m the correlation, the means have the variance s + (1 - s) g(m), g that of means of an AR(1).

    Args:
        record: the station's days.
        month: of each day.
        anomaly: of each day's mean temperature.
        moved: the part of it that being wet or dry explains.
        usual: the memory where no two days on end were measured, or no day differs from the next.
    """
    residual = anomaly - moved
    measured = ~np.isnan(residual)
    on_end = (np.diff(record.ordinal) == 1) & measured[1:] & measured[:-1]
    variance = float(np.nanvar(residual))
    if variance < LEAST_VARIANCE_C2 or not on_end.any():
        return USUAL_SLOW, usual
    # The generator adds what wetness explains to the rest, so that is taken out of the correlation, not of the days.
    explained = float(np.mean((moved[:-1] * moved[1:])[on_end]))
    correlation = (float(np.mean((anomaly[:-1] * anomaly[1:])[on_end])) - explained) / variance
    correlation = min(0.95, max(0.2, correlation))
    year = record.year
    years = [np.unique(year[measured & (month == m)]) for m in range(12)]
    fewest = min(len(found) for found in years)
    if fewest < LEAST_YEARS:
        return USUAL_SLOW, min(0.9, max(0.1, (correlation - USUAL_SLOW) / (1.0 - USUAL_SLOW)))
    means = [float(np.nanmean(residual[(month == m) & (year == y)])) for m in range(12) for y in years[m].tolist()]
    # Months were measured against the mean of the same few years.
    wanted = float(np.mean(np.square(means))) / variance * fewest / (fewest - 1.0)
    shares = np.linspace(0.0, min(MOST_SLOW, correlation - 0.1), 101)
    memories = (correlation - shares) / (1.0 - shares)
    lags = np.arange(1, 30)[:, None]
    of_means = (1.0 + 2.0 * np.sum((1.0 - lags / 30.0) * memories**lags, axis=0)) / 30.0
    best = int(np.argmin(np.abs(shares + (1.0 - shares) * of_means - wanted)))
    return float(shares[best]), float(memories[best])
