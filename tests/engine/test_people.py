"""`hamlet people`: figures about a population are those of its people, and can be read at any width."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from agents.census import census
from agents.persona import make_personas
from agents.population import TRAITS, Population
from engine.cli import app
from engine.people import _everybody, _figures, bars
from tests.agents.flat_world import FlatWorld

PLACES = FlatWorld().places
ASKED = Population(women=0.25, trades=(("smith", 3.0), ("baker", 1.0)), traits=(("openness", 0.7, 0.1),))
PEOPLE = make_personas(3, 40, PLACES, population=ASKED)


def test_the_figures_are_those_of_the_people() -> None:
    figures = census(PEOPLE, ASKED, 3)
    assert figures["women"] == {"share": 0.25, "asked": 0.25}
    assert figures["trades"] == {"smith": {"people": 30, "asked": 30}, "baker": {"people": 10, "asked": 10}}
    assert sum(figures["ages"]["bands"].values()) == 40
    traits = np.array([[getattr(p, t) for t in TRAITS] for p in PEOPLE])
    assert np.array(figures["correlations"]) == pytest.approx(np.corrcoef(traits.T))
    assert figures["traits"]["openness"]["asked_mean"] == 0.7
    assert figures["traits"]["openness"]["mean"] == pytest.approx(traits[:, 0].mean())
    assert figures["coverage"]["ratio"] < 1.0, "more even than chance"
    assert sum(int(size) * count for size, count in figures["households"]["sizes"].items()) == 40
    assert sum(share["held"] for share in figures["values"].values()) == pytest.approx(3.0)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_tables_fit_their_terminal(width: int) -> None:
    console = Console(width=width, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(_everybody(PEOPLE, [PLACES[p.home].name for p in PEOPLE], width))
    console.print(_figures(census(PEOPLE, ASKED, 3)))
    shown = console.export_text()
    assert max(map(len, shown.splitlines())) <= width
    assert all(p.name in shown for p in PEOPLE)
    assert "25% asked" in shown
    assert "asked 30" in shown


def test_bars_rise_with_scores() -> None:
    assert bars([0.0, 0.5, 1.0]) == "▁▅█"
    assert [*bars(np.linspace(0, 1, 9).tolist())] == sorted(bars(np.linspace(0, 1, 9).tolist()))


def test_the_command_prints_json_of_everybody(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text("world = { size_m = 256 }\nvillage = { villagers = 12 }\n")
    made = CliRunner().invoke(app, ["people", str(tmp_path / "small.toml"), "--json"])
    assert made.exit_code == 0
    told = json.loads(made.stdout)
    assert told["count"] == len(told["people"]) == 12
    names = {p["name"] for p in told["people"]}
    assert all(kin["name"] in names for p in told["people"] for kin in p["family"])
