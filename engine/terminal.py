"""What every command says and how: one console, progress, durations of work, and errors of one sentence."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NoReturn, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn

T = TypeVar("T")
INTERRUPTED = 130  # exit code after Ctrl-C, as shells have it

out = Console()


def progress() -> Progress:
    """A progress bar for long work; give each task a `note`."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[note]}"),
        TimeRemainingColumn(),
        console=out,
    )


def parsed(option: str, text: str, parse: Callable[[str], T]) -> T:
    """The value of an option, or the end of the program with a sentence that names the option."""
    try:
        return parse(text)
    except ValueError as error:
        fail(f"{option}: {error}.")


def say(text: str) -> None:
    """Print as it is: paths hold brackets, and are copied from the terminal in one piece."""
    out.print(text, soft_wrap=True, highlight=False, markup=False)


def fail(sentence: str, code: int = 2) -> NoReturn:
    """End the program with one sentence on stderr."""
    print(f"hamlet: {sentence}", file=sys.stderr)
    raise typer.Exit(code)
