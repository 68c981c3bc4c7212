"""Climate and weather: the generator against the station that it was fitted to, and the air over the map.

The station is the scenario's; where it names none, Seattle-Tacoma's record stands in, to which another climate is
fitted for the purpose. The baseline is a generator of independent days with the same monthly means: gamma rain,
normal temperatures and one diurnal range.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray
from scipy import integrate, stats

from world.scorecard.card import Chart, Metric, Series, Value
from world.scorecard.subject import Subject
from world.sky.air import DROPS_PER_M3_MM, drop_slope_mm, fall_speed_m_s
from world.sky.climate import Climate, ClimateConfig, climate_of
from world.sky.daily import Days
from world.sky.field import AirField, Relief, relief_of
from world.sky.normals import LEAST_MM, MONTH_DAYS
from world.sky.station import Record, read_station
from world.sky.weather import UPDATE_S, Sky, WeatherOpening

Floats = NDArray[np.float64]

YEARS = 100  # of generated days; the spread of the figures between seeds tells what that is worth
FIRST_YEAR = 1900
LEAST_YEARS = 3  # of a record, to know how months differ from year to year
SEATTLE = ClimateConfig(latitude=47.44, altitude_m=113.0, sea_distance_km=100.0)
SHAPE = 0.7  # of the baseline's gamma rain
LAPSE_EVERY_H = 6 * 24 + 1  # through the year, at all hours of the day
LAPSE_MOMENTS = 60
DAYLIGHT_W_M2 = 60.0  # the air is mixed; by night it is coldest in the hollows
LEAST_RELIEF_M = 30.0
RATES_MM_H = (1.0, 3.0, 10.0, 30.0)
LARGEST_DROP_MM = 8.0
SUMMED_DAYS = 5
SUMMED_STEP_S = 12 * UPDATE_S


@dataclass(frozen=True)
class DayTable:
    """Days of a record or a generator; arrays (days,), NaN where nothing was measured."""

    month: NDArray[np.int64]  # 0 for January
    year: NDArray[np.int64]
    rain_mm: Floats
    mean_c: Floats
    range_c: Floats

    @property
    def wet(self) -> NDArray[np.bool_]:
        """Days with rain."""
        return np.nan_to_num(self.rain_mm) >= LEAST_MM


def of_record(record: Record) -> DayTable:
    """The days of a station."""
    span = record.temp_max_c - record.temp_min_c
    return DayTable(record.month, record.year, record.precipitation_mm, record.mean_c, span)


def of_generator(climate: Climate, seed: int, years: int = YEARS) -> DayTable:
    """Days of the generator, years on end."""
    first, last = date(FIRST_YEAR, 1, 1).toordinal(), date(FIRST_YEAR + years, 1, 1).toordinal()
    days = Days(climate, seed).days(first, last - first)
    dates = [date.fromordinal(day.ordinal) for day in days]
    return DayTable(
        np.array([day.month - 1 for day in dates]),
        np.array([day.year for day in dates]),
        np.array([day.rain_mm for day in days]),
        np.array([day.mean_c for day in days]),
        np.array([day.range_c for day in days]),
    )


def independent(like: DayTable, truth: DayTable, draw: np.random.Generator) -> DayTable:
    """The baseline: as many days as `like` has, each drawn for itself with the monthly means of `truth`."""
    rain, mean = np.zeros(len(like.month)), np.zeros(len(like.month))
    for month in range(12):
        rows, known = like.month == month, truth.month == month
        count = int(rows.sum())
        wet = truth.wet & known
        amount = float(np.mean(truth.rain_mm[wet])) if wet.any() else 1.0
        falls = draw.random(count) < float(wet.sum()) / max(int(known.sum()), 1)
        rain[rows] = np.where(falls, LEAST_MM + draw.gamma(SHAPE, amount / SHAPE, count), 0.0)
        usual, spread = float(np.nanmean(truth.mean_c[known])), float(np.nanstd(truth.mean_c[known]))
        mean[rows] = draw.normal(usual, spread, count)
    span = np.full(len(like.month), float(np.nanmean(truth.range_c)))
    return replace(like, rain_mm=rain, mean_c=mean, range_c=span)


@dataclass(frozen=True)
class Compared:
    """What the days are measured with."""

    name: str  # of the station
    climate: Climate
    truth: DayTable
    ours: DayTable
    baseline: DayTable


def compared(subject: Subject) -> Compared:
    """The station of a scenario, or the shipped one, beside what the generator makes of it."""

    def make() -> Compared:
        config = replace(subject.config.climate, annual_rain_mm=None, temperature_c=None)
        if config.station is None:
            config = replace(SEATTLE, station="seattle_tacoma")
        assert config.station is not None
        record, climate = read_station(config.station), climate_of(config)
        truth, ours = of_record(record), of_generator(climate, subject.seed)
        name = record.name + ("" if subject.config.station else ", shipped: the scenario names no station")
        return Compared(name, climate, truth, ours, independent(ours, truth, subject.rng("independent days")))

    return subject.shared("days beside the station", make)


def wet_day_error(days: DayTable, truth: DayTable) -> Value:
    """Mean over the months of the difference in the share of wet days."""
    if not truth.wet.any():
        return None
    shares = [[float(t.wet[t.month == m].mean()) for m in range(12)] for t in (days, truth)]
    return float(np.mean(np.abs(np.array(shares[0]) - np.array(shares[1]))))


def spell_ratio(days: DayTable, truth: DayTable, wet: bool) -> Value:
    """Mean length of wet or of dry spells over the station's."""
    if not truth.wet.any():
        return None
    return _spell_length(days.wet == wet) / _spell_length(truth.wet == wet)


