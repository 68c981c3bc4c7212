"""The scorecard of a scenario over many seeds, measured by several processes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

from engine.processes import finished
from engine.provenance import package_versions
from engine.scenario import Scenario
from engine.simulation import world_config
from world.config import WorldConfig
from world.scorecard import panel
from world.scorecard.card import Metric, Result
from world.scorecard.panel import Measured

JSON_FORMAT = 1


class ValidationError(ValueError):
    """The scorecard could not be made; the message says why and what to do."""


@dataclass(frozen=True)
class Step:
    """How far a validation is: the worlds that are measured, and the slowest figure of the last one."""

    done: int
    of: int
    seed: int
    slowest: Measured | None


@dataclass(frozen=True)
class Card:
    """The finished scorecard: results in the order of the groups, and what could not be measured where."""

    scenario: str
    seeds: tuple[int, ...]
    results: tuple[Result, ...]
    left_out: dict[str, tuple[int, ...]] = field(default_factory=dict)  # reason -> seeds

    @property
    def passed(self) -> bool:
        """Whether nothing fails."""
        return all(result.verdict != "fail" for result in self.results)

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "format": JSON_FORMAT,
            "versions": package_versions(),
            "scenario": self.scenario,
            "seeds": list(self.seeds),
            "passed": self.passed,
            "left_out": [{"reason": reason, "seeds": list(seeds)} for reason, seeds in self.left_out.items()],
            "results": [result.plain() for result in self.results],
        }


class Validation:
    """One scorecard in the making: `run()` measures, then `card()` has the results.

    Args:
        scenario: its seed is the first; the others follow it.
        seeds: how many.
        groups: of metrics, from panel.GROUPS.
        workers: processes.
    """

    def __init__(self, scenario: Scenario, seeds: int, groups: tuple[str, ...], workers: int) -> None:
        self.scenario = scenario
        self.seeds = tuple(range(scenario.seed, scenario.seed + seeds))
        self.metrics = panel.metrics(groups)
        self.config = world_config(scenario)
        self._workers = workers
        self._found: dict[tuple[int, str], Measured] = {}

    def run(self) -> Iterator[Step]:
        """Measure world after world; yields whenever one is done.

        Raises:
            ValidationError: a process ended before its world was measured.
        """
        config = self.config
        once = tuple(metric.id for metric in self.metrics if not metric.per_seed)
        each = tuple(metric.id for metric in self.metrics if metric.per_seed)
        tasks = [(config, once)] if once else []
        tasks += [(replace(config, seed=seed), each) for seed in self.seeds] if each else []
        measuring = finished(_measured, tasks, min(self._workers, len(tasks)))
        try:
            with closing(measuring):
                for done, ((world, _), found) in enumerate(measuring, 1):
                    self._found |= {(world.seed, measured.id): measured for measured in found}
                    slowest = max(found, key=lambda measured: measured.seconds, default=None)
                    yield Step(done, len(tasks), world.seed, slowest)
        except BrokenProcessPool:
            raise ValidationError(
                f"A process ended before its world was measured: memory may be short; take fewer than "
                f"{self._workers} workers."
            ) from None

    def card(self) -> Card:
        """The results, when all is measured."""
        reasons: dict[str, dict[int, None]] = defaultdict(dict)
        for (seed, _), measured in sorted(self._found.items()):
            if measured.left_out:
                reasons[measured.left_out][seed] = None
        return Card(
            self.scenario.name,
            self.seeds,
            tuple(map(self._result, self.metrics)),
            {reason: tuple(seeds) for reason, seeds in reasons.items()},
        )

    def _result(self, metric: Metric) -> Result:
        seeds = self.seeds if metric.per_seed else self.seeds[:1]
        found = [self._found[seed, metric.id] for seed in seeds]
        baseline = tuple(measured.baseline for measured in found) if metric.baseline is not None else ()
        return Result(metric, tuple(measured.value for measured in found), baseline)


def _measured(task: tuple[WorldConfig, tuple[str, ...]]) -> list[Measured]:
    return panel.measured(*task)
