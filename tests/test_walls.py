"""The rooms import only along the arrows, and the simulation needs neither renderer nor model."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

BLOCK = """
import sys
class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked}:
            raise ImportError(name + " is blocked")
sys.meta_path.insert(0, Wall())
"""


def run_blocked(blocked: set[str], body: str) -> str:
    """What `body` prints in a fresh process in which the packages of `blocked` cannot be imported."""
    code = BLOCK.format(blocked=blocked) + body
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_import_linter_finds_no_broken_wall():
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_a_village_runs_without_renderer_and_model(machine_code):
    printed = run_blocked(
        {"panda3d", "direct", "llama_cpp"},
        """
from engine.scenario import build
from engine.simulation import Simulation
from agents.language.templates import TemplateVoice
import recorder.reader, recorder.writer
village = build(
    {"name": "t", "seed": 5, "world": {"size_m": 512}, "village": {"villagers": 4}}, "t"
)
s = Simulation(village, TemplateVoice())
for _ in range(40):
    s.step()
print(s.snapshot.hashes["total"].hex(), len(s.cast.personas))
""",
    )
    digest, villagers = printed.split()
    assert len(digest) == 32
    assert villagers == "4"
