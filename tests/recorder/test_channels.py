"""What a session says about its channels holds for every sample in it, and for nothing of another type."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from dataclasses import fields, replace
from enum import IntEnum
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from assets import palette
from recorder.channels import as_json, channels
from recorder.payload import pack, unpack
from recorder.reader import Session
from recorder.schema import (
    BOX_2D,
    BOX_3D,
    BUILDING,
    BUILDING_STATE,
    ENVIRONMENT,
    KEYPOINTS,
    LOOKS,
    PLANT,
    VILLAGER,
    Beams,
    CameraPose,
    Cast,
    Detail,
    Event,
    Frame,
    Scenery,
    Surface,
    Surroundings,
    Utterance,
    value_names,
)
from tests.recorder import synthetic
from tests.recorder.synthetic import random_table

ROOT = Path(__file__).parent.parent.parent
CORPUS = sorted(path for path in (Path(__file__).parent / "corpus").glob("*.hamlet") if "." not in path.stem)
SCHEMAS = channels()
TABLES = {
    "environment": (ENVIRONMENT, SCHEMAS["environment"]),
    "villagers": (VILLAGER, SCHEMAS["villagers"]["items"]),
    "state of buildings": (BUILDING_STATE, SCHEMAS["buildings"]["items"]),
    "plants": (PLANT, SCHEMAS["scenery"]["properties"]["plants"]["items"]),
    "buildings": (BUILDING, SCHEMAS["scenery"]["properties"]["buildings"]["items"]),
    "boxes": (BOX_2D, SCHEMAS["annotations"]["properties"]["boxes"]["items"]),
    "boxes in the world": (BOX_3D, SCHEMAS["annotations"]["properties"]["boxes_3d"]["items"]),
    "key points": (KEYPOINTS, SCHEMAS["annotations"]["properties"]["keypoints"]["items"]),
    "looks": (LOOKS, SCHEMAS["cast"]["properties"]["looks"]["items"]),
}
RECORDS = {
    Event: SCHEMAS["events"],
    Utterance: SCHEMAS["utterances"],
    Frame: SCHEMAS["frames"],
    CameraPose: SCHEMAS["frames"]["properties"]["pose"],
    Scenery: SCHEMAS["scenery"],
    Surroundings: SCHEMAS["scenery"]["properties"]["surroundings"],
    Detail: SCHEMAS["scenery"]["properties"]["detail"],
    Surface: SCHEMAS["surface"],
    Cast: SCHEMAS["cast"],
}
LIDAR = CameraPose((1.0, 2.0, 3.0), 0.5, 0.0, 1.0, "lidar", beams=Beams(16, 360, 0.2, -0.2, 80.0))
WRONG = {"object": [], "array": {}, "string": 5, "number": {}, "integer": 0.5, "boolean": 0}


def samples(session: Session) -> dict[str, list[Any]]:
    """Everything in a session, by channel."""
    snapshots = list(session.snapshots())
    return {
        "environment": [snapshot.environment for snapshot in snapshots],
        "villagers": [snapshot.villagers for snapshot in snapshots],
        "buildings": [snapshot.buildings for snapshot in snapshots],
        "surface": [snapshot.surface for snapshot in snapshots],
        "events": list(session.events()),
        "utterances": session.lines(),
        "wordings": session.wordings(),
        "frames": list(session.frames()),
        "annotations": [ref.annotations() for ref in session.frames()],
        "hashes": [snapshot.hashes for snapshot in snapshots],
        "scenery": [session.scenery],
        "cast": [session.cast],
    }


def properties(schema: dict[str, Any], path: str) -> list[tuple[str, dict[str, Any]]]:
    """Every property under a schema with its path, at any depth."""
    found = []
    for name, inner in schema.get("properties", {}).items():
        found += [(f"{path}.{name}", inner), *properties(inner, f"{path}.{name}")]
    for key in ("items", "additionalProperties"):
        found += properties(schema[key], path) if key in schema else []
    return found


ALL_PROPERTIES = [pair for name, schema in SCHEMAS.items() for pair in properties(schema, name)]


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_schemas_are_schemas(schema):
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    assert schema["description"]


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_every_sample_fits_the_schema_of_its_channel(path):
    with Session.open(path) as session:
        for channel, values in samples(session).items():
            validator = Draft202012Validator(SCHEMAS[channel])
            assert values, channel
            for value in values:
                plain = json.loads(json.dumps(as_json(channel, value), allow_nan=False))
                assert plain == as_json(channel, value)
                validator.validate(plain)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_images_have_the_types_and_shapes_the_frames_channel_says(path):
    said = SCHEMAS["frames"]["x-images"]
    with Session.open(path) as session:
        for ref in session.frames():
            sizes = {"height": ref.height, "width": ref.width}
            for modality in ref.modalities:
                image = session.frame(ref.tick, ref.camera, modality)
                assert image.dtype.str == said[modality]["x-dtype"]
                assert image.shape == tuple(sizes.get(size, size) for size in said[modality]["x-shape"])


# What a line may hold that the lines of the corpus are too old for.
PASSED_ON = {"object": 2, "object_name": "Mira", "confidence": 0.7, "root": 3, "hops": 1, "chain": ({"row": 1},)}


def whole_samples() -> dict[str, Any]:
    """One sample of each channel in which nothing is empty, small enough to be broken in every way."""
    corpus = Path(__file__).parent / "corpus"
    with Session.open(corpus / "v2-1-synthetic.hamlet") as session:
        land = {name: samples(session)[name][-1] for name in ("buildings", "surface")}
        far = session.scenery.surroundings
    fine = Detail(np.ones((2, 2), np.uint8), np.ones((2, 2), np.int8), 4, 1e-5)
    with Session.open(corpus / "v1-valley.hamlet") as session:
        given = samples(session)
        valley = {item.name: getattr(session.scenery, item.name) for item in fields(Scenery)}
        arrays = {name: part for name, part in valley.items() if isinstance(part, np.ndarray)}
        small: dict[str, Any] = {name: part[:2, :2] if part.ndim == 2 else part[:1] for name, part in arrays.items()}
        line = next(line for line in session.lines() if line.fact is not None and line.raw)
        return {
            **{channel: as_json(channel, values[-1]) for channel, values in given.items() if channel != "scenery"},
            **{channel: as_json(channel, value) for channel, value in land.items()},
            "scenery": as_json("scenery", replace(session.scenery, **small, surroundings=far, detail=fine)),
            "utterances": as_json("utterances", replace(line, fact={**(line.fact or {}), **PASSED_ON})),
            "frames": as_json("frames", Frame(3, "roof", LIDAR, 4, 3, ("beam_range",), ("boxes",))),
            "annotations": as_json("annotations", synthetic.tables(8, 1)),
        }


def broken(schema: dict[str, Any], value: Any, path: str) -> list[tuple[str, Any]]:
    """Copies of a value, each with one thing of another type or missing, and the path to it."""
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    others = [(path, copy.deepcopy(WRONG[kinds[0]]))]
    if "enum" in schema:
        others.append((path, len(schema["enum"])))
    if "pattern" in schema:
        others.append((path, "some"))
    if isinstance(value, list) and value and "items" in schema:
        others += [(place, [worse, *value[1:]]) for place, worse in broken(schema["items"], value[0], path)]
        if "minItems" in schema:
            others += [(path, value[1:]), (path, [*value, value[0]])]
    if isinstance(value, dict):
        inner = {name: part for name, part in schema.get("properties", {}).items() if name in value}
        free = schema.get("additionalProperties")
        if free and value:
            inner[next(iter(value))] = free
        for name, part in inner.items():
            place = path if part is free else f"{path}.{name}"
            others += [(there, {**value, name: worse}) for there, worse in broken(part, value[name], place)]
        others += [(path, {n: v for n, v in value.items() if n != name}) for name in schema.get("required", ())]
        if "propertyNames" in schema:
            others.append((path, {**value, "Mira": next(iter(value.values()))}))
    return others


def test_whatever_has_another_type_is_refused():
    refused = set()
    for channel, sample in whole_samples().items():
        validator = Draft202012Validator(SCHEMAS[channel])
        validator.validate(sample)
        for path, worse in broken(SCHEMAS[channel], sample, channel):
            assert not validator.is_valid(worse), path
            refused.add(path)
    assert refused >= {path for path, _ in ALL_PROPERTIES}


@pytest.mark.parametrize(("dtype", "schema"), TABLES.values(), ids=TABLES)
def test_every_column_is_described_as_it_is_stored(dtype, schema):
    assert list(schema["properties"]) == schema["required"] == list(dtype.names or ())
    for name, said in schema["properties"].items():
        assert said["x-dtype"] == dtype[name].base.str
        assert tuple(said.get("x-shape", ())) == dtype[name].shape


@pytest.mark.parametrize(("record", "schema"), RECORDS.items(), ids=lambda part: getattr(part, "__name__", ""))
def test_every_field_is_described(record, schema):
    assert list(schema["properties"]) == [item.name for item in fields(record)]


def test_every_property_says_what_it_means():
    for path, said in ALL_PROPERTIES:
        innermost = said
        while innermost["type"] == "array":
            innermost = innermost["items"]
        assert said["description"], path
        assert "x-dtype" in said or "properties" in innermost, path
        real = said.get("x-dtype", "")[1:2] == "f"
        assert "x-unit" in said or not real, f"{path}: a real number has a unit, even if it is 1"
        assert said.get("x-unit") == "tick" or not path.endswith("tick"), path


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        (TABLES["villagers"][1]["properties"]["activity"], palette.Activity),
        (TABLES["plants"][1]["properties"]["species"], palette.Species),
        (TABLES["buildings"][1]["properties"]["kind"], palette.BuildingKind),
        (SCHEMAS["scenery"]["properties"]["cover"]["items"]["items"], palette.GroundCover),
        (SCHEMAS["frames"]["x-images"]["semantic"]["items"]["items"], palette.SemanticClass),
    ],
)
def test_enumerations_carry_their_names(said, kinds):
    named = zip(said["enum"], said["x-enum-names"], strict=True)
    assert {name.replace(" ", "_").upper(): value for value, name in named} == dict(kinds.__members__)


def test_an_enumeration_with_a_gap_has_no_list_of_names():
    class Gap(IntEnum):
        FIRST = 0
        THIRD = 2

    with pytest.raises(ValueError, match="1 is not a valid"):
        value_names(Gap)


def number(text: Any) -> Any:
    return float(text) if isinstance(text, str) else text


@given(st.sampled_from(sorted(TABLES)), st.integers(0, 2**32), st.integers(0, 4))
def test_any_row_comes_back_from_its_json(name, seed, rows):
    dtype, _ = TABLES[name]
    table = random_table(np.random.default_rng(seed), dtype, (rows,))
    back = np.zeros(rows, dtype)
    for row, plain in enumerate(json.loads(json.dumps(as_json("villagers", table), allow_nan=False))):
        for column, value in plain.items():
            back[column][row] = number(value)
        again = as_json("villagers", table[row])
        assert again == plain
    assert as_json("villagers", np.stack([table, table])) == [as_json("villagers", table)] * 2
    for column in dtype.names or ():
        np.testing.assert_array_equal(back[column], table[column])


def test_numbers_that_json_lacks_are_named():
    pose = CameraPose((np.inf, -np.inf, np.nan), 0.5, 0.0, 1.0)
    plain = as_json("frames", Frame(3, "lane", pose, 4, 3, ("rgb",)))
    assert plain["pose"]["position"] == ["Infinity", "-Infinity", "NaN"]
    Draft202012Validator(SCHEMAS["frames"]).validate(plain)


def test_a_channel_there_is_not_is_refused():
    with pytest.raises(KeyError, match="smells"):
        as_json("smells", {})


def test_free_values_have_json_whatever_is_in_them():
    event = Event(1, "counted", {"rows": (np.int64(1), 2), "share": np.float32(0.1), "digest": b"\x01\xff"})
    assert as_json("events", event)["data"] == {"rows": [1, 2], "share": 0.1, "digest": "01ff"}


def test_the_same_schemas_in_every_process_as_plain_values():
    assert unpack(pack(SCHEMAS)) == SCHEMAS
    code = "import sys; from recorder.channels import channels; from recorder.payload import pack;"
    code += "sys.stdout.buffer.write(pack(channels()))"
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=True)
        assert done.stdout == pack(SCHEMAS)
