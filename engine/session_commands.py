"""The commands `hamlet session ...`: look into a session, check it, compare, cut, merge and recover."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from engine.files import WrittenPath
from engine.quantities import format_duration, tick_range
from engine.terminal import INTERRUPTED, busy, counted, fail, out, parsed, progress, say

if TYPE_CHECKING:
    from recorder.compare import Comparison, Tally
    from recorder.differences import Difference
    from recorder.edit import Copied
    from recorder.reader import Session

app = typer.Typer(
    help="Look into a session, check it, compare it with another, cut, merge and recover it.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
K = TypeVar("K")
SessionArgument = Annotated[Path, typer.Argument(help="A session.hamlet file, or the folder it is in.")]
NewFileOption = Annotated[Path, WrittenPath("--out", help="The new session's file; it must not be there yet.")]
FINDINGS_SHOWN = 20
SOMETHING_LOST = 3  # exit code of recover
TicksHelp = "From a tick or time up to another: 160:800, 10s:1min, 30s: (the end is not part of it)."


@app.command()
def info(
    session: SessionArgument,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")] = False,
) -> None:
    """Say what a session is at a glance: what it spans, what it holds, and what that weighs."""
    from recorder.overview import overview  # noqa: PLC0415
    from recorder.reader import Session  # noqa: PLC0415

    with Session.open(session) as opened:
        seen = overview(opened)
    if as_json:
        print(json.dumps(seen.to_plain()))
        return
    from engine.overview_page import page  # noqa: PLC0415

    out.print(page(seen))


@app.command()
def verify(
    session: SessionArgument,
    mode: Annotated[
        str, typer.Option(help="'state' reads and checks all there is; 'resim' runs it again without a model.")
    ] = "state",
) -> None:
    """Check a session to its last byte, or run it again and compare.

    **state** reads everything: every checksum, index, tick, line and image, and puts every keyframe back into a
    simulation, which must give the recorded state.

    **resim** steps the scenario again with the words of the log and compares every hash. It says the first tick, room
    and value that differ.

    Exit code 0: all is as it should be, 1: damaged or different, 2: it cannot be done.
    """
    from recorder.container import CorruptSession  # noqa: PLC0415
    from recorder.reader import Session  # noqa: PLC0415

    if mode not in ("state", "resim"):
        fail(f"--mode: '{mode}' is not known; choose from state or resim.")
    try:
        with Session.open(session) as opened:
            examine(opened) if mode == "state" else run_again(opened)
    except CorruptSession as error:
        fail(str(error), 1)


def examine(session: Session) -> None:
    """Read all of a session; ends the program with exit code 1 where something is wrong."""
    from engine.resimulation import other_versions  # noqa: PLC0415
    from engine.verify import Examination  # noqa: PLC0415

    examination = Examination(session)
    with progress() as bar:
        for stage in examination.stages():
            if stage.total == 0:
                continue
            task = bar.add_task(stage.name, total=stage.total, note="")
            done = 0
            for done, _ in enumerate(stage.run(), 1):
                found = len(examination.findings)
                bar.update(task, completed=done, note=f"{found} wrong" if found else "")
            bar.update(task, total=done, completed=done)
    if session.being_written:
        say(f"{session.path} is still being written; it was checked up to where it was.")
    for note in examination.notes:
        say(note)
    for finding in examination.findings[:FINDINGS_SHOWN]:
        say(finding)
    if examination.findings:
        count = len(examination.findings)
        versions = other_versions(session) if any("keyframe" in each for each in examination.findings) else ""
        say_versions(versions)
        more = f", of which the first {FINDINGS_SHOWN} are told above" if count > FINDINGS_SHOWN else ""
        fail(f"{session.path}: {counted(count, 'thing')} wrong{more}.", 1)
    parts = (
        (examination.records, "record"),
        (len(session.ticks), "tick"),
        (len(session.lines()), "line"),
        (examination.images, "image"),
    )
    put_back = f"; {counted(examination.keyframes, 'keyframe')} put back" if examination.keyframes else ""
    stopped = session.ticks and not (session.complete or session.being_written)
    stops = f" up to tick {session.ticks[-1]}, after which it was cut off" if stopped else ""
    say(f"{session.path} is whole{stops}: {', '.join(counted(*part) for part in parts if part[0])}{put_back}.")


def run_again(session: Session) -> None:
    """Run a session again without a model; ends the program with exit code 1 where it differs from the recording."""
    from engine.resimulation import other_versions, resimulate  # noqa: PLC0415

    with progress() as bar:
        task = bar.add_task("running it again", total=len(session.ticks), note="")
        count, divergence = 0, None
        for count, (_, found) in enumerate(resimulate(session), 1):
            divergence = found
            bar.update(task, completed=count)
    if divergence:
        say_versions(other_versions(session))
        fail(f"{session.path} differs from the recording: {divergence}.", 1)
    if count < len(session.ticks):
        say(f"{counted(len(session.ticks) - count, 'tick')} before the first keyframe cannot be run again.")
    out.print(f"{counted(count, 'tick')} run again without a model: every state hash is the recorded one.")


def say_versions(versions: str) -> None:
    """Name what may have made a difference, if anything is known to."""
    if versions:
        say(f"A likely reason: this Hamlet is not the one that recorded it ({versions}).")


@app.command()
def cat(
    session: SessionArgument,
    what: Annotated[
        str,
        typer.Option(help="header, ticks, events, utterances, wordings, frames, surfaces, keyframes, or all of these."),
    ] = "all",
    ticks: Annotated[str | None, typer.Option(help=TicksHelp)] = None,
) -> None:
    """Write what a session holds as JSON lines, one for each tick, event, line, ...; for jq and the like.

    Every line names its kind under `record`; all else is as the session's own JSON Schemas say (see `--what header`,
    under `channels`).

    **Example:** `hamlet session cat runs/valley-001 --what utterances | jq -r .text`
    """
    from recorder.listing import KINDS, records  # noqa: PLC0415
    from recorder.reader import Session  # noqa: PLC0415

    kinds = tuple(KINDS) if what == "all" else (what,)
    if what != "all" and what not in KINDS:
        fail(f"--what: '{what}' is not known; choose from {', '.join(KINDS)} or all.")
    with Session.open(session) as opened:
        span = _span(opened, ticks)
        try:
            for record in records(opened, kinds, span):
                sys.stdout.write(json.dumps(record) + "\n")
            sys.stdout.flush()
        except BrokenPipeError:  # whoever reads has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _span(session: Session, text: str | None) -> range | None:
    if text is None:
        return None
    if not session.ticks:
        fail(f"--ticks: {session.path} holds no tick at all.")
    return parsed("--ticks", text, lambda typed: tick_range(typed, session.ticks, session.tick_rate))


@app.command()
def diff(
    a: Annotated[Path, typer.Argument(help="A session.hamlet file, or the folder it is in.")],
    b: Annotated[Path, typer.Argument(help="Another.")],
) -> None:
    """Say whether two sessions hold the same, and if not, where first and in how much.

    Compares every value of every tick, every line, word, image and keyframe, and the headers but for who made them
    when. Exit code 0: the same, 1: different.
    """
    from recorder.compare import compare  # noqa: PLC0415
    from recorder.reader import Session  # noqa: PLC0415

    with Session.open(a) as here, Session.open(b) as there:
        with progress() as bar:
            task = bar.add_task("comparing", total=len(here.ticks) + len(here.frames()), note="")
            for result in compare(here, there):
                bar.update(task, advance=1, note="" if result.same else "they differ")
            bar.update(task, total=1, completed=1)
        for sentence in _compared(result, here, there):
            say(sentence)
    if not result.same:
        raise typer.Exit(1)


def _compared(result: Comparison, here: Session, there: Session) -> Iterator[str]:
    """A comparison in sentences."""
    yield f"A  {here.path}: {here.ticks}\nB  {there.path}: {there.ticks}"
    if result.same:
        parts = ((len(here.ticks), "tick"), (len(here.lines()), "line"), (len(here.frames()), "frame"))
        yield f"The same: {', '.join(counted(*part) or f'no {part[1]}s' for part in parts)}."
        return
    if result.first is not None:
        yield from _first(result, result.first, here)
    elif result.ticks:
        yield f"All they share is the same: {result.ticks} ticks with what was said, seen and kept in them."
    else:
        yield "They share no tick."
    rows = [
        *((f"{room}: {name}", _tally(tally, "value")) for (room, name), tally in _most(result.fields)),
        ("language", counted(result.lines, "line")),
        ("language log", counted(result.wordings, "wording")),
        *((f"frames: {name}", _tally(tally, "frame")) for name, tally in _most(result.frames)),
        ("keyframes", counted(result.keyframes, "keyframe")),
        ("the valley", ", ".join(result.valley)),
        ("header", ", ".join(result.header)),
    ]
    rows = [(name, found) for name, found in rows if found]
    if rows:
        where = f", at {result.differing_ticks} of {result.ticks} shared ticks" if result.differing_ticks else ""
        yield f"What differs{where}:"
    for name, found in rows:
        yield f"  {name:28} {found}"
    for side, ticks, frames, keyframes in (
        ("A", result.only_here, result.frames_only_here, result.keyframes_only_here),
        ("B", result.only_there, result.frames_only_there, result.keyframes_only_there),
    ):
        only = [counted(ticks, "tick"), counted(frames, "frame"), counted(keyframes, "keyframe")]
        if any(only):
            yield f"Only in {side}: {', '.join(part for part in only if part)}."


def _most(tallies: dict[K, Tally]) -> list[tuple[K, Tally]]:
    return sorted(tallies.items(), key=lambda item: -item[1].count)


def _tally(tally: Tally, what: str) -> str:
    first = tally.first
    return f"{counted(tally.count, what)}, first at tick {first.tick}{f', {first.entity}' if first.entity else ''}"


def _first(result: Comparison, first: Difference, here: Session) -> Iterator[str]:
    before = [tick for tick in (first.tick - 1,) if tick in here.ticks]
    if before and first.room not in ("frames", "keyframes"):
        yield f"The same up to tick {before[0]} ({_time(before[0], here)}), different from tick {first.tick} on."
    where = ": ".join(part for part in (f"tick {first.tick}", first.room, first.entity, first.field) if part)
    yield f"First difference: {where}\n  A  {first.found}\n  B  {first.expected}"


def _time(tick: int, session: Session) -> str:
    return format_duration(tick / session.tick_rate)


@app.command()
def cut(
    session: SessionArgument,
    ticks: Annotated[str, typer.Option(help=TicksHelp)],
    target: NewFileOption,
) -> None:
    """Cut a piece out of a session: its ticks with everything said and seen in them, and nothing decoded.

    The last keyframe at or before the piece comes along, and the words from it on, so that it can be run again by
    itself. Pieces of one session can be merged again.

    **Example:** `hamlet session cut runs/valley-001 --ticks 1min:2min --out minute.hamlet`
    """
    from recorder.edit import cut as piece  # noqa: PLC0415
    from recorder.reader import Session  # noqa: PLC0415

    with Session.open(session) as opened:
        span = _span(opened, ticks)
        _write("cutting", piece(opened, target, span or range(0)), target, None if span is None else len(span))


@app.command()
def merge(
    sessions: Annotated[list[Path], typer.Argument(help="Two or more sessions of one run.")],
    target: NewFileOption,
) -> None:
    """Join pieces of one run to one session with all their ticks, lines, words, keyframes and frames, once each.

    Where several hold the same tick or frame, they must agree. Ticks that none of them holds stay gaps.

    **Example:** `hamlet session merge morning.hamlet noon.hamlet --out both.hamlet`
    """
    from recorder.edit import merge as joined  # noqa: PLC0415
    from recorder.reader import Session  # noqa: PLC0415

    if len(sessions) < 2:
        fail("merge needs two or more sessions.")
    with ExitStack() as stack:
        opened = [stack.enter_context(Session.open(path)) for path in sessions]
        _write("merging", joined(opened, target), target, len({tick for each in opened for tick in each.ticks}))
    with Session.open(target) as whole:
        gaps = len(whole.ticks.stretches) - 1
        if gaps:
            say(f"Nothing was recorded in {counted(gaps, 'gap')}: it holds {whole.ticks}.")


def _write(what: str, work: Generator[Copied, None, None], target: Path, ticks: int | None) -> None:
    """Show how a new session comes to be, then what is in it."""
    copied: Any = None
    try:
        with closing(work), progress() as bar:
            task = bar.add_task(what, total=ticks, note="")
            for copied in work:
                bar.update(task, completed=copied.ticks, note=f"{copied.frames} frames")
    except KeyboardInterrupt:
        fail(f"stopped; {target} was not written.", INTERRUPTED)
    parts = ((copied.ticks, "tick"), (copied.lines, "line"), (copied.frames, "frame"), (copied.keyframes, "keyframe"))
    say(f"{target}: {', '.join(counted(count, name) or f'no {name}s' for count, name in parts)}.")
    if copied.left_out:
        say(f"{counted(copied.left_out, 'frame')} left out: nobody recorded the state behind them.")


@app.command()
def recover(
    session: SessionArgument,
    target: NewFileOption,
) -> None:
    """Make a whole session of what is left of a damaged or unfinished one, and say exactly what was lost.

    The source is only read. Exit code 0: nothing was lost, 3: something was, 1: there is nothing to recover.

    **Example:** `hamlet session recover runs/valley-001 --out whole.hamlet`
    """
    from recorder.recover import NothingToRecover  # noqa: PLC0415
    from recorder.recover import recover as recovered  # noqa: PLC0415

    try:
        with busy("Looking for what is left ..."):
            recovery = recovered(session, target)
    except NothingToRecover as error:
        fail(str(error), 1)
    for line in recovery.lines():
        say(line)
    if recovery.lost:
        raise typer.Exit(SOMETHING_LOST)
