"""Columns of other days: tables of older sessions as today's schema has them, and back to what was recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recorder.schema import (
    BUILDING_STATE_COLUMNS,
    ENVIRONMENT_COLUMNS,
    LOOKS_COLUMNS,
    VILLAGER_COLUMNS,
    Column,
    Snapshot,
    dtype_of,
)

TABLES: dict[str, tuple[Column, ...]] = {
    "environment": ENVIRONMENT_COLUMNS,
    "villagers": VILLAGER_COLUMNS,
    "buildings": BUILDING_STATE_COLUMNS,
}  # of a snapshot
FILLED: dict[str, tuple[Column, ...]] = {**TABLES, "looks": LOOKS_COLUMNS}  # and of the cast
LAYOUTS = 16  # of tables that are in use at the same time


def as_today(name: str, table: NDArray[np.void]) -> NDArray[np.void]:
    """A recorded table with all columns that the schema has today; those it lacks say what `Column.absent` does.

    Columns keep the number type that they have in the table; those that the schema does not know stand behind its own.

    Args:
        name: of the table, one of FILLED.
        table: as it was recorded; given back as it is where it lacks nothing.
    """
    wanted = _filled(name, table.dtype)
    if wanted == table.dtype:
        return table
    whole = np.zeros(table.shape, wanted)
    recorded = table.dtype.names or ()
    for known in recorded:
        whole[known] = table[known]
    for column in FILLED[name]:
        if column.name not in recorded:
            whole[column.name] = whole[column.absent] if isinstance(column.absent, str) else column.absent
    whole.flags.writeable = False
    return whole


@lru_cache(LAYOUTS)
def _filled(name: str, recorded: np.dtype[np.void]) -> np.dtype[np.void]:
    today = dtype_of(FILLED[name])
    names = tuple(dict.fromkeys((*(today.names or ()), *(recorded.names or ()))))
    layout = recorded.names or ()
    return np.dtype([(each, recorded[each] if each in layout else today[each]) for each in names])


def as_recorded(snapshot: Snapshot, layouts: Mapping[str, np.dtype[np.void]]) -> Snapshot:
    """A snapshot with those columns alone that a session holds, as it holds them.

    Args:
        snapshot: with at least these columns.
        layouts: of the session's tables, by name; tables without one are left as they are.
    """
    changes: dict[str, Any] = {}
    for name, layout in layouts.items():
        table = getattr(snapshot, name, None) if name in TABLES else None
        if table is not None and table.dtype != layout and set(layout.names or ()) <= set(table.dtype.names or ()):
            changes[name] = _narrowed(table, layout)
    return replace(snapshot, **changes) if changes else snapshot


def _narrowed(table: NDArray[np.void], layout: np.dtype[np.void]) -> NDArray[np.void]:
    narrow = np.zeros(table.shape, layout)
    for column in layout.names or ():
        narrow[column] = table[column]
    narrow.flags.writeable = False
    return narrow
