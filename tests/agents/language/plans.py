"""Speech plans made by hand, as the society would make them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from agents.acts import Act, Fact, Persona, Proposal, SpeechPlan, Topic

_T = TypeVar("_T")
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
HEARD = (
    "Good to see you, {}.",
    "The mill has been busy since the morning, {}.",
    "I have been carrying wood for my mother all day, {}, and my arms are heavy.",
    "They will ring the bell for {} on Sunday.",
)
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


RELATIONS = ("", "neighbour", "friend", "rival", "stranger", "wife", "son", "sister", "father")
EMOTIONS = ("", "joy", "distress", "hope", "fear", "gratitude", "anger", "shame", "pride", "pity", "admiration")
SEASONS = ("", "spring", "summer", "autumn", "winter")
HELP = ("mend the fence", "carry the sacks", "turn the hay", "warp the loom", "load the cart", "stack the firewood")
THINGS = ("a sack of flour", "a pot of soup", "an armful of firewood", "a basket of apples", "a warm blanket")
GATHERINGS = ("a supper", "a dance", "the harvest feast", "an evening of songs")
TIPS = (
    "soak the willow a full night before you weave it",
    "never hammer cold iron",
    "let the dough rise twice and keep the draught away from it",
    "fell an oak in winter, when the sap is down",
    "mend a net while it is still wet",
)
SECRETS = ("never learned to read", "am afraid of deep water", "owe the pedlar more than I can pay", "write verses")
TOPICS_OF: dict[Act, tuple[Topic, ...]] = {
    Act.GREET: (Topic.WELLBEING,),
    Act.OFFER: (Topic.FAVOUR, Topic.WORK, Topic.WELLBEING),
    Act.REQUEST: (Topic.FAVOUR,),
    Act.INVITE: (Topic.GATHERING,),
    Act.PROMISE: (Topic.FAVOUR, Topic.GATHERING),
    Act.REFUSE: (Topic.FAVOUR, Topic.GATHERING),
    Act.THANK: (Topic.FAVOUR, Topic.GATHERING, Topic.CRAFT, Topic.WEATHER),
    Act.APOLOGISE: (Topic.FAVOUR,),
    Act.PRAISE: (Topic.FAVOUR,),
    Act.BLAME: (Topic.FAVOUR, Topic.SELF),
    Act.GOSSIP: (Topic.PERSON,),
    Act.JOKE: (Topic.SELF,),
    Act.WARN: (Topic.WEATHER, Topic.NEWS, Topic.PERSON),
    Act.TEACH: (Topic.CRAFT,),
}
WARNED_OF = (
    "rain_coming",
    "storm_started",
    "place_flooded",
    "fox_in_barn",
    "mill_wheel_cracked",
    "lied",
    "promise_broken",
)
KINDS_OF = {
    Act.WARN: WARNED_OF,
    Act.APOLOGISE: ("promise_broken", "lied", "quarrelled"),
    Act.BLAME: ("promise_broken", "lied"),
    Act.PRAISE: ("promise_kept", "helped"),
    Act.GOSSIP: (*DONE_TO_SOMEBODY, "opinion_of_person"),
}
FACTLESS = {Act.GREET, Act.CLOSE, Act.JOKE, Act.OFFER, Act.REQUEST, Act.INVITE, Act.PROMISE, Act.REFUSE, Act.THANK}
PROPOSED = {Act.OFFER, Act.REQUEST, Act.INVITE, Act.PROMISE, Act.REFUSE, Act.THANK}


def wide_plans(count: int, seed: int = 11) -> list[SpeechPlan]:
    """Plans of every act on the topics where it occurs, as different from each other as the society can make them."""
    rng = np.random.default_rng(seed)
    return [_wide_plan(rng, index) for index in range(count)]


def _wide_plan(rng: np.random.Generator, index: int) -> SpeechPlan:
    def pick(values: Sequence[_T]) -> _T:
        return values[int(rng.integers(len(values)))]

    act = list(Act)[index % len(Act)]
    topic = pick(TOPICS_OF.get(act, tuple(Topic)))
    speaker, listener, third, fourth = (int(row) for row in rng.choice(len(NAMES), 4, replace=False))
    kinds = KINDS_OF.get(act)
    facts = [fact for fact in FACTS if (fact[1] in kinds if kinds else fact[0] is topic)]
    fact = None
    subject = obj = -1
    grumble = act is Act.BLAME and topic is Topic.SELF
    if facts and not grumble and act not in FACTLESS and (act is not Act.ASK or rng.random() < 0.4):
        _, kind, details, source = pick(facts)
        to_face = act in (Act.PRAISE, Act.BLAME)
        subject = listener if to_face else speaker if act is Act.APOLOGISE or source == "own" else third
        if topic is Topic.WEATHER or kind in ("craft_tip", "lost_sheep", "fox_in_barn", "apples_ripe"):
            subject = -1
        if kind == "opinion_of_person":
            subject = third
        if act in (Act.ACKNOWLEDGE, Act.AGREE, Act.DOUBT) and source == "own" and kind != "opinion_of_person":
            subject = listener
        if kind in DONE_TO_SOMEBODY:
            obj = {Act.PRAISE: speaker, Act.BLAME: speaker, Act.APOLOGISE: listener}.get(act, fourth)
        told = topic if kinds is None or act is not Act.WARN else next(f[0] for f in FACTS if f[1] == kind)
        topic = told
        stock = {"craft_tip": TIPS, "secret": SECRETS, "gathering": GATHERINGS}.get(kind, HELP)
        details = {**details, "what": pick(stock)} if topic is not Topic.NEWS and "what" in details else dict(details)
        fact = Fact(index, topic, kind, subject, 1, 0, 400, details, source, object=obj)
    proposal, what = None, ""
    if act in PROPOSED and topic in (Topic.FAVOUR, Topic.GATHERING, Topic.WORK):
        kind = "attend" if topic is Topic.GATHERING else pick(("help", "help", "bring", "meet"))
        what = pick({"attend": GATHERINGS, "help": HELP, "bring": THINGS}.get(kind, ("sit together for an hour",)))
        mine = act in (Act.OFFER, Act.PROMISE) or (act is Act.REFUSE and rng.random() < 0.7)
        doer, other = (speaker, listener) if mine else (listener, speaker)
        proposal = Proposal(kind, doer, other, 1, 1, 720, 60, what)
    weather = pick(WEATHERS)
    if fact is not None and fact.kind.endswith("started"):
        weather = {"rain_started": "cold rain", "snow_started": "light snow"}.get(fact.kind, "pouring rain")
    after = {
        Act.ANSWER: Act.ASK,
        Act.PROMISE: Act.REQUEST,
        Act.REFUSE: Act.OFFER if proposal and proposal.doer == listener else Act.REQUEST,
        Act.THANK: Act.PROMISE if proposal else Act.WARN,
        Act.ACKNOWLEDGE: Act.TELL if fact else pick((Act.REFUSE, Act.JOKE, Act.APOLOGISE, Act.TELL)),
    }.get(act, pick((None, act)) if act in (Act.GREET, Act.CLOSE) else None)
    traits = rng.uniform(0.1, 0.9, 5).tolist()
    return SpeechPlan(
        speaker=replace(
            persona(speaker),
            age=int(rng.integers(17, 78)),
            openness=traits[0],
            conscientiousness=traits[1],
            extraversion=traits[2],
            agreeableness=traits[3],
            neuroticism=traits[4],
        ),
        listener=persona(listener),
        act=act,
        topic=topic,
        fact=fact,
        subject_name=NAMES[subject] if subject >= 0 else NAMES[third] if topic is Topic.PERSON and not fact else "",
        place_name=pick(("the inn", "the mill", "the chapel", "Mill Lane 3")) if fact or proposal else "",
        mood=pick(MOODS),
        affinity=float(rng.uniform(-0.6, 0.9)),
        familiarity=float(rng.uniform(0, 1)),
        weather=weather,
        day_part=pick(DAY_PARTS),
        here=pick(PLACES),
        history=((NAMES[listener], pick(HEARD).format(NAMES[speaker])), (NAMES[speaker], pick(HEARD).format("you"))),
        memory=pick(("", f"spoke with {NAMES[third]} about the weather at the mill yesterday")),
        recent_lines=(pick(HEARD).format(NAMES[third]),),
        known_names=tuple(NAMES[r] for r in (speaker, listener, third, fourth)),
        key=(speaker, 100 + index, 0),
        due_tick=116 + index,
        seed=int(rng.integers(2**31)),
        proposal=proposal,
        when=pick(("tomorrow at noon", "this evening", "tomorrow morning", "on Sunday"))
        if proposal or (fact and topic is Topic.GATHERING)
        else "",
        object_name=NAMES[obj] if obj >= 0 else "",
        others=pick(((), (NAMES[fourth],))),
        relation=pick(RELATIONS),
        emotion=pick(EMOTIONS),
        respect=float(rng.uniform(0, 1)),
        trust=float(rng.uniform(0, 1)),
        tense="future" if proposal or topic is Topic.GATHERING else "past",
        season=pick(SEASONS),
        after=after,
        again=act is Act.ANSWER and topic is Topic.NEWS and fact is not None and index % 2 == 1,
        teller_name=NAMES[fourth] if fact is not None and fact.source == "told" else "",
    )
