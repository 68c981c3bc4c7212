"""Reads the weather record of a station: daily values from CSV, or hourly ones from an EnergyPlus weather file (EPW).

Every error is one sentence that names the file, the line and the column.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from world.sky.normals import LEAST_MM

Floats = NDArray[np.float64]

SYNONYMS = {
    "date": ("date", "day", "time", "datum"),
    "precipitation_mm": ("precipitation_mm", "precipitation", "precip_mm", "precip", "prcp", "rain_mm", "rain"),
    "temp_max_c": ("temp_max_c", "temp_max", "tmax_c", "tmax", "temperature_max_c", "temperature_2m_max", "tx"),
    "temp_min_c": ("temp_min_c", "temp_min", "tmin_c", "tmin", "temperature_min_c", "temperature_2m_min", "tn"),
    "wind_m_s": ("wind_m_s", "wind", "wind_speed_m_s", "wspd_m_s", "awnd"),
    "dew_c": ("dew_c", "dew_point_c", "dewpoint_c"),
    "cloud": ("cloud", "cloud_fraction"),
}
OPTIONAL = ("wind_m_s", "dew_c", "cloud")
RANGES = {
    "precipitation_mm": (0.0, 2000.0),
    "temp_max_c": (-95.0, 60.0),
    "temp_min_c": (-95.0, 60.0),
    "wind_m_s": (0.0, 110.0),
    "dew_c": (-99.0, 45.0),
    "cloud": (0.0, 1.0),
}
MISSING = ("", "na", "nan", "null", "none", "-")
DATE_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")
LEAST_DAYS_OF_MONTH = 20  # with rain and temperatures: less says little of a month
LARGEST_BYTES = 64 << 20
EPW_HEADER_LINES, EPW_FIELDS, EPW_HOURS = 8, 32, (8760, 8784)
EPW_COLUMNS = {  # position (from 0), the value from which it is missing, the least that may be
    "dry bulb temperature": (6, 99.9, -95.0),
    "dew point temperature": (7, 99.9, -99.0),
    "wind speed": (21, 999.0, 0.0),
    "total sky cover": (22, 99.0, 0.0),
    "liquid precipitation depth": (33, 999.0, 0.0),
}
EPW_NOMINAL_YEAR = 2001  # the months of a typical year come from different ones


class StationError(ValueError):
    """A station's file that cannot be read; the message is for the person who named it."""


@dataclass(frozen=True)
class Record:
    """Daily values of a station; arrays are (days,), NaN where a value is missing."""

    name: str
    ordinal: NDArray[np.int64]  # datetime.date.toordinal of each day, rising
    precipitation_mm: Floats
    temp_max_c: Floats
    temp_min_c: Floats
    mean_c: Floats
    wind_m_s: Floats
    dew_c: Floats
    cloud: Floats  # 0..1

    @property
    def month(self) -> NDArray[np.int64]:
        """Months of the days, 0 for January."""
        return np.array([date.fromordinal(int(o)).month - 1 for o in self.ordinal], dtype=np.int64)

    @property
    def year(self) -> NDArray[np.int64]:
        """Years of the days."""
        return np.array([date.fromordinal(int(o)).year for o in self.ordinal], dtype=np.int64)

    @property
    def has_rain(self) -> bool:
        """Some EPW files have no precipitation, or none but zeros."""
        return bool(np.any(self.precipitation_mm >= LEAST_MM))


def shipped() -> dict[str, Path]:
    """The stations that come with Hamlet, by name."""
    folder = Path(str(files("assets") / "stations"))
    return {path.stem: path for path in sorted(folder.glob("*.csv"))}


