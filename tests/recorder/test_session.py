from __future__ import annotations

from pathlib import Path

import numpy as np

from recorder.reader import Session
from recorder.schema import ENVIRONMENT, VILLAGER, Snapshot
from tests.recorder import synthetic


def same_snapshot(a: Snapshot, b: Snapshot) -> bool:
    columns = a.environment.tobytes() == b.environment.tobytes() and a.villagers.tobytes() == b.villagers.tobytes()
    rest = (a.tick, a.events, a.utterances, a.hashes) == (b.tick, b.events, b.utterances, b.hashes)
    return columns and rest


def test_everything_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "a.hamlet"
    given = synthetic.write_session(path)
    with Session.open(path) as session:
        assert session.complete and not session.scanned
        assert session.ticks == range(96)
        assert all(same_snapshot(a, b) for a, b in zip(session.snapshots(), given, strict=True))
        assert session.at(50).villagers.dtype == VILLAGER and session.at(50).environment.dtype == ENVIRONMENT
        assert session.at(50).environment.shape == ()
        assert session.utterances() == [line for snapshot in given for line in snapshot.utterances]
        assert list(session.events()) == [event for snapshot in given for event in snapshot.events]
        assert [wording["key"][1] for wording in session.wordings()] == [4, 28, 52, 76]
        assert session.header["seed"] == 7 and session.summary == {"utterances": 4}
        assert session.cameras == ("square",) and [ref.tick for ref in session.frames()] == list(range(0, 96, 16))
        for ref in session.frames("square"):
            for modality, image in synthetic.images(ref.tick).items():
                back = session.frame(ref.tick, "square", modality)
                assert back.dtype == image.dtype and np.array_equal(back, image)
        valley, wanted = session.scenery, synthetic.scenery(np.random.default_rng(3))
        assert np.array_equal(valley.heights, wanted.heights) and valley.places == wanted.places
        assert valley.plants.dtype == wanted.plants.dtype and np.array_equal(valley.buildings, wanted.buildings)
        assert session.cast.personas == synthetic.cast().personas
        assert np.array_equal(session.cast.looks, synthetic.cast().looks)
