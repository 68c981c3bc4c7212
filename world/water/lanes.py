"""Machine code for loops over a row of cells that the processor can do several cells at a time.

Two things keep it from that: a division that asks whether it is by nothing, so here none is asked (and none is), and
an index that may be negative and so count from the end, so here indices are unsigned.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])

Index = np.uint64
ONE = Index(1)


def compiled_in_lanes(function: Function) -> Function:
    """As `world.compiled.compiled` does, of functions that never divide by zero; the same bytes with and without."""
    return cast(Function, njit(cache=True, error_model="numpy")(function))
