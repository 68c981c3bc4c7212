"""Turns, and where a conversation stands."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from agents.acts import Act, Fact, Persona, Proposal, Topic
from agents.dialogue.said import Said
from agents.minds import Minds, Moment
from world.streams import stream

NOBODY = -1


@dataclass(frozen=True)
class Move:
    """One decided turn. `fact` is the speaker's copy; for uptakes and questions it is the fact they respond to."""

    speaker: int
    listener: int  # the one addressed; the others of the group hear it, too
    act: Act
    topic: Topic
    fact: Fact | None = None
    subject: int = NOBODY  # villager spoken about
    proposal: Proposal | None = None
    after: Act | None = None  # the act that it answers as the second part of a pair; None where it opens something
    again: bool = False  # it answers a question on what was just told: the fact itself has been said

    @property
    def second(self) -> bool:
        """Whether it answers the turn before it."""
        return self.after is not None

    @property
    def about_third(self) -> bool:
        """Whether somebody is spoken about who is neither speaker nor addressed."""
        return self.subject >= 0 and self.subject not in (self.speaker, self.listener)


@dataclass
class Thread:
    """Where a conversation stands: who takes part, what was said, and how it is coming to an end."""

    conversation: int
    members: list[int]  # in the order in which they came
    wanted_topics: int
    turns: int = 0
    last: Move | None = None
    spent: list[Topic] = field(default_factory=list)
    newcomers: list[int] = field(default_factory=list)  # who came up and has not greeted yet
    pressed: list[int] = field(default_factory=list)  # who must go, and says goodbye at the next chance
    leaving: list[int] = field(default_factory=list)  # who says goodbye while the others go on
    ending: bool = False  # everybody says goodbye
    parted: list[int] = field(default_factory=list)  # who has said goodbye at the end of all
    asked_back: bool = False  # who was asked how it is has asked the same
    in_need: list[int] = field(default_factory=list)  # who has asked for help or said that it is behind
    at_ease: list[int] = field(default_factory=list)  # who has said that its work goes well or is done

    def record(self, move: Move) -> None:
        """Take note that a move was decided."""
        self.last = move
        self.turns += 1
        if move.speaker in self.newcomers:
            self.newcomers.remove(move.speaker)
        self.asked_back |= move.act == Act.ASK and move.after == Act.ACKNOWLEDGE
        self._note_work(move)
        if move.act not in (Act.GREET, Act.CLOSE) and move.topic not in self.spent:
            self.spent.append(move.topic)
        if move.act != Act.CLOSE:
            return
        if self.ending or (len(self.staying()) == 2 and not move.second):
            self.ending = True
            self.parted.append(move.speaker)
        elif not move.second:
            self.leaving.append(move.speaker)

    def _note_work(self, move: Move) -> None:
        """Remember what a speaker has let be known of its own work, so that it does not say the contrary later on."""
        fact = move.fact
        if fact is not None and fact.kind == "work_state" and move.act in (Act.TELL, Act.ANSWER):
            noted = self.in_need if fact.details["state"] == "behind" else self.at_ease
            said = fact.subject == move.speaker
        else:
            noted, said = self.in_need, move.act == Act.REQUEST
        if said and move.speaker not in noted:
            noted.append(move.speaker)

    def staying(self) -> list[int]:
        """Members who do not leave at this moment."""
        return [m for m in self.members if m not in self.leaving]

    def others(self, row: int) -> list[int]:
        """Members but for one."""
        return [m for m in self.members if m != row]


@dataclass(frozen=True)
class Scene:
    """All that a turn is decided from."""

    minds: Minds
    now: Moment
    thread: Thread
    said: Said

    def person(self, row: int) -> Persona:
        """Who somebody is."""
        return self.minds.personas[row]

    def draw(self, purpose: str) -> np.random.Generator:
        """Chance for one purpose of this turn."""
        return stream(self.minds.seed, purpose, self.thread.conversation, self.thread.turns)
