"""`make bench`: every figure is a ratio against a named alternative measured in the same run.

Times are medians. Machines are shared and noisy: read the ratios, not the milliseconds.
"""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from agents.language.templates import TemplateVoice
from engine.scenario import Scenario, load
from engine.simulation import Simulation
from tests.benchmarks import valley
from tests.benchmarks.eye import eye
from tests.benchmarks.memory import memories
from tests.benchmarks.minds import society
from tests.benchmarks.record import record
from tests.benchmarks.voice import voice
from tests.benchmarks.walkers import walkers
from tests.benchmarks.words import words

WARM_UP_TICKS = 64

out = Console(width=110)


def table(title: str, *columns: str) -> Table:
    made = Table(title=title, title_justify="left")
    for column in columns:
        made.add_column(column, justify="right")
    return made


def with_villagers(count: int) -> Scenario:
    return load("valley", {"village.villagers": count})


def whole_ticks() -> None:
    """Ticks per second of world, society and snapshot without language, against the real time they stand for."""
    shown = table("The tick (no language model)", "villagers", "ms per tick", "ticks/s", "x real time (16 Hz)")
    for count, ticks in ((12, 1600), (100, 800), (1000, 320)):
        simulation = Simulation(with_villagers(count), TemplateVoice())
        for _ in range(WARM_UP_TICKS):
            simulation.step()
        began = time.perf_counter()
        for _ in range(ticks):
            simulation.step()
        per_tick = (time.perf_counter() - began) / ticks
        rate = simulation.scenario.world.tick_rate
        shown.add_row(str(count), f"{per_tick * 1000:.2f}", f"{1 / per_tick:.0f}", f"{1 / per_tick / rate:.1f}")
    out.print(shown)


def main() -> None:
    """Print what ran where, then every table."""
    model = Path("/proc/cpuinfo")
    name = next((line.split(":")[1].strip() for line in model.read_text().splitlines() if "model name" in line), "")
    out.print(f"{os.cpu_count()} x {name or platform.processor()}, Python {platform.python_version()}\n")
    whole_ticks()
    society()
    memories()
    valley.flow_routing(out)
    valley.sun(out)
    valley.generation(out)
    valley.ticks(out)
    walkers()
    record()
    eye(out)
    voice(out)
    words()


if __name__ == "__main__":
    main()