def read_station(path: Path | str) -> Record:
    """The record of a shipped station, by its name, or in a CSV or EPW file, told apart by how it begins.

    CSV: lines that begin with # are skipped; the header names the columns date, precipitation_mm, temp_max_c and
    temp_min_c, and may name wind_m_s, dew_c and cloud, or common other names of them; others are ignored.

    Raises:
        StationError: one sentence naming file, line, column and what would be right.
    """
    path = shipped().get(str(path), Path(path))
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise StationError(f"{path}: cannot be read ({error.strerror}).") from None
    if len(data) > LARGEST_BYTES:
        raise StationError(f"{path}: is larger than {LARGEST_BYTES >> 20} MiB, which no daily record is.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if not data.startswith(b"LOCATION,"):  # names of cities in EPW files are in all encodings
            line = data[: error.start].count(b"\n") + 1
            raise StationError(f"{path}, line {line}: is no UTF-8 text; save the file as UTF-8.") from None
        text = data.decode("latin-1")
    if "\0" in text:
        raise StationError(f"{path}: is no text; a station's file is CSV or EPW.")
    record = _epw(path, text) if text.startswith("LOCATION,") else _csv(path, text)
    _check_months(path, record)
    return record


def _csv(path: Path, text: str) -> Record:
    lines = text.splitlines()
    first = next((i for i, line in enumerate(lines) if line.strip() and not line.startswith("#")), None)
    if first is None:
        raise StationError(f"{path}: holds no data; the first line must name the columns, such as {_header()}.")
    delimiter = ";" if lines[first].count(";") > lines[first].count(",") else ","
    columns = _columns(path, first + 1, lines[first].split(delimiter))
    values: dict[str, list[float]] = {name: [] for name in RANGES}
    ordinals: list[int] = []
    for number, line in enumerate(lines[first + 1 :], start=first + 2):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            cells = next(csv.reader(io.StringIO(line), delimiter=delimiter))
        except csv.Error as error:
            raise StationError(f"{path}, line {number}: is no line of CSV ({error}).") from None
        most = max(columns.values())
        if len(cells) <= most:
            raise StationError(f"{path}, line {number}: has {len(cells)} columns where the header names {most + 1}.")
        ordinal = _day(path, number, columns["date"], cells[columns["date"]])
        if ordinals and ordinal <= ordinals[-1]:
            last = date.fromordinal(ordinals[-1])
            raise StationError(
                f"{path}, line {number}, column {columns['date'] + 1} (date): {cells[columns['date']].strip()} does "
                f"not come after {last}; days must rise, each once."
            )
        ordinals.append(ordinal)
        for name, (least, most_value) in RANGES.items():
            value = np.nan
            if name in columns:
                where = f"{path}, line {number}, column {columns[name] + 1} ({name})"
                value = _number(where, cells[columns[name]], least, most_value)
            values[name].append(value)
        if values["temp_max_c"][-1] < values["temp_min_c"][-1]:
            raise StationError(
                f"{path}, line {number}, column {columns['temp_max_c'] + 1} (temp_max_c): "
                f"{values['temp_max_c'][-1]:g} is below the day's temp_min_c, {values['temp_min_c'][-1]:g}."
            )
    found = {name: np.array(column, dtype=np.float64) for name, column in values.items()}
    mean = (found["temp_max_c"] + found["temp_min_c"]) / 2.0
    return Record(path.name, np.array(ordinals, dtype=np.int64), mean_c=mean, **found)


def _header() -> str:
    return "date,precipitation_mm,temp_max_c,temp_min_c,wind_m_s"


def _columns(path: Path, number: int, cells: list[str]) -> dict[str, int]:
    names = [cell.strip().strip('"').lower() for cell in cells]
    columns: dict[str, int] = {}
    for wanted, synonyms in SYNONYMS.items():
        at = [i for i, name in enumerate(names) if name in synonyms]
        if len(at) > 1:
            raise StationError(
                f"{path}, line {number}, column {at[1] + 1} ({names[at[1]]}): is a second column of {wanted}; keep one."
            )
        if at:
            columns[wanted] = at[0]
        elif wanted not in OPTIONAL:
            raise StationError(
                f"{path}, line {number}: no column is called {wanted}; the header must be like {_header()}, and is "
                f"{','.join(names)[:80]!r}."
            )
    return columns


def _day(path: Path, number: int, column: int, text: str) -> int:
    for form in DATE_FORMATS:
        try:
            return datetime.strptime(text.strip(), form).date().toordinal()  # noqa: DTZ007 (a date)
        except ValueError:
            continue
    raise StationError(
        f"{path}, line {number}, column {column + 1} (date): {text.strip()[:40]!r} is no date; write 2015-12-31."
    )


def _number(where: str, text: str, least: float, most: float) -> float:
    text = text.strip()
    if text.lower() in MISSING:
        return float("nan")
    try:
        value = float(text)
    except ValueError:
        raise StationError(
            f"{where}: {text[:40]!r} is no number; leave the cell empty where none was measured."
        ) from None
    if not least <= value <= most:
        raise StationError(
            f"{where}: {value:g} lies outside {least:g} to {most:g}; leave the cell empty where none was measured."
        )
    return value


def _epw(path: Path, text: str) -> Record:
    lines = text.splitlines()
    body = lines[EPW_HEADER_LINES:]
    while body and not body[-1].strip():
        body.pop()
    if len(body) not in EPW_HOURS:
        raise StationError(
            f"{path}, line {len(lines)}: an EPW file has {EPW_HEADER_LINES} lines of header and 8760 or 8784 hours, "
            f"and this one has {len(body)} hours."
        )
    table = np.full((len(body), len(EPW_COLUMNS)), np.nan)
    days = np.zeros(len(body), dtype=np.int64)
    for row, line in enumerate(body):
        number = row + EPW_HEADER_LINES + 1
        cells = line.split(",")
        if len(cells) < EPW_FIELDS:
            raise StationError(
                f"{path}, line {number}: has {len(cells)} columns where an hour of EPW has at least {EPW_FIELDS}."
            )
        days[row] = _epw_day(path, number, cells)
        for at, (name, (column, missing, least)) in enumerate(EPW_COLUMNS.items()):
            if column < len(cells):
                where = f"{path}, line {number}, column {column + 1} ({name})"
                value = _number(where, cells[column], least, 9999.0)
                table[row, at] = np.nan if value >= missing else value
    return _days_of_hours(path.name, days, table)


def _epw_day(path: Path, number: int, cells: list[str]) -> int:
    for column, name in ((1, "month"), (2, "day")):
        if not re.fullmatch(r"[0-9]{1,2}", cells[column].strip()):
            raise StationError(
                f"{path}, line {number}, column {column + 1} ({name}): {cells[column].strip()[:40]!r} is no number "
                f"of a {name}."
            )
    month, day = int(cells[1]), int(cells[2])
    try:
        return date(EPW_NOMINAL_YEAR, month, min(day, 28) if month == 2 else day).toordinal()
    except ValueError:
        raise StationError(f"{path}, line {number}, column 3 (day): month {month} has no day {day}.") from None


def _days_of_hours(name: str, days: NDArray[np.int64], table: Floats) -> Record:
    ordinals = np.unique(days)
    found = {key: np.full(len(ordinals), np.nan) for key in (*RANGES, "mean_c")}
    for at, ordinal in enumerate(ordinals):
        hours = table[days == ordinal]
        dry, dew, wind, cover, rain = (column[~np.isnan(column)] for column in hours.T)
        if len(dry):
            found["temp_max_c"][at], found["temp_min_c"][at] = dry.max(), dry.min()
            found["mean_c"][at] = dry.mean()
        for key, column in (("dew_c", dew), ("wind_m_s", wind)):
            if len(column):
                found[key][at] = column.mean()
        if len(cover):
            found["cloud"][at] = min(1.0, cover.mean() / 10.0)
        if len(rain):
            found["precipitation_mm"][at] = rain.sum()
    return Record(name, ordinals, **found)


def _check_months(path: Path, record: Record) -> None:
    usable = ~np.isnan(record.temp_max_c + record.temp_min_c)
    if record.has_rain:
        usable &= ~np.isnan(record.precipitation_mm)
    counts = np.bincount(record.month[usable], minlength=12) if len(record.ordinal) else np.zeros(12, dtype=np.int64)
    for month in range(12):
        if counts[month] < LEAST_DAYS_OF_MONTH:
            name = date(EPW_NOMINAL_YEAR, month + 1, 1).strftime("%B")
            raise StationError(
                f"{path}: holds {counts[month]} complete days of {name}; a climate needs at least "
                f"{LEAST_DAYS_OF_MONTH} of every month."
            )
