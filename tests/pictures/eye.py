"""The sheet of the eye: one valley at six hours of the day in four seasons, in changing weather, by many cameras.

`python -m tests.pictures.eye` makes the picture of the README anew, in some minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from agents.language.templates import TemplateVoice
from engine import cameras
from engine.drawing import Shot, render
from engine.render.stage import Stage
from engine.scenario import Scenario, load
from engine.simulation import Simulation
from recorder.lettering import INK, font, put
from recorder.sheet import BACKGROUND

SIZE = (960, 540)
TILE = (480, 270)
GAP, MARGIN_PX, HEAD_PX = 6, 12, 40
SHEET = Path(__file__).parents[2] / "assets" / "pictures" / "eye.jpg"
SEASONS = {"spring": "2026-04-24", "summer": "2026-07-08", "autumn": "2026-10-17", "winter": "2026-01-20"}
HOURS = ("dawn", "morning", "noon", "afternoon", "dusk", "night")
VALLEY = {"seed": 23, "village.villagers": 40, "village.talkativeness": 5.0}
LOOKS_S = 2.0  # a camera that follows people is shown the village so often


@dataclass(frozen=True)
class Still:
    """A moment of the sheet: when it is, in what weather, and who looks."""

    hour: str  # row of the sheet
    season: str  # and column
    clock: str  # local solar time of the picture
    sky: str  # from the beginning
    camera: dict[str, Any]
    lived_min: float = 4.0  # before the picture
    spells: list[dict[str, Any]] = field(default_factory=list)  # of another weather

    @cached_property
    def scenario(self) -> Scenario:
        """What is lived."""
        at = np.datetime64(f"{SEASONS[self.season]}T{self.clock}") - np.timedelta64(round(self.lived_min * 60), "s")
        return load(
            "market_day",
            {
                **VALLEY,
                "place.start": f"{at}",
                "weather.opening": self.sky,
                "weather.opening_lasts": "12h",
                "weather.spell": self.spells,
                "camera": [{"name": "eye", **self.camera}],
            },
        )

    def picture(self) -> NDArray[np.uint8]:
        """The last moment, as a capture of quality `fine` draws it."""
        scenario = self.scenario
        simulation = Simulation(scenario, TemplateVoice())
        rig = cameras.rigs(scenario, simulation.scenery, simulation.cast)["eye"]
        ticks, looks = round(self.lived_min * 60 * scenario.world.tick_rate), round(LOOKS_S * scenario.world.tick_rate)
        for tick in range(1, ticks + 1):
            simulation.step()
            if ticks - tick < 30 * looks and (ticks - tick) % looks == 0:
                pose = rig.pose(simulation.snapshot)
        stage = Stage(simulation.scenery, simulation.cast, SIZE, ("rgb",), quality="fine")
        try:
            return render(stage, Shot(simulation.snapshot, {"eye": pose}), "eye")["rgb"]
        finally:
            stage.close()


def orbit(distance_m: float, height_m: float, azimuth_deg: float, **more: Any) -> dict[str, Any]:
    """A camera over the village."""
    return {
        "kind": "orbit",
        "distance_m": distance_m,
        "height_m": height_m,
        "azimuth_deg": azimuth_deg,
        "fov_deg": 42,
        "period_s": 36000,
        **more,
    }


def talk(distance_m: float = 4.5, **more: Any) -> dict[str, Any]:
    """A camera beside two who converse."""
    return {"kind": "talk", "distance_m": distance_m, "height_m": 1.8, "fov_deg": 44, **more}


def street(azimuth_deg: float, distance_m: float = 16, **more: Any) -> dict[str, Any]:
    """A camera at the height of eyes."""
    return {"kind": "street", "distance_m": distance_m, "azimuth_deg": azimuth_deg, "fov_deg": 52, **more}


DIRECTOR: dict[str, Any] = {"kind": "director", "shot_s": 30}
FISHEYE: dict[str, Any] = {"kind": "street", "lens": "fisheye", "fov_deg": 170, "distance_m": 6}


def clearing(at_min: float) -> list[dict[str, Any]]:
    """Clear weather that comes after the first."""
    return [{"kind": "clear", "at": 60 * at_min, "lasts": "9h", "arrives": 300}]


STILLS = (
    Still("dawn", "spring", "05:40", "fair", orbit(90, 22, 250)),
    Still("dawn", "summer", "04:50", "clear", street(60)),
    Still("dawn", "autumn", "07:20", "fog", orbit(420, 110, 60), 40, clearing(30)),
    Still("dawn", "winter", "08:15", "snow", orbit(75, 20, 115), 20, clearing(10)),
    Still("morning", "spring", "09:30", "drizzle", talk(), 7),
    Still("morning", "summer", "10:00", "fair", talk(3.6), 7),
    Still("morning", "autumn", "09:30", "clear", orbit(260, 80, 150)),
    Still("morning", "winter", "10:00", "snow", street(120)),
    Still("noon", "spring", "12:10", "fair", FISHEYE),
    Still("noon", "summer", "12:40", "clear", DIRECTOR),
    Still("noon", "autumn", "12:10", "overcast", {"kind": "eyes", "villager": 5, "fov_deg": 60}),
    Still("noon", "winter", "12:00", "snow", orbit(300, 70, 200), 20, clearing(10)),
    Still("afternoon", "spring", "16:10", "rain", street(150), 30, clearing(20)),
    Still("afternoon", "summer", "15:40", "cloudburst", orbit(70, 18, 235), 20),
    Still("afternoon", "autumn", "15:50", "fair", orbit(220, 60, 30)),
    Still("afternoon", "winter", "14:30", "snow", talk(4.0), 25, clearing(8)),
    Still("dusk", "spring", "19:05", "fair", orbit(45, 9, 300, at="the bridge")),
    Still("dusk", "summer", "19:55", "storm", orbit(110, 30, 20), 10),
    Still("dusk", "autumn", "17:35", "fair", DIRECTOR),
    Still("dusk", "winter", "16:25", "snow", orbit(60, 16, 160)),
    Still("night", "spring", "19:50", "clear", talk(), 7),
    Still("night", "summer", "22:30", "clear", orbit(140, 14, 80)),
    Still("night", "autumn", "19:30", "rain", street(300), 10),
    Still("night", "winter", "18:10", "snow", orbit(90, 30, 60), 20, clearing(10)),
)


def sheet(pictures: Iterable[NDArray[np.uint8]]) -> Image.Image:
    """The sheet with a picture for each of STILLS, hours down and seasons across."""
    across, down = TILE[0] + GAP, TILE[1] + GAP
    size = HEAD_PX + len(SEASONS) * across + MARGIN_PX - GAP, HEAD_PX + len(HOURS) * down + MARGIN_PX - GAP
    whole = Image.new("RGB", size, BACKGROUND)
    drawn = ImageDraw.Draw(whole)
    letters = font(17)
    for column, season in enumerate(SEASONS):
        put(drawn, (HEAD_PX + column * across, 12), season, INK, letters)
    for row, hour in enumerate(HOURS):
        upright = Image.new("RGB", (TILE[1], HEAD_PX), BACKGROUND)
        put(ImageDraw.Draw(upright), (0, 12), hour, INK, letters)
        whole.paste(upright.rotate(90, expand=True), (0, HEAD_PX + row * down))
    for still, picture in zip(STILLS, pictures, strict=True):
        place = (HEAD_PX + [*SEASONS].index(still.season) * across, HEAD_PX + HOURS.index(still.hour) * down)
        whole.paste(Image.fromarray(picture).resize(TILE, Image.Resampling.LANCZOS), place)
    return whole


def taken() -> Iterator[NDArray[np.uint8]]:
    """Still after still, and a word about each."""
    for number, still in enumerate(STILLS, 1):
        print(f"{number} of {len(STILLS)}: {still.season}, {still.hour}, {still.sky}", flush=True)
        yield still.picture()


if __name__ == "__main__":
    sheet(taken()).save(SHEET, quality=88)
