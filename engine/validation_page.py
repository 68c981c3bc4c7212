"""The scorecard as one HTML page of its own: verdicts, every world's values on a strip, curves and maps."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from html import escape
from itertools import groupby

from engine.charts import draw_chart
from engine.scorecard_table import accepted, number, summary
from engine.validation import Card
from world.scorecard.card import Chart, Result
from world.scorecard.panel import GROUPS

WORDS = {"pass": "passes", "fail": "fails", "nothing": "nothing to measure"}
STRIP_PX = (230, 26)
WIDE_RATIO = 300.0  # values farther apart than this are laid out by their logarithms
STYLE = """
:root { --ink: #22302f; --faint: #77827f; --line: #e4e0d9; --well: #2f7d4f; --ill: #b5371f; --base: #c08a2e; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1180px; padding: 2.2rem 1.6rem 4rem; color: var(--ink); background: #fdfcfa;
  font: 15px/1.45 system-ui, "Segoe UI", "Helvetica Neue", sans-serif; }
h1 { margin: 0 0 .2rem; font-size: 1.9rem; letter-spacing: -.01em; }
h2 { margin: 2.6rem 0 .6rem; font-size: 1.25rem; border-bottom: 1px solid var(--line); padding-bottom: .3rem; }
p { margin: .3rem 0; max-width: 46rem; }
.faint { color: var(--faint); }
.summary { margin: 1.1rem 0 0; padding: .8rem 1rem; background: #f4f1ea; border-left: 4px solid var(--well); }
.summary.fail { border-color: var(--ill); }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
th:nth-child(2) { width: 8.5rem; } th:nth-child(3), th:nth-child(5), th:nth-child(6) { width: 9rem; }
th:nth-child(4) { width: 16rem; }
th { text-align: left; font-weight: 500; font-size: .82rem; color: var(--faint); padding: .2rem .6rem .2rem 0; }
td { padding: .38rem .6rem .38rem 0; vertical-align: top; border-top: 1px solid var(--line); }
td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
td small { display: block; color: var(--faint); font-size: .8rem; }
td.pass { color: var(--well); font-weight: 600; }
td.fail { color: var(--ill); font-weight: 600; }
td.nothing { color: var(--faint); }
.blind { color: var(--base); }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(440px, 1fr)); gap: 1.4rem 1.8rem;
  margin-top: 1.4rem; }
