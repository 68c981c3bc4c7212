"""What news there can be: the table of kinds, where they happen, and the words for what happened."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def tales() -> dict[str, dict[str, Any]]:
    """The entries of `assets/names/news.toml` by kind."""
    table = tomllib.loads(files("assets").joinpath("names", "news.toml").read_text(encoding="utf-8"))["news"]
    return {item["kind"]: item for item in table}


def other_words(kind: str) -> tuple[str, ...]:
    """All the words for what happened in a kind of news; none for other kinds."""
    return tuple(tales().get(kind, {}).get("what", ()))
