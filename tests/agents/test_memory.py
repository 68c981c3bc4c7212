"""Memory: what comes to mind for a cue, what fades, what a night does, and that it can be taken out and put back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.acts import Topic
from agents.memory import EPISODE, EpisodeKind, Memories
from agents.recollection import scaled, word_fit, word_numbers

HOUR = 3600 * 16


def recalled_tick(memories: Memories, tick: int, **cue: Any) -> int:
    episode = memories.recall(0, tick, **cue)
    assert episode is not None
    return int(episode["tick"])


def test_newer_memories_rank_higher_all_else_equal() -> None:
    memories = Memories(1, 16)
    for tick in (100, 5000, 3000):
        memories.remember(0, tick, EpisodeKind.HEARD, Topic.NEWS, who=1, place=2, fact=tick, importance=0.4)
    assert recalled_tick(memories, 6000, topic=Topic.NEWS, who=1) == 5000
    ranked = memories.retrieve(0, 6000, topic=Topic.NEWS)
    assert ranked["tick"].tolist() == [5000, 3000, 100]
    assert recalled_tick(memories, 6000, topic=Topic.NEWS, before=4000) == 3000


def test_importance_and_fit_outweigh_a_little_recency() -> None:
    memories = Memories(1, 16)
    memories.remember(0, 100, EpisodeKind.HEARD, Topic.NEWS, who=1, importance=0.9)
    memories.remember(0, 5000, EpisodeKind.HEARD, Topic.NEWS, who=1, importance=0.1)
    memories.remember(0, 5900, EpisodeKind.SAID, Topic.WORK, who=2, importance=0.1)
    assert recalled_tick(memories, 6000, topic=Topic.NEWS) == 100
    assert recalled_tick(memories, 6000, topic=Topic.WORK, who=2) == 5900
    assert memories.recall(0, 6000, topic=Topic.WEATHER) is None
    assert memories.recall(0, 6000) is None


def test_words_decide_where_typed_fields_do_not() -> None:
    memories = Memories(1, 16)
    for tick, words in ((100, "a grey sheep"), (200, "the midsummer supper"), (300, "a grey wall")):
        memories.remember(0, tick, EpisodeKind.HEARD, Topic.NEWS, who=1, words=words)
    assert recalled_tick(memories, 400, topic=Topic.NEWS, words="the grey sheep") == 100
    assert recalled_tick(memories, 400, words="supper") == 200
    assert recalled_tick(memories, 400, topic=Topic.NEWS) == 300
    assert memories.recall(0, 400, words="a fiddle") is None
    memories.remember(0, 500, EpisodeKind.HEARD, Topic.WORK, who=2, words="grey sheep")
    assert recalled_tick(memories, 600, topic=Topic.NEWS, who=1, words="grey sheep") == 100, "typed fields come first"


def test_words_in_common_weigh_more_the_rarer_they_are() -> None:
    texts = ["a grey sheep", "a grey wall", "grey hair", "the black sheep", "two lambs"]
    words = np.array([word_numbers(text) for text in texts])
    cue = word_numbers("The grey sheep!")
    fit = word_fit(words, cue[cue != 0])
    assert fit[0] == pytest.approx(1.0) and fit[4] == 0.0
    assert fit[3] > fit[1] == fit[2] > 0, "fewer speak of sheep than of something grey"
    assert scaled(np.array([3.0, 3.0]), 0.2).tolist() == [0.0, 0.0], "no division by zero where all are alike"
    assert scaled(np.array([0.0, 5.0]), 0.2).tolist() == [0.0, 1.0]


def reference(episodes: np.ndarray, tick: int, who: int, topic: int) -> list[int]:
    """The ranking of every episode that fits, one by one."""
    fitting = [e for e in episodes if e["who"] == who or e["about"] == who or e["topic"] == topic]

    def share(name: str) -> dict[int, float]:
        values = {
            "recency": [0.995 ** ((tick - int(e["last"])) / HOUR) for e in fitting],
            "importance": [float(e["importance"]) for e in fitting],
            "relevance": [(int(who in (e["who"], e["about"])) + int(e["topic"] == topic)) / 2 for e in fitting],
        }[name]
        span = max(max(values) - min(values), {"recency": 0.2, "importance": 0.3, "relevance": 0.25}[name])
        return {int(e["id"]): (v - min(values)) / span for e, v in zip(fitting, values, strict=True)}

    parts = [share(name) for name in ("recency", "importance", "relevance")]
    return [
        int(e["id"])
        for e in sorted(fitting, key=lambda e: (-sum(p[int(e["id"])] for p in parts), -int(e["last"]), -int(e["id"])))
    ]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), most=st.integers(1, 9))
def test_retrieval_equals_a_ranking_of_one_by_one(seed: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    memories = Memories(1, 16)
    for tick in np.sort(rng.integers(0, 200 * HOUR, 100)).tolist():
        who, about, topic = (int(v) for v in (rng.integers(4), rng.integers(-1, 4), rng.integers(3)))
        importance = float(rng.choice([0.1, 0.35, 0.9]))
        memories.remember(0, tick, EpisodeKind.HEARD, list(Topic)[topic], who=who, about=about, importance=importance)
    found = memories.retrieve(0, 200 * HOUR, who=2, topic=Topic.WORK, most=most)
    assert found["id"].tolist() == reference(memories.of(0), 200 * HOUR, 2, list(Topic).index(Topic.WORK))[:most]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 100 * HOUR), st.sampled_from([0.1, 0.5, 0.9])), min_size=1, max_size=60))
def test_memory_is_bounded_and_keeps_what_matters(episodes: list[tuple[int, float]]) -> None:
    memories = Memories(1, 16, capacity=20)
    for tick, importance in sorted(episodes):
        memories.remember(0, tick, EpisodeKind.NOTICED, Topic.PERSON, who=3, importance=importance)
    kept = memories.of(0)
    assert len(kept) == min(len(episodes), 20)
    weighty = sum(importance == 0.9 for _, importance in episodes)
    recent = sum(tick >= max(episodes)[0] - HOUR for tick, _ in episodes)
    if weighty + recent <= 20:
        assert (kept["importance"] > 0.8).sum() == weighty, "what mattered is kept before what was dull and long ago"


def test_a_night_makes_one_of_what_was_often_and_drops_what_was_dull_and_long_ago() -> None:
    memories = Memories(1, 16)
    for day in range(5):
        memories.remember(
            0, day * 24 * HOUR, EpisodeKind.SAW, Topic.PERSON, who=3, place=7, fact=100 + day, importance=0.1
        )
        memories.remember(0, day * 24 * HOUR, EpisodeKind.HEARD, Topic.NEWS, who=3, fact=day, importance=0.5)
    night = (4 * 24 + 14) * HOUR
    memories.remember(0, night - HOUR, EpisodeKind.SAW, Topic.PERSON, who=3, place=7, importance=0.1)
    before = memories.of(0).copy()
    memories.consolidate(0, night)
    after = memories.of(0)
    assert after["times"].sum() == before["times"].sum()
    often = after[after["times"] > 1]
    assert len(often) == 1 and len(after) == 7, "one of five sightings; this evening's and five tellings stay apart"
    assert often["times"].tolist() == [5] and often["tick"].tolist() == [0]
    assert often["last"].tolist() == [4 * 24 * HOUR] and often["fact"].tolist() == [104]
    again = memories.of(0).copy()
    memories.consolidate(0, night)
    assert np.array_equal(memories.of(0), again)
    memories.remember(0, night, EpisodeKind.SAW, Topic.PERSON, who=5, importance=0.1)
    memories.consolidate(0, night + 40 * 24 * HOUR)
    assert 5 not in memories.of(0)["who"], "met once, and long ago"
    assert 3 in memories.of(0)["who"], "met often, or told something that mattered"


def test_who_is_seen_at_the_same_place_again_and_again_is_one_episode() -> None:
    memories = Memories(1, 16)
    for tick, place in ((0, 7), (HOUR, 8), (2 * HOUR, 7), (3 * HOUR, 7), (12 * HOUR, 7)):
        memories.remember(0, tick, EpisodeKind.SAW, Topic.PERSON, who=3, place=place, fact=tick)
    assert memories.of(0)["times"].tolist() == [3, 1, 1], "but in the evening it is another one"
    assert memories.of(0)["last"].tolist() == memories.of(0)["fact"].tolist() == [3 * HOUR, HOUR, 12 * HOUR]


def test_without_memory_nothing_is_kept() -> None:
    memories = Memories(1, 16, keeps=False)
    memories.remember(0, 5, EpisodeKind.SAW, Topic.PERSON, who=3)
    assert memories.recall(0, 10, who=3) is None and len(memories.of(0)) == 0


def test_memories_go_on_from_a_state() -> None:
    def filled() -> Memories:
        rng = np.random.default_rng(4)
        memories = Memories(3, 16, capacity=30)
        for tick in range(0, 300 * 60, 60):
            memories.remember(
                int(rng.integers(3)),
                tick * 16,
                EpisodeKind(int(rng.integers(4))),
                Topic.NEWS,
                who=int(rng.integers(5)),
                place=int(rng.integers(3)),
                importance=float(rng.random()),
                words="a grey sheep" if rng.random() < 0.5 else "",
            )
        memories.consolidate(1, 400 * 60 * 16)
        return memories

    one, other = filled(), Memories(3, 16, capacity=30)
    other.thaw(one.freeze())
    for memories in (one, other):
        memories.remember(2, 500 * 60 * 16, EpisodeKind.SAID, Topic.WORK, who=1)
        memories.consolidate(2, 900 * 60 * 16)
    for name in ("count", "digest", "unreflected"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
    for row in range(3):
        for name in EPISODE.names or ():
            assert np.array_equal(one.of(row)[name], other.of(row)[name])
        assert np.array_equal(one.words[row, : one.count[row]], other.words[row, : one.count[row]])


def test_what_mattered_outlasts_what_was_dull_in_a_full_mind_and_over_nights() -> None:
    memories = Memories(1, 16, capacity=5)
    memories.remember(0, 0, EpisodeKind.NOTICED, Topic.PERSON, who=1, importance=0.9)
    for hour in range(1, 9):
        memories.remember(0, hour * HOUR, EpisodeKind.NOTICED, Topic.PERSON, who=2, importance=0.1)
    assert memories.of(0)["who"].tolist().count(1) == 1 and len(memories.of(0)) == 5
    memories = Memories(1, 16)
    for who, importance in ((1, 0.9), (2, 0.1), (3, 0.6), (3, 0.2)):
        memories.remember(0, 0, EpisodeKind.HEARD, Topic.NEWS, who=who, fact=who, importance=importance)
    memories.consolidate(0, 12 * HOUR)
    assert memories.of(0)["importance"][memories.of(0)["who"] == 3] == pytest.approx(0.6), "as it mattered most"
    memories.consolidate(0, 30 * 24 * HOUR)
    assert set(memories.of(0)["who"].tolist()) == {1, 3}
