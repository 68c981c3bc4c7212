"""What is open to doubt: hearsay, guesses and judgements, and not what is plain and harmless."""

from __future__ import annotations

from agents.acts import Act, Fact, Topic
from agents.dialogue.moves import Move, Scene

HEARSAY = 1.5  # times as open to doubt as what the speaker saw or made up its own mind about; judgement
GUESS = 0.6  # what the weather will do next
DISTRUST = 0.3  # trust below which one asks twice even about what is plain
OWN_STATES = ("work_state", "wellbeing")
PLAIN = ("saw_person", "needs_help", "rain_started", "rain_stopped", "snow_started", "storm_started", "craft_tip")
"""What anybody can see or nobody would make up."""
KINDNESSES = ("helped", "promise_kept")  # plain, too, from who was there
AT_ODDS = ("tired", "low", "worried", "irritated")  # moods that belie who says that all is well
SECOND_HAND = ("told", "overheard", "rumour")


def open_to_doubt(scene: Scene, first: Move, row: int) -> float:
    """How far what was just said to a villager can be doubted at all, 0 for what is plain; a factor, 1 is usual."""
    fact = first.fact
    if fact is None:
        guessed = first.topic == Topic.WEATHER and first.act == Act.ANSWER
        return GUESS if guessed else 0.0
    own = fact.kind in OWN_STATES and fact.subject == first.speaker
    if own and belied(scene, fact, row):
        return 1.0
    witnessed = fact.kind in KINDNESSES and fact.source not in (*SECOND_HAND, "lied")
    if own or witnessed or fact.kind in PLAIN:
        return float(scene.minds.relations.trust[row, first.speaker] < DISTRUST)
    return HEARSAY if fact.source in SECOND_HAND else 1.0


def belied(scene: Scene, fact: Fact, row: int) -> bool:
    """Whether somebody who says that it is well looks otherwise, or is known to be behind with its work today."""
    if fact.details.get("state") not in ("well", "done"):
        return False
    if fact.kind == "wellbeing":
        return scene.minds.mood(fact.subject) in AT_ODDS
    return in_need_today(scene, row, fact.subject)


def in_need_today(scene: Scene, row: int, other: int) -> bool:
    """Whether a villager knows that another one is behind today or looks for help."""
    held = (f for f in scene.minds.knowledge.held[row].values() if f.subject == other and f.day == scene.now.day)
    return any(f.kind == "needs_help" or (f.kind == "work_state" and f.details["state"] == "behind") for f in held)
