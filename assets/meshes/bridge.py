"""A stone bridge: arches, a deck one walks on at height 0, and parapets. It spans along its local y."""

from __future__ import annotations

import numpy as np

from assets.meshes import carpentry as c
from assets.meshes.mesh import Mesh, Rgb, box, faceted, join
from assets.meshes.shell import Shell
from assets.palette import Part

ARCH_M = 10.0  # longest single arch; longer bridges stand on piers
LANDING_M = 1.6  # solid masonry at each end, in the bank
PIER_M = 1.2
SPRING_M = 1.5  # the arches spring this far below the deck ...
CROWN_M = 0.45  # ... and this much masonry is left over their crown
FOOT_M = 4.0  # piers and ends reach this far below the deck, into the bed
PARAPET_M = 0.3
_STEPS = 10  # facets of one arch
_COBBLE: Rgb = (150, 138, 118)


def bridge(s: Shell) -> Mesh:
    """The bridge of a shell: width across, depth from bank to bank; the wall height is that of its parapets."""
    half, length = s.width / 2, s.depth
    profile = underside(length)
    below = np.array([(x, y, z) for x in (-half, half) for y, z in profile])
    above = np.array([(x, y, 0.0) for x in (-half, half) for y, _ in profile])
    points = np.concatenate([below, above])
    n, top = len(profile), 2 * len(profile)
    wide = [k for k in range(n - 1) if profile[k + 1][0] - profile[k][0] > 1e-9]  # the upright steps have no face
    left = [(k + 1, k, top + k, top + k + 1) for k in wide]
    right = [(n + k, n + k + 1, top + n + k + 1, top + n + k) for k in wide]
    vault = [(k, k + 1, n + k + 1, n + k) for k in range(n - 1)]
    tone = np.tile((0.94, 1.04, 0.99), n)[: len(wide), None] * np.asarray(s.wall_rgb, dtype=np.float64)
    walls = faceted(points, [*left, *right], np.concatenate([tone, tone]))
    under = faceted(points, vault, c.STONE_DARK).shaded(0.55)
    deck = faceted(
        [(-half, -length / 2, 0), (half, -length / 2, 0), (half, length / 2, 0), (-half, length / 2, 0)],
        [(0, 1, 2, 3)],
        _COBBLE,
    )
    parapets = []
    for x in (-half + PARAPET_M / 2, half - PARAPET_M / 2):
        parapets.append(box((x, 0.0, s.wall_height / 2 - 0.05), (PARAPET_M, length, s.wall_height - 0.1), s.wall_rgb))
        coping = box(
            (x, 0.0, s.wall_height + s.roof_height / 2 - 0.05),
            (PARAPET_M + 0.12, length + 0.1, s.roof_height + 0.1),
            c.STONE,
        )
        parapets.append(coping.tinted(1.06))
    return join([walls, under, deck.shaded(0.9), *parapets]).marked(part=Part.WALL)


def underside(length: float) -> list[tuple[float, float]]:
    """The lower edge from end to end as (y, z): landings, arches, and piers between them."""
    landing = min(LANDING_M, 0.2 * length)
    clear = length - 2 * landing
    arches = max(1, int(np.ceil(clear / ARCH_M)))
    span = (clear - (arches - 1) * PIER_M) / arches
    y = -length / 2
    profile = [(y, -FOOT_M), (y + landing, -FOOT_M)]
    y += landing
    for arch in range(arches):
        for angle in np.linspace(0.0, np.pi, _STEPS + 1):
            rise = (SPRING_M - CROWN_M) * float(np.sin(angle))
            profile.append((y + span * (1 - float(np.cos(angle))) / 2, -SPRING_M + rise))
        y += span
        width = PIER_M if arch + 1 < arches else landing
        profile += [(y, -FOOT_M), (y + width, -FOOT_M)]
        y += width
    return profile
