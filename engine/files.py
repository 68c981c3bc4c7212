"""Files that people name on the command line: checked before long work, written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import typer

from engine.terminal import INTERRUPTED, fail


def named(path: str | Path) -> Path:
    """The path that an option names; nothing would be taken for the current folder."""
    if not str(path).strip():
        raise typer.BadParameter("it names nothing; write a path, or . for the current folder.")
    return Path(path)


WrittenPath = partial(typer.Option, parser=named, metavar="PATH")  # an option for a path that is written to


@contextmanager
def stoppable(written: Sequence[str] = ()) -> Iterator[None]:
    """Ctrl-C inside ends the program with a sentence that tells what was written until then."""
    try:
        yield
    except KeyboardInterrupt:
        fail(" ".join(("stopped;", *written)) if written else "stopped; nothing was written.", INTERRUPTED)


def check_writable(path: Path) -> None:
    """End the program if a file cannot be written, before long work begins."""
    if path.is_dir():
        fail(f"{path} is a folder: name a file.")
    if path.exists() and not path.is_file():
        fail(f"{path} is no ordinary file: name another.")  # it would be replaced
    folder = path.parent
    if not folder.is_dir():
        fail(f"{folder} is not a folder: make it, or name a file elsewhere.")
    unfinished = _unfinished(path)
    try:
        unfinished.touch()
        unfinished.unlink()
    except (OSError, ValueError) as error:  # null bytes
        fail(f"{path} cannot be written ({_why(error)}): name a file elsewhere.")


def write(path: Path, content: bytes) -> None:
    """Write a file that appears whole or not at all."""
    unfinished = _unfinished(path)
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except BaseException as error:
        unfinished.unlink(missing_ok=True)
        if isinstance(error, OSError):
            fail(f"{path} cannot be written ({_why(error)}).")
        raise


def _unfinished(path: Path) -> Path:
    return path.with_name(f".unfinished-{os.getpid()}-{path.name}")


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
