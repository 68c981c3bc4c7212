"""Durations, ranges and sizes as people type them: `5min`, `1h30min`, `10s:1min`, `160:800`, `640x480`."""

from __future__ import annotations

import re
from collections.abc import Sequence

_UNITS = {"h": 3600.0, "min": 60.0, "m": 60.0, "s": 1.0, "": 1.0}
_PART = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)\s*(h|min|m|s|)\s*")
SHOWN_CHARACTERS = 40  # of a wrong text in a message
SIZE_LIMITS = (16, 8192)  # pixels; llvmpipe and common drivers allow 8192


def parse_duration(text: str) -> float:
    """Seconds in `text`.

    Raises:
        ValueError: if the text is not a positive duration; the message says what would be right.
    """
    rest, seconds = text.strip(), 0.0
    while rest:
        part = _PART.match(rest)
        if part is None:
            raise ValueError(f"'{text[:SHOWN_CHARACTERS]}' is not a duration; write it like 90s, 5min or 1h30min")
        seconds += float(part[1]) * _UNITS[part[2]]
        rest = rest[part.end() :]
    if not 0 < seconds < 366 * 86400:
        raise ValueError(
            f"'{text[:SHOWN_CHARACTERS]}' is not a duration between zero and a year; write it like 90s, 5min or 1h30min"
        )
    return seconds


def parse_moment(text: str) -> float:
    """Seconds since the start in `text`: a duration, or zero.

    Raises:
        ValueError: as parse_duration().
    """
    return 0.0 if text.strip().rstrip("hmins ") == "0" else parse_duration(text)


def tick_range(text: str, ticks: Sequence[int], tick_rate: int) -> range:
    """The ticks from `a` up to, not including, `b` of a text `a:b`; each a tick, a time such as 1min30s, or left out.

    Args:
        text: as typed.
        ticks: those of the recording, in order.
        tick_rate: ticks per second.

    Raises:
        ValueError: the text is no such pair, or the recording does not hold it.
    """
    sides = text.split(":")
    if len(sides) != 2:
        raise ValueError(f"'{text[:SHOWN_CHARACTERS]}' is no range; write it like 160:800, 10s:1min or 30s:")
    start, stop = (_tick(side.strip(), tick_rate) for side in sides)
    first, end = ticks[0], ticks[-1] + 1
    start, stop = first if start is None else start, end if stop is None else stop
    if not first <= start < stop <= end:
        shown = text[:SHOWN_CHARACTERS]
        meant = f"'{shown}' means ticks {start} up to {stop}" if start < stop else f"'{shown}' ends before it begins"
        if start == stop:
            meant = f"'{shown}' holds no tick, since its end is not part of it"
        raise ValueError(f"{meant}; the recording holds ticks {first} to {end - 1}, {tick_rate} each second")
    return range(start, stop)


def _tick(side: str, tick_rate: int) -> int | None:
    if not side:
        return None
    if side.isdecimal():
        return int(side[:SHOWN_CHARACTERS])
    return round(parse_moment(side) * tick_rate)


def parse_size(text: str) -> tuple[int, int]:
    """Width and height in pixels.

    Raises:
        ValueError: if the text is not WIDTHxHEIGHT within the limits.
    """
    match = re.fullmatch(r"\s*([0-9]{1,9})\s*[x×]\s*([0-9]{1,9})\s*", text)
    if match is None:
        raise ValueError(f"'{text[:SHOWN_CHARACTERS]}' is not a size; {_size_rule()}")
    return checked_size(int(match[1]), int(match[2]))


def checked_size(width: int, height: int) -> tuple[int, int]:
    """The same width and height.

    Raises:
        ValueError: if a side is outside the limits.
    """
    low, high = SIZE_LIMITS
    if not all(low <= side <= high for side in (width, height)):
        raise ValueError(f"'{width}x{height}' is not a size; {_size_rule()}")
    return width, height


def _size_rule() -> str:
    low, high = SIZE_LIMITS
    return f"write WIDTHxHEIGHT, each side {low} to {high}, such as 640x480"


def format_duration(seconds: float) -> str:
    """Short text such as `45 s`, `5 min` or `1 h 30 min`."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    parts = [f"{hours} h"] * (hours > 0) + [f"{minutes} min"] * (minutes > 0)
    return " ".join(parts + [f"{rest} s"] * (rest > 0 or not parts))
