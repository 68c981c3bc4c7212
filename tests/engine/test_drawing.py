"""What goes to a drawing process and comes back is the same shot, without its ground being sent along."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np

from engine.drawing import Shot
from recorder.reader import Session
from recorder.surfaces import MAPS
from tests.recorder import synthetic


def test_surfaces_are_taken_from_the_session(tmp_path: Path) -> None:
    synthetic.write_session(tmp_path / "s.hamlet", 60, 0)
    with Session.open(tmp_path / "s.hamlet") as session, Session.open(tmp_path / "s.hamlet") as elsewhere:
        poses = {"a": synthetic.POSE}
        for tick in (3, 19, 59):
            following = session.snapshot(tick + 1) if tick < 59 else None
            shot = Shot(session.snapshot(tick), poses, following, poses if following else None)
            sent, surfaces = shot.sent()
            assert sent.snapshot.surface is None and sent.poses == poses
            arrived = pickle.loads(pickle.dumps(sent)).received(elsewhere, surfaces)
            for found, wanted in ((arrived.snapshot, shot.snapshot), (arrived.following, following)):
                if wanted is None or wanted.surface is None or found is None:
                    assert found is None is wanted
                    continue
                assert found.surface.tick == wanted.surface.tick == wanted.tick - wanted.tick % 20
                assert all(np.array_equal(getattr(found.surface, n), getattr(wanted.surface, n)) for n in MAPS)
                assert np.array_equal(found.villagers, wanted.villagers)
            again = pickle.loads(pickle.dumps(sent)).received(elsewhere, surfaces)
            assert again.snapshot.surface is arrived.snapshot.surface, "by which a stage knows that nothing changed"
