"""`hamlet people`: everybody who lives in a scenario, and what kind of population they are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from engine.options import ScenarioArgument, VariationOption
from engine.scenario import ScenarioError, load
from engine.terminal import busy, out

if TYPE_CHECKING:
    from agents.acts import Persona

BARS = " ▁▂▃▄▅▆▇█"
WIDE_COLUMNS = 110  # from here on the table shows homes and values, too
NEAREST = 2  # of a family are named in the table
TRAIT_LETTERS = "OCEAN"
BAR_WIDTH = 24


def people(
    scenario: ScenarioArgument = "valley",
    seed: Annotated[int | None, typer.Option(help="Another seed: other people.", min=0)] = None,
    variation: VariationOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Everything as JSON: backstories and secrets, too.")] = False,
) -> None:
    """Show who lives in a scenario, and in figures what kind of people they are beside what was asked for.

    Bars show the Big Five (openness, conscientiousness, extraversion, agreeableness, neuroticism) from low to high. A
    [population] table in the scenario changes shares of women, ages and trades, and how traits are spread.

    **Example:** `hamlet people valley --seed 3`
    """
    given = {"seed": seed, "randomise.variation": variation}
    chosen = load(scenario, {key: value for key, value in given.items() if value is not None})
    from agents.census import census, described  # noqa: PLC0415
    from agents.persona import make_personas  # noqa: PLC0415
    from engine.simulation import society_config, world_config  # noqa: PLC0415
    from world.village.site import NoRoomError  # noqa: PLC0415
    from world.world import World  # noqa: PLC0415

    with busy("The village settles ..."):
        try:
            places = World(world_config(chosen)).view().places
        except NoRoomError as error:
            raise ScenarioError(f"{chosen.name}: {error}; take another seed, a larger world or fewer people.") from None
        config = society_config(chosen)
        cast = make_personas(chosen.seed, config.villagers, places, config.personas, config.population)
    figures = census(cast, config.population, chosen.seed)
    if as_json:
        everybody = [described(p, cast, places[p.home].name) for p in cast]
        print(json.dumps({"scenario": chosen.name, "seed": chosen.seed, "people": everybody} | figures, indent=1))
        return
    out.print(_everybody(cast, [places[p.home].name for p in cast], out.width))
    out.print(_figures(figures))


def bars(scores: Sequence[float]) -> str:
    """Scores of 0..1 as one small bar each."""
    return "".join(BARS[1 + min(7, int(8 * score))] for score in scores)


def _everybody(cast: Sequence[Persona], homes: Sequence[str], columns: int) -> Table:
    from agents.population import TRAITS  # noqa: PLC0415

    wide = columns >= WIDE_COLUMNS
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")

    def column(name: str, texts: Sequence[str], right: bool = False) -> None:
        widest = max(map(len, (name, *texts)))
        table.add_column(name, justify="right" if right else "left", no_wrap=True, min_width=widest)

    people = sorted(cast, key=lambda p: (p.household, -p.age))
    cells = [
        [p.name for p in people],
        [str(p.age) for p in people],
        [p.gender[0] for p in people],
        [p.trade for p in people],
        [bars([getattr(p, t) for t in TRAITS]) for p in people],
        [f"{p.skill:.2f}" for p in people],
    ]
    names = ["name", "age", "", "trade", TRAIT_LETTERS, "skill"]
    if wide:
        cells += [[homes[p.row] for p in people], [p.values[0] for p in people]]
        names += ["lives in", "holds dear"]
    for name, texts in zip(names, cells, strict=True):
        column(name, texts, right=name in ("age", "skill"))
    table.add_column("family", no_wrap=True, overflow="ellipsis", ratio=1)
    for p, row in zip(people, zip(*cells, strict=True), strict=True):
        kin = ", ".join(f"{word} {cast[other].name}" for other, word in p.family[:NEAREST])
        more = f" +{len(p.family) - NEAREST}" if len(p.family) > NEAREST else ""
        table.add_row(*row, kin + more)
    return table


def _figures(f: dict[str, Any]) -> RenderableType:
    ages, homes, cover = f["ages"], f["households"], f["coverage"]
    women = f"{f['women']['share']:.0%} women ({f['women']['asked']:.0%} asked)"
    lines: list[RenderableType] = [
        Text(f"\n{f['count']} people, {women}, mean age {ages['mean']:.0f}", "bold"),
        _bars("ages", [(k, v, None) for k, v in ages["bands"].items()]),
        *([_asked_ages(ages["asked"])] if ages["asked"] else []),
        _bars("trades", [(t, v["people"], v.get("asked")) for t, v in f["trades"].items()]),
        _traits(f),
        _bars("dear to", [(v, round(100 * s["held"]), None) for v, s in f["values"].items()], "%"),
        Text(
            f"{homes['count']} households in {homes['homes']} houses, of "
            + ", ".join(f"{size}: {count}" for size, count in homes["sizes"].items())
            + f"; {homes['married']:.0%} married, {homes['with_kin']:.0%} with kin in the village"
        ),
        Text(
            f"Natures cover their space with a discrepancy of {cover['discrepancy']:.3g}, "
            f"{cover['ratio']:.2f} of what chance gives ({cover['by_chance']:.3g})."
        ),
    ]
    return Group(*lines)


def _asked_ages(asked: dict[str, float]) -> Text:
    total = sum(asked.values())
    return Text("asked: " + ", ".join(f"{band} {share / total:.0%}" for band, share in asked.items()), "dim")


def _bars(title: str, rows: Sequence[tuple[str, int, int | None]], unit: str = "") -> Table:
    """Counts as bars; what was asked for stands behind where it is another number."""
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")
    table.add_column(title, no_wrap=True, min_width=14)
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    most = max((count for _, count, _ in rows), default=1) or 1
    for name, count, asked in rows:
        bar = "█" * round(BAR_WIDTH * count / most)
        note = "" if asked is None else f" asked {asked}"
        table.add_row(name, f"{count}{unit}", Text(bar, "cyan").append(note, "dim"))
    return table


def _traits(f: dict[str, Any]) -> Table:
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")
    table.add_column("traits", no_wrap=True, min_width=17)
    for name in ("mean", "asked", "spread", "asked"):
        table.add_column(name, justify="right", no_wrap=True)
    for letter in TRAIT_LETTERS:
        table.add_column(f"r {letter}", justify="right", no_wrap=True)
    for (name, t), row in zip(f["traits"].items(), f["correlations"], strict=True):
        figures = [f"{t[key]:.2f}" for key in ("mean", "asked_mean", "spread", "asked_spread")]
        table.add_row(name, *figures, *(Text(f"{r:+.2f}", "dim" if abs(r) > 0.999 else "") for r in row))
    return table
