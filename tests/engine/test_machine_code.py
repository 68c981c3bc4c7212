"""The machine code that an installation makes: a run under another sky finds all of it there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import pytest

from engine.machine_code import MADE

ROOT = Path(__file__).parents[2]
ANOTHER = """
from agents.language.templates import TemplateVoice
from engine.scenario import build
from engine.simulation import Simulation
valley = {"name": "t", "seed": 5, "world": {"size_m": 256}, "village": {"villagers": 4}}
day = {"place": {"start": "2026-01-20T18:00:00"}, "weather": {"opening": "snow"}}
run = Simulation(build(valley | day, "t"), TemplateVoice())
for _ in range(200):
    run.step()
"""


def test_a_run_of_another_day_finds_all_its_machine_code(machine_code: None, tmp_path: Path) -> None:
    if numba.config.DISABLE_JIT or "NUMBA_CACHE_DIR" in os.environ:
        pytest.skip("nothing is compiled, or it is kept elsewhere")
    there = tmp_path / MADE.parent.name
    shutil.copytree(MADE.parent, there)
    before = sorted(path.name for path in there.rglob("*"))
    assert len(before) > 100
    subprocess.run(
        [sys.executable, "-c", ANOTHER], env=os.environ | {"NUMBA_CACHE_DIR": str(there)}, cwd=ROOT, check=True
    )
    assert sorted(path.name for path in there.rglob("*")) == before
