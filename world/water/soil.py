"""Water in the ground: it soaks in, drains from the topsoil to the roots and from there to the groundwater, and seeps.

Stores in millimetres: `top` (the first centimetres, mud and dust), `root` (what plants drink), `ground` (what feeds
the streams). Conductivity falls with the tenth power of saturation (Brooks & Corey 1964, pore index 0.29: loam).
"""

from __future__ import annotations

from world.compiled import compiled

TOP_MM = 12.0  # water that the top 3 cm hold between dry and saturated
SUCTION_MM = 90.0  # at the wetting front of loam (Rawls, Brakensiek & Miller 1983)
FRONT_MM = 60.0  # how deep that front is taken to lie: Green & Ampt 1911 with a fixed front
WILTED, STRESSED = 0.20, 0.65  # shares of the root store where plants get nothing, and all they want
BARE_SHARE = 0.35  # of evaporation from well watered ground comes from the topsoil itself


@compiled
def conductivity_share(saturation: float) -> float:
    """Unsaturated over saturated conductivity, the tenth power of saturation."""
    square = saturation * saturation
    fourth = square * square
    return fourth * fourth * square


@compiled
def infiltrability_mm_h(saturated_mm_h: float, top_mm: float, frozen_share: float) -> float:
    """Water that the surface can take in (Green & Ampt 1911): more while dry, little where the soil is frozen."""
    dryness = 1.0 - min(1.0, top_mm / TOP_MM)
    thawed = 1.0 - frozen_share
    return saturated_mm_h * (1.0 + SUCTION_MM / FRONT_MM * dryness) * (0.02 + 0.98 * thawed * thawed)


@compiled
def moisture_for_vapour(top_mm: float, root_mm: float, root_most_mm: float, planted: float) -> tuple[float, float]:
    """Share 0..1 of open water's evaporation that the ground gives, and the part of that which the topsoil gives."""
    top = min(1.0, 2.0 * top_mm / TOP_MM)
    root = 0.0
    if root_most_mm > 0.0:
        root = max(0.0, min(1.0, (root_mm / root_most_mm - WILTED) / (STRESSED - WILTED)))
    given_by_top = BARE_SHARE * top
    given = given_by_top + (1.0 - BARE_SHARE) * root * planted
    return given, (given_by_top / given if given > 0.0 else 0.0)


@compiled
def soil_step(
    standing_mm: float, arriving_mm: float, top_mm: float, root_mm: float, ground_mm: float,
    saturated_mm_h: float, frozen_share: float, root_most_mm: float, ground_most_mm: float, deep_mm_h: float,
    seeps_in_h: float, hours: float,
) -> tuple[float, float, float, float, float]:  # fmt: skip
    """One step of the ground under standing and arriving water.

    Returns:
        what is left standing, the three stores, and what seeped out towards the stream.
    """
    surface = standing_mm + arriving_mm
    seeped = ground_mm * min(1.0, hours / seeps_in_h)
    ground_mm -= seeped
    drained = (
        min(root_mm, deep_mm_h * conductivity_share(root_mm / root_most_mm) * hours) if root_most_mm > 0.0 else 0.0
    )
    drained = min(drained, max(0.0, ground_most_mm - ground_mm))
    root_mm -= drained
    ground_mm += drained
    sunk = min(top_mm, saturated_mm_h * conductivity_share(min(1.0, top_mm / TOP_MM)) * hours)
    sunk = min(sunk, max(0.0, root_most_mm - root_mm))
    top_mm -= sunk
    root_mm += sunk
    taken = min(surface, infiltrability_mm_h(saturated_mm_h, top_mm, frozen_share) * hours)
    through = min(taken, max(0.0, TOP_MM - top_mm))
    top_mm += through
    # What the topsoil has no room for passes straight to the roots, while these have.
    further = min(taken - through, max(0.0, root_most_mm - root_mm))
    root_mm += further
    return surface - through - further, top_mm, root_mm, ground_mm, seeped
