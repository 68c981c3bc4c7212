"""The body villagers share: an adult of 1.72 m, its bones, and pieces of skin and cloth that hang on them.

Pieces are given in the model frame: soles on z = 0, looking along x, y to the left, arms hanging. A vertex follows one
bone, or two by weight (linear blend skinning, Magnenat-Thalmann et al. 1988). Colours of slotted vertices are near
white: they multiply the villager's colour of that slot.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assets.meshes.mesh import Floats, Mesh, join, smooth
from assets.palette import Part

ADULT_M = 1.72
SKIN, HAIR, TOP, LEGS, HAT, CLOAK, OVER, EYE = range(1, 9)
SLOTS = 9  # with 0 for colours of its own

# Joints of the adult in metres; proportions after Drillis & Contini 1966, with the head a fifth larger for charm.
UPPER_LEG_M = 0.41
LOWER_LEG_M = 0.41
ANKLE_M = 0.08  # above the sole
HEEL_M = -0.075  # sole's ends along x from the ankle
TOE_M = 0.165
PELVIS_M = 0.92
HIP_M = (0.092, 0.90)  # to the side, up
SHOULDER_M = (0.165, 1.370)
UPPER_ARM_M = 0.275
LOWER_ARM_M = 0.24
NECK_M = 1.42
NECK_AT = np.array([0.0, 0.0, NECK_M])
CROWN_M = 0.305  # above the neck's joint
EYE_M = (0.096, 0.039, 0.170)  # centre of the left eye from the neck's joint, in a face of middling measures
KNEE_M = HIP_M[1] - UPPER_LEG_M
ELBOW_M = SHOULDER_M[1] - UPPER_ARM_M
WRIST_M = ELBOW_M - LOWER_ARM_M
PALM_M = WRIST_M - 0.075

SIDES = ("left", "right")
_MIDDLE = {
    "hips": (0.0, 0.0, PELVIS_M),
    "chest": (0.0, 0.0, 1.02),
    "head": (0.0, 0.0, NECK_M),
    "jaw": (0.0, 0.0, NECK_M + 0.13),
    "hem": (0.0, 0.0, KNEE_M),
    "cloak": (0.0, 0.0, 1.38),
    "held": (0.0, 0.0, 0.0),
    "lantern": (0.0, 0.0, 0.0),
    "seat": (0.0, 0.0, 0.0),
}
_PAIRED = {
    "upper_arm": (0.0, *SHOULDER_M),
    "lower_arm": (0.0, SHOULDER_M[0], ELBOW_M),
    "hand": (0.0, SHOULDER_M[0], WRIST_M),
    "upper_leg": (0.0, *HIP_M),
    "lower_leg": (0.0, HIP_M[0], KNEE_M),
    "foot": (0.0, HIP_M[0], ANKLE_M),
    "skirt": (0.0, HIP_M[0], 0.95),
    "lid": (EYE_M[0], EYE_M[1], NECK_M + EYE_M[2]),
    "brow": (0.12, EYE_M[1], NECK_M + 0.2),
    "smile": (0.11, 0.03, NECK_M + 0.0975),
}
JOINTS: dict[str, tuple[float, float, float]] = _MIDDLE | {
    f"{name}_{side}": (x, y if side == "left" else -y, z) for name, (x, y, z) in _PAIRED.items() for side in SIDES
}
"""Where each bone turns, in the model frame."""
BONES: dict[str, int] = {name: number for number, name in enumerate(JOINTS)}

LEVELS = 3  # of detail: near, beyond LEVEL_M[0], beyond LEVEL_M[1]
LEVEL_M = (10.0, 40.0)

Rows = list[tuple[float, float, float, float, float]]
_WHITE = 255.0


@dataclass(frozen=True)
class Piece:
    """A mesh in the model frame and the bones that move it."""

    mesh: Mesh
    bones: NDArray[np.uint8]  # (V, 2) rows of BONES
    weight: NDArray[np.float32]  # (V,) of the second bone, 0..1 in steps of 1/255


def bound(mesh: Mesh, bone: str, second: str | None = None, weight: ArrayLike = 0.0) -> Piece:
    """A mesh that follows one bone, or two: `weight` of the second (V,) 0..1."""
    n = len(mesh.positions)
    bones = np.tile(np.array([BONES[bone], BONES[second or bone]], np.uint8), (n, 1))
    return Piece(mesh, bones, stepped(np.broadcast_to(np.asarray(weight, np.float64), n)))


def stepped(weight: Floats) -> NDArray[np.float32]:
    """Weights as a byte carries them."""
    return (np.rint(np.clip(weight, 0, 1) * 255) / 255).astype(np.float32)


def united(pieces: Iterable[Piece]) -> Piece:
    """One piece of several."""
    parts = list(pieces)
    return Piece(
        join([p.mesh for p in parts]),
        np.concatenate([p.bones for p in parts]),
        np.concatenate([p.weight for p in parts]),
    )


def mirrored(piece: Piece) -> Piece:
    """The right half of a left one: bones and parts change their side, too."""
    swap = np.arange(len(BONES), dtype=np.uint8)
    for name, number in BONES.items():
        if name.endswith("_left"):
            other = BONES[name[:-4] + "right"]
            swap[number], swap[other] = other, number
    mesh = piece.mesh.transformed(scale=(1, -1, 1))
    parts = np.arange(max(Part) + 1, dtype=np.uint8)
    for left in Part:
        if left.name.endswith("_LEFT"):
            right = Part[left.name[:-4] + "RIGHT"]
            parts[left], parts[right] = right, left
    return Piece(with_parts(mesh, parts[mesh.part]), swap[piece.bones], piece.weight)


def with_parts(mesh: Mesh, part: NDArray[np.uint8]) -> Mesh:
    """A mesh with other parts, by vertex."""
    return Mesh(**(vars(mesh) | {"part": part}))


def ramp(values: ArrayLike, start: ArrayLike, end: ArrayLike) -> Floats:
    """0 at and before `start`, 1 at and behind `end`, smooth between (Hermite); `end` may be the smaller."""
    first, last = np.asarray(start, np.float64), np.asarray(end, np.float64)
    t = np.clip((np.asarray(values, np.float64) - first) / (last - first), 0, 1)
    smoothed: Floats = t * t * (3 - 2 * t)
    return smoothed


def loft(
    rows: Rows,
    sides: int,
    slot: int,
    part: Part,
    *,
    at: tuple[float, float] = (0.0, 0.0),
    power: float = 2.0,
    folds: tuple[float, int] = (0.0, 0),
    gap: float = 0.0,
) -> Mesh:
    """A smooth body through cross-sections, from (z, front, back, half width, brightness) rows, rising or falling.

    Args:
        rows: front and back are x of the section's ends; a half width of 0 closes an end.
        sides: points round a section.
        slot: of the colour.
        part: of the body.
        at: x and y of the axis.
        power: of the sections' superellipses: 2 is round, more is squarer.
        folds: metres and number of pleats, which deepen towards the lowest row.
        gap: angle in radians on each side of x that is left open, as in a cloak.
    """
    z, front, back, half, tone = np.array(rows).T[:, :, None]
    closed = gap == 0.0
    angle = np.arange(sides) * 2 * np.pi / sides if closed else np.linspace(gap, 2 * np.pi - gap, sides)
    c, s = np.cos(angle), np.sin(angle)
    c, s = (np.sign(v) * np.abs(v) ** (2 / power) for v in (c, s))
    depth, count = folds
    low = (z.max() - z) / max(float(np.ptp(z)), 1e-9)
    wave = depth * low * np.cos(count * angle)
    middle, length = (front + back) / 2, (front - back) / 2
    x = middle + (length + wave * (length > 0)) * c + at[0]
    y = (half + wave * (half > 0)) * s + at[1]
    points = np.stack([x, y, np.broadcast_to(z, x.shape)], axis=2).reshape(-1, 3)
    shade = tone * (1 + 0.12 * low * np.cos(count * angle) * (depth > 0))
    triangles = _lattice(len(rows), sides, closed, rising=rows[-1][0] > rows[0][0])
    tones = np.broadcast_to(shade, x.shape).reshape(-1, 1)
    return smooth_seams(points, triangles, tones * _WHITE).marked(slot=slot, part=part)


def _lattice(rows: int, columns: int, closed: bool, rising: bool) -> NDArray[np.int64]:
    k = np.arange(columns if closed else columns - 1)
    j = (k + 1) % columns
    made = []
    for row in range(rows - 1):
        a, b = (row, row + 1) if rising else (row + 1, row)
        a, b = a * columns, b * columns
        made += [np.stack([a + k, a + j, b + j], axis=1), np.stack([a + k, b + j, b + k], axis=1)]
    return np.concatenate(made)


def smooth_seams(points: Floats, triangles: NDArray[np.int64], rgb: ArrayLike) -> Mesh:
    """Like `smooth`, with vertices of one place welded first, so that closed ends have one normal."""
    colours = np.broadcast_to(np.asarray(rgb, np.float64), points.shape)
    keys = np.round(points * 1e5).astype(np.int64)
    _, first, which = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    welded = which.reshape(-1)[triangles]
    whole = (welded[:, 0] != welded[:, 1]) & (welded[:, 1] != welded[:, 2]) & (welded[:, 2] != welded[:, 0])
    return smooth(points[first], welded[whole], np.clip(colours[first], 0, 255))


def two_sided(mesh: Mesh, inner: float = 0.6) -> Mesh:
    """A mesh with an inside, darker by `inner`."""
    inside = Mesh(**(vars(mesh) | {"normals": -mesh.normals, "triangles": mesh.triangles[:, ::-1].copy()}))
    return join([mesh, inside.tinted(inner)])


def split(mesh: Mesh, below: Part, z: float) -> Mesh:
    """A mesh whose triangles under a height belong to another part; vertices on the line are doubled."""
    lower = mesh.positions[mesh.triangles].mean(axis=1)[:, 2] < z
    if not lower.any() or lower.all():
        return mesh.marked(part=below) if lower.all() else mesh
    halves = []
    for chosen, part in ((~lower, None), (lower, below)):
        used, compact = np.unique(mesh.triangles[chosen], return_inverse=True)
        columns = {name: value[used] for name, value in vars(mesh).items() if name != "triangles"}
        half = Mesh(**columns, triangles=compact.reshape(-1, 3).astype(np.uint32))
        halves.append(half if part is None else half.marked(part=part))
    return join(halves)
