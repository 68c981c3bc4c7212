"""The command line: watch, capture, replay, doctor."""

from __future__ import annotations

import io
import os
import shlex
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from engine.files import WrittenPath
from engine.fork_command import fork
from engine.options import (
    MODALITY_NAMES,
    DeviceOption,
    FpsOption,
    LooseFramesOption,
    QualityOption,
    ScenarioArgument,
    SizeOption,
    VariationOption,
    WorkersOption,
    draw_on,
)
from engine.people import people
from engine.quantities import format_duration, parse_moment, parse_size
from engine.render_command import render
from engine.scenario import load
from engine.session_commands import app as session_commands
from engine.session_commands import run_again, say_versions
from engine.study_command import study
from engine.terminal import INTERRUPTED, busy, counted, fail, make_products, out, parsed, progress, say
from engine.world_commands import validate
from engine.world_commands import world as world_commands

app = typer.Typer(
    help="Hamlet: a small valley that lives, talks and records itself. Start with 'hamlet watch' for a window, or "
    "'hamlet capture' for a dataset.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
SeedOption = Annotated[int | None, typer.Option(help="Another seed: another valley, other people.", min=0)]
ModelOption = Annotated[
    str | None,
    typer.Option(
        help="What words the villagers' acts: 'embedded' (SmolLM2-135M), 'none' (templates), the path of a .gguf file, "
        "or owner/repo/file.gguf on the Hugging Face hub."
    ),
]


@app.command()
def watch(
    scenario: ScenarioArgument = "valley",
    seed: SeedOption = None,
    model: ModelOption = None,
    size: Annotated[str, typer.Option(help="Window size in pixels.")] = "1280x720",
    device: DeviceOption = None,
    variation: VariationOption = None,
) -> None:
    """Open the valley in a window and watch it live.

    Keys: 1 fly, 2 orbit, 3 follow; WASD or arrows move, E and Q raise and lower, dragging looks round, the wheel zooms;
    Tab next villager; space pauses, full stop steps one tick, + and - change the speed (1x to 64x); B bubbles, H help,
    P saves a picture, Esc closes.
    """
    overrides = _given({"seed": seed, "language.model": model, "randomise.variation": variation})
    chosen = load(scenario, overrides)
    pixels = parsed("--size", size, parse_size)
    draw_on(device)
    # Imported only now: a wrong argument is answered before anything heavy is loaded.
    from engine.render.graphics import pipe_of  # noqa: PLC0415

    pipe_of(windowed=True)  # a missing display is told before the valley is made for it
    from engine.simulation import Simulation  # noqa: PLC0415
    from engine.sources import LiveSource  # noqa: PLC0415
    from engine.voice import lost_words, open_voice  # noqa: PLC0415
    from engine.watch import Window  # noqa: PLC0415

    with busy("The model loads ..."):
        voice, _ = open_voice(chosen.language.model, lockstep=False)
    try:
        with busy("The valley takes shape ..."):
            simulation = Simulation(chosen, voice)
        Window(LiveSource(simulation), pixels, f"Hamlet: {chosen.name}").run()
    finally:
        voice.close()
    if lost := lost_words(voice):
        say(str(lost))


@app.command()
def capture(
    scenario: ScenarioArgument = "valley",
    out_dir: Annotated[
        Path | None,
        WrittenPath("--out", help="Folder for what is made; by default a new one under runs/."),
    ] = None,
    duration: Annotated[str | None, typer.Option(help="World time to capture: 90s, 5min, 1h30min.")] = None,
    fps: FpsOption = None,
    size: SizeOption = None,
    loose_frames: LooseFramesOption = False,
    modalities: Annotated[
        str | None,
        typer.Option(
            help=f"'all', some of {MODALITY_NAMES}, or 'none': state and words only, which 'hamlet render' makes "
            "frames of whenever you like."
        ),
    ] = None,
    quality: QualityOption = None,
    workers: WorkersOption = None,
    device: DeviceOption = None,
    seed: SeedOption = None,
    variation: VariationOption = None,
    model: ModelOption = None,
) -> None:
    """Run a scenario without a screen and record it: frames, positions, dialogue and the truth behind them.

    Runs in lockstep, so the same scenario and seed give the same recording. Ctrl-C ends it early and keeps everything
    made so far.

    **Example:** `hamlet capture valley --duration 10min --fps 1 --size 1280x720 --quality fast --workers 8`

    One process lives the village, the workers draw it. The line of progress ends with what takes the longest:
    **drawing** (take more --workers, a smaller --size, fewer --modalities or another --quality), **words** (a smaller
    --model, or none), **disk**, or the **village** itself, whose life one process lives.
    """
    overrides = _given(
        {
            "seed": seed,
            "randomise.variation": variation,
            "language.model": model,
            "capture.duration": duration,
            "capture.fps": fps,
            "capture.size": size,
            "capture.modalities": modalities,
            "capture.quality": quality,
        }
    )
    chosen = load(scenario, overrides)
    draw_on(device)
    folder = out_dir if out_dir is not None else _new_run(chosen.name)
    began = time.monotonic()
    from engine.capture import Capture  # noqa: PLC0415
    from engine.voice import LostWords, open_voice  # noqa: PLC0415

    with busy("The valley takes shape and the model loads ..."):
        voice, which = open_voice(chosen.language.model, lockstep=True)
        try:
            job = Capture(chosen, folder, voice, which, workers=workers)
        except BaseException:
            voice.close()
            raise
    rate = chosen.world.tick_rate
    try:
        with progress() as bar:
            task = bar.add_task(f"capturing {chosen.name}", total=chosen.ticks, note="")
            for state in job.run():
                bar.update(task, completed=state.tick, note=_how_far(state, job.waits, rate))
        if state.stopped:
            say("Stopped early; what was captured is complete.")
        made = make_products(job.products(loose_frames))
    except KeyboardInterrupt:
        fail(f"stopped; what was recorded is in {job.path}.", INTERRUPTED)
    frames = counted(state.frames, "frame")
    frames = f"{frames} of {', '.join(chosen.capture.modalities)}" if frames else "no frames"
    spoken = counted(state.utterances, "spoken line") or "no spoken lines"
    if which.sha256 and state.utterances:
        spoken += f" ({state.worded_by_model} worded by {which.name})"
    out.print(
        f"\n[bold]{chosen.name}[/bold]: {format_duration(state.tick / rate)} of village life, {frames}, "
        f"{spoken}, "
        f"made in {format_duration(time.monotonic() - began)}"
    )
    if lost := LostWords(state.lost_lines, state.lost_reason):
        say(str(lost))
    for what, path in made:
        say(f"  {what:26} {path}")
    say(f"\nWatch it again with:  hamlet replay {shlex.quote(str(made[0][1]))}")


@app.command()
def replay(
    session: Annotated[Path, typer.Argument(help="A session.hamlet file, or the folder it is in.")],
    headless: Annotated[bool, typer.Option(help="No window: draw every recorded frame again and compare.")] = False,
    verify: Annotated[
        bool, typer.Option(help="No window: run the scenario again and compare every state hash.")
    ] = False,
    at: Annotated[str | None, typer.Option(help="Start at this time of the run: 90s, 5min.")] = None,
    paused: Annotated[bool, typer.Option("--paused", help="Start paused.")] = False,
    size: Annotated[str, typer.Option(help="Window size in pixels.")] = "1280x720",
) -> None:
    """Open a recording in the same window, with no model loaded.

    Keys as in watch. The timeline along the bottom shows when there is talk; click or drag on it to go anywhere. Comma
    and semicolon jump ten seconds back and on, page up and page down a minute, Home and End to either end; T hides the
    timeline.

    With --headless the frames are drawn again from the recorded state and compared with those recorded, byte for byte;
    with --verify the run itself is repeated.
    """
    from recorder.reader import Session  # noqa: PLC0415

    pixels = parsed("--size", size, parse_size)
    seconds = 0.0 if at is None else parsed("--at", at, parse_moment)
    opened = Session.open(session)
    if verify:
        run_again(opened)
    if headless:
        _redraw(opened)
    if not (verify or headless):
        from engine.sources import RecordedSource  # noqa: PLC0415
        from engine.watch import Window  # noqa: PLC0415

        source = RecordedSource(opened)
        if at is not None:
            first, last = (tick / opened.tick_rate for tick in (opened.ticks[0], opened.ticks[-1]))
            if not first <= seconds <= last:
                where = "before the beginning" if seconds < first else "beyond the end"
                fail(f"--at {at} lies {where} of {opened.path}, which holds {first:g} s to {last:g} s.")
            source.seek(round(seconds * opened.tick_rate))
        Window(source, pixels, f"Hamlet: {source.name} (recording)", paused=paused).run()


def _redraw(session: Any) -> None:
    from engine.redraw import redraw  # noqa: PLC0415

    with progress() as bar:
        references = [reference for reference in session.frames() if reference.tick in session.ticks]
        task = bar.add_task("drawing it again", total=len(references), note="")
        differing = []
        for done, (reference, names) in enumerate(redraw(session), 1):
            bar.update(task, completed=done)
            if names:
                differing.append((reference, names))
    if stateless := len(session.frames()) - len(references):
        say(f"{counted(stateless, 'frame')} not drawn: the state behind them is not in the session.")
    if differing:
        from engine.resimulation import other_versions  # noqa: PLC0415

        say_versions(other_versions(session))
        reference, names = differing[0]
        fail(
            f"{session.path}: {len(differing)} frames differ from the recording, first at tick {reference.tick}, "
            f"camera {reference.camera}, in: {', '.join(names)}.",
            1,
        )
    out.print(f"{len(references)} frames drawn again from the recorded state: every pixel is the recorded one.")


app.command()(render)
app.command()(fork)
app.command()(people)
app.command()(validate)
app.command()(study)
app.add_typer(world_commands, name="world")
app.add_typer(session_commands, name="session")


@app.command()
def doctor(
    model: Annotated[
        str, typer.Option(help="The model to try: embedded, none, a path or owner/repo/file.gguf.")
    ] = "embedded",
    device: DeviceOption = None,
) -> None:
    """Check this machine: draw a known scene and compare it with the exact answer, load the model, say a line."""
    from engine.doctor import examine  # noqa: PLC0415

    draw_on(device)
    healthy = True
    from rich.table import Table  # noqa: PLC0415

    table = Table(title="Hamlet's doctor", title_justify="left")
    for column in ("", "checked", "found", "remedy"):
        table.add_column(column, overflow="fold")
    with busy("Examining ...") as status:
        for finding in examine(model):
            status.update(f"{finding.name} ...")
            mark = (
                "[green]ok[/green]" if finding.well else "[red]ill[/red]" if finding.needed else "[yellow]thin[/yellow]"
            )
            healthy = healthy and (finding.well or not finding.needed)
            table.add_row(mark, *map(escape, (finding.name, finding.found, finding.remedy)))
    out.print(table)
    if not healthy:
        raise typer.Exit(1)


def _how_far(state: Any, waits: Any, rate: int) -> str:
    """How far a capture is, how fast, and what it mostly waits for."""
    lived_s, elapsed_s = state.tick / rate, max(sum(vars(waits).values()), 1e-3)
    frames = f"{state.frames} frames ({state.frames / elapsed_s:.1f}/s), " if state.frames else ""
    share = getattr(waits, waits.longest()) / elapsed_s
    return (
        f"{format_duration(lived_s)} of {format_duration(state.ticks / rate)}, {frames}{state.utterances} lines, "
        f"{lived_s / elapsed_s:.1f}x real time, {share:.0%} {waits.longest()}"
    )


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in options.items() if value is not None}


