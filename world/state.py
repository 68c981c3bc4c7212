"""The state of a living object taken out as plain values and put back: columns and numbers by name, records by type.

Plain means maps with text keys, lists or tuples, numbers, text (also as members of text enumerations), None and numpy
arrays; nothing in it is ever executed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, TypeVar

import numpy as np
from cattrs import Converter, transform_error
from numpy.typing import NDArray

T = TypeVar("T")
Plain = dict[str, Any]

_RECORDS = Converter(forbid_extra_keys=True)


def taken(owner: object, names: Iterable[str]) -> Plain:
    """The attributes `names` of an object, numpy arrays copied."""
    values = ((name, getattr(owner, name)) for name in names)
    return {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in values}


def put_back(owner: object, names: Iterable[str], state: Mapping[str, Any]) -> None:
    """Set the attributes of an object to what `taken` gave.

    Arrays must have the shape that they have in the object, which was made anew from the same scenario.

    Raises:
        ValueError: one is missing or does not fit.
    """
    for name in names:
        present, value = getattr(owner, name), part(state, name)
        if isinstance(present, np.ndarray):
            fitting = column(value, name, present.dtype)
            if fitting.shape != present.shape:
                raise ValueError(f"the state's '{name}' has the shape {fitting.shape}, where {present.shape} is wanted")
            setattr(owner, name, fitting)
        elif type(value) is not type(present):
            wanted = type(present).__name__
            raise ValueError(f"the state's '{name}' is {value!r}, where a value of type {wanted} is wanted")
        else:
            setattr(owner, name, value)


def part(state: Mapping[str, Any], name: str) -> Any:
    """What a state holds under a name. Raises ValueError if it holds nothing of that name."""
    if not isinstance(state, Mapping) or name not in state:
        raise ValueError(f"the state has no '{name}'")
    return state[name]


def column(value: Any, name: str, dtype: np.dtype[Any]) -> NDArray[Any]:
    """A fresh array of the given type from one whose values it can hold. Raises ValueError if it cannot."""
    if not isinstance(value, np.ndarray):
        raise ValueError(f"the state's '{name}' is no array")
    kinds = {"i": "iu", "u": "u", "b": "b", "f": "f"}[dtype.kind]
    if value.dtype.kind not in kinds or not np.array_equal(fitting := value.astype(dtype), value, equal_nan=True):
        raise ValueError(f"the state's '{name}' is of type {value.dtype}, which does not fit {dtype}")
    return fitting


def columns_of(rows: NDArray[np.void]) -> Plain:
    """The fields of a structured array as arrays of their own: like beside like packs best."""
    return {name: rows[name].copy() for name in rows.dtype.names or ()}


def rows_of(columns: Any, dtype: np.dtype[np.void]) -> NDArray[np.void]:
    """The structured array (n,) that `columns_of` took apart. Raises ValueError if the columns do not fit."""
    fields = {name: column(part(columns, name), name, dtype[name]) for name in dtype.names or ()}
    lengths = {values.shape for values in fields.values()}
    if len(lengths) != 1:
        raise ValueError(f"the state's columns {', '.join(fields)} differ in length")
    rows = np.zeros(lengths.pop(), dtype)
    for name, values in fields.items():
        rows[name] = values
    return rows


def check_rows(name: str, count: int, *rows: NDArray[np.integer[Any]]) -> None:
    """Raise ValueError if any of some row numbers lies outside a village of `count`."""
    if any(len(r) and not 0 <= r.min() <= r.max() < count for r in rows):
        raise ValueError(f"the state's '{name}' names rows beyond the {count} villagers")


def plain(record: Any) -> Any:
    """A typed record (dataclass, or tuple or list of such) as plain values."""
    return _RECORDS.unstructure(record)


def typed(value: Any, kind: type[T], name: str) -> T:
    """A record of the given type from what `plain` gave. Raises ValueError if a field is missing or of another kind."""
    try:
        record = _RECORDS.structure(value, kind)
    except Exception as error:  # cattrs raises groups of whatever the constructors raise
        raise ValueError(f"the state's '{name}' does not fit: {'; '.join(transform_error(error))}") from None
    if (wanted := _listed(plain(record))) != _listed(value):  # a default was taken, or a text stood for a number
        raise ValueError(f"the state's '{name}' does not fit at {_unlike(wanted, value)}")
    return record


def _listed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _listed(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_listed(item) for item in value]
    return value.value if isinstance(value, Enum) else value


def _unlike(wanted: Any, given: Any, where: str = "$") -> str:
    """Where two plain values first differ."""
    if isinstance(wanted, dict) and isinstance(given, Mapping):
        for key in wanted:
            if key not in given:
                return f"{where}.{key}, which is missing"
            if wanted[key] != given[key]:
                return _unlike(wanted[key], given[key], f"{where}.{key}")
    if isinstance(wanted, list) and isinstance(given, list | tuple) and len(wanted) == len(given):
        at = next(i for i, (one, other) in enumerate(zip(wanted, given, strict=True)) if one != other)
        return _unlike(wanted[at], given[at], f"{where}[{at}]")
    return where


def folded(state: Plain, under: str = "") -> dict[str, NDArray[Any]]:
    """Nested maps of arrays and numbers as one map of arrays, named by their paths: `water/depth`."""
    flat: dict[str, NDArray[Any]] = {}
    for name, value in state.items():
        path = f"{under}{name}"
        flat |= folded(value, f"{path}/") if isinstance(value, dict) else {path: np.asarray(value)}
    return flat


def unfolded(flat: Mapping[str, NDArray[Any]]) -> Plain:
    """The nested maps that `folded` laid flat."""
    state: Plain = {}
    for path, value in flat.items():
        *maps, name = path.split("/")
        inner = state
        for key in maps:
            inner = inner.setdefault(key, {})
        inner[name] = value.item() if value.ndim == 0 else value
    return state
