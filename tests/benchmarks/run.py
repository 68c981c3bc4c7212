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

from agents.acts import SpeechPlan
from agents.language.templates import TemplateVoice
from engine.scenario import Scenario, load
from engine.simulation import Simulation
from tests.benchmarks import valley
from tests.benchmarks.eye import eye
from tests.benchmarks.record import record
from tests.benchmarks.walkers import walkers

WARM_UP_TICKS = 64
PLANS = 12

out = Console(width=110)


def table(title: str, *columns: str) -> Table:
    made = Table(title=title, title_justify="left")
    for column in columns:
        made.add_column(column, justify="right")
    return made


def with_villagers(count: int) -> Scenario:
    return load("valley", {"village.villagers": count})


def society() -> None:
    """Ticks per second without language, against the real time they stand for."""
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


def plans_of_the_village(count: int) -> list[SpeechPlan]:
    """The first speech plans that a market day makes."""

    class Listening(TemplateVoice):
        def submit(self, plan: SpeechPlan) -> None:
            plans.append(plan)
            super().submit(plan)

    plans: list[SpeechPlan] = []
    simulation = Simulation(load("market_day"), Listening())
    while len(plans) < count:
        simulation.step()
    return plans[:count]


def language() -> None:
    """Our voice against the library's high-level call with the same prompts, one after another."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as in Hamlet's worker: waiting threads do not spin
    from llama_cpp import Llama

    from agents.language.llama import LlamaVoice
    from agents.language.models import find_model

    path = find_model("embedded")
    assert path is not None
    plans = plans_of_the_village(PLANS + 1)
    voice = LlamaVoice(path, lockstep=True)
    voice.submit(plans[0])
    voice.due(plans[0].due_tick)
    began = time.perf_counter()
    worded = []
    for plan in plans[1:]:
        voice.submit(plan)
        worded += voice.due(plan.due_tick)
    ours = time.perf_counter() - began
    voice.close()
    prompts = [wording.prompt for wording in worded if wording.prompt]
    candidates = sum(len(wording.raw) for wording in worded)
    written = " ".join(candidate for wording in worded for candidate in wording.raw)

    plain = Llama(str(path), n_ctx=2048, n_threads=os.cpu_count(), verbose=False)
    our_tokens = len(plain.tokenize(written.encode()))
    plain.create_completion(prompts[0], max_tokens=1)
    began = time.perf_counter()
    high_tokens = 0
    for prompt in prompts:
        for seed in range(max(1, candidates // max(1, len(prompts)))):
            reply = plain.create_completion(prompt, max_tokens=24, stop=["\n"], temperature=0.7, seed=seed)
            high_tokens += reply["usage"]["completion_tokens"]
    theirs = time.perf_counter() - began
    shown = table("Language (SmolLM2-135M, embedded)", "way", "lines", "candidates", "tokens/s", "s per line", "ratio")
    lines = len(prompts)
    shown.add_row(
        "high-level calls", f"{lines}", f"{candidates}", f"{high_tokens / theirs:.1f}", f"{theirs / lines:.2f}", "1.00"
    )
    shown.add_row(
        "Hamlet's voice",
        f"{lines}",
        f"{candidates}",
        f"{our_tokens / ours:.1f}",
        f"{ours / lines:.2f}",
        f"{(theirs / lines) / (ours / lines):.2f}",
    )
    out.print(shown)


def main() -> None:
    """Print what ran where, then every table."""
    model = Path("/proc/cpuinfo")
    name = next((line.split(":")[1].strip() for line in model.read_text().splitlines() if "model name" in line), "")
    out.print(f"{os.cpu_count()} x {name or platform.processor()}, Python {platform.python_version()}\n")
    society()
    valley.flow_routing(out)
    valley.sun(out)
    valley.generation(out)
    valley.ticks(out)
    walkers()
    record()
    eye(out)
    language()


if __name__ == "__main__":
    main()
