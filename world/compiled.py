"""Machine code for the loops that cannot be vectorised, with the same results as the plain Python.

It is kept on disk in a folder named by the sources of all compiled functions: numba looks only at the file of the
function itself, and would go on using machine code in which another file's function, since changed, is built in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba import njit

from world.folder import folder

Function = TypeVar("Function", bound=Callable[..., Any])


def _sources() -> str:
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        source = path.read_bytes()
        if b"@compiled" in source:
            digest.update(source)
    return digest.hexdigest()[:16]


if not numba.config.CACHE_DIR:  # unless $NUMBA_CACHE_DIR says otherwise; an unwritable folder makes numba choose
    numba.config.CACHE_DIR = str(folder() / f"code-{_sources()}")


def compiled(function: Function) -> Function:
    """Compile with numba, kept on disk; neither fast-math nor threads, so NUMBA_DISABLE_JIT=1 gives the same bytes."""
    return cast(Function, njit(cache=True)(function))