def _spell_length(inside: NDArray[np.bool_]) -> float:
    begins = int(np.sum(inside[1:] & ~inside[:-1])) + int(inside[0])
    return float(inside.sum()) / max(begins, 1)


def month_variance_ratio(days: DayTable, truth: DayTable) -> Value:
    """Variance of the months' rain from year to year, summed over the months, over the station's."""
    whole = _month_totals(truth)
    if whole.shape[1] < LEAST_YEARS or not truth.wet.any():
        return None
    return float(np.var(_month_totals(days), axis=1, ddof=1).sum() / np.var(whole, axis=1, ddof=1).sum())


def _month_totals(days: DayTable) -> Floats:
    """Rain of each month, (12, years), of the years of which all months are known."""
    years = []
    for year in np.unique(days.year):
        rows = [np.flatnonzero((days.month == m) & (days.year == year)) for m in range(12)]
        known = [row[~np.isnan(days.rain_mm[row])] for row in rows]
        if all(len(row) >= 0.9 * length for row, length in zip(known, MONTH_DAYS, strict=True)):
            years.append([float(days.rain_mm[row].mean() * n) for row, n in zip(known, MONTH_DAYS, strict=True)])
    return np.array(years).T if years else np.zeros((12, 0))


def range_error_c(days: DayTable, truth: DayTable) -> float:
    """Largest difference of a month's mean diurnal range."""
    means = [[float(np.nanmean(t.range_c[t.month == m])) for m in range(12)] for t in (days, truth)]
    return float(np.max(np.abs(np.array(means[0]) - np.array(means[1]))))


def memory(days: DayTable) -> float:
    """Correlation from day to day of the mean temperature's departure from its month's."""
    usual = np.array([float(np.nanmean(days.mean_c[days.month == m])) for m in range(12)])
    anomaly = days.mean_c - usual[days.month]
    return float(np.nanmean(anomaly[1:] * anomaly[:-1]) / np.nanvar(anomaly))


def amounts_p(days: DayTable, truth: DayTable) -> Value:
    """Median over the months of Kolmogorov and Smirnov's p that wet days' amounts are drawn from one distribution."""
    values = []
    for month in range(12):
        ours, theirs = (t.rain_mm[t.wet & (t.month == month)] for t in (days, truth))
        if min(len(ours), len(theirs)) >= 5:
            values.append(float(stats.ks_2samp(ours, theirs).pvalue))
    return float(np.median(values)) if values else None


def rain_of_drops(rate_mm_h: float, most_mm: float = LARGEST_DROP_MM) -> float:
    """Rain that the spectrum of drops brings down, over the rate that it belongs to."""
    slope = drop_slope_mm(rate_mm_h)

    def flux(diameter_mm: float) -> float:
        drops = DROPS_PER_M3_MM * np.exp(-slope * diameter_mm)
        return float(np.pi / 6.0 * diameter_mm**3 * drops * fall_speed_m_s(diameter_mm))

    total, _ = integrate.quad(flux, 0.0, most_mm)  # mm3 per m2 and second
    return float(total) * 3600.0 * 1e-6 / rate_mm_h


