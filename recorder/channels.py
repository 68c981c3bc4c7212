"""The record describes itself: a JSON Schema of every channel, made of the declarations in `schema.py`.

A schema describes one sample of its channel as the plain JSON value that `as_json` makes of it. Three keywords say
what JSON Schema cannot: `x-unit`, `x-dtype` (numpy's name for columns and arrays, msgpack's type for the rest) and
`x-shape`, in which sizes that are not fixed have names. `x-enum-names` are the names of the values of `enum`.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, NotRequired, get_args, get_origin, get_type_hints

import numpy as np

from recorder.payload import plain
from recorder.schema import (
    IMAGE_COLUMNS,
    Annotations,
    Cast,
    Column,
    Event,
    Frame,
    Meaning,
    Scenery,
    Snapshot,
    Utterance,
    Wording,
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"
NOT_FINITE = {math.inf: "Infinity", -math.inf: "-Infinity"}  # and "NaN": the names Protocol Buffers give them in JSON

REAL = {"type": ["number", "string"], "pattern": "^(NaN|-?Infinity)$"}  # a pattern binds text only
JSON_TYPES: dict[type, dict[str, Any]] = {
    bool: {"type": "boolean", "x-dtype": "bool"},
    int: {"type": "integer", "x-dtype": "int"},
    float: {**REAL, "x-dtype": "<f8"},
    str: {"type": "string", "x-dtype": "str"},
    bytes: {"type": "string", "pattern": "^([0-9a-f]{2})*$", "x-dtype": "bin"},
}

RECORDS: dict[str, type] = {
    "events": Event,
    "utterances": Utterance,
    "wordings": Wording,
    "frames": Frame,
    "annotations": Annotations,
    "scenery": Scenery,
    "cast": Cast,
}
PARTS = ("environment", "villagers", "buildings", "surface", "hashes")  # of a snapshot


def channels() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of every channel by name, plain values in an order that never changes."""
    snapshot = _map(Snapshot)["properties"]
    schemas = {name: snapshot[name] for name in PARTS}
    for name, kind in RECORDS.items():
        schemas[name] = {"description": inspect.getdoc(kind) or "", **_map(kind)}
    schemas["frames"]["x-images"] = {column.name: _column(column) for column in IMAGE_COLUMNS}
    return {name: {"$schema": DIALECT, **schema} for name, schema in schemas.items()}


def _map(kind: Any) -> dict[str, Any]:
    """The schema of a dataclass, or of a map with the keys of a TypedDict."""
    properties, optional = {}, set()
    for name, hint in get_type_hints(kind, include_extras=True).items():
        if get_origin(hint) is NotRequired or not getattr(kind, "__total__", True):
            optional.add(name)
        of, meaning = get_args(get_args(hint)[0] if get_origin(hint) is NotRequired else hint)
        properties[name] = {**_about(meaning), **_value(of, meaning)}
    required = [name for name in properties if name not in optional]
    return {"type": "object", "x-dtype": "map", "properties": properties, "required": required}


def _about(meaning: Meaning | Column) -> dict[str, Any]:
    unit = {"x-unit": meaning.unit} if meaning.unit else {}
    return {"description": meaning.meaning, **unit}


def _value(kind: Any, meaning: Meaning) -> dict[str, Any]:
    """The schema of a value of an annotated type."""
    origin, parts = get_origin(kind), get_args(kind)
    if kind in JSON_TYPES:
        return JSON_TYPES[kind]
    if origin is UnionType and parts[1] is NoneType:
        schema = _value(parts[0], meaning)
        return {**schema, "type": [schema["type"], "null"]}
    if origin is np.ndarray:
        return _array(np.dtype(get_args(parts[1])[0]), meaning)
    if origin is tuple and parts[-1] is Ellipsis:
        return {"type": "array", "x-dtype": "array", "items": _value(parts[0], meaning)}
    if origin is tuple and len(set(parts)) == 1:
        return _sized(_value(parts[0], meaning), (len(parts),))
    if origin is dict:
        return _map(meaning.keys) if meaning.keys else _free_map(parts[0], parts[1], meaning)
    if is_dataclass(kind):
        return _map(kind)
    raise TypeError(f"{kind} has no schema")


