"""The contract between the simulation and everything that looks at it, and what each of its values means.

The engine fills these columns from the live world and society; the renderer, the session file and every reader see
nothing else. Units are SI. World frame: metres, right-handed, x east, y north, z up; headings in radians,
counter-clockwise from east. A `Column` or `Meaning` says what a value is; `channels.py` hands that on in every session.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Annotated, Any, NotRequired, TypedDict

import numpy as np
from numpy.typing import NDArray

from assets.palette import (
    Activity,
    Bearing,
    BuildingKind,
    Gesture,
    GroundCover,
    Load,
    Part,
    Seat,
    SemanticClass,
    Species,
    Wear,
)
from recorder.lens import LENSES, focal_px, image_point, ray, ring_point, ring_rays

SCHEMA_VERSION = 1

TERRAIN_ID = 1  # instance ids below 16 are reserved for things there is one of
WATER_ID = 2
GRASS_ID = 3  # all small ground plants share one id: they are texture with depth, not things one counts
CROP_ID = 4
FIRST_FREE_ID = 16


def value_name(member: IntEnum) -> str:
    """The name of an enumeration's value as people write it: `market stall`."""
    return member.name.lower().replace("_", " ")


def value_names(kinds: type[IntEnum]) -> tuple[str, ...]:
    """The names of the values 0, 1, 2, ... of an enumeration.

    Raises:
        ValueError: a number is left out.
    """
    return tuple(value_name(kinds(value)) for value in range(len(kinds)))


@dataclass(frozen=True)
class Column:
    """One column of a table: its name, its number type, and what it means."""

    name: str
    dtype: str  # numpy's name, little-endian
    meaning: str
    unit: str = ""  # SI, or a plain word; "1" for pure numbers; "" for ids, flags and enumerations
    names: tuple[str, ...] = ()  # of the values 0, 1, 2, ... of an enumeration
    shape: tuple[int | str, ...] = ()  # of one value; a size that is not fixed has a name
    absent: float | str = 0  # what older sessions without it are read as: a number, or the column it is taken from


@dataclass(frozen=True)
class Meaning:
    """What a field of a dataclass or map means; stands in its annotation."""

    meaning: str
    unit: str = ""
    names: tuple[str, ...] = ()
    shape: tuple[int | str, ...] = ()  # of an array
    columns: tuple[Column, ...] = ()  # of a table
    keys: type | None = None  # the TypedDict that says which keys a map, or each map of a sequence, has


def dtype_of(columns: Sequence[Column]) -> np.dtype[np.void]:
    """The structured type whose fields are the columns."""
    return np.dtype([(column.name, column.dtype, column.shape) for column in columns])


PLANT_COLUMNS = (
    Column("id", "<u4", "id in the instance images"),
    Column("species", "u1", "kind of plant or stone", names=value_names(Species)),
    Column("x", "<f4", "position, towards east", "m"),
    Column("y", "<f4", "position, towards north", "m"),
    Column("z", "<f4", "ground height at the foot", "m"),
    Column("height_m", "<f4", "height above the foot", "m"),
    Column("yaw", "<f4", "turn about the vertical, counter-clockwise", "rad"),
    Column("tint", "<f4", "0..1, varies the leaf colour", "1"),
)
PLANT = dtype_of(PLANT_COLUMNS)

BUILDING_COLUMNS = (
    Column("id", "<u4", "id in the instance images"),
    Column("kind", "u1", "kind of building or other built thing", names=value_names(BuildingKind)),
    Column("x", "<f4", "centre of the footprint, towards east", "m"),
    Column("y", "<f4", "centre of the footprint, towards north", "m"),
    Column("z", "<f4", "height of the floor", "m"),
    Column("yaw", "<f4", "turns the local frame; the door is in the middle of the local -y side", "rad"),
    Column("width_m", "<f4", "extent along local x", "m"),
    Column("depth_m", "<f4", "extent along local y", "m"),
    Column("wall_height_m", "<f4", "height of the wall tops above the floor", "m"),
    Column("roof_height_m", "<f4", "height of the ridge above the wall tops", "m"),
    Column("wall_rgb", "u1", "wall colour, sRGB", shape=(3,)),
    Column("roof_rgb", "u1", "roof colour, sRGB", shape=(3,)),
)
BUILDING = dtype_of(BUILDING_COLUMNS)

