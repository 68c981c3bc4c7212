"""The commands about the world alone, without people or pictures: `hamlet validate` and `hamlet world map`."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.files import WrittenPath, check_writable, stoppable, write
from engine.options import ScenarioArgument
from engine.quantities import format_duration, parse_moment
from engine.scenario import load
from engine.terminal import busy, fail, out, parsed, progress, say

if TYPE_CHECKING:
    from engine.validation import Card, Validation

world = typer.Typer(
    help="Look at the world of a scenario without anybody living in it.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
MOST_SEEDS = 1000
ALL = "all"
LAYER_NAMES = (
    "heights", "hillshade", "rivers", "drainage", "hardness", "soil", "biomes", "cover", "canopy", "suitability",
    "ways", "rain", "temperature", "moisture", "snow", "flood",
)  # fmt: skip
PAGE_LAYERS = ("heights", "rivers", "soil", "cover", "canopy", "ways", "rain", "temperature")
LONGEST_S = 31 * 86400.0  # a month is stepped in minutes
SeedOption = Annotated[int | None, typer.Option(help="Another seed: another valley.", min=0)]


def validate(
    scenario: ScenarioArgument = "valley",
    seeds: Annotated[
        int, typer.Option(help="Over so many worlds: the scenario's seed and those after it.", min=1, max=MOST_SEEDS)
    ] = 20,
    seed: SeedOption = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="A group of figures: terrain, water, sun, weather, life, crowd. May be given more than once."
        ),
    ] = None,
    json_file: Annotated[Path | None, WrittenPath("--json", help="Also write all values to this file.")] = None,
    page: Annotated[
        Path | None,
        WrittenPath(
            help="Also write one HTML page of maps and curves to this file; needs matplotlib.",
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes; as many as there are cores if left out.", min=1, max=256)
    ] = None,
) -> None:
    """Measure the world of a scenario and say whether it is like the real one.

    Every figure stands beside the range that is accepted, with its source, and beside a baseline: what something gives
    that only looks like a valley, such as noise. A figure that the baseline passes as well is marked ~: it cannot tell
    one from the other.

    Exit code 0: all pass, 1: some fail.

    **Example:** `hamlet validate valley --seeds 5 --only terrain --page terrain.html`
    """
    with stoppable():
        chosen = load(scenario, {} if seed is None else {"seed": seed})
        from engine.processes import cores  # noqa: PLC0415
        from world.scorecard.panel import GROUPS  # noqa: PLC0415

        for group in only or ():
            if group not in GROUPS:
                fail(f"--only {group}: there is no such group; choose from {', '.join(GROUPS)}.")
        groups = tuple(group for group in GROUPS if not only or group in only)
        for path in (json_file, page):
            if path is not None:
                check_writable(path)
        if page is not None:
            from engine.plots import need_matplotlib  # noqa: PLC0415

            need_matplotlib()  # known before the long work, not after it
        from engine.scorecard_table import scorecard  # noqa: PLC0415
        from engine.validation import Validation  # noqa: PLC0415

        began = time.monotonic()
        job = Validation(chosen, seeds, groups, workers or cores())
        with progress() as bar:
            task = bar.add_task(f"measuring {chosen.name}", total=None, note="")
            for step in job.run():
                slowest = step.slowest
                note = "" if slowest is None else f"seed {step.seed}; longest: {slowest.id}, {slowest.seconds:.1f} s"
                bar.update(task, total=step.of, completed=step.done, note=note)
    card = job.card()
    written: list[str] = []
    try:  # before anything is printed: whoever reads may have gone, and the files are wanted all the same
        with stoppable(written):
            if json_file is not None:
                write(json_file, (json.dumps(card.plain(), indent=1, allow_nan=False) + "\n").encode())
                written.append(f"{json_file}: all values.")
            if page is not None:
                with busy("Drawing the page ..."):
                    drawn = _page(job, card)
                write(page, drawn)
                written.append(f"{page}: maps and curves.")
    finally:
        out.print(scorecard(card, out.width), highlight=False)
    for sentence in written:
        say(sentence)
    say(f"Measured in {format_duration(time.monotonic() - began)}.")
    if not card.passed:
        raise typer.Exit(1)


@world.command("map")
def draw(
    scenario: ScenarioArgument = "valley",
    layer: Annotated[
        list[str] | None,
        typer.Option(help=f"What to draw: {', '.join(LAYER_NAMES)}, or all. More than one give a sheet."),
    ] = None,
    target: Annotated[Path, WrittenPath("--out", "-o", help="The PNG file to write.")] = Path("map.png"),
    at: Annotated[
        str | None,
        typer.Option(
            help="The moment of the run for what changes: 0s, 90s, 2h. Rain and temperature are those of a mean year "
            "without it."
        ),
    ] = None,
    seed: SeedOption = None,
) -> None:
    """Draw maps of a valley: heights, rivers, soil, snow, floods and more, with legend and scale.

    **Example:** `hamlet world map storm --layer flood --at 2h -o flood.png`
    """
    with stoppable():
        chosen = load(scenario, {} if seed is None else {"seed": seed})
        at_s = None if at is None else parsed("--at", at, parse_moment)
        if at_s is not None and at_s > LONGEST_S:
            fail(f"--at {at}: choose a moment within {LONGEST_S / 86400:.0f} days of the beginning.")
        from engine.plots import need_matplotlib, png  # noqa: PLC0415

        need_matplotlib()
        from engine.map_layers import LAYERS, Mapped  # noqa: PLC0415
        from engine.maps import draw_map, draw_sheet  # noqa: PLC0415

        names = layer or [ALL]
        for name in names:
            if name not in LAYERS and name != ALL:
                fail(f"--layer {name}: there is no such layer; choose from {', '.join(LAYERS)}, or {ALL}.")
        keys = list(LAYERS) if ALL in names else list(dict.fromkeys(names))
        check_writable(target)
        from engine.simulation import world_config  # noqa: PLC0415
        from world.village.site import NoRoomError  # noqa: PLC0415

        mapped = Mapped(world_config(chosen), at_s)
        shown = [LAYERS[key] for key in keys]
        try:
            with busy("The valley takes shape ..."):
                _ = mapped.valley
            if at_s and any(each.moment for each in shown):
                with progress() as bar:
                    task = bar.add_task("its weather passes", total=at_s, note="")
                    for second in mapped.steps():
                        bar.update(task, completed=second, note=f"{format_duration(second)} of {format_duration(at_s)}")
            with busy("Drawing ..."):
                one = len(shown) == 1
                figure = draw_map(shown[0], mapped, chosen.name) if one else draw_sheet(shown, mapped, chosen.name)
                picture = png(figure)
        except NoRoomError as error:
            where = f"{chosen.name}: seed = {chosen.seed}, world.size_m = {chosen.world.size_m:g}"
            fail(f"{where}: {error}; take another seed.")
        write(target, picture)
    say(f"{target}: {shown[0].title.lower() if one else f'{len(shown)} maps'} of {chosen.name}.")


def _page(job: Validation, card: Card) -> bytes:
    """The page of a scorecard, with the maps of its first world if that has room for a village."""
    from engine.map_layers import LAYERS, Mapped  # noqa: PLC0415
    from engine.maps import draw_sheet  # noqa: PLC0415
    from engine.plots import png  # noqa: PLC0415
    from engine.validation_page import page  # noqa: PLC0415
    from world.scorecard import panel  # noqa: PLC0415

    groups = tuple(dict.fromkeys(metric.group for metric in job.metrics))
    sheet = draw_sheet((LAYERS[key] for key in PAGE_LAYERS), Mapped(job.config), card.scenario)
    return page(card, panel.charts(job.config, groups), png(sheet)).encode()
