"""Annotations against pictures of each thing alone, against depth, and against projection of what is in the world."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assets.palette import Activity, BuildingKind, SemanticClass, Species
from engine.annotations import FLESH_M, annotate, corners
from engine.coverage import coverage
from engine.render.figures import joints
from engine.render.sensors import NEAR_M
from engine.solids import solids_of
from recorder.schema import (
    BUILDING,
    COCO_KEYPOINTS,
    LOOKS,
    PLANT,
    SIGHT_NAMES,
    VILLAGER,
    CameraPose,
    Cast,
    Scenery,
    Snapshot,
)
from tests.boxes import visible_boxes
from tests.engine.render import valleys

SIZE = (640, 480)
TRUTH = ("depth", "instance")
TICK_RATE = 16
OUTSIDE, HIDDEN, VISIBLE = range(len(SIGHT_NAMES))
NOBODY = Cast(np.zeros(0, LOOKS), ())
PIT_M = -80.0  # of the ground, so that it hides nothing


def pit(plants: np.ndarray | None = None, buildings: np.ndarray | None = None) -> Scenery:
    bare = valleys.flat(buildings=buildings, heights=np.full((65, 65), PIT_M, np.float32))
    return bare if plants is None else replace(bare, plants=plants)


def plants() -> np.ndarray:
    """Every species near, at some distance and far, none in front of another."""
    kinds = len(Species)
    k = np.arange(3 * kinds)
    rows = np.zeros(len(k), PLANT)
    rows["id"], rows["species"], rows["yaw"], rows["tint"] = 100 + k, k % kinds, 1.1 * k, 0.37 * k % 1
    rows["height_m"] = np.array([6, 5, 5.5, 1.6, 1.0, 4.5, 5, 2.0])[k % kinds]
    away = np.array([8.7, 18.0, 60.0])[k // kinds] * rows["height_m"]
    # the near ones are wide and the far ones narrow: each gets of the view what it takes
    share = np.cumsum(1.3 / np.array([8.7, 18.0, 60.0])[k // kinds] + 0.012)
    angle = np.radians(41) - share / share[-1] * np.radians(80)
    rows["x"], rows["y"] = away * np.cos(angle), away * np.sin(angle)
    return rows


def houses() -> np.ndarray:
    kinds = [int(kind) for kind in BuildingKind]
    k = np.arange(len(kinds))
    rows = np.zeros(len(kinds), BUILDING)
    rows["id"], rows["kind"], rows["yaw"] = 100 + k, kinds, 0.7 * k
    rows["x"], rows["y"], rows["z"] = 60.0 + k % 3, (k - len(k) / 2 + 0.5) * 18, 0.0
    rows["width_m"], rows["depth_m"], rows["wall_height_m"], rows["roof_height_m"] = 8, 6, 3, 2.5
    rows["width_m"][kinds.index(BuildingKind.WELL)] = rows["depth_m"][kinds.index(BuildingKind.WELL)] = 1.8
    return rows


def people(count: int = 14) -> tuple[Cast, np.ndarray]:
    """A row of people that do all there is to do."""
    _, cast, rows = valleys.valley(side=33, plants=0, villagers=count)
    k = np.arange(count)
    rows["x"], rows["y"], rows["z"] = 14.0, (k - count / 2 + 0.5) * 1.55, 0.0
    rows["activity"] = k % len(Activity)
    rows["speed_m_s"] = np.where(rows["activity"] == Activity.WALK, 1.3, 0.0)
    rows["speaking"] = rows["activity"] == Activity.TALK
    return cast, rows


def agree_with_pictures(stage, scenery, cast, snapshot, pose, share: float = 0.005, rim: int = 1) -> int:
    """Hold what each thing covers against the picture, in which nothing hides anything; gives how many there were."""
    images = stage(scenery, cast, TRUTH, SIZE).render(snapshot, pose)
    sight = solids_of(scenery, cast).in_sight(snapshot, pose, images["instance"], snapshot.tick / TICK_RATE)
    found = coverage(sight.things, sight.meshes, np.zeros_like(images["instance"]), pose, NEAR_M)
    seen = {int(row["id"]): row for row in visible_boxes(images["instance"])}
    held = 0
    for ident, pixels, amodal in zip(sight.things.ids.tolist(), found.pixels[:, 1], found.amodal, strict=True):
        row = seen.get(ident)
        if row is None:
            assert pixels <= rim, ident
            continue
        assert abs(int(row["pixels"]) - pixels) <= max(rim, share * pixels), (ident, row, pixels)
        assert np.abs(np.subtract([int(row[side]) for side in "xywh"], amodal)).max() <= rim, (ident, row, amodal)
        held += 1
    return held


@pytest.mark.parametrize("leaf_cover", [1.0, 0.45, 0.0])
def test_plants_cover_what_a_picture_of_them_alone_shows_in_any_season_and_wind(stage, leaf_cover):
    weather = valleys.environment(leaf_cover=leaf_cover, wind_m_s=9.0, gust_m_s=14.0)
    snapshot = Snapshot(777, weather, np.zeros(0, VILLAGER))
    pose = CameraPose((0.0, 0.0, 2.0), 0.0, 0.05, float(np.radians(68)))
    assert agree_with_pictures(stage, pit(plants()), NOBODY, snapshot, pose) == 3 * len(Species)


def test_houses_cover_what_a_picture_of_them_alone_shows(stage):
    snapshot = Snapshot(16, valleys.environment(), np.zeros(0, VILLAGER))
    pose = CameraPose((-70.0, 0.0, 9.0), 0.0, -0.03, float(np.radians(60)))
    assert agree_with_pictures(stage, pit(buildings=houses()), NOBODY, snapshot, pose) == len(BuildingKind)


@pytest.mark.parametrize("tick", [0, 333])
def test_people_cover_what_a_picture_of_them_alone_shows_whatever_they_do(stage, tick):
    cast, rows = people()
    snapshot = Snapshot(tick, valleys.environment(), rows)
    pose = CameraPose((0.0, 0.0, 1.4), 0.0, -0.02, float(np.radians(62)))
    assert agree_with_pictures(stage, pit(), cast, snapshot, pose) == len(rows)


@pytest.mark.parametrize(("lens", "distortion", "fov_deg"), [("brown", (-0.2, 0.04), 62), ("fisheye", (), 100)])
def test_through_a_lens_people_and_houses_cover_what_a_picture_of_them_alone_shows(stage, lens, distortion, fov_deg):
    cast, rows = people()
    built = houses()[3:8]
    built["x"], built["y"], built["z"] = 45.0, built["y"] * 0.9, 6.0
    scenery, snapshot = pit(buildings=built), Snapshot(9, valleys.environment(), rows)
    pose = CameraPose((0.0, 0.0, 2.5), 0.05, 0.02, float(np.radians(fov_deg)), lens, distortion)
    # labels are those of the nearest pixel of a straight view: rims are ragged, thin posts and tips lost or doubled
    assert agree_with_pictures(stage, scenery, cast, snapshot, pose, share=0.005, rim=2) == len(rows) + len(built)


@pytest.mark.parametrize(("lens", "distortion", "fov_deg"), [("brown", (-0.2, 0.04), 62), ("fisheye", (), 120)])
def test_of_small_things_through_a_lens_every_pixel_is_counted(stage, lens, distortion, fov_deg):
    grown = plants()
    grown["x"], grown["y"] = grown["x"] * 2.5, grown["y"] * 2.5
    cast, rows = people()
    rows["x"], rows["y"], rows["z"] = 60.0, rows["y"] * 4, 9.0
    scenery, snapshot = pit(grown), Snapshot(9, valleys.environment(), rows)
    pose = CameraPose((0.0, 0.0, 2.5), 0.05, 0.02, float(np.radians(fov_deg)), lens, distortion)
    images = stage(scenery, cast, TRUTH, SIZE).render(snapshot, pose)
    sight = solids_of(scenery, cast).in_sight(snapshot, pose, images["instance"], snapshot.tick / TICK_RATE)
    found = coverage(sight.things, sight.meshes, np.zeros_like(images["instance"]), pose, NEAR_M)
    counts = np.bincount(images["instance"].ravel(), minlength=sight.things.ids.max() + 1)[sight.things.ids]
    off = np.abs(found.pixels[:, 1] - counts)
    assert len(counts) > 30 and 0 < np.median(counts) < 150
    assert off.max() <= 2 and np.mean(off == 0) > 0.9  # the others have a pixel whose centre lies on an edge


def annotated(stage, scenery, cast, snapshot, pose, size=SIZE):
    images = stage(scenery, cast, TRUTH, size).render(snapshot, pose)
    return images, annotate(scenery, cast, snapshot, pose, images, snapshot.tick / TICK_RATE)


@pytest.fixture(scope="module")
def village():
    scenery, cast, rows = valleys.valley(villagers=12)
    rows["indoors"][3] = 1
    return scenery, cast, valleys.snapshot(rows, 321, wind_m_s=6.0)


VIEWS = [valleys.looking((16.0, -14.0, 20.0), (0.0, 0.0, 13.0)), valleys.looking((5.0, -9.0, 14.0), (0.0, 0.0, 13.0))]


@pytest.mark.parametrize("pose", VIEWS)
def test_a_village_has_a_row_for_each_thing_in_it(stage, village, pose):
    scenery, cast, snapshot = village
    images, tables = annotated(stage, scenery, cast, snapshot, pose)
    rows = tables["boxes"]
    assert (np.diff(rows["id"].astype(int)) > 0).all() and (tables["boxes_3d"]["id"] == rows["id"]).all()
    own = {int(row["id"]): row for row in visible_boxes(images["instance"]) if row["id"] >= 16}
    assert {int(row["id"]) for row in rows if row["pixels"]} == own.keys()
    for row in rows[rows["pixels"] > 0]:
        assert all(row[name] == own[int(row["id"])][name] for name in ("x", "y", "w", "h", "pixels"))
    hidden = rows[rows["pixels"] == 0]
    assert np.isin(hidden["semantic"], [SemanticClass.VILLAGER, SemanticClass.BUILDING, SemanticClass.PROP,
                                        SemanticClass.WELL]).all()  # fmt: skip
    assert not hidden[["x", "y", "w", "h"]].view(np.int32).any() if len(hidden) else True
    assert (rows["pixels"] <= rows["amodal_pixels"]).all() and (rows["amodal_pixels"] <= rows["whole_pixels"]).all()
    assert cast.looks["id"][3] not in rows["id"] and cast.looks["id"][3] not in tables["keypoints"]["id"]
    people = rows["id"][rows["semantic"] == SemanticClass.VILLAGER]
    assert len(people) > 3 and (tables["keypoints"]["id"] == people).all()


@pytest.mark.parametrize("pose", VIEWS)
def test_what_the_depth_shows_of_a_thing_lies_in_its_box_in_the_world(stage, village, pose):
    scenery, cast, snapshot = village
    images, tables = annotated(stage, scenery, cast, snapshot, pose)
    points, beyond = pose.unproject(np.where(np.isfinite(images["depth"]), images["depth"], 0.0)), 0
    for row in tables["boxes_3d"]:
        seen = points[images["instance"] == row["id"]]
        away = seen - [float(row[name]) for name in "xyz"]
        cos, sin = np.cos(row["yaw"]), np.sin(row["yaw"])
        local = np.stack([cos * away[:, 0] + sin * away[:, 1], cos * away[:, 1] - sin * away[:, 0], away[:, 2]], axis=1)
        half = np.array([float(row[name]) for name in ("length_m", "width_m", "height_m")]) / 2
        out = (np.abs(local) - half).max(axis=1, initial=-1.0) > 0.01
        assert out.sum() <= len(out) // 200 + 1, row  # of a triangle seen along its edge depth is beyond its ends
        beyond += out.sum()
    assert beyond <= 3


@pytest.mark.parametrize("pose", VIEWS)
def test_a_box_in_the_world_holds_the_box_of_the_silhouette(stage, village, pose):
    scenery, cast, snapshot = village
    _, tables = annotated(stage, scenery, cast, snapshot, pose)
    pixels, depth = pose.project(corners(tables["boxes_3d"]).reshape(-1, 3), SIZE)
    pixels, ahead = pixels.reshape(-1, 8, 2), (depth.reshape(-1, 8) > NEAR_M).all(axis=1)
    assert ahead.sum() > 20
    rows, low, high = tables["boxes"][ahead], pixels[ahead].min(axis=1), pixels[ahead].max(axis=1)
    for k, (first, size) in enumerate((("whole_x", "whole_w"), ("whole_y", "whole_h"))):
        assert (low[:, k] - 0.5 <= rows[first] + 1e-3).all()
        assert (rows[first] + rows[size] <= high[:, k] + 0.5 + 1e-3).all()


def test_taking_away_what_is_in_front_shows_what_was_said_to_be_there(stage):
    wall = houses()[:1]
    wall["x"], wall["y"], wall["yaw"], wall["width_m"], wall["id"] = 10.0, -5.0, 0.0, 9.0, 300
    cast, rows = people(6)
    snapshot = Snapshot(5, valleys.environment(), rows)
    pose = CameraPose((0.0, 0.0, 1.4), 0.0, 0.0, float(np.radians(60)))
    _, behind = annotated(stage, pit(buildings=wall), cast, snapshot, pose)
    free, alone = annotated(stage, pit(), cast, snapshot, pose)
    hidden = behind["boxes"][np.isin(behind["boxes"]["id"], cast.looks["id"])]
    shown = alone["boxes"]
    assert (hidden["id"] == shown["id"]).all() and (hidden["amodal_pixels"] == shown["pixels"]).all()
    shares = np.array([np.count_nonzero(free["instance"] == ident) for ident in hidden["id"]]) / hidden["whole_pixels"]
    assert (shares == 1.0).all()
    assert hidden["percent_visible"].min() == 0.0 and hidden["percent_visible"].max() == 1.0
    points = behind["keypoints"]["sight"]
    assert (points[hidden["percent_visible"] == 0.0] == HIDDEN).all()
    assert (points[hidden["percent_visible"] == 1.0] == VISIBLE).mean() > 0.5


def test_boxes_and_shares_are_those_of_pictures_without_the_wall_and_beyond_the_border(stage):
    wall = houses()[:1]
    wall["x"], wall["y"], wall["yaw"], wall["width_m"], wall["id"] = 10.0, -3.0, 0.0, 2.0, 300
    cast, rows = people(6)
    rows["y"] += 6.95  # one is cut by the border
    rows["y"][:2] -= 9.0  # and two stand behind the wall
    snapshot = Snapshot(5, valleys.environment(), rows)
    pose = CameraPose((0.0, 0.0, 1.4), 0.0, 0.0, float(np.radians(60)))
    images, tables = annotated(stage, pit(buildings=wall), cast, snapshot, pose)
    drawn = stage(pit(), cast, TRUTH, SIZE).render(snapshot, pose)["instance"]
    wider = stage(pit(), cast, TRUTH, (SIZE[0] + 400, SIZE[1])).render(snapshot, pose)["instance"]
    kinds = {"": images["instance"], "amodal_": drawn, "whole_": wider}
    found = tables["boxes"][np.isin(tables["boxes"]["id"], cast.looks["id"])]
    counts = {}
    for prefix, image in kinds.items():
        seen = {int(row["id"]): row for row in visible_boxes(image)}
        counts[prefix] = np.array([seen[i]["pixels"] if i in seen else 0 for i in found["id"].tolist()])
        assert found[f"{prefix}pixels"].tolist() == counts[prefix].tolist()
        for row in found:
            left = 200 if prefix == "whole_" else 0
            box = [int(seen[row["id"]][side]) for side in "xywh"] if row["id"] in seen else [left, 0, 0, 0]
            assert [int(row[prefix + side]) for side in "xywh"] == [box[0] - left, *box[1:]], prefix
    own, amodal, whole = counts.values()
    assert (found["percent_visible"] == (own / whole).astype(np.float32)).all()
    assert (found["percent_in_frame"] == (amodal / whole).astype(np.float32)).all()
    assert (found["visibility_in_frame"] == (own / amodal).astype(np.float32)).all()
    assert ((own < amodal) & (amodal == whole)).any() and ((own == amodal) & (amodal < whole)).any()
    assert (own == whole).any()


def test_what_the_near_plane_cuts_off_is_outside(stage):
    cast, rows = people(1)
    rows["x"], rows["y"], rows["heading"], rows["activity"] = 0.16, 0.0, np.pi, Activity.STAND
    pose = CameraPose((0.0, 0.0, 0.9), 0.0, 0.0, float(np.radians(120)))
    _, tables = annotated(stage, pit(), cast, Snapshot(3, valleys.environment(), rows), pose)
    (points,) = tables["keypoints"]
    near = (points["depth"] > 0.0) & (points["depth"] < NEAR_M)
    near &= ((points["pixels"] >= 0) & (points["pixels"] < SIZE)).all(axis=1)
    assert near.any() and (points["sight"][near] == OUTSIDE).all()


def test_flow_moves_as_the_key_points_do(stage):
    cast, rows = people()
    then = rows.copy()
    then["x"] -= 0.05
    then["y"] += 0.08
    then["heading"] += 0.1
    then["stride"] += 0.5
    pose = CameraPose((5.0, 0.0, 1.4), 0.0, -0.02, float(np.radians(75)))
    after = replace(pose, position=(5.0, 0.06, 1.4), yaw=0.01)
    now, later = (Snapshot(tick, valleys.environment(), moment) for tick, moment in ((40, rows), (44, then)))
    images = stage(pit(), cast, (*TRUTH, "flow"), SIZE).render(now, pose, later, after)
    points = annotate(pit(), cast, now, pose, images, 40 / TICK_RATE)["keypoints"]
    order = [cast.looks["id"].tolist().index(ident) for ident in points["id"]]
    landing, _ = after.project(joints(cast.looks, then, 44 / TICK_RATE)[order].reshape(-1, 3), SIZE)
    sure = (points["sight"] == VISIBLE).reshape(-1)
    u, v = points["pixels"].reshape(-1, 2)[sure].astype(int).T
    moved = (landing - points["pixels"].reshape(-1, 2))[sure]
    off = np.linalg.norm(images["flow"][v, u] - moved, axis=1)
    assert np.median(np.linalg.norm(moved, axis=1)) > 3.0 and len(off) > 100
    # the skin over a joint moves a little otherwise than the joint
    assert np.median(off) < 0.35 and np.quantile(off, 0.9) < 0.8 and off.max() < 2.0


def test_flow_of_those_who_stay_is_what_time_moves_of_them(stage):
    cast, rows = people()
    pose = CameraPose((9.0, 0.0, 1.4), 0.0, -0.02, float(np.radians(75)))
    before, now, later = (Snapshot(tick, valleys.environment(), rows) for tick in (8, 40, 72))
    images = stage(pit(), cast, (*TRUTH, "flow", "back_flow"), SIZE).render(now, pose, later, pose, before, pose)
    points = annotate(pit(), cast, now, pose, images, 40 / TICK_RATE)["keypoints"]
    order = [cast.looks["id"].tolist().index(ident) for ident in points["id"]]
    sure = (points["sight"] == VISIBLE).reshape(-1)
    here = points["pixels"].reshape(-1, 2)[sure]
    u, v = here.astype(int).T
    for name, tick in (("flow", 72), ("back_flow", 8)):
        landing, _ = pose.project(joints(cast.looks, rows, tick / TICK_RATE)[order].reshape(-1, 3), SIZE)
        moved = landing[sure] - here
        far = np.linalg.norm(moved, axis=1) > 1.0
        off = np.linalg.norm(images[name][v, u] - moved, axis=1)
        assert far.sum() > 15 and np.median(off[far]) < 0.35


def test_key_points_lie_where_the_joints_are_drawn_and_within_the_body(stage):
    cast, rows = people()
    snapshot = Snapshot(40, valleys.environment(), rows)
    pose = CameraPose((4.0, 0.5, 1.4), 0.0, -0.02, float(np.radians(62)))
    images, tables = annotated(stage, pit(), cast, snapshot, pose)
    found = tables["keypoints"]
    row_of = {int(ident): row for row, ident in enumerate(cast.looks["id"])}
    order = [row_of[int(ident)] for ident in found["id"]]
    truth = joints(cast.looks, rows, 40 / TICK_RATE)[order]
    np.testing.assert_allclose(found["world"], truth, atol=1e-4)
    pixels, depth = pose.project(truth.reshape(-1, 3), SIZE)
    np.testing.assert_allclose(found["pixels"].reshape(-1, 2), pixels, atol=0.02)
    np.testing.assert_allclose(found["depth"].reshape(-1), depth, atol=1e-3)
    inside = ((found["pixels"] >= 0) & (found["pixels"] < SIZE)).all(axis=2)
    assert ((found["sight"] == OUTSIDE) == ~inside).all() and (~inside).any(), "some stand beyond the border"
    u, v = np.where(inside[..., None], found["pixels"], 0).astype(int).transpose(2, 0, 1)
    own = (images["instance"][v, u] == found["id"][:, None]) & inside
    behind = found["depth"] - images["depth"][v, u]
    tall = np.outer(cast.looks["height_m"][order] / 1.72, FLESH_M)
    assert ((found["sight"] == VISIBLE) == (own & (behind < tall))).all()
    assert own[inside].mean() > 0.85, "joints are inside the body, and that is seen"
    assert (found["sight"] == HIDDEN).any() and (found["sight"] == VISIBLE).mean() > 0.4


def test_of_one_who_is_seen_from_the_side_the_far_limbs_are_hidden(stage):
    cast, rows = people(1)
    rows["x"], rows["y"], rows["heading"], rows["activity"] = 5.0, 0.0, np.pi / 2, Activity.STAND
    pose = CameraPose((0.0, 0.0, 1.0), 0.0, 0.0, float(np.radians(50)))
    _, tables = annotated(stage, pit(), cast, Snapshot(3, valleys.environment(), rows), pose)
    sight = dict(zip(COCO_KEYPOINTS, tables["keypoints"]["sight"][0], strict=True))
    assert sight["left shoulder"] == sight["left ear"] == VISIBLE, "its left side faces the camera"
    assert sight["right shoulder"] == sight["right ear"] == sight["right hip"] == HIDDEN


def test_whoever_is_behind_the_camera_or_indoors_has_no_row(stage):
    cast, rows = people(3)
    rows["x"] = -5.0, 14.0, 14.0
    rows["indoors"] = 0, 1, 0
    pose = CameraPose((0.0, 0.0, 1.0), 0.0, 0.0, float(np.radians(50)))
    _, tables = annotated(stage, pit(), cast, Snapshot(3, valleys.environment(), rows), pose)
    assert all(table["id"].tolist() == [cast.looks["id"][2]] for table in tables.values())


def test_the_same_frame_has_the_same_tables_again_and_needs_depth_and_ids(stage, village):
    scenery, cast, snapshot = village
    images, tables = annotated(stage, scenery, cast, snapshot, VIEWS[0])
    solids_of(*valleys.valley(side=33, plants=3, villagers=1)[:2])  # another valley in between
    again = annotate(scenery, cast, snapshot, VIEWS[0], images, snapshot.tick / TICK_RATE)
    assert all(tables[name].tobytes() == again[name].tobytes() for name in tables)
    with pytest.raises(KeyError, match="instance"):
        annotate(scenery, cast, snapshot, VIEWS[0], {"depth": images["depth"]}, 1.0)


def test_the_key_points_of_some_are_those_they_have_among_all():
    cast, rows = people(5)
    some = np.array([3, 1])
    np.testing.assert_array_equal(joints(cast.looks, rows, 2.5, some), joints(cast.looks, rows, 2.5)[some])
