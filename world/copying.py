"""Deep copies as read-only as what they are copied from: those of numpy can be written to.

Machine code is of another kind for arrays that can be written to, and making that kind takes half a minute.
"""

from __future__ import annotations

import copy
from typing import Any, Self

import numpy as np


class CopiedAlike:
    """Whose arrays, and those in its tuples, are read-only in a deep copy where they are here."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        copied = object.__new__(type(self))
        memo[id(self)] = copied
        for name, value in vars(self).items():
            vars(copied)[name] = _alike(copy.deepcopy(value, memo), value)
        return copied


def _alike(copied: Any, original: Any) -> Any:
    if isinstance(original, np.ndarray):
        copied.flags.writeable = original.flags.writeable
    elif isinstance(original, tuple):
        for pair in zip(copied, original, strict=True):
            _alike(*pair)
    return copied
