"""The command `hamlet render`: new frames from an old session."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import Annotated

import typer

from engine.files import WrittenPath
from engine.options import (
    MODALITY_NAMES,
    DeviceOption,
    FpsOption,
    LooseFramesOption,
    QualityOption,
    SizeOption,
    WorkersOption,
    draw_on,
)
from engine.quantities import format_duration, parse_size, tick_range
from engine.scenario import QUALITIES
from engine.terminal import INTERRUPTED, counted, fail, make_products, parsed, progress, say


def render(
    session: Annotated[Path, typer.Argument(help="A session.hamlet file, or the folder it is in.")],
    out_dir: Annotated[
        Path,
        WrittenPath("--out", help="Folder for the new session and what is made of it."),
    ],
    cameras: Annotated[
        str | None,
        typer.Option(
            help="Recorded cameras by name, such as overlook,street; or a .toml file with [[camera]] tables as "
            "scenarios have them. Recorded cameras stand where they stood; at a rate that has no recorded pose they "
            "run anew."
        ),
    ] = None,
    modalities: Annotated[str | None, typer.Option(help=f"'all', or some of {MODALITY_NAMES}.")] = None,
    size: SizeOption = None,
    fps: FpsOption = None,
    quality: QualityOption = None,
    ticks: Annotated[
        str | None,
        typer.Option(help="From a tick or time up to another: 160:800, 10s:1min, 30s: (the end is not drawn)."),
    ] = None,
    workers: WorkersOption = None,
    device: DeviceOption = None,
    weather: Annotated[
        str | None,
        typer.Option(help="Another weather: clear, fair, overcast, drizzle, rain, storm, cloudburst, fog or snow."),
    ] = None,
    time_of_day: Annotated[
        str | None, typer.Option(help="Another hour, local solar: 18:30 is when the first frame is seen.")
    ] = None,
    season: Annotated[
        str | None, typer.Option(help="The middle of another season: spring, summer, autumn or winter.")
    ] = None,
    loose_frames: LooseFramesOption = False,
) -> None:
    """Make new frames from an old session: other cameras, sizes, rates and modalities, or another sky.

    Draws what was recorded, with no model and no simulation, and writes a new session that holds the ticks of the range
    with everything said and done in them. Whatever is not given is as it was recorded, and then every pixel is too.

    **Example:** `hamlet render runs/valley-001 --out runs/storm --cameras street --size 1280x720 --ticks 10s:1min
    --weather storm --time-of-day 19:30`

    **Another sky** (--weather, --time-of-day, --season) changes the light, the air and the ground, never where people
    are or what they say. The new session says that it is counterfactual, and so do its pictures.
    """
    from engine.counterfactual import KINDS, SEASONS, Override, parse_time_of_day  # noqa: PLC0415

    _one_of("--weather", weather, KINDS)
    _one_of("--quality", quality, QUALITIES)
    _one_of("--season", season, tuple(SEASONS))
    hour = None if time_of_day is None else parsed("--time-of-day", time_of_day, parse_time_of_day)
    pixels = None if size is None else parsed("--size", size, parse_size)
    draw_on(device)
    began = time.monotonic()
    from engine.processes import cores  # noqa: PLC0415
    from engine.rerender import Order, Rerender  # noqa: PLC0415
    from recorder.reader import Session  # noqa: PLC0415

    with Session.open(session) as opened:
        span = None
        if ticks is not None and opened.ticks:
            span = parsed("--ticks", ticks, lambda text: tick_range(text, opened.ticks, opened.tick_rate))
        order = Order(_cameras(cameras), pixels, fps, modalities, quality, span, Override(weather, hour, season))
        job = Rerender(opened, out_dir, order, workers or cores())
        try:
            with progress() as bar:
                task = bar.add_task("drawing", total=job.frames, note="the valley takes shape")
                for state in job.run():
                    if state.frames:
                        rate = state.frames / (time.monotonic() - began)
                        note = f"{state.frames} of {state.of_frames} frames, {rate:.1f} a second"
                        bar.update(task, completed=state.frames, note=note)
            if state.stopped:
                say("Stopped early; what was drawn is complete.")
            made = make_products(job.products(loose_frames)) if state.frames else []
        except KeyboardInterrupt:
            fail(f"stopped; what was drawn is in {job.path}.", INTERRUPTED)
    say(f"\n{counted(state.frames, 'frame') or 'No frames'} drawn in {format_duration(time.monotonic() - began)}")
    for what, path in made:
        say(f"  {what:26} {path}")
    say(f"\nWatch it with:  hamlet replay {shlex.quote(str(job.path))}")


def _cameras(text: str | None) -> tuple[str, ...] | Path | None:
    if text is None:
        return None
    if text.endswith(".toml"):
        return Path(text)
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        fail("--cameras names no camera; leave it out for all recorded ones.")
    return names


def _one_of(option: str, value: str | None, choices: tuple[str, ...]) -> None:
    if value is not None and value not in choices:
        fail(f"{option}: '{value}' is not known; choose from {', '.join(choices)}.")
