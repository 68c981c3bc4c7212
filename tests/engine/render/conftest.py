from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine.render.graphics import RenderError, open_context
from engine.render.stage import MODALITIES, Stage
from recorder.schema import Cast, Scenery

SIZE = (160, 120)


@pytest.fixture(scope="session")
def graphics() -> None:
    try:
        open_context()
    except RenderError as error:
        pytest.skip(f"no headless OpenGL here: {error}")


@pytest.fixture
def stage(graphics: None) -> Iterator[Callable[..., Stage]]:
    made: list[Stage] = []

    def build(
        scenery: Scenery, cast: Cast, modalities: tuple[str, ...] = MODALITIES, size: Any = SIZE, quality: str = "fast"
    ) -> Stage:
        made.append(Stage(scenery, cast, size, modalities, quality=quality))
        return made[-1]

    yield build
    for each in made:
        each.close()
