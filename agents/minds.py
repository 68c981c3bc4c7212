"""All that villagers hold inside, in one place, so that the rules of talk can be functions of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from agents.ablation import Ablation
from agents.acts import Fact, Persona, Topic
from agents.emotion import Emotions, mood_word
from agents.insights import Insights
from agents.knowledge import Knowledge
from agents.memory import Memories
from agents.moment import Moment
from agents.needs import Needs, stormy
from agents.promises import Promises
from agents.relationships import Relationships
from world.streams import stream
from world.view import Place

__all__ = ["Minds", "Moment"]

URGENT_NEED = 0.6  # a need that one speaks about when asked
LIKING = 0.3  # affinity from which one has an opinion worth telling
STALE_WEATHER_MIN = 60
STALE_SIGHTING_MIN = 180
WORKDAY_END_H = 17.0


@dataclass
class Minds:
    """The inner state of every villager: what they are, need, feel, remember, know, and think of each other."""

    seed: int
    personas: tuple[Persona, ...]
    places: tuple[Place, ...]
    needs: Needs
    emotions: Emotions
    memories: Memories
    knowledge: Knowledge
    relations: Relationships
    promises: Promises
    insights: Insights
    ablation: Ablation = field(default_factory=Ablation)

    def mood(self, row: int) -> str:
        """The mood as a word."""
        e = self.emotions
        fatigue, neuroticism = float(self.needs.fatigue[row]), self.personas[row].neuroticism
        return mood_word(float(e.mood[row]), float(e.arousal[row]), fatigue, neuroticism)

    def own_wellbeing(self, row: int, now: Moment) -> Fact:
        """How this villager is, as a fact of its own: the most urgent need, or well."""
        n = self.needs
        states = {"hungry": n.hunger, "tired": n.fatigue, "cold": n.cold, "lonely": n.loneliness}
        worst = max(states, key=lambda s: float(states[s][row]))
        state = worst if states[worst][row] > URGENT_NEED else "well"
        return self._own(row, Topic.WELLBEING, "wellbeing", row, now, state=state)

    def own_work(self, row: int, now: Moment) -> Fact:
        """How this villager's work goes today: by care, by the luck of the day, by the weather, and by help it had."""
        p = self.personas[row]
        luck = stream(self.seed, "work", row, now.day).normal(0.0, 0.15)
        going = 0.3 + 0.5 * p.conscientiousness + luck - 0.1 * now.weather.raining
        done = now.minute > WORKDAY_END_H * 60 and going > 0.4
        state = "done" if done else "well" if going > 0.45 or self.was_helped(row, now) else "behind"
        return self._own(row, Topic.WORK, "work_state", row, now, place=p.workplace, state=state)

    def own_opinion(self, row: int, subject: int, now: Moment) -> Fact | None:
        """What this villager thinks of a third one, if it thinks much at all."""
        affinity = float(self.relations.affinity[row, subject])
        if abs(affinity) < LIKING:
            return None
        return self._own(row, Topic.PERSON, "opinion_of_person", subject, now, likes=affinity > 0)

    def sighting(self, row: int, subject: int, now: Moment) -> Fact | None:
        """Where this villager lately saw a third one with its own eyes."""
        fact = self.knowledge.first_hand(row, "saw_person", subject)
        fresh = fact is not None and now.since(fact) < STALE_SIGHTING_MIN
        return fact if fresh else None

    def news_for(self, row: int, listener: int, now: Moment) -> list[Fact]:
        """News this villager could tell that listener."""
        return self.knowledge.tellable(row, listener, Topic.NEWS, now.minutes)

    def was_helped(self, row: int, now: Moment) -> bool:
        """Whether somebody knows of help that it had today."""
        facts = self.knowledge.held[row].values()
        return any(f.kind == "helped" and f.object == row and f.day == now.day for f in facts)

    def weather_fact(self, row: int, listener: int, now: Moment) -> Fact | None:
        """A fact about the weather that is still true and not yet shared with the listener."""
        raining = now.weather.rain_mm_h > 0.05
        valid = {
            "rain_coming": not raining,
            "rain_started": raining,
            "rain_stopped": not raining,
            "snow_started": now.weather.snow_mm_h > 0.05,
            "storm_started": stormy(now.weather),
            "place_flooded": True,
        }
        fresh = self.knowledge.tellable(row, listener, Topic.WEATHER, now.minutes)
        return next((f for f in fresh if valid[f.kind] and now.since(f) < STALE_WEATHER_MIN), None)

    def _own(
        self, row: int, topic: Topic, kind: str, subject: int, now: Moment, *, place: int = -1, **details: Any
    ) -> Fact:
        """The villager's present fact of this kind about itself or its opinions; a new one when it has changed."""
        old = self.knowledge.first_hand(row, kind, subject)
        if old is not None and old.details == details and old.day == now.day:
            return old
        fact = self.knowledge.new(
            topic, kind, now.day, now.minute, subject=subject, place=place, source="own", **details
        )
        self.knowledge.replace_own(row, fact)
        return fact
