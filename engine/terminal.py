"""What every command says and how: results on stdout, progress and errors of one sentence on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NoReturn, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.status import Status
from rich.table import Column

T = TypeVar("T")
INTERRUPTED = 130  # exit code after Ctrl-C, as shells have it

out = Console()
_err = Console(stderr=True)


def progress() -> Progress:
    """A progress bar for long work; give each task a `note`. Files and pipes get none."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", table_column=Column(no_wrap=True, overflow="ellipsis")),
        console=_err,
        disable=not _err.is_terminal,
    )


def busy(text: str) -> Status:
    """A spinner beside what is done at the moment, for work that cannot say how far it is."""
    return Status(text, console=_err)


def parsed(option: str, text: str, parse: Callable[[str], T]) -> T:
    """The value of an option, or the end of the program with a sentence that names the option."""
    try:
        return parse(text)
    except ValueError as error:
        fail(f"{option}: {error}.")


def make_products(making: Iterable[tuple[str, Path]]) -> list[tuple[str, Path]]:
    """Make what people open beside a session, saying what is being done; gives back what it is and where."""
    made = []
    with busy("Making the video, the contact sheet and the texts ...") as status:
        for what, path in making:
            made.append((what, path))
            status.update(f"Made the {what} ...")
    return made


def say(text: str) -> None:
    """Print as it is: paths hold brackets, and are copied from the terminal in one piece."""
    out.print(text, soft_wrap=True, highlight=False, markup=False)


def fail(sentence: str, code: int = 2) -> NoReturn:
    """End the program with one sentence on stderr."""
    print(f"hamlet: {sentence}", file=sys.stderr)
    raise typer.Exit(code)


def counted(count: int, what: str) -> str:
    """`1 tick`, `2 ticks`; nothing for none."""
    return "" if not count else f"{count} {what}" if count == 1 else f"{count} {what}s"
