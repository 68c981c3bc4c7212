"""`hamlet fork` as it is typed: what it refuses leaves nothing, and any folder will do."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

from agents.language.templates import TemplateVoice
from engine.capture import Capture
from engine.cli import main
from engine.provenance import Model
from engine.scenario import build
from recorder.compare import compare
from recorder.reader import Session

pytestmark = pytest.mark.usefixtures("machine_code")
SCENARIO = """
name = "hamlet"
seed = 5
world = { size_m = 512, tick_rate = 8 }
village = { villagers = 4 }
capture = { duration = 2, modalities = "none" }
language.model = "none"
"""


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parent") / "a [bold] village [/bold]"
    job = Capture(build(tomllib.loads(SCENARIO), "test"), folder, TemplateVoice(), Model("none", ""))
    assert [state.tick for state in job.run()][-1] == 16
    return job.path


def typed(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["hamlet", "fork", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_a_fork_from_the_very_beginning_into_a_folder_with_brackets(
    parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "what if [/red]"
    assert typed(monkeypatch, parent, "--at", "0s", "--set", "weather=storm,over=1s", "--out", out) == 0
    said = capsys.readouterr()
    assert str(parent) in said.out and f"{out}/factual/session.hamlet" in said.out
    assert not said.err  # no bar where nobody looks
    with Session.open(parent) as recorded, Session.open(out / "factual") as factual:
        *_, result = compare(recorded, factual)
        assert result.first is None
    with Session.open(parent) as recorded, Session.open(out / "counterfactual") as other:
        *_, result = compare(recorded, other)
        assert result.first is not None and result.first.tick == 1


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        (["--at", "1s", "--inject", "closed:place=the moon"], ["no place called 'the moon'", "the well"]),
        (["--at", "1s", "--inject", "rumour:who=Nobody,kind=fox_in_barn"], ["Nobody", "there are"]),
        (["--at", "1s", "--set", "model=nothing.gguf"], ["nothing.gguf"]),
        (["--at", "1s", "--set", "weather="], ["weather = ''", "'storm'"]),
        (["--at", "1s"], ["--set", "--inject"]),
        (["--at", "2s", "--set", "weather=rain"], ["--at 2s", "ends at 2 s", "earlier"]),
        (["--at", "1s", "--set", "weather=rain", "--duration", "2s"], ["--duration 2s", "1 s after", "shorter"]),
        (["--at", "1s", "--set", "weather=rain", "--duration", "0.01s"], ["--duration 0.01s", "tick", "0.125 s"]),
    ],
)
def test_what_is_refused_leaves_nothing(
    parent: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    parts: list[str],
) -> None:
    out = tmp_path / "out"
    assert typed(monkeypatch, parent, *options, "--out", out) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("hamlet: ") and all(part in line for part in parts), line
    assert not out.exists()


def test_a_folder_that_cannot_be_is_named_before_anything_is_done(
    parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("precious")
    for out in (tmp_path / "file", tmp_path / "file" / "deeper"):
        assert typed(monkeypatch, parent, "--at", "1s", "--set", "weather=rain", "--out", out) == 2
        assert "--out" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "precious"
