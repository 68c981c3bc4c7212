"""How villagers look: body, face, hair and clothes drawn from who they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from agents.acts import Persona
from agents.families import PARENT, SIBLING
from world.streams import stream

FACE = (
    "face_width",
    "jaw",
    "chin",
    "cheeks",
    "nose_length",
    "nose_width",
    "brow",
    "eye_size",
    "eye_spacing",
    "mouth_width",
    "lips",
)
"""Measures of the face, each 0..1."""

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
        ("eye_rgb", "u1", (3,)),
        ("over", "u1"),
        ("over_rgb", "u1", (3,)),
        ("cloak_rgb", "u1", (3,)),
        ("cane", "u1"),
        ("female", "u1"),
        ("age_years", "<f4"),
        ("freckles", "<f4"),
        *((name, "<f4") for name in FACE),
    ]
)
"""What a villager looks like for as long as the run lasts; the engine adds the instance id."""

HEIGHT_M = {"woman": (1.63, 0.065), "man": (1.76, 0.07)}  # mean and spread of European adults (NCD-RisC 2016)
NO_HAT, STRAW_HAT, CAP, HOOD, HEADSCARF, FELT_HAT, KNITTED_CAP, BONNET = range(8)
SHORT, LONG, BUN, BALD, CROPPED, CURLS, BOB, PLAIT, PONYTAIL, RECEDING = range(10)
NO_BEARD, FULL, MOUSTACHE, GOATEE, LONG_BEARD, STUBBLE = range(6)
NOTHING, APRON, LEATHER_APRON, VEST, SHAWL, CASSOCK, SHEEPSKIN = range(7)

SKIN = ((247, 221, 196), (236, 198, 164), (214, 168, 128), (176, 124, 88), (134, 90, 62), (96, 64, 46))
SKIN_SHARES = (0.28, 0.28, 0.18, 0.12, 0.08, 0.06)
HAIR = ((38, 30, 26), (72, 48, 32), (112, 74, 42), (156, 108, 60), (196, 158, 96), (146, 66, 36))
GREY_HAIR = ((150, 146, 140), (196, 192, 186), (122, 116, 110), (168, 156, 140))
DARK_EYES = ((70, 46, 30), (98, 66, 36))
LIGHT_EYES = ((84, 116, 150), (96, 128, 98), (120, 104, 66), (118, 132, 140))
CLOTH = (
    (164, 62, 48),
    (196, 128, 52),
    (212, 176, 84),
    (106, 126, 72),
    (70, 106, 92),
    (72, 100, 142),
    (112, 78, 120),
    (128, 134, 128),
    (204, 194, 170),
    (136, 74, 56),
)
LEGS = ((78, 62, 50), (62, 66, 76), (98, 82, 62), (54, 58, 52), (112, 96, 78), (84, 52, 48))
CLOAKS = ((132, 106, 78), (92, 112, 92), (124, 78, 60), (86, 98, 126), (152, 122, 76), (78, 104, 82), (112, 72, 84))
LINEN, HIDE, FLEECE, BLACK = (206, 196, 176), (112, 76, 50), (198, 186, 162), (46, 44, 48)
STRAW = (222, 190, 120)
HATS = {
    "farmer": (STRAW_HAT, HEADSCARF),  # of men, of women
    "gardener": (STRAW_HAT, STRAW_HAT),
    "shepherd": (FELT_HAT, HEADSCARF),
    "fisher": (KNITTED_CAP, KNITTED_CAP),
    "miller": (CAP, BONNET),
    "baker": (CAP, BONNET),
    "woodcutter": (HOOD, HOOD),
    "trader": (FELT_HAT, BONNET),
    "priest": (FELT_HAT, BONNET),
    "carpenter": (CAP, CAP),
    "herbalist": (HOOD, HEADSCARF),
}
OVER = {
    "smith": LEATHER_APRON,
    "carpenter": LEATHER_APRON,
    "baker": APRON,
    "innkeeper": APRON,
    "miller": APRON,
    "potter": APRON,
    "gardener": APRON,
    "priest": CASSOCK,
    "shepherd": SHEEPSKIN,
    "trader": VEST,
    "fisher": VEST,
    "woodcutter": VEST,
}
OVER_RGB = {
    APRON: (LINEN,),
    LEATHER_APRON: (HIDE,),
    CASSOCK: (BLACK,),
    SHEEPSKIN: (FLEECE,),
    VEST: LEGS,
    SHAWL: CLOTH,
    NOTHING: (LINEN,),
}
GREYING_AGE = 52
CANE_AGE = 70
SHAWL_AGE = 45


def looks_of(personas: tuple[Persona, ...], seed: int) -> NDArray[np.void]:
    """One LOOKS row per persona. Clothes follow the trade, grey and bald heads the age, the rest named streams.

    Children have a skin between those of their parents, or like that of an older sister or brother.
    """
    looks = np.zeros(len(personas), LOOKS)
    for p in sorted(personas, key=lambda p: (-p.age, p.row)):
        _body_and_clothes(looks[p.row], p, stream(seed, "looks", p.row))
        if kin := _elders(p, personas):
            skin = np.average(looks["skin_rgb"][kin], axis=0)
            looks[p.row]["skin_rgb"] = _shade(stream(seed, "likeness", p.row), tuple(skin.astype(int)), 6)
        _face(looks[p.row], p, stream(seed, "face", p.row))
    return looks


def _elders(p: Persona, personas: tuple[Persona, ...]) -> list[int]:
    """Rows of the parents who live here, otherwise of the oldest sister or brother if there is one older."""
    if parents := [row for row, word in p.family if word in PARENT]:
        return parents
    siblings = [row for row, word in p.family if word in SIBLING and (-personas[row].age, row) < (-p.age, p.row)]
    return siblings[:1]


def _body_and_clothes(row: np.void, p: Persona, rng: np.random.Generator) -> None:
    mean, spread = HEIGHT_M[p.gender]
    old = p.age + rng.normal(0, 6) > GREYING_AGE
    man = p.gender == "man"
    stooped = 0.02 * max(0, p.age - 60) / 18
    row["height_m"] = float(np.clip(mean + spread * rng.normal(), mean - 0.18, mean + 0.2)) - stooped
    row["build"] = rng.beta(2.5, 2.5)
    row["female"], row["age_years"] = not man, p.age
    row["hat"] = HATS.get(p.trade, (NO_HAT, NO_HAT))[not man] if rng.random() < 0.7 else NO_HAT
    row["skirt"] = not man and rng.random() < 0.75
    row["skin_rgb"] = _shade(rng, SKIN[rng.choice(len(SKIN), p=SKIN_SHARES)], 6)
    row["hair_rgb"] = _shade(rng, _one(rng, GREY_HAIR if old else HAIR), 8)
    row["top_rgb"] = _shade(rng, _one(rng, CLOTH), 14)
    row["legs_rgb"] = _shade(rng, _one(rng, LEGS), 8)
    over = OVER.get(p.trade, NOTHING)
    if over == NOTHING and not man and p.age > SHAWL_AGE and rng.random() < 0.6:
        over = SHAWL
    elif over == NOTHING and rng.random() < 0.4:
        over = VEST if man else APRON
    row["over"] = over
    row["over_rgb"] = _shade(rng, _one(rng, OVER_RGB[over]), 8)
    row["cloak_rgb"] = _shade(rng, _one(rng, CLOAKS), 10)
    straw = row["hat"] == STRAW_HAT
    plain = LEGS if row["hat"] in (CAP, HOOD, FELT_HAT) else CLOTH
    row["hat_rgb"] = STRAW if straw else _shade(rng, LINEN if row["hat"] == BONNET else _one(rng, plain), 14)
    row["cane"] = p.age >= CANE_AGE


def _face(row: np.void, p: Persona, rng: np.random.Generator) -> None:
    man = p.gender == "man"
    for name in FACE:
        row[name] = rng.beta(1.6, 1.6)  # wide: neighbours shall be told apart
    # Men have heavier brows and jaws, women fuller lips and larger eyes (Enlow 1990)
    for name, push in (("brow", 0.14), ("jaw", 0.14), ("chin", 0.1), ("lips", -0.14), ("eye_size", -0.12)):
        row[name] = np.clip(row[name] + (push if man else -push), 0.0, 1.0)
    dark_skin = int(row["skin_rgb"].sum()) < 400
    dark_hair = int(row["hair_rgb"].sum()) < 160
    dark = dark_skin or rng.random() < (0.8 if dark_hair else 0.35)
    row["eye_rgb"] = _shade(rng, _one(rng, DARK_EYES if dark else LIGHT_EYES), 8)
    fair = not dark_skin and rng.random() < (0.5 if int(row["hair_rgb"][0]) > 140 and p.age < 45 else 0.12)
    row["freckles"] = rng.uniform(0.35, 1.0) if fair else 0.0
    row["hair_style"] = _hair_style(p, rng)
    if man and p.age > 19:
        kinds = (NO_BEARD, FULL, MOUSTACHE, GOATEE, LONG_BEARD, STUBBLE)
        shares = (0.36, 0.2, 0.14, 0.1, 0.0, 0.2) if p.age < 48 else (0.28, 0.24, 0.18, 0.06, 0.16, 0.08)
        row["beard"] = rng.choice(kinds, p=shares)


def _hair_style(p: Persona, rng: np.random.Generator) -> int:
    if p.gender == "woman":
        styles: Sequence[int] = (SHORT, LONG, BUN, CURLS, BOB, PLAIT, PONYTAIL)
        young, old = (0.05, 0.22, 0.12, 0.14, 0.13, 0.2, 0.14), (0.14, 0.1, 0.42, 0.14, 0.12, 0.06, 0.02)
        return int(rng.choice(styles, p=young if p.age < 50 else old))
    styles = (SHORT, LONG, CROPPED, CURLS, PONYTAIL, RECEDING, BALD)
    young, old = (0.38, 0.12, 0.2, 0.2, 0.06, 0.04, 0.0), (0.26, 0.06, 0.12, 0.08, 0.02, 0.28, 0.18)
    return int(rng.choice(styles, p=young if p.age < 38 else old))


def _one(rng: np.random.Generator, colours: Sequence[tuple[int, int, int]]) -> tuple[int, int, int]:
    return colours[int(rng.integers(len(colours)))]


def _shade(rng: np.random.Generator, colour: Sequence[int], spread: int) -> NDArray[np.uint8]:
    shaded = np.clip(np.array(colour) + rng.integers(-spread, spread + 1, 3), 0, 255)
    return shaded.astype(np.uint8)
