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
WORTH = {24: 300.0, 1_000: 10.0, 10_000: 1.0}  # times real time that are wanted, of 24 with the world
TICKS = {24: 3200, 1_000: 480, 10_000: 96}
WARM_UP = 160  # ticks in which machine code is loaded and the ways to the first goals are found
MESA_TICKS = 2


def society() -> None:
    """Ticks of perceiving, deciding, talking and walking, and the world's beside them, for villages of three sizes.

    World and society together are told in wall time too: the land is stepped on a second core beside the people.
    """
    out = Console(width=110)
    made = Table(
        title="A society without language at 16 Hz (mean ms per tick, of processor time but where it says wall; real "
        "time is 62.5; two cores)",
        title_justify="left",
    )
    columns = (
        "villagers",
        "society",
        "world",
        "society x real time",
        "wanted",
        "both, wall",
        "both x real time, wall",
        "mesa boids",
        "mesa / society",
    )
    for column in columns:
        made.add_column(column, justify="right")
    for count, ticks in TICKS.items():
        world = World(WorldConfig(seed=11, villagers=count, tick_rate=TICK_RATE))
        minds, around, wall = _lived(world, count, ticks)
        theirs = median_ms(Boids(count, world.config.size_m).step, MESA_TICKS)
        tick_ms = 1000.0 / TICK_RATE
        times = f"{tick_ms / minds:.1f}", f"{WORTH[count]:.0f}", f"{wall:.3f}", f"{tick_ms / wall:.1f}"
        made.add_row(f"{count:,}", f"{minds:.3f}", f"{around:.3f}", *times, f"{theirs:.2f}", f"{theirs / minds:.1f}")
    out.print(made)


def _lived(world: World, count: int, ticks: int) -> tuple[float, float, float]:
    """Mean ms of a tick of the society with the words it is given, and of the world in all threads; both, wall."""
    people, voice = Society(SocietyConfig(7, count, TICK_RATE), world.view()), TemplateVoice()
    minds = speech = all_threads = wall = 0.0
    for tick in range(WARM_UP + ticks):
        if tick == WARM_UP:
            minds = speech = 0.0
            all_threads, wall = time.process_time(), time.perf_counter()
        world.step()
        turned = time.thread_time()
        words = voice.due(world.tick)
        asked = time.thread_time()
        result = people.step(world.view(), words)
        done = time.thread_time()
        for plan in result.plans:
            voice.submit(plan)
        minds, speech = minds + done - asked, speech + time.thread_time() - done + asked - turned
    wall, all_threads = time.perf_counter() - wall, time.process_time() - all_threads
    minds, around, wall = (1000.0 * s / ticks for s in (minds, all_threads - minds - speech, wall))
    return minds, around, wall
