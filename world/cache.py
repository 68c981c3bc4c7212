"""Valleys, and the water settled in them, kept on disk: making takes seconds, reading none.

A file that is not whole is as good as none.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import os
import shutil
import tempfile
import time
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets import palette
from world.folder import folder
from world.land.detail import Detail
from world.land.terrain import Surroundings
from world.valley import ARRAYS, Valley
from world.view import Place

log = logging.getLogger("hamlet.world")

MAGIC = b"HAMLETV2"
DIGEST_BYTES = 32
LIBRARIES = ("numpy", "scipy", "numba", "opensimplex")
UNUSED_S = 30 * 86400.0  # age at which machine code is that of sources that are no more
ABANDONED_S = 3600.0  # age at which a part of a file belongs to a writer that was killed


def key(*inputs: object) -> str:
    """Name of a valley's file: a hash of all that it is generated from.

    That is `inputs`, whatever `make_valley` is given, by its `repr`; the generator's source with the palette it paints
    by; and the libraries that calculate for it, whose next version may round otherwise.
    """
    digest = hashlib.sha256(repr((inputs, [version(name) for name in LIBRARIES])).encode())
    here = Path(__file__).parent
    for source in (*sorted(here.rglob("*.py")), Path(palette.__file__)):
        digest.update(f"{source.relative_to(here.parent)}\0".encode() + source.read_bytes())
    return digest.hexdigest()[:40]


def load(name: str) -> Valley | None:
    """The valley of this key, or None where there is no complete and valid file."""
    stored = load_arrays("valley", name)
    if stored is None:
        return None
    facts = json.loads(bytes(stored["facts"]))
    return Valley(
        cell_m=facts["cell_m"],
        origin=(facts["origin"][0], facts["origin"][1]),
        places=tuple(Place(**place) for place in facts["places"]),
        surroundings=Surroundings(
            stored["surroundings"], (facts["around"][0], facts["around"][1]), facts["around_cell_m"]
        ),
        detail=Detail(stored["roughness"], stored["tile"], *facts["detail"]) if facts["detail"] else None,
        **{array: stored[array] for array in ARRAYS},
    )


def store(name: str, valley: Valley) -> None:
    """Keep a valley under this key."""
    facts = {
        "cell_m": valley.cell_m,
        "origin": valley.origin,
        "around": valley.surroundings.origin,
        "around_cell_m": valley.surroundings.cell_m,
        "detail": valley.detail and (valley.detail.per_cell, valley.detail.scale_m),
        "places": [asdict(place) for place in valley.places],
    }
    arrays = {array: getattr(valley, array) for array in ARRAYS} | {"surroundings": valley.surroundings.heights}
    if valley.detail is not None:
        arrays |= {"roughness": valley.detail.roughness, "tile": valley.detail.tile}
    store_arrays("valley", name, arrays | {"facts": np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8)})


def load_arrays(kind: str, name: str) -> dict[str, NDArray[Any]] | None:
    """Arrays that were kept under a kind and a key, or None where there is no complete and valid file."""
    path = folder() / f"{kind}-{name}.bin"
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        log.warning("cannot read %s (%s); the %s is made anew", path, error, kind)
        return None
    body = data[len(MAGIC) + DIGEST_BYTES :]
    if data[: len(MAGIC)] != MAGIC or data[len(MAGIC) : len(MAGIC) + DIGEST_BYTES] != hashlib.sha256(body).digest():
        log.warning("%s is damaged; the %s is made anew", path, kind)
        return None
    with np.load(io.BytesIO(body), allow_pickle=False) as stored:
        return {array: stored[array] for array in stored.files}


def store_arrays(kind: str, name: str, arrays: dict[str, NDArray[Any]]) -> None:
    """Keep arrays; the file appears whole or not at all. A folder that cannot be written is logged."""
    body = io.BytesIO()
    np.savez(body, allow_pickle=False, **arrays)
    content = body.getvalue()
    try:
        folder().mkdir(parents=True, exist_ok=True)
        sweep()
        handle, temporary = tempfile.mkstemp(dir=folder(), prefix=f"{kind}-", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(MAGIC + hashlib.sha256(content).digest() + content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, folder() / f"{kind}-{name}.bin")
        except OSError:
            os.unlink(temporary)
            raise
    except OSError as error:
        log.warning("cannot keep the %s in %s (%s); it will be made again", kind, folder(), error)


def sweep() -> None:
    """Remove what killed writers left (a writer at work is younger), and machine code long unused."""
    for left in folder().glob("*.part"):
        if time.time() - left.stat().st_mtime > ABANDONED_S:
            left.unlink(missing_ok=True)
    for code in folder().glob("code-*"):
        if time.time() - code.stat().st_mtime > UNUSED_S:
            shutil.rmtree(code, ignore_errors=True)
