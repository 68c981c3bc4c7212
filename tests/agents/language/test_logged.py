"""A logged voice repeats a run's words at their ticks and notices when it is another run."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from agents.language.logged import LoggedVoice
from agents.language.templates import template_wording
from tests.agents.language.plans import varied_plans


def test_words_come_back_as_they_were_at_the_tick_they_once_arrived() -> None:
    plans = varied_plans(20)
    late = [
        replace(template_wording(p), text=f"line {i}", arrival_tick=p.due_tick + i % 3) for i, p in enumerate(plans)
    ]
    shuffled = late.copy()
    random.Random(3).shuffle(shuffled)
    voice = LoggedVoice(shuffled)
    heard = []
    for tick in range(90, 160):
        for plan in plans:
            if plan.key[1] == tick:
                voice.submit(plan)
        words = voice.due(tick)
        assert all(word.arrival_tick == tick for word in words)
        assert words == sorted(words, key=lambda word: word.key)
        heard += words
    assert sorted(heard, key=lambda word: word.key) == sorted(late, key=lambda word: word.key)


def test_a_missing_key_names_agent_and_tick() -> None:
    plans = varied_plans(20)
    voice = LoggedVoice(template_wording(plan) for plan in plans if plan is not plans[4])
    agent, tick, _ = plans[4].key
    with pytest.raises(LookupError, match=rf"agent {agent} at tick {tick}\b"):
        voice.submit(plans[4])


def test_words_still_asked_for_when_the_session_ended_are_not_missed() -> None:
    plans = varied_plans(5)
    voice = LoggedVoice(template_wording(plan) for plan in plans[:-1])
    voice.submit(plans[-1])
    assert voice.due(plans[-1].due_tick) == []


def test_two_wordings_of_one_key_are_refused() -> None:
    wording = template_wording(varied_plans(1)[0])
    with pytest.raises(ValueError, match="two wordings"):
        LoggedVoice([wording, wording])
