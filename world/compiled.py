"""Machine code for the loops that cannot be vectorised, with the same results as the plain Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile with numba, kept on disk; neither fast-math nor threads, so NUMBA_DISABLE_JIT=1 gives the same bytes."""
    return cast(Function, njit(cache=True)(function))
