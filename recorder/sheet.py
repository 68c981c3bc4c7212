"""The contact sheet: a few moments of a session, every modality side by side, with the legends a stranger needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from assets.palette import LABEL_COLOURS, SemanticClass
from recorder import falsecolour
from recorder.annotate import visible_villagers
from recorder.container import SessionError
from recorder.frames import FrameRef
from recorder.lettering import (
    FAINT_INK,
    INK,
    Colour,
    Font,
    clipped,
    font,
    line_height,
    put,
    shade,
    speaker_colour,
    text_width,
    wrap,
)
from recorder.moments import clock_words, name_of, names_of, spoken_at, weather_words
from recorder.reader import Session
from recorder.schema import Utterance

COLUMNS = {
    "rgb": ("Picture", "what the camera sees"),
    "depth": ("Depth", "metres along the optical axis"),
    "instance": ("Instances", "one colour per thing"),
    "semantic": ("Classes", "what kind of thing it is"),
    "part": ("Parts", "of bodies (left is darker), houses, plants"),
    "albedo": ("Albedo", "the colour itself, without light"),
    "normal": ("Normals", "which way a surface faces"),
    "flow": ("Motion", "pixels until the next frame"),
    "back_flow": ("Motion back", "pixels to the frame before"),
}
PICTURES, MOTIONS = ("rgb", "albedo"), ("flow", "back_flow")
MOMENTS = 4  # per camera, fewer where there are many cameras
MOST_ROWS = 8  # where there are more cameras, one moment of each
MOST_CAMERAS = 32  # the sheet says it where there are more
CANDIDATES = 12  # frames looked at to find the liveliest of a stretch of time
LEGEND_IDS = 6  # names in the instance legend
TILE_PX = 300  # width of one picture
TALLEST_PX = 600  # pictures that would be taller are narrower
GAP = 12
MARGIN = 36
BACKGROUND = (24, 26, 33)
PANEL = (34, 37, 46)


@dataclass
class _Ranges:
    """What the colour scales of one camera span over all its rows; motion has a scale for each frame."""

    near_m: float = 1.0
    far_m: float = 100.0
    fastest_px: dict[str, float] = field(default_factory=dict)  # by MOTIONS
    classes: set[int] = field(default_factory=set)
    people: dict[int, int] = field(default_factory=dict)  # row of the cast -> pixels

    def tag(self, modality: str) -> str:
        """The scale as it is written into a picture."""
        if modality == "depth":
            digits = 1 if self.near_m < 10 else 0
            return f"{self.near_m:.{digits}f} to {self.far_m:.0f} m"
        return f"up to {self.fastest_px[modality]:.1f} px" if modality in self.fastest_px else ""


def write_contact_sheet(session: Session, path: str | PathLike[str]) -> Path:
    """Write an overview of a session as one PNG: moments and cameras downwards, modalities across, legends below.

    Raises:
        SessionError: the session has no frames, or the file cannot be written.
    """
    path = Path(path)
    rows = moments(session)
    if not rows:
        raise SessionError(f"{session.path} has no frames to show on a contact sheet.")
    try:
        _draw(session, rows).save(path)
    except OSError as error:
        raise SessionError(f"{path} cannot be written: {error.strerror}.") from error
    return path


def moments(session: Session) -> list[FrameRef]:
    """The frames to show: of each stretch of time the liveliest tick, by every camera, at most MOST_CAMERAS."""
    cameras = session.cameras[:MOST_CAMERAS]
    count = max(1, min(MOMENTS, MOST_ROWS // max(1, len(cameras))))
    utterances = session.lines()
    chosen: set[int] = set()
    by_tick: dict[int, list[FrameRef]] = {}
    for ref in session.frames():
        if ref.camera in cameras:
            by_tick.setdefault(ref.tick, []).append(ref)
    ticks = sorted(by_tick)
    ticks = ticks[:-1] if len(ticks) > 1 else ticks  # the last one has no motion: nothing follows it
    for stretch in np.array_split(np.array(ticks), min(count, len(ticks)) or 1):
        picks = [int(tick) for tick in stretch[:: max(1, len(stretch) // CANDIDATES)]]
        scores = {tick: sum(_liveliness(session, ref, utterances) for ref in by_tick[tick]) for tick in picks}
        chosen |= {max(picks, key=scores.__getitem__)} if picks else set()
    return [ref for tick in sorted(chosen) for ref in by_tick[tick]]


def _liveliness(session: Session, ref: FrameRef, utterances: list[Utterance]) -> float:
    """Speech counts most, then a speaker in view, then people in view."""
    speakers = {line.speaker for line in spoken_at(utterances, ref.tick)}
    if "instance" not in ref.modalities:
        return float(bool(speakers))
    seen = visible_villagers(session.frame(ref.tick, ref.camera, "instance"), session.cast, least_pixels=20)
    return bool(speakers) + 2.0 * bool(speakers & set(seen)) + 0.1 * min(len(seen), 8)


def _measure(session: Session, rows: list[FrameRef]) -> _Ranges:
    ranges, depths = _Ranges(), []
    for ref in rows:
        frame = {name: session.frame(ref.tick, ref.camera, name) for name in ref.modalities if name != "rgb"}
        if "depth" in frame:
            finite = frame["depth"][np.isfinite(frame["depth"]) & (frame["depth"] > 0)]
            depths.append(finite[:: max(1, finite.size // 5000)])
        if "semantic" in frame:
            ranges.classes |= set(np.unique(frame["semantic"]).tolist())
        if "instance" in frame:
            for row, pixels in visible_villagers(frame["instance"], session.cast).items():
                ranges.people[row] = ranges.people.get(row, 0) + pixels
    if depths and (depth := np.concatenate(depths)).size:
        ranges.near_m, ranges.far_m = (float(value) for value in np.percentile(depth, [1, 99]))
    ranges.far_m = max(ranges.far_m, ranges.near_m * 1.5)
    return ranges


def _fastest(session: Session, ref: FrameRef) -> dict[str, float]:
    """The scales of one frame's motions: a camera that cuts or turns would wash out all others."""
    scales: dict[str, float] = {}
    for name in MOTIONS:
        if name in ref.modalities:
            flow = session.frame(ref.tick, ref.camera, name)
            speed = np.hypot(flow[..., 0], flow[..., 1])[_valid(session, ref, name, flow)]
            scales |= {name: max(float(np.percentile(speed, 99)), 0.5)} if speed.size else {}
    return scales


