"""A fork is its parent up to one tick, and differs after it by what the change caused."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from agents.language.templates import TemplateVoice
from engine.capture import Capture
from engine.fork import COUNTERFACTUAL, FACTUAL, Fork
from engine.interventions import Intervention, parse_inject, parse_set
from engine.products import OutputError
from engine.provenance import Model
from engine.resimulation import resimulate
from engine.scenario import ScenarioError, build
from recorder.container import SessionError
from recorder.reader import Session
from recorder.surfaces import MAPS
from recorder.today import TABLES

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("machine_code")]
SCENARIO = """
name = "market"
seed = 5
place.start = 2026-06-12T13:00:00
world = { size_m = 512, tick_rate = 8 }
village = { villagers = 8, talkativeness = 5 }
capture = { duration = 35, modalities = "none" }
language.model = "none"
"""
AT, LAST = 163, 280
NO_MODEL = Model("none", "")


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    job = Capture(build(tomllib.loads(SCENARIO), "test"), tmp_path_factory.mktemp("parent"), TemplateVoice(), NO_MODEL)
    assert [state.tick for state in job.run()][-1] == LAST
    return job.path


def forked(parent: Path, out: Path, *changes: Intervention) -> tuple[Session, Session]:
    with Session.open(parent) as session:
        job = Fork(session, AT, LAST, changes, out)
        for _ in job.run(TemplateVoice(), NO_MODEL):
            pass
    return Session.open(job.paths[FACTUAL]), Session.open(job.paths[COUNTERFACTUAL])


def lived(session: Session, tick: int) -> dict[str, Any]:
    snapshot = session.snapshot(tick)
    tables = {name: getattr(snapshot, name).tobytes() for name in TABLES}
    ground = snapshot.surface
    maps = None if ground is None else (ground.tick, [getattr(ground, name).tobytes() for name in MAPS])
    return {**vars(snapshot), **tables, "surface": maps}


def first_difference(one: Session, other: Session) -> int | None:
    return next((tick for tick in one.ticks if lived(one, tick) != lived(other, tick)), None)


def test_without_a_change_nothing_differs(parent: Path, tmp_path: Path) -> None:
    before = parent.read_bytes()
    factual, counterfactual = forked(parent, tmp_path)
    with Session.open(parent) as session:
        for twin in (factual, counterfactual):
            assert twin.complete and twin.ticks == session.ticks and first_difference(session, twin) is None
            assert twin.lines() == session.lines() and len(twin.lines()) > 3
            assert twin.wordings() == session.wordings() and twin.keyframes == session.keyframes
    assert [wrong for _, wrong in resimulate(factual) if wrong] == []
    assert parent.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (parse_set("weather=storm,over=20s", AT + 1), "front"),
        (parse_inject("rumour:who=Fritz,kind=fox_in_barn", AT + 1), "rumour"),
        (parse_inject("closed:place=the square", AT + 1), "closed"),
    ],
    ids=["weather", "rumour", "closed"],
)
def test_a_change_is_felt_only_after_the_fork(parent: Path, tmp_path: Path, change: Intervention, kind: str) -> None:
    factual, counterfactual = forked(parent, tmp_path, change)
    with Session.open(parent) as session:
        assert first_difference(session, factual) is None
    assert first_difference(factual, counterfactual) == AT + 1
    assert kind in [event.kind for event in counterfactual.snapshot(AT + 1).events]
    assert factual.snapshot(LAST).hashes != counterfactual.snapshot(LAST).hashes
    one, other = factual.header, counterfactual.header
    assert one["origin"]["twin"] == other["id"] and other["origin"]["twin"] == one["id"] != other["id"]
    assert one["origin"]["of"] == other["origin"]["of"] and one["origin"]["changes"] == [change.plain()]
    assert other["interventions"] == [change.plain()] and "interventions" not in one
    assert [wrong for _, wrong in resimulate(counterfactual) if wrong] == []  # from its own log and changes


def test_the_same_fork_gives_the_same_bytes(parent: Path, tmp_path: Path) -> None:
    change = parse_set("weather=snow,over=10s", AT + 1)
    for name in ("a", "b"):
        forked(parent, tmp_path / name, change)
    for role in (FACTUAL, COUNTERFACTUAL):
        one, other = ((tmp_path / name / role / "session.hamlet").read_bytes() for name in ("a", "b"))
        assert one == other


def test_a_fork_can_be_forked(parent: Path, tmp_path: Path) -> None:
    forked(parent, tmp_path / "first", parse_set("weather=rain,over=10s", AT + 1))
    first = tmp_path / "first" / COUNTERFACTUAL
    with Session.open(first) as session:
        job = Fork(session, 200, LAST, (parse_set("weather=clear,over=10s", 201),), tmp_path / "second")
        for _ in job.run(TemplateVoice(), NO_MODEL):
            pass
        twin = Session.open(job.paths[COUNTERFACTUAL])
        assert first_difference(session, twin) == 201
        assert twin.header["origin"]["earlier"] == [session.header["origin"]]
        assert [given["tick"] for given in twin.header["interventions"]] == [AT + 1, 201]
        assert [wrong for _, wrong in resimulate(twin) if wrong] == []


def test_what_cannot_be_forked_says_so(parent: Path, tmp_path: Path) -> None:
    with Session.open(parent) as session:
        with pytest.raises(SessionError, match="no tick 281; it holds ticks 0 to 280"):
            Fork(session, AT, LAST + 1, (), tmp_path / "a")
        with pytest.raises(SessionError, match="not after tick 163"):
            Fork(session, AT, AT, (), tmp_path / "a")
        (tmp_path / "b" / FACTUAL).mkdir(parents=True)
        (tmp_path / "b" / FACTUAL / "mine.txt").write_text("kept")
        with pytest.raises(OutputError, match="is there already"):
            Fork(session, AT, LAST, (), tmp_path / "b")
        nobody = Fork(session, AT, LAST, (parse_inject("rumour:who=Nemo,kind=fox_in_barn", AT + 1),), tmp_path / "c")
        with pytest.raises(ScenarioError, match="Nobody here is called 'Nemo'"):
            list(nobody.run(TemplateVoice(), NO_MODEL))
