"""A session at a glance, laid out for a terminal of 80 columns."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from engine.quantities import format_duration
from recorder.overview import AGENT_HOUR_BYTES, CameraView, Overview

STYLES = {"complete": "green", "being written": "yellow", "cut off": "yellow", "damaged": "bold red"}
KINDS = {
    "blob": "images",
    "chunk": "state",
    "frame": "frames",
    "utterance": "lines",
    "wording": "language log",
    "keyframe": "keyframes",
    "slow": "keyframes, slow parts",
    "surface": "ground",
    "header": "header",
    "scenery": "valley",
    "cast": "villagers",
    "index": "index",
    "part": "index, in parts",
    "end": "end",
}
NAMES_SHOWN = 8


def page(seen: Overview) -> RenderableType:
    """The whole page."""
    parts: list[RenderableType] = [_title(seen), _facts(seen)]
    if seen.cameras:
        parts += ["", _cameras(seen.cameras)]
    parts += ["", _weights(seen)]
    parts += [Text(f"damage: {each}", "red") for each in seen.damage]
    return Group(*parts)


def _title(seen: Overview) -> Text:
    title = Text()
    title.append(seen.scenario or "a session", "bold")
    title.append(f", seed {seen.seed}" if seen.seed is not None else "")
    title.append("   ")
    title.append(_state(seen), STYLES[seen.state])
    if seen.counterfactual:
        title.append("   counterfactual", "magenta")
    title.append(f"\n{seen.path}", "dim")
    return title


def _state(seen: Overview) -> str:
    """Its state; a kill or a full disk takes the end of a session, and nothing before it."""
    if seen.state != "cut off" or not seen.ticks:
        return seen.state
    return f"cut off after tick {seen.ticks[-1][1]}; all before that is there"


def _facts(seen: Overview) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in _rows(seen):
        table.add_row(name, Text(value))
    return table


def _rows(seen: Overview) -> list[tuple[str, str]]:
    stretches = ", ".join(f"{first} to {last}" for first, last in seen.ticks) or "none"
    names = ", ".join(seen.villagers[:NAMES_SHOWN]) + (", ..." if len(seen.villagers) > NAMES_SHOWN else "")
    rows = [
        ("when", _when(seen)),
        ("ticks", f"{stretches}, {seen.tick_rate} each second"),
        ("villagers", f"{len(seen.villagers)}: {names}" if seen.villagers else "none"),
        ("lines", _lines(seen)),
        ("model", seen.model or "not said"),
        ("keyframes", str(seen.keyframes) if seen.keyframes else "none"),
        ("ground", f"{seen.surfaces} surfaces" if seen.surfaces else "not recorded"),
        ("files", _files(seen)),
        ("id", seen.id or "none, as in the first format"),
    ]
    if seen.run and seen.run != seen.id:
        rows.append(("run", seen.run))
    if seen.origin:
        rows.append(("made by", _origin(seen.origin)))
    if seen.counterfactual:
        rows.append(("sky changed", _pairs(seen.counterfactual)))
    rows += [("changed", _change(each)) for each in seen.interventions]
    if seen.created:
        rows.append(("recorded", seen.created.replace("T", " ")))
    return rows


def _when(seen: Overview) -> str:
    lasts = format_duration(seen.world_s)
    if not seen.start or not seen.ticks:
        return f"{lasts} of world time"
    begins = datetime.fromisoformat(seen.start)
    ends = begins + timedelta(seconds=(seen.ticks[-1][1] - seen.ticks[0][0]) / seen.tick_rate)
    return f"{begins:%a} {begins.day} {begins:%b %Y, %H:%M:%S} to {ends:%H:%M:%S}, {lasts}"


def _files(seen: Overview) -> str:
    count = len(seen.segments)
    return f"{format_bytes(seen.bytes)}{f' in {count} segments' if count > 1 else ''}, format {seen.format}"


def _lines(seen: Overview) -> str:
    if not seen.lines:
        return "none"
    if seen.lines_by_model is None:
        return f"{seen.lines}, not all of them readable"
    return f"{seen.lines}, {seen.lines_by_model or 'none'} of them worded by the model"


def _change(given: Any) -> str:
    """An intervention in words: `from tick 481 on: talkativeness, to 0.0`."""
    if not isinstance(given, dict) or not isinstance(given.get("change"), dict):
        return str(given)
    change = dict(given["change"])
    what = change.pop("what", "?")
    return f"from tick {given.get('tick')} on: {', '.join(part for part in (what, _pairs(change)) if part)}"


def _origin(origin: dict[str, Any]) -> str:
    of = origin.get("of")
    parents = ", ".join(str(each)[:8] for each in (of if isinstance(of, list) else [of]) if each)
    ticks = origin.get("ticks")
    text = str(origin.get("kind", "?")) + (f" of {parents}" if parents else "")
    if isinstance(ticks, list) and len(ticks) == 2 and all(isinstance(tick, int) for tick in ticks):
        text += f", ticks {ticks[0]} to {ticks[1]}"
    if origin.get("kind") == "fork":
        text += f" at tick {origin.get('at')}, the {origin.get('role')} twin of {str(origin.get('twin'))[:8]}"
    earlier = [_origin(each) for each in origin.get("earlier", []) if isinstance(each, dict)]
    return f"{text} <- {'; '.join(earlier)}" if earlier else text


def _pairs(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    return ", ".join(f"{key} {_pairs(item)}" for key, item in value.items() if item not in (None, ""))


def _cameras(cameras: dict[str, CameraView]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="cyan", no_wrap=True)
    for _ in range(3):
        table.add_column(no_wrap=True, justify="right")
    table.add_column(overflow="fold")
    table.add_row(Text("camera", "dim"), *(Text(name, "dim") for name in ("frames", "pixels", "size", "modalities")))
    for name, view in cameras.items():
        sizes = ", ".join(f"{width}x{height}" for width, height in view.sizes)
        total = sum(weight.bytes for weight in view.modalities.values())
        each = ", ".join(f"{modality} {format_bytes(w.bytes)}" for modality, w in view.modalities.items())
        table.add_row(Text(name), str(view.frames), sizes, format_bytes(total), Text(each))
    return table


def _weights(seen: Overview) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="cyan", no_wrap=True, min_width=max(map(len, KINDS.values())))
    for widest in ("records", "999.9 MB", "100.0%"):
        table.add_column(no_wrap=True, justify="right", min_width=len(widest))
    table.add_column(no_wrap=True, overflow="crop")  # a narrow terminal has numbers rather than bars
    table.add_row(Text("holds", "dim"), *(Text(name, "dim") for name in ("records", "size", "share")))
    for kind, weight in seen.weights.items():
        share = weight.bytes / max(seen.bytes, 1)
        bar = Text("█" * round(share * 24), "cyan")
        name = KINDS.get(kind, kind)
        table.add_row(name, f"{weight.records:,}", format_bytes(weight.bytes), f"{share:.1%}", bar)
    if seen.agent_hour_bytes is None:
        return table
    kept = seen.agent_hour_bytes <= AGENT_HOUR_BYTES
    promise = Text("state and language: ")
    promise.append(f"{format_bytes(seen.agent_hour_bytes)} per villager and hour", "green" if kept else "yellow")
    promise.append(f", {'within' if kept else 'above'} the {format_bytes(AGENT_HOUR_BYTES)} promised")
    return Group(table, "", promise)


def format_bytes(count: float) -> str:
    """Short text such as `512 B`, `3.4 kB` or `1.2 GB`; decimal units."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
