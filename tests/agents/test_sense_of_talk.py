"""Nobody says in one talk what does not go together: doubts of what is plain, help asked for work that goes well."""

from __future__ import annotations

from dataclasses import replace

from agents.acts import Act, Fact, Topic
from agents.dialogue.doubt import open_to_doubt
from agents.dialogue.favours import NEED_LASTS_MIN, own_need
from agents.dialogue.floor import next_move
from agents.dialogue.moves import Move, Scene
from agents.dialogue.replies import answer, reply_to
from agents.dialogue.weights import agrees, asks_back, doubts
from tests.agents.test_dialogue import FIELD, MARKET, NOON, A, B, D, fact_of, follow, help_wish, shares, stage, wishes


def told(scene: Scene, kind: str, topic: Topic, act: Act = Act.TELL, **fields: object) -> Move:
    """B says to A what B holds."""
    fact = fact_of(scene, kind, topic, B, **fields)
    return Move(B, A, act, topic, fact, fact.subject)


def test_what_is_plain_and_harmless_is_not_doubted_but_of_the_distrusted() -> None:
    for trust, expected in ((0.0, 0.0), (-0.4, 1.0)):
        scene = stage(agreeableness=0.05)
        scene.minds.relations.move(A, B, trust=trust)
        seen = told(scene, "saw_person", Topic.PERSON, subject=D, place=MARKET)
        well = told(scene, "wellbeing", Topic.WELLBEING, Act.ANSWER, subject=B, source="own", state="well")
        behind = told(scene, "work_state", Topic.WORK, Act.ANSWER, subject=B, source="own", state="behind")
        for move in (seen, well, behind):
            assert open_to_doubt(scene, move, A) == expected
            assert (doubts(scene, move, A) > 0) == (expected > 0)


def test_who_says_it_is_well_is_doubted_by_those_who_see_or_know_otherwise() -> None:
    scene = stage()
    well = told(scene, "wellbeing", Topic.WELLBEING, Act.ANSWER, subject=B, source="own", state="well")
    scene.minds.emotions.mood[B] = -0.6
    assert scene.minds.mood(B) in ("low", "irritated", "worried") and doubts(scene, well, A) > 0
    work = told(scene, "work_state", Topic.WORK, Act.ANSWER, subject=B, source="own", state="well")
    assert doubts(scene, work, A) == 0
    fact_of(scene, "needs_help", Topic.FAVOUR, A, subject=B, place=FIELD, what="turn the hay")
    assert doubts(scene, work, A) > 0


def test_hearsay_is_doubted_more_than_what_was_seen_and_a_guess_at_the_sky_more_than_a_word_about_it() -> None:
    scene = stage()
    seen = told(scene, "lost_sheep", Topic.NEWS)
    heard = replace(seen, fact=replace(seen.fact, source="told", told_by=D, hops=1) if seen.fact else None)
    assert doubts(scene, heard, A) > doubts(scene, seen, A) > 0
    assert doubts(scene, Move(B, A, Act.ANSWER, Topic.WEATHER), A) > 0
    for topic, act in ((Topic.WEATHER, Act.TELL), (Topic.NEWS, Act.ANSWER), (Topic.PERSON, Act.ANSWER)):
        assert doubts(scene, Move(B, A, act, topic), A) == 0


def test_who_is_doubted_says_whence_it_has_it_once() -> None:
    scene = stage()
    claim = told(scene, "lost_sheep", Topic.NEWS)
    follow(scene, claim)
    assert claim.fact is not None
    doubt = Move(A, B, Act.DOUBT, Topic.NEWS, claim.fact, after=Act.TELL)
    follow(scene, doubt)
    insisted = reply_to(scene, doubt)
    assert insisted is not None and insisted.fact is not None
    assert (insisted.act, insisted.speaker, insisted.again) == (Act.ANSWER, B, True)
    assert insisted.fact.id == claim.fact.id and insisted.after == Act.DOUBT
    assert doubts(scene, insisted, A) == 0
    about_me = replace(doubt, topic=Topic.WELLBEING, fact=replace(claim.fact, kind="wellbeing"))
    assert reply_to(scene, about_me) is None, "in its own affairs it leaves it at that"


