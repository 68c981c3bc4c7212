"""The wording by phrases alone: the floor under every line, the exemplar for the model, and a voice of its own."""

from __future__ import annotations

import re
import zlib
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from agents.acts import Act, SpeechPlan
from agents.language.lexicon import REPEATED_WORDS, kinds_in, lexicon
from agents.language.phrases import KIND_WEIGHT, Phrase, opening_of, phrase_book, said_by
from agents.language.situation import Situation, situation_of
from agents.language.slots import fill, filled, slot_values
from agents.language.voice import Wording

# These must fit what is said or taken up exactly, so only the closest phrases will do for them.
CONTENT_ACTS = frozenset(
    {Act.TELL, Act.ANSWER, Act.ASK, Act.DOUBT, Act.GOSSIP, Act.WARN, Act.TEACH, Act.PRAISE, Act.BLAME, Act.APOLOGISE}
)
UPTAKES = frozenset(
    {Act.ASK, Act.DOUBT, Act.PRAISE, Act.BLAME, Act.APOLOGISE, Act.THANK}
)  # need not say the fact again
FACT_ACTS = frozenset({Act.TELL, Act.ANSWER, Act.GOSSIP, Act.WARN, Act.TEACH})  # state a fact where there is one
PROPOSING_ACTS = frozenset({Act.OFFER, Act.REQUEST, Act.INVITE, Act.PROMISE})  # must say what is proposed
MOMENT_WEIGHT = 1.5  # times as likely where a phrase is for moments, moods or people like this; judgement
CONTENT_WEIGHT = 2  # times as likely, more, for each of who, what, when and where that a wording says; judgement
EMPTY_WEIGHT = 0.3  # for one that says none of them, though there is something to say
ALIKE_WEIGHT = 0.15  # of a phrase that opens like a line just heard; judgement
CODA_SHARE_QUIET, CODA_SHARE_TALKATIVE = 0.15, 0.6  # how often a second sentence follows, at extraversion 0 and 1
MOST_WORDS_BEFORE_CODA = 9  # a line of two sentences has to fit the time the floor is held
TAIL_SHARE_QUIET, TAIL_SHARE_TALKATIVE = 0.75, 1.0  # how often a line may go on, at extraversion 0 and 1; judgement
SHORT_ACTS = {Act.GREET: 0.75, Act.CLOSE: 0.8}  # how much less often these do: a plain greeting is a greeting, too
SERVED_WEIGHT = 0.2  # of a connective that calls only for kinds of things which this talk has named
MOST_CLAUSE_WORDS = 17  # phrase and connective: a longer one leaves no breath for a tail

_CONTENT_SLOTS = frozenset(
    {
        "what",
        "the_what",
        "deed",
        "when",
        "at_place",
        "place",
        "subject",
        "object",
        "who",
        "whom",
        "who_last",
        "whom_first",
    }
)
_LONG_WORD = re.compile(r"[a-z]{4,}")


@dataclass(frozen=True)
class Draft:
    """What the phrases would say for a plan, and how a model may go on."""

    text: str  # the whole line
    clause: str  # the line up to where a tail may begin, connective included; the text itself without one
    connective: str  # "because", "so I will", ...; "" where the line is better short
    names: tuple[str, ...]  # villagers named in the line
    coda: str = ""  # the second sentence of the text, which gives way where a model goes on
    calls_for: tuple[str, ...] = ()  # kinds of words, one of which must follow; nothing: whatever comes

    @property
    def phrase(self) -> str:
        """The text without its coda: what a model's tail is added to."""
        return self.text[: len(self.text) - len(self.coda)].rstrip() if self.coda else self.text

    @property
    def tail_allowed(self) -> bool:
        """True when a model may add an end to the clause."""
        return self.connective != ""

    @property
    def asks(self) -> bool:
        """True when the line stays a question to its very end."""
        return self.phrase.endswith("?") and not self.connective[:1].isupper()


