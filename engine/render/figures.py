"""Figures for whoever draws or measures them: bones, key points, colours, faces, and what each has on."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from assets.meshes import figure
from assets.meshes.figure import BONES, NECK_AT, Piece, united
from assets.meshes.figure_face import MEASURES, Face, ear_at, eye_at, head, nose_at
from assets.meshes.figure_hair import HAIR_STYLES, HATS
from assets.meshes.figure_pieces import PIECES, piece
from assets.meshes.figure_things import LOADS
from assets.palette import Activity, Load, Seat, Wear
from engine.render.figure_frames import REST
from engine.render.figure_gait import Floats, Motion, Rows
from engine.render.figure_posture import posed
from recorder.today import as_today

# As painted, skin would throw back more light than snow: fair skin reflects some 0.6 of red light (Angelopoulou 2001).
SKIN_SHARE = np.float32(0.81)
CLOTH_SHARE = np.float32(0.92)  # and worn wool and linen less than new
MIDDLE_M = 0.9  # of a body, above the ground
CASTS = 4  # whose faces are kept
BODIES = 256  # in what they wear, kept as one piece each: some 50 KB
_EYE_OUT = np.array([0.012, 0.0, 0.0])  # of the pupil from the middle of the eye
_PIECE = {name: k for k, name in enumerate(PIECES)}
# Numbers of the record, and the piece that each means. An enumeration's own members are slow to compare a column with.
_HAIR = {style: _PIECE[f"hair {name}"] for style, name in enumerate(HAIR_STYLES) if name != "bald"}
_HAT = {kind: _PIECE[f"hat {name}"] for kind, name in enumerate(HATS, start=1)}
_LOAD = {int(load): _PIECE[f"load {load.name.lower()}"] for load in LOADS}


def colours(looks: Rows) -> NDArray[np.float32]:
    """Colours by slot (n, SLOTS, 3), sRGB 0..1; slot 0 is white, the rest follow assets.meshes.figure."""
    looks = as_today("looks", looks)
    slots = np.ones((len(looks), figure.SLOTS, 3), dtype=np.float32)
    names = ("skin_rgb", "hair_rgb", "top_rgb", "legs_rgb", "hat_rgb", "cloak_rgb", "over_rgb", "eye_rgb")
    for slot, name in enumerate(names, start=1):
        slots[:, slot] = looks[name] / np.float32(255)
    slots[:, figure.SKIN] *= SKIN_SHARE
    slots[:, figure.HAIR : figure.EYE] *= CLOTH_SHARE
    return slots


def faces(looks: Rows) -> tuple[Face, ...]:
    """The face of each villager."""
    looks = as_today("looks", looks)
    return tuple(
        Face(
            **{name: round(float(row[name]), 4) for name in MEASURES},
            beard=int(row["beard"]),
            female=int(row["female"]),
        )
        for row in looks
    )


def pose(looks: Rows, villagers: Rows, time_s: float, rows: NDArray[np.integer] | None = None) -> NDArray[np.float32]:
    """World-from-model affine matrices (n, B, 3, 4) of the bones in assets.meshes.figure.BONES.

    Args:
        looks: of dtype LOOKS of recorder.schema; columns that an older table lacks are as the schema says.
        villagers: of dtype VILLAGER, row by row the same people.
        time_s: of what moves by itself, as gestures and breath.
        rows: whose frames are wanted; None for everybody's.

    Returns:
        the frames of these rows, all zero for those indoors.
    """
    return _shown(placed(looks, villagers, time_s, rows), villagers if rows is None else villagers[rows])


def _shown(frames: Floats, villagers: Rows) -> NDArray[np.float32]:
    """Frames as they are drawn: in the numbers that the renderer has, all zero for those indoors."""
    outdoors = (villagers["indoors"] == 0)[:, None, None, None]
    shown: NDArray[np.float32] = (frames * outdoors).astype(np.float32)
    return shown


def joints(looks: Rows, villagers: Rows, time_s: float, rows: NDArray[np.integer] | None = None) -> Floats:
    """World positions (n, 17, 3) in metres of the key points of the data set COCO (Lin et al. 2014), in its order.

    Nose, then left before right: eyes, ears, shoulders, elbows, wrists, hips, knees, ankles. They move with the bones
    that `pose` gives, also for villagers indoors. Where `rows` are given, only theirs.
    """
    return key_points(looks, placed(looks, villagers, time_s, rows), rows)


def key_points(looks: Rows, frames: Floats, rows: NDArray[np.integer] | None = None) -> Floats:
    """The same of villagers who were placed already; `looks` are everybody's, `frames` those of the rows."""
    in_face = _face_points(as_today("looks", looks))
    in_face = in_face if rows is None else in_face[rows]
    head = frames[:, BONES["head"]]
    seen = np.einsum("nij,nkj->nki", head[..., :3], in_face) + head[:, None, :, 3]
    limbs = ("upper_arm", "lower_arm", "hand", "upper_leg", "lower_leg", "foot")
    bones = np.array([BONES[f"{limb}_{side}"] for limb in limbs for side in figure.SIDES])
    moved = np.einsum("nkij,kj->nki", frames[:, bones][..., :3], REST[bones]) + frames[:, bones][..., 3]
    return np.concatenate([seen, moved], axis=1)


def levels(villagers: Rows, eye: Floats) -> NDArray[np.int64]:
    """Level of detail (n,) at which each is drawn: by the distance of its middle from the camera alone."""
    middle = np.stack([villagers["x"], villagers["y"], villagers["z"] + np.float32(MIDDLE_M)], axis=1).astype(
        np.float64
    )
    away = np.linalg.norm(middle - eye, axis=1)
    return np.asarray(np.searchsorted(figure.LEVEL_M, away, side="right"))


