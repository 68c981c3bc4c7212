"""What trees are put together from: bent limbs, lumpy masses of leaves, and the painting of crowns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from assets.meshes.mesh import Mesh, Rgb, faceted, icosphere, join, smooth, turn


def leafy_mass(
    rng: np.random.Generator, detail: int, centre: tuple[float, float, float], radius: float, flat: float
) -> Mesh:
    """One leafy mass: a sphere with lumps, flatter below."""
    ball = icosphere(detail, (0, 0, 0))
    p = ball.positions.astype(np.float64)
    waves = rng.normal(size=(5, 3)) * 2.3
    lumps = np.sin(p @ waves.T + rng.uniform(0, 6.28, 5)).mean(axis=1)
    size = radius * (1 + 0.3 * lumps + rng.uniform(-0.05, 0.05, len(p)))
    p = p * size[:, None] * (1, 1, flat)
    p[:, 2] = np.where(p[:, 2] < 0, p[:, 2] * 0.75, p[:, 2])
    return smooth(p + centre, ball.triangles, (0, 0, 0))


def far_crown(rng: np.random.Generator, half: tuple[float, float, float], centre: tuple[float, float, float]) -> Mesh:
    """A whole crown in 20 triangles, skewed so that its outline is no hexagon."""
    ball = icosphere(0, (0, 0, 0))
    p = ball.positions @ turn(0.7, 0.35, 0.2).T * rng.uniform(0.84, 1.12, (12, 1)) * half
    return smooth(p + centre, ball.triangles, (0, 0, 0))


def painted_crown(
    blobs: list[Mesh], low: Rgb, high: Rgb, rng: np.random.Generator, sprays: int = 0, size: float = 0.07
) -> Mesh:
    """Paints joined blobs: light above and outside, dark and occluded below and towards the middle.

    `sprays` triangles of leaves, about `size` long, stand off the surface and break its outline.
    """
    mesh = join(blobs)
    tone = rng.uniform(-0.12, 0.12, len(mesh.positions))
    if sprays:
        mesh = join([mesh, leaf_sprays(mesh, sprays, size, rng)])
        tone = np.concatenate([tone, np.repeat(rng.uniform(-0.2, 0.25, sprays), 3)])
    p = mesh.positions.astype(np.float64)
    bottom, top = p[:, 2].min(), p[:, 2].max()
    up = (p[:, 2] - bottom) / (top - bottom)
    middle = np.array([0, 0, bottom + 0.45 * (top - bottom)])
    out = np.linalg.norm((p - middle) * (1, 1, 0.8), axis=1)
    out = np.clip(out / out.max(), 0, 1)
    facing = 0.5 + 0.5 * mesh.normals[:, 2]
    mix = np.clip(0.5 * up + 0.5 * facing + tone, 0, 1)[:, None]
    rgb = np.asarray(low) * (1 - mix) + np.asarray(high) * mix
    openness = np.clip(0.12 + 0.6 * out**1.5 + 0.3 * up + 0.2 * facing, 0.25, 1)
    return mesh.coloured(rgb).shaded(openness).marked(sway=np.clip(0.35 + 0.65 * out * (0.4 + 0.6 * up), 0, 1))


def leaf_sprays(surface: Mesh, count: int, size: float, rng: np.random.Generator) -> Mesh:
    """Leaf sprays: triangles rooted on the surface, tips outward and a little down, lit like the surface under them."""
    corners = surface.positions[surface.triangles].astype(np.float64)
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    chosen = rng.choice(len(corners), count, p=area / area.sum())
    weights = rng.dirichlet((1.0, 1.0, 1.0), count)
    root = np.einsum("nk,nkj->nj", weights, corners[chosen])
    normal = np.einsum("nk,nkj->nj", weights, surface.normals[surface.triangles][chosen].astype(np.float64))
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    across = np.cross(normal, rng.normal(size=(count, 3)))
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    along = np.cross(across, normal)
    along *= np.where(along[:, 2:3] > 0, -1.0, 1.0)  # hanging
    length = size * rng.uniform(0.7, 1.3, (count, 1))
    lifted = root - normal * length * 0.12
    tip = root + along * length * 0.75 + normal * length * 0.5
    points = np.stack([lifted - across * length * 0.55, lifted + across * length * 0.55, tip], axis=1)
    facing = np.einsum("nj,nj->n", np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0]), normal)
    points[facing < 0] = points[facing < 0][:, ::-1]
    mesh = faceted(points.reshape(-1, 3), np.arange(3 * count).reshape(-1, 3).tolist(), (0, 0, 0))
    return replace(mesh, normals=np.repeat(normal, 3, axis=0).astype(np.float32))


def limb(points: list[tuple[float, float, float]], radii: list[float], sides: int, low: Rgb, high: Rgb) -> Mesh:
    """A bent limb through points, tapering, open at the ends that other parts hide."""
    path = np.array(points)
    angle = np.arange(sides) * 2 * np.pi / sides
    rings = []
    for row, (at, radius) in enumerate(zip(path, radii, strict=True)):
        along = path[min(row + 1, len(path) - 1)] - path[max(row - 1, 0)]
        across = np.cross(along, (0.3, 1.0, 0.1))
        across /= np.linalg.norm(across)
        other = np.cross(along, across)
        other /= np.linalg.norm(other)
        rings.append(at + radius * (np.cos(angle)[:, None] * across + np.sin(angle)[:, None] * other))
    k = np.arange(sides)
    j = (k + 1) % sides
    triangles = []
    for ring in range(len(path) - 1):
        a, b = ring * sides, (ring + 1) * sides
        triangles += [np.stack([a + k, a + j, b + j], axis=1), np.stack([a + k, b + j, b + k], axis=1)]
    mesh = smooth(np.concatenate(rings), np.concatenate(triangles), low)
    return mesh.painted(low, high, float(path[0, 2]), float(path[-1, 2])).marked(sway=0.0)


def stick(radius: float, height: float, rgb: Rgb) -> Mesh:
    """A straight bare trunk of three sides, for what is far away."""
    return limb([(0, 0, -0.05), (0, 0, height)], [radius, radius * 0.7], 3, rgb, rgb).shaded(0.8)
