"""What a villager can be about, and what is done where it arrives."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from assets.palette import Activity


class Intent(IntEnum):
    """What a villager is about; new ones are added at the end, because recordings keep the numbers."""

    SLEEP = 0
    REST = 1  # at home, indoors
    EAT = 2
    WORK = 3
    ERRAND = 4
    LINGER = 5  # among people, for its own sake
    SHELTER = 6
    COMPANY = 7  # out of loneliness
    HELP = 8  # working beside somebody, as promised or out of kindness
    ATTEND = 9  # a gathering
    BRING = 10  # fetch something and carry it to somebody
    MEET = 11  # somebody at a place, as promised
    VISIT = 12  # a friend at home
    INN = 13  # sitting inside with others
    CHAPEL = 14
    FIRE = 15  # fetch wood and light the fire at home
    HARVEST = 16  # bring in what stands or lies in the field
    EXPLORE = 17  # see a place where one has not been for long


INDOORS = (Intent.SLEEP, Intent.REST, Intent.EAT, Intent.SHELTER, Intent.VISIT, Intent.INN, Intent.CHAPEL, Intent.FIRE)
UNDER_A_ROOF = (Intent.ATTEND, Intent.MEET)  # indoors where their place is a building
LABOUR = (Intent.WORK, Intent.HELP, Intent.HARVEST)

ON_ARRIVAL = {
    Intent.SLEEP: Activity.SLEEP,
    Intent.REST: Activity.SIT,
    Intent.EAT: Activity.SIT,
    Intent.WORK: Activity.WORK,
    Intent.ERRAND: Activity.STAND,
    Intent.LINGER: Activity.STAND,
    Intent.SHELTER: Activity.STAND,
    Intent.COMPANY: Activity.STAND,
    Intent.HELP: Activity.WORK,
    Intent.ATTEND: Activity.STAND,
    Intent.BRING: Activity.STAND,
    Intent.MEET: Activity.STAND,
    Intent.VISIT: Activity.SIT,
    Intent.INN: Activity.SIT,
    Intent.CHAPEL: Activity.SIT,
    Intent.FIRE: Activity.SIT,
    Intent.HARVEST: Activity.WORK,
    Intent.EXPLORE: Activity.STAND,
}


def table(*intents: Intent) -> NDArray[np.bool_]:
    """A column (intents,) that is true at these: `table(...)[codes]` tells them from others, faster than np.isin."""
    flags = np.zeros(len(Intent), bool)
    flags[list(intents)] = True
    return flags


@dataclass(frozen=True)
class Intention:
    """One thing to do at one place. `block` numbers the block of the day's round, -1 for what is not of the round."""

    intent: Intent
    place: int
    block: int = -1
    other: int = -1  # row of the villager whom it is about: a friend, a host, who is helped; -1 for none
    promise: int = -1  # id of the promise that it carries out, -1 for none

    @property
    def indoors(self) -> bool:
        """Whether it is done under a roof, wherever its place is; see UNDER_A_ROOF for those that depend on it."""
        return self.intent in INDOORS