LOOKS_COLUMNS = (
    Column("id", "<u4", "id in the instance images"),
    Column("height_m", "<f4", "body height", "m"),
    Column("build", "<f4", "of the body: 0 slight .. 1 stout", "1"),
    Column(
        "hat",
        "u1",
        "what is on the head",
        names=("none", "straw hat", "cap", "hood", "headscarf", "felt hat", "knitted cap", "bonnet"),
    ),
    Column(
        "hair_style",
        "u1",
        "how the hair is worn",
        names=("short", "long", "bun", "bald", "cropped", "curls", "bob", "plait", "ponytail", "receding"),
    ),
    Column("beard", "u1", "hair on the face", names=("none", "full", "moustache", "goatee", "long", "stubble")),
    Column("skirt", "u1", "what covers the legs", names=("trousers", "skirt")),
    Column("skin_rgb", "u1", "skin colour, sRGB", shape=(3,)),
    Column("hair_rgb", "u1", "hair colour, sRGB", shape=(3,)),
    Column("top_rgb", "u1", "colour of shirt or blouse, sRGB", shape=(3,)),
    Column("legs_rgb", "u1", "colour of trousers or skirt, sRGB", shape=(3,)),
    Column("hat_rgb", "u1", "colour of the hat, sRGB", shape=(3,)),
    Column("eye_rgb", "u1", "colour of the iris, sRGB", shape=(3,), absent="hair_rgb"),
    Column(
        "over",
        "u1",
        "what is worn over shirt or blouse",
        names=("nothing", "apron", "leather apron", "vest", "shawl", "cassock", "sheepskin"),
    ),
    Column("over_rgb", "u1", "its colour, sRGB", shape=(3,), absent="legs_rgb"),
    Column("cloak_rgb", "u1", "colour of the cloak against the weather, sRGB", shape=(3,), absent="legs_rgb"),
    Column("cane", "u1", "whether one walks with a stick", names=("no", "yes")),
    Column("female", "u1", "build of chest and hips", names=("man", "woman"), absent="skirt"),
    Column("age_years", "<f4", "age as it shows: grey hair, wrinkles, a stoop", "year", absent=35.0),
    Column("freckles", "<f4", "on the face: 0 none .. 1 many", "1"),
    *(
        Column(name, "<f4", f"of the face: 0 {low} .. 1 {high}", "1", absent=0.5)
        for name, low, high in (
            ("face_width", "narrow", "wide"),
            ("jaw", "pointed", "square"),
            ("chin", "receding", "prominent"),
            ("cheeks", "hollow", "full"),
            ("nose_length", "short", "long"),
            ("nose_width", "thin", "broad"),
            ("brow", "light", "heavy brows"),
            ("eye_size", "small eyes", "large eyes"),
            ("eye_spacing", "close-set eyes", "wide-set eyes"),
            ("mouth_width", "small mouth", "wide mouth"),
            ("lips", "thin lips", "full lips"),
        )
    ),
)
LOOKS = dtype_of(LOOKS_COLUMNS)

FEELING_NAMES = (
    "none",
    "joy",
    "distress",
    "hope",
    "fear",
    "relief",
    "disappointment",
    "pride",
    "shame",
    "admiration",
    "reproach",
    "gratitude",
    "anger",
    "liking",
    "dislike",
    "pity",
    "resentment",
)

VILLAGER_COLUMNS = (
    Column("x", "<f4", "position, towards east", "m"),
    Column("y", "<f4", "position, towards north", "m"),
    Column("z", "<f4", "height of the ground under the feet", "m"),
    Column("heading", "<f4", "where the body faces, counter-clockwise from east", "rad"),
    Column("speed_m_s", "<f4", "speed over the ground", "m/s"),
    Column("stride", "<f4", "walk-cycle phase, 2 pi per two steps, advanced by distance walked", "rad"),
    Column("activity", "u1", "what the body is doing", names=value_names(Activity)),
    Column("indoors", "u1", "whether inside a building: neither drawn nor seen", names=("no", "yes")),
    Column("speaking", "u1", "whether this villager has the turn: says a line or pauses after it", names=("no", "yes")),
    Column("look_at", "<i2", "row of the cast of the villager looked at, -1 for none"),
    Column("place", "<i2", "id of the place, among those of the scenery, this villager is at or goes to, -1 for none"),
    Column("mood", "<f4", "how this villager feels: -1 low .. 1 high", "1"),
    Column("feeling", "u1", "the strongest feeling, as Ortony, Clore & Collins 1988 name it", names=FEELING_NAMES),
    Column("hunger", "<f4", "need to eat: 0 satisfied .. 1 urgent", "1"),
    Column("fatigue", "<f4", "need to rest: 0 satisfied .. 1 urgent", "1"),
    Column("cold", "<f4", "need for warmth: 0 satisfied .. 1 urgent", "1"),
    Column("loneliness", "<f4", "need for company: 0 satisfied .. 1 urgent", "1"),
    Column("danger", "<f4", "need for safety: 0 satisfied .. 1 urgent", "1"),
    Column("idleness", "<f4", "need for purpose: 0 satisfied .. 1 urgent", "1"),
    Column("wears", "u1", "what is put on against the weather", names=value_names(Wear)),
    Column("carries", "u1", "what is in hand: a tool, or what is carried", names=value_names(Load)),
    Column("lantern", "u1", "whether a lantern is carried, lit", names=("no", "yes")),
    Column("bearing", "u1", "how the body meets the weather", names=value_names(Bearing)),
    Column("seat", "u1", "what one who sits sits on", names=value_names(Seat)),
    Column("gesture", "u1", "what hands and head say beside the words", names=value_names(Gesture)),
    Column("gesturing", "<f4", "how far the gesture is carried out: 0 at rest .. 1 in full", "1"),
)
VILLAGER = dtype_of(VILLAGER_COLUMNS)

