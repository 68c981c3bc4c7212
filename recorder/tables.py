"""What was said as a table: one row per line, for pandas, DuckDB, Parquet and the like. Needs pyarrow."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from recorder.channels import json_value
from recorder.container import SessionError
from recorder.moments import name_of
from recorder.schema import ENVIRONMENT_COLUMNS, LUMINARY_NAMES, Cast, Column, Meaning, Utterance

if TYPE_CHECKING:
    import pyarrow

LINES_PER_BATCH = 1024  # a line with its prompt takes some 3 kB


@dataclass(frozen=True)
class Said:
    """One line and what is needed to tell of it."""

    line: Utterance
    cast: Cast
    tick_rate: int


@dataclass(frozen=True)
class TableColumn:
    """One column of the table: Arrow's name of its type (with [] for lists), what it means, where it comes from."""

    name: str
    type: str
    meaning: Meaning | Column
    value: Callable[[Said], Any]
    nullable: bool = False


def utterance_table(lines: Iterable[Utterance], cast: Cast, tick_rate: int) -> pyarrow.Table:
    """All lines as one table with the columns of `utterance_schema`; without lines it has no rows.

    Args:
        lines: none of them is kept.
        cast: whose rows the lines name.
        tick_rate: ticks per world second.

    Raises:
        SessionError: pyarrow is not installed.
    """
    batches = utterance_batches(lines, cast, tick_rate)
    table: pyarrow.Table = _arrow().Table.from_batches(batches, schema=utterance_schema())
    return table


def utterance_batches(lines: Iterable[Utterance], cast: Cast, tick_rate: int) -> Iterator[pyarrow.RecordBatch]:
    """The same table piece by piece, for sessions whose language does not fit into memory.

    Raises:
        SessionError: pyarrow is not installed.
    """
    arrow, schema = _arrow(), utterance_schema()
    rest = iter(lines)
    while part := [Said(line, cast, tick_rate) for line in islice(rest, LINES_PER_BATCH)]:
        columns = [
            arrow.array([column.value(said) for said in part], kind.type)
            for column, kind in zip(COLUMNS, schema, strict=True)
        ]
        yield arrow.RecordBatch.from_arrays(columns, schema=schema)


def utterance_schema() -> pyarrow.Schema:
    """Names and types of the columns; the metadata of each has its `description` and, where there is one, its `unit`.

    Raises:
        SessionError: pyarrow is not installed.
    """
    arrow = _arrow()
    found = []
    for column in COLUMNS:
        name = column.type.removesuffix("[]")
        kind = arrow.type_for_alias(name)
        if name != column.type:
            kind = arrow.list_(arrow.field("item", kind, nullable=False))
        about = {"description": column.meaning.meaning, "unit": column.meaning.unit}
        metadata = {key: text for key, text in about.items() if text}
        found.append(arrow.field(column.name, kind, column.nullable, metadata))
    schema: pyarrow.Schema = arrow.schema(found)
    return schema


def _arrow() -> Any:
    try:
        import pyarrow  # noqa: PLC0415 (an extra, wanted only for tables)
    except ImportError as error:
        raise SessionError(
            "Tables of utterances need pyarrow, which is not installed; pip install 'hamlet-valley[tables]' brings it."
        ) from error
    return pyarrow


MEANINGS = {name: get_args(hint)[1] for name, hint in get_type_hints(Utterance, include_extras=True).items()}


def _own(name: str, kind: str) -> TableColumn:
    """A field of the utterance as it is."""
    return TableColumn(name, kind, MEANINGS[name], lambda said: getattr(said.line, name))


def _text(name: str) -> TableColumn:
    return TableColumn(name, "string", MEANINGS[name], lambda said: _unicode(getattr(said.line, name)))


def _texts(name: str) -> TableColumn:
    return TableColumn(name, "string[]", MEANINGS[name], lambda said: [_unicode(t) for t in getattr(said.line, name)])


def _unicode(text: str) -> str:
    """The text with U+FFFD for lone surrogates, which a model may write and UTF-8 cannot hold."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _name(said: Said, row: int) -> str:
    return _unicode(name_of(said.cast, row))


def _fact(said: Said) -> str | None:
    fact = said.line.fact
    return None if fact is None else _unicode(json.dumps(json_value(fact), ensure_ascii=False))


def _place(axis: int, meaning: str) -> TableColumn:
    def of(said: Said) -> float | None:
        spot = said.line.positions.get(said.line.speaker)
        return None if spot is None else spot[axis]

    return TableColumn("xyz"[axis], "double", Meaning(meaning, "m"), of, nullable=True)


def _weather(column: Column) -> TableColumn:
    return TableColumn(column.name, "double", column, lambda said: said.line.weather.get(column.name), nullable=True)


COLUMNS = (
    _own("id", "int64"),
    _own("start_tick", "int64"),
    _own("end_tick", "int64"),
    TableColumn(
        "start_s",
        "double",
        Meaning("when the words begin, in world time since tick 0", "s"),
        lambda said: said.line.start_tick / said.tick_rate,
    ),
    TableColumn(
        "end_s",
        "double",
        Meaning("when the words are over, in world time since tick 0", "s"),
        lambda said: said.line.end_tick / said.tick_rate,
    ),
    _own("speaker", "int32"),
    TableColumn("speaker_name", "string", Meaning("given name"), lambda said: _name(said, said.line.speaker)),
    _own("listeners", "int32[]"),
    TableColumn(
        "listener_names",
        "string[]",
        Meaning("given names, in the order of listeners"),
        lambda said: [_name(said, row) for row in said.line.listeners],
    ),
    _own("overhearers", "int32[]"),
    _own("conversation", "int64"),
    _text("act"),
    _text("topic"),
    _text("text"),
    _text("draft"),
    _text("source"),
    TableColumn("fact", "string", Meaning("what the act conveys, a JSON object"), _fact, nullable=True),
    _own("request_tick", "int64"),
    _own("arrival_tick", "int64"),
    _place(0, "east, of the speaker at start_tick"),
    _place(1, "north, of the speaker at start_tick"),
    _place(2, "height of the speaker's feet at start_tick"),
    TableColumn(
        "sees",
        "int32[]",
        Meaning("rows that the speaker sees at start_tick"),
        lambda said: said.line.sees.get(said.line.speaker, ()),
    ),
    *(_weather(column) for column in ENVIRONMENT_COLUMNS if column.name not in (*LUMINARY_NAMES, "sun_w_m2")),
    _text("prompt"),
    _texts("raw"),
    _texts("rejections"),
    _own("seed", "uint64"),
    _text("model_sha256"),
)
"""What a line says of itself, of the moment, and of how its words were found."""
