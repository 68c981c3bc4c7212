"""What the model reads before it goes on with a line: a fixed prefix in the village's own voice, then one scene.

A small model's time goes into reading, so all of it stays below MOST_TOKENS. The prefix is the same for every line, so
that a model need read it only once.
"""

from __future__ import annotations

import re

from agents.acts import SpeechPlan
from agents.language.slots import place_preposition
from agents.language.templates import Draft

MOST_TOKENS = 220  # prefix and scene; a test counts them with the vocabulary of the model that ships
TURNS_SHOWN = 2  # more turns make a small model repeat them
MEMORY_WORDS = 16
TURN_WORDS = 20

# The names are none of assets/names/given.toml, so that one that slips out of the exemplars is seen at once.
EXEMPLAR_NAMES = ("Nan", "Piet", "Wat", "Sal")
SHARED_PREFIX = """Nan the weaver is warm. Piet, a smith, is Nan's friend. Noon, drizzle, at the well. Nan feels calm.
Piet: Good day, Nan. I could eat a pot of soup.
Nan: The wool is damp, so I will dry it by the stove.

Wat the fisher is dry. Sal is a baker. Evening, fog, at the inn. Wat feels low.
Sal: How are you, Wat?
Wat: I am tired, and nothing would help me like a warm bed.

"""
SCENE_PIECES = 96  # as `pieces` counts, which falls short of the truth by six at most; the rest is the prefix's

PIECE_LETTERS = 6  # a longer word counts as two pieces, a capital as one more: rather above the vocabulary's count

_PIECE = re.compile(r"\w+|[^\w\s]")


def scene_prompt(plan: SpeechPlan, draft: Draft) -> str:
    """The part of the prompt that follows the shared prefix; it ends with the clause the model goes on with.

    It shows what the speaker can know: its own nature, mood and one memory, and of the other one only the name, the
    trade and what the two are to each other. Where that gets too long, the memory goes first, then the older turns.
    """
    cue = f"{plan.speaker.name}: {draft.clause}"
    memory = " ".join(plan.memory.split()[:MEMORY_WORDS]).rstrip(".,")
    sheet = _sheet(plan)
    turns = [f"{name}: {_cut(line)}" for name, line in plan.history[-TURNS_SHOWN:]]
    parts = [sheet + (f" {plan.speaker.name} {memory}." if memory else ""), *turns, cue]
    if memory and pieces("\n".join(parts)) > SCENE_PIECES:
        parts[0] = sheet
    while len(parts) > 2 and pieces("\n".join(parts)) > SCENE_PIECES:
        del parts[1]
    return "\n".join(parts)


def pieces(text: str) -> int:
    """About as many tokens as a text has, rather more than less: known without a model."""
    found = _PIECE.findall(text)
    long = sum((len(piece) - 1) // PIECE_LETTERS + int(piece[0].isupper()) for piece in found)
    return len(found) + long + text.count("\n")


def _sheet(plan: SpeechPlan) -> str:
    speaker, listener = plan.speaker, plan.listener
    manner = speaker.manner.replace(", ", " and ")
    tie = f"{speaker.name}'s {plan.relation}" if plan.relation else ""
    other = f"{listener.name}, {_a(listener.trade)}, is {tie}." if tie else f"{listener.name} is {_a(listener.trade)}."
    place = f"{place_preposition(plan.here)} {plan.here}"
    return (
        f"{speaker.name} the {speaker.trade} is {manner}. {other} "
        f"{plan.day_part.capitalize()}, {plan.weather}, {place}. {speaker.name} feels {plan.mood}."
    )


def _a(trade: str) -> str:
    return f"a{'n' if trade[:1] in 'aeiou' else ''} {trade}"


def _cut(line: str) -> str:
    """A turn without line breaks, its first words where it is long."""
    return " ".join(line.split()[:TURN_WORDS])
