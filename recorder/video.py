"""A camera's frames as an MP4 that any player shows: the dialogue burned in, and once more as a subtitle track."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from recorder.annotate import visible_villagers
from recorder.container import SessionError
from recorder.dialogue import Cue, cues
from recorder.frames import FrameRef
from recorder.lettering import (
    FAINT_INK,
    INK,
    clipped,
    font,
    line_height,
    put,
    shade,
    speaker_colour,
    text_width,
    wrap,
)
from recorder.moments import clock_words, name_of, spoken_at, weather_words
from recorder.reader import Session
from recorder.schema import Utterance

LEAST_HEIGHT_PX = 480  # smaller frames are enlarged by a whole factor, so that the captions can be read
MOST_WIDTH_PX = 8192  # of an enlarged frame; x264 refuses twice as much
LINES_AT_ONCE = 2  # of dialogue on the picture; the subtitle track has them all
QUALITY = "20"  # x264 crf: no visible loss at half of crf 17's bytes
SUBTITLE_CLOCK = Fraction(1, 1000)
ASS_HEADER = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def write_video(session: Session, camera: str, path: str | PathLike[str], fps: float) -> Path:
    """Write the rgb frames of a camera as H.264 with the dialogue, in world time: every frame stays until the next.

    Raises:
        SessionError: the camera has no rgb frames, or the file cannot be written.
    """
    import av  # noqa: PLC0415 - reading a session must not need it

    path = Path(path)
    refs = [ref for ref in session.frames(camera) if "rgb" in ref.modalities]
    if not refs:
        raise SessionError(f"{session.path} has no rgb frames of camera {camera!r} to make a video of.")
    rate = Fraction(fps).limit_denominator(1001)
    end = refs[-1].tick + _frame_gap(refs, session, rate)
    try:
        with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
            video = container.add_stream("libx264", rate=rate, options={"crf": QUALITY, "preset": "veryfast"})
            video.width, video.height = _even_size(refs[0])
            video.pix_fmt = "yuv420p"
            video.thread_count = 1  # the same file on any number of cores
            speech = container.add_stream("mov_text")
            speech.metadata["language"] = "eng"
            speech.codec_context.subtitle_header = ASS_HEADER
            speech.codec_context.time_base = SUBTITLE_CLOCK
            for cue in cues(session, refs[0].tick, end):
                container.mux(_subtitle_packet(speech, cue))
            for number, picture in enumerate(_pictures(session, refs, end, rate)):
                frame = av.VideoFrame.from_ndarray(picture, "rgb24")
                frame.pts, frame.time_base = number, 1 / rate
                container.mux(video.encode(frame))
            container.mux(video.encode())
    except (OSError, av.FFmpegError) as error:
        raise SessionError(f"{path} cannot be written: {error.strerror}.") from error
    return path


def _frame_gap(refs: list[FrameRef], session: Session, rate: Fraction) -> int:
    """Ticks the last frame is shown: as long as frames usually are."""
    gaps = [b.tick - a.tick for a, b in pairwise(refs)]
    return int(np.median(gaps)) if gaps else max(1, round(session.tick_rate / rate))


def _even_size(ref: FrameRef) -> tuple[int, int]:
    """Width and height of the video: yuv420p needs even ones."""
    factor = max(1, min(-(-LEAST_HEIGHT_PX // ref.height), MOST_WIDTH_PX // ref.width))
    return ref.width * factor // 2 * 2 or 2, ref.height * factor // 2 * 2 or 2


def _subtitle_packet(stream: Any, cue: Cue) -> Any:
    from av.subtitles.subtitle import SubtitleSet  # noqa: PLC0415

    start, length = round(cue.start_s * 1000), round((cue.end_s - cue.start_s) * 1000)
    text = cue.text.replace("{", "(").replace("}", ")").replace("\n", "\\N")  # braces would be styling to ASS
    event = f"0,0,Default,,0,0,0,,{text}".encode(errors="replace")
    packet = stream.codec_context.encode_subtitle(SubtitleSet.create(event, 0, length, start))
    packet.stream, packet.time_base = stream, SUBTITLE_CLOCK
    packet.pts = packet.dts = start
    packet.duration = length
    return packet


def _pictures(session: Session, refs: list[FrameRef], end: int, rate: Fraction) -> Iterator[NDArray[np.uint8]]:
    """The captioned pictures of the video, one per frame of the video."""
    ticks = [ref.tick for ref in refs]
    utterances = session.lines()
    count = max(1, round(Fraction(end - ticks[0], session.tick_rate) * rate))
    shown: tuple[int, list[Utterance]] | None = None
    picture: NDArray[np.uint8] = np.zeros((0, 0, 3), np.uint8)
    for number in range(count):
        tick = ticks[0] + int(number / rate * session.tick_rate)
        here = bisect_right(ticks, tick) - 1
        wanted = (here, spoken_at(utterances, tick))
        if wanted != shown:
            picture = captioned(session, refs[here], wanted[1])
            shown = wanted
        yield picture


def captioned(session: Session, ref: FrameRef, lines: list[Utterance]) -> NDArray[np.uint8]:
    """The rgb frame as the video shows it, with clock, weather, speakers marked and what they say."""
    image = Image.fromarray(session.frame(ref.tick, ref.camera, "rgb"))
    size = _even_size(ref)
    if image.size != size:
        image = image.resize(size, Image.Resampling.LANCZOS)
    visible = _visible(session, ref)
    ranked = sorted(lines, key=lambda line: (line.speaker not in visible, _distance(session, ref, line.speaker)))
    lines = ranked[:LINES_AT_ONCE]
    for line in lines:
        if line.speaker in visible:
            _mark_speaker(image, session, ref, line.speaker)
    _corner_caption(image, session, ref.tick)
    _lower_third(image, session, lines, visible)
    return np.asarray(image)


def _visible(session: Session, ref: FrameRef) -> dict[int, int]:
    if "instance" not in ref.modalities:
        return {}
    return visible_villagers(session.frame(ref.tick, ref.camera, "instance"), session.cast)


def _distance(session: Session, ref: FrameRef, row: int) -> float:
    villager = session.snapshot(ref.tick).villagers[row]
    x, y, z = ref.pose.position
    return float(np.hypot(np.hypot(villager["x"] - x, villager["y"] - y), villager["z"] - z))


def _mark_speaker(image: Image.Image, session: Session, ref: FrameRef, row: int) -> None:
    """A small pointer over the head of whoever speaks, in the colour of their name."""
    villager = session.snapshot(ref.tick).villagers[row]
    top = float(villager["z"]) + float(session.cast.looks["height_m"][row]) + 0.25
    head = np.array([[float(villager["x"]), float(villager["y"]), top]])
    col, line = ref.pose.project(head, image.size)[0][0]
    if not (0 <= col < image.width and 0 <= line < image.height):
        return
    r = max(4.0, image.height / 80)
    draw = ImageDraw.Draw(image)
    draw.polygon([(col - r, line - 1.4 * r), (col + r, line - 1.4 * r), (col, line)], speaker_colour(row), (14, 16, 22))


def _corner_caption(image: Image.Image, session: Session, tick: int) -> None:
    size = max(11, image.height // 38)
    strong, weak = font(size, bold=True), font(size)
    texts = [(clock_words(session.header, tick, seconds=True), strong, INK)]
    if tick in session.ticks:
        texts.append((weather_words(session.snapshot(tick).environment), weak, FAINT_INK))
    pad, step = size * 2 // 3, line_height(strong)
    room = image.width - 4 * pad
    texts = [(clipped(text, face, room), face, ink) for text, face, ink in texts]
    width = max(text_width(text, face) for text, face, _ in texts)
    shade(image, (pad, pad, pad * 3 + width, pad * 2 + step * len(texts) + pad // 2), pad, 0.5)
    draw = ImageDraw.Draw(image)
    for number, (text, face, ink) in enumerate(texts):
        put(draw, (2 * pad, pad + pad // 2 + number * step), text, ink, face)


def _lower_third(image: Image.Image, session: Session, lines: list[Utterance], visible: dict[int, int]) -> None:
    if not lines:
        return
    size = max(14, image.height // 26)
    strong, weak, small = font(size, bold=True), font(size), font(size * 3 // 4)
    pad, step = size * 3 // 4, line_height(weak)
    width = min(image.width - 4 * pad, size * 34)
    rows: list[tuple[bool, str, Utterance]] = []  # whether it is a speaker's name, text, line
    for line in lines:
        rows.append((True, name_of(session.cast, line.speaker), line))
        rows += [(False, text, line) for text in wrap(line.text, weak, width)]
    away = {line.speaker for line in lines if visible and line.speaker not in visible}
    width = max(text_width(text, strong if is_name else weak) for is_name, text, _ in rows)
    width = max(width, size * 12)
    left = (image.width - width) // 2
    bottom = image.height - pad * 3 // 2
    top = bottom - step * len(rows) - pad // 2 * len(lines)
    shade(image, (left - pad, top - pad // 2, left + width + pad, bottom), pad)
    draw = ImageDraw.Draw(image)
    y = top - pad // 2
    for is_name, text, line in rows:
        y += pad // 2 if is_name else 0
        at = (left, y)
        y += step
        put(draw, at, text, speaker_colour(line.speaker) if is_name else INK, strong if is_name else weak)
        if is_name and line.speaker in away:
            beside = (left + text_width(text, strong) + size // 2, at[1] + size // 5)
            put(draw, beside, "out of view", FAINT_INK, small)
