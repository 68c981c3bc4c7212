"""Where the command `hamlet` begins: Ctrl-C and SIGTERM end it cleanly from the first moment, while it loads too."""

from __future__ import annotations

import signal
import sys

STOPS = (signal.SIGINT, signal.SIGTERM)


def main() -> None:
    """Load the command line and run it; what Ctrl-C tidies up when it ends a command, SIGTERM does, too."""
    for number in STOPS:
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    from engine import cli  # noqa: PLC0415 - takes long enough to be interrupted

    for number in STOPS:
        signal.signal(number, signal.default_int_handler)
    cli.main()