ENVIRONMENT_COLUMNS = (
    Column("sun_azimuth", "<f8", "where the sun stands, counter-clockwise from east, like a heading", "rad"),
    Column("sun_elevation", "<f8", "height of the sun above the horizon", "rad"),
    Column("temperature_c", "<f8", "air temperature", "degC"),
    Column("humidity", "<f8", "relative humidity, 0..1", "1"),
    Column("pressure_pa", "<f8", "air pressure", "Pa"),
    Column("wind_m_s", "<f8", "wind speed", "m/s"),
    Column("wind_towards", "<f8", "direction the air moves to, counter-clockwise from east", "rad"),
    Column("cloud", "<f8", "fraction of the sky that is clouded, 0..1", "1"),
    Column("rain_mm_h", "<f8", "rainfall", "mm/h"),
    Column("snow_mm_h", "<f8", "snowfall as water", "mm/h"),
    Column("visibility_m", "<f8", "how far one sees: there 2 % of the contrast is left (Koschmieder 1924)", "m"),
    Column("ground_wetness", "<f8", "of the soil in and round the village: 0 dry .. 1 saturated", "1"),
    Column("snow_depth_m", "<f8", "depth of the lying snow in and round the village", "m"),
    Column("gust_m_s", "<f8", "strongest wind of the last minutes", "m/s", absent="wind_m_s"),
    Column("sun_w_m2", "<f8", "global irradiance on a level surface", "W/m2"),
    Column(
        "haze_visibility_m",
        "<f8",
        "how far one sees above the fog, and everywhere where there is none",
        "m",
        absent="visibility_m",
    ),
    Column(
        "fog_top_m",
        "<f8",
        "height of the top of the fog, which fills what lies lower; -10000 for none",
        "m",
        absent=-10_000.0,
    ),
    Column("leaf_cover", "<f8", "leaves on deciduous trees: 0 bare .. 1 full", "1", absent=1.0),
    Column("leaf_colour", "<f8", "of these leaves: 0 green .. 1 all turned", "1"),
    Column("blossom", "<f8", "flowering of trees and meadows, 0..1", "1", absent=0.3),
    Column("grass_green", "<f8", "of the grass: 0 straw or winter brown .. 1 lush", "1", absent=0.9),
    Column("crop_height_m", "<f8", "height of the crops in the fields", "m", absent=0.6),
    Column("crop_ripe", "<f8", "of the crops: 0 green .. 1 golden", "1"),
    Column("moon_azimuth", "<f8", "where the moon stands, counter-clockwise from east", "rad"),
    Column("moon_elevation", "<f8", "height of the moon above the horizon", "rad"),
    Column(
        "moon_lit", "<f8", "illuminated share of its disc: 0 new .. 1 full; -1 where not recorded", "1", absent=-1.0
    ),
    Column("sidereal", "<f8", "right ascension in the meridian: how far the stars have turned", "rad"),
)
LUMINARY_NAMES = ("sun_azimuth", "sun_elevation", "moon_azimuth", "moon_elevation", "moon_lit", "sidereal")
SEASON_NAMES = ("leaf_cover", "leaf_colour", "blossom", "grass_green", "crop_height_m", "crop_ripe")
ENVIRONMENT = dtype_of(ENVIRONMENT_COLUMNS)

BUILDING_STATE_COLUMNS = (
    Column("door", "u1", "of the building", names=("shut", "open")),
    Column("lamp", "u1", "whether light shines from the windows", names=("dark", "lit")),
    Column("hearth", "u1", "whether a fire burns and the chimney smokes", names=("cold", "burning")),
    Column("water_m", "<f4", "water standing above the floor", "m"),
)
BUILDING_STATE = dtype_of(BUILDING_STATE_COLUMNS)

_PIXELS = ("height", "width")
IMAGE_COLUMNS = (
    Column("rgb", "u1", "what the eye sees, sRGB; row 0 at the top, as in every image", shape=(*_PIXELS, 3)),
    Column("depth", "<f4", "along the optical axis (planar); inf where there is no surface", "m", shape=_PIXELS),
    Column("instance", "<u4", "id of what is seen, below 2^24, one through the session; 0: nothing", shape=_PIXELS),
    Column("semantic", "u1", "class of what is seen", names=value_names(SemanticClass), shape=_PIXELS),
    Column("part", "u1", "part of what is seen; 0: it has none", names=value_names(Part), shape=_PIXELS),
    Column("normal", "<f4", "world frame, unit length; 0 where there is no surface", "1", shape=(*_PIXELS, 3)),
    Column("flow", "<f4", "right, down to where the camera's next frame has the point", "px", shape=(*_PIXELS, 2)),
    Column("flow_valid", "b1", "whether a surface is seen that lies inside that next frame too", shape=_PIXELS),
    Column(
        "back_flow", "<f4", "right, down to where the camera's frame before had the point", "px", shape=(*_PIXELS, 2)
    ),
    Column("back_flow_valid", "b1", "whether a surface is seen that lay inside that frame before too", shape=_PIXELS),
    Column(
        "albedo",
        "u1",
        "share of light reflected diffusely, encoded as sRGB: texture, wetness and snow without light, shadow or haze; "
        "0 where there is no surface",
        shape=(*_PIXELS, 3),
    ),
    Column("beam_range", "<f4", "of a lidar: distance along each beam; 0 where nothing returns", "m", shape=_PIXELS),
    Column(
        "beam_intensity",
        "<f4",
        "of a lidar: what returns of a beam, of what a white wall across it would return from there in clear air",
        "1",
        shape=_PIXELS,
    ),
)

