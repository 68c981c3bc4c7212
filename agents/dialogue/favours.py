"""What is asked, offered and invited to: who does what for whom, where and when, beside what is promised already."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

import numpy as np

from agents.acts import Fact, Proposal, Topic
from agents.minds import Minds, Moment
from world.streams import stream

DAY_MIN = 1440
NOTICE_MIN = 60  # nobody asks for help that is needed sooner; judgement
HALF_HOUR = 30
FIRST_MIN, LAST_MIN = 9 * 60, 17 * 60  # help begins between these, and otherwise the next morning
VISIT_MIN = 18 * 60 + 30  # visits are paid after supper
NEED_BEGINS_MIN = (8 * 60, 16 * 60)  # the hours in which work comes to the point where one pair of hands is too few
NEED_LASTS_MIN = 120  # how long one looks for help; judgement
HEAVY_WORK = 0.25  # share of days on which one's work wants a second pair of hands; judgement
GUESTS = 16  # as many as one asks to one's table; judgement
STAY_MIN = {"help": 60, "bring": 45, "attend": 90, "meet": 60}  # how long each may take; judgement


def help_for(minds: Minds, doer: int, beneficiary: int, now: Moment, need: Fact | None = None) -> Proposal:
    """Work beside somebody at its workplace: what the need says, or what its trade wants a second pair of hands for."""
    p = minds.personas[beneficiary]
    day, minute = _next_half_hour(now)
    said = need.details.get("what") if need is not None else None
    what = str(said or _task(minds, beneficiary, now))
    place = need.place if need is not None and need.place >= 0 else p.workplace
    return Proposal(
        "help", doer, beneficiary, place, day, minute, STAY_MIN["help"], what, need.id if need is not None else -1
    )


def own_need(minds: Minds, row: int, now: Moment) -> Fact | None:
    """The fact that somebody needs help with its work today; None where the work goes well enough.

    There are days on which a trade wants four hands however well it goes. The need is there when the work has come to
    that point, and whoever has found nobody after a while has managed alone.
    """
    knowledge = minds.knowledge
    held = knowledge.first_hand(row, "needs_help", row)
    if held is not None and held.day == now.day:
        return held
    draw = stream(minds.seed, "heavy work", row, now.day)
    heavy, begins = draw.random() < HEAVY_WORK, int(draw.integers(*NEED_BEGINS_MIN))
    if not begins <= now.minute < begins + NEED_LASTS_MIN:
        return None
    state = minds.own_work(row, now).details["state"]
    if state == "done" or (state == "well" and not heavy):
        return None
    place, what = minds.personas[row].workplace, _task(minds, row, now)
    fact = knowledge.new(
        Topic.FAVOUR, "needs_help", now.day, now.minute, subject=row, place=place, source="own", what=what
    )
    knowledge.replace_own(row, fact)
    return fact


def _task(minds: Minds, row: int, now: Moment) -> str:
    """What somebody's trade wants a second pair of hands for today."""
    tasks = _read()["help"].get(minds.personas[row].trade, _read()["help"]["any"])
    return tasks[int(stream(minds.seed, "help wanted", row, now.day).integers(len(tasks)))]


def comfort_for(minds: Minds, doer: int, beneficiary: int, now: Moment, state: str) -> Proposal | None:
    """What may be done for one who is behind, tired, hungry, cold or lonely; None where nothing fits."""
    p = minds.personas[beneficiary]
    if state in ("behind", "tired"):
        return help_for(minds, doer, beneficiary, now)
    if state not in _read()["comfort"]:
        return None
    kind, *comforts = _read()["comfort"][state]
    what = comforts[int(stream(minds.seed, "comfort", doer, now.tick).integers(len(comforts)))]
    day, minute = _next_half_hour(now)
    if kind == "meet":
        day, minute = (now.day, VISIT_MIN) if now.minute + NOTICE_MIN <= VISIT_MIN else (now.day + 1, VISIT_MIN)
    return Proposal(kind, doer, beneficiary, p.home, day, minute, STAY_MIN[kind], what)


def attendance(guest: int, gathering: Fact) -> Proposal:
    """To come to a gathering that somebody gives."""
    what = str(gathering.details.get("what", ""))
    return Proposal(
        "attend",
        guest,
        gathering.subject,
        gathering.place,
        gathering.day,
        gathering.minute,
        int(gathering.details.get("minutes", STAY_MIN["attend"])),
        what,
        gathering.id,
    )


def is_ahead(wish: Proposal, now: Moment) -> bool:
    """Whether there is still time to do it from its beginning."""
    return (wish.day - now.day) * DAY_MIN + wish.minute - now.minute > 0


def free_for(minds: Minds, wish: Proposal) -> bool:
    """Whether nothing else that the doer has promised comes in the way."""
    return is_promised(minds, wish) or not minds.promises.clashes(wish)


def is_promised(minds: Minds, wish: Proposal) -> bool:
    """Whether the doer has promised just that already."""
    same = (p for p in minds.promises.owed(wish.doer) if (p.kind, p.beneficiary) == (wish.kind, wish.beneficiary))
    return any((p.place, p.day, p.minute) == (wish.place, wish.day, wish.minute) for p in same)


def has_promised(minds: Minds, row: int, gathering: Fact) -> bool:
    """Whether somebody has promised to come to a gathering."""
    return any(p.kind == "attend" and p.fact == gathering.id for p in minds.promises.owed(row))


def gives(minds: Minds, row: int, gathering: Fact) -> bool:
    """Whether a gathering is somebody's to ask people to: the host's, or of its household who will be there."""
    host, p = minds.personas[gathering.subject], minds.personas[row]
    own = p.household >= 0 and p.household == host.household and has_promised(minds, row, gathering)
    return row == gathering.subject or own


def on_the_list(minds: Minds, row: int, gathering: Fact, places: int = GUESTS) -> bool:
    """Whether the host of a gathering would have somebody: the nearest first, until as many would come as find room.

    Who declines makes room for the next.
    """
    if minds.promises.has_declined(row, gathering.id):
        return False
    host, relations = gathering.subject, minds.relations
    known = relations.known(host)
    near = np.asarray(relations.familiarity[host, known], float) + np.asarray(relations.affinity[host, known], float)
    asked = places + minds.promises.how_many_declined(gathering.id)
    return row in known[np.argsort(-near, kind="stable")][:asked]


def _next_half_hour(now: Moment) -> tuple[int, int]:
    minute = -(-(now.minute + NOTICE_MIN) // HALF_HOUR) * HALF_HOUR
    if minute > LAST_MIN:
        return now.day + 1, FIRST_MIN
    return now.day, max(minute, FIRST_MIN)


@cache
def _read() -> dict[str, dict[str, list[str]]]:
    text = files("assets").joinpath("names", "favours.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
