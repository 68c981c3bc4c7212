"""The window: watch a village live, or a recording, with the same eyes and hands."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from engine.cameras import Surroundings
from engine.clock import WindowClock
from engine.quantities import format_duration
from engine.render.controls import Controls, Input, save_picture
from engine.render.hud import Bubble, Overlay
from engine.render.stage import Stage
from engine.sources import Source, local_time
from engine.viewpoints import Viewpoint
from recorder.schema import Snapshot, interpolate

JUMP_S = 10.0
FRAME_S = 1 / 60  # a window gains nothing from more frames
MAX_TICKS_PER_FRAME = 64  # at high speed the window draws at least this often
HELP = (
    "1 fly  2 orbit  3 follow  Tab next villager   |   WASD move, drag look, wheel zoom   |   "
    "space pause  . step  + - speed   |   B bubbles  H help  P picture  Esc close"
)


class Window:
    """Shows a source until its window is closed. P saves what is seen as hamlet-TICK-NUMBER.png in the current folder.

    Raises:
        RenderError: there is no display, or no GL driver for it.
    """

    def __init__(self, source: Source, size: tuple[int, int], title: str, *, paused: bool = False) -> None:
        self.source = source
        self.clock = WindowClock(source.tick_rate, paused=paused, most_ticks=MAX_TICKS_PER_FRAME)
        self._stage = Stage(source.scenery, source.cast, size, ("rgb",), window_title=title, tick_rate=source.tick_rate)
        self._controls = Controls(self._stage.window)
        around = Surroundings(source.scenery)
        self.view = Viewpoint(around, _centre(source, around))
        self._previous = self._current = source.current()
        self._bubbles = self._help = True
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
        for _ in range(self.clock.due(time.monotonic_ns())):
            following = self.source.advance()
            self._ended = following is None
            if following is None:
                self.clock.paused = True
                return
            self._previous, self._current = self._current, following

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
                case "," | ";":
                    self._jump(-1 if key == "," else 1)
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

    def _jump(self, direction: int) -> None:
        landed = self.source.jump(direction * round(JUMP_S * self.source.tick_rate))
        if landed is not None:
            self._previous = self._current = landed

    def _overlay(self, snapshot: Snapshot) -> Overlay:
        return Overlay(
            bubbles=self._spoken(snapshot) if self._bubbles else (),
            panel=self._panel(snapshot),
            help=HELP if self._help else "",
        )

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
        return (*lines, self._note) if self._note else tuple(lines)


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