RANGE = "range"  # the modality that is made of the depth when it is asked for

SIGHT_NAMES = ("outside", "hidden", "visible")
COCO_KEYPOINTS = (
    *("nose", "left eye", "right eye", "left ear", "right ear", "left shoulder", "right shoulder"),
    *("left elbow", "right elbow", "left wrist", "right wrist", "left hip", "right hip"),
    *("left knee", "right knee", "left ankle", "right ankle"),
)
BOX_2D_COLUMNS = (
    Column("id", "<u4", "id in the instance images"),
    Column("semantic", "u1", "class of it", names=value_names(SemanticClass)),
    Column("x", "<i4", "of what is visible: first column of pixels, from the left", "px"),
    Column("y", "<i4", "of what is visible: first row of pixels, from the top", "px"),
    Column("w", "<i4", "of what is visible: width; 0 where nothing is", "px"),
    Column("h", "<i4", "of what is visible: height; 0 where nothing is", "px"),
    Column("amodal_x", "<i4", "of all of it inside the image, were nothing in front: first column", "px"),
    Column("amodal_y", "<i4", "of all of it inside the image, were nothing in front: first row", "px"),
    Column("amodal_w", "<i4", "of all of it inside the image, were nothing in front: width", "px"),
    Column("amodal_h", "<i4", "of all of it inside the image, were nothing in front: height", "px"),
    Column("whole_x", "<i4", "of all of it on the plane of the image, beyond its border too: first column", "px"),
    Column("whole_y", "<i4", "of all of it on the plane of the image, beyond its border too: first row", "px"),
    Column("whole_w", "<i4", "of all of it on the plane of the image, beyond its border too: width", "px"),
    Column("whole_h", "<i4", "of all of it on the plane of the image, beyond its border too: height", "px"),
    Column("pixels", "<i8", "how many pixels show it", "px"),
    Column("amodal_pixels", "<i8", "how many pixels of the image would show it, were nothing in front", "px"),
    Column("whole_pixels", "<i8", "how many would on a plane without a border", "px"),
    Column("percent_visible", "<f4", "pixels / whole_pixels, 0..1: Unity Perception's percentVisible", "1"),
    Column("percent_in_frame", "<f4", "amodal_pixels / whole_pixels, 0..1: its percentInFrame", "1"),
    Column("visibility_in_frame", "<f4", "pixels / amodal_pixels, 0..1: its visibilityInFrame", "1"),
)
BOX_2D = dtype_of(BOX_2D_COLUMNS)

BOX_3D_COLUMNS = (
    Column("id", "<u4", "id in the instance images"),
    Column("semantic", "u1", "class of it", names=value_names(SemanticClass)),
    Column("x", "<f4", "centre of the box, towards east", "m"),
    Column("y", "<f4", "centre of the box, towards north", "m"),
    Column("z", "<f4", "centre of the box, up", "m"),
    Column("length_m", "<f4", "whole extent along the box's own x, where a villager faces", "m"),
    Column("width_m", "<f4", "whole extent along its y, to the left of that", "m"),
    Column("height_m", "<f4", "whole extent along z", "m"),
    Column("yaw", "<f4", "of its x, counter-clockwise from east", "rad"),
)
BOX_3D = dtype_of(BOX_3D_COLUMNS)

_POINTS = (len(COCO_KEYPOINTS),)
KEYPOINT_COLUMNS = (
    Column("id", "<u4", "of the villager, in the instance images"),
    Column("pixels", "<f4", "x, y in the image, centres at +0.5; nan behind the camera", "px", shape=(*_POINTS, 2)),
    Column("world", "<f4", "x, y, z in the world", "m", shape=(*_POINTS, 3)),
    Column("depth", "<f4", "along the optical axis", "m", shape=_POINTS),
    Column("sight", "u1", "whether it is in the image, and seen there", names=SIGHT_NAMES, shape=_POINTS),
)
KEYPOINTS = dtype_of(KEYPOINT_COLUMNS)

Trait = Annotated[float, Meaning("Big Five trait, 0..1", "1")]
Draft = Annotated[str, Meaning("the template wording of the same act")]
Source = Annotated[str, Meaning("who found the words: model or template")]
ArrivalTick = Annotated[int, Meaning("when the words reached the simulation", "tick")]
Prompt = Annotated[str, Meaning("what the model was given")]
Candidates = Annotated[tuple[str, ...], Meaning("what the model wrote, before the guards")]
Rejections = Annotated[tuple[str, ...], Meaning("why each candidate fell, empty for one that did not")]
SamplingSeed = Annotated[int, Meaning("with which the model sampled")]
ModelDigest = Annotated[str, Meaning("SHA-256 of the model's file in hex, empty where no model spoke")]


