"""The dialogue as people read it: a script grouped by conversation, and subtitles in world time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from os import PathLike
from pathlib import Path
from textwrap import fill

from recorder.moments import clock_words, local_time, name_of, names_of, place_words, spoken_at, weather_words
from recorder.reader import Session
from recorder.schema import Utterance

WIDTH = 100  # characters per line of the script
NAMED_ASIDE = 4  # overhearers named in the script; the session has them all


@dataclass(frozen=True)
class Cue:
    """One subtitle; cues of a session follow each other and never overlap."""

    start_s: float
    end_s: float
    text: str  # `Name: line`, one line per speaker


def cues(session: Session, first_tick: int | None = None, last_tick: int | None = None) -> list[Cue]:
    """Subtitles in seconds of world time since a tick (the session's first by default), up to another tick."""
    if not session.ticks:
        return []
    start = session.ticks[0] if first_tick is None else first_tick
    end = session.ticks[-1] + 1 if last_tick is None else last_tick
    utterances = session.lines()
    ticks = {tick for line in utterances for tick in (line.start_tick, max(line.end_tick, line.start_tick + 1))}
    edges = [tick for tick in sorted(ticks | {start, end}) if start <= tick <= end]
    made = []
    for a, b in pairwise(edges):
        lines = spoken_at(utterances, a)
        if lines:
            text = "\n".join(f"{name_of(session.cast, line.speaker)}: {line.text}" for line in lines)
            made.append(Cue((a - start) / session.tick_rate, (b - start) / session.tick_rate, text))
    return made


def write_srt(session: Session, path: str | PathLike[str]) -> Path:
    """Write the dialogue as SubRip subtitles, timed from the session's first tick."""
    path = Path(path)
    blocks = [
        f"{number}\n{_srt_time(cue.start_s)} --> {_srt_time(cue.end_s)}\n{cue.text}\n"
        for number, cue in enumerate(cues(session), start=1)
    ]
    path.write_text("\n".join(blocks), encoding="utf-8", errors="replace")
    return path


def _srt_time(seconds: float) -> str:
    whole = round(seconds * 1000)
    return f"{whole // 3_600_000:02}:{whole // 60_000 % 60:02}:{whole // 1000 % 60:02},{whole % 1000:03}"


def write_dialogue(session: Session, path: str | PathLike[str]) -> Path:
    """Write the dialogue as a script: the run, the people, every conversation with its place, time and weather."""
    path = Path(path)
    parts = [_title(session), _people(session)]
    talks: dict[int, list[Utterance]] = {}
    for utterance in sorted(session.lines(), key=lambda line: (line.start_tick, line.id)):
        talks.setdefault(utterance.conversation, []).append(utterance)
    parts += [_conversation(session, lines) for lines in talks.values()]
    if not talks:
        parts.append("Nobody spoke.")
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8", errors="replace")
    return path


def _title(session: Session) -> str:
    header, ticks = session.header, session.ticks
    scenario, model = header.get("scenario") or {}, header.get("model") or {}
    name = scenario.get("name", session.path.stem) if isinstance(scenario, dict) else session.path.stem
    lines = [f"HAMLET: {name}"]
    if ticks:
        seconds = len(ticks) / session.tick_rate
        lines.append(
            f"{clock_words(header, ticks[0])} to {clock_words(header, ticks[-1])} ({seconds:.0f} s of village life)"
        )
    words = model.get("name") if isinstance(model, dict) and model.get("sha256") else "no model, phrases only"
    lines.append(f"seed {header.get('seed', '?')}; words by {words or 'no model, phrases only'}")
    if not session.complete:
        lines.append("The recording was cut off; this is what was written before.")
    return "\n".join(lines)


def _people(session: Session) -> str:
    lines = ["PEOPLE"]
    for row, persona in enumerate(session.cast.personas):
        facts = [str(persona[key]) for key in ("age", "trade", "manner") if persona.get(key)]
        lines.append(f"  {', '.join([name_of(session.cast, row), *facts])}")
    return "\n".join(lines)


def _conversation(session: Session, lines: list[Utterance]) -> str:
    first, cast = lines[0], session.cast
    about = [place_words(session.scenery, first), clock_words(session.header, first.start_tick)]
    if first.start_tick in session.ticks:
        about.append(weather_words(session.snapshot(first.start_tick).environment))
    rows = tuple(dict.fromkeys(row for line in lines for row in (line.speaker, *line.listeners)))
    aside = tuple(dict.fromkeys(row for line in lines for row in line.overhearers if row not in rows))
    said = [f"{names_of(cast, rows)}: {'; '.join(about)}", "-" * WIDTH]
    if aside:
        more = f" and {len(aside) - NAMED_ASIDE} others" if len(aside) > NAMED_ASIDE + 1 else ""
        named = ", ".join(name_of(cast, row) for row in aside[:NAMED_ASIDE]) if more else names_of(cast, aside)
        said.append(f"(within earshot: {named}{more})")
    return "\n".join(said + [_line(session, line) for line in lines])


def _line(session: Session, line: Utterance) -> str:
    when = local_time(session.header, line.start_tick)
    clock = f"{when:%H:%M:%S}" if when else f"{line.start_tick / session.tick_rate:.1f} s"
    name = name_of(session.cast, line.speaker)
    margin = " " * 24
    text = fill(line.text, WIDTH, initial_indent=f"{clock}  {name:<12}  ", subsequent_indent=margin)
    subject = f", {line.topic}" if line.topic else ""
    return f"{text}\n{margin}[{line.act}{subject}; {line.source}]"
