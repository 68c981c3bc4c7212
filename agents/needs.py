"""What body and heart ask for: food, rest, warmth, company, safety, purpose; each from 0 (satisfied) to 1 (urgent)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from agents.acts import Persona
from world.compiled import compiled
from world.state import Plain, put_back, taken
from world.view import Floats, Weather

Flags = NDArray[np.bool_]

HOUR_S = 3600.0
# Rates per waking hour. AgentSociety (Piao et al. 2025) uses hunger 0.15 and social 0.10. Hunger is slower here, so
# that three meals five to six hours apart come at 0.5 to 0.6; loneliness grows faster, because villagers talk often.
# Sixteen waking hours, ten of them busy, bring fatigue from 0 to 1, and eight hours of sleep take it away again (the
# two phases of Borbely 1982, linear).
HUNGER_PER_H = 0.10
SLEEPING_HUNGER = 0.3  # factor while asleep
FATIGUE_PER_H = 1.0 / 20.0
WORK_FATIGUE = 4.0 / 3.0  # factor while working or walking
LONELINESS_PER_H = 0.15
SLEEP_RECOVERY_PER_H = 1.0 / 8.0
MEAL_PER_H = 2.4  # a meal of twenty-five minutes satisfies
TALK_TIME_S = 8 * 60.0  # time constant of loneliness while talking; judgement
COMPANY_SHARE = 0.5  # among people loneliness grows at this share of its rate; judgement
CHILL_TIME_S = 20 * 60.0  # time constants of feeling the cold outside and warming indoors; judgement
WARM_TIME_S = 8 * 60.0
ALARM_TIME_S = 60.0  # time constants of growing afraid and of calming down; judgement
CALM_TIME_S = 5 * 60.0
DARK_MENACE = 0.2  # of being out in the dark; judgement
STORM_MENACE = 0.8
GALE_M_S = 17.2  # Beaufort 8: walking becomes hard
HEAVY_RAIN_MM_H = 10.0  # from which rain is heavy (Met Office)
# Idle hours of a waking day weigh on the conscientious; half a day's work takes that away. Judgement.
IDLENESS_PER_H = 0.10
WORK_PER_H = 0.25
NEW_DAY_PER_H = 0.06  # while asleep: a night takes half of it away
COMFORT_C, FREEZING_C = 14.0, -8.0  # felt temperature at which one walks about content, and at which one must go in


@dataclass(frozen=True)
class Natures:
    """Columns of the traits that bend how needs grow, 0..1."""

    conscientiousness: Floats
    extraversion: Floats
    neuroticism: Floats


@dataclass
class Needs:
    """Columns of needs, one entry per villager."""

    hunger: Floats
    fatigue: Floats
    cold: Floats
    loneliness: Floats
    danger: Floats
    idleness: Floats

    def advance(
        self,
        dt_s: float,
        weather: Weather,
        *,
        indoors: NDArray[np.bool_],
        eating: NDArray[np.bool_],
        sleeping: NDArray[np.bool_],
        labouring: NDArray[np.bool_],
        working: NDArray[np.bool_],
        talking: NDArray[np.bool_],
        in_company: NDArray[np.bool_],
        dark: bool,
        natures: Natures,
    ) -> None:
        """Let `dt_s` seconds pass. Flags are (n,) arrays; every need stays within 0..1."""
        outside = chill(weather), menace(weather, dark)
        steps = [-np.expm1(-dt_s / t) for t in (CHILL_TIME_S, WARM_TIME_S, ALARM_TIME_S, CALM_TIME_S)]
        columns = self.hunger, self.fatigue, self.cold, self.loneliness, self.danger, self.idleness
        traits = natures.conscientiousness, natures.extraversion, natures.neuroticism
        doing = indoors, eating, sleeping, labouring, working, talking, in_company
        _advance(columns, traits, doing, dt_s / HOUR_S, np.exp(-dt_s / TALK_TIME_S), *outside, *steps)

    def frighten(self, row: int, menace: float) -> None:
        """Something threatens a villager at once (a quarrel, water at the door): as urgent as it is, 0..1."""
        self.danger[row] = max(float(self.danger[row]), min(1.0, menace))

    def freeze(self) -> Plain:
        """Every need by name."""
        return taken(self, NEEDS)

    def thaw(self, state: Plain) -> None:
        """Put back what `freeze` gave. Raises ValueError if it does not fit."""
        put_back(self, NEEDS, state)


@compiled
def _advance(
    needs: tuple[Floats, Floats, Floats, Floats, Floats, Floats],
    traits: tuple[Floats, Floats, Floats],
    doing: tuple[Flags, Flags, Flags, Flags, Flags, Flags, Flags],
    hours: float,
    eased: float,
    chilly: float,
    menacing: float,
    chill_step: float,
    warm_step: float,
    alarm_step: float,
    calm_step: float,
) -> None:
    """`Needs.advance` of everybody. Cold and danger go a step of the way to what is outside, loneliness is eased."""
    hunger, fatigue, cold, loneliness, danger, idleness = needs
    conscientiousness, extraversion, neuroticism = traits
    indoors, eating, sleeping, labouring, working, talking, in_company = doing
    for i in range(hunger.size):
        hungrier = HUNGER_PER_H * (SLEEPING_HUNGER if sleeping[i] else 1.0)
        hunger[i] = _bounded(hunger[i] + hours * (-MEAL_PER_H if eating[i] else hungrier))
        tiring = FATIGUE_PER_H * (WORK_FATIGUE if labouring[i] else 1.0)
        fatigue[i] = _bounded(fatigue[i] + hours * (-SLEEP_RECOVERY_PER_H if sleeping[i] else tiring))
        missing = LONELINESS_PER_H * (0.5 + extraversion[i]) * (COMPANY_SHARE if in_company[i] else 1.0)
        lonelier = loneliness[i] + hours * (0.0 if sleeping[i] else missing)
        loneliness[i] = _bounded(loneliness[i] * eased if talking[i] else lonelier)
        target = 0.0 if indoors[i] else chilly
        cold[i] = _bounded(cold[i] + (target - cold[i]) * (chill_step if target > cold[i] else warm_step))
        threat = 0.0 if indoors[i] else menacing * (0.5 + neuroticism[i])
        danger[i] = _bounded(danger[i] + (threat - danger[i]) * (alarm_step if threat > danger[i] else calm_step))
        purpose = -WORK_PER_H if working[i] else IDLENESS_PER_H * (0.5 + conscientiousness[i])
        idleness[i] = _bounded(idleness[i] + hours * (-NEW_DAY_PER_H if sleeping[i] else purpose))


@compiled
def _bounded(need: float) -> float:
    return min(max(need, 0.0), 1.0)


def chill(weather: Weather) -> float:
    """How cold one becomes by staying outside, 0..1, from temperature, wind and wet.

    Felt temperature is the wind chill index (Osczevski & Bluestein 2005) below 10 degrees; rain and snow take up to
    six degrees more from the wearer of woollen clothes (judgement).
    """
    felt = weather.temperature_c
    wind_km_h = weather.wind_m_s * 3.6
    if felt <= 10.0 and wind_km_h > 4.8:
        power = wind_km_h**0.16
        felt = min(felt, 13.12 + 0.6215 * felt - 11.37 * power + 0.3965 * felt * power)
    felt -= min(6.0, 2.5 * weather.rain_mm_h**0.5 + 1.5 * weather.snow_mm_h**0.5)
    return float(np.clip((COMFORT_C - felt) / (COMFORT_C - FREEZING_C), 0.0, 1.0))


NEEDS = tuple(f.name for f in fields(Needs))


def natures_of(personas: Sequence[Persona]) -> Natures:
    """The traits that bend needs, by row."""
    return Natures(*(np.array([getattr(p, f.name) for p in personas]) for f in fields(Natures)))


def stormy(weather: Weather) -> bool:
    """Whether people call it a storm: a gale, if only in gusts, or heavy rain."""
    return max(weather.wind_m_s, weather.gust_m_s) >= GALE_M_S or weather.rain_mm_h >= HEAVY_RAIN_MM_H


def menace(weather: Weather, dark: bool) -> float:
    """How unsafe it is out of doors for somebody of average nerves, 0..1."""
    gale = max(weather.wind_m_s, weather.gust_m_s) / GALE_M_S
    rain = weather.rain_mm_h / HEAVY_RAIN_MM_H
    return float(min(1.0, DARK_MENACE * dark + STORM_MENACE * min(1.25, max(gale, rain)) ** 2))
