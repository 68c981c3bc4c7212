"""Durations and sizes as people type them: `5min`, `1h30min`, `90s`, `640x480`."""

from __future__ import annotations

import re

_UNITS = {"h": 3600.0, "min": 60.0, "m": 60.0, "s": 1.0, "": 1.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(h|min|m|s|)\s*")
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
            raise ValueError(f"'{text}' is not a duration; write it like 90s, 5min or 1h30min")
        seconds += float(part[1]) * _UNITS[part[2]]
        rest = rest[part.end() :]
    if not 0 < seconds < 366 * 86400:
        raise ValueError(f"'{text}' is not a duration between zero and a year; write it like 90s, 5min or 1h30min")
    return seconds


def parse_size(text: str) -> tuple[int, int]:
    """Width and height in pixels.

    Raises:
        ValueError: if the text is not WIDTHxHEIGHT within the limits.
    """
    match = re.fullmatch(r"\s*(\d+)\s*[x×]\s*(\d+)\s*", text)
    low, high = SIZE_LIMITS
    if match is None or not all(low <= int(side) <= high for side in match.groups()):
        raise ValueError(f"'{text}' is not a size; write WIDTHxHEIGHT, each side {low} to {high}, such as 640x480")
    return int(match[1]), int(match[2])


def format_duration(seconds: float) -> str:
    """Short text such as `45 s`, `5 min` or `1 h 30 min`."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    parts = [f"{hours} h"] * (hours > 0) + [f"{minutes} min"] * (minutes > 0)
    return " ".join(parts + [f"{rest} s"] * (rest > 0 or not parts))