def _new_run(name: str) -> Path:
    number = 1
    while (folder := Path("runs") / f"{name}-{number:03d}").exists():
        number += 1
    return folder


def main() -> None:
    """Run the command line. What the user can mend is one sentence on stderr and exit code 2."""
    # Whoever closes an output wants nothing from it.
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for as long as the process lasts
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    # A terminal or a pipe that knows few letters gets a question mark for the others, not an error.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        app()
    except KeyboardInterrupt:  # before any command has begun
        sys.exit(INTERRUPTED)
    except _errors_for_people() as error:
        print(f"hamlet: {error}{_remedy(error)}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:  # what no command foresees, such as an output that cannot be printed to
        where = f"{error.filename}: " if error.filename else ""
        print(f"hamlet: {where}{error.strerror or error}.", file=sys.stderr)
        sys.exit(2)


def _remedy(error: Exception) -> str:
    """What helps against damage met on the way."""
    damaged = type(error).__name__ == "CorruptSession"
    return " 'hamlet session recover' makes a whole session of what is left." if damaged else ""


def _errors_for_people() -> tuple[type[Exception], ...]:
    """Errors whose message is for the person at the keyboard; a module never loaded has raised none."""
    homes = {
        "engine.scenario": "ScenarioError",
        "engine.products": "OutputError",
        "engine.rerender": "RerenderError",
        "engine.validation": "ValidationError",
        "engine.plots": "PlotsError",
        "engine.render.graphics": "RenderError",
        "world.sky.station": "StationError",
        "agents.language.models": "ModelError",
        "recorder.container": "SessionError",
    }
    return tuple(getattr(sys.modules[module], name) for module, name in homes.items() if module in sys.modules)