def test_one_agrees_with_an_impression_and_not_with_an_answer_that_knows_nothing() -> None:
    scene = stage()
    assert agrees(scene, Move(B, A, Act.ANSWER, Topic.NEWS), A) > 0
    assert agrees(scene, Move(B, A, Act.ANSWER, Topic.PERSON, subject=D), A) == 0
    after = shares(scene, Move(B, A, Act.ANSWER, Topic.PERSON, subject=D, after=Act.ASK))
    assert set(after) == {Act.ACKNOWLEDGE}


def test_asked_where_somebody_is_one_says_where_and_not_what_one_thinks_of_it() -> None:
    scene = stage()
    scene.minds.relations.move(B, D, affinity=0.9)
    question = Move(A, B, Act.ASK, Topic.PERSON, subject=D)
    assert answer(scene, question) is None
    seen = fact_of(scene, "saw_person", Topic.PERSON, B, subject=D, place=MARKET)
    assert answer(scene, question) == seen


def test_who_asked_for_help_neither_says_nor_is_asked_how_the_work_goes() -> None:
    scene = stage(conscientiousness=0.02, agreeableness=0.02)
    follow(scene, Move(A, B, Act.REQUEST, Topic.FAVOUR, proposal=help_wish(B, A)))
    states = set()
    for day in range(20):
        later = replace(scene, now=replace(scene.now, day=day))
        fact = answer(later, Move(B, A, Act.ASK, Topic.WORK))
        assert fact is not None
        states.add(fact.source)
    assert states == {"own"}, "nobody lies about it any more"
    assert not [m for m in wishes(scene, B, A) if m.act == Act.ASK and m.topic == Topic.WORK]
    own = told(scene, "work_state", Topic.WORK, Act.ANSWER, subject=B, source="own", state="well")
    taken_up = Move(A, B, Act.ACKNOWLEDGE, Topic.WORK, own.fact, after=Act.ANSWER)
    assert asks_back(scene, taken_up, B) == 0


def test_whose_work_goes_well_does_not_ask_for_help_in_the_same_talk() -> None:
    def asks(*said: str) -> bool:
        scene = stage(conscientiousness=0.0)
        scene.minds.knowledge.replace_own(A, needed(scene))
        for state in said:
            own = fact_of(scene, "work_state", Topic.WORK, A, subject=A, source="own", state=state)
            follow(scene, Move(A, B, Act.ANSWER, Topic.WORK, own, after=Act.ASK))
        return any(m.act == Act.REQUEST for m in wishes(scene))

    assert asks() and asks("behind")
    assert not asks("well") and not asks("done")


def needed(scene: Scene) -> Fact:
    """That A needs help today, as its own fact."""
    return scene.minds.knowledge.new(
        Topic.FAVOUR, "needs_help", 0, NOON, subject=A, place=FIELD, source="own", what="turn the hay"
    )


def test_help_is_looked_for_when_the_work_has_come_to_that_point_and_not_all_day() -> None:
    minutes: list[int] = []
    for row in range(6):
        for day in range(12):
            scene = stage(conscientiousness=0.0)
            when = [
                minute
                for minute in range(7 * 60, 19 * 60, 10)
                if own_need(fresh(scene).minds, row, replace(scene.now, day=day, minute=minute)) is not None
            ]
            if when:
                assert max(when) - min(when) <= NEED_LASTS_MIN
                minutes.append(min(when))
    assert len(minutes) > 10
    hours = {minute // 60 for minute in minutes}
    assert len(hours) >= 5, "spread over the day, whatever the hour at which a run begins"


def fresh(scene: Scene) -> Scene:
    """The same scene, with nothing known to anybody."""
    for held in scene.minds.knowledge.held:
        held.clear()
    return scene


def test_few_ask_for_help_before_anything_else_was_said() -> None:
    def asked(*spent: Topic) -> int:
        count = 0
        for turn in range(30):
            scene = stage(conscientiousness=0.0)
            scene.minds.knowledge.replace_own(A, needed(scene))
            scene.thread.last, scene.thread.turns = Move(B, A, Act.GREET, Topic.WELLBEING, after=Act.GREET), 2 + turn
            scene.thread.spent += spent
            move = next_move(scene)
            count += move is not None and move.act == Act.REQUEST
        return count

    assert asked(Topic.WEATHER) > 2 * asked()
