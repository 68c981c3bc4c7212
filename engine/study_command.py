"""`hamlet study`: a scenario's society over days and seeds, without pictures, as curves and figures."""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from engine.files import WrittenPath, check_writable, stoppable, write
from engine.options import ScenarioArgument
from engine.quantities import format_duration
from engine.scenario import AblationPart, load
from engine.terminal import fail, out, progress, say
from engine.world_commands import MOST_SEEDS

if TYPE_CHECKING:
    from engine.study import Gathered, Study, Told

PARTS = tuple(AblationPart.model_fields)  # of the mind


def study(
    scenario: ScenarioArgument = "rumour",
    seeds: Annotated[
        int, typer.Option(help="Over so many villages: the scenario's seed and those after it.", min=1, max=MOST_SEEDS)
    ] = 10,
    seed: Annotated[int | None, typer.Option(help="Another first seed.", min=0)] = None,
    duration: Annotated[str | None, typer.Option(help="Another length, such as 12h.")] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(help=f"Leave a part of the mind out: {', '.join(PARTS)}. May be given more than once."),
    ] = None,
    target: Annotated[
        Path | None,
        WrittenPath("--out", "-o", help="The PNG file for the curves; needs matplotlib."),
    ] = None,
    json_file: Annotated[
        Path | None,
        WrittenPath("--json", help="Also write everything found to this file."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes; as many as there are cores if left out.", min=1, max=256)
    ] = None,
) -> None:
    """Let the villagers of a scenario live for days, in several villages, and show what came of it.

    News that one villager knows at the start (`[[news]]`) is followed from mouth to mouth, gatherings (`[[gathering]]`)
    from invitation to promise to who was there, and traits are held against behaviour. There are no pictures and no
    words, which move nothing. Two days of 25 people take some three minutes of one processor for each village.

    **Examples:** `hamlet study rumour --out rumour.png`, `hamlet study party --seeds 3 --without memory`
    """
    with stoppable():
        changes: dict[str, object] = {} if seed is None else {"seed": seed}
        changes |= {} if duration is None else {"capture.duration": duration}
        for part in without or ():
            if part not in PARTS:
                fail(f"--without {part}: there is no such part of the mind; choose from {', '.join(PARTS)}.")
            changes[f"ablation.{part}"] = False
        chosen = load(scenario, changes)
        for path in (target, json_file):
            if path is not None:
                check_writable(path)
        if target is not None:
            from engine.plots import need_matplotlib  # noqa: PLC0415

            need_matplotlib()  # known before the long work, not after it
            if not (chosen.news or chosen.gathering):
                fail(f"--out {target}: nothing to draw: {chosen.name} has neither [[news]] nor [[gathering]].")
        from engine.processes import cores  # noqa: PLC0415
        from engine.study import Study  # noqa: PLC0415

        began = time.monotonic()
        job = Study(chosen, seeds, workers or cores())
        with progress() as bar:
            task = bar.add_task(f"living in {chosen.name}", total=seeds, note="")
            try:
                for life in job.run():
                    note = f"seed {life.seed}: {life.conversations} talks, {life.lines} lines"
                    bar.update(task, advance=1, note=note)
            except KeyboardInterrupt:
                if not job.lives:
                    raise
                say(f"Stopped after {len(job.lives)} of {seeds} villages: this is what was found in those.")
    written: list[str] = []
    with stoppable(written):
        if json_file is not None:
            write(json_file, (json.dumps(job.plain(), indent=1, allow_nan=False) + "\n").encode())
            written.append(f"{json_file}: everything found.")
        if target is not None:
            from engine.study_curves import drawn  # noqa: PLC0415

            write(target, drawn(job))
            written.append(f"{target}: the curves.")
    _print(job)
    for sentence in written:
        say(sentence)
    took = format_duration(time.monotonic() - began)
    say(f"{len(job.lives)} x {format_duration(chosen.capture.duration)} of life in {took}.")


def _print(job: Study) -> None:
    villagers, lived = job.scenario.village.villagers, tuple(life.seed for life in job.lives)
    for number in range(len(job.lives[0].news)):
        out.print(_news([life.news[number] for life in job.lives], lived, villagers))
    for number in range(len(job.lives[0].gatherings)):
        out.print(_gathering([life.gatherings[number] for life in job.lives], lived))
    traits = Table("trait", "behaviour", "expected", "rho", "p", "", title="Traits in behaviour", title_justify="left")
    for c in job.correlations():
        sign = "+" if c.expected > 0 else "-"
        mark = "[green]ok[/]" if c.right else "[red]wrong sign[/]"
        traits.add_row(c.trait, MEANING[c.behaviour], sign, f"{c.rho:+.2f}", f"{c.p:.3f}", mark)
    out.print(traits)
    promises = {kind: sum(life.promises[kind] for life in job.lives) for kind in ("made", "kept", "broken", "released")}
    talks = statistics.median(life.conversations for life in job.lives)
    lines = statistics.median(life.lines for life in job.lives)
    say(f"Talks and lines in a village: {talks:g} and {lines:g} (medians).")
    say("Promises: " + ", ".join(f"{count} {kind}" for kind, count in promises.items()) + ".")


MEANING = {
    "talk_s": "seconds spoken",
    "promises_kept": "share of due promises kept",
    "quarrels": "share of lines that blame, doubt or refuse",
    "wet_min": "minutes outdoors in rain",
    "places": "different places visited",
}


def _news(told: list[Told], seeds: tuple[int, ...], villagers: int) -> Table:
    table = Table(
        *("seed", "it began with", "know it", "share", "half knew after", "most mouths", "without a chain"),
        title=f"The news: {told[0].kind.replace('_', ' ')}",
        title_justify="left",
    )
    from engine.study import SAMPLE_MIN  # noqa: PLC0415

    for seed, one in zip(seeds, told, strict=True):
        half = next((k for k, count in enumerate(one.knowing, 1) if count >= villagers / 2), None)
        table.add_row(
            *(f"{seed}", one.first, f"{one.knowing[-1]}", f"{one.knowing[-1] / villagers:.0%}"),
            "-" if half is None else f"{half * SAMPLE_MIN / 60:.1f} h",
            f"{max(one.hops.values())}",
            f"{one.without_chain}",
        )
    return table


def _gathering(gathered: list[Gathered], seeds: tuple[int, ...]) -> Table:
    table = Table(
        *("seed", "host", "had heard", "had promised", "of them came", "came in all"),
        title=f"{gathered[0].what} at {gathered[0].place}",
        title_justify="left",
    )
    for seed, one in zip(seeds, gathered, strict=True):
        came = sum(name in one.came for name in one.promises)
        table.add_row(f"{seed}", one.host, f"{one.heard[-1]}", f"{len(one.promises)}", f"{came}", f"{len(one.came)}")
    return table
