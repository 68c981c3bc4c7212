"""Studies: what is counted is what happened, curves are drawn, and the command says what it needs."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from agents.language.templates import TemplateVoice
from engine.scenario import Scenario, load
from engine.simulation import Simulation
from engine.study import SAMPLE_MIN, Life, Study, live, quartiles
from engine.study_curves import drawn
from tests.engine.typed import hamlet

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("machine_code")]
SCENARIO = """
name = "small"
seed = 7
place = { start = 2026-06-12T09:30:00 }
world = { size_m = 512, tick_rate = 2 }
village = { villagers = 12, talkativeness = 16.0 }
capture = { duration = "20min", fps = 1 }

[[news]]

[[gathering]]
what = "a supper"
at = "the square"
starts = 2026-06-12T09:35:00
lasts = "10min"
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("study") / "small.toml"
    path.write_text(SCENARIO)
    return path


@pytest.fixture(scope="module")
def scenario(path: Path) -> Scenario:
    return load(str(path))


@pytest.fixture(scope="module")
def life(scenario: Scenario) -> Life:
    return live(scenario)


def test_a_study_lives_the_very_run_that_a_capture_would(scenario: Scenario, life: Life) -> None:
    """Counted from the snapshots of a run with words: the words move nothing, so both must tell the same."""
    run = Simulation(scenario, TemplateVoice())
    lines, learned = 0, 0
    story = run.society.begun[0].fact.id
    for _ in range(scenario.ticks):
        snapshot = run.step()
        lines += len(snapshot.utterances)
        learned += sum(e.kind == "learns" and story in (e.data["fact"], e.data["root"]) for e in snapshot.events)
    assert life.lines == lines > 20
    assert life.minutes == 20 and len(life.villagers) == 12
    (told,) = life.news
    assert told.knowing[-1] == len(told.hops) <= 1 + learned
    assert told.knowing[-1] > 1


def test_news_only_spreads_and_every_one_who_knows_can_say_from_whom(life: Life) -> None:
    (told,) = life.news
    assert len(told.knowing) == 20 // SAMPLE_MIN and (np.diff(told.knowing) >= 0).all()
    assert told.hops[told.first] == 0 and all(hops > 0 for name, hops in told.hops.items() if name != told.first)
    assert told.without_chain == 0


def test_who_promised_is_counted_among_those_who_heard(life: Life) -> None:
    (gathered,) = life.gatherings
    assert gathered.starts_min == 5 and gathered.lasts_min == 10
    assert all(p <= h for p, h in zip(gathered.promised, gathered.heard, strict=True))
    assert gathered.host not in gathered.promises
    assert set(gathered.promises.values()) <= {"open", "kept", "broken", "released"}
    assert {name for name, ending in gathered.promises.items() if ending == "kept"} <= {
        v["name"] for v in life.villagers
    }


def test_several_villages_give_quartiles_and_a_picture(scenario: Scenario, life: Life) -> None:
    study = Study(
        scenario.model_copy(update={"capture": scenario.capture.model_copy(update={"duration": 600.0})}), 2, 2
    )
    assert sorted(one.seed for one in study.run()) == [7, 8]
    assert [one.seed for one in study.lives] == [7, 8]
    assert study.lives[0].news[0].knowing[0] == life.news[0].knowing[0], "the same minutes in another process"
    low, middle, high = quartiles([one.news[0].knowing for one in study.lives])
    assert (low <= middle).all() and (middle <= high).all()
    picture = np.asarray(Image.open(io.BytesIO(drawn(study))).convert("RGB"))
    assert picture.shape == (760, 900, 3) and len(np.unique(picture.reshape(-1, 3), axis=0)) > 50
    assert json.loads(json.dumps(study.plain(), allow_nan=False))["lives"][1]["seed"] == 8


def test_the_command_prints_what_came_of_it_and_writes_both_files(path: Path, tmp_path: Path) -> None:
    done = hamlet(
        *("study", str(path), "--seeds", "1", "--workers", "1", "--duration", "10min", "--without", "memory"),
        *("--out", str(tmp_path / "c.png"), "--json", str(tmp_path / "c.json")),
    )
    assert done.returncode == 0, done.stderr
    assert "stands for reeve" in done.stdout and "a supper at the square" in done.stdout
    found = json.loads((tmp_path / "c.json").read_text())
    assert found["scenario"]["ablation"]["memory"] is False
    assert found["lives"][0]["news"][0]["knowing"] == [1], "without memory nobody else comes to know it"
    assert Image.open(tmp_path / "c.png").size == (900, 760)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rumour", "--without", "sleep"], "choose from memory, emotion, relationships, weather"),
        (["valley", "--out", "x.png"], "nothing to draw"),
        (["atlantis"], "no scenario 'atlantis'"),
    ],
)
def test_what_cannot_be_studied_is_said_in_a_sentence(arguments: list[str], words: str) -> None:
    done = hamlet("study", *arguments)
    assert done.returncode == 2 and words in " ".join((done.stdout + done.stderr).split())
    assert "Traceback" not in done.stderr
