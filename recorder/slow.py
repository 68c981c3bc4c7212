"""Slow parts of keyframes: what is large and changes rarely is stored once, and keyframes say which one they mean.

A part is named by where it stands in the state: `world/land` is `state["world"]["land"]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SEPARATOR = "/"
Since = Mapping[str, int]  # of a keyframe: name of a slow part -> since when it is as it is, in ticks


@dataclass(frozen=True, eq=False)
class SlowPart:
    """A part of the state that has been the same for a while."""

    name: str
    since: int  # tick
    value: Any  # plain, with arrays

    @property
    def key(self) -> tuple[str, int]:
        """What tells it from other parts of a run."""
        return self.name, self.since


def taken_out(state: Mapping[str, Any], since: Since) -> tuple[dict[str, Any], list[SlowPart]]:
    """A state with None in place of its slow parts, and these; the state itself is not changed.

    Raises:
        KeyError: the state has no such part.
    """
    rest, parts = dict(state), []
    for name, tick in since.items():
        *path, last = name.split(SEPARATOR)
        inner = rest
        for key in path:
            inner[key] = dict(inner[key])
            inner = inner[key]
        parts.append(SlowPart(name, tick, inner[last]))
        inner[last] = None
    return rest, parts


def put_in(state: dict[str, Any], part: SlowPart) -> None:
    """Put a slow part where it was taken out.

    Raises:
        ValueError: nothing was taken out there.
    """
    *path, last = part.name.split(SEPARATOR)
    inner: Any = state
    for key in path:
        inner = inner.get(key) if isinstance(inner, dict) else None
    if not isinstance(inner, dict) or inner.get(last, part) is not None:
        raise ValueError(f"the state has no place for {part.name}")
    inner[last] = part.value
