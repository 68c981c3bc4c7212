"""Commands as they are typed: in this process, which has its modules already, or in one of their own."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from engine import terminal
from engine.cli import main

ROOT = Path(__file__).parents[2]
HAMLET = (sys.executable, "-c", "from engine.cli import main; main()")
WIDTH = 80  # characters of the terminal


def hamlet(*arguments: object) -> subprocess.CompletedProcess[str]:
    """What a command prints and how it ends, run in this process."""
    words = ["hamlet", *map(str, arguments)]
    said, complained = io.StringIO(), io.StringIO()
    code = 0
    terminal.out.width = WIDTH
    with (
        patch.object(sys, "argv", words),
        redirect_stdout(said),
        redirect_stderr(complained),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    return subprocess.CompletedProcess(words, code, said.getvalue(), complained.getvalue())


def hamlet_process(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """The same in a process of its own, with more variables in its environment."""
    return subprocess.run(
        [*HAMLET, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "COLUMNS": str(WIDTH), "PYTHONPATH": str(ROOT), **environment},
    )
