"""The voice: lines per second of many villagers at once, against the library's high-level calls one after another."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from agents.acts import SpeechPlan
from agents.language.inference import MIN_P, REPEAT_PENALTY, TEMPERATURE, TOP_K
from agents.language.llama import LlamaVoice
from agents.language.models import find_model
from agents.language.templates import TemplateVoice, draft
from agents.language.voice import Wording
from engine.scenario import load
from engine.simulation import Simulation

VILLAGERS = (1, 8, 32)
LINES = 32


def voice(out: Console) -> None:
    """Lines per second with three tails each: the same prompts, lengths and samplers on both sides."""
    path = find_model("embedded")
    assert path is not None
    plans = plans_of_the_village(LINES + 1)
    shown = Table(title="Language (SmolLM2-135M, embedded; three tails a line)", title_justify="left")
    for column in ("villagers who speak at once", "lines", "lines/s", "s per line", "ratio"):
        shown.add_column(column, justify="right")
    speaking = LlamaVoice(path, lockstep=True)
    worded = list(_worded(speaking, plans[:1]))
    rates = []
    for villagers in VILLAGERS:
        began = time.perf_counter()
        worded = [
            wording for k in range(1, LINES, villagers) for wording in _worded(speaking, plans[k : k + villagers])
        ]
        rates.append(len(worded) / (time.perf_counter() - began))
    speaking.close()
    one_by_one = _high_level(path, worded)
    shown.add_row("high-level calls", f"{LINES}", f"{one_by_one:.2f}", f"{1 / one_by_one:.2f}", "1.00")
    for villagers, rate in zip(VILLAGERS, rates, strict=True):
        shown.add_row(f"{villagers}", f"{LINES}", f"{rate:.2f}", f"{1 / rate:.2f}", f"{rate / one_by_one:.2f}")
    out.print(shown)


def plans_of_the_village(count: int) -> list[SpeechPlan]:
    """The first speech plans of a market day whose lines may go on, so that the model is asked for each."""

    class Listening(TemplateVoice):
        def submit(self, plan: SpeechPlan) -> None:
            if draft(plan).tail_allowed:
                plans.append(plan)
            super().submit(plan)

    plans: list[SpeechPlan] = []
    simulation = Simulation(load("market_day"), Listening())
    while len(plans) < count:
        simulation.step()
    return plans[:count]


def _worded(speaking: LlamaVoice, plans: Sequence[SpeechPlan]) -> Iterator[Wording]:
    for plan in plans:
        speaking.submit(plan)
    yield from speaking.due(max(plan.due_tick for plan in plans))


def _high_level(path: Path, worded: Sequence[Wording]) -> float:
    """Lines per second when every tail is one call, which reuses what it has in common with the call before."""
    from llama_cpp import Llama

    plain = Llama(str(path), n_ctx=1024, n_threads=os.cpu_count(), verbose=False)
    plain.create_completion(worded[0].prompt, max_tokens=1)
    began = time.perf_counter()
    for wording in worded:
        for seed, tail in enumerate(wording.raw):
            plain.create_completion(
                wording.prompt,
                max_tokens=len(plain.tokenize(tail.encode(), add_bos=False)),
                temperature=TEMPERATURE,
                top_k=TOP_K,
                top_p=1.0,
                min_p=MIN_P,
                repeat_penalty=REPEAT_PENALTY,
                seed=wording.seed + seed,
            )
    return len(worded) / (time.perf_counter() - began)
