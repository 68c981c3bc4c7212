"""Where Hamlet keeps what it can make again: valleys, settled water, machine code.

A damaged file is as good as none.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from pathlib import Path

log = logging.getLogger("hamlet.world")

MAGIC = b"HAMLETV2"
DIGEST_BYTES = 32
PART = ".part"  # ends the name of a file that is being written


def folder() -> Path:
    """$HAMLET_CACHE, else $XDG_CACHE_HOME/hamlet, else ~/.cache/hamlet; a leading ~ is the home folder.

    Raises:
        OSError: there is no home folder, and nothing else is named.
    """
    try:
        if named := os.environ.get("HAMLET_CACHE"):
            return Path(named).expanduser()
        base = os.environ.get("XDG_CACHE_HOME")
        return (Path(base) if base else Path.home() / ".cache") / "hamlet"
    except RuntimeError as error:
        raise OSError(f"there is no folder to keep valleys in ({error}): name one with HAMLET_CACHE") from None


def read_whole(path: Path) -> bytes | None:
    """What `write_whole` wrote; None where there is nothing, or, which is logged, nothing that is whole."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        log.warning("cannot read %s (%s); it is made anew", path, error.strerror)
        return None
    content = data[len(MAGIC) + DIGEST_BYTES :]
    if data[: len(MAGIC)] != MAGIC or data[len(MAGIC) : len(MAGIC) + DIGEST_BYTES] != hashlib.sha256(content).digest():
        log.warning("%s is damaged; it is made anew", path)
        return None
    return content


def write_whole(path: Path, content: bytes) -> None:
    """Write a file with a digest of its content; it appears whole or not at all. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=f"{path.stem}-", suffix=PART)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(MAGIC + hashlib.sha256(content).digest() + content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:  # Ctrl-C, too, leaves nothing behind
        Path(part).unlink(missing_ok=True)
        raise
