"""Where the command `hamlet` begins: Ctrl-C ends it cleanly from the first moment, while libraries still load too."""

from __future__ import annotations

import signal
import sys


def main() -> None:
    """Load the command line and run it."""
    signal.signal(signal.SIGINT, lambda _number, _frame: sys.exit(130))
    from engine import cli  # noqa: PLC0415 - takes long enough to be interrupted

    signal.signal(signal.SIGINT, signal.default_int_handler)
    cli.main()
