"""What people know of themselves and of their trade, which becomes a fact when they first think of saying it."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from agents.acts import Fact, Topic
from agents.minds import Minds, Moment
from world.streams import stream


def own_secret(minds: Minds, row: int, now: Moment) -> Fact | None:
    """The secret of a villager as a fact that it holds; None for who has none."""
    secret = minds.personas[row].secret
    if not secret:
        return None
    held = minds.knowledge.first_hand(row, "secret", row)
    if held is not None:
        return held
    fact = minds.knowledge.new(Topic.SELF, "secret", now.day, now.minute, subject=row, source="own", what=secret)
    minds.knowledge.witness(row, fact)
    return fact


def own_craft(minds: Minds, row: int, now: Moment) -> list[Fact]:
    """What somebody can teach of its trade, as facts that it holds: the more the greater its skill."""
    p = minds.personas[row]
    lore = _read().get(p.trade, ())
    order = stream(minds.seed, "craft", row).permutation(len(lore))[: round(p.skill * len(lore))]
    held = {f.details["what"]: f for f in minds.knowledge.held[row].values() if f.kind == "craft_tip"}
    known = []
    for tip in (lore[int(i)] for i in order):
        if tip not in held:
            held[tip] = minds.knowledge.new(
                Topic.CRAFT, "craft_tip", now.day, now.minute, source="own", trade=p.trade, what=tip
            )
            minds.knowledge.witness(row, held[tip])
        known.append(held[tip])
    return known


@cache
def _read() -> dict[str, list[str]]:
    text = files("assets").joinpath("names", "craft.toml").read_text(encoding="utf-8")
    craft: dict[str, list[str]] = tomllib.loads(text)["craft"]
    return craft