def _free_map(key: Any, of: Any, meaning: Meaning) -> dict[str, Any]:
    """The schema of a map whose keys are data: rows as their digits, or names."""
    rows = {"propertyNames": {"pattern": "^[0-9]+$"}} if key is int else {}
    values = {} if of is Any else {"additionalProperties": _value(of, meaning)}
    return {"type": "object", "x-dtype": "map", **rows, **values}


def _array(dtype: np.dtype[Any], meaning: Meaning) -> dict[str, Any]:
    if not meaning.columns:
        return _sized(_number(dtype, meaning.names), meaning.shape)
    row = {
        "type": "object",
        "properties": {column.name: _column(column) for column in meaning.columns},
        "required": [column.name for column in meaning.columns],
    }
    return _sized(row, meaning.shape)


def _column(column: Column) -> dict[str, Any]:
    return {**_about(column), **_sized(_number(np.dtype(column.dtype), column.names), column.shape)}


def _number(dtype: np.dtype[Any], names: tuple[str, ...]) -> dict[str, Any]:
    name = {"x-dtype": dtype.str}
    if dtype.kind == "b":
        return {"type": "boolean", **name}
    if dtype.kind == "f":
        return {**REAL, **name}
    if names:
        return {"type": "integer", "enum": list(range(len(names))), "x-enum-names": list(names), **name}
    return {"type": "integer", **({"minimum": 0} if dtype.kind == "u" else {}), **name}


def _sized(item: dict[str, Any], shape: tuple[int | str, ...]) -> dict[str, Any]:
    """The schema of nested arrays of `item`, with its dtype outside; of `item` itself where the shape is ()."""
    if not shape:
        return item
    schema = {key: value for key, value in item.items() if key != "x-dtype"}
    for size in reversed(shape):
        fixed = {"minItems": size, "maxItems": size} if isinstance(size, int) else {}
        schema = {"type": "array", **fixed, "items": schema}
    stored = {"x-dtype": item["x-dtype"]} if "x-dtype" in item else {}
    return {**schema, **stored, "x-shape": list(shape)}


def as_json(channel: str, value: Any) -> Any:
    """A sample of a channel as the plain JSON value that the channel's schema describes.

    A row of a table is an object by column name, a table a list of them; rows as keys are their digits; bytes are hex;
    what is not finite is the text `NaN`, `Infinity` or `-Infinity`. A 4-byte float is the shortest decimal that gives
    the same 4 bytes.

    Args:
        channel: its name.
        value: as a Session gives it: `environment`, `villagers`, `buildings`, `surface` or `hashes` of a snapshot, an
            event, an utterance, a wording, a frame, its annotations, the scenery, the cast.

    Raises:
        KeyError: there is no such channel.
    """
    if channel in PARTS:
        return json_value(value)
    kind = RECORDS[channel]
    return _fields(kind, value) if is_dataclass(kind) else json_value(value)


def _fields(kind: Any, value: Any) -> dict[str, Any]:
    """What a class declares, of a value that may know more, as a frame knows its session."""
    return {item.name: json_value(getattr(value, item.name)) for item in fields(kind)}


def json_value(value: Any) -> Any:
    """Any value a session holds as plain JSON, in the form that `as_json` tells of."""
    if isinstance(value, (np.ndarray, np.generic)):
        return _rows(value) if value.dtype.names else _numbers(value)
    if is_dataclass(value):
        return _fields(value, value)
    if isinstance(value, Mapping):
        return {str(plain(key)): json_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_value(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return NOT_FINITE.get(value, "NaN")
    return value.hex() if isinstance(value, bytes) else plain(value)


def _rows(table: Any) -> Any:
    names = table.dtype.names
    if table.ndim == 0:
        return {name: _numbers(table[name]) for name in names}
    if table.ndim > 1:
        return [_rows(part) for part in table]
    columns = zip(*(_numbers(table[name]) for name in names), strict=True)
    return [dict(zip(names, row, strict=True)) for row in columns]


def _numbers(array: Any) -> Any:
    """Nested lists of an array's values, or one value."""
    if array.dtype.kind != "f":
        return array.tolist()
    shortest = np.asarray(array).astype(str).astype(np.float64) if array.dtype.itemsize < 8 else array
    return shortest.tolist() if np.isfinite(array).all() else json_value(shortest.tolist())