class Place(TypedDict):
    """A place with a name, where villagers go."""

    id: Annotated[int, Meaning("number by which villagers and facts name the place")]
    kind: Annotated[str, Meaning("kind of place: house, well, field, ...")]
    name: Annotated[str, Meaning("as villagers say it")]
    x: Annotated[float, Meaning("position, towards east", "m")]
    y: Annotated[float, Meaning("position, towards north", "m")]
    building: Annotated[int, Meaning("row of its building, -1 for none")]
    radius_m: NotRequired[Annotated[float, Meaning("how far around x, y the place reaches", "m")]]


class Persona(TypedDict):
    """Who a villager is. The traits are Big Five scores, 0.5 is the village's mean."""

    row: NotRequired[Annotated[int, Meaning("row of the cast")]]
    name: Annotated[str, Meaning("given name")]
    age: NotRequired[Annotated[int, Meaning("age", "year")]]
    gender: NotRequired[Annotated[str, Meaning("woman or man")]]
    trade: NotRequired[Annotated[str, Meaning("what the villager works as")]]
    openness: NotRequired[Trait]
    conscientiousness: NotRequired[Trait]
    extraversion: NotRequired[Trait]
    agreeableness: NotRequired[Trait]
    neuroticism: NotRequired[Trait]
    backstory: NotRequired[Annotated[str, Meaning("a sentence or two of the past")]]
    manner: NotRequired[Annotated[str, Meaning("two adjectives that show in speech")]]
    home: NotRequired[Annotated[int, Meaning("id of the place where the villager lives")]]
    workplace: NotRequired[Annotated[int, Meaning("id of the place where the villager works")]]


class Fact(TypedDict, total=False):
    """A typed piece of knowledge: who, what, where, when, and how its holder came to know it."""

    id: Annotated[int, Meaning("number of the fact: whoever is told it knows the same one")]
    topic: Annotated[str, Meaning("what it is about")]
    kind: Annotated[str, Meaning("what is the case: rain_coming, lost_sheep, ...")]
    subject: Annotated[int, Meaning("row of the villager it is about, -1 for none")]
    subject_name: Annotated[str, Meaning("name of the subject, empty for none")]
    place: Annotated[int, Meaning("id of the place where it was, -1 for none")]
    place_name: Annotated[str, Meaning("name of the place, empty for none")]
    day: Annotated[int, Meaning("day on which it was, 0 for that of the start", "day")]
    minute: Annotated[int, Meaning("minute of that day, from midnight", "min")]
    details: Annotated[dict[str, Any], Meaning("what the phrases name: what, how many, ...")]
    object: Annotated[int, Meaning("row of the villager it was done to or is owed to, -1 for none")]
    object_name: Annotated[str, Meaning("name of the object, empty for none")]
    confidence: Annotated[float, Meaning("how sure the speaker was when it came to know it", "1")]
    root: Annotated[int, Meaning("id of the fact of which this is a changed copy, -1 where nothing was changed")]
    hops: Annotated[int, Meaning("tellings between a witness and the speaker")]
    chain: Annotated[
        tuple[dict[str, Any], ...],
        Meaning("how it came to the speaker, backwards to a witness, a liar or who was given a rumour; by villager"),
    ]
    source: Annotated[str, Meaning("how the speaker knows: seen, told, overheard, inferred, own, lied, rumour")]
    told_by: Annotated[int, Meaning("row of the villager who told it, -1 for none")]
    told_by_name: Annotated[str, Meaning("name of who told it, empty for none")]
    witnesses: Annotated[tuple[int, ...], Meaning("rows of those who saw it")]


class Wording(TypedDict):
    """Words that reached the simulation: an entry of the language log, from which a replay needs no model."""

    key: Annotated[tuple[int, int, int], Meaning("row of the speaker, tick of the request, number of the call")]
    text: Annotated[str, Meaning("the words")]
    draft: NotRequired[Draft]
    source: Source
    arrival_tick: ArrivalTick
    prompt: NotRequired[Prompt]
    raw: NotRequired[Candidates]
    rejections: NotRequired[Rejections]
    seed: NotRequired[SamplingSeed]
    model_sha256: NotRequired[ModelDigest]


@dataclass(frozen=True, eq=False)
class Surroundings:
    """The land round the valley, coarse: what stands on the horizon."""

    heights: Annotated[
        NDArray[np.float32],
        Meaning("ground height; rows go north, columns east; linear between samples", "m", (), ("rows", "cols")),
    ]
    origin: Annotated[tuple[float, float], Meaning("world x, y of the first sample, heights[0, 0]", "m")]
    cell_m: Annotated[float, Meaning("spacing of the samples", "m")]


@dataclass(frozen=True, eq=False)
class Detail:
    """The relief below the samples of the ground: hummocks and stones, a tile that repeats and how rough each place is.

    Ground height is heights + scale_m * roughness * tile, each of the three linear between its own samples.
    """

    roughness: Annotated[
        NDArray[np.uint8], Meaning("of the ground, on the lattice of the heights", "", (), ("rows", "cols"))
    ]
    tile: Annotated[
        NDArray[np.int8],
        Meaning("relief that repeats north and east; its first sample lies on theirs", "", (), ("side", "side")),
    ]
    per_cell: Annotated[int, Meaning("steps of the tile along a cell of the heights")]
    scale_m: Annotated[float, Meaning("height per unit of roughness times tile", "m")]


