"""Pictures made with matplotlib, which is an extra: figures of their own, nothing global, the same bytes every time."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, FAINT = "#22302f", "#7a8583"
DPI = 100
STYLE: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9.0,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "axes.linewidth": 0.6,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "svg.hashsalt": "hamlet",
    "svg.fonttype": "path",
}


class PlotsError(ValueError):
    """Nothing can be drawn here; the message says what is missing."""


def need_matplotlib() -> None:
    """Do nothing where matplotlib is installed.

    Raises:
        PlotsError: it is not.
    """
    try:
        import matplotlib  # noqa: F401, PLC0415 - an extra
    except ImportError:
        raise PlotsError(
            "Maps and curves need matplotlib, which is not installed; pip install 'hamlet-valley[plots]' brings it."
        ) from None


def new_figure(width_px: int, height_px: int) -> Figure:
    """An empty figure of so many pixels. Raises PlotsError where matplotlib is missing."""
    need_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(width_px / DPI, height_px / DPI), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


@contextmanager
def styled() -> Iterator[None]:
    """Draw in Hamlet's style inside; matplotlib's own settings come back after.

    Raises:
        PlotsError: matplotlib is missing.
    """
    need_matplotlib()
    from matplotlib import rc_context, rcParamsDefault  # noqa: PLC0415

    plain = {key: value for key, value in rcParamsDefault.items() if not key.startswith("backend")}
    with rc_context({**plain, **STYLE}):  # a matplotlibrc of the user's changes nothing
        yield


def png(figure: Figure) -> bytes:
    """The figure as a PNG file."""
    target = io.BytesIO()
    with styled():
        figure.savefig(target, format="png", dpi=DPI, metadata={"Software": "Hamlet"})
    return target.getvalue()


def svg(figure: Figure) -> str:
    """The figure as an SVG element."""
    target = io.StringIO()
    with styled():
        figure.savefig(target, format="svg", metadata={"Date": None, "Creator": "Hamlet"})
    text = target.getvalue()
    return text[text.index("<svg") :]
