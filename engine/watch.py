"""The window: watch a village live, or a recording, with the same eyes and hands."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.clock import WindowClock
from engine.quantities import format_duration
from engine.render.controls import Controls, Input, save_picture
from engine.render.hud import Bubble, Overlay, Playhead
from engine.render.stage import Stage
from engine.sight import Surroundings
from engine.sources import RecordedSource, Source, local_time
from engine.timeline import Bar
from engine.viewpoints import Viewpoint
from recorder.schema import Snapshot, interpolate

JUMPS_S = {",": -10.0, ";": 10.0, "page_up": -60.0, "page_down": 60.0}
NOTICE_S = 4.0  # that something is missing from a recording is said for so long behind it, at speed 1
FRAME_S = 1 / 60  # a window gains nothing from more frames
MAX_TICKS_PER_FRAME = 64  # at high speed the window draws at least this often
HELP = (
    "1 fly  2 orbit  3 follow  Tab next villager   |   WASD QE move, drag look, wheel zoom   |   "
    "space pause  . step  + - speed   |   B bubbles  H help  P picture  Esc close"
)
SEEK_HELP = "click the timeline to go there  , ; 10 s  PgUp PgDn 1 min  Home End start, end  T timeline\n"


class Window:
    """Shows a source until its window is closed. P saves what is seen as hamlet-TICK-NUMBER.png in the current folder.

    Raises:
        RenderError: there is no display, or no GL driver for it.
    """

    def __init__(self, source: Source, size: tuple[int, int], title: str, *, paused: bool = False) -> None:
        self.source = source
        self._recording = source if isinstance(source, RecordedSource) else None  # where one can seek
        self.clock = WindowClock(source.tick_rate, paused=paused, most_ticks=MAX_TICKS_PER_FRAME)
        self._stage = Stage(source.scenery, source.cast, size, ("rgb",), window_title=title, tick_rate=source.tick_rate)
        self._controls = Controls(self._stage.window)
        around = Surroundings(source.scenery)
        self.view = Viewpoint(around, _centre(source, around))
        self._previous = self._current = source.current()
        self._bubbles = self._help = self._timeline = True
        self._pointer: float | None = None  # where on the timeline somebody points, in pixels from the left
        self._sought: int | None = None  # the tick to which somebody drags the playhead; None where nobody does
        self._photographing = False  # P was pressed: save the next picture drawn
        self._pictures = 0  # taken so far, for their names
        self._note = ""  # the last line of the panel: what became of the last picture
        self._ended = False

    def run(self) -> None:
        """Show until the person closes the window; Ctrl-C closes it too."""
        before = time.monotonic()
        try:
            while True:
                now = time.monotonic()
                given = self._controls.poll()
                if given.closed or "escape" in given.pressed:
                    break
                self._obey(given)
                given = self._point(given)
                self.view.move(given, min(now - before, 0.25))
                self._advance()
                shown = interpolate(self._previous, self._current, self.clock.alpha)
                time_s = (
                    self._previous.tick + self.clock.alpha * (shown.tick - self._previous.tick)
                ) / self.clock.tick_rate
                self._stage.show(shown, self.view.pose(shown), self._overlay(shown), time_s)
                if self._photographing:
                    self._photograph()
                before = now
                time.sleep(max(0.0, FRAME_S - (time.monotonic() - now)))
        except KeyboardInterrupt:
            pass
        finally:
            self._stage.close()

    def _advance(self) -> None:
        due = self.clock.due(time.monotonic_ns())
        for _ in range(due if self._sought is None else 0):
            following = self.source.advance()
            self._ended = following is None
            if following is None:
                self.clock.paused = True
                return
            apart = following.tick - self._current.tick > 1  # nobody knows how they moved in between
            self._previous, self._current = following if apart else self._current, following

    def _obey(self, given: Input) -> None:
        for key in given.pressed:
            match key:
                case "1":
                    self.view.switch("fly", self._current)
                case "2":
                    self.view.switch("orbit", self._current)
                case "3":
                    self.view.switch("follow", self._current)
                case "tab":
                    self.view.villager = (self.view.villager + 1) % len(self._current.villagers)
                    self.view.switch("follow", self._current)
                case "space":
                    self.clock.paused = not self.clock.paused
                case ".":
                    self.clock.paused = True
                    self.clock.step_once()
                case "+" | "=":
                    self.clock.faster()
                case "-":
                    self.clock.slower()
                case "," | ";" | "page_up" | "page_down" if self._recording:
                    self._stand_at(self._recording.jump(round(JUMPS_S[key] * self.source.tick_rate)))
                case "home" | "end" if self._recording:
                    line = self._recording.timeline
                    self._stand_at(self._recording.seek(line.first if key == "home" else line.last))
                case "t":
                    self._timeline = not self._timeline
                case "b":
                    self._bubbles = not self._bubbles
                case "h":
                    self._help = not self._help
                case "p":
                    self._photographing = True

    def _photograph(self) -> None:
        """Save what was just drawn."""
        self._photographing = False
        self._pictures += 1
        picture = Path(f"hamlet-{self._current.tick:06d}-{self._pictures}.png")
        try:
            save_picture(self._stage.window, picture)
            self._note = f"saved {picture}"
        except OSError as error:
            self._note = str(error)

    def _point(self, given: Input) -> Input:
        """Take the mouse where it is on the timeline; what is left moves the camera."""
        self._pointer = None
        if self._recording is None or not self._timeline:
            self._sought = None
            return given
        bar = Bar(self._recording.timeline, self._stage.window.get_x_size())
        x, y = given.pointer
        on_it = given.inside and bar.under(x, self._stage.window.get_y_size() - y)
        dragged = self._sought is not None or (on_it and "mouse1" in given.pressed)
        if dragged or (on_it and not given.held):
            self._pointer = x
        if not dragged:
            return given
        wanted = bar.tick(x)
        if wanted != self._sought:
            self._stand_at(self._recording.seek(wanted))
        self._sought = wanted if "mouse1" in given.held else None
        return replace(given, drag=(0.0, 0.0))

    def _stand_at(self, snapshot: Snapshot) -> None:
        """Go on from a moment, not from where the playhead was."""
        self._previous = self._current = snapshot
        self._ended = False

    def _overlay(self, snapshot: Snapshot) -> Overlay:
        return Overlay(
            bubbles=self._spoken(snapshot) if self._bubbles else (),
            panel=self._panel(snapshot),
            help=(SEEK_HELP if self._recording else "") + HELP if self._help else "",
            playhead=self._playhead(),
        )

    def _playhead(self) -> Playhead | None:
        if self._recording is None or not self._timeline:
            return None
        return Playhead(self._recording.timeline, self._current.tick, self._pointer)

    def _spoken(self, snapshot: Snapshot) -> tuple[Bubble, ...]:
        bubbles = []
        for line in self.source.lines():
            row = snapshot.villagers[line.speaker]
            top = float(row["z"]) + float(self.source.cast.looks["height_m"][line.speaker])
            name = str(self.source.cast.personas[line.speaker]["name"])
            bubbles.append(Bubble(name, line.text, (float(row["x"]), float(row["y"]), top)))
        return tuple(bubbles)

    def _panel(self, snapshot: Snapshot) -> tuple[str, ...]:
        environment = snapshot.environment
        state = "end of the recording" if self._ended else "paused" if self.clock.paused else f"{self.clock.speed}x"
        sky = [f"{float(environment['temperature_c']):.0f} °C", f"wind {float(environment['wind_m_s']):.0f} m/s"]
        for name, what in (("rain_mm_h", "rain"), ("snow_mm_h", "snow")):
            if environment[name] > 0.05:
                sky.append(f"{what} {float(environment[name]):.1f} mm/h")
        if environment["visibility_m"] < 5000:
            sky.append(f"seeing {float(environment['visibility_m']):.0f} m")
        lines = [f"{local_time(self.source, snapshot.tick):%a %d %b %Y, %H:%M:%S}   {state}", ", ".join(sky)]
        if self.view.mode == "follow":
            someone = self.source.cast.personas[self.view.villager % len(self.source.cast.personas)]
            lines.append(f"following {someone['name']}, {someone['age']}, {someone['trade']}")
        lines.append(f"tick {snapshot.tick}, {format_duration(snapshot.tick / self.source.tick_rate)} in")
        if self._recording is not None:
            within = max(round(NOTICE_S * self.clock.speed * self.source.tick_rate), 1)
            lines += [*self._recording.condition, self._recording.missing(within)]
        return tuple(line for line in (*lines, self._note) if line)


def _centre(source: Source, around: Surroundings) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The square, or the middle of the houses where there is none."""
    for place in source.scenery.places:
        if place["kind"] == "market":
            x, y = float(place["x"]), float(place["y"])
            break
    else:
        houses = source.scenery.buildings
        x, y = (float(houses[axis].mean()) if len(houses) else 0.0 for axis in ("x", "y"))
    return np.array([x, y, around.ground(np.array([x]), np.array([y]))[0]])
