"""What earlier runs left behind, or what a recording needs and has lost, is told for what it is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from agents.language.templates import TemplateVoice
from engine.fork import Fork
from engine.interventions import parse_set
from engine.products import OutputError, prepare_folder
from engine.provenance import Model, header
from engine.recording import record_tick
from engine.scenario import ScenarioError, load
from engine.simulation import Simulation
from engine.verify import Examination
from recorder.container import SessionError
from recorder.files import SESSION_FILE
from recorder.reader import Session
from recorder.writer import SessionWriter

DAY = datetime(2026, 1, 1, tzinfo=UTC)
SCENARIO = """
name = "s"
seed = 3
world = { size_m = 256, tick_rate = 8 }
village = { villagers = 2 }
climate = { station = "station.csv" }
"""


def write_station(path: Path, warmer: float = 0.0) -> None:
    first = date(2001, 1, 1)
    days = (
        f"{first + timedelta(day)},{day % 3}.0,{12 + day % 7 + warmer},{4 + day % 5 + warmer}" for day in range(730)
    )
    path.write_text("\n".join(("date,rain,tmax,tmin", *days)) + "\n")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a station's file, a scenario and a recording of it, begun and closed."""
    folder = tmp_path_factory.mktemp("station")
    (folder / "s.toml").write_text(SCENARIO)
    write_station(folder / "station.csv")
    scenario = load(str(folder / "s.toml"))
    simulation = Simulation(scenario, TemplateVoice())
    about = header(scenario, Model("none", ""), DAY)
    with SessionWriter(folder / SESSION_FILE, about, simulation.scenery, simulation.cast) as writer:
        record_tick(writer, simulation)
        for _ in range(16):
            simulation.step()
            record_tick(writer, simulation)
        writer.close({})
    return folder


def examined(session: Session) -> Examination:
    examination = Examination(session)
    for stage in examination.stages():
        for _ in stage.run():
            pass
    return examination


def test_a_station_that_is_gone_is_no_damage_of_the_recording(recorded: Path) -> None:
    station = recorded / "station.csv"
    content = station.read_bytes()
    with Session.open(recorded / SESSION_FILE) as session:
        whole = examined(session)
        assert (whole.findings, whole.notes, whole.keyframes > 0) == ([], [], True)
        station.unlink()
        try:
            without = examined(session)
            assert (without.findings, without.keyframes) == ([], 0)
            (note,) = without.notes
            assert "not put back" in note and f"{station}: cannot be read" in note
            fork = Fork(session, 4, 12, [parse_set("weather=storm", 5)], recorded / "twins")
            with pytest.raises(ScenarioError, match=r"climate\.station"):
                list(fork.run(TemplateVoice(), Model("none", "")))
        finally:
            station.write_bytes(content)
    assert not (recorded / "twins").exists()


def test_a_fork_says_that_the_station_may_be_another(recorded: Path) -> None:
    station = recorded / "station.csv"
    content = station.read_bytes()
    write_station(station, warmer=9.0)
    try:
        with Session.open(recorded / SESSION_FILE) as session:
            fork = Fork(session, 4, 12, [parse_set("weather=storm", 5)], recorded / "twins")
            with pytest.raises(SessionError, match=r"station\.csv"):
                list(fork.run(TemplateVoice(), Model("none", "")))
    finally:
        station.write_bytes(content)
    assert not (recorded / "twins").exists()


def test_a_folder_tells_what_an_earlier_run_left_in_it(recorded: Path, tmp_path: Path) -> None:
    assert prepare_folder(tmp_path / "new") == tmp_path / "new" / SESSION_FILE
    assert prepare_folder(tmp_path / "new") == tmp_path / "new" / SESSION_FILE  # empty, as a killed run leaves it
    (tmp_path / "new" / ".writable").touch()
    prepare_folder(tmp_path / "new")
    with pytest.raises(OutputError, match="is a recording already: name another folder"):
        prepare_folder(recorded)
    whole = (recorded / SESSION_FILE).read_bytes()
    for length, told in ((0, "nothing that can be read"), (20, "nothing that can be read"), (None, "is a recording")):
        (tmp_path / "new" / SESSION_FILE).write_bytes(whole[:length])
        with pytest.raises(OutputError, match=told):
            prepare_folder(tmp_path / "new")
