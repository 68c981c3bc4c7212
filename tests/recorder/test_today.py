"""Sessions of older schemas are read in today's columns; what was not recorded is never written as if it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.edit import cut
from recorder.header import copied_header
from recorder.reader import Session
from recorder.schema import BUILDING_STATE, ENVIRONMENT, ENVIRONMENT_COLUMNS, LOOKS, VILLAGER, Snapshot, dtype_of
from recorder.today import TABLES, as_recorded, as_today
from recorder.writer import SessionWriter
from tests.recorder import synthetic
from tests.recorder.synthetic import random_table

CORPUS = Path(__file__).parent / "corpus"
FIRST = dtype_of(ENVIRONMENT_COLUMNS[:13])  # of the environment, in versions 1 and 2.0


@settings(deadline=None)
@given(st.sampled_from(sorted(TABLES)), st.data(), st.integers(0, 2**32))
def test_what_was_recorded_comes_back_from_todays_columns(name: str, data: st.DataObject, seed: int) -> None:
    today = dtype_of(TABLES[name])
    known = today.names or ()
    columns = data.draw(st.lists(st.sampled_from(known), unique=True, min_size=1))
    layout = np.dtype([(each, today[each]) for each in columns] + [("of_a_later_day", "<f4")])
    table = random_table(np.random.default_rng(seed), layout, (3,))
    whole = as_today(name, table)
    assert whole.dtype.names == (*known, "of_a_later_day")
    environment, villagers, buildings = (
        np.zeros(n, dtype_of(c)) for n, c in zip(((), 3, 3), TABLES.values(), strict=True)
    )
    tables = {"environment": environment, "villagers": villagers, "buildings": buildings, name: whole}
    assert getattr(as_recorded(Snapshot(0, **tables), {name: layout}), name).tobytes() == table.tobytes()


def test_every_column_that_may_be_absent_has_a_neutral_value() -> None:
    for columns in TABLES.values():
        names = [column.name for column in columns]
        for number, column in enumerate(columns):
            if isinstance(column.absent, str):
                assert column.absent in names[:number], f"{column.name} is taken from a column before it"
            else:
                assert np.dtype(column.dtype).type(column.absent) == column.absent


@pytest.mark.parametrize("name", ["v1-valley", "v1-killed", "v2-killed", "v2-segments", "v2-valley"])
def test_old_sessions_show_a_summer_without_a_layer_of_fog(name: str) -> None:
    with Session.open(CORPUS / f"{name}.hamlet") as session:
        assert session.columns["environment"] == FIRST
        for snapshot in session.snapshots():
            now = snapshot.environment
            assert now.dtype == ENVIRONMENT and snapshot.buildings.dtype == BUILDING_STATE
            assert now["haze_visibility_m"] == now["visibility_m"] and now["gust_m_s"] == now["wind_m_s"]
            assert now["fog_top_m"] == -10_000 and now["leaf_cover"] == 1 and now["grass_green"] == 0.9
            assert len(snapshot.buildings) == 0 and snapshot.surface is None
            with pytest.raises(ValueError, match="read-only"):
                snapshot.environment["cloud"] = 0
        assert session.scenery.surroundings is None and session.scenery.detail is None


@pytest.mark.parametrize("name", ["v1-valley", "v2-valley"])
def test_a_piece_of_an_old_session_holds_what_was_recorded_and_no_more(tmp_path: Path, name: str) -> None:
    with Session.open(CORPUS / f"{name}.hamlet") as session:
        for _ in cut(session, tmp_path / "piece.hamlet", range(100, 130)):
            pass
        with Session.open(tmp_path / "piece.hamlet") as piece:
            assert piece.columns["environment"] == FIRST and "buildings" not in piece.columns
            for mine in piece.snapshots():
                its = session.snapshot(mine.tick)
                assert mine.environment.tobytes() == its.environment.tobytes()
                assert mine.villagers.tobytes() == its.villagers.tobytes() and mine.villagers.dtype == VILLAGER


def test_columns_of_a_later_day_are_kept(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    more = np.dtype([*ENVIRONMENT.descr, ("uv_index", "<f4")])
    layouts = {"environment": more, "villagers": VILLAGER, "buildings": BUILDING_STATE}
    header = copied_header(synthetic.header(), layouts)
    with SessionWriter(tmp_path / "s.hamlet", header, synthetic.scenery(rng), synthetic.cast()) as writer:
        for tick in range(9):
            wide = np.zeros((), more)
            wide["uv_index"] = tick
            writer.snapshot(replace(synthetic.snapshot(rng, tick), environment=wide))
    with Session.open(tmp_path / "s.hamlet") as session:
        for _ in cut(session, tmp_path / "piece.hamlet", range(3, 6)):
            pass
    with Session.open(tmp_path / "piece.hamlet") as piece:
        assert [float(snapshot.environment["uv_index"]) for snapshot in piece.snapshots()] == [3, 4, 5]


def test_old_looks_are_those_of_a_plain_adult(tmp_path: Path) -> None:
    with Session.open(CORPUS / "v1-valley.hamlet") as session:
        looks, recorded = session.cast.looks, session.recorded_cast.looks
        assert looks.dtype == LOOKS and recorded.dtype.names == (LOOKS.names or ())[:12]
        assert all(np.array_equal(looks[name], recorded[name]) for name in recorded.dtype.names or ())
        assert (looks["age_years"] == 35).all() and (looks["jaw"] == 0.5).all()
        assert np.array_equal(looks["eye_rgb"], looks["hair_rgb"]) and np.array_equal(looks["female"], looks["skirt"])
        for _ in cut(session, tmp_path / "piece.hamlet", range(100, 110)):
            pass
    with Session.open(tmp_path / "piece.hamlet") as piece:
        assert piece.recorded_cast.looks.tobytes() == recorded.tobytes()
        assert piece.recorded_cast.looks.dtype == recorded.dtype