@dataclass(frozen=True)
class Scenery:
    """All that does not move: stored once in the session, enough to draw the valley without its generator."""

    cell_m: Annotated[float, Meaning("spacing of the height samples", "m")]
    origin: Annotated[tuple[float, float], Meaning("world x, y of the first sample, heights[0, 0]", "m")]
    heights: Annotated[
        NDArray[np.float32],
        Meaning("ground height; rows go north, columns east; linear between samples", "m", (), ("rows", "cols")),
    ]
    water_depth: Annotated[
        NDArray[np.float32], Meaning("lake or river above the ground, 0 where dry", "m", (), ("rows", "cols"))
    ]
    cover: Annotated[
        NDArray[np.uint8], Meaning("what covers the ground", "", value_names(GroundCover), ("rows", "cols"))
    ]
    moisture: Annotated[
        NDArray[np.float32], Meaning("topographic wetness, 0..1, greens the grass", "1", (), ("rows", "cols"))
    ]
    plants: Annotated[NDArray[np.void], Meaning("plants and stones", shape=("plants",), columns=PLANT_COLUMNS)]
    buildings: Annotated[NDArray[np.void], Meaning("built things", shape=("buildings",), columns=BUILDING_COLUMNS)]
    places: Annotated[tuple[dict[str, Any], ...], Meaning("places with a name", keys=Place)]
    latitude: Annotated[float, Meaning("north of the equator", "deg")]
    longitude: Annotated[float, Meaning("east of Greenwich", "deg")]
    surroundings: Annotated[Surroundings | None, Meaning("the land round it; null where it is not known")] = None
    detail: Annotated[Detail | None, Meaning("the relief below its samples; null where the ground is smooth")] = None

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """West, south, east, north edges in metres."""
        rows, cols = self.heights.shape
        x0, y0 = self.origin
        return x0, y0, x0 + (cols - 1) * self.cell_m, y0 + (rows - 1) * self.cell_m


@dataclass(frozen=True, eq=False)
class Surface:
    """What lies on the ground, cell by cell on the lattice of the scenery's heights: changes now and then.

    Until it changes, snapshots share one; no two surfaces of a run are of the same tick.
    """

    tick: Annotated[int, Meaning("since when this is so", "tick")]
    water_m: Annotated[
        NDArray[np.float32], Meaning("river, lake, flood or puddle above the ground", "m", (), ("rows", "cols"))
    ]
    snow_m: Annotated[NDArray[np.float32], Meaning("depth of lying snow", "m", (), ("rows", "cols"))]
    wetness: Annotated[NDArray[np.float32], Meaning("of the soil: 0 dry .. 1 saturated", "1", (), ("rows", "cols"))]
    ice_m: Annotated[NDArray[np.float32], Meaning("ice on the standing water", "m", (), ("rows", "cols"))]


@dataclass(frozen=True)
class Cast:
    """Who lives here: one row per villager, in the same order as the rows of every snapshot."""

    looks: Annotated[NDArray[np.void], Meaning("how they look", shape=("villagers",), columns=LOOKS_COLUMNS)]
    personas: Annotated[tuple[dict[str, Any], ...], Meaning("who they are, in the order of the rows", keys=Persona)]


@dataclass(frozen=True)
class Utterance:
    """One line said by one villager, with the truth behind it."""

    id: Annotated[int, Meaning("number of the line in the session")]
    speaker: Annotated[int, Meaning("row of the cast, as all rows here")]
    listeners: Annotated[
        tuple[int, ...], Meaning("rows within earshot whom the line is for, the one that is addressed first")
    ]
    overhearers: Annotated[tuple[int, ...], Meaning("other rows within earshot")]
    conversation: Annotated[int, Meaning("number of the conversation in the session")]
    act: Annotated[str, Meaning("what the line does: greet, tell, ask, ...")]
    topic: Annotated[str, Meaning("what it is about: weather, work, news, ...")]
    fact: Annotated[dict[str, Any] | None, Meaning("what the act conveys, null for nothing", keys=Fact)]
    text: Annotated[str, Meaning("the words")]
    draft: Draft
    source: Source
    start_tick: Annotated[int, Meaning("when the words begin", "tick")]
    end_tick: Annotated[
        int, Meaning("when the words are over; the speaker holds the floor until then or a little longer", "tick")
    ]
    request_tick: Annotated[int, Meaning("when the words were asked for", "tick")]
    arrival_tick: ArrivalTick
    positions: Annotated[
        dict[int, tuple[float, float, float]],
        Meaning("row -> x, y, z at start_tick, of speaker and hearers", "m"),
    ]
    sees: Annotated[dict[int, tuple[int, ...]], Meaning("row -> rows it sees at start_tick, for speaker and hearers")]
    weather: Annotated[dict[str, float], Meaning("columns of the environment at start_tick by name, without the sun")]
    prompt: Prompt = ""
    raw: Candidates = ()
    rejections: Rejections = ()
    seed: SamplingSeed = 0
    model_sha256: ModelDigest = ""


