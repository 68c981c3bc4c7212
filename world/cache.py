"""Valleys, and the water settled in them, kept on disk: making takes seconds, reading none.

A file that is not whole is as good as none.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import os
import re
import shutil
import time
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets import palette
from world.compiled import CODE
from world.folder import PART, folder, read_whole, write_whole
from world.land.detail import Detail
from world.land.terrain import Surroundings
from world.valley import ARRAYS, Valley
from world.view import Place

log = logging.getLogger("hamlet.world")

LIBRARIES = ("numpy", "scipy", "numba", "opensimplex")
UNUSED_S = 30 * 86400.0  # since the last use: a valley of another version, machine code of sources that are no more
OURS = re.compile(rf"(valley|water)-[0-9a-f]{{40}}(\.bin|-\w{{8}}\{PART})|code-[0-9a-f]{{16}}")  # in whatever folder
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
    content = read_whole(path)
    if content is None:
        return None
    with suppress(OSError):  # a folder that may only be read
        os.utime(path)  # in use, so that it is not swept
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        return {array: stored[array] for array in stored.files}


def store_arrays(kind: str, name: str, arrays: dict[str, NDArray[Any]]) -> None:
    """Keep arrays; the file appears whole or not at all. A folder that cannot be written is logged."""
    body = io.BytesIO()
    np.savez(body, allow_pickle=False, **arrays)
    try:
        folder().mkdir(parents=True, exist_ok=True)
        sweep()
        write_whole(folder() / f"{kind}-{name}.bin", body.getvalue())
    except OSError as error:
        log.warning("cannot keep the %s in %s (%s); it will be made again", kind, folder(), error.strerror)


def sweep() -> None:
    """Remove what was not used for long, and what killed writers left (a writer at work is younger)."""
    for there in sorted(folder().iterdir()):
        if not OURS.fullmatch(there.name) or _unused_s(there) < (ABANDONED_S if there.suffix == PART else UNUSED_S):
            continue
        if there.is_dir() and there != CODE:
            shutil.rmtree(there, ignore_errors=True)
        elif there.is_file():
            there.unlink(missing_ok=True)


def _unused_s(path: Path) -> float:
    """Seconds since a file was used; none where another process has just removed it."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