def _merged(scales: list[_Ranges]) -> _Ranges:
    whole = _Ranges()
    for scale in scales:
        whole.classes |= scale.classes
        for row, pixels in scale.people.items():
            whole.people[row] = whole.people.get(row, 0) + pixels
    return whole


def _valid(session: Session, ref: FrameRef, motion: str, flow: NDArray[Any]) -> NDArray[np.bool_]:
    if f"{motion}_valid" in ref.modalities:
        return session.frame(ref.tick, ref.camera, f"{motion}_valid").astype(np.bool_, copy=False)
    valid: NDArray[np.bool_] = np.isfinite(flow).all(axis=-1)
    return valid


def _tile_size(ref: FrameRef) -> tuple[int, int]:
    """Width and height of a frame on the sheet, in its own proportions where they can be seen."""
    scale = min(TILE_PX / ref.width, TALLEST_PX / ref.height)
    return max(1, round(ref.width * scale)), max(1, round(ref.height * scale))


def _tile(session: Session, ref: FrameRef, modality: str, ranges: _Ranges) -> NDArray[np.uint8]:
    image = session.frame(ref.tick, ref.camera, modality)
    if modality == "depth":
        return falsecolour.depth_colours(image, ranges.near_m, ranges.far_m)
    if modality == "instance":
        return falsecolour.id_colours(image, session.scenery, session.cast)
    if modality == "semantic":
        return falsecolour.class_colours(image)
    if modality == "normal":
        return falsecolour.normal_colours(image)
    if modality == "part":
        return falsecolour.part_colours(image)
    if modality in MOTIONS:
        return falsecolour.flow_colours(
            image, _valid(session, ref, modality, image), ranges.fastest_px.get(modality, 1.0)
        )
    return image


