"""Where Hamlet keeps what it can make again: valleys, settled water, machine code."""

from __future__ import annotations

import os
from pathlib import Path


def folder() -> Path:
    """$HAMLET_CACHE, else $XDG_CACHE_HOME/hamlet, else ~/.cache/hamlet."""
    if named := os.environ.get("HAMLET_CACHE"):
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "hamlet"
