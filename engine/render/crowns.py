"""Deciduous trees through the year: their bare branches, and their leaves as clusters that can fall one by one.

Made from the meshes of the species, whatever they are: what sways is leaf, what does not is wood. A crown in full
leaf is the mesh itself; a thinning one shows branches through leaves that the shader drops by their rank; a bare one
is branches and twigs. All of it is geometry, so a bare tree is bare in every modality.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from assets.meshes.mesh import Mesh, stream
from assets.meshes.plants import plant
from assets.palette import Part, Species
from engine.render.geometry import SURFACE, surface

Floats = NDArray[np.float64]
Rgb = tuple[int, int, int]

FULL, THIN, BARE = 0, 1, 2
STATES = (FULL, THIN, BARE)
THIN_BELOW, BARE_BELOW = 0.85, 0.10  # share of leaves kept
LEAF_STREWN = 0.012  # as a share of the tree's height
LEAF_SHRINK = 0.66  # a triangle of a crown's skin that stands alone as a cluster of leaves
STUMP = 0.10  # of the mesh's own limbs above the fork: the grown branches take their place
BALANCE = 0.45  # how much a branch minds its way to the root (Cuntz 2010: the balancing factor of minimum spanning)
THICKENING = 2.2  # exponent by which the branches' sections add up (da Vinci: 2; Murray 1926: 3)
BRANCHES = (100, 22, 14)  # tips of a near, a middle and a far crown
TWIGS = (6, 6, 1)  # slivers at each tip
SLIMMEST = (0.0018, 0.0045)  # radius of a branch as a share of the tree's height: farther ones are drawn thicker,
SLIVER = (0.0019, 0.0075, 0.017)  # half width of a twig, likewise, or they would be lost between the pixels
TWIG_LENGTH = ((0.06, 0.14), (0.08, 0.17), (0.15, 0.25))
NEAR, FAR = 0, 2


@dataclass(frozen=True)
class Wood:
    """How a species looks without leaves; lengths as shares of its height."""

    fork: float  # where the branches begin
    top: float  # of the stem
    root_radius: float
    bark: Rgb
    twig: Rgb
    first: Rgb  # autumn's colours
    last: Rgb


WOOD = {
    Species.BROADLEAF: Wood(0.24, 0.86, 0.034, (84, 66, 50), (104, 86, 70), (222, 170, 52), (184, 70, 36)),
    Species.BIRCH: Wood(0.30, 0.95, 0.014, (214, 208, 196), (122, 96, 84), (238, 204, 74), (224, 164, 50)),
    Species.BUSH: Wood(0.02, 0.70, 0.030, (86, 68, 54), (104, 80, 66), (206, 140, 56), (158, 54, 48)),
}
"""Species that shed their leaves. All others keep them."""


@cache
def crown(species: Species, detail: int, state: int) -> tuple[NDArray[np.void], NDArray[np.uint32]]:
    """Vertices SURFACE and triangles (T, 3) of a species in a state of leaf; extra: -, sway, fall, flower."""
    mesh = plant(species, detail)
    if state == FULL or species not in WOOD:
        return _flowering(mesh, detail), mesh.triangles
    leaf = (mesh.sway[mesh.triangles] > 0).any(axis=1)
    wood, rng = WOOD[species], stream("crown", int(species), detail)
    low = mesh.positions[mesh.triangles][..., 2].max(axis=1) < wood.fork + STUMP
    stem = ~leaf & (low | (detail == FAR))  # a far trunk is one piece
    parts = [_part(mesh, mesh.triangles[stem])] if stem.any() else []
    foot = _trunk_end(parts[0][0]["position"].astype(np.float64), wood) if parts else (np.zeros(3), wood.root_radius)
    corners = mesh.positions[mesh.triangles[leaf]].astype(np.float64)
    parts += _branches(corners, wood, detail, foot, rng)
    if state == THIN:
        parts.append(_leaves(mesh, mesh.triangles[leaf], detail, rng))
    starts = np.cumsum([0, *(len(vertices) for vertices, _ in parts)])
    triangles = [t + np.uint32(start) for (_, t), start in zip(parts, starts, strict=False)]
    return np.concatenate([vertices for vertices, _ in parts]), np.concatenate(triangles)


Piece = tuple[NDArray[np.void], NDArray[np.uint32]]


def _flowering(mesh: Mesh, detail: int) -> NDArray[np.void]:
    """A leafy mesh whose free-standing sprays, or far away whose leaves, carry the rank by which they flower."""
    made = surface(mesh, 0)
    if detail == FAR:
        made["extra"][:, 3] = np.where(mesh.sway > 0, _ranks(len(made), stream("flowers", len(made))), 0)
        return made
    uses = np.bincount(mesh.triangles.reshape(-1), minlength=len(made))
    sprays = mesh.triangles[(uses[mesh.triangles] == 1).all(axis=1) & (mesh.sway[mesh.triangles] > 0).all(axis=1)]
    made["extra"][sprays.reshape(-1), 3] = np.repeat(_ranks(len(sprays), stream("flowers", len(made))), 3)
    return made


def _ranks(count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Evenly spread 1..255 in random order."""
    return np.asarray(rng.permutation(1 + (np.arange(count) * 254) // max(count, 1)), np.uint8)


def _part(mesh: Mesh, triangles: NDArray[np.uint32]) -> Piece:
    used, packed = np.unique(triangles, return_inverse=True)
    return surface(mesh, 0)[used], packed.reshape(-1, 3).astype(np.uint32)


def _quartered(made: NDArray[np.void], rng: np.random.Generator) -> Piece:
    """Triangles on their own vertices (3 n,) cut into four each, drawn together and strewn a little."""
    corners = made.reshape(-1, 3)
    split = np.empty((len(corners), 4, 3), SURFACE)
    for k in range(3):
        split[:, k] = corners
        for j in range(3):
            if j != k:
                split["position"][:, k, j] = (corners["position"][:, k] + corners["position"][:, j]) / 2
    split[:, 3] = corners
    for j in range(3):
        split["position"][:, 3, j] = (corners["position"][:, (j + 1) % 3] + corners["position"][:, (j + 2) % 3]) / 2
    small = split.reshape(-1, 3)
    middle = small["position"].mean(axis=1, keepdims=True)
    strewn = rng.normal(size=middle.shape).astype(np.float32) * np.float32(LEAF_STREWN)
    small["position"] = middle + strewn + (small["position"] - middle) * np.float32(LEAF_SHRINK)
    return small.reshape(-1), np.arange(small.size, dtype=np.uint32).reshape(-1, 3)


def _alone(mesh: Mesh, triangles: NDArray[np.uint32], shrink: float) -> Piece:
    """Each triangle on its own vertices, drawn together towards its middle."""
    made = surface(mesh, 0)[triangles.reshape(-1)]
    corners = made["position"].reshape(-1, 3, 3)
    middle = corners.mean(axis=1, keepdims=True)
    made["position"] = (middle + (corners - middle) * np.float32(shrink)).reshape(-1, 3)
    return made, np.arange(len(made), dtype=np.uint32).reshape(-1, 3)


def _leaves(mesh: Mesh, triangles: NDArray[np.uint32], detail: int, rng: np.random.Generator) -> Piece:
    made, own = _alone(mesh, triangles, 1.0 if detail == NEAR else LEAF_SHRINK)
    if detail == NEAR:
        made, own = _quartered(made, rng)
    made["extra"][:, 2] = np.repeat(_ranks(len(own), rng), 3)
    made["extra"][:, 3] = np.repeat(_ranks(len(own), rng), 3)
    return made, own


def _spokes(ends: Floats, wood: Wood, rng: np.random.Generator) -> Piece:
    """Far branches: one thin triangle each, from the stem to its tip."""
    foot = ends * (0.0, 0.0, 1.0)
    foot[:, 2] = np.clip(0.55 * ends[:, 2] + 0.45 * wood.fork, wood.fork * 0.8, wood.top)
    foot[0], ends[0] = (0.0, 0.0, wood.fork * 0.8), (0.0, 0.0, wood.top)  # the stem itself
    return _slivers(foot, ends, 0.9 * SLIVER[FAR], wood.bark, rng)


def _slivers(foot: Floats, tip: Floats, half: float, rgb: Rgb, rng: np.random.Generator) -> Piece:
    across = np.cross(tip - foot, rng.normal(size=foot.shape))
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
    made = np.zeros((len(foot), 3), SURFACE)
    made["position"] = np.stack([foot - across * half, foot + across * half, tip], axis=1)
    facing = np.cross(across, tip - foot)
    made["normal"] = (facing / np.maximum(np.linalg.norm(facing, axis=1, keepdims=True), 1e-9))[:, None]
    made["colour"][..., :3], made["colour"][..., 3] = rgb, 225
    made["ident"][..., 3] = Part.TRUNK
    return made.reshape(-1), np.arange(3 * len(foot), dtype=np.uint32).reshape(-1, 3)


def _trunk_end(points: Floats, wood: Wood) -> tuple[Floats, float]:
    """Middle and radius of the upper end of a trunk (n, 3), where the branches go on."""
    ring = points[points[:, 2] > points[:, 2].max() - 0.02]
    middle = ring.mean(axis=0)
    return middle, max(float(np.linalg.norm(ring - middle, axis=1).mean()), 0.6 * wood.root_radius)


def _branches(
    corners: Floats, wood: Wood, detail: int, foot: tuple[Floats, float], rng: np.random.Generator
) -> list[Piece]:
    middles = corners.mean(axis=1)
    chosen = middles[rng.choice(len(middles), min(BRANCHES[detail], len(middles)), replace=False)]
    axis = np.array([0.0, 0.0, 1.0]) * np.clip(chosen[:, 2:3], wood.fork, wood.top)
    ends = axis + (chosen - axis) * rng.uniform(0.55, 1.02, (len(chosen), 1))
    if detail == FAR:
        return [_spokes(ends, wood, rng), _twigs(ends, wood, detail, rng)]
    points, parents = _tree(ends, wood, foot[0])
    radius = np.maximum(_radii(points, parents, foot[1]), SLIMMEST[detail])
    return [*_limbs(points, parents, radius, wood), _twigs(ends, wood, detail, rng)]


def _tree(ends: Floats, wood: Wood, foot: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """Points of a tree on `foot` that reaches every end by short ways, and the parent of each, -1 the root."""
    stem = np.linspace(max(float(foot[2]) - 0.01, 0.0), wood.top, 7)
    bend = 0.02 * np.sin(np.multiply.outer(stem - stem[0], (9.0, 7.0)))
    points = list(np.column_stack([foot[:2] + bend, stem]))
    parents, way = list(range(-1, len(stem) - 1)), list(stem - stem[0])
    order = np.argsort(np.hypot(ends[:, 0], ends[:, 1]) + 0.2 * ends[:, 2], kind="stable")
    for end in ends[order]:
        at = np.array(points)
        gap = np.linalg.norm(at - end, axis=1)
        cost = gap + BALANCE * np.array(way) + 2.0 * np.maximum(at[:, 2] - end[2] + 0.1 * gap, 0.0)
        near = int(cost.argmin())
        middle = (at[near] + end) / 2 + (0.0, 0.0, -0.06 * gap[near])
        points += [middle, end]
        parents += [near, len(points) - 2]
        way += [way[near] + gap[near] / 2, way[near] + gap[near]]
    return np.array(points), np.array(parents)


def _radii(points: Floats, parents: NDArray[np.intp], root: float) -> Floats:
    carried = np.zeros(len(points))
    childless = np.setdiff1d(np.arange(len(points)), parents)
    carried[childless] = 1.0
    for k in range(len(points) - 1, 0, -1):  # a child always follows its parent
        carried[parents[k]] += carried[k]
    made: Floats = root * (carried / carried[0]) ** (1 / THICKENING)
    return made


def _limbs(points: Floats, parents: NDArray[np.intp], radius: Floats, wood: Wood) -> list[Piece]:
    """Every branch as a prism that tapers from its parent's radius to its own: thick ones rounder."""
    child = np.flatnonzero(parents >= 0)
    thick = radius[child] > 0.35 * radius[0]
    return [_prisms(points, parents, radius, child[rows], sides, wood) for rows, sides in ((thick, 6), (~thick, 3))]


def _prisms(
    points: Floats, parents: NDArray[np.intp], radius: Floats, child: NDArray[np.intp], sides: int, wood: Wood
) -> Piece:
    a, b = points[parents[child]], points[child]
    along = b - a
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    across = np.cross(along, (0.31, 0.94, 0.12))
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
    other = np.cross(along, across)
    made = np.zeros((len(child), 2 * sides), SURFACE)
    wide = np.minimum(radius[parents[child]], 1.5 * radius[child])
    for side in range(sides):
        angle = 2 * np.pi * side / sides
        out = across * np.cos(angle) + other * np.sin(angle)
        for place, (end, size) in enumerate(((a, wide), (b, radius[child]))):
            made["position"][:, side + sides * place] = end + out * size[:, None]
            made["normal"][:, side + sides * place] = out
    slim = np.clip(1 - 2 * radius[child] / wood.root_radius, 0, 1)[:, None]
    made["colour"][..., :3] = (np.array(wood.bark) * (1 - slim) + np.array(wood.twig) * slim)[:, None]
    made["colour"][..., 3] = 215
    made["ident"][..., 3] = Part.TRUNK
    k = 2 * sides * np.arange(len(child), dtype=np.uint32)[:, None]
    s, t = np.arange(sides), (np.arange(sides) + 1) % sides
    faces = np.stack([s, t, sides + t, s, sides + t, sides + s], axis=-1).astype(np.uint32)
    return made.reshape(-1), (k + faces.reshape(-1)).reshape(-1, 3)


def _twigs(ends: Floats, wood: Wood, detail: int, rng: np.random.Generator) -> Piece:
    """Slivers that leave the tips outwards and up."""
    each = TWIGS[detail]
    foot = np.repeat(ends, each, axis=0)
    out = foot * (1.0, 1.0, 0.25)
    out[:, 2] += 0.10
    out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)
    out += rng.normal(size=foot.shape) * 0.65
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    length = rng.uniform(*TWIG_LENGTH[detail], (len(foot), 1))
    return _slivers(foot - out * length * 0.1, foot + out * length, SLIVER[detail], wood.twig, rng)
