"""Relations over bounded acquaintances: read like a matrix, moved by acts, the least close forgotten for newcomers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.acquaintance import Circles, slot_of
from agents.acts import Act
from agents.persona import make_personas
from agents.relationships import FEELINGS, LIMITS, NEVER, STRANGER, Relationships
from tests.agents.flat_world import FlatWorld

PEOPLE = make_personas(3, 24, FlatWorld().places)


class Dense:
    """The same rules over whole matrices, and a set of those whom each one knows."""

    def __init__(self, start: Relationships, people: int, circle: int) -> None:
        every = np.arange(people)
        self.values = {name: getattr(start, name)[every[:, None], every[None]].astype(float) for name in FEELINGS}
        self.known = [set(start.known(row).tolist()) for row in every.tolist()]
        self.warmth = start.warmth
        self.circle = circle

    def move(self, a: int, b: int, **steps: float) -> None:
        v = self.values
        if b not in self.known[a]:
            if len(self.known[a]) == self.circle:
                close = (
                    v["familiarity"][a]
                    + abs(v["affinity"][a]) / 2
                    + abs(v["debt"][a]) / 2
                    + abs(v["trust"][a] - 0.45) / 4
                )
                leaving = min(self.known[a], key=lambda other: (np.float32(close[other]), other))
                self.known[a].remove(leaving)
                for name in FEELINGS:
                    v[name][a, leaving] = STRANGER[name]
            self.known[a].add(b)
        step = dict.fromkeys(FEELINGS, 0.0) | steps
        bend = 0.6 * self.warmth(a, b) * np.sign(step["affinity"])
        affinity = v["affinity"][a, b]
        step["affinity"] *= (1 + bend) * min(1.0, 1 - np.sign(step["affinity"]) * affinity)
        step["familiarity"] *= 1 - v["familiarity"][a, b]
        for name in FEELINGS:
            v[name][a, b] = np.float32(np.clip(v[name][a, b] + step[name], *LIMITS[name]))


steps = st.fixed_dictionaries({name: st.floats(-0.6, 0.6) for name in FEELINGS})


@settings(max_examples=40, deadline=None)
@given(
    moves=st.lists(st.tuples(st.integers(0, 23), st.integers(0, 23), steps), max_size=60),
    circle=st.sampled_from([4, 9, 150]),
)
def test_sparse_relations_equal_dense_ones(moves, circle):
    relations = Relationships.among(PEOPLE, 5, circle=circle)
    dense = Dense(relations, 24, min(circle, 23))
    for a, b, step in moves:
        if a != b:
            relations.move(a, b, **step)
            dense.move(a, b, **step)
    every = np.arange(24)
    for name in FEELINGS:
        whole = getattr(relations, name)[every[:, None], every[None]]
        assert whole == pytest.approx(dense.values[name], abs=1e-5)
        assert getattr(relations, name)[3, 4] == whole[3, 4]
    assert [set(relations.known(row).tolist()) for row in every.tolist()] == dense.known


@pytest.mark.parametrize("circle", [5, 150])
def test_relations_go_on_from_a_state(circle):
    one = Relationships.among(PEOPLE, 2, circle=circle)
    rng = np.random.default_rng(1)
    for tick in range(120):
        a, b = (int(r) for r in rng.choice(24, 2, replace=False))
        one.hear(a, b, list(Act)[tick % len(Act)], 0.01)
        one.sighted(b, a, tick % 5, tick)
        if tick % 3 == 0:
            one.met(a, b, tick)
    other = Relationships.among(PEOPLE, 2, circle=circle)
    other.thaw(one.freeze())
    assert np.array_equal(other.circles.others, one.circles.others)
    assert np.array_equal(other.digest, one.digest)
    for mine, theirs in zip(one.circles.columns, other.circles.columns, strict=True):
        assert np.array_equal(mine.values, theirs.values)
    for relations in (one, other):
        relations.move(3, 7, trust=0.1)
    assert one.freeze()["bonds"].keys() == other.freeze()["bonds"].keys()
    assert np.array_equal(other.digest, one.digest)


def test_acts_move_what_they_ought_to():
    def after(act: Act) -> dict[str, float]:
        relations = Relationships.among(PEOPLE, 1)
        before = {name: getattr(relations, name)[0, 1] for name in FEELINGS}
        back = {name: getattr(relations, name)[1, 0] for name in FEELINGS}
        for _ in range(5):
            relations.hear(0, 1, act)
        assert back == {name: getattr(relations, name)[1, 0] for name in FEELINGS}, "what one feels is one's own"
        return {name: getattr(relations, name)[0, 1] - before[name] for name in FEELINGS}

    moved = {act: after(act) for act in Act}
    kind, cold = (Act.OFFER, Act.PRAISE, Act.APOLOGISE, Act.INVITE, Act.JOKE), (Act.DOUBT, Act.BLAME, Act.REFUSE)
    assert all(moved[act]["affinity"] > 0 for act in kind) and all(moved[act]["affinity"] < 0 for act in cold)
    assert moved[Act.PRAISE]["affinity"] > moved[Act.GREET]["affinity"] > 0
    assert moved[Act.TEACH]["respect"] > 0 > moved[Act.DOUBT]["trust"]
    assert min(moved[act]["respect"] for act in (Act.WARN, Act.APOLOGISE)) > 0 > moved[Act.BLAME]["respect"]
    assert all(moved[act]["familiarity"] > 0 for act in Act)


def test_natures_that_fit_like_each_other_from_the_start():
    relations = Relationships.among(PEOPLE, 1)
    a, b = np.nonzero(~np.eye(24, dtype=bool))
    warm = [relations.warmth(one, other) for one, other in zip(a.tolist(), b.tolist(), strict=True)]
    assert np.corrcoef(warm, relations.affinity[a, b])[0, 1] > 0.3


def test_warmth_is_the_fit_of_natures_and_liveliness_that_meets_kindness():
    relations = Relationships.among(PEOPLE, 1)
    for a in range(23):
        one, other = PEOPLE[a], PEOPLE[a + 1]
        traits = ("openness", "extraversion", "agreeableness")
        apart = np.linalg.norm([getattr(one, t) - getattr(other, t) for t in traits]) / np.sqrt(3)
        fit = np.clip(1 - apart / (0.18 * np.sqrt(2)), -1, 1)
        drawn = fit + 0.25 * (one.extraversion - 0.5) + 0.25 * (other.agreeableness - 0.5)
        assert relations.warmth(a, a + 1) == pytest.approx(np.clip(drawn, -1, 1))


def test_a_large_village_is_a_small_world():
    crowd = tuple(replace(PEOPLE[row % 24], row=row, home=row // 3, workplace=row // 7) for row in range(400))
    relations = Relationships.among(crowd, 1)
    counts = relations.circles.count
    assert counts.max() <= 150 and counts.min() >= 60
    pairs = [(a, b) for a in range(0, 400, 37) for b in relations.known(a).tolist()]
    mutual = np.mean([a in relations.known(b) for a, b in pairs])
    assert mutual > 0.95, "acquaintance is mutual but for those who know too many"
    housemates = [(a, b) for a, b in pairs if crowd[a].home == crowd[b].home]
    assert housemates and all(relations.familiarity[a, b] >= 0.89 for a, b in housemates)
    apart = [abs(crowd[a].home - crowd[b].home) for a, b in pairs]
    assert np.median(apart) < 10 < max(apart), "most live near, some far"
    a = np.array([0, 0, 399])
    b = np.array([int(relations.known(0)[5]), int(np.setdiff1d(np.arange(1, 400), relations.known(0))[0]), 399])
    assert relations.circles.slots(a, b)[1].tolist() == [True, False, False]
    assert relations.trust[a, b].tolist() == [relations.trust[int(i), int(j)] for i, j in zip(a, b, strict=True)]
    stranger = int(b[1])
    assert (relations.familiarity[0, stranger], relations.talked_at[0, stranger]) == (0.0, NEVER)
    relations.hear(0, stranger, Act.GREET)
    assert relations.familiarity[0, stranger] > 0 and stranger in relations.known(0)


def test_a_face_in_the_crowd_displaces_nobody_who_is_close():
    relations = Relationships.among(PEOPLE, 1, circle=5)
    full = next(row for row in range(24) if relations.circles.count[row] == 5)
    stranger = int(np.setdiff1d(np.arange(24), [*relations.known(full), full])[0])
    before = relations.known(full)
    assert not relations.sighted(full, stranger, 2, 10)
    assert np.array_equal(relations.known(full), before)
    assert relations.sighted(full, int(before[0]), 2, 10)
    assert (relations.seen_place[full, int(before[0])], relations.seen_tick[full, int(before[0])]) == (2, 10)


def test_without_relationships_everybody_is_the_same_acquaintance_for_ever():
    relations = Relationships.among(PEOPLE, 1, differ=False)
    for act in Act:
        relations.hear(0, 1, act, 0.5)
    a, b = np.nonzero(~np.eye(24, dtype=bool))
    for name in FEELINGS:
        assert np.ptp(getattr(relations, name)[a, b]) == 0.0
    relations.met(0, 1, 40)
    assert relations.talked_at[1, 0] == 40, "when two last talked is no feeling"


@pytest.mark.parametrize("villagers", [5, 40])
def test_machine_code_finds_the_same_acquaintances(villagers: int) -> None:
    circles = Circles(villagers, 7)
    rng = np.random.default_rng(2)
    for a, b in rng.integers(0, villagers, (300, 2)).tolist():
        if circles.slot(a, b) < 0 and a != b:
            circles.admit(a, b, int(rng.integers(7)))
    pairs = [(a, b) for a in range(villagers) for b in range(villagers)]
    found = [slot_of(circles.others, circles.whole, a, b) for a, b in pairs]
    assert found == [circles.slot(a, b) for a, b in pairs] and max(found) > 0
