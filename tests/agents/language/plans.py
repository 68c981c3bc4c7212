"""Speech plans made by hand, as the society would make them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from agents.acts import Act, Fact, Persona, SpeechPlan, Topic

NAMES = ("Mira", "Tomas", "Oskar", "Lena", "Edda", "Hugo", "Bram", "Ilse")
TRADES = ("baker", "shepherd", "miller", "weaver", "herbalist", "carpenter", "smith", "innkeeper")
MANNERS = ("warm, talkative", "quiet, dry", "grumpy, loyal", "gentle, forgetful", "curious, quick", "serious, honest")
MOODS = ("cheerful", "calm", "tired", "worried", "low", "irritated")
WEATHERS = (
    "sunshine",
    "broken cloud",
    "cold grey sky",
    "cold rain",
    "drizzle",
    "light snow",
    "fog",
    "cold strong wind",
    "hot sun",
    "pouring rain",
)
DAY_PARTS = ("early morning", "morning", "noon", "afternoon", "evening", "night")
PLACES = ("the inn", "the mill", "the well", "the market", "the lane")
FACTS: tuple[tuple[Topic, str, dict[str, object], str], ...] = (
    (Topic.WEATHER, "rain_coming", {}, "inferred"),
    (Topic.WEATHER, "rain_started", {}, "seen"),
    (Topic.WEATHER, "rain_stopped", {}, "seen"),
    (Topic.WEATHER, "snow_started", {}, "seen"),
    (Topic.NEWS, "lost_sheep", {"what": "a grey sheep"}, "seen"),
    (Topic.NEWS, "traveller_at_inn", {"what": "a pedlar with a red hat"}, "told"),
    (Topic.NEWS, "mill_wheel_cracked", {"what": "a crack in the mill wheel"}, "seen"),
    (Topic.NEWS, "apples_ripe", {"what": "the early red apples"}, "seen"),
    (Topic.NEWS, "fox_in_barn", {"what": "a thin red fox"}, "told"),
    (Topic.NEWS, "wedding_planned", {"what": "a wedding"}, "told"),
    (Topic.PERSON, "saw_person", {}, "seen"),
    (Topic.PERSON, "opinion_of_person", {"likes": True}, "own"),
    (Topic.PERSON, "opinion_of_person", {"likes": False}, "own"),
    (Topic.WORK, "work_state", {"state": "behind"}, "own"),
    (Topic.WORK, "work_state", {"state": "done"}, "own"),
    (Topic.WORK, "work_state", {"state": "well"}, "own"),
    (Topic.WELLBEING, "wellbeing", {"state": "well"}, "own"),
    (Topic.WELLBEING, "wellbeing", {"state": "tired"}, "own"),
    (Topic.WELLBEING, "wellbeing", {"state": "cold"}, "own"),
    (Topic.WELLBEING, "wellbeing", {"state": "hungry"}, "own"),
    (Topic.WELLBEING, "wellbeing", {"state": "lonely"}, "own"),
    (Topic.NEWS, "stands_for_reeve", {}, "told"),
    (Topic.WEATHER, "storm_started", {}, "seen"),
    (Topic.WEATHER, "place_flooded", {}, "told"),
    (Topic.PERSON, "promise_kept", {"what": "mend the fence"}, "seen"),
    (Topic.PERSON, "promise_broken", {"what": "carry the sacks"}, "told"),
    (Topic.PERSON, "helped", {"what": "patch the roof"}, "seen"),
    (Topic.PERSON, "quarrelled", {}, "overheard"),
    (Topic.PERSON, "lied", {}, "told"),
    (Topic.FAVOUR, "needs_help", {"what": "mend the fence"}, "seen"),
    (Topic.GATHERING, "gathering", {"what": "a supper"}, "told"),
    (Topic.CRAFT, "craft_tip", {"what": "soak the willow a full night before you weave it", "trade": "weaver"}, "told"),
    (Topic.SELF, "secret", {"what": "never learned to read"}, "told"),
)
ABOUT_SOMEBODY = (Topic.PERSON, Topic.NEWS, Topic.FAVOUR, Topic.GATHERING, Topic.SELF)
DONE_TO_SOMEBODY = ("promise_kept", "promise_broken", "helped", "quarrelled", "lied")
ACTS_WITH_FACT = (Act.TELL, Act.ANSWER, Act.ACKNOWLEDGE, Act.DOUBT, Act.AGREE, Act.ASK)


def persona(row: int) -> Persona:
    """A villager by row."""
    return Persona(
        row=row,
        name=NAMES[row],
        age=20 + 5 * row,
        gender="woman" if row % 2 == 0 else "man",
        trade=TRADES[row],
        openness=0.5,
        conscientiousness=0.5,
        extraversion=0.2 + 0.1 * row,
        agreeableness=0.6,
        neuroticism=0.4,
        backstory="SECRET of the valley.",
        manner=MANNERS[row % len(MANNERS)],
        home=row,
        workplace=row,
    )


def make_plan(
    act: Act = Act.TELL,
    topic: Topic = Topic.NEWS,
    kind: str = "lost_sheep",
    details: dict[str, object] | None = None,
    source: str = "seen",
    seed: int = 1,
) -> SpeechPlan:
    """One plan between Mira and Tomas; `kind` "" means without a fact."""
    subject = 0 if source == "own" and topic is not Topic.PERSON else 2
    other = 3 if kind in DONE_TO_SOMEBODY else -1
    fact = Fact(7, topic, kind, subject, 1, 0, 400, dict(details or {}), source, object=other) if kind else None
    return SpeechPlan(
        speaker=persona(0),
        listener=persona(1),
        act=act,
        topic=topic,
        fact=fact,
        subject_name=NAMES[subject] if topic in ABOUT_SOMEBODY else "",
        object_name=NAMES[other] if other >= 0 else "",
        place_name="the mill",
        mood="calm",
        affinity=0.2,
        familiarity=0.5,
        weather="cold rain",
        day_part="morning",
        here="the well",
        history=(("Tomas", "Good morning, Mira."),),
        memory="saw Tomas at the mill earlier today",
        recent_lines=("Good day, Hugo.",),
        known_names=("Mira", "Tomas", "Oskar"),
        key=(0, 160, 0),
        due_tick=176,
        seed=seed,
    )


def varied_plans(count: int, seed: int = 5) -> list[SpeechPlan]:
    """Plans that go through the fact kinds and acts in varied company, weather and mood."""
    rng = np.random.default_rng(seed)
    plans = []
    for index in range(count):
        topic, kind, details, source = FACTS[index % len(FACTS)]
        act = ACTS_WITH_FACT[int(rng.choice(len(ACTS_WITH_FACT), p=[0.4, 0.2, 0.2, 0.1, 0.05, 0.05]))]
        speaker, listener, other = (int(row) for row in rng.choice(len(NAMES), 3, replace=False))
        subject = speaker if source == "own" and topic is not Topic.PERSON else other
        assert topic is not Topic.WEATHER or kind
        weather = str(rng.choice(WEATHERS[3:6])) if kind.endswith("started") else str(rng.choice(WEATHERS))
        plan = make_plan(act, topic, kind, details, source, seed=int(rng.integers(2**31)))
        plans.append(
            replace(
                plan,
                speaker=persona(speaker),
                listener=persona(listener),
                fact=replace(plan.fact, subject=subject) if plan.fact else None,
                subject_name=NAMES[subject] if topic in ABOUT_SOMEBODY else "",
                object_name=NAMES[plan.fact.object] if plan.fact and plan.fact.object >= 0 else "",
                mood=str(rng.choice(MOODS)),
                affinity=float(rng.uniform(-0.6, 0.9)),
                weather=weather,
                day_part=str(rng.choice(DAY_PARTS)),
                here=str(rng.choice(PLACES)),
                history=((NAMES[listener], f"Good to see you, {NAMES[speaker]}."),),
                memory="",
                known_names=(NAMES[speaker], NAMES[listener], NAMES[other]),
                key=(speaker, 100 + index, 0),
                due_tick=116 + index,
            )
        )
    return plans
