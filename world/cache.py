"""Valleys kept on disk: generation takes seconds, reading takes none. A file that is not whole is as good as none."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import os
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np

from world.land.terrain import Surroundings
from world.valley import ARRAYS, Valley
from world.view import Place

log = logging.getLogger("hamlet.world")

MAGIC = b"HAMLETV2"
DIGEST_BYTES = 32


def folder() -> Path:
    """Where valleys are kept: $HAMLET_CACHE, else $XDG_CACHE_HOME/hamlet, else ~/.cache/hamlet."""
    if named := os.environ.get("HAMLET_CACHE"):
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "hamlet"


def key(*inputs: object) -> str:
    """Name of a valley's file: a hash of all that it is generated from, the generator's own source included.

    `inputs` are what `make_valley` is given, in any form that its `repr` tells apart.
    """
    digest = hashlib.sha256(repr(inputs).encode())
    for source in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(f"{source.relative_to(Path(__file__).parent)}\0".encode() + source.read_bytes())
    return digest.hexdigest()[:40]


def load(name: str) -> Valley | None:
    """The valley of this key, or None where there is no complete and valid file."""
    path = folder() / f"valley-{name}.bin"
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        log.warning("cannot read %s (%s); the valley is generated anew", path, error)
        return None
    body = data[len(MAGIC) + DIGEST_BYTES :]
    if data[: len(MAGIC)] != MAGIC or data[len(MAGIC) : len(MAGIC) + DIGEST_BYTES] != hashlib.sha256(body).digest():
        log.warning("%s is damaged; the valley is generated anew", path)
        return None
    with np.load(io.BytesIO(body), allow_pickle=False) as stored:
        facts = json.loads(bytes(stored["facts"]))
        return Valley(
            cell_m=facts["cell_m"],
            origin=(facts["origin"][0], facts["origin"][1]),
            places=tuple(Place(**place) for place in facts["places"]),
            surroundings=Surroundings(
                stored["surroundings"], (facts["around"][0], facts["around"][1]), facts["around_cell_m"]
            ),
            **{array: stored[array] for array in ARRAYS},
        )


def store(name: str, valley: Valley) -> None:
    """Keep a valley under this key; the file appears whole or not at all. A folder that cannot be written is logged."""
    facts = {
        "cell_m": valley.cell_m,
        "origin": valley.origin,
        "around": valley.surroundings.origin,
        "around_cell_m": valley.surroundings.cell_m,
        "places": [asdict(place) for place in valley.places],
    }
    body = io.BytesIO()
    arrays = {array: getattr(valley, array) for array in ARRAYS} | {"surroundings": valley.surroundings.heights}
    np.savez(body, facts=np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8), **arrays)
    content = body.getvalue()
    try:
        folder().mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder(), prefix="valley-", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(MAGIC + hashlib.sha256(content).digest() + content)
            os.replace(temporary, folder() / f"valley-{name}.bin")
        except OSError:
            os.unlink(temporary)
            raise
    except OSError as error:
        log.warning("cannot keep the valley in %s (%s); it will be generated again", folder(), error)
