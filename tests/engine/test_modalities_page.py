"""The page about modalities names all there are, with the types they have, and its examples run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import engine.render
from engine.scenario import MODALITIES
from recorder.schema import BOX_2D_COLUMNS, BOX_3D_COLUMNS, IMAGE_COLUMNS, KEYPOINT_COLUMNS, RANGE, SIGHT_NAMES
from tests.recorder import synthetic

PAGE = (Path(engine.render.__file__).parent / "MODALITIES.md").read_text()
ROWS = dict(re.findall(r"^\| `(\w+)` \| (\([^|]+?\) \w+) \|", PAGE, re.MULTILINE))
NAMES = {"u1": "uint8", "<f4": "float32", "<u4": "uint32", "b1": "bool"}


def test_every_image_is_on_the_page_with_its_type() -> None:
    assert set(ROWS) == {column.name for column in IMAGE_COLUMNS} | {RANGE} and set(MODALITIES) < set(ROWS)
    for column in IMAGE_COLUMNS:
        shape, kind = ROWS[column.name].rsplit(" ", 1)
        assert kind == NAMES[column.dtype]
        assert shape.count(",") == len(column.shape) - 1


@pytest.mark.parametrize("columns", [BOX_2D_COLUMNS, BOX_3D_COLUMNS, KEYPOINT_COLUMNS])
def test_every_column_of_the_tables_is_on_the_page(columns) -> None:
    tables = PAGE[PAGE.index("## Tables") : PAGE.index("## Three examples")]
    for column in columns:
        stem = re.sub(r"_[xywh]$", "", column.name)
        assert re.search(rf"`[^`]*\b{stem}\b|`[^`]*\b{stem}_x \.\.", tables) or f"`{stem}_x" in tables, column.name
    assert all(f"`{name}`" in tables for name in SIGHT_NAMES)


def test_the_examples_run(tmp_path, monkeypatch) -> None:
    synthetic.write_session(tmp_path / "demo", 33)
    monkeypatch.chdir(tmp_path)
    known: dict = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(block, "MODALITIES.md", "exec"), known)
    with known["session"]:
        assert known["points"].shape == (48, 64, 3) and len(known["seen"]) > 10
        inside, warped = known["inside"], known["warped"]
        assert inside.any() and warped.shape == (48, 64, 3) and not warped[~inside].any()
        assert (warped[inside] != 0).any()
    drawn = np.asarray(known["picture"])
    assert (drawn == (255, 0, 0)).all(axis=2).any()