class _Sheet:
    """A canvas with a pen: knows the fonts and where the columns are."""

    def __init__(self, columns: list[str], rows: list[FrameRef]) -> None:
        self.title, self.head = font(34, bold=True), font(19, bold=True)
        self.strong, self.text, self.small = font(16, bold=True), font(16), font(13)
        self.step, self.small_step = line_height(self.text), line_height(self.small)
        self.columns = columns
        self.tile_h = max(_tile_size(ref)[1] for ref in rows)
        self.caption_h = self.step * 2 + 10
        self.row_h = self.caption_h + self.tile_h + GAP * 2
        self.width = max(MARGIN * 2 + len(columns) * (TILE_PX + GAP) - GAP, 900)
        self.top_h = MARGIN + 46 + self.step + GAP + self.step + self.small_step + GAP
        self.legend_h = 176
        self.image = Image.new(
            "RGB", (self.width, self.top_h + self.row_h * len(rows) + self.legend_h + GAP), BACKGROUND
        )
        self.draw = ImageDraw.Draw(self.image)

    def column_x(self, number: int) -> int:
        return MARGIN + number * (TILE_PX + GAP)

    def write(self, x: int, y: int, text: str, face: Font, ink: Colour, width: int) -> None:
        put(self.draw, (x, y), clipped(text, face, width), ink, face)

    def paste(self, pixels: NDArray[np.uint8], x: int, y: int, width: int, height: int, *, smooth: bool) -> None:
        resample = Image.Resampling.LANCZOS if smooth else Image.Resampling.NEAREST
        self.image.paste(Image.fromarray(np.ascontiguousarray(pixels)).resize((width, height), resample), (x, y))

    def tag(self, x: int, y: int, height: int, text: str) -> None:
        if text:
            width = text_width(text, self.small)
            box = (x + TILE_PX - width - 18, y + height - self.small_step - 8, x + TILE_PX - 5, y + height - 5)
            shade(self.image, box, 5, 0.6)
            self.write(box[0] + 7, box[1] + 1, text, self.small, INK, width)


def _draw(session: Session, rows: list[FrameRef]) -> Image.Image:
    scales = {camera: _measure(session, [ref for ref in rows if ref.camera == camera]) for camera in session.cameras}
    sheet = _Sheet([name for name in COLUMNS if name in session.modalities], rows)
    _draw_top(sheet, session)
    utterances = session.lines()
    for number, ref in enumerate(rows):
        top = sheet.top_h + number * sheet.row_h
        scale = replace(scales[ref.camera], fastest_px=_fastest(session, ref))
        _draw_caption(sheet, session, ref, spoken_at(utterances, ref.tick), top)
        for column, modality in enumerate(sheet.columns):
            if modality not in ref.modalities:
                continue
            width, height = _tile_size(ref)
            pixels = _tile(session, ref, modality, scale)
            at = (sheet.column_x(column), top + sheet.caption_h)
            sheet.paste(pixels, *at, width, height, smooth=modality in PICTURES)
            sheet.tag(*at, height, scale.tag(modality))
    whole = _merged(list(scales.values()))
    top = sheet.top_h + len(rows) * sheet.row_h
    for column, modality in enumerate(sheet.columns):
        LEGENDS[modality](sheet, session, whole, sheet.column_x(column), top)
    return sheet.image


def _draw_top(sheet: _Sheet, session: Session) -> None:
    header, room = session.header, sheet.width - 2 * MARGIN
    scenario = header.get("scenario")
    name = str(scenario.get("name", "")) if isinstance(scenario, dict) else ""
    sheet.write(MARGIN, MARGIN - 6, f"Hamlet  ·  {name or session.path.stem}", sheet.title, INK, room)
    seconds = len(session.ticks) / session.tick_rate
    frames = len(session.frames())
    more = f", the first {MOST_CAMERAS} of them below" if len(session.cameras) > MOST_CAMERAS else ""
    facts = [
        f"from {clock_words(header, session.ticks[0] if session.ticks else 0)}",
        f"{seconds:.0f} s of village life",
        f"{len(session.cast.looks)} villagers",
        f"{len(session.lines())} spoken lines",
        f"{frames} frames by {len(session.cameras)} camera{'s' * (len(session.cameras) > 1)}{more}",
        f"seed {header.get('seed', '?')}",
    ]
    sheet.write(MARGIN, MARGIN + 42, "  ·  ".join(facts), sheet.text, FAINT_INK, room)
    y = sheet.top_h - sheet.step - sheet.small_step - GAP // 2
    for column, modality in enumerate(sheet.columns):
        title, explanation = COLUMNS[modality]
        sheet.write(sheet.column_x(column), y, title, sheet.head, INK, TILE_PX)
        sheet.write(sheet.column_x(column), y + sheet.step, explanation, sheet.small, FAINT_INK, TILE_PX)