@dataclass(frozen=True)
class Event:
    """Something that happened at a tick, other than speech: arrivals, weather turning, plans made."""

    tick: Annotated[int, Meaning("when it happened", "tick")]
    kind: Annotated[str, Meaning("what happened: arrives, rain_starts, learns, ...; recorder/README.md lists them")]
    data: Annotated[
        dict[str, Any], Meaning("who, where and how much: villagers by row, places and facts by id, units in the names")
    ] = field(default_factory=dict)


@dataclass(frozen=True)
class Snapshot:
    """One frozen tick: all that can be seen and known, and nothing that can be changed."""

    tick: Annotated[int, Meaning("the moment: time in seconds = tick / tick_rate", "tick")]
    environment: Annotated[NDArray[np.void], Meaning("weather and light of one tick", columns=ENVIRONMENT_COLUMNS)]
    villagers: Annotated[
        NDArray[np.void],
        Meaning("all villagers at one tick, in the order of the cast", shape=("villagers",), columns=VILLAGER_COLUMNS),
    ]
    events: Annotated[tuple[Event, ...], Meaning("what happened at this tick")] = ()
    utterances: Annotated[tuple[Utterance, ...], Meaning("the lines that start at this tick")] = ()
    buildings: Annotated[
        NDArray[np.void],
        Meaning(
            "state of the buildings, in the order of the scenery's; none where it is not known",
            shape=("buildings",),
            columns=BUILDING_STATE_COLUMNS,
        ),
    ] = field(default_factory=lambda: np.zeros(0, BUILDING_STATE))
    surface: Annotated[
        Surface | None,
        Meaning("what lies on the ground; null: the scenery's water, the environment's snow and wetness"),
    ] = None
    hashes: Annotated[
        dict[str, bytes],
        Meaning("room -> 16-byte BLAKE2b of its state after the tick; total: of the tick and the others"),
    ] = field(default_factory=dict)


@dataclass(frozen=True)
class Beams:
    """The rings of a lidar: rows of its picture from the highest to the lowest, columns once round to the right."""

    rings: Annotated[int, Meaning("how many rows of beams")]
    columns: Annotated[int, Meaning("beams of a ring in a full turn; forward is in the middle")]
    highest: Annotated[float, Meaning("elevation of the first ring", "rad")]
    lowest: Annotated[float, Meaning("elevation of the last ring", "rad")]
    reach_m: Annotated[float, Meaning("range at which a white wall still returns in clear air", "m")]
    rain: Annotated[bool, Meaning("whether rain weakens what returns")] = False
    fog: Annotated[bool, Meaning("whether fog weakens what returns")] = False
    noise_m: Annotated[float, Meaning("standard deviation of the error of a range", "m")] = 0.0
    divergence: Annotated[float, Meaning("full angle by which a beam widens", "rad")] = 0.0
    seed: Annotated[int, Meaning("what the errors are drawn from, with the tick")] = 0

    def scale(self) -> NDArray[np.float64]:
        """Pixels per radian and the pixel of the forward level beam, as K (3, 3) has them."""
        down = max(self.rings - 1, 1) / max(self.highest - self.lowest, 1e-9)  # a single ring is the first
        across = self.columns / (2 * np.pi)
        return np.array([[across, 0.0, self.columns / 2], [0.0, down, 0.5 + self.highest * down], [0.0, 0.0, 1.0]])


