"""A society of minds without language: how much faster than real time it lives, beside mesa agents that only walk."""

from __future__ import annotations

import time

from rich.console import Console
from rich.table import Table

from agents.language.templates import TemplateVoice
from agents.society import Society, SocietyConfig
from tests.benchmarks.walkers import Boids, median_ms
from world.world import World, WorldConfig

TICK_RATE = 16
WORTH = {24: 300.0, 1_000: 10.0, 10_000: 1.0}  # times real time that are wanted without the world
TICKS = {24: 3200, 1_000: 480, 10_000: 96}
WARM_UP = 160  # ticks in which machine code is loaded and the ways to the first goals are found
MESA_TICKS = 2


def society() -> None:
    """Ticks of perceiving, deciding, talking and walking, and the world's beside them, for villages of three sizes."""
    out = Console(width=110)
    made = Table(
        title="A society without language at 16 Hz (mean ms of processor time per tick; real time is 62.5)",
        title_justify="left",
    )
    columns = (
        "villagers",
        "society",
        "world",
        "society x real time",
        "wanted",
        "with world",
        "mesa boids",
        "mesa / society",
    )
    for column in columns:
        made.add_column(column, justify="right")
    for count, ticks in TICKS.items():
        world = World(WorldConfig(seed=11, villagers=count, tick_rate=TICK_RATE))
        minds, around = _lived(world, count, ticks)
        theirs = median_ms(Boids(count, world.config.size_m).step, MESA_TICKS)
        tick_ms = 1000.0 / TICK_RATE
        times = f"{tick_ms / minds:.1f}", f"{WORTH[count]:.0f}", f"{tick_ms / (minds + around):.1f}"
        made.add_row(f"{count:,}", f"{minds:.3f}", f"{around:.3f}", *times, f"{theirs:.2f}", f"{theirs / minds:.1f}")
    out.print(made)


def _lived(world: World, count: int, ticks: int) -> tuple[float, float]:
    """Mean ms of a tick of the society with the words it is given, and of the world."""
    people, voice = Society(SocietyConfig(7, count, TICK_RATE), world.view()), TemplateVoice()
    minds = around = 0.0
    for tick in range(WARM_UP + ticks):
        began = time.process_time()
        world.step()
        turned = time.process_time()
        words = voice.due(world.tick)
        asked = time.process_time()
        result = people.step(world.view(), words)
        done = time.process_time()
        if tick >= WARM_UP:
            around, minds = around + turned - began, minds + done - asked
        for plan in result.plans:
            voice.submit(plan)
    return 1000.0 * minds / ticks, 1000.0 * around / ticks
