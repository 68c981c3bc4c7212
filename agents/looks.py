"""How villagers look: body measures, clothes and colours drawn from who they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from agents.acts import Persona
from world.streams import stream

LOOKS = np.dtype(
    [
        ("height_m", "<f4"),
        ("build", "<f4"),
        ("hat", "u1"),
        ("hair_style", "u1"),
        ("beard", "u1"),
        ("skirt", "u1"),
        ("skin_rgb", "u1", (3,)),
        ("hair_rgb", "u1", (3,)),
        ("top_rgb", "u1", (3,)),
        ("legs_rgb", "u1", (3,)),
        ("hat_rgb", "u1", (3,)),
    ]
)
"""What a villager looks like for as long as the run lasts; the engine adds the instance id."""

HEIGHT_M = {"woman": (1.63, 0.065), "man": (1.76, 0.07)}  # mean and spread of European adults (NCD-RisC 2016)
NO_HAT, STRAW_HAT, CAP, HOOD = range(4)
SHORT, LONG, BUN, BALD = range(4)

SKIN = ((247, 221, 196), (236, 198, 164), (214, 168, 128), (176, 124, 88), (134, 90, 62), (96, 64, 46))
HAIR = ((38, 30, 26), (72, 48, 32), (112, 74, 42), (156, 108, 60), (196, 158, 96), (146, 66, 36))
GREY_HAIR = ((172, 168, 162), (214, 210, 204))
CLOTH = (
    (164, 62, 48),
    (196, 128, 52),
    (212, 176, 84),
    (106, 126, 72),
    (70, 106, 92),
    (72, 100, 142),
    (112, 78, 120),
    (186, 156, 128),
    (228, 216, 192),
    (136, 74, 56),
)
LEGS = ((78, 62, 50), (62, 66, 76), (98, 82, 62), (54, 58, 52), (112, 96, 78), (84, 52, 48))
HATS = {
    "farmer": STRAW_HAT,
    "gardener": STRAW_HAT,
    "shepherd": HOOD,
    "fisher": CAP,
    "miller": CAP,
    "baker": CAP,
    "woodcutter": HOOD,
    "trader": CAP,
}
GREYING_AGE = 52


def looks_of(personas: tuple[Persona, ...], seed: int) -> NDArray[np.void]:
    """One LOOKS row per persona. Hats follow the trade, grey and bald heads the age, colours a named stream."""
    looks = np.zeros(len(personas), LOOKS)
    for p in personas:
        rng = stream(seed, "looks", p.row)
        mean, spread = HEIGHT_M[p.gender]
        old = p.age + rng.normal(0, 6) > GREYING_AGE
        man = p.gender == "man"
        row = looks[p.row]
        stooped = 0.02 * max(0, p.age - 60) / 18
        row["height_m"] = float(np.clip(mean + spread * rng.normal(), mean - 0.18, mean + 0.2)) - stooped
        row["build"] = rng.beta(2.5, 2.5)
        row["hat"] = HATS.get(p.trade, NO_HAT) if rng.random() < 0.7 else NO_HAT
        styles, weights = ((SHORT, LONG, BALD), (0.75, 0.12, 0.13)) if man else ((SHORT, LONG, BUN), (0.2, 0.45, 0.35))
        row["hair_style"] = SHORT if man and p.age < 35 else rng.choice(styles, p=weights)
        row["beard"] = man and p.age > 22 and rng.random() < 0.45
        row["skirt"] = not man and rng.random() < 0.75
        row["skin_rgb"] = _shade(rng, SKIN[rng.choice(len(SKIN), p=(0.28, 0.28, 0.18, 0.12, 0.08, 0.06))], 6)
        row["hair_rgb"] = _shade(rng, _one(rng, GREY_HAIR if old else HAIR), 8)
        row["top_rgb"] = _shade(rng, _one(rng, CLOTH), 14)
        row["legs_rgb"] = _shade(rng, _one(rng, LEGS), 8)
        row["hat_rgb"] = (222, 190, 120) if row["hat"] == STRAW_HAT else _shade(rng, _one(rng, LEGS), 14)
    return looks


def _one(rng: np.random.Generator, colours: tuple[tuple[int, int, int], ...]) -> tuple[int, int, int]:
    return colours[int(rng.integers(len(colours)))]


def _shade(rng: np.random.Generator, colour: tuple[int, int, int], spread: int) -> NDArray[np.uint8]:
    shaded = np.clip(np.array(colour) + rng.integers(-spread, spread + 1, 3), 0, 255)
    return shaded.astype(np.uint8)