@dataclass(frozen=True)
class CameraPose:
    """A camera in the world frame. Looks along `forward`; image x is to the right, y down."""

    position: Annotated[tuple[float, float, float], Meaning("x, y, z of the pinhole in the world", "m")]
    yaw: Annotated[float, Meaning("where it looks, counter-clockwise from east", "rad")]
    pitch: Annotated[float, Meaning("how far it looks up, negative for down", "rad")]
    fov_y: Annotated[float, Meaning("vertical field of view, without distortion by the lens", "rad")]
    lens: Annotated[str, Meaning("pinhole; brown: radial and tangential distortion; fisheye: equidistant; lidar")] = (
        "pinhole"
    )
    distortion: Annotated[
        tuple[float, ...], Meaning("of the lens, as OpenCV orders it; brown: k1 k2 p1 p2 k3, fisheye: k1 k2 k3 k4", "1")
    ] = ()
    exposure_ev: Annotated[float, Meaning("how much brighter than by itself the picture is, in powers of two", "1")] = (
        0.0
    )

    beams: Annotated[Beams | None, Meaning("of a lidar; null of other cameras")] = None

    def __post_init__(self) -> None:
        if self.lens not in LENSES or len(self.distortion) > LENSES[self.lens]:
            raise ValueError(f"there is no lens '{self.lens}' with {len(self.distortion)} coefficients")
        if (self.lens == "lidar") != (self.beams is not None):
            raise ValueError(f"a camera with the lens '{self.lens}' has {'no ' if self.beams is None else ''}beams")

    def rotation(self) -> NDArray[np.float64]:
        """World-from-camera rotation (3, 3): its columns are the OpenCV axes right, down, forward in the world."""
        cy, sy, cp, sp = np.cos(self.yaw), np.sin(self.yaw), np.cos(self.pitch), np.sin(self.pitch)
        x, y = cy * cp, sy * cp  # down is forward x right, written out: np.cross takes a quarter of a millisecond
        return np.array([[sy, sp * cy, x], [-cy, sp * sy, y], [0.0, -x * cy - y * sy, sp]])

    def intrinsics(self, width: int, height: int) -> NDArray[np.float64]:
        """K (3, 3) in pixels, pixel centres at +0.5, square pixels; of a lidar, pixels per radian right and down."""
        if self.beams is not None:
            return self.beams.scale()
        focal = focal_px(self.lens, self.distortion, self.fov_y, height)
        return np.array([[focal, 0.0, width / 2], [0.0, focal, height / 2], [0.0, 0.0, 1.0]])

    def rays(self, pixels: NDArray[np.floating], size: tuple[int, int]) -> NDArray[np.float64]:
        """Rays (n, 3) of length 1 in the camera frame (right, down, forward) through pixels (n, 2); nan for none."""
        K = self.intrinsics(*size)
        points = (np.asarray(pixels, np.float64) - K[:2, 2]) / np.diag(K)[:2]
        return ring_rays(points) if self.beams is not None else ray(self.lens, self.distortion, points)

    def project(
        self, points: NDArray[np.floating], size: tuple[int, int]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Pixels (n, 2) and planar depths (n,) of world points (n, 3); pixels are nan where the lens does not see."""
        camera = (np.asarray(points, np.float64) - np.asarray(self.position)) @ self.rotation()
        K = self.intrinsics(*size)
        falls = ring_point(camera) if self.beams is not None else image_point(self.lens, self.distortion, camera)
        return falls * np.diag(K)[:2] + K[:2, 2], camera[:, 2]

    def ranges(self, depth: NDArray[np.floating]) -> NDArray[np.float32]:
        """Metres along the rays through the pixel centres (H, W), of planar depths (H, W); inf where those are,
        and where the lens shows nothing.
        """
        forward = self._pixel_rays(depth.shape)[..., 2]
        return np.where(np.isfinite(forward), depth / forward, np.inf).astype(np.float32)

    def unproject(self, depth: NDArray[np.floating]) -> NDArray[np.float64]:
        """World points (H, W, 3) seen at the pixel centres of a planar depth image (H, W), of a lidar's ranges.

        Where there is no depth the points are infinite or nan; where a beam does not return, they are the lidar itself.
        """
        rays = self._pixel_rays(depth.shape)
        along = depth.astype(np.float64) if self.beams is not None else depth.astype(np.float64) / rays[..., 2]
        return np.asarray((rays * along[..., None]) @ self.rotation().T + np.asarray(self.position))

    def _pixel_rays(self, shape: tuple[int, ...]) -> NDArray[np.float64]:
        height, width = shape
        v, u = np.mgrid[0:height, 0:width] + 0.5
        return self.rays(np.column_stack([u.ravel(), v.ravel()]), (width, height)).reshape(height, width, 3)


@dataclass(frozen=True)
class Frame:
    """One frame of one camera: where it was taken from and which images there are."""

    tick: Annotated[int, Meaning("the moment it shows", "tick")]
    camera: Annotated[str, Meaning("name of the camera")]
    pose: Annotated[CameraPose, Meaning("of the camera")]
    width: Annotated[int, Meaning("of its images", "px")]
    height: Annotated[int, Meaning("of its images", "px")]
    modalities: Annotated[tuple[str, ...], Meaning("names of its images")]
    tables: Annotated[tuple[str, ...], Meaning("names of its tables")] = ()


class Annotations(TypedDict, total=False):
    """What is in a frame, as tables: made with its images, of the geometry they show."""

    boxes: Annotated[
        NDArray[np.void],
        Meaning("villagers, buildings and plants in the image, by id", shape=("things",), columns=BOX_2D_COLUMNS),
    ]
    boxes_3d: Annotated[
        NDArray[np.void],
        Meaning("their boxes in the world, in the same order", shape=("things",), columns=BOX_3D_COLUMNS),
    ]
    keypoints: Annotated[
        NDArray[np.void],
        Meaning(
            f"villagers in the image, each with its {', '.join(COCO_KEYPOINTS)}",
            shape=("villagers",),
            columns=KEYPOINT_COLUMNS,
        ),
    ]


def interpolate(previous: Snapshot, current: Snapshot, alpha: float) -> Snapshot:
    """The moment between two ticks, for smooth drawing: positions and turns blend, states are the current ones."""
    if alpha >= 1.0:
        return current
    rows = current.villagers.copy()
    a, b = previous.villagers, current.villagers
    for name in ("x", "y", "z", "speed_m_s"):
        rows[name] = a[name] + (b[name] - a[name]) * alpha
    for name in ("heading", "stride"):
        turn = (b[name] - a[name] + np.pi) % (2 * np.pi) - np.pi
        rows[name] = a[name] + turn * alpha
    kept = a["gesture"] == b["gesture"]
    rows["gesturing"] += np.where(kept, (a["gesturing"] - b["gesturing"]) * (1 - alpha), 0)
    return replace(current, villagers=rows)
