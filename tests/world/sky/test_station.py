"""Station files: the shipped one, EPW against pvlib's reader, and every error names file, line and column."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pvlib.iotools import read_epw

from tests.world.sky.skies import climate_at
from world.sky.climate import ClimateConfig, climate_of
from world.sky.daily import Days
from world.sky.fit import fitted, mixture
from world.sky.station import Record, StationError, read_station

SEATTLE = Path(str(files("assets"))) / "stations" / "seattle_tacoma.csv"
HEADER = "date,precipitation_mm,temp_max_c,temp_min_c,wind_m_s"


def year_of_csv(header: str = HEADER) -> list[str]:
    first = date(2021, 1, 1).toordinal()
    rows = [f"{date.fromordinal(first + i)},{(i % 3) * 2.5},{10 + i % 7},{3 + i % 5},2.5" for i in range(365)]
    return [header, *rows]


def test_the_shipped_station() -> None:
    record = read_station("seattle_tacoma")
    assert len(record.ordinal) == 1461 and record.has_rain
    assert record.ordinal[0] == date(2012, 1, 1).toordinal()
    assert record.precipitation_mm[1] == 10.9 and record.temp_max_c[1] == 10.6 and record.wind_m_s[1] == 4.5
    assert SEATTLE.read_text(encoding="utf-8").splitlines()[1].count("public domain") == 1


def test_common_other_names_of_columns_and_missing_values(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    rows = year_of_csv("Day;PRCP;TMAX;TMIN;AWND")
    rows = [row.replace(",", ";") for row in rows]
    rows[5] = rows[5].split(";")[0] + ";;12;3;NA"
    path.write_text("\n".join(rows), encoding="utf-8")
    record = read_station(path)
    assert np.isnan(record.precipitation_mm[4]) and np.isnan(record.wind_m_s[4]) and record.temp_max_c[4] == 12


@pytest.mark.parametrize(
    ("line", "text", "wanted"),
    [
        (1, "date,rain_mm,temp_max_c,wind_m_s", r"line 1: no column is called temp_min_c"),
        (
            1,
            "date,rain,prcp,temp_max_c,temp_min_c",
            r"line 1, column 3 \(prcp\): is a second column of precipitation_mm",
        ),
        (40, "2021-02-08,1.0,abc,3,2", r"line 40, column 3 \(temp_max_c\): 'abc' is no number"),
        (40, "2021-02-08,-9999,8,3,2", r"line 40, column 2 \(precipitation_mm\): -9999 lies outside 0 to 2000"),
        (40, "2021-02-08,1.0,75,3,2", r"line 40, column 3 \(temp_max_c\): 75 lies outside"),
        (40, "2021-02-08,1.0,2,3,2", r"line 40, column 3 \(temp_max_c\): 2 is below the day's temp_min_c, 3"),
        (40, "8 Feb,1.0,8,3,2", r"line 40, column 1 \(date\): '8 Feb' is no date; write 2015-12-31"),
        (40, "2021-02-07,1.0,8,3,2", r"line 40, column 1 \(date\): 2021-02-07 does not come after 2021-02-07"),
        (40, "2021-02-08,1.0,8", r"line 40: has 3 columns where the header names 5"),
    ],
)
def test_errors_name_line_and_column(tmp_path: Path, line: int, text: str, wanted: str) -> None:
    rows = year_of_csv()
    rows[line - 1] = text
    path = tmp_path / "bad.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    with pytest.raises(StationError, match=wanted) as raised:
        read_station(path)
    assert str(raised.value).startswith(str(path)) and "\n" not in str(raised.value)


def test_too_little_to_make_a_climate_of(tmp_path: Path) -> None:
    path = tmp_path / "short.csv"
    path.write_text("\n".join(year_of_csv()[:200]), encoding="utf-8")
    with pytest.raises(StationError, match="holds 18 complete days of July; a climate needs at least 20"):
        read_station(path)
    with pytest.raises(StationError, match=r"nowhere.csv: cannot be read \(No such file"):
        read_station(tmp_path / "nowhere.csv")
    path.write_text("# nothing\n", encoding="utf-8")
    with pytest.raises(StationError, match="holds no data"):
        read_station(path)


def epw_lines() -> list[str]:
    header = ["LOCATION,Testville,-,AUT,TMYx,111200,47.26,11.35,1.0,581.0", "DESIGN CONDITIONS,0"]
    header += ["TYPICAL/EXTREME PERIODS,0", "GROUND TEMPERATURES,0", "HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0"]
    header += ["COMMENTS 1,", "COMMENTS 2,", "DATA PERIODS,1,1,Data,Sunday,1/1,12/31"]
    rows = []
    first = date(2001, 1, 1).toordinal()
    for hour in range(8760):
        day = date.fromordinal(first + hour // 24)
        warm = 9.0 - 10.0 * np.cos(2 * np.pi * hour / 8760) - 4.0 * np.cos(2 * np.pi * (hour % 24 - 3) / 24)
        cells = ["0"] * 35
        cells[:6] = [str(1990 + day.month), str(day.month), str(day.day), str(hour % 24 + 1), "60", "?9"]
        cells[6], cells[7], cells[8], cells[9] = f"{warm:.1f}", f"{warm - 4:.1f}", "75", "95000"
        cells[20], cells[21], cells[22] = "270", f"{2.0 + hour % 5:.1f}", str(hour % 11)
        cells[33] = "0.6" if hour % 50 < 5 else "0.0"
        rows.append(",".join(cells))
    return header + rows


def test_epw_against_pvlib(tmp_path: Path) -> None:
    path = tmp_path / "typical.epw"
    path.write_text("\n".join(epw_lines()), encoding="utf-8")
    record = read_station(path)
    theirs, _ = read_epw(str(path))
    hours = theirs["temp_air"].to_numpy().reshape(365, 24)
    assert record.temp_max_c == pytest.approx(hours.max(axis=1)) and record.temp_min_c == pytest.approx(
        hours.min(axis=1)
    )
    assert record.mean_c == pytest.approx(hours.mean(axis=1))
    assert record.wind_m_s == pytest.approx(theirs["wind_speed"].to_numpy().reshape(365, 24).mean(axis=1))
    assert record.precipitation_mm.sum() == pytest.approx(theirs["liquid_precipitation_depth"].sum())
    climate = fitted(record, climate_at(47.0))
    assert climate.annual_rain_mm == pytest.approx(record.precipitation_mm.sum(), rel=0.01)
    assert climate.cloud == pytest.approx(np.full(12, 0.5), abs=0.05)


@pytest.mark.parametrize(
    ("line", "column", "text", "wanted"),
    [
        (100, 6, "warm", r"line 100, column 7 \(dry bulb temperature\): 'warm' is no number"),
        (100, 2, "31", r"line 100, column 3 \(day\)|line 100, column 3"),
        (100, 1, "x", r"line 100, column 2 \(month\): 'x' is no number"),
    ],
)
def test_errors_in_epw_name_line_and_column(tmp_path: Path, line: int, column: int, text: str, wanted: str) -> None:
    lines = epw_lines()
    cells = lines[line - 1].split(",")
    cells[column] = text
    if column == 2:
        cells[1] = "4"
    path = tmp_path / "bad.epw"
    path.write_text("\n".join([*lines[: line - 1], ",".join(cells), *lines[line:]]), encoding="utf-8")
    with pytest.raises(StationError, match=wanted):
        read_station(path)
    path.write_text("\n".join(lines[:5000]), encoding="utf-8")
    with pytest.raises(StationError, match="line 5000: an EPW file has 8 lines of header and 8760 or 8784 hours"):
        read_station(path)


@given(data=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda t: f"{HEADER}\n{t}".encode())))
@settings(max_examples=100, deadline=None)
def test_whatever_a_file_holds_it_is_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    path.write_bytes(data)
    with pytest.raises(StationError, match=r"fuzz\.csv"):
        read_station(path)


def test_a_fit_finds_the_climate_that_made_the_record() -> None:
    truth = climate_at(47.0)
    days = Days(truth, 4).days(date(1900, 1, 1).toordinal(), 365 * 60 + 15)
    column = {name: np.array([getattr(d, name) for d in days]) for name in ("rain_mm", "mean_c", "range_c", "wind_m_s")}
    span = column["range_c"] / 2
    record = Record(
        "made",
        np.array([d.ordinal for d in days]),
        column["rain_mm"],
        column["mean_c"] + span,
        column["mean_c"] - span,
        column["mean_c"],
        column["wind_m_s"],
        np.full(len(days), np.nan),
        np.full(len(days), np.nan),
    )
    found, wanted = fitted(record, climate_at(30.0)).daily, truth.daily
    assert found.p01 == pytest.approx(wanted.p01, abs=0.06) and found.p11 == pytest.approx(wanted.p11, abs=0.07)
    mean = [d.mix * d.large_mm + (1 - d.mix) * d.small_mm for d in (found, wanted)]
    assert mean[0] == pytest.approx(mean[1], rel=0.15)
    assert found.sway[0] == pytest.approx(wanted.sway[0], abs=0.15)
    assert found.memory == pytest.approx(wanted.memory, abs=0.06)
    assert found.slow[0] == pytest.approx(wanted.slow[0], abs=0.06)
    assert found.spread_c == pytest.approx(wanted.spread_c, rel=0.1)
    assert found.range_dry_c == pytest.approx(wanted.range_dry_c, rel=0.05)


def test_two_exponentials_are_told_apart() -> None:
    draw = np.random.default_rng(1)
    amounts = np.where(draw.random(20000) < 0.3, draw.exponential(12.0, 20000), draw.exponential(2.0, 20000))
    share, small, large = mixture(amounts)
    assert (share, small, large) == pytest.approx((0.3, 2.0, 12.0), rel=0.1)
    assert share * large + (1 - share) * small == pytest.approx(amounts.mean())


def test_given_figures_replace_the_stations() -> None:
    climate = climate_of(ClimateConfig(47.4, 113, 100, annual_rain_mm=500.0, temperature_c=5.0, station=SEATTLE))
    assert climate.annual_rain_mm == pytest.approx(500.0) and climate.annual_temperature_c == pytest.approx(5.0)
    rain = sum(d.rain_mm for d in Days(climate, 1).days(date(1900, 1, 1).toordinal(), 365 * 40)) / 40
    assert rain == pytest.approx(500.0, rel=0.1)
    assert climate.source.startswith("seattle_tacoma.csv, 1461 days")


def test_a_record_without_rain_asks_how_much_falls(tmp_path: Path) -> None:
    path = tmp_path / "dry.csv"
    path.write_text("\n".join(re.sub(r",[0-9.]+,", ",0.0,", row, count=1) for row in year_of_csv()), encoding="utf-8")
    place = ClimateConfig(station=str(path))
    with pytest.raises(StationError, match=r"dry.*climate\.annual_rain_mm"):
        climate_of(place)
    assert climate_of(replace(place, annual_rain_mm=40.0)).annual_rain_mm == pytest.approx(40.0)
