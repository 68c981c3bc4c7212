"""Every kind of fact that villagers can know: its topic, what its details are, and whether it is good or bad news."""

from __future__ import annotations

import json
from typing import Any

from agents.acts import Topic

VALENCE = {
    "lost_sheep": -1,
    "traveller_at_inn": 1,
    "mill_wheel_cracked": -1,
    "apples_ripe": 1,
    "fox_in_barn": -1,
    "wedding_planned": 1,
    "storm_started": -1,
    "place_flooded": -1,
    "promise_kept": 1,
    "promise_broken": -1,
    "helped": 1,
    "quarrelled": -1,
    "lied": -1,
    "needs_help": -1,
    "gathering": 1,
}
"""Whether a piece of news is good or bad for those who hear it; kinds that are not here are neither."""

FACT_KINDS: dict[Topic, tuple[str, ...]] = {
    Topic.NEWS: (
        "lost_sheep",
        "traveller_at_inn",
        "mill_wheel_cracked",
        "apples_ripe",
        "fox_in_barn",
        "wedding_planned",
        "stands_for_reeve",  # the subject wants to become reeve
    ),
    Topic.WEATHER: ("rain_coming", "rain_started", "rain_stopped", "snow_started", "storm_started", "place_flooded"),
    Topic.PERSON: (
        "saw_person",
        "opinion_of_person",  # details: likes
        "promise_kept",  # subject: who had promised; object: to whom; details: what
        "promise_broken",
        "helped",  # the subject helped the object; details: what
        "quarrelled",  # the subject quarrelled with the object
        "lied",  # the subject lied to the object
    ),
    Topic.WORK: ("work_state",),  # details: state = well | behind | done
    Topic.WELLBEING: ("wellbeing",),  # details: state = well | tired | cold | hungry | lonely
    Topic.FAVOUR: ("needs_help",),  # the subject needs help at the place; details: what = "mend the fence"
    Topic.GATHERING: ("gathering",),  # subject: host; place, day and minute are to come; details: what = "a supper"
    Topic.CRAFT: ("craft_tip",),  # details: trade, and what = a whole clause
    Topic.SELF: ("secret",),  # the subject's own; details: what = the persona's secret
}
"""Every kind of fact that villagers can know, by topic."""


PASSING = ("saw_person", "opinion_of_person", "work_state", "wellbeing")
"""Kinds that are forgotten before others, as weather is."""

TOPIC_OF = {kind: topic for topic, kinds in FACT_KINDS.items() for kind in kinds}


def contents_from(texts: Any) -> list[tuple[Topic, str, str, dict[str, Any]]]:
    """Topic, kind, source and details from their JSON. Raises ValueError where villagers know no such kind."""
    if not isinstance(texts, list):
        raise ValueError("the state's 'contents' is no list")
    contents = []
    for text in texts:
        try:
            kind, source, details = json.loads(text)
            contents.append((TOPIC_OF[kind], str(kind), str(source), dict(details)))
        except (TypeError, ValueError, KeyError):
            raise ValueError(f"the state's 'contents' holds {text!r}, which is no kind of fact") from None
    return contents
