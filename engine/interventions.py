"""Interventions: one change to a run at one tick, as people type it, as headers keep it, and how it is made.

A run is a function of scenario, seed, language log and interventions.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from agents.acts import Persona
from agents.news import news_places
from agents.society import Society
from engine.scenario import Part, ScenarioError, Seconds, Sky
from world.view import Place
from world.world import World

Happenings = list[tuple[str, dict[str, Any]]]
NewsKind = Literal[
    "lost_sheep", "traveller_at_inn", "mill_wheel_cracked", "apples_ripe", "fox_in_barn", "wedding_planned"
]


class WeatherChange(Part):
    """A front that arrives from now on."""

    what: Literal["weather"] = "weather"
    to: Sky
    over: Seconds = 600.0  # how long it takes to arrive


class Talkativeness(Part):
    """How readily villagers turn to each other; as in the scenario."""

    what: Literal["talkativeness"] = "talkativeness"
    to: float = Field(ge=0, le=20)


class ModelChange(Part):
    """Another model words the acts from here on. Words move nothing, so the world does not change."""

    what: Literal["model"] = "model"
    to: str = Field(min_length=1)


class Rumour(Part):
    """A villager comes to know a piece of news that did not happen."""

    what: Literal["rumour"] = "rumour"
    who: str
    kind: NewsKind
    place: str = ""  # one that fits the kind, if none is named
    about: str = ""  # the villager it is about


class Closure(Part):
    """Nobody may enter the surroundings of a place any more."""

    what: Literal["closed"] = "closed"
    place: str


class Intervention(Part):
    """One change, made before the world steps to its tick: every tick before is as it would have been."""

    tick: int = Field(ge=1)
    change: Annotated[WeatherChange | Talkativeness | ModelChange | Rumour | Closure, Field(discriminator="what")]

    @property
    def model(self) -> str | None:
        """The model that speaks from here on, if that is the change."""
        return self.change.to if isinstance(self.change, ModelChange) else None

    def plain(self) -> dict[str, Any]:
        """The change as a plain map, for headers."""
        return self.model_dump(mode="json")


_SETTINGS = ("weather", "talkativeness", "model")
_INJECTIONS = ("rumour", "closed")
_EXAMPLES = {
    "weather": "weather=storm,over=10min",
    "talkativeness": "talkativeness=3",
    "model": "model=none",
    "rumour": "rumour:who=Mira,kind=fox_in_barn",
    "closed": "closed:place=the mill",
}


def intervention(data: Mapping[str, Any]) -> Intervention:
    """The intervention that `Intervention.plain` wrote down. Raises ScenarioError if it is none."""
    return _checked("intervention", data)


def parse_set(text: str, tick: int) -> Intervention:
    """What `--set TEXT` means, to be made at a tick: `weather=storm,over=10min`, `talkativeness=3`, `model=none`.

    Raises:
        ScenarioError: one sentence naming what was typed, what is wrong with it and what would be right.
    """
    what, equals, rest = text.partition("=")
    what = what.strip()
    _known("--set", text, what, _SETTINGS, equals)
    if what == "model":  # paths may hold commas
        return _checked(f"--set {text}", {"tick": tick, "change": {"what": what, "to": rest.strip()}})
    value, _, more = rest.partition(",")
    return _checked(
        f"--set {text}",
        {"tick": tick, "change": {"what": what, "to": value.strip()} | _pairs("--set", text, what, more)},
    )


def parse_inject(text: str, tick: int) -> Intervention:
    """What `--inject TEXT` means, to be made at a tick: `rumour:who=Mira,kind=fox_in_barn`, `closed:place=the mill`.

    Raises:
        ScenarioError: one sentence naming what was typed, what is wrong with it and what would be right.
    """
    what, colon, rest = text.partition(":")
    what = what.strip()
    _known("--inject", text, what, _INJECTIONS, colon)
    return _checked(f"--inject {text}", {"tick": tick, "change": {"what": what} | _pairs("--inject", text, what, rest)})


def check(given: Intervention, world: World, society: Society) -> None:
    """Raise ScenarioError if an intervention names somebody or something that this village does not have."""
    change = given.change
    if isinstance(change, Closure):
        _place(change.place, world.valley.places)
    if isinstance(change, Rumour):
        _villager(change.who, society.personas)
        if change.about:
            _villager(change.about, society.personas)
        if change.place:
            _place(change.place, world.valley.places)
        elif not news_places(change.kind, world.valley.places):
            raise ScenarioError(
                f"A rumour of the kind {change.kind} needs a place, since the valley has none where it would happen; "
                f"name one of {_listed(p.name for p in world.valley.places)}."
            )


def make(given: Intervention, world: World, society: Society) -> Happenings:
    """Make the change, before the world steps to its tick; returns what the record tells of it."""
    change = given.change
    if isinstance(change, WeatherChange):
        world.send_front(change.to, change.over)
        return [("front", {"kind": change.to, "over_s": change.over})]
    if isinstance(change, Talkativeness):
        society.talkativeness = change.to
        return [("talkativeness", {"to": change.to})]
    if isinstance(change, Rumour):
        row = _villager(change.who, society.personas)
        about = _villager(change.about, society.personas) if change.about else -1
        place = _place(change.place, world.valley.places) if change.place else -1
        fact = society.plant_rumour(row, change.kind, world.view(), about=about, place=place)
        told = {"villager": row, "fact": fact.id, "kind": fact.kind, "place": fact.place, "about": fact.subject}
        return [("rumour", told)]
    if isinstance(change, Closure):
        place = _place(change.place, world.valley.places)
        world.close_place(place)
        return [("closed", {"place": place, "closed": list(world.closed)})]
    return [("model", {"to": change.to})]


def _villager(name: str, personas: tuple[Persona, ...]) -> int:
    rows = [p.row for p in personas if p.name.casefold() == name.strip().casefold()]
    if not rows:
        raise ScenarioError(f"Nobody here is called '{name}'; there are {_listed(p.name for p in personas)}.")
    return rows[0]


def _place(name: str, places: tuple[Place, ...]) -> int:
    wanted = name.strip().casefold()
    ids = [p.id for p in places if wanted in (p.name.casefold(), p.name.casefold().removeprefix("the "))]
    if not ids:
        raise ScenarioError(f"There is no place called '{name}'; there are {_listed(p.name for p in places)}.")
    return ids[0]


def _listed(names: Any) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else str(last)


def _known(option: str, text: str, what: str, choices: Collection[str], mark: str) -> None:
    if what not in choices or not mark:
        examples = " or ".join(f"{option} '{_EXAMPLES[name]}'" for name in choices)
        raise ScenarioError(f"{option} {text}: is not understood; write {examples}.")


def _pairs(option: str, text: str, what: str, rest: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for item in rest.split(",") if rest.strip() else ():
        key, equals, value = (part.strip() for part in item.partition("="))
        if not equals or not value or key in pairs or key in ("what", "to"):
            raise ScenarioError(f"{option} {text}: '{item.strip()}' is not understood; write '{_EXAMPLES[what]}'.")
        pairs[key] = value
    return pairs


def _checked(source: str, data: Mapping[str, Any]) -> Intervention:
    try:
        return Intervention.model_validate(data)
    except ValidationError as error:
        raise ScenarioError(f"{source}: {_explained(error)}.") from None


def _explained(error: ValidationError) -> str:
    """The first problem of a validation error in words."""
    problem = error.errors()[0]
    key, value = str(problem["loc"][-1]), problem["input"]
    key = str(problem["loc"][-2]) if key == "to" else key
    message = problem["msg"].removeprefix("Value error, ").rstrip(".")
    match problem["type"]:
        case "missing":
            return f"'{key}' is missing"
        case "extra_forbidden":
            return f"'{key}' is not known here"
        case "literal_error":
            return f"{key} = {value!r} is none of {problem['ctx']['expected']}"
        case _:
            return f"{key} = {value!r}: {message[0].lower()}{message[1:]}"
