"""Feelings follow from what happens as in OCC, are bent by nature, fade, and move mood and pace."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.acts import Act
from agents.appraisal import Agent, Appraisal, Feeling, feelings, of_act
from agents.emotion import PLEASURE_AROUSAL, Emotions, mood_word
from agents.needs import NEEDS, Needs
from recorder.schema import FEELING_NAMES
from tests.agents.flat_world import FAIR

GREY = replace(FAIR, cloud=0.5)
HAPPY = Appraisal(0.5)


def three(extraversion: float = 0.5, neuroticism: float = 0.5, **how: bool) -> Emotions:
    return Emotions.from_traits(np.full(3, extraversion), np.full(3, neuroticism), **how)


def content(**urgent: float) -> Needs:
    return Needs(*(np.full(3, urgent.get(name, 0.0)) for name in NEEDS))


@pytest.mark.parametrize(
    ("event", "strongest"),
    [
        (Appraisal(0.5), Feeling.JOY),
        (Appraisal(-0.5), Feeling.DISTRESS),
        (Appraisal(0.5, likelihood=0.6), Feeling.HOPE),
        (Appraisal(-0.5, likelihood=0.6), Feeling.FEAR),
        (Appraisal(0.1, expected=-0.6), Feeling.RELIEF),
        (Appraisal(-0.1, expected=0.6), Feeling.DISAPPOINTMENT),
        (Appraisal(0.0, 0.5, Agent.SELF), Feeling.PRIDE),
        (Appraisal(0.0, -0.5, Agent.SELF), Feeling.SHAME),
        (Appraisal(0.0, 0.5, Agent.OTHER), Feeling.ADMIRATION),
        (Appraisal(0.0, -0.5, Agent.OTHER), Feeling.REPROACH),
        (Appraisal(0.5, 0.5, Agent.OTHER), Feeling.GRATITUDE),
        (Appraisal(-0.5, -0.5, Agent.OTHER), Feeling.ANGER),
        (Appraisal(appeal=0.5), Feeling.LIKING),
        (Appraisal(appeal=-0.5), Feeling.DISLIKE),
        (Appraisal(for_other=-0.8, sympathy=0.6), Feeling.PITY),
        (Appraisal(for_other=0.8, sympathy=-0.6), Feeling.RESENTMENT),
        (Appraisal(for_other=0.8, sympathy=0.6), Feeling.JOY),
    ],
)
def test_each_feeling_arises_where_occ_says(event: Appraisal, strongest: Feeling) -> None:
    felt = feelings(event)
    assert max(felt, key=lambda f: felt[f]) == strongest
    emotions = three()
    emotions.appraise(1, event)
    assert emotions.strongest(1) == strongest.name.lower()
    assert emotions.strongest(0) == "", "what happens to one moves no other"
    assert [FEELING_NAMES[number] for number in emotions.shown()] == ["none", emotions.strongest(1), "none"]
    pleases = PLEASURE_AROUSAL[strongest, 0] > 0
    assert (emotions.mood[1] > emotions.nature[1]) == pleases


signed = st.floats(-1, 1)
appraisals = st.builds(
    Appraisal,
    desirability=signed,
    praiseworthiness=signed,
    agent=st.sampled_from(Agent),
    likelihood=st.floats(0, 1),
    expected=signed,
    for_other=signed,
    sympathy=signed,
    appeal=signed,
)


@given(st.lists(appraisals, max_size=12), st.floats(0, 1), st.floats(0, 1))
def test_nothing_drives_feelings_beyond_their_bounds(events, extraversion, neuroticism):
    emotions = three(extraversion, neuroticism)
    for event in events:
        assert all(0 < strength <= 1 for strength in feelings(event).values())
        emotions.appraise(0, event)
    assert ((emotions.intensity >= 0) & (emotions.intensity <= 1)).all()
    assert -1 <= emotions.mood[0] <= 1 and 0 <= emotions.arousal[0] <= 1


def test_moods_move_with_events_and_return_to_nature() -> None:
    emotions = Emotions.from_traits(np.array([0.8, 0.2, 0.5]), np.array([0.2, 0.8, 0.5]))
    assert emotions.mood[0] > emotions.mood[2] > emotions.mood[1]
    rest = emotions.mood[2]
    emotions.appraise(2, HAPPY)
    pushed, joy = emotions.mood[2], emotions.intensity[2, Feeling.JOY]
    emotions.advance(1800.0, content(), GREY, np.zeros(3))
    assert rest < emotions.mood[2] < pushed and 0 < emotions.intensity[2, Feeling.JOY] < joy
    emotions.advance(1e6, content(), GREY, np.zeros(3))
    assert emotions.mood == pytest.approx(emotions.nature) and emotions.strongest(2) == ""


def test_natures_bend_feelings() -> None:
    glad, dull, tense, calm = three(0.9), three(0.1), three(0.5, 0.9), three(0.5, 0.1)
    for emotions in (glad, dull, tense, calm):
        emotions.appraise(0, HAPPY)
        emotions.appraise(1, Appraisal(-0.5))
    assert glad.intensity[0, Feeling.JOY] > dull.intensity[0, Feeling.JOY]
    assert tense.intensity[1, Feeling.DISTRESS] > calm.intensity[1, Feeling.DISTRESS]


def test_danger_is_feared_and_its_end_relieves() -> None:
    emotions = three()
    emotions.advance(1.0, content(danger=0.8), GREY, np.ones(3))
    assert emotions.strongest(0) == "fear"
    evening = three()
    evening.advance(1.0, content(danger=0.2), GREY, np.ones(3))
    assert evening.strongest(0) == "", "the dark of every evening frightens few"
    frightened = emotions.pace(np.arange(3))[0]
    for _ in range(600):
        emotions.advance(1.0, content(), GREY, np.zeros(3))
    assert emotions.strongest(0) == "relief" and emotions.pace(np.arange(3))[0] < frightened


def test_the_sad_walk_slowly() -> None:
    low, high = three(), three()
    for _ in range(4):
        low.appraise(0, Appraisal(-0.8))
        high.appraise(0, Appraisal(0.8))
    slow, quick = (emotions.pace(np.arange(1))[0] for emotions in (low, high))
    assert slow < 0.97
    assert quick > 1.0
    assert mood_word(float(low.mood[0]), 0.0, 0.0, 0.4) == "low"


def test_acts_mean_what_they_ought_to_their_hearer() -> None:
    def first(act: Act, valence: int = 0, *, deserved: bool = False) -> str:
        emotions = three()
        emotions.appraise(0, of_act(act, valence, deserved=deserved))
        return emotions.strongest(0)

    assert (first(Act.BLAME), first(Act.BLAME, deserved=True)) == ("anger", "shame")
    assert first(Act.PRAISE) in ("joy", "gratitude") and first(Act.JOKE) == "joy"
    assert (first(Act.TELL, 1), first(Act.TELL, -1), first(Act.TELL)) == ("joy", "distress", "")
    assert first(Act.WARN, -1) == "distress", "what threatens weighs more than who warned"


def test_without_emotion_nothing_moves_anybody() -> None:
    emotions = three(0.9, 0.1, felt=False)
    emotions.appraise(0, HAPPY)
    emotions.advance(60.0, content(hunger=1.0, danger=1.0), GREY, np.ones(3))
    assert not emotions.mood.any() and not emotions.intensity.any() and emotions.strongest(0) == ""


def test_feelings_go_on_from_a_state() -> None:
    one, other = three(), three()
    one.appraise(0, HAPPY)
    one.advance(5.0, content(danger=0.5), GREY, np.ones(3))
    other.thaw(one.freeze())
    for emotions in (one, other):
        emotions.advance(60.0, content(), GREY, np.ones(3))
    for name in ("mood", "arousal", "intensity", "dread"):
        assert np.array_equal(getattr(one, name), getattr(other, name))


def test_the_angry_hurry() -> None:
    calm, angry = three(), three()
    angry.appraise(0, Appraisal(-0.6, -0.6, Agent.OTHER))
    angry.mood[0] = calm.mood[0]
    assert angry.pace(np.arange(1))[0] > calm.pace(np.arange(1))[0]


def test_sun_lifts_and_rain_lowers_the_mood_of_who_is_out_and_want_that_of_everybody() -> None:
    out = np.array([1.0, 0.0, 1.0])

    def after_an_hour(**changed: float) -> np.ndarray:
        emotions = three()
        emotions.advance(3600.0, content(), replace(GREY, **changed), out)
        return emotions.mood

    grey, sun, rain = after_an_hour(), after_an_hour(cloud=0.0), after_an_hour(rain_mm_h=3.0)
    assert sun[0] > grey[0] + 0.02 and rain[0] < grey[0] - 0.05
    assert sun[1] == grey[1] == rain[1], "under a roof the sky is the same to everybody"
    for need in ("hunger", "fatigue", "cold", "loneliness", "danger"):
        pressed = three()
        pressed.advance(3600.0, content(**{need: 0.9}), GREY, np.zeros(3))
        assert pressed.mood[1] < grey[1] - 0.1
