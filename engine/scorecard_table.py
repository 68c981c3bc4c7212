"""The scorecard laid out for a terminal: as tables from 80 columns on, as a list on a narrower one."""

from __future__ import annotations

import math
from itertools import groupby

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from engine.terminal import counted
from engine.validation import Card
from world.scorecard.card import Result, Value
from world.scorecard.panel import GROUPS

MARKS = {"pass": ("ok", "green"), "fail": ("FAILS", "bold red"), "nothing": ("-", "dim")}
TOO = "~"  # beside a baseline that is accepted as well
NAMES_SHOWN = 16
BASELINE_WIDE = 12  # characters
TABLE_COLUMNS = 80  # a table on fewer would lose digits
LIST_INDENT = 6  # the width of the marks


def scorecard(card: Card, columns: int) -> RenderableType:
    """All groups and what they come to, for a terminal of so many columns."""
    parts: list[RenderableType] = []
    laid_out = _table if columns >= TABLE_COLUMNS else _listed
    for group, results in groupby(card.results, lambda result: result.metric.group):
        parts += [laid_out(group, list(results)), ""]
    return Group(*parts, summary(card))


def _table(group: str, results: list[Result]) -> Table:
    table = Table(
        title=GROUPS[group], title_justify="left", title_style="bold", box=None, padding=(0, 1), pad_edge=False
    )
    table.add_column("", no_wrap=True, min_width=5)
    table.add_column(group, min_width=26, overflow="fold", header_style="dim")
    table.add_column("median,\nquartiles", no_wrap=True, justify="right", header_style="dim")
    table.add_column("baseline", max_width=BASELINE_WIDE, overflow="fold", justify="right", header_style="dim")
    table.add_column("accepted", no_wrap=True, min_width=14, justify="right", header_style="dim")
    for result in results:
        mark, style = MARKS[result.verdict]
        name = _named(result).append(f"\n{result.metric.source}", "dim")
        table.add_row(Text(mark, style), name, _value(result), _baseline(result), Text(accepted(result)))
    return table


def _listed(group: str, results: list[Result]) -> RenderableType:
    """What a table has in a row as a few lines of text, which wrap."""
    parts: list[RenderableType] = [Text(GROUPS[group], "bold")]
    for result in results:
        mark, style = MARKS[result.verdict]
        parts.append(Text.assemble((f"{mark:{LIST_INDENT}}", style), _named(result)))
        told = Text.assemble(_value(result, " "), "; accepted ", accepted(result))
        if result.metric.baseline is not None:
            told.append_text(Text.assemble("; baseline ", _baseline(result, " ")))
        parts.append(Padding(Text.assemble(told, "\n", (result.metric.source, "dim")), (0, 0, 0, LIST_INDENT)))
    return Group(*parts)


def _named(result: Result) -> Text:
    return Text(f"{result.metric.name}, {result.metric.unit}" if result.metric.unit else result.metric.name)


def _value(result: Result, then: str = "\n") -> Text:
    text = Text(number(result.median), "red" if result.verdict == "fail" else "")
    low, high = result.quartiles
    if low is not None and len([value for value in result.values if value is not None]) > 1:
        text.append(f"{then}{number(low)} {number(high)}", "dim")
    if result.metric.hard and result.verdict == "fail":
        text.append(f"{then}in every world", "red")
    return text


def _baseline(result: Result, then: str = "\n") -> Text:
    if result.metric.baseline is None:
        return Text("")
    text = Text(number(result.baseline_median), "yellow" if result.discriminates is False else "")
    text.append(f" {TOO}" if result.discriminates is False else "")
    return text.append(f"{then}{result.metric.against}", "dim")


def accepted(result: Result) -> str:
    """The range in words: `0.3 to 0.6`, `up to 0.1`, `from 0.5`."""
    low, high = result.metric.accepted
    if math.isinf(high):
        return f"from {number(low)}"
    if math.isinf(low) or (low == 0.0 and high > 0.0):
        return f"up to {number(high)}"
    return f"{number(low)} to {number(high)}"


def summary(card: Card) -> Text:
    """What passes, what fails, and which figures tell this world from its baseline."""
    told = [result for result in card.results if result.verdict != "nothing"]
    failed = [result for result in told if result.verdict == "fail"]
    against = [result for result in told if result.discriminates is not None]
    blind = [result for result in against if not result.discriminates]
    text = Text()
    text.append(f"{len(told) - len(failed)} of {counted(len(told), 'figure') or '0 figures'} pass", "bold")
    text.append(f" over {counted(len(card.seeds), 'seed')}")
    if failed:
        text.append("; failed: ")
        text.append(_names(failed), "red")
    text.append(".")
    if against:
        text.append(f"\n{len(against) - len(blind)} of {len(against)} with a baseline tell this world from it")
        text.append(f"; not ({TOO}): {_names(blind)}." if blind else ".")
    if silent := [result for result in card.results if result.verdict == "nothing"]:
        text.append(f"\nNothing to measure here: {_names(silent)}.")
    for reason, seeds in card.left_out.items():
        numbers = ", ".join(map(str, seeds))
        text.append(f"\nIn part not measured: {'seed' if len(seeds) == 1 else 'seeds'} {numbers}: {reason}.", "yellow")
    return text


def _names(results: list[Result]) -> str:
    names = [result.metric.id for result in results]
    more = len(names) - NAMES_SHOWN
    return ", ".join(names if more <= 1 else [*names[:NAMES_SHOWN], f"{more} more"])


def number(value: Value) -> str:
    """Three significant digits; a dash for nothing."""
    if value is None:
        return "-"
    if value != 0.0 and math.isfinite(value) and (abs(value) < 1e-3 or abs(value) >= 1e5):
        return f"{value:.1e}".replace("e-0", "e-").replace("e+0", "e")
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
