"""The commands about the world alone, without people or pictures: `hamlet validate` and `hamlet world map`."""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from engine.quantities import format_duration
from engine.scenario import load, shipped
from engine.terminal import INTERRUPTED, fail, out, progress, say


SCENARIO_HELP = f"A shipped scenario ({', '.join(shipped())}) or the path of your own .toml file."
MOST_SEEDS = 1000


def validate(
    scenario: Annotated[str, typer.Argument(help=SCENARIO_HELP)] = "valley",
    seeds: Annotated[
        int, typer.Option(help="Over so many worlds: the scenario's seed and those after it.", min=1, max=MOST_SEEDS)
    ] = 20,
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="A group of figures: terrain, water, sun, weather, life, crowd. May be given more than once."
        ),
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write all values to this file.")] = None,
    page: Annotated[
        Path | None, typer.Option(help="Also write one HTML page of maps and curves to this file; needs matplotlib.")
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
    chosen = load(scenario)
    from engine.processes import cores  # noqa: PLC0415
    from world.scorecard.panel import GROUPS  # noqa: PLC0415

    for group in only or ():
        if group not in GROUPS:
            fail(f"--only {group}: there is no such group; choose from {', '.join(GROUPS)}.")
    groups = tuple(group for group in GROUPS if not only or group in only)
    for path in (json_file, page):
        if path is not None:
            _check_writable(path)
    from engine.scorecard_table import tables  # noqa: PLC0415
    from engine.validation import Validation  # noqa: PLC0415

    began = time.monotonic()
    job = Validation(chosen, seeds, groups, workers or cores())
    try:
        with progress() as bar:
            task = bar.add_task(f"measuring {chosen.name}", total=None, note="")
            for step in job.run():
                slowest = step.slowest
                note = "" if slowest is None else f"seed {step.seed}; longest: {slowest.id}, {slowest.seconds:.1f} s"
                bar.update(task, total=step.of, completed=step.done, note=note)
    except KeyboardInterrupt:
        fail("stopped; nothing was written.", INTERRUPTED)
    card = job.card()
    out.print(tables(card), highlight=False)
    if json_file is not None:
        _write(json_file, json.dumps(card.plain(), indent=1, allow_nan=False) + "\n")
        say(f"{json_file}: all values.")
    say(f"Measured in {format_duration(time.monotonic() - began)}.")
    if not card.passed:
        raise typer.Exit(1)


def _check_writable(path: Path) -> None:
    """End the program if a file cannot be written, before long work begins."""
    if path.is_dir():
        fail(f"{path} is a folder: name a file.")
    folder = path.parent
    if not folder.is_dir():
        fail(f"{folder} is not a folder: make it, or name a file elsewhere.")
    try:
        handle, probe = tempfile.mkstemp(dir=folder, prefix=".writable-")
        os.close(handle)
        os.unlink(probe)
    except OSError as error:
        fail(f"{path} cannot be written ({error.strerror}): name a file elsewhere.")


def _write(path: Path, text: str) -> None:
    """Write a file that appears whole or not at all."""
    unfinished = path.with_name(f".unfinished-{path.name}")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        fail(f"{path} cannot be written ({error.strerror}).")
