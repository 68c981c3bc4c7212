"""Options that several commands have."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from engine.render.devices import VARIABLE, parse_device
from engine.scenario import MODALITIES, shipped
from engine.terminal import parsed

ScenarioArgument = Annotated[
    str, typer.Argument(help=f"A shipped scenario ({', '.join(shipped())}) or the path of your own .toml file.")
]
SizeOption = Annotated[str | None, typer.Option(help="Frame size in pixels, such as 640x480.")]
FpsOption = Annotated[float | None, typer.Option(help="Frames per second of world time; must divide the tick rate.")]
QualityOption = Annotated[
    str | None,
    typer.Option(
        help="Of the pictures: truth (plain, fastest), fast (shaded, one pass) or fine (everything, smooth edges). "
        "Depth, ids, normals and all other truth are the same bytes in each."
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        help="How many processes draw; by default one for each core. Frames are the same bytes with any number.",
        min=1,
        max=256,
    ),
]
DeviceOption = Annotated[
    str | None,
    typer.Option(
        help="What draws: auto (a GPU where there is one), cpu (Mesa in software), or the number of a device that "
        "'hamlet doctor' lists.",
        envvar=VARIABLE,
    ),
]
VariationOption = Annotated[
    int | None,
    typer.Option(
        help="Which variation of a scenario with a [randomise] table: another hour, weather, colours ... as it says.",
        min=0,
    ),
]
LooseFramesOption = Annotated[
    bool, typer.Option("--loose-frames", help="Also write every frame as PNG and NPY files (11 MB each).")
]
MODALITY_NAMES = ", ".join(MODALITIES)


def draw_on(device: str | None) -> None:
    """Let this process and those it starts draw on the device that a person asked for."""
    if device is not None:
        os.environ[VARIABLE] = parsed("--device", device, parse_device)
