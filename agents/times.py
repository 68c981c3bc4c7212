"""Times as people say them, seen from now."""

from __future__ import annotations

from agents.moment import Moment

DAY_MIN = 1440
JUST_NOW_MIN = 20
SOON_MIN = 45
HOUR_MIN = 90  # sooner than this is "in an hour": who asks at noon for noon is not understood
_PARTS = (
    (5, "night"),
    (7.5, "early morning"),
    (11.5, "morning"),
    (13.5, "noon"),
    (17.5, "afternoon"),
    (21.5, "evening"),
)
_TODAY = {"early morning": "this morning", "morning": "this morning", "noon": "at noon"} | {
    "afternoon": "this afternoon",
    "evening": "this evening",
}
_OTHER_DAY = {"early morning": "early {day}", "noon": "{day} at noon", "night": "{day} night"}
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six")


def day_part(hour: float) -> str:
    """The part of the day as people call it."""
    return next((name for until, name in _PARTS if hour < until), "night")


def season_of(month: int, northern: bool = True) -> str:
    """The season of a month, 1 to 12."""
    if not northern:
        month = (month + 5) % 12 + 1
    return ("winter", "spring", "summer", "autumn")[month % 12 // 3]


def tense_of(day: int, minute: int, now: Moment) -> str:
    """Whether something at a minute of a day is past, now (within a few minutes) or future."""
    ahead = (day - now.day) * DAY_MIN + minute - now.minute
    if abs(ahead) < JUST_NOW_MIN:
        return "now"
    return "future" if ahead > 0 else "past"


def when_words(day: int, minute: int, now: Moment) -> str:
    """A minute of a day as people say it: "just now", "this evening", "tomorrow at noon", "two days ago"."""
    days, ahead = day - now.day, (day - now.day) * DAY_MIN + minute - now.minute
    part = day_part(minute / 60)
    if -JUST_NOW_MIN < ahead <= 0:
        return "just now"
    if 0 < ahead < SOON_MIN:
        return "very soon"
    if 0 < ahead < HOUR_MIN:
        return "in an hour"
    if days == 0:
        return _TODAY.get(part, "tonight" if ahead > 0 else "last night")
    if abs(days) == 1:
        if part == "night" and minute < DAY_MIN / 2:  # the small hours belong to the night before
            return "tonight" if days > 0 else "the night before last"
        named = "tomorrow" if days > 0 else "yesterday"
        return (
            "last night"
            if part == "night" and days < 0
            else _OTHER_DAY.get(part, "{day} {part}").format(day=named, part=part)
        )
    count = _NUMBERS[abs(days)] if abs(days) < len(_NUMBERS) else "some"
    return f"in {count} days" if days > 0 else f"{count} days ago"