def _draw_caption(sheet: _Sheet, session: Session, ref: FrameRef, lines: list[Utterance], top: int) -> None:
    right = sheet.width - MARGIN
    sheet.draw.rounded_rectangle((MARGIN - 10, top, right + 10, top + sheet.row_h - GAP // 2), 10, PANEL)
    when = clock_words(session.header, ref.tick, seconds=True)
    sheet.write(MARGIN, top + 4, when, sheet.strong, INK, right - MARGIN)
    x = MARGIN + text_width(when, sheet.strong)
    weather = (
        weather_words(session.snapshot(ref.tick).environment) if ref.tick in session.ticks else "no weather recorded"
    )
    sheet.write(
        x, top + 4, f"   {weather}   ·   camera {ref.camera}   ·   tick {ref.tick}", sheet.text, FAINT_INK, right - x
    )
    y = top + 4 + sheet.step
    if not lines:
        sheet.write(MARGIN, y, "nobody speaks", sheet.text, FAINT_INK, right - MARGIN)
        return
    seen: dict[int, int] = {}
    if "instance" in ref.modalities:
        seen = visible_villagers(session.frame(ref.tick, ref.camera, "instance"), session.cast)
    line = min(lines, key=lambda said: said.speaker not in seen)
    who = f"{name_of(session.cast, line.speaker)} to {names_of(session.cast, line.listeners) or 'nobody'}: "
    sheet.write(MARGIN, y, who, sheet.strong, speaker_colour(line.speaker), right - MARGIN)
    x = MARGIN + text_width(who, sheet.strong)
    more = f"   [{line.act}, {line.topic}]" + (f"   and {len(lines) - 1} more" if len(lines) > 1 else "")
    room = right - x - text_width(more, sheet.small)
    text = f"“{line.text}”"
    sheet.write(x, y, text, sheet.text, INK, room)
    sheet.write(x + min(text_width(text, sheet.text), room), y + 2, more, sheet.small, FAINT_INK, right - x)


def _legend_rgb(sheet: _Sheet, session: Session, ranges: _Ranges, x: int, y: int) -> None:
    words = (
        "Every row is one frozen moment: picture, depth, ids, normals, motion, weather and speech belong to the same "
        "tick. Rain, snow and fog are in the picture only; the other columns show the surfaces behind them."
    )
    for number, line in enumerate(wrap(words, sheet.small, TILE_PX - 10)):
        sheet.write(x, y + 8 + number * sheet.small_step, line, sheet.small, FAINT_INK, TILE_PX)


def _legend_depth(sheet: _Sheet, session: Session, ranges: _Ranges, x: int, y: int) -> None:
    bar = falsecolour.ramp(np.linspace(1, 0, TILE_PX))[None].repeat(18, 0)
    sheet.paste(bar, x, y + 10, TILE_PX, 18, smooth=False)
    for share, label in ((0.0, "near"), (0.5, "metres in each picture"), (1.0, "far")):
        shift = round((TILE_PX - text_width(label, sheet.small)) * share)
        sheet.write(x + shift, y + 34, label, sheet.small, FAINT_INK, TILE_PX)
    _swatch(sheet, falsecolour.NO_SURFACE, "no surface (sky)", x, y + 60)


def _legend_instance(sheet: _Sheet, session: Session, ranges: _Ranges, x: int, y: int) -> None:
    people = sorted(ranges.people, key=lambda row: -ranges.people[row])[:LEGEND_IDS]
    for number, row in enumerate(people):
        ids = session.cast.looks["id"][row : row + 1].astype(np.uint32)
        colour = falsecolour.id_colours(ids, session.scenery, session.cast)[0]
        column, line = divmod(number, 3)
        _swatch(sheet, colour, name_of(session.cast, row), x + column * TILE_PX // 2, y + 10 + line * 24)
    muted = "villagers are vivid, things muted, ground dark" if people else "things muted, ground dark"
    sheet.write(x, y + 12 + 24 * min(3, len(people)), muted, sheet.small, FAINT_INK, TILE_PX)


def _legend_semantic(sheet: _Sheet, session: Session, ranges: _Ranges, x: int, y: int) -> None:
    names = {int(item): item.name.lower() for item in SemanticClass}
    names[0] = "nothing (sky)"
    for number, item in enumerate(sorted(ranges.classes)):
        column, line = divmod(number, 6)
        colour = LABEL_COLOURS[min(item, len(LABEL_COLOURS) - 1)]
        _swatch(sheet, colour, names.get(item, f"class {item}"), x + column * TILE_PX // 2, y + 10 + line * 24)


def _legend_part(sheet: _Sheet, session: Session, ranges: _Ranges, x: int, y: int) -> None:
    lines = -(-len(falsecolour.SHOWN_PARTS) // 3)
    for number, (part, name) in enumerate(falsecolour.SHOWN_PARTS.items()):
        column, line = divmod(number, lines)
        _swatch(sheet, falsecolour.PART_COLOURS[part], name, x + column * TILE_PX // 3, y + 8 + line * 23)


def _legend_albedo(sheet: _Sheet, session: Session, ranges: _Ranges, x: int, y: int) -> None:
    words = (
        "The share of light that a surface throws back, wet or under snow as it is: neither sun nor shadow is in it."
    )
    for number, line in enumerate(wrap(words, sheet.small, TILE_PX - 10)):
        sheet.write(x, y + 8 + number * sheet.small_step, line, sheet.small, FAINT_INK, TILE_PX)


def _legend_normal(sheet: _Sheet, session: Session, ranges: _Ranges, x: int, y: int) -> None:
    for number, (name, vector) in enumerate(
        {"faces up": (0, 0, 1), "faces east": (1, 0, 0), "faces north": (0, 1, 0), "faces west": (-1, 0, 0),
         "faces south": (0, -1, 0), "no surface": (0, 0, 0)}.items()
    ):  # fmt: skip
        colour = falsecolour.normal_colours(np.array(vector, np.float64))
        column, line = divmod(number, 3)
        _swatch(sheet, colour, name, x + column * TILE_PX // 2, y + 10 + line * 24)


def _legend_flow(sheet: _Sheet, session: Session, ranges: _Ranges, x: int, y: int) -> None:
    size = 120
    rows, cols = np.mgrid[:size, :size] / (size / 2) - 1
    inside = np.hypot(rows, cols) <= 1
    wheel = falsecolour.flow_colours(np.stack([cols, rows], -1), np.ones_like(inside), 1.0)
    wheel[~inside] = BACKGROUND
    sheet.paste(wheel, x, y + 6, size, size, smooth=False)
    texts = ("hue: where it moves", "rim: as in the picture", "white: stands still")
    for number, text in enumerate(texts):
        sheet.write(x + size + 14, y + 16 + number * 24, text, sheet.small, FAINT_INK, TILE_PX - size - 14)
    _swatch(sheet, falsecolour.NOT_VALID, "not known", x + size + 14, y + 88)


def _swatch(sheet: _Sheet, colour: NDArray[np.uint8], name: str, x: int, y: int) -> None:
    red, green, blue = (int(value) for value in colour)
    sheet.draw.rounded_rectangle((x, y, x + 22, y + 15), 3, (red, green, blue), (90, 94, 104))
    sheet.write(x + 30, y, name, sheet.small, FAINT_INK, TILE_PX // 2 - 32)


LEGENDS: dict[str, Callable[[_Sheet, Session, _Ranges, int, int], None]] = {
    "rgb": _legend_rgb,
    "depth": _legend_depth,
    "instance": _legend_instance,
    "semantic": _legend_semantic,
    "part": _legend_part,
    "albedo": _legend_albedo,
    "normal": _legend_normal,
    "flow": _legend_flow,
    "back_flow": _legend_flow,
}
