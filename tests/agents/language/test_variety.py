"""The phrases alone are varied: measured with measures that are proved by hand."""

from __future__ import annotations

import math

import pytest

from agents.language.phrases import phrase_book
from agents.language.templates import draft
from tests.agents.language.plans import NAMES, wide_plans
from tests.agents.language.variety import distinct, near_duplicates, one_wording_each, repeated, self_bleu, variety

FOX = ["the", "fox", "is", "in", "the", "barn"]


def test_distinct_runs_are_shares_of_all_runs() -> None:
    assert distinct([FOX], 1) == pytest.approx(5 / 6)  # "the" twice
    assert distinct([FOX], 2) == 1.0
    assert distinct([FOX, FOX], 2) == 0.5


def test_repeated_runs_are_those_of_two_lines_or_more() -> None:
    hen = ["the", "fox", "is", "in", "the", "henhouse"]
    assert repeated([FOX, hen], 4) == pytest.approx(4 / 6)
    assert repeated([FOX, ["rain", "is", "coming", "to", "us"]], 4) == 0.0


def test_self_bleu_is_one_for_the_same_line_twice_and_follows_the_formula() -> None:
    assert self_bleu([FOX, FOX]) == pytest.approx(1.0)
    hen = ["the", "fox", "is", "in", "the", "henhouse"]
    by_hand = math.exp((math.log(5 / 6) + math.log(4 / 5) + math.log(3 / 4) + math.log(2 / 3)) / 4)
    assert self_bleu([FOX, hen]) == pytest.approx(by_hand)
    assert self_bleu([FOX, ["snow", "lies", "deep", "over", "every", "hill"]]) < 0.2


def test_near_duplicates_are_counted_once_each_and_names_do_not_tell_lines_apart() -> None:
    nearly = [*FOX[:-1], "barn", "now"]
    assert near_duplicates([FOX, nearly, ["snow", "lies", "deep"]]) == pytest.approx(2 / 3)
    same = variety(["Good day, Mira.", "Good day, Hugo."], NAMES)
    assert same.duplicates == 0.5 and same.near_duplicates == 1.0


def test_lines_over_many_plans_are_varied_more_than_with_one_wording_for_each_sense() -> None:
    plans = wide_plans(500)
    found = variety([draft(plan).text for plan in plans], NAMES)
    assert found.distinct[1] > 0.4 and found.distinct[2] > 0.58
    assert found.near_duplicates < 0.33 and found.self_bleu_4 < 0.66
    single = variety(one_wording_each(plans), NAMES)
    assert found.near_duplicates < 0.5 * single.near_duplicates
    assert found.repeated_4grams < 0.75 * single.repeated_4grams


def test_there_are_well_over_a_thousand_wordings_and_none_is_said_twice_in_its_group() -> None:
    texts = [phrase.text for phrase in phrase_book().phrases]
    assert len(set(texts)) >= 2000
