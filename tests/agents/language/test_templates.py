"""The phrases cover what villagers may say, and a draft is fit to be shown as it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from dataclasses import replace
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.acts import Act, Proposal, Topic
from agents.knowledge import FACT_KINDS
from agents.language.guards import candidate_of
from agents.language.lexicon import lexicon
from agents.language.objections import GUARDS
from agents.language.phrases import phrase_book, said_by
from agents.language.situation import weather_class
from agents.language.slots import filled
from agents.language.templates import MOST_CLAUSE_WORDS, Draft, TemplateVoice, draft, joined
from tests.agents.language.plans import FACTS, MOODS, WEATHERS, make_plan, varied_plans
from world.view import Weather


@cache
def without_fact(act: Act, topic: Topic, seed: int) -> Draft:
    """What Mira says to Tomas where there is nothing to tell of."""
    return draft(make_plan(act, topic, "", seed=seed))


@cache
def with_fact(act: Act, number: int, seed: int) -> Draft:
    """What Mira says to Tomas of one of the facts."""
    topic, kind, details, source = FACTS[number]
    return draft(make_plan(act, topic, kind, details, source, seed=seed))


@pytest.mark.parametrize("act", list(Act))
@pytest.mark.parametrize("topic", list(Topic))
def test_every_act_and_topic_has_several_wordings_without_a_fact(act: Act, topic: Topic) -> None:
    texts = {without_fact(act, topic, seed).text for seed in range(16)}
    assert len(texts) >= 2
    assert all(re.fullmatch(r"[A-Z].*[.!?]", text) for text in texts)


@pytest.mark.parametrize("kind", FACT_KINDS[Topic.NEWS])
@pytest.mark.parametrize("source", ["seen", "told", "own"])
def test_who_is_asked_on_about_news_says_whence_and_not_the_same_again(kind: str, source: str) -> None:
    """And what was not told yet is told, without words that point back."""
    first = make_plan(Act.ANSWER, Topic.NEWS, kind, {"what": "nine grey geese"}, source)
    first = replace(first, after=Act.ASK, subject_name="Oskar", teller_name="Jana" if source == "told" else "")
    told = {draft(replace(first, seed=seed)).text for seed in range(60)}
    again = {draft(replace(first, seed=seed, again=True)).text for seed in range(60)}
    assert len(again) >= 4 and not told & again
    assert not [text for text in again if "geese" in text]
    assert not [text for text in told if "As I say" in text or "Only that" in text]
    assert any("Jana" in text for text in again) == (source == "told")


@pytest.mark.parametrize("number", range(len(FACTS)), ids=[kind for _, kind, _, _ in FACTS])
@pytest.mark.parametrize("act", [Act.TELL, Act.ANSWER])
def test_telling_a_fact_says_that_fact(act: Act, number: int) -> None:
    told = {with_fact(act, number, seed).text for seed in range(30)}
    general = {without_fact(act, FACTS[number][0], seed).text for seed in range(60)}
    assert len(told) >= 2
    assert not told & general


def test_opposite_details_never_share_a_wording() -> None:
    def said(kind: str, topic: Topic, details: dict[str, object]) -> set[str]:
        plans = (make_plan(Act.TELL, topic, kind, details, "own", seed=seed) for seed in range(60))
        return {draft(plan).text for plan in plans}

    assert not said("opinion_of_person", Topic.PERSON, {"likes": True}) & said(
        "opinion_of_person", Topic.PERSON, {"likes": False}
    )
    states = [said("work_state", Topic.WORK, {"state": state}) for state in ("done", "behind", "well")]
    assert not states[0] & states[1] and not states[1] & states[2] and not states[0] & states[2]


def test_an_unknown_kind_is_a_general_line_and_not_another_fact() -> None:
    known = {with_fact(Act.TELL, number, seed).text for number in range(len(FACTS)) for seed in range(30)}
    unknown = {draft(make_plan(Act.TELL, topic, "comet_seen", seed=seed)).text for topic in Topic for seed in range(30)}
    assert not known & unknown


def test_hearsay_is_worded_as_hearsay() -> None:
    for seed in range(60):
        plan = make_plan(Act.TELL, Topic.PERSON, "saw_person", {}, "told", seed=seed)
        assert not draft(plan).text.startswith("I saw")


def test_one_who_is_talked_to_is_not_talked_about_in_the_third_person() -> None:
    plan = make_plan(Act.TELL, Topic.PERSON, "saw_person", {}, "seen")
    assert plan.fact is not None
    about_listener = replace(plan, fact=replace(plan.fact, subject=1), subject_name="Tomas")
    for seed in range(40):
        text = draft(replace(about_listener, seed=seed)).text
        assert re.search(r"\byou\b", text), text


def test_what_was_said_lately_is_not_said_again() -> None:
    plan = make_plan(Act.TELL, Topic.WEATHER, "rain_coming")
    lines: list[str] = []
    for seed in range(5):
        text = draft(replace(plan, seed=seed, recent_lines=tuple(lines))).text
        assert text not in lines
        lines.append(text[:-1] + ", so I will go home.")  # what a model made of it counts as said, too


@pytest.mark.parametrize("act", [Act.DOUBT, Act.ASK, Act.TELL, Act.ACKNOWLEDGE, Act.CLOSE, Act.JOKE])
def test_no_line_comes_twice_in_a_talk(act: Act) -> None:
    plan = make_plan(act, Topic.NEWS, "" if act in (Act.CLOSE, Act.JOKE) else "lost_sheep", {"what": "a grey sheep"})
    talk: list[tuple[str, str]] = []
    for turn in range(5 if act is Act.TELL else 8):  # one fact is told again and again only so often
        name = "Tomas" if turn % 2 else "Mira"
        talk.append((name, draft(replace(plan, seed=turn, history=tuple(talk), recent_lines=())).text))
    assert len({line for _, line in talk}) == len(talk)


def test_slots_are_filled_and_articles_fit() -> None:
    baker, innkeeper = make_plan(Act.TELL, Topic.WORK, ""), make_plan(Act.TELL, Topic.WORK, "")
    innkeeper = replace(innkeeper, speaker=replace(innkeeper.speaker, trade="innkeeper"))
    texts = {draft(replace(plan, seed=seed)).text for plan in (baker, innkeeper) for seed in range(60)}
    assert {"A baker is never quite done.", "An innkeeper is never quite done."} <= texts
    assert not any("{" in text for text in texts)
    afternoon = replace(make_plan(Act.GREET, Topic.WELLBEING, ""), day_part="afternoon")
    clauses = [draft(replace(afternoon, seed=seed)).clause for seed in range(200)]
    assert any("an afternoon" in clause for clause in clauses) and not any(
        "a afternoon" in clause for clause in clauses
    )


@given(
    act=st.sampled_from(list(Act)),
    topic=st.sampled_from(list(Topic)),
    fact=st.sampled_from([*FACTS, None]),
    mood=st.sampled_from(MOODS),
    weather=st.sampled_from([*WEATHERS, "ash from the sky"]),
    affinity=st.floats(-1, 1),
    place=st.sampled_from(["", "the mill", "Mill Lane 3"]),
    source=st.sampled_from(["seen", "told", "inferred", "own"]),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=200, deadline=None)
def test_any_plan_gets_a_well_formed_line(
    act: Act,
    topic: Topic,
    fact: tuple[Topic, str, dict[str, object], str] | None,
    mood: str,
    weather: str,
    affinity: float,
    place: str,
    source: str,
    seed: int,
) -> None:
    plan = make_plan(act, fact[0] if fact else topic, fact[1] if fact else "", fact[2] if fact else {}, source, seed)
    result = draft(replace(plan, mood=mood, weather=weather, affinity=affinity, place_name=place))
    assert re.fullmatch(r"[A-Z][^{}]*[.!?]", result.text)
    assert "  " not in result.text and " ." not in result.text
    if result.tail_allowed:
        assert result.clause == joined(result.phrase, result.connective)
        assert len(result.clause.split()) <= MOST_CLAUSE_WORDS
    else:
        assert result.clause == result.phrase


@given(
    temperature=st.floats(-20, 35),
    rain=st.sampled_from([0.0, 0.1, 3.0, 9.0]),
    snow=st.sampled_from([0.0, 0.1, 3.0]),
    visibility=st.sampled_from([300.0, 20_000.0]),
    wind=st.sampled_from([1.0, 12.0]),
    cloud=st.floats(0, 1),
)
def test_every_weather_the_world_can_describe_has_its_phrases(
    temperature: float, rain: float, snow: float, visibility: float, wind: float, cloud: float
) -> None:
    weather = Weather(temperature, 0.5, 1e5, wind, 0.0, cloud, rain, snow, visibility, 0.0, 0.0)
    used = {
        name
        for phrase in phrase_book().phrases
        for key, names in phrase.conditions
        if key == "weather"
        for name in names
    }
    assert weather_class(weather.describe()) in used


def test_most_lines_of_any_act_may_be_worded_by_a_model() -> None:
    plans = varied_plans(300)
    assert sum(draft(plan).tail_allowed for plan in plans) / len(plans) > 0.6
    for act in set(Act) - {Act.JOKE}:  # what is said behind its point kills it
        lines = [without_fact(act, topic, seed) for topic in Topic for seed in range(16)]
        assert sum(line.tail_allowed for line in lines) / len(lines) > 0.4, act


def test_a_connective_begins_a_sentence_or_follows_a_comma_and_a_question_stays_one() -> None:
    assert joined("Good day, Mira.", "It is a day for a") == "Good day, Mira. It is a day for a"
    assert joined("I am cold.", "and all I want is a") == "I am cold, and all I want is a"
    for plan in varied_plans(200):
        line = draft(replace(plan, act=Act.ASK))
        if line.tail_allowed:
            assert line.asks == (line.text.endswith("?") and ", " + line.connective in line.clause)


def test_endings_are_left_open_and_short_enough_to_go_on() -> None:
    endings = phrase_book().endings
    assert len({ending.text for ending in endings}) >= 120
    for ending in endings:
        assert re.fullmatch(r"[A-Za-z{} ,]*[a-z}]", ending.text), ending.text
        assert 1 <= len(ending.text.split()) <= 11, ending.text


TRADES = sorted(
    {*phrase_book().tasks, "tinker"}
    | {
        entry["name"]
        for entry in tomllib.loads(files("assets").joinpath("names", "trades.toml").read_text("utf-8"))["trade"]
    }
)
CONNECTIVES = {ending.text: ending.calls_for for ending in phrase_book().endings} | {
    tail: kinds for phrase in phrase_book().phrases for tail, kinds in phrase.tails
}


def kinds_called_for(connective: str) -> set[str]:
    """The kinds of words that a connective calls for, of every trade that has them."""
    wanted = {kind.replace("{their_trade}", "{trade}") for kind in CONNECTIVES[connective]}
    return {kind.format(trade=trade) for kind in wanted for trade in TRADES} & set(lexicon().kinds)


def test_every_connective_calls_for_kinds_that_have_words() -> None:
    called = {connective: kinds_called_for(connective) for connective in CONNECTIVES}
    assert all(called.values())
    assert all(set(kinds) <= called[at] for at, kinds in CONNECTIVES.items() if not any("{" in kind for kind in kinds))
    assert set().union(*called.values()) == set(lexicon().kinds), "a kind that nothing calls for"


def test_every_word_that_is_called_for_may_be_said_there() -> None:
    for connective in CONNECTIVES:
        for kind in kinds_called_for(connective):
            planned = Draft("Well.", f"Well, {connective}", connective, (), calls_for=(kind,))
            for word in lexicon().kinds[kind]:
                candidate = candidate_of(planned, f" {word}.", -1.0)
                for guard in ("form", "joint", "grammar", "sense", "vocabulary", "voice"):
                    assert not GUARDS[guard](make_plan(), planned, candidate), candidate.line


def test_no_connective_comes_twice_in_a_talk_or_soon_again_from_one_mouth() -> None:
    lines: list[str] = []
    used: list[str] = []
    for seed in range(12):
        line = draft(replace(make_plan(Act.CLOSE, Topic.WEATHER, "", seed=seed), recent_lines=tuple(lines)))
        if line.tail_allowed:
            lines.append(f"{line.clause} loaf.")
            used.append(line.connective)
    assert len(used) >= 5 and len(set(used)) == len(used)


def test_a_talk_that_has_had_its_song_goes_on_to_something_else() -> None:
    def calls_for_song(*talk: tuple[str, str]) -> float:
        lines = [draft(replace(make_plan(Act.AGREE, Topic.WORK, ""), seed=seed, history=talk)) for seed in WIDE]
        going_on = [line for line in lines if line.tail_allowed]
        return sum("lightening" in line.calls_for for line in going_on) / len(going_on)

    served = ("Tomas", "I have had my laugh, and a song with it.")
    assert calls_for_song(served) < 0.6 * calls_for_song(("Tomas", "That was a long walk, Mira."))


def test_endings_are_of_the_season_and_of_the_trade() -> None:
    def kinds(**changes: Any) -> set[str]:
        plans = (replace(make_plan(Act.GREET, Topic.WELLBEING, ""), seed=seed, **changes) for seed in WIDE)
        return {kind for line in map(draft, plans) for kind in line.calls_for}

    smith = replace(make_plan().speaker, trade="smith")
    assert "smith_dirt" in kinds(speaker=smith) and "smith_dirt" not in kinds()
    assert {"smell", "birds"} <= kinds(season="summer", weather="sunshine") and "smell" not in kinds()
    assert "summer" in kinds(season="winter") and "summer" not in kinds()


def test_nobody_wants_of_a_colleague_what_both_make() -> None:
    def wanted(trade: str) -> set[str]:
        plan = make_plan(Act.ASK, Topic.WORK, "")
        smith = replace(plan.speaker, trade="smith")
        plans = (replace(plan, speaker=smith, listener=replace(plan.listener, trade=trade), seed=seed) for seed in WIDE)
        return {kind for line in map(draft, plans) for kind in line.calls_for}

    assert "baker_wares" in wanted("baker") and "smith_wares" not in wanted("smith")


def test_few_endings_call_for_food_and_drink_alone() -> None:
    eaten = lexicon().of_kinds(("soup", "lunch", "breakfast", "meal", "baked", "cup", "mug", "cold_drink"))
    to_eat = {kind for kind, words in lexicon().kinds.items() if words <= eaten}
    fed = [ending for ending in phrase_book().endings if set(ending.calls_for) <= to_eat]
    assert len(fed) / len(phrase_book().endings) < 0.1


WIDE = range(150)
WORDINGS = [item.text for item in (*phrase_book().phrases, *phrase_book().endings, *phrase_book().codas)] + [
    tail for phrase in phrase_book().phrases for tail, _ in phrase.tails
]


@pytest.mark.parametrize("trade", TRADES)
def test_verbs_agree_with_the_work_of_every_trade(trade: str) -> None:
    task = phrase_book().tasks.get(trade, "the work")
    assert not re.search(r"[^s]s$", task), f"the work of a {trade} must be a singular"
    of_work = {"task": task, "their_task": task, "trade": trade, "their_trade": trade}
    words = defaultdict(lambda: "Oskar", of_work)
    found = [filled(text, words) for text in WORDINGS if any(f"{{{slot}}}" in text for slot in of_work)]
    assert len(found) > 50
    for text in found:
        assert not re.search(rf"\b(do|are|were|have) {task}\b", text, re.IGNORECASE), text
        assert not re.search(rf"{task} (are|were|have|do|leave|keep|go)\b(?! you)", text), text
        assert not re.search(r"\ba [aeiou]", text), text


def test_a_trade_of_the_village_has_a_name_for_its_work() -> None:
    assert set(TRADES) - {"tinker"} == set(phrase_book().tasks)


def test_weather_is_not_contradicted() -> None:
    for seed in range(60):
        plan = replace(make_plan(Act.TELL, Topic.WEATHER, "", seed=seed), weather="sunshine")
        assert not re.search(r"\b(rain|snow|fog|mud)\b", draft(plan).text)


def test_the_template_voice_answers_at_the_due_tick_in_key_order() -> None:
    voice = TemplateVoice()
    plans = varied_plans(6)
    for plan in reversed(plans):
        voice.submit(replace(plan, due_tick=200))
    assert voice.due(199) == []
    words = voice.due(200)
    assert [w.key for w in words] == sorted(plan.key for plan in plans)
    assert all(w.text == w.draft and w.source == "template" and w.arrival_tick == 200 for w in words)
    assert voice.due(201) == []


def test_there_are_hundreds_of_distinct_wordings() -> None:
    texts = [phrase.text for phrase in phrase_book().phrases]
    assert len(set(texts)) >= 400


def test_the_bare_phrases_need_neither_model_nor_renderer_and_agree_between_processes() -> None:
    code = (
        "import sys; sys.modules['llama_cpp'] = sys.modules['panda3d'] = None\n"
        "from tests.agents.language.plans import varied_plans\n"
        "from agents.language.templates import draft, template_wording\n"
        "from agents.language.logged import LoggedVoice\n"
        "plan = varied_plans(1)[0]; voice = LoggedVoice([template_wording(plan)]); voice.submit(plan)\n"
        "assert voice.due(plan.due_tick)\n"
        "print([draft(plan) for plan in varied_plans(40)])"
    )
    other = {**os.environ, "PYTHONHASHSEED": "77"}
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=other).stdout
    assert output == f"{[draft(plan) for plan in varied_plans(40)]}\n"


def test_every_kind_in_use_can_be_told_and_taken_up() -> None:
    book = phrase_book()
    for topic, kinds in FACT_KINDS.items():
        for kind in kinds:
            of_kind = [phrase for phrase in book.phrases if phrase.kind == kind and phrase.topic is topic]
            assert {Act.TELL, Act.ANSWER} <= {act for phrase in of_kind for act in phrase.acts}, kind
            assert any(not phrase.slots for phrase in of_kind) or topic is Topic.PERSON, f"{kind} always needs a slot"
    assert {kind for _, kind, _, _ in FACTS} == {kind for kinds in FACT_KINDS.values() for kind in kinds}


@pytest.mark.parametrize("source", ["seen", "told"])
def test_nobody_speaks_of_themselves_or_of_the_one_addressed_by_name(source: str) -> None:
    for topic, kind, details, _ in FACTS:
        plan = make_plan(Act.TELL, topic, kind, details, source)
        for person, act, seed in product((plan.speaker, plan.listener), (Act.TELL, Act.ANSWER), range(8)):
            assert plan.fact is not None
            fact = replace(plan.fact, subject=person.row)
            text = draft(replace(plan, act=act, fact=fact, subject_name=person.name, seed=seed)).text
            spoken = text.replace(f", {plan.listener.name}", "").replace(f"{plan.listener.name}, ", "")
            assert person.name not in spoken, text


def test_thanks_for_a_promise_to_come_fit_who_gives_the_feast() -> None:
    def said(host: int) -> set[str]:
        wish = Proposal("attend", 1, host, 1, 0, 1080, 120, "a supper")
        plan = replace(make_plan(Act.THANK, Topic.GATHERING, "gathering"), proposal=wish, after=Act.PROMISE)
        return {draft(replace(plan, seed=seed)).text for seed in range(120)}

    mine, anothers = said(0), said(2)
    assert any("one more place" in line for line in mine) and not any("one more place" in line for line in anothers)
    assert any("go there together" in line for line in anothers) and not any("together" in line for line in mine)
    assert not any("good heart" in line or "be asked" in line for line in mine | anothers)


def test_only_who_was_promised_something_thanks_for_it() -> None:
    plan = make_plan(Act.PRAISE, Topic.FAVOUR, "promise_kept", {"what": "mend the fence", "deed": "help"})
    assert plan.fact is not None
    for other, thanked in ((3, False), (0, True)):
        fact = replace(plan.fact, subject=1, object=other)
        lines = {draft(replace(plan, fact=fact, seed=seed)).text for seed in range(120)}
        assert any("I thank you" in line for line in lines) == thanked


def test_a_refused_offer_and_a_refused_request_are_taken_differently() -> None:
    def said(doer: int) -> set[str]:
        wish = Proposal("help", doer, 1 - doer, 1, 0, 900, 60, "mend the fence")
        plan = replace(make_plan(Act.ACKNOWLEDGE, Topic.FAVOUR, ""), proposal=wish, after=Act.REFUSE)
        return {draft(replace(plan, seed=seed)).text for seed in range(120)}

    asked, offered = said(1), said(0)
    assert any("manage by myself" in line for line in asked) and not any("manage by myself" in line for line in offered)
    assert any("only meant to help" in line for line in offered)


def test_who_is_refused_takes_up_the_refusal_and_not_the_matter_as_news() -> None:
    answers = {phrase.text for phrase in phrase_book().phrases if phrase.answers and Act.ACKNOWLEDGE in phrase.acts}
    plan = replace(make_plan(Act.ACKNOWLEDGE, Topic.GATHERING, "gathering", {"what": "a supper"}), after=Act.REFUSE)
    for seed in range(20):
        assert said_by(draft(replace(plan, seed=seed)).text) & answers
