"""Verdicts: what passes, what fails, and when a figure says nothing about the world."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from world.scorecard.card import Metric, Result


def metric(**changes):
    given: dict[str, Any] = {
        "key": "slope",
        "name": "slope",
        "group": "terrain",
        "unit": "",
        "accepted": (1.0, 2.0),
        "source": "nobody 1900",
        "measure": lambda subject: 1.5,
    }
    return Metric(**(given | changes))


def test_the_median_decides():
    result = Result(metric(), (0.0, 1.5, 9.0))
    assert result.median == 1.5
    assert result.quartiles == (0.75, 5.25)
    assert result.verdict == "pass"
    assert Result(metric(), (0.0, 0.5, 1.5)).verdict == "fail"


def test_both_ends_of_the_range_are_accepted():
    assert [Result(metric(), (value,)).verdict for value in (0.999, 1.0, 2.0, 2.001)] == [
        "fail",
        "pass",
        "pass",
        "fail",
    ]


def test_a_hard_metric_must_hold_for_every_seed():
    assert Result(metric(hard=True), (1.5, 1.5, 1.5)).verdict == "pass"
    assert Result(metric(hard=True), (1.5, 1.5, 2.5)).verdict == "fail"


def test_nan_never_passes_even_in_a_seed_that_the_median_would_hide():
    open_ended = metric(accepted=(-math.inf, math.inf))
    assert Result(open_ended, (1.0, 2.0)).verdict == "pass"
    assert Result(open_ended, (1.0, math.nan, 2.0)).verdict == "fail"


def test_infinite_values_have_a_median_as_well():
    far = Result(metric(), (math.inf, math.inf))
    assert (far.median, far.quartiles, far.verdict) == (math.inf, (math.inf, math.inf), "fail")
    assert Result(metric(), (1.0, 1.5, math.inf)).median == 1.5
    blown = Result(metric(baseline=lambda subject: math.inf, against="noise"), (1.5,), (math.inf, math.inf))
    assert blown.discriminates is True


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.sampled_from([0.25, 0.5, 0.75]))
def test_quartiles_are_those_of_numpy(values, share):
    result = Result(metric(), tuple(values))
    found = {0.25: result.quartiles[0], 0.5: result.median, 0.75: result.quartiles[1]}[share]
    assert found == pytest.approx(float(np.quantile(values, share)), rel=1e-9, abs=1e-6)


def test_what_cannot_be_measured_is_left_out_and_never_passes():
    assert Result(metric(), (None, 1.5, None)).median == 1.5
    assert Result(metric(), (None, None)).verdict == "nothing"
    assert Result(metric(), (None, None)).median is None


def test_a_baseline_that_passes_as_well_means_that_the_metric_does_not_discriminate():
    beaten = metric(baseline=lambda subject: 0.0, against="noise")
    assert Result(beaten, (1.5,), (0.1,)).discriminates is True
    assert Result(beaten, (1.5,), (1.1,)).discriminates is False
    assert Result(metric(), (1.5,)).discriminates is None


def test_plain_values_are_json_without_special_numbers():
    import json

    plain = Result(metric(accepted=(0.1, math.inf)), (1.5, None, math.nan)).plain()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["accepted"] == [0.1, None]
    assert plain["values"] == [1.5, None, "nan"]


@pytest.mark.parametrize("changes", [{"accepted": (2.0, 1.0)}, {"against": "noise"}, {"baseline": lambda subject: 1.0}])
def test_a_metric_that_means_nothing_is_refused(changes):
    with pytest.raises(ValueError, match=r"terrain\.slope"):
        metric(**changes)
