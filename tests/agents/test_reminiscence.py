"""What comes to mind for a turn is what the speaker itself lived or concluded, in words that follow its name."""

from __future__ import annotations

import pytest

from agents.acts import Act, Topic
from agents.dialogue.moves import Move
from agents.insights import Insight, InsightKind
from agents.memory import EpisodeKind
from agents.minds import Minds, Moment
from agents.reminiscence import DEEDS, ago, memory_of
from tests.agents.test_reflection import at, deed, people

NOON: Moment = at(12)
TURN = Move(0, 3, Act.ASK, Topic.WELLBEING)


def remembered(minds: Minds, row: int, kind: str, subject: int, object: int) -> str:
    """What comes to the mind of `row`, who talks to the other of two after a deed between them."""
    fact = deed(minds, row, kind, subject, object=object)
    other = subject if row == object else object
    minds.memories.remember(row, at(10).tick, EpisodeKind.NOTICED, Topic.PERSON, who=other, fact=fact, importance=0.8)
    return memory_of(Move(row, other, Act.GREET, Topic.WELLBEING), minds, NOON)


@pytest.mark.parametrize("kind", list(DEEDS))
def test_deeds_are_told_from_the_side_of_who_remembers(kind: str) -> None:
    minds = people()
    doer, other = remembered(minds, 0, kind, 0, 3), remembered(minds, 3, kind, 0, 3)
    assert minds.personas[3].name in doer and minds.personas[0].name in other
    assert doer.endswith("earlier today") and "{" not in doer + other


def test_what_one_has_made_of_somebody_comes_before_a_faint_episode_and_after_a_strong_one() -> None:
    minds, name = people(), people().personas[3].name
    assert memory_of(TURN, minds, NOON) == ""
    minds.memories.remember(0, at(10).tick, EpisodeKind.SAW, Topic.PERSON, who=3, place=2, importance=0.1)
    assert memory_of(TURN, minds, NOON) == f"saw {name} at {minds.places[2].name} earlier today"
    minds.insights.note(0, Insight(InsightKind.OFTEN_AT, 3, place=2, weight=9.0))
    minds.insights.note(0, Insight(InsightKind.KEEPS_PROMISES, 3, weight=2.0, facts=(1, 2)))
    assert memory_of(TURN, minds, NOON) == f"has found that {name} keeps promises"
    assert remembered(minds, 0, "lied", 3, 0) == f"was lied to by {name} earlier today"
    assert memory_of(Move(3, 0, Act.ASK, Topic.WELLBEING), minds, NOON) == "", "what is in one head is in no other"


def test_what_has_just_happened_is_no_memory_yet() -> None:
    minds = people()
    minds.memories.remember(0, NOON.tick - 60, EpisodeKind.SAID, Topic.NEWS, who=3, importance=0.6)
    assert memory_of(TURN, minds, NOON) == ""
    later = memory_of(TURN, minds, at(13))
    assert later.startswith(f"spoke with {minds.personas[3].name} about the news")


def test_time_passes_in_words() -> None:
    rate = 16
    said = [ago(round(hours * 3600 * rate), rate) for hours in (0.01, 0.5, 5, 30, 100, 500)]
    assert said == ["just now", "a little while ago", "earlier today", "yesterday", "some days ago", "long ago"]
