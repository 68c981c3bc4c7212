"""The table of utterances says what the session says, in types that other tools read."""

from __future__ import annotations

import json
import weakref
from collections.abc import Iterator
from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from recorder.reader import Session
from recorder.schema import ENVIRONMENT_COLUMNS, Utterance
from recorder.tables import LINES_PER_BATCH, utterance_batches, utterance_schema, utterance_table
from tests.recorder import synthetic
from tests.test_walls import run_blocked

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.hamlet"))
WEATHER = [column for column in ENVIRONMENT_COLUMNS if not column.name.startswith(("sun_", "moon_", "sidereal"))]
AS_THEY_ARE = [
    "id", "start_tick", "end_tick", "speaker", "conversation", "act", "topic", "text", "draft", "source",
    "request_tick", "arrival_tick", "prompt", "seed", "model_sha256",
]  # fmt: skip
LISTS = ["listeners", "overhearers", "raw", "rejections"]


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_every_line_is_a_row_with_all_it_says(path):
    with Session.open(path) as session:
        lines, cast, rate = session.lines(), session.cast, session.tick_rate
    table = utterance_table(iter(lines), cast, rate)
    table.validate(full=True)
    rows = table.to_pylist()
    assert len(rows) == len(lines) > 0
    for row, line in zip(rows, lines, strict=True):
        assert [row[name] for name in AS_THEY_ARE] == [getattr(line, name) for name in AS_THEY_ARE]
        assert [row[name] for name in LISTS] == [list(getattr(line, name)) for name in LISTS]
        assert (row["start_s"], row["end_s"]) == (Fraction(line.start_tick, rate), Fraction(line.end_tick, rate))
        assert row["speaker_name"] == cast.personas[line.speaker]["name"]
        assert row["listener_names"] == [cast.personas[listener]["name"] for listener in line.listeners]
        assert line.fact == (json.loads(row["fact"]) if row["fact"] else None)
        assert (row["x"], row["y"], row["z"]) == line.positions[line.speaker]
        assert row["sees"] == list(line.sees[line.speaker])
        assert {name: row[name] for name in line.weather} == line.weather


def test_every_column_says_what_it_means():
    schema = utterance_schema()
    for column in schema:
        about = {key.decode(): text.decode() for key, text in (column.metadata or {}).items()}
        assert about["description"]
        assert about.get("unit") or not pa.types.is_floating(column.type), column.name
        assert about.get("unit") == "tick" or not column.name.endswith("tick")
    for weather in WEATHER:
        expected = {b"description": weather.meaning.encode(), b"unit": weather.unit.encode()}
        assert schema.field(weather.name).metadata == expected


def test_no_field_of_an_utterance_is_forgotten():
    shown_otherwise = {"positions", "sees", "weather"}  # of the speaker, and one column each
    assert {item.name for item in fields(Utterance)} - shown_otherwise <= set(utterance_schema().names)


def test_parquet_gives_the_table_back(tmp_path):
    lines = [synthetic.utterance(number, 40 * number) for number in range(6)]
    lines[1] = replace(lines[1], fact=None, positions={}, sees={}, weather={}, listeners=())
    table = utterance_table(lines, synthetic.cast(), 16)
    pq.write_table(table, tmp_path / "lines.parquet")
    back = pq.read_table(tmp_path / "lines.parquet")
    assert back.equals(table, check_metadata=False)
    for column in utterance_schema():
        assert (column.metadata or {}).items() <= (back.schema.field(column.name).metadata or {}).items()
        assert back.schema.field(column.name).nullable == column.nullable
    bare = back.to_pylist()[1]
    assert [bare[name] for name in ("fact", "x", "z", "temperature_c")] == [None] * 4
    assert bare["sees"] == bare["listener_names"] == []


def test_a_session_in_which_nobody_speaks_gives_the_same_columns():
    table = utterance_table([], synthetic.cast(), 16)
    assert table.num_rows == 0
    assert table.schema.equals(utterance_schema(), check_metadata=True)
    spoken = utterance_table([synthetic.utterance(0, 3)], synthetic.cast(), 16)
    assert pa.concat_tables([table, spoken]).num_rows == 1


def test_pieces_hold_few_lines_and_keep_none():
    alive: set[int] = set()

    def lines(count: int) -> Iterator[Utterance]:
        for number in range(count):
            line = synthetic.utterance(number, number)
            alive.add(number)
            weakref.finalize(line, alive.discard, number)
            yield line

    rows = 0
    for batch in utterance_batches(lines(3 * LINES_PER_BATCH + 5), synthetic.cast(), 16):
        rows += batch.num_rows
        assert len(alive) <= LINES_PER_BATCH + 1
    assert rows == 3 * LINES_PER_BATCH + 5


def test_the_table_can_be_asked():
    lines = [synthetic.utterance(number, 40 * number) for number in range(8)]
    table = utterance_table(lines, synthetic.cast(), 16)
    asked = table.filter((pc.field("act") == "ask") & (pc.field("start_s") > 5))
    assert asked["id"].to_pylist() == [6]
    assert asked["speaker_name"].to_pylist() == ["Mira"]


def test_what_utf8_cannot_hold_is_marked():
    line = replace(synthetic.utterance(0, 0), text="a \ud800 b \U0001f411", raw=("\udfff",), fact={"what": "\ud800å"})
    row = utterance_table([line], synthetic.cast(), 16).to_pylist()[0]
    assert row["text"] == "a � b 🐑"
    assert row["raw"] == ["�"]
    assert row["fact"] == '{"what": "�å"}'


def test_only_the_table_needs_pyarrow():
    path = Path(__file__).parent / "corpus" / "v1-synthetic.hamlet"
    printed = run_blocked(
        {"pyarrow", "jsonschema"},
        f"""
import recorder.writer, recorder.channels
from recorder.container import SessionError
from recorder.reader import Session
from recorder.tables import utterance_table
with Session.open({str(path)!r}) as session:
    assert session.lines()
    try:
        utterance_table(session.lines(), session.cast, session.tick_rate)
    except SessionError as error:
        print(error)
""",
    )
    assert printed.strip().count("\n") == 0
    assert "pip install 'hamlet-valley[tables]'" in printed
