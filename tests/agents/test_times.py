"""Times in words, seen from now."""

from __future__ import annotations

import pytest

from agents.moment import Moment
from agents.times import season_of, tense_of, when_words
from tests.agents.flat_world import FAIR

TEN = Moment(0, 3, 600, 600.0, FAIR)


@pytest.mark.parametrize(
    ("day", "minute", "words", "tense"),
    [
        (3, 595, "just now", "now"),
        (3, 420, "this morning", "past"),
        (3, 120, "last night", "past"),
        (3, 630, "very soon", "future"),
        (3, 660, "in an hour", "future"),
        (3, 750, "at noon", "future"),
        (3, 1140, "this evening", "future"),
        (3, 1380, "tonight", "future"),
        (4, 540, "tomorrow morning", "future"),
        (4, 780, "tomorrow at noon", "future"),
        (2, 1140, "yesterday evening", "past"),
        (2, 1400, "last night", "past"),
        (1, 600, "two days ago", "past"),
        (6, 600, "in three days", "future"),
        (3 + 40, 600, "in some days", "future"),
    ],
)
def test_times_are_told_as_people_tell_them(day: int, minute: int, words: str, tense: str) -> None:
    assert (when_words(day, minute, TEN), tense_of(day, minute, TEN)) == (words, tense)


def test_seasons_turn_with_the_months() -> None:
    assert [season_of(m) for m in (1, 4, 7, 10, 12)] == ["winter", "spring", "summer", "autumn", "winter"]
    assert all(season_of(m) != season_of(m, northern=False) for m in range(1, 13))