figure { margin: 0; }
figure svg, figure img { width: 100%; height: auto; display: block; }
figcaption { color: var(--faint); font-size: .85rem; padding: .1rem 0 0 .2rem; }
@media print { body { max-width: none; background: none; } figure, tr { break-inside: avoid; } }
"""


def page(card: Card, charts: Mapping[str, tuple[Chart, ...]], maps: bytes | None) -> str:
    """The page as text.

    Args:
        card: the results.
        charts: of each group, of the first seed's world.
        maps: a PNG sheet of that world.

    Raises:
        PlotsError: there are charts, and matplotlib is missing.
    """
    verdict = "pass" if card.passed else "fail"
    told = "".join(f"<p>{escape(line)}</p>" for line in summary(card).plain.splitlines())
    first, last = card.seeds[0], card.seeds[-1]
    seeds = f"seed {first}" if first == last else f"{len(card.seeds)} worlds, seeds {first} to {last}"
    parts = [
        f"<h1>The world of {escape(card.scenario)}</h1>",
        f'<p class="faint">Measured on {seeds}. Curves and maps are those of seed {first}.</p>',
        f'<div class="summary {verdict}">{told}</div>',
        '<p class="faint">Strips: the accepted range is shaded, each filled dot is a world, each open diamond what the '
        "baseline gives.</p>",
    ]
    for group, results in groupby(card.results, lambda result: result.metric.group):
        parts.append(f'<h2 id="{group}">{escape(GROUPS[group])}</h2>')
        parts.append(_table(list(results)))
        if drawn := charts.get(group, ()):
            parts.append(f'<div class="charts">{"".join(map(_figure, drawn))}</div>')
    if maps is not None:
        image = base64.b64encode(maps).decode("ascii")
        parts.append(
            f'<h2 id="maps">Maps</h2><figure><img alt="Maps of the valley of seed {first}" '
            f'src="data:image/png;base64,{image}"></figure>'
        )
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" '
        f'content="width=device-width, initial-scale=1">\n<title>Hamlet: the world of {escape(card.scenario)}</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _table(results: list[Result]) -> str:
    rows = "".join(map(_row, results))
    heads = "".join(f"<th>{head}</th>" for head in ("figure", "", "median", "every world", "baseline", "accepted"))
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _row(result: Result) -> str:
    metric, verdict = result.metric, result.verdict
    unit = f", {escape(metric.unit)}" if metric.unit else ""
    low, high = result.quartiles
    quartiles = f"<small>{number(low)} to {number(high)}</small>" if len(result.values) > 1 and low is not None else ""
    blind = result.discriminates is False
    baseline = ""
    if metric.baseline is not None:
        passes = '<span class="blind" title="the baseline passes as well: this cannot tell them apart"> ~</span>'
        baseline = f"{number(result.baseline_median)}{passes if blind else ''}<small>{escape(metric.against)}</small>"
    return (
        f"<tr><td>{escape(metric.name)}{unit}<small>{escape(metric.source)}</small></td>"
        f'<td class="{verdict}">{WORDS[verdict]}</td>'
        f'<td class="number">{number(result.median)}{quartiles}</td><td>{_strip(result)}</td>'
        f'<td class="number">{baseline}</td><td class="number">{accepted(result)}'
        f"{'<small>in every world</small>' if metric.hard else ''}</td></tr>"
    )


def _strip(result: Result) -> str:
    """The values of all worlds and of the baseline on a line, with the accepted range behind them."""
    values = [value for value in result.values if value is not None and math.isfinite(value)]
    others = [value for value in result.baseline if value is not None and math.isfinite(value)]
    ends = [end for end in result.metric.accepted if math.isfinite(end)]
    if not values:
        return ""
    every = [*values, *others, *ends]
    positive = [value for value in every if value > 0.0]
    wide = min(every) >= 0.0 and len(positive) > 1 and max(positive) / min(positive) > WIDE_RATIO
    floor = min(positive) / 3.0 if wide else 0.0

    def laid(value: float) -> float:
        return math.log10(max(value, floor)) if wide else value

    low, high = min(map(laid, every)), max(map(laid, every))
    margin = 0.08 * (high - low) or abs(high) * 0.1 or 1.0
    low, high = low - margin, high + margin
    width, height = STRIP_PX

    def x(value: float) -> float:
        if math.isinf(value):
            return 0.0 if value < 0.0 else float(width)
        return (laid(value) - low) / (high - low) * width

    left, right = (x(end) for end in result.metric.accepted)
    if result.metric.accepted[0] == 0.0 and min(every) >= 0.0:
        left = 0.0
    middle = height / 2
    dots = "".join(
        f'<circle cx="{x(value):.1f}" cy="{middle}" r="3.4" fill="{_colour(result, value)}" fill-opacity=".6"/>'
        for value in values
    )
    diamonds = "".join(
        f'<path d="M{x(value):.1f} {middle - 4.5}l4.5 4.5l-4.5 4.5l-4.5 -4.5z" fill="none" stroke="#c08a2e"/>'
        for value in others
    )
    return (
        f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{len(values)} values">'
        f'<rect x="{left:.1f}" y="3" width="{max(right - left, 1.5):.1f}" height="{height - 6}" fill="#dcebe0"/>'
        f'<line x1="0" x2="{width}" y1="{middle}" y2="{middle}" stroke="#cfcac1"/>{diamonds}{dots}</svg>'
    )


def _colour(result: Result, value: float) -> str:
    return "#2f7d4f" if result.metric.accepts(value) else "#b5371f"


def _figure(chart: Chart) -> str:
    note = f"<figcaption>{escape(chart.note)}</figcaption>" if chart.note else ""
    return f"<figure>{draw_chart(chart)}{note}</figure>"
