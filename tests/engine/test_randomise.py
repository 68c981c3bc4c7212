"""What varies from one variation of a scenario to the next, and what stays."""

import colorsys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.language.templates import TemplateVoice
from engine.cameras import rigs
from engine.capture import Capture
from engine.colours import turned, varied_cast, varied_scenery
from engine.doctor import known_scenery
from engine.provenance import Model
from engine.rerender import Order, Rerender
from engine.scenario import ScenarioError, build, drawn
from engine.simulation import Simulation
from engine.straying import Sway
from recorder.reader import Session
from recorder.schema import Snapshot
from tests.engine.here import drawn_here
from tests.engine.test_cameras import cast, snapshot

CAMERA = {"name": "c", "kind": "fixed", "position": [0.0, -30.0, 5.0], "look_at": [0.0, 0.0, 2.0]}


def scenario(**plan):
    return build({"name": "t", "seed": 5, "camera": [CAMERA], "randomise": plan}, "t")


def starts(**plan):
    return [scenario(variation=k, **plan).place.start for k in range(40)]


def test_hours_and_days_are_drawn_within_their_ranges():
    hours = [start.hour + start.minute / 60 for start in starts(hour=[6, 9])]
    assert 5.99 <= min(hours) < 7
    assert 8 < max(hours) <= 9.01
    days = [start.timetuple().tm_yday for start in starts(day=[100, 200])]
    assert 100 <= min(days) < 130 and 170 < max(days) <= 200
    assert {(start.hour, start.minute) for start in starts(day=[100, 200])} == {(9, 30)}  # the default's


def test_the_weather_that_opens_is_one_of_those_named():
    kinds = {scenario(variation=k, weather=["rain", "snow"]).weather.opening for k in range(20)}
    assert kinds == {"rain", "snow"}


def test_a_stream_of_its_own_for_everything():
    alone, together = (
        [scenario(variation=k, **plan).place.start.hour for k in range(20)]
        for plan in ({"hour": [0, 24]}, {"hour": [0, 24], "weather": ["rain", "snow"], "clothes": 1.0, "jitter_m": 0.5})
    )
    assert alone == together


def test_a_recorded_scenario_is_the_same_variation_again():
    first = scenario(variation=3, hour=[0, 24], day=[1, 365], weather=["fog", "rain", "clear"])
    assert build(first.model_dump(mode="json"), "again") == first
    assert first != scenario(variation=4, hour=[0, 24], day=[1, 365], weather=["fog", "rain", "clear"])


def test_cameras_stray_as_told_and_hold_still_for_a_stretch():
    plan = {"jitter_m": 0.5, "jitter_deg": 2.0, "exposure_ev": [-1, 1], "every": "2s"}
    rig = rigs(scenario(**plan), known_scenery(), cast(1))["c"]
    still = rigs(scenario(), known_scenery(), cast(1))["c"].pose(snapshot(0, []))
    poses = [rig.pose(snapshot(tick, [])) for tick in range(0, 32 * 200, 16)]
    assert poses[0] == poses[1] != poses[2] == poses[3]
    away = np.array([pose.position for pose in poses[::2]]) - still.position
    assert away.std(axis=0) == pytest.approx(0.5, rel=0.25)
    assert np.std([pose.yaw - still.yaw for pose in poses[::2]]) == pytest.approx(np.radians(2), rel=0.25)
    exposures = [pose.exposure_ev for pose in poses[::2]]
    assert -1 <= min(exposures) < -0.8 and 0.8 < max(exposures) <= 1
    assert poses == [rigs(scenario(**plan), known_scenery(), cast(1))["c"].pose(Snapshot(t, *rest(t))) for t in ticks()]


@pytest.mark.parametrize("smooth", [False, True])
def test_every_camera_strays_by_streams_of_its_own_name_whatever_others_there_are(smooth):
    def strays(*names):
        plan = {"jitter_m": 0.5, "jitter_deg": 2.0, "exposure_ev": [-1, 1], "every": "2s", "smooth": smooth}
        cameras = [{**CAMERA, "name": name} for name in names]
        made = rigs(
            build({"name": "t", "seed": 5, "camera": cameras, "randomise": plan}, "t"), known_scenery(), cast(1)
        )
        poses = {name: [rig.pose(snapshot(tick, [])) for tick in range(0, 32 * 300, 32)] for name, rig in made.items()}
        return {name: [(*p.position, p.yaw, p.pitch, p.exposure_ev) for p in poses[name]] for name in names}

    alone, among = strays("b"), strays("a", "b", "c")
    assert among["b"] == alone["b"]
    for one, other in (("a", "b"), ("b", "c"), ("a", "c")):
        for here, there in zip(np.transpose(among[one]), np.transpose(among[other]), strict=True):
            assert abs(np.corrcoef(here, there)[0, 1]) < 0.25  # 4 standard deviations of 300 independent pairs