class TemplateVoice:
    """The voice without a model: says the draft, always at the due tick."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[int, int, int], SpeechPlan] = {}

    def submit(self, plan: SpeechPlan) -> None:
        """Ask for the wording of a plan."""
        self._waiting[plan.key] = plan

    def due(self, tick: int) -> list[Wording]:
        """The wordings due at or before this tick, ordered by key."""
        keys = sorted(key for key, plan in self._waiting.items() if plan.due_tick <= tick)
        return [template_wording(self._waiting.pop(key)) for key in keys]

    def close(self) -> None:
        """Forget what was asked."""
        self._waiting.clear()


def template_wording(plan: SpeechPlan) -> Wording:
    """The draft of a plan as a wording that arrives when it is due."""
    text = draft(plan).text
    return Wording(plan.key, text, text, "template", arrival_tick=plan.due_tick, seed=plan.seed)


def draft(plan: SpeechPlan) -> Draft:
    """The wording of a plan by phrases: a function of the plan alone.

    What the speaker said lately or has been said in this talk is avoided while another wording fits, and so are lines
    that open alike. A kind of fact without phrases of its own gets a line for its topic that claims nothing.
    """
    rng = np.random.default_rng(np.random.SeedSequence(plan.seed, spawn_key=(zlib.crc32(b"phrases"),)))
    values, situation = slot_values(plan), situation_of(plan)
    lines = (*plan.recent_lines, *(line for _, line in plan.history))
    phrases, weights = _weigh(plan, situation, values)
    phrase = phrases[_drawn(rng, weights)]
    text = fill(phrase.text, values)
    coda = _coda(plan, situation, text, values, lines, rng)
    line = f"{text} {coda}" if coda else text
    known = (plan.listener.name, plan.subject_name, plan.object_name, plan.teller_name)
    names = tuple(name for name in dict.fromkeys(known) if name and name in line)
    share = _between(TAIL_SHARE_QUIET, TAIL_SHARE_TALKATIVE, plan.speaker.extraversion)
    fits, calls_for = _connectives(plan, situation, phrase, text, values, (*lines, *plan.lately))
    connectives = list(fits)
    if not connectives or rng.random() >= share * SHORT_ACTS.get(plan.act, 1.0):
        return Draft(line, text, "", names, coda)
    connective = connectives[_drawn(rng, list(fits.values()))]
    return Draft(line, joined(text, connective), connective, names, coda, calls_for[connective])


def joined(text: str, connective: str) -> str:
    """A phrase and the connective it goes on with: after a comma, or as a new sentence where it has a capital."""
    return f"{text} {connective}" if connective[:1].isupper() else f"{text[:-1]}, {connective}"


def _weigh(plan: SpeechPlan, situation: Situation, values: dict[str, str]) -> tuple[Sequence[Phrase], list[float]]:
    """The phrases that may word a plan and how fitting each is."""
    kind, here = plan.fact.kind if plan.fact else "", [line for _, line in plan.history]
    fitting: Sequence[Phrase] = [
        phrase
        for phrase in phrase_book().phrases_for(plan.act, plan.topic, kind)
        if phrase.holds(situation) and all(slot in values for slot in phrase.slots)
    ]
    proposes = plan.act in PROPOSING_ACTS and plan.proposal is not None
    thanks_for_deed = plan.act is Act.THANK and plan.fact is not None and plan.after is None
    if plan.act in CONTENT_ACTS or proposes or thanks_for_deed:
        fitting = _closest(fitting, here, or_looser=plan.act in UPTAKES)
    elif any(phrase.answers for phrase in fitting):
        refused = plan.after is Act.REFUSE  # of the matter itself nothing is news to who asked
        fitting = [phrase for phrase in fitting if (phrase.answers if refused else phrase.closeness >= KIND_WEIGHT)]
    fitting = _unsaid(fitting, here) or fitting
    fitting = _unsaid(fitting, plan.recent_lines) or fitting
    openings = {opening_of(line) for line in (*here, *plan.recent_lines)}
    return fitting, [_fit(plan, phrase, openings) for phrase in fitting]


def _closest(phrases: Sequence[Phrase], here: Sequence[str], *, or_looser: bool) -> Sequence[Phrase]:
    """The phrases of the narrowest sense; where all of them have been said here, a looser sense if that will do."""
    levels = sorted({phrase.closeness for phrase in phrases}, reverse=True)
    of_level = [[phrase for phrase in phrases if phrase.closeness == level] for level in levels]
    fresh = (level for level in of_level if _unsaid(level, here))
    return next(fresh, of_level[0]) if or_looser else of_level[0]


def _fit(plan: SpeechPlan, phrase: Phrase, openings: set[tuple[str, ...]]) -> float:
    weight = phrase.closeness * (MOMENT_WEIGHT if phrase.of_moment else 1.0)
    says = plan.proposal is not None if plan.act in PROPOSING_ACTS else plan.fact is not None and plan.act in FACT_ACTS
    if says:
        content = sum(slot in _CONTENT_SLOTS for slot in phrase.slots)
        weight *= 1 + CONTENT_WEIGHT * content if content else EMPTY_WEIGHT
    return weight * (ALIKE_WEIGHT if phrase.opening and phrase.opening in openings else 1.0)


def _coda(
    plan: SpeechPlan,
    situation: Situation,
    text: str,
    values: dict[str, str],
    lines: Sequence[str],
    rng: np.random.Generator,
) -> str:
    """A second sentence for a line, "" for none: the talkative add one more often, and never the same one twice."""
    share = _between(CODA_SHARE_QUIET, CODA_SHARE_TALKATIVE, plan.speaker.extraversion)
    if rng.random() >= share or len(text.split()) > MOST_WORDS_BEFORE_CODA:
        return ""
    kind = plan.fact.kind if plan.fact else ""
    said = " ".join(lines).lower()
    words = _telling(text)
    fitting = [
        coda
        for coda in phrase_book().codas_for(plan.act, plan.topic, kind)
        if coda.holds(situation)
        and all(slot in values and values[slot] not in text for slot in coda.slots)
        and coda.landmark not in said
        and not words & _telling(coda.text)
    ]
    if not fitting:
        return ""
    weights = [coda.closeness * (MOMENT_WEIGHT if coda.of_moment else 1.0) for coda in fitting]
    return fill(fitting[_drawn(rng, weights)].text, values)


def _connectives(
    plan: SpeechPlan,
    situation: Situation,
    phrase: Phrase,
    text: str,
    values: dict[str, str],
    lines: Sequence[str],
) -> tuple[dict[str, float], dict[str, tuple[str, ...]]]:
    """What the phrase may go on with, its own connectives and the endings for moments like this: how fitting each is,
    and what it calls for.
    """
    kind = plan.fact.kind if plan.fact else ""
    open_end = phrase.one_half and (text.endswith(".") or (plan.act is Act.ASK and text.endswith("?")))
    endings = [
        (ending.text, ending.calls_for, ending.closeness * (MOMENT_WEIGHT if ending.of_moment else 1.0))
        for ending in phrase_book().endings_for(plan.act, plan.topic, kind)
        if ending.holds(situation) and all(slot in values for slot in ending.slots)
    ]
    own = [(tail, kinds, float(phrase.closeness)) for tail, kinds in phrase.tails]
    calls_for: dict[str, tuple[str, ...]] = {}
    fitting: dict[str, float] = {}
    colleagues = plan.speaker.trade == plan.listener.trade
    for connective, kinds, weight in (*own, *endings):
        wanted = tuple(filled(kind, values) for kind in kinds)
        if colleagues and any("{their_trade}" in kind for kind in kinds):
            continue  # no miller wants flour of a miller
        if lexicon().kinds.keys() >= set(wanted):  # not every trade has goods of its own
            calls_for[filled(connective, values)] = wanted
            fitting[filled(connective, values)] = weight
    served = frozenset[str]().union(*(kinds_in(line) for _, line in plan.history))
    weights = {
        connective: weight * (SERVED_WEIGHT if served.issuperset(calls_for[connective]) else 1.0)
        for connective, weight in fitting.items()
        if (open_end or connective[0].isupper())
        and len(f"{text} {connective}".split()) <= MOST_CLAUSE_WORDS
        and not any(" ".join(connective.split()[-REPEATED_WORDS:]) in line for line in lines)
        and not (_telling(connective) & _telling(text)) - lexicon().small
    }
    return weights, calls_for


def _drawn(rng: np.random.Generator, weights: Sequence[float]) -> int:
    """An index drawn by weight."""
    sums = list(accumulate(weights))
    return min(bisect(sums, rng.random() * sums[-1]), len(sums) - 1)


def _unsaid(phrases: Sequence[Phrase], lines: Sequence[str]) -> Sequence[Phrase]:
    said = frozenset().union(*(said_by(line) for line in lines))
    return [phrase for phrase in phrases if phrase.text not in said]


def _telling(text: str) -> set[str]:
    return set(_LONG_WORD.findall(text.lower()))


def _between(low: float, high: float, share: float) -> float:
    return low + (high - low) * share
