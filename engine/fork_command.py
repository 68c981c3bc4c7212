"""The command `hamlet fork`: a recording goes on with one change, and its twin without."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import Annotated

import typer

from engine.files import WrittenPath
from engine.quantities import format_duration, parse_duration, parse_moment
from engine.terminal import INTERRUPTED, busy, counted, fail, parsed, progress, say


def fork(
    session: Annotated[Path, typer.Argument(help="A session.hamlet file, or the folder it is in.")],
    at: Annotated[str, typer.Option(help="World time of the fork since the start: 0s, 90s, 5min.")],
    out_dir: Annotated[
        Path,
        WrittenPath("--out", help="Folder for the twins: factual/ and counterfactual/."),
    ],
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="weather=storm or weather=storm,over=10min; talkativeness=3; model=none, embedded or a path. May be "
            "given more than once.",
        ),
    ] = None,
    injections: Annotated[
        list[str] | None,
        typer.Option(
            "--inject",
            help="rumour:who=Mira,kind=fox_in_barn to let somebody hear what did not happen; closed:place=the mill to "
            "let nobody through. May be given more than once.",
        ),
    ] = None,
    duration: Annotated[
        str | None,
        typer.Option(help="How long the twins go on after the fork; by default, and at most, to the recording's end."),
    ] = None,
) -> None:
    """Let a recorded village go on from one moment with one change, beside a twin without it.

    The recording stays as it is. Two sessions are made that name each other in their headers: the factual one repeats
    the recording; the counterfactual one is the same up to the fork, then the villagers live on with the change. What
    differs between them was caused by it. Words are taken from the recording wherever the same is said.

    Neither holds frames: `hamlet render` draws them, from the same cameras.

    **Example:** `hamlet fork runs/valley-001 --at 1min --set weather=storm,over=2min --out runs/what-if`, then
    `hamlet session diff runs/what-if/factual runs/what-if/counterfactual`
    """
    start_s = parsed("--at", at, parse_moment)
    lasts_s = None if duration is None else parsed("--duration", duration, parse_duration)
    from engine.interventions import parse_inject, parse_set  # noqa: PLC0415
    from recorder.reader import Session  # noqa: PLC0415

    with Session.open(session) as parent:
        rate = parent.tick_rate
        tick = round(start_s * rate)
        changes = [parse_set(text, tick + 1) for text in settings or ()]
        changes += [parse_inject(text, tick + 1) for text in injections or ()]
        if not changes:
            fail("name at least one change with --set or --inject, such as --set weather=storm.")
        if not parent.ticks:
            fail(f"{parent.path} ends before its first tick; there is nothing to fork.")
        end = parent.ticks[-1]
        last = end if lasts_s is None else tick + round(lasts_s * rate)
        if tick >= end:
            fail(f"--at {at}: {parent.path} ends at {end / rate:g} s; choose an earlier moment.")
        if last > end:
            fail(
                f"--duration {duration}: {parent.path} ends {(end - tick) / rate:g} s after {at}, and the twins with "
                "it; choose a shorter one."
            )
        if last <= tick:
            fail(f"--duration {duration}: is shorter than a tick, which lasts {1 / rate:g} s.")
        began = time.monotonic()
        from engine.fork import COUNTERFACTUAL, Fork  # noqa: PLC0415
        from engine.voice import open_voice  # noqa: PLC0415

        job = Fork(parent, tick, last, changes, out_dir)
        with busy("The model loads and the valley takes shape ..."):
            voice, which = open_voice(job.model, lockstep=True)
        try:
            with progress() as bar:
                task = bar.add_task("the fork", total=2 * (last - parent.ticks[0] + 1), note="")
                for done, state in enumerate(job.run(voice, which), 1):
                    lines = counted(state.lines, "line") or "no lines"
                    note = f"{state.role}, {format_duration(state.tick / rate)}, {lines}"
                    bar.update(task, completed=done, note=note)
        except KeyboardInterrupt:
            begun = [path for path in job.paths.values() if path.exists()]
            left = f"what was written is in {out_dir} and unfinished" if begun else "nothing was written"
            fail(f"stopped; {left}.", INTERRUPTED)
        finally:
            voice.close()
    say(
        f"\nTwins of {parent.path}, the same up to {format_duration(tick / rate)} and "
        f"{format_duration((last - tick) / rate)} beyond, made in {format_duration(time.monotonic() - began)}"
    )
    for role, path in job.paths.items():
        say(f"  {role:15} {path}")
    twins = " ".join(shlex.quote(str(path.parent)) for path in job.paths.values())
    say(f"\nWhat the change did:  hamlet session diff {twins}")
    say(f"See it:               hamlet render {shlex.quote(str(job.paths[COUNTERFACTUAL].parent))} --out ...")