def test_a_sway_has_its_band_and_its_size():
    rate, seconds, band = 20, 1000, (0.2, 2.0)
    sway = Sway(np.random.default_rng(1), band, 3)
    courses = np.array([sway.at(tick / rate) for tick in range(rate * seconds)])
    assert courses.mean(axis=0) == pytest.approx(0.0, abs=0.02)
    assert courses.std(axis=0) == pytest.approx(1.0, abs=0.02)
    assert np.abs(np.corrcoef(courses.T) - np.eye(3)).max() < 0.1
    hz = np.fft.rfftfreq(len(courses), 1 / rate)
    power = (np.abs(np.fft.rfft(courses * np.hanning(len(courses))[:, None], axis=0)) ** 2).sum(axis=1)
    octaves = [power[(hz >= low) & (hz < 2 * low)].sum() for low in (0.2, 0.4, 0.8)]
    inside = power[(hz > band[0] - 0.01) & (hz < band[1] + 0.01)].sum()
    assert inside > 0.999 * power.sum()
    assert min(octaves) > 0.6 * max(octaves)  # 1 / f: as much power in every octave


def test_a_smooth_camera_sways_without_a_jump_and_any_tick_can_be_asked_for_alone():
    plan = {"jitter_m": 0.1, "jitter_deg": 1.0, "exposure_ev": [-1, 1], "every": "2s", "smooth": True}
    rig = rigs(scenario(**plan), known_scenery(), cast(1))["c"]
    still = rigs(scenario(), known_scenery(), cast(1))["c"].pose(snapshot(0, []))
    poses = [rig.pose(snapshot(tick, [])) for tick in range(16 * 120)]
    away = np.array([pose.position for pose in poses]) - still.position
    assert away.std(axis=0) == pytest.approx(0.1, rel=0.2)
    assert np.std([pose.yaw - still.yaw for pose in poses]) == pytest.approx(np.radians(1), rel=0.2)
    fastest = 2 * np.pi * 2.0 / 16  # of the highest tone, in standard deviations a tick
    assert 0 < np.abs(np.diff(away, axis=0)).max() < 0.1 * 3 * fastest
    exposure = np.array([pose.exposure_ev for pose in poses])
    held = rigs(scenario(**{**plan, "smooth": False}), known_scenery(), cast(1))["c"]
    knots = [held.pose(snapshot(tick, [])).exposure_ev for tick in range(0, 16 * 120, 32)]
    assert exposure[::32].tolist() == knots
    assert np.abs(np.diff(exposure)).max() < 1.9 * 2 / 32  # the steepest of the easing is 15 / 8
    for before, now, after in zip(knots, exposure[16::32], [*knots[1:], None], strict=True):
        assert after is None or now == pytest.approx((before + after) / 2)
    alone = rigs(scenario(**plan), known_scenery(), cast(1))["c"]
    assert [alone.pose(snapshot(tick, [])) for tick in (777, 13)] == [poses[777], poses[13]]


def test_the_weather_changes_in_stretches_that_the_scenario_then_tells():
    kinds = ["clear", "rain", "fog"]
    plan = {"weather": kinds, "stretches": 4, "stretch": "40s"}
    found = {tuple(s.kind for s in scenario(variation=k, **plan).weather.spell) for k in range(30)}
    assert len(found) > 5 and {kind for spells in found for kind in spells} == set(kinds)
    first = scenario(variation=3, **plan)
    assert build(first.model_dump(mode="json"), "again") == first
    assert first.weather.opening == scenario(variation=3, weather=kinds).weather.opening
    told = [first.weather.opening, *(spell.kind for spell in first.weather.spell)]
    assert all(a != b for a, b in pairwise(told))
    small = {"world": {"size_m": 256, "tick_rate": 2}, "village": {"villagers": 4}}
    run = Simulation(build({**first.model_dump(mode="json"), **small}, "t"), TemplateVoice())
    for number, kind in enumerate(told):
        while run.tick < 2 * (40 * number + 38):
            run.step()
        now = run.snapshot.environment
        assert (now["rain_mm_h"] > 0) == (kind == "rain")
        assert (now["visibility_m"] < 1000) == (kind == "fog")