def worst_rain_of_drops() -> float:
    """The ratio farthest from 1 over light and heavy rain."""
    return max((rain_of_drops(rate) for rate in RATES_MM_H), key=lambda ratio: abs(ratio - 1.0))


def _one_size_of_drops() -> float:
    """Ratio at 10 mm/h if the same number of drops all had the mean diameter."""
    slope = drop_slope_mm(10.0)
    return float(DROPS_PER_M3_MM / slope * np.pi / 6.0 / slope**3 * fall_speed_m_s(1.0 / slope) * 3.6e-3 / 10.0)


def lapse_c_km(field: AirField, relief: Relief) -> float:
    """Cooling of the air with height over the map, by least squares."""
    slope, _ = np.polyfit(relief.heights.ravel(), field.temperature_c.ravel(), 1)
    return -1000.0 * float(slope)


def mean_lapse_c_km(sky: Sky) -> Value:
    """Over hours of daylight of a year; None where the map is level or the sun stays down."""
    relief = sky.terrain.relief
    if float(np.ptp(relief.heights)) < LEAST_RELIEF_M:
        return None
    moments = [3600.0 * LAPSE_EVERY_H * k for k in range(LAPSE_MOMENTS)]
    light = [second for second in moments if sky.at(second).sun_w_m2 > DAYLIGHT_W_M2]
    return float(np.mean([lapse_c_km(sky.field(second), relief) for second in light])) if light else None


def hours_over_day(sky: Sky, start: datetime) -> Value:
    """Rain that falls at the village through the year's first wet days, over what the days say."""
    first = start.toordinal()
    wet = [day for day in sky.days.days(first, 365) if day.rain_mm > 0.5][:SUMMED_DAYS]
    if not wet:
        return None
    fallen = 0.0
    for day in wet:
        for step in range(0, 86400, SUMMED_STEP_S):
            weather = sky.at((day.ordinal - first) * 86400.0 + step)
            fallen += (weather.rain_mm_h + weather.snow_mm_h) * SUMMED_STEP_S / 3600.0
    return fallen / sum(day.rain_mm for day in wet)


def _sky(subject: Subject) -> Sky:
    """The scenario's own climate over its own map, with nothing forced."""

    def make() -> Sky:
        config, valley = subject.config, subject.valley
        relief = relief_of(valley.heights, valley.origin, valley.cell_m, valley.buildings)
        return Sky(
            WeatherOpening("climate"), climate_of(config.climate), config.seed, _year(subject), config.longitude, relief
        )

    return subject.shared("the climate's sky", make)


def _year(subject: Subject) -> datetime:
    return datetime(subject.config.start.year, 1, 1)  # noqa: DTZ001 (local mean solar time)


