"""What can be said in the slots of phrases: names, places, times, deeds and who did them to whom, in the right form."""

from __future__ import annotations

import re

from agents.acts import SpeechPlan
from agents.language.phrases import phrase_book

_HAILS = {
    "early morning": "Good morning",
    "morning": "Good morning",
    "noon": "Good day",
    "afternoon": "Good afternoon",
    "evening": "Good evening",
    "night": "Good evening",
}
_DAYS = {"early morning": "morning", "morning": "morning", "afternoon": "afternoon", "evening": "evening"}
_PLACE_PREPOSITIONS = {"wood": "in", "forest": "in", "field": "in", "fields": "in", "lane": "in", "bench": "by"} | {
    "shore": "by",
    "stream": "by",
    "river": "by",
    "bridge": "on",
    "hill": "on",
}
_PRONOUNS = {"woman": ("she", "her", "her"), "man": ("he", "him", "his")}
_NOUN_STARTS = frozenset(
    {"a", "an", "the", "some", "any", "one", "two", "three", "half", "my", "your", "his", "her", "our", "their"}
)
_ARTICLE_BEFORE_SLOT = re.compile(r"\b([Aa])n? \{(\w+)\}")
_INDEFINITE = re.compile(r"^(an?|some) ")
_SENTENCE_START = re.compile(r"(^|[.!?] )([a-z])")


def slot_values(plan: SpeechPlan) -> dict[str, str]:
    """The words for each slot that has any; a slot without words is missing, and so are the phrases that need it."""
    tasks = phrase_book().tasks
    hail = _HAILS.get(plan.day_part, "Good day")
    details = plan.fact.details if plan.fact else {}
    values = {name: value for name, value in details.items() if isinstance(value, str)} | {
        "listener": plan.listener.name,
        "subject": plan.subject_name,
        "object": plan.object_name,
        "teller": plan.teller_name,
        "place": plan.place_name,
        "at_place": f"{place_preposition(plan.place_name)} {plan.place_name}" if plan.place_name else "",
        "here": plan.here,
        "weather": plan.weather,
        "when": plan.when,
        "trade": plan.speaker.trade,
        "their_trade": plan.listener.trade,
        "task": tasks.get(plan.speaker.trade, "the work"),
        "their_task": tasks.get(plan.listener.trade, "the work"),
        "hail": hail,
        "hail_low": hail.lower(),
        "day": _DAYS.get(plan.day_part, "day"),
    }
    if plan.proposal is not None:
        values["what"] = plan.proposal.what
    values |= _parties(plan) | _pronouns(plan)
    values["the_what"] = _INDEFINITE.sub("the ", values.get("what", ""))
    values["deed"] = _deed(plan, values.get("what", ""))
    return {name: value for name, value in values.items() if value}


def fill(text: str, values: dict[str, str]) -> str:
    """A phrase with its slots filled and every sentence begun with a capital."""
    return _SENTENCE_START.sub(lambda match: match[1] + match[2].upper(), filled(text, values))


def filled(text: str, values: dict[str, str]) -> str:
    """A text with its slots filled; articles fit what follows them."""
    text = _ARTICLE_BEFORE_SLOT.sub(lambda m: f"{m[1]}{'n' if values[m[2]][:1] in 'aeiou' else ''} {{{m[2]}}}", text)
    return " ".join(text.format_map(values).split())


def place_preposition(place: str) -> str:
    """The word before a place's name when one is there: "in" the wood, "at" the mill."""
    return _PLACE_PREPOSITIONS.get(place.rsplit(" ", maxsplit=1)[-1].lower(), "at")


def _parties(plan: SpeechPlan) -> dict[str, str]:
    """The fact's subject and object from the speaker's mouth, for the place they have in the sentence.

    `who` did it to `whom`; where the sentence turns round, `whom_first` had it done by `who_last`.
    """
    fact = plan.fact
    if fact is None:
        return {}
    pronouns = {plan.speaker.row: ("I", "me"), plan.listener.row: ("you", "you")}
    who, who_last = pronouns.get(fact.subject, (plan.subject_name, plan.subject_name))
    whom_first, whom = pronouns.get(fact.object, (plan.object_name, plan.object_name))
    return {"who": who, "who_last": who_last, "whom": whom, "whom_first": whom_first}


def _pronouns(plan: SpeechPlan) -> dict[str, str]:
    she, her, hers = _PRONOUNS.get(plan.subject_gender, ("", "", ""))
    return {"she": she, "her": her, "her_own": hers}


def _deed(plan: SpeechPlan, what: str) -> str:
    """What was or will be done as a verb without ending: "mend the fence", "bring a sack of flour"."""
    if not what:
        return ""
    kind = plan.proposal.kind if plan.proposal else str(plan.fact.details.get("deed", "")) if plan.fact else ""
    if kind == "bring":
        return f"bring {what}"
    if kind == "attend":
        return f"come to {_INDEFINITE.sub('the ', what)}"
    return f"see to {what}" if what.split(maxsplit=1)[0] in _NOUN_STARTS else what
