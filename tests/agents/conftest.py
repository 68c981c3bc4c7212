from __future__ import annotations

import pytest

from tests.agents.village import Life, village


@pytest.fixture(scope="session", autouse=True)
def compiled(machine_code: None) -> None:
    """Machine code for those who walk and look round."""


@pytest.fixture(scope="session")
def morning() -> Life:
    """Twenty villagers through ten minutes of a calm morning, every tick kept."""
    return village(20, seed=6).run(600, rows=True)
