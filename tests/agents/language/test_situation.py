"""Phrases heed what a plan says of the moment, and ask for nothing that no plan can say."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from importlib.resources import files

import pytest

from agents.acts import Act, Proposal, SpeechPlan, Topic
from agents.emotion import mood_word
from agents.language.phrases import CONDITIONS, phrase_book
from agents.language.situation import situation_of, weather_class
from agents.language.slots import slot_values
from agents.language.templates import MOST_WORDS_BEFORE_CODA, Draft, draft
from tests.agents.language.plans import DAY_PARTS, WEATHERS, make_plan, wide_plans

TRADES = {
    entry["name"]
    for entry in tomllib.loads(files("assets").joinpath("names", "trades.toml").read_text("utf-8"))["trade"]
} | set(phrase_book().tasks)
KIN = {"wife", "husband", "mother", "father", "son", "daughter", "sister", "brother", "grandmother", "grandfather"}
MOODS = {mood_word(m, a, f, n) for m in (-1, 0, 1) for a in (0, 1) for f in (0, 1) for n in (0.2, 0.55, 0.9)}
POSSIBLE: dict[str, set[str]] = {
    "about": {"speaker", "listener", "other", "none"},
    "to": {"speaker", "listener", "other", "none"},
    "doer": {"speaker", "listener", "other", "none"},
    "host": {"speaker", "listener", "other", "none"},
    "source": {"seen", "told", "inferred", "own", ""},
    "sure": {"sure", "unsure"},
    "fact": {"some", "none"},
    "turn": {"open", "reply", "again"},
    "after": {*map(str, Act), "nothing"},
    "proposal": {"help", "bring", "attend", "meet", "none"},
    "promised": {"yes", "no"},
    "tense": {"past", "now", "future", ""},
    "mood": MOODS,
    "emotion": {
        *("joy", "distress", "hope", "fear", "relief", "disappointment", "pride", "shame", "admiration", "reproach"),
        *("gratitude", "anger", "liking", "dislike", "pity", "resentment"),
    },
    "trait": {"curious", "plain", "careful", "easy", "talkative", "quiet", "warm", "blunt", "anxious", "steady"},
    "age": {"old", "grown", "young"},
    "trade": TRADES,
    "their_trade": TRADES,
    "affinity": {"warm", "even", "cool"},
    "trust": {"high", "even", "low"},
    "respect": {"high", "even", "low"},
    "familiarity": {"new", "known", "close"},
    "relation": KIN | {"friend", "rival", "neighbour", "stranger"},
    "company": {"pair", "group"},
    "weather": {weather_class(words) for words in WEATHERS},
    "cold": {"yes", "no"},
    "day_part": set(DAY_PARTS),
    "season": {"spring", "summer", "autumn", "winter"},
}
BOOK = phrase_book()
ALL = (*BOOK.phrases, *BOOK.endings, *BOOK.codas)


@cache
def wide() -> list[tuple[SpeechPlan, Draft]]:
    return [(plan, draft(plan)) for plan in wide_plans(900)]


def lines_of(plan: SpeechPlan, count: int = 200) -> list[str]:
    return [draft(replace(plan, seed=seed)).text for seed in range(count)]


def said(plan: SpeechPlan) -> set[str]:
    return set(lines_of(plan, 80))


def test_no_phrase_waits_for_a_moment_that_cannot_come() -> None:
    assert set(POSSIBLE) == set(CONDITIONS) - {"details"}
    for item in ALL:
        for name, wanted in item.conditions:
            assert wanted <= POSSIBLE[name], f"{name} {wanted - POSSIBLE[name]}: {item.text}"
    assert {name for item in ALL for name, _ in item.conditions} == set(POSSIBLE)  # and every one is asked for


def test_every_slot_of_every_phrase_can_be_filled() -> None:
    fillable = {name for plan, _ in wide() for name in slot_values(plan)}
    assert {slot for item in ALL for slot in item.slots} <= fillable


def test_situations_are_made_of_possible_words() -> None:
    for plan, _ in wide()[:200]:
        for name, words in situation_of(plan).values.items():
            assert words <= POSSIBLE[name] | {""}, name


GREETING = replace(make_plan(Act.GREET, Topic.WELLBEING, ""), history=(), weather="broken cloud")
DONE = replace(make_plan(Act.BLAME, Topic.FAVOUR, "promise_broken", {"what": "mend the fence"}), after=None)
ASKED = replace(
    make_plan(Act.REQUEST, Topic.FAVOUR, ""),
    proposal=Proposal("help", 1, 0, 1, 1, 720, 60, "mend the fence"),
    when="at noon",
    tense="future",
)


@cache
def usual() -> list[str]:
    return lines_of(GREETING)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p: replace(p, relation="wife"), r"\bmy dear\b"),
        (lambda p: replace(p, relation="father"), r"\bFather\b"),
        (lambda p: replace(p, affinity=-0.8), r"\b(then|again|it is you|must be)\b"),
        (lambda p: replace(p, weather="pouring rain"), r"\b(wet|rain|drown|ducks|moss|dripping)\b"),
        (lambda p: replace(p, season="autumn"), r"\byear\b"),
        (lambda p: replace(p, others=("Hugo",)), r"\b(you all|everybody)\b"),
        (lambda p: replace(p, familiarity=0.05), r"\b(before|name|hardly know)\b"),
        (lambda p: replace(p, speaker=replace(p.speaker, extraversion=0.95)), r"\bsomebody to talk to\b"),
        (lambda p: replace(p, emotion="joy"), r"\bhug\b"),
    ],
)
def test_who_is_greeted_when_and_in_what_spirit_can_be_heard(
    change: Callable[[SpeechPlan], SpeechPlan], words: str
) -> None:
    def heard(lines: Iterable[str]) -> int:
        return sum(bool(re.search(words, line)) for line in lines)

    assert heard(lines_of(change(GREETING))) > 2 * heard(usual())


def test_a_proposal_is_said_with_what_it_is() -> None:
    for act, doer in ((Act.REQUEST, 1), (Act.OFFER, 0), (Act.PROMISE, 0)):
        assert ASKED.proposal is not None
        plan = replace(ASKED, act=act, proposal=replace(ASKED.proposal, doer=doer, beneficiary=1 - doer))
        lines = said(plan)
        assert len(lines) >= 8
        assert all("mend the fence" in line or "noon" in line for line in lines)


def test_what_was_promised_is_brought_to_mind_and_not_asked_again() -> None:
    assert ASKED.proposal is not None
    reminded = said(replace(ASKED, proposal=replace(ASKED.proposal, promise=4)))
    assert len(reminded) >= 4 and not reminded & said(ASKED)


def test_what_is_known_already_takes_the_definite_article() -> None:
    wish = Proposal("attend", 0, 1, 1, 1, 720, 60, "a supper")
    for act, article in ((Act.INVITE, "a"), (Act.PROMISE, "the")):
        plan = replace(make_plan(act, Topic.GATHERING, ""), proposal=wish, when="at noon", tense="future")
        found = {m[1] for line in said(plan) for m in re.finditer(r"\b(\w+) supper", line)}
        assert article in found
        assert act is Act.INVITE or found == {"the"}


@pytest.mark.parametrize(
    ("act", "subject", "object", "expected"),
    [
        (Act.TELL, 0, 3, r"\b(I|me)\b"),  # I promised Lena
        (Act.BLAME, 1, 0, r"\b([Yy]ou|Tomas)\b"),  # you promised me
        (Act.GOSSIP, 2, 3, r"\b(Oskar|Lena)\b"),  # Oskar promised Lena
        (Act.GOSSIP, 2, 0, r"\bOskar\b"),  # Oskar promised me
        (Act.APOLOGISE, 0, 1, r"\b(I|[Mm]y|me)\b"),
    ],
)
def test_who_did_it_to_whom_is_said_from_the_speakers_side(act: Act, subject: int, object: int, expected: str) -> None:
    plan = make_plan(
        act, Topic.FAVOUR if act is not Act.GOSSIP else Topic.PERSON, "promise_broken", {"what": "turn the hay"}
    )
    assert plan.fact is not None
    names = ("Mira", "Tomas", "Oskar", "Lena")
    plan = replace(
        plan,
        fact=replace(plan.fact, subject=subject, object=object),
        subject_name=names[subject],
        object_name=names[object],
        emotion="",
    )
    for line in said(plan):
        assert "Mira" not in line, line  # nobody speaks of itself by its name
        assert re.search(expected, line), line
        assert not re.search(r"\b(for|to|with) I\b|^Me\b|, me (could|waited)", line), line


def test_a_gathering_that_is_over_is_not_announced() -> None:
    plan = make_plan(Act.TELL, Topic.GATHERING, "gathering", {"what": "a dance"}, "told")
    for line in said(replace(plan, tense="past", when="yesterday")):
        assert not re.search(r"\b(will|there is|is giving|planned)\b", line, re.IGNORECASE), line


def test_an_answer_fits_the_act_that_it_answers() -> None:
    forgiving = replace(make_plan(Act.AGREE, Topic.FAVOUR, "promise_broken", {"what": "x"}), after=Act.APOLOGISE)
    denying = replace(make_plan(Act.REFUSE, Topic.FAVOUR, ""), after=Act.BLAME)
    laughing = replace(make_plan(Act.ACKNOWLEDGE, Topic.SELF, ""), after=Act.JOKE)
    texts = [said(plan) for plan in (forgiving, denying, laughing)]
    assert not texts[0] & texts[1] and not texts[1] & texts[2] and not texts[0] & texts[2]
    assert not any("fence" in line or "hands full" in line for line in texts[1])


def test_the_talkative_add_a_second_sentence_more_often_and_never_the_same_twice() -> None:
    def share(extraversion: float) -> float:
        plan = replace(GREETING, speaker=replace(GREETING.speaker, extraversion=extraversion))
        return sum(draft(replace(plan, seed=seed)).coda != "" for seed in range(200)) / 200

    assert share(0.95) > 2 * share(0.05) > 0
    for _, line in wide():
        if line.coda:
            assert line.text == f"{line.phrase} {line.coda}"
            assert len(line.phrase.split()) <= MOST_WORDS_BEFORE_CODA
    lines: list[str] = []
    for seed in range(40):
        line = draft(replace(GREETING, seed=seed, recent_lines=tuple(lines[-6:])))
        assert not line.coda or not any(line.coda in earlier for earlier in lines[-6:])
        lines.append(line.text)


def test_lines_are_short_enough_to_be_said() -> None:
    lengths = [len(line.text.split()) for _, line in wide()]
    assert max(lengths) <= 24
    assert sum(length <= 17 for length in lengths) / len(lengths) > 0.97
