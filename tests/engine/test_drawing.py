"""What goes to a drawing process and comes back is the same shot, with each surface sent in few bytes."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.drawing import SURFACES_HELD, Packer, Shot, Unpacker
from recorder.reader import Session
from recorder.schema import Snapshot, Surface
from recorder.surfaces import MAPS
from tests.recorder import synthetic


def assert_same(found: Snapshot | None, wanted: Snapshot | None) -> None:
    if found is None or wanted is None:
        assert found is wanted
        return
    assert found.tick == wanted.tick
    assert np.array_equal(found.villagers, wanted.villagers)
    assert np.array_equal(found.buildings, wanted.buildings)
    assert found.environment == wanted.environment
    assert found.events == wanted.events, "lightning is drawn from them"
    if found.surface is None or wanted.surface is None:
        assert found.surface is wanted.surface
        return
    assert found.surface.tick == wanted.surface.tick
    assert all(
        np.array_equal(getattr(found.surface, name).view("u4"), getattr(wanted.surface, name).view("u4"))
        for name in MAPS
    )


def test_a_shot_arrives_as_it_was_sent_and_knows_its_surface_again(tmp_path: Path) -> None:
    synthetic.write_session(tmp_path / "s.hamlet", 60, 0)
    poses = {"a": synthetic.POSE}
    with Session.open(tmp_path / "s.hamlet") as session:
        packer, unpacker = Packer(), Unpacker(session.scenery.heights.shape)
        lying: dict[int, Surface] = {}
        for tick in (3, 19, 20, 59):
            following = session.snapshot(tick + 1) if tick < 59 else None
            before = session.snapshot(tick - 1) if tick > 3 else None
            shot = Shot(session.snapshot(tick), poses, following, poses if following else None, before)
            sent = pickle.dumps(packer.pack(shot))
            arrived = unpacker.unpack(pickle.loads(sent))
            assert arrived.poses == poses
            for found, wanted in zip(
                (arrived.snapshot, arrived.following, arrived.before), (shot.snapshot, following, before), strict=True
            ):
                assert_same(found, wanted)
                if found is not None and found.surface is not None:
                    same = lying.setdefault(found.surface.tick, found.surface)
                    assert found.surface is same, "a stage knows by it that nothing changed"
        assert len(lying) > 1


def test_neither_side_holds_more_surfaces_than_are_drawn(tmp_path: Path) -> None:
    synthetic.write_session(tmp_path / "s.hamlet", 2, 0)
    with Session.open(tmp_path / "s.hamlet") as session:
        packer, unpacker = Packer(), Unpacker(session.scenery.heights.shape)
        snapshot = session.snapshot(0)
        assert snapshot.surface is not None
        for tick in (*range(3 * SURFACES_HELD), 0):
            surface = replace(snapshot.surface, tick=tick, snow_m=np.full_like(snapshot.surface.snow_m, tick / 100))
            arrived = unpacker.unpack(packer.pack(Shot(replace(snapshot, surface=surface), {})))
            assert_same(arrived.snapshot, replace(snapshot, surface=surface))
        assert len(packer.surfaces) == len(unpacker.surfaces) == SURFACES_HELD