INDEPENDENT = "independent days"
METRICS: tuple[Metric, ...] = (
    Metric(
        key="wet_days",
        name="share of wet days, difference from the station",
        group="weather",
        unit="",
        accepted=(0.0, 0.03),
        source="the station that fitted it",
        measure=lambda subject: wet_day_error(compared(subject).ours, compared(subject).truth),
        baseline=lambda subject: wet_day_error(compared(subject).baseline, compared(subject).truth),
        against=INDEPENDENT,
    ),
    Metric(
        key="wet_spells",
        name="length of wet spells over the station's",
        group="weather",
        unit="",
        accepted=(0.9, 1.1),
        source="the station that fitted it",
        measure=lambda subject: spell_ratio(compared(subject).ours, compared(subject).truth, wet=True),
        baseline=lambda subject: spell_ratio(compared(subject).baseline, compared(subject).truth, wet=True),
        against=INDEPENDENT,
    ),
    Metric(
        key="dry_spells",
        name="length of dry spells over the station's",
        group="weather",
        unit="",
        accepted=(0.9, 1.1),
        source="the station that fitted it",
        measure=lambda subject: spell_ratio(compared(subject).ours, compared(subject).truth, wet=False),
        baseline=lambda subject: spell_ratio(compared(subject).baseline, compared(subject).truth, wet=False),
        against=INDEPENDENT,
    ),
    Metric(
        key="monthly_variance",
        name="variance of the months' rain over the station's",
        group="weather",
        unit="",
        accepted=(0.8, 1.2),
        source="Katz & Parlange 1998",
        measure=lambda subject: month_variance_ratio(compared(subject).ours, compared(subject).truth),
        baseline=lambda subject: month_variance_ratio(compared(subject).baseline, compared(subject).truth),
        against=INDEPENDENT,
    ),
    Metric(
        key="amounts",
        name="wet days' amounts, median Kolmogorov-Smirnov p",
        group="weather",
        unit="",
        accepted=(0.05, 1.0),
        source="Wilks 1999",
        measure=lambda subject: amounts_p(compared(subject).ours, compared(subject).truth),
        baseline=lambda subject: amounts_p(compared(subject).baseline, compared(subject).truth),
        against=INDEPENDENT,
    ),
    Metric(
        key="diurnal_range",
        name="diurnal range, largest difference of a month from the station",
        group="weather",
        unit="K",
        accepted=(0.0, 1.0),
        source="the station that fitted it",
        measure=lambda subject: range_error_c(compared(subject).ours, compared(subject).truth),
        baseline=lambda subject: range_error_c(compared(subject).baseline, compared(subject).truth),
        against=INDEPENDENT,
    ),
    Metric(
        key="memory",
        name="correlation of temperature from day to day",
        group="weather",
        unit="",
        accepted=(0.5, 0.8),
        source="Wilks 2011, chapter 9",
        measure=lambda subject: memory(compared(subject).ours),
        baseline=lambda subject: memory(compared(subject).baseline),
        against=INDEPENDENT,
    ),
    Metric(
        key="lapse",
        name="cooling of the air with height, by day",
        group="weather",
        unit="K/km",
        accepted=(4.0, 9.0),
        source="Rolland 2003; Liston & Elder 2006",
        measure=lambda subject: mean_lapse_c_km(_sky(subject)),
        baseline=lambda _: 0.0,
        against="one air everywhere",
    ),
    Metric(
        key="hours",
        name="rain of the hours over that of their days",
        group="weather",
        unit="",
        accepted=(0.95, 1.05),
        source="conservation",
        measure=lambda subject: hours_over_day(_sky(subject), _year(subject)),
    ),
    Metric(
        key="drops",
        name="rain that the spectrum of drops brings, relative",
        group="weather",
        unit="",
        accepted=(0.9, 1.1),
        source="Marshall & Palmer 1948; Atlas & Ulbrich 1977",
        measure=lambda _: worst_rain_of_drops(),
        baseline=lambda _: _one_size_of_drops(),
        against="drops of one size",
        per_seed=False,
    ),
)


def charts(subject: Subject) -> tuple[Chart, ...]:
    """The generator's year beside the station's, and the scenario's own climate."""
    found = compared(subject)
    months = np.arange(1.0, 13.0)
    rain = [np.array([_mean_of(t, m, t.rain_mm) for m in range(12)]) * MONTH_DAYS for t in (found.ours, found.truth)]
    spread = [np.std(_month_totals(t), axis=1) for t in (found.ours, found.truth, found.baseline)]
    climate = climate_of(subject.config.climate)
    return (
        Chart(
            "rain_of_months",
            f"Rain of the months: {YEARS} generated years and the station ({found.name})",
            "month",
            "mm",
            (
                Series("generated", months, rain[0], "bars"),
                Series("station", months, rain[1], "points"),
                Series("generated, from year to year (standard deviation)", months, spread[0]),
                Series("station, likewise", months, spread[1], "reference"),
                Series("independent days, likewise", months, spread[2], "baseline"),
            ),
        ),
        Chart(
            "climate",
            f"Climate of the scenario, by {climate.source}",
            "month",
            "°C; mm per day",
            (
                Series("mean temperature", months, climate.temperature_c),
                Series("night's minimum", months, climate.temperature_c - climate.diurnal_range_c / 2.0),
                Series("day's maximum", months, climate.temperature_c + climate.diurnal_range_c / 2.0),
                Series("rain per day", months, climate.rain_mm / MONTH_DAYS, "bars"),
            ),
        ),
    )


def _mean_of(days: DayTable, month: int, values: Floats) -> float:
    return float(np.nanmean(values[days.month == month]))
