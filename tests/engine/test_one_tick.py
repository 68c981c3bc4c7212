"""Pixels, tables, poses and state of a recording are of one tick, for every kind of camera; drawn again they are the
same bytes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import engine.rerender
from agents.language.templates import TemplateVoice
from assets.palette import SemanticClass
from engine.cameras import rigs
from engine.capture import Capture
from engine.provenance import Model
from engine.render.figures import joints
from engine.rerender import Order, Rerender, RerenderError
from engine.scenario import build
from recorder.reader import Session
from tests.engine.here import drawn_here

WALKER = 1  # row of one who is on the way
BROWN = {"lens": "brown", "distortion": [-0.2, 0.01, 0.002, -0.001]}
LIDAR = {"rings": 8, "columns": 96, "noise_m": 0.02, "divergence_mrad": 3, "attenuation": "weather"}
SCENARIO: dict[str, Any] = {
    "name": "eyes",
    "seed": 5,
    "place": {"start": "2026-06-12T07:00:00"},
    "world": {"size_m": 256, "tick_rate": 3},
    "village": {"villagers": 4},
    "weather": {"opening": "drizzle"},
    "capture": {"duration": 2, "fps": 1, "size": (72, 40), "quality": "fast"},
    "camera": [
        {"name": "beside", "kind": "follow", "villager": WALKER, "distance_m": 3, "height_m": 1.5},
        {"name": "brown", "kind": "orbit", "period_s": 30, "fov_deg": 40, **BROWN},
        {"name": "fish", "kind": "drone", "lens": "fisheye", "fov_deg": 150, "exposure_ev": 0.5},
        {"name": "sweep", "kind": "street", "lens": "lidar", **LIDAR},
        {"name": "chosen", "kind": "director", "shot_s": 8},
        {"name": "gaze", "kind": "eyes", "villager": WALKER},
    ],
    "randomise": {"jitter_m": 0.2, "jitter_deg": 1.0, "exposure_ev": [-1, 1], "smooth": True},
}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory, machine_code):
    job = Capture(build(SCENARIO, "t"), tmp_path_factory.mktemp("eyes"), TemplateVoice(), Model("none", ""), workers=1)
    with drawn_here():
        assert [*job.run()][-1].frames == 3 * len(SCENARIO["camera"])
    with Session.open(job.path) as session:
        yield session


def test_what_a_frame_shows_lies_in_the_boxes_that_its_tables_tell(recorded):
    walker, walked = recorded.cast.looks["id"][WALKER], 0
    for frame in recorded.frames(modality="depth"):
        points, instance = frame.pose.unproject(frame.image("depth")), frame.image("instance")
        beyond = []
        for row in frame.annotations()["boxes_3d"]:
            away = points[instance == row["id"]] - [float(row[name]) for name in "xyz"]
            cos, sin = np.cos(row["yaw"]), np.sin(row["yaw"])
            along, across = cos * away[:, 0] + sin * away[:, 1], cos * away[:, 1] - sin * away[:, 0]
            half = [float(row[name]) / 2 for name in ("length_m", "width_m", "height_m")]
            out = (np.abs(np.stack([along, across, away[:, 2]], axis=1)) > np.add(half, 0.05)).any(axis=1)
            beyond.append(out)
            if row["id"] == walker:
                assert out.sum() <= len(out) // 20, (frame.camera, frame.tick)
                walked += len(out)
        assert np.concatenate(beyond).mean() < 0.1, (frame.camera, frame.tick)  # through a lens some, at edges
    assert walked > 300 and recorded.snapshot(3).villagers["speed_m_s"][WALKER] > 0.4


def test_key_points_are_of_the_frames_tick_and_pose(recorded):
    rows = {int(ident): row for row, ident in enumerate(recorded.cast.looks["id"])}
    seen = 0
    for frame in recorded.frames(modality="depth"):
        where = joints(recorded.cast.looks, recorded.snapshot(frame.tick).villagers, frame.tick / recorded.tick_rate)
        for found in frame.annotations()["keypoints"]:
            np.testing.assert_allclose(found["world"], where[rows[int(found["id"])]], atol=1e-4)
            pixels, _ = frame.pose.project(where[rows[int(found["id"])]], (frame.width, frame.height))
            np.testing.assert_allclose(found["pixels"], pixels, atol=0.02)
            seen += 1
    assert seen > 5


def test_flow_leads_to_where_the_next_frame_has_what_stands_still(recorded):
    held = 0
    for camera in dict.fromkeys(frame.camera for frame in recorded.frames(modality="flow")):
        for here, there in pairwise(recorded.frames(camera)):
            for name, this, other in (("flow", here, there), ("back_flow", there, here)):
                v, u = np.mgrid[0 : this.height, 0 : this.width] + 0.5
                points = this.pose.unproject(this.image("depth")).reshape(-1, 3)
                landing = other.pose.project(points, (this.width, this.height))[0].reshape(this.height, this.width, 2)
                still = np.isin(this.image("semantic"), (SemanticClass.TERRAIN, SemanticClass.BUILDING))
                still &= this.image(f"{name}_valid")
                off = np.abs(this.image(name) - (landing - np.stack([u, v], axis=-1)))[still].max(axis=-1)
                assert np.isfinite(this.image(name)).all(), (camera, this.tick, name)
                assert np.count_nonzero(off > 0.5) <= 0.01 * len(off), (camera, this.tick, name)
                held += len(off)
    assert held > 10_000


def test_drawn_again_in_another_order_every_frame_is_the_same_to_the_byte(recorded, tmp_path):
    assert {frame.pose.lens for frame in recorded.frames()} == {"pinhole", "brown", "fisheye", "lidar"}
    job = Rerender(recorded, tmp_path, Order(cameras=tuple(reversed(recorded.cameras))), 1)
    with drawn_here():
        assert [*job.run()][-1].frames == len(recorded.frames())
    with Session.open(job.path) as again:
        for ref in recorded.frames():
            (other,) = (each for each in again.frames(ref.camera) if each.tick == ref.tick)
            assert (other.pose, other.modalities) == (ref.pose, ref.modalities)
            for name in ref.modalities:
                stored = (session.encoded_frame(ref.tick, ref.camera, name) for session in (recorded, again))
                assert next(stored) == next(stored), (ref.camera, ref.tick, name)
            tables = (session.annotations(ref.tick, ref.camera) for session in (recorded, again))
            for mine, theirs in zip(*(sorted(each.items()) for each in tables), strict=True):
                assert mine[0] == theirs[0] and mine[1].tobytes() == theirs[1].tobytes()


def test_at_another_rate_every_camera_stands_where_its_capture_would_have_put_it(recorded, tmp_path, monkeypatch):
    drawn = []

    def instead(shots, studio, workers):
        for shot in shots:
            drawn.append((shot.snapshot.tick, dict(shot.poses)))
            yield shot, {}

    monkeypatch.setattr(engine.rerender, "drawn", instead)
    list(Rerender(recorded, tmp_path, Order(fps=3.0), 1).run())
    live = rigs(build(SCENARIO, "t"), recorded.scenery, recorded.cast)
    shown = [(tick, recorded.snapshot(tick, whole=True)) for tick in recorded.ticks]
    assert drawn == [(tick, {name: rig.pose(snapshot) for name, rig in live.items()}) for tick, snapshot in shown]


def test_a_size_whose_corners_a_recorded_lens_does_not_reach_is_refused(recorded, tmp_path):
    with pytest.raises(RerenderError, match=r"'brown' would be black .* 300x40.* 72x40"):
        Rerender(recorded, tmp_path / "new", Order(cameras=("brown",), size=(300, 40)), 1)
    assert not (tmp_path / "new").exists()
