"""The table of dialogue acts: when each may be done, what it does to both minds, and what may follow it.

One row per act. `may` is the precondition: where it is false the act is never chosen, neither as a first part nor as a
second. `seconds` are the second parts of the pair that the act opens (Schegloff & Sacks 1973), each with the weight
that the one addressed gives to it; where every weight is nought or every precondition fails, the floor is free.
What the one addressed feels is `appraisal.of_act`, how its affinity, trust and respect move
`relationships.AFFINITY_STEP` and its like; `feels`, `owes` and `earns` are the rest of what the turn does to both minds
once it has been heard. Facts, promises, hearsay and forgiveness are moved by `effects`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from agents.acts import Act
from agents.appraisal import Agent, Appraisal
from agents.dialogue import conditions as c
from agents.dialogue import weights as w
from agents.dialogue.moves import Move, Scene

Weight = Callable[[Scene, Move, int], float]


@dataclass(frozen=True)
class Row:
    """One act."""

    may: Callable[[Scene, Move], bool]
    seconds: Mapping[Act, Weight] = field(default_factory=dict)
    feels: Appraisal | None = None  # what it is to the speaker to have said it
    owes: float = 0.0  # added to the speaker's debt to the one addressed, -1..1
    earns: float = 0.0  # added to that one's debt to the speaker


def _own(worth: float) -> Appraisal:
    """To have done well, or (below nought) badly."""
    return Appraisal(praiseworthiness=worth, agent=Agent.SELF)


TABLE: Mapping[Act, Row] = {
    Act.GREET: Row(c.may_greet, {Act.GREET: w.greets_back}),
    Act.TELL: Row(
        c.may_tell, {Act.ACKNOWLEDGE: w.always, Act.ASK: w.curious, Act.DOUBT: w.doubts, Act.AGREE: w.agrees}
    ),
    Act.ASK: Row(c.may_ask, {Act.ANSWER: w.always}),
    Act.ANSWER: Row(
        c.may_answer,
        {
            Act.ACKNOWLEDGE: w.always,
            Act.AGREE: w.agrees,
            Act.DOUBT: w.doubts,
            Act.OFFER: w.helps,
            Act.PRAISE: w.praises,
        },
    ),
    Act.ACKNOWLEDGE: Row(c.may_acknowledge, {Act.ASK: w.asks_back}),
    Act.AGREE: Row(c.may_agree),
    Act.DOUBT: Row(c.may_doubt, {Act.ANSWER: w.stands_by}),
    Act.OFFER: Row(c.may_offer, {Act.THANK: w.thanks, Act.REFUSE: w.refuses}, feels=_own(0.10), earns=0.03),
    Act.REQUEST: Row(c.may_request, {Act.PROMISE: w.promises, Act.REFUSE: w.refuses}, owes=0.01),
    Act.INVITE: Row(c.may_invite, {Act.PROMISE: w.promises, Act.REFUSE: w.refuses}),
    Act.PROMISE: Row(c.may_promise, {Act.THANK: w.thanks}, feels=_own(0.10), earns=0.05),
    Act.REFUSE: Row(c.may_refuse, {Act.ACKNOWLEDGE: w.takes_no, Act.BLAME: w.resents}, feels=_own(-0.05), owes=0.01),
    Act.THANK: Row(c.may_thank, {Act.ACKNOWLEDGE: w.waves_off}, feels=Appraisal(desirability=0.05), owes=-0.03),
    Act.APOLOGISE: Row(c.may_apologise, {Act.AGREE: w.agrees, Act.DOUBT: w.doubts}, feels=_own(-0.25), owes=0.05),
    Act.PRAISE: Row(c.may_praise, {Act.THANK: w.thanks, Act.JOKE: w.jokes}),
    Act.BLAME: Row(
        c.may_blame,
        {
            Act.APOLOGISE: w.apologises,
            Act.BLAME: w.blames,
            Act.REFUSE: w.refuses,
            Act.AGREE: w.agrees,
            Act.ACKNOWLEDGE: w.takes_up,
        },
        feels=Appraisal(desirability=0.05),
    ),
    Act.GOSSIP: Row(
        c.may_gossip,
        {Act.ACKNOWLEDGE: w.always, Act.AGREE: w.agrees, Act.DOUBT: w.doubts, Act.BLAME: w.blames},
    ),
    Act.WARN: Row(
        c.may_warn, {Act.THANK: w.thanks, Act.ACKNOWLEDGE: w.always, Act.DOUBT: w.doubts}, feels=_own(0.05), earns=0.01
    ),
    Act.TEACH: Row(c.may_teach, {Act.THANK: w.thanks}, feels=_own(0.15), earns=0.02),
    Act.JOKE: Row(c.may_joke, {Act.JOKE: w.jokes, Act.ACKNOWLEDGE: w.always}, feels=Appraisal(desirability=0.10)),
    Act.CLOSE: Row(c.may_close),
}