def test_what_a_swaying_camera_saw_is_drawn_again_at_another_rate_from_where_it_would_have_stood(tmp_path):
    data = {
        "name": "t",
        "world": {"size_m": 256, "tick_rate": 4},
        "village": {"villagers": 4},
        "capture": {"duration": 2, "fps": 1, "size": [24, 16], "modalities": ["instance"], "quality": "truth"},
        "camera": [{"name": "c", "kind": "orbit", "period_s": 60}],
        "randomise": {"jitter_m": 0.2, "jitter_deg": 1.0, "exposure_ev": [-1, 1], "smooth": True, "variation": 2},
    }
    job = Capture(build(data, "t"), tmp_path / "live", TemplateVoice(), Model("none", ""), workers=1)
    with drawn_here():
        assert [*job.run()][-1].frames == 3
    with Session.open(job.path) as session, drawn_here():
        again = Rerender(session, tmp_path / "again", Order(fps=4), 1)
        assert [*again.run()][-1].frames == 9
        scenery, people, recorded = session.scenery, session.cast, session.header["scenario"]
    rig = rigs(build(recorded, "t"), scenery, people)["c"]
    with Session.open(again.path) as session:
        poses = [frame.pose for frame in session.frames("c", "instance")]
        assert poses == [rig.pose(session.snapshot(tick, whole=True)) for tick in range(9)]


def ticks():
    return range(0, 32 * 200, 16)


def rest(tick):
    now = snapshot(tick, [])
    return now.environment, now.villagers


def test_colours_of_clothes_and_houses_vary_and_nothing_else():
    plain, plan = scenario(), scenario(clothes=1.0, houses=1.0)
    simulation = Simulation(
        build({"name": "t", "world": {"size_m": 256}, "village": {"villagers": 4}}, "t"), TemplateVoice()
    )
    people, land = simulation.cast, simulation.scenery
    assert varied_cast(people, plain) is people and varied_scenery(land, plain) is land
    other, town = varied_cast(people, plan), varied_scenery(land, plan)
    for before, after, changing in (
        (people.looks, other.looks, {"top_rgb", "legs_rgb", "hat_rgb"}),
        (land.buildings, town.buildings, {"wall_rgb", "roof_rgb"}),
    ):
        assert {name for name in before.dtype.names or () if not np.array_equal(before[name], after[name])} <= changing
        assert any(not np.array_equal(before[name], after[name]) for name in changing)


@given(st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=1, max_size=5), st.floats(-0.5, 0.5), st.floats(0, 0.3))
def test_colours_turn_as_the_standard_library_turns_them(colours, turn, livelier):
    made = turned(np.array(colours, np.uint8), np.full(len(colours), turn), np.full(len(colours), livelier))
    for rgb, after in zip(colours, made, strict=True):
        hue, saturation, value = colorsys.rgb_to_hsv(*(channel / 255 for channel in rgb))
        expected = colorsys.hsv_to_rgb((hue + turn) % 1.0, min(saturation + livelier, 1.0), value)
        assert after == pytest.approx([255 * channel for channel in expected], abs=0.51)


@pytest.mark.parametrize(
    "plan",
    [
        {"hour": [5, 30]},
        {"hour": [9, 5]},
        {"weather": ["hail"]},
        {"exposure_ev": [-20, 0]},
        {"stretches": 3},
        {"stretches": 3, "weather": ["rain", "climate"]},
        {"stretch": "30s"},
        {"sway_hz": [0, 2]},
    ],
)
def test_ranges_that_cannot_be_are_told(plan):
    with pytest.raises(ScenarioError, match=next(iter(plan))):
        scenario(**plan)


def test_numbers_of_one_name_differ_by_variation_and_index():
    numbers = {drawn(scenario(variation=k), "x", (0.0, 1.0), i) for k in range(4) for i in range(4)}
    assert len(numbers) == 16