def bodies(
    looks: Rows, villagers: Rows, frames: Floats, rows: NDArray[np.integer], eye: Floats
) -> list[tuple[Piece, Floats]]:
    """What is drawn of some villagers, triangle by triangle: each a piece, and the frames (B, 3, 4) of its bones.

    Args:
        looks: of everybody.
        villagers: of everybody, at one tick.
        frames: of these rows, as placed() gives them.
        rows: whose bodies are wanted.
        eye: where the camera is: it chooses the level of detail.
    """
    own = villagers[rows]
    shown = _shown(frames, own).astype(np.float64)
    near, has = levels(own, eye), worn(looks[rows], own)
    every = _faces_of(looks.tobytes(), looks.dtype)
    made = []
    for k, row in enumerate(rows.tolist()):
        made.append((_body(every[row], int(near[k]), tuple(np.flatnonzero(has[k]).tolist())), shown[k]))
    return made


@lru_cache(BODIES)
def _body(face: Face, level: int, on: tuple[int, ...]) -> Piece:
    """A head and what is worn, as one piece."""
    return united([head(face, level), *(piece(PIECES[k], level) for k in on)])


@lru_cache(CASTS)
def _faces_of(looks: bytes, layout: np.dtype[np.void]) -> tuple[Face, ...]:
    return faces(np.frombuffer(looks, layout))


def _face_points(looks: Rows) -> Floats:
    """Nose, eyes and ears (n, 5, 3) in the model frame."""
    return _points_of(looks.tobytes(), looks.dtype)


@lru_cache(CASTS)
def _points_of(looks: bytes, layout: np.dtype[np.void]) -> Floats:
    mirror = np.array([1.0, -1.0, 1.0])
    points = []
    for face in _faces_of(looks, layout):
        eye, ear = eye_at(face) + _EYE_OUT, ear_at(face)
        points.append([nose_at(face), eye, eye * mirror, ear, ear * mirror])
    made: Floats = np.array(points, np.float64).reshape(-1, 5, 3) + NECK_AT
    made.flags.writeable = False
    return made


def worn(looks: Rows, villagers: Rows) -> NDArray[np.bool_]:
    """Which of PIECES each villager has on (n, P)."""
    looks, villagers = as_today("looks", looks), as_today("villagers", villagers)
    has = np.zeros((len(looks), len(PIECES)), dtype=bool)

    def put(name: str, who: NDArray[np.bool_] | bool) -> None:
        has[:, _PIECE[name]] |= who

    woman, skirt, over = looks["female"] == 1, looks["skirt"] == 1, looks["over"]
    cassock = over == 5
    put("shirt_woman", woman)
    put("shirt_man", ~woman)
    rolled = (over == 1) | (over == 2)
    put("sleeves_rolled", rolled)
    put("sleeves", ~rolled)
    put("hands", True)
    put("boots", True)
    put("skirt", skirt & ~cassock)
    trousers = ~skirt & ~cassock
    put("trousers", trousers)
    put("tails_woman", trousers & woman)
    put("tails_man", trousers & ~woman)
    put("cassock", cassock)
    for name, kinds in (("apron", rolled), ("vest", over == 3)):
        put(f"{name}_woman", kinds & woman)
        put(f"{name}_man", kinds & ~woman)
    cloak = villagers["wears"] != int(Wear.NOTHING_MORE)
    hooded = villagers["wears"] == int(Wear.HOODED_CLOAK)
    put("shawl", (over == 4) & ~cloak)
    put("sheepskin", over == 6)
    put("cloak", cloak)
    put("raised_hood", hooded)
    covered = hooded | (looks["hat"] == 1 + HATS.index("hood"))
    _put_one(has, _HAIR, looks["hair_style"], ~covered)
    _put_one(has, _HAT, looks["hat"], ~hooded)
    sits = (villagers["activity"] == int(Activity.SIT)) | (villagers["activity"] == int(Activity.SLEEP))
    still = villagers["speed_m_s"] < 0.3
    _put_one(has, _LOAD, villagers["carries"], ~sits)
    put("cane", (looks["cane"] == 1) & (villagers["carries"] == int(Load.NOTHING)) & ~sits)
    put("lantern", (villagers["lantern"] == 1) & ~sits)
    put("stool", sits & still & (villagers["seat"] == int(Seat.STOOL)))
    has &= (villagers["indoors"] == 0)[:, None]
    return has


def _put_one(
    has: NDArray[np.bool_], piece_of: dict[int, int], kinds: NDArray[np.integer], who: NDArray[np.bool_]
) -> None:
    """Put on each of these villagers the one piece (a column of `has`) that is of its kind, if there is any."""
    wanted = np.fromiter(piece_of, np.int64, len(piece_of))
    has[:, list(piece_of.values())] = (kinds[:, None] == wanted) & who[:, None]


def placed(looks: Rows, villagers: Rows, time_s: float, rows: NDArray[np.integer] | None = None) -> Floats:
    """As pose(), in double precision and for those indoors, too."""
    looks, villagers = as_today("looks", looks), as_today("villagers", villagers)
    chosen = np.arange(len(looks)) if rows is None else rows
    motion = Motion(looks, villagers, time_s, chosen)
    own = villagers[chosen]
    bones = posed(motion, _face_points(looks)[chosen, 1] - _EYE_OUT)
    place = np.stack([own[name].astype(np.float64) for name in ("x", "y", "z")], axis=1)
    return bones.in_world(place, own["heading"].astype(np.float64), motion.size)
