"""Stories begin with one who knows, and only in a village that has what they name."""

from __future__ import annotations

from datetime import datetime

import pytest

from agents.acts import Topic
from agents.openings import Gathering, News, OpeningError
from tests.agents.village import village

NOON = datetime(2025, 6, 11, 12, 30)  # noqa: DTZ001 - local solar time has no zone


def test_each_story_is_known_to_the_one_it_begins_with_and_to_nobody_else() -> None:
    life = village(12, openings=[News(), Gathering("a dance", "the square", NOON, 90)])
    held = life.society.minds.knowledge.held
    for begun in life.society.begun:
        assert [row for row in range(12) if begun.fact.id in held[row]] == [begun.row]
        assert begun.fact.subject == begun.row and begun.fact.source == "own"
        assert 20 <= life.society.personas[begun.row].age <= 65
    supper = life.society.begun[1].fact
    assert (supper.topic, supper.day, supper.minute) == (Topic.GATHERING, 1, 12 * 60 + 30)
    assert supper.details == {"what": "a dance", "minutes": 90}
    assert life.world.places[supper.place].name == "the square"


def test_people_can_be_named() -> None:
    name = village(6).society.personas[4].name
    life = village(6, openings=[News(who=name), Gathering("a supper", "inn", NOON, host=name)])
    assert [begun.row for begun in life.society.begun] == [4, 4]


@pytest.mark.parametrize(
    ("opening", "words"),
    [
        (News(who="Zz"), "^news.who: nobody here is called 'Zz'"),
        (Gathering("a supper", "the moon", NOON), "^gathering.at: .* a 'the moon'; there are the square"),
        (Gathering("a supper", "inn", NOON.replace(day=10, hour=8)), "^gathering.starts = .*T08:30:00: .*T09:00:00$"),
        (Gathering("a supper", "inn", NOON.replace(day=10, hour=9, minute=0)), "must lie after the start of the run"),
        (Gathering("a supper", "inn", NOON, host="Zz"), "^gathering.host: nobody here is called 'Zz'"),
    ],
)
def test_what_the_village_does_not_have_is_named(opening: News | Gathering, words: str) -> None:
    with pytest.raises(OpeningError, match=words):
        village(4, openings=[opening])
