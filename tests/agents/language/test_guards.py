"""What the guards let through is fit to be shown, whatever a model may come up with."""

from __future__ import annotations

import ctypes
import re
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.acts import Act, Proposal, SpeechPlan, Topic
from agents.language.guards import candidate_of, judge
from agents.language.lexicon import lexicon
from agents.language.models import ModelError, find_model
from agents.language.objections import GUARDS, MAX_ADDED_WORDS, Candidate, guard_of, objection
from agents.language.phrases import CALLS_FOR
from agents.language.prompt import EXEMPLAR_NAMES, MOST_TOKENS, SHARED_PREFIX, scene_prompt
from agents.language.templates import Draft, draft
from tests.agents.language.plans import NAMES, WEATHERS, make_plan, varied_plans, wide_plans

PLAN = make_plan(Act.TELL, Topic.WEATHER, "rain_coming")
DRAFT = Draft("There is rain coming.", "There is rain coming, so I will bring in the", "so I will bring in the", ())
LIKELY = -1.0
VARIED = varied_plans(60)

VILLAGE_WORDS = st.sampled_from(sorted(lexicon().things | lexicon().small))
TAILS = st.one_of(
    st.text(max_size=40),
    st.lists(VILLAGE_WORDS, max_size=8).map(lambda words: f" {' '.join(words)}."),
    st.lists(st.one_of(VILLAGE_WORDS, st.sampled_from([*NAMES, *EXEMPLAR_NAMES, "Zelda", "I"])), max_size=6).map(
        lambda words: f" {' '.join(words)}!"
    ),
)


def reason(tail: str, plan: SpeechPlan = PLAN, planned: Draft = DRAFT, likely: float = LIKELY) -> str:
    return objection(plan, planned, candidate_of(planned, tail, likely))


def test_a_plain_village_tail_passes() -> None:
    assert reason(" hay and the washing.") == ""
    assert reason(" sheep, Tomas.", planned=replace(DRAFT, names=("Tomas",))) == ""


@pytest.mark.parametrize(
    ("tail", "why"),
    [
        ("", "adds nothing"),
        ("ing of hay.", "breaks into the clause"),
        (" hay", "does not end"),
        (" hay. And straw.", "is not one sentence"),
        (" hay?", "question"),
        (" 3 sheep.", "mark '3'"),
        (' "hay".', "mark '\"'"),
        (" hay: all of it.", "mark ':'"),
        (" hay (and straw).", "mark '('"),
        (" hay \N{SNOWMAN}.", "cannot be said"),
        (" big and soft and dry and old hay.", "too long"),
        (" hay with Oskar.", "names Oskar"),
        (" hay with Zelda.", "names Zelda"),
        (" hay of Mira.", "names Mira"),
        (" owl.", "says 'owl' in the morning"),
        (" hay of nan.", "names nan of the exemplars"),
        (" hay, he said.", "villager's voice"),
        (" hay for her.", "of nobody in particular"),
        (" your hay.", "stumbles"),
        (" hay that you left.", "turns the sentence round"),
        (" a basket.", "stumbles"),
        (" hay and the.", "breaks off"),
        (" rain.", "says the clause again"),
        (" one thing.", "says nothing"),
        (" sheep sheep.", "stammers"),
        (" lamb and the lambs.", "stammers"),
        (" shepherd.", "brings in a shepherd"),
        (" wolf.", "claims news"),
        (" computer.", "the valley does not know"),
        (" hay in the sunshine.", "says 'sunshine' in cold rain"),
        (" evening hay.", "says 'evening' in the morning"),
    ],
)
def test_each_fault_is_refused_with_its_reason(tail: str, why: str) -> None:
    assert why in reason(tail)


def refused_by(guard: str, plan: SpeechPlan, clause: str, connective: str, tail: str) -> str:
    """The reason that one guard gives for one tail, whatever the others say."""
    clause, _, kinds = clause.partition(CALLS_FOR)
    connective = connective.partition(CALLS_FOR)[0]
    phrase = clause.removesuffix(f", {connective}") + "."
    planned = Draft(phrase, clause, connective, (), calls_for=tuple(kinds.split()))
    return GUARDS[guard](plan, planned, candidate_of(planned, tail, LIKELY))


SEEN = replace(make_plan(Act.TELL, Topic.PERSON, "saw_person"), place_name="the inn", when="this morning")
PROMISED = replace(
    make_plan(Act.PROMISE, Topic.FAVOUR, ""),
    proposal=Proposal("help", 0, 1, 1, 1, 720, 60, "mend the fence"),
    when="tomorrow at noon",
    tense="future",
)
HEARD = replace(  # a cup of tea in the talk, a loaf from this mouth, sheep somewhere in the village
    PLAN,
    history=(("Tomas", "Come in for a cup of tea, Mira."),),
    recent_lines=("I rolled one barrel too many.",),
    lately=("The sheep are late, Hugo.",),
)
SHY = replace(PLAN, speaker=replace(PLAN.speaker, secret="buried a jar of silver under the old pear tree"))


@pytest.mark.parametrize(
    ("guard", "plan", "clause", "tail", "why"),
    [
        ("contradiction", SEEN, "I saw Oskar at the inn, and I", " never saw him.", "takes it back with 'never'"),
        ("contradiction", PROMISED, "I will help you mend the fence, and I", " will not.", "takes it back with 'not'"),
        ("contradiction", SEEN, "I saw Oskar at the inn, and I waved", " at the mill.", "another place ('mill')"),
        ("contradiction", SEEN, "I saw Oskar at the inn, and I waved", " at the inn.", ""),
        ("contradiction", SEEN, "I saw Oskar at the inn, and I slept", " all evening.", "another time ('evening')"),
        ("contradiction", PROMISED, "I will help you, and I look forward to", " tonight.", "another time ('tonight')"),
        ("contradiction", PROMISED, "I will help you, and I look forward to", " noon.", ""),
        ("contradiction", make_plan(Act.GREET, Topic.WELLBEING, ""), "Good day, and", " not a cloud.", ""),
        ("grammar", PLAN, "There is rain coming, so I", " is wet.", "says 'i is'"),
        ("grammar", PLAN, "There is rain coming, so I will", " went home.", "says 'will went'"),
        ("grammar", PLAN, "There is rain coming, so I will", " go home.", ""),
        ("grammar", PROMISED, "I will help you, for it", " was a good fence.", "as over ('was')"),
        (
            "secret",
            SHY,
            "There is rain coming, so I will look at the",
            " silver under the tree.",
            "lets slip silver and tree",
        ),
        ("secret", SHY, "There is rain coming, so I will sit under the", " tree.", ""),
        ("scene", PLAN, "There is rain coming, so I will bring in the", " snow.", "says 'snow' in cold rain"),
        ("scene", PLAN, "There is rain coming, so I was only fetching", " hay tomorrow.", "'tomorrow' of today"),
        ("names", PLAN, "There is rain coming, so I will fetch", " Oskar.", "names Oskar"),
        ("sense", PLAN, "There is rain coming, so I dream of a cup of | cup", " good hot tea.", ""),
        ("sense", PLAN, "There is rain coming, so I dream of a cup of | cup", " tea and milk, Tomas.", ""),
        (
            "sense",
            PLAN,
            "There is rain coming, so I dream of a cup of | cup",
            " tea by the stove.",
            "says 'stove' where",
        ),
        ("sense", PLAN, "There is rain coming, so I dream of a cup of | cup", " tea milk.", "says 'tea milk' where"),
        ("sense", PLAN, "There is rain coming, so I dream of a cup of | cup", " straw.", "says 'straw' where cup"),
        ("sense", PLAN, "There is rain coming, so I dream of a cup of | cup", " hill and ale.", "says 'hill' where"),
        ("sense", PLAN, "There is rain coming, so I dream of a", " straw.", ""),
        ("echo", HEARD, "There is rain coming, so I dream of a cup of | cup", " tea.", "names 'tea' again"),
        ("echo", HEARD, "There is rain coming, so I will bring in the", " barrels.", "names 'barrels' again"),
        ("echo", HEARD, "There is rain coming, so I will bring in the", " sheep.", "names 'sheep' again"),
        ("echo", HEARD, "There is rain coming, so I dream of a cup of | cup", " cider.", ""),
        ("echo", PLAN, "There is rain coming, so I dream of a cup of | cup", " tea.", ""),
        ("voice", PLAN, "There is rain coming, so I will be your", " assistant.", "not a villager's voice"),
    ],
)
def test_each_guard_objects_to_its_own_kind_of_fault(
    guard: str, plan: SpeechPlan, clause: str, tail: str, why: str
) -> None:
    connective = clause.partition(", ")[2]
    found = refused_by(guard, plan, clause, connective, tail)
    assert why in found and bool(why) == bool(found)


def test_a_secret_may_be_told_where_telling_it_is_the_act() -> None:
    told = replace(make_plan(Act.TELL, Topic.SELF, "secret", {"what": SHY.speaker.secret}, "own"), speaker=SHY.speaker)
    clause = "I have never told anyone, and it lies under the"
    assert refused_by("secret", SHY, clause, "and it lies under the", " silver pear tree.")
    assert not refused_by("secret", told, clause, "and it lies under the", " silver pear tree.")


def test_reasons_can_be_counted_by_guard() -> None:
    counted = Counter(guard_of(reason(tail)) for tail in (" hay", " 3 sheep.", " computer.", " hay of Zelda."))
    assert counted == {"form": 2, "vocabulary": 1, "names": 1}
    assert set(counted) <= set(GUARDS)


def test_an_unlikely_tail_is_refused() -> None:
    assert "unlikely" in reason(" hay.", likely=-5.0)


def test_article_before_a_vowel() -> None:
    planned = Draft("I am cold.", "I am cold, and all I want is a", "and all I want is a", ())
    assert reason(" apple.", planned=planned) == "joint: says 'a apple'"
    assert reason(" warm blanket.", planned=planned) == ""


def test_what_was_heard_before_is_refused() -> None:
    plan = replace(PLAN, recent_lines=("Yesterday I carried hay and straw up the hill.",))
    assert "was said before" in reason(" hay and straw up the hill.", plan=plan)
    assert "was said before" not in reason(" hay and straw up the lane.", plan=PLAN)


def test_the_best_passing_candidate_wins_and_every_other_reason_is_kept() -> None:
    tails = [(" computer.", -0.1), (" hay.", -1.5), (" sheep.", -1.2)]
    verdict = judge(PLAN, DRAFT, [candidate_of(DRAFT, tail, likely) for tail, likely in tails])
    assert verdict.accepted is not None and verdict.accepted.tail == "sheep."
    assert [bool(why) for why in verdict.reasons] == [True, False, False]
    assert judge(PLAN, DRAFT, []).accepted is None


def test_a_tail_that_falls_is_ended_at_its_last_sound_joint() -> None:
    def said(tail: str, planned: Draft = DRAFT) -> str:
        verdict = judge(PLAN, planned, [candidate_of(planned, tail, LIKELY)])
        assert verdict.accepted is None or verdict.reasons == ("",)
        return verdict.accepted.line if verdict.accepted else verdict.reasons[0]

    assert said(" hay and the straw and the wool and the bread.").endswith("bring in the hay and the straw.")
    assert said(" hay from the field with Zelda.").endswith("bring in the hay from the field.")
    assert said(" computer and the computer.").startswith("vocabulary: speaks of")
    assert said(" old and grey computer.").startswith("vocabulary: speaks of")  # an adjective cannot end it
    assert judge(PLAN, DRAFT, [candidate_of(DRAFT, " hay with Zelda.", LIKELY)]).accepted is not None


def test_a_question_stays_a_question_to_its_end() -> None:
    asking = Draft("Will it rain?", "Will it rain, or should I leave the", "or should I leave the", ())
    assert candidate_of(asking, " washing outside.", LIKELY).line.endswith("leave the washing outside?")
    second = Draft("Will it rain?", "Will it rain? I would like to dry my", "I would like to dry my", ())
    assert candidate_of(second, " hay.", LIKELY).line == "Will it rain? I would like to dry my hay."
    assert "question" in reason(" hay?", planned=second)


def test_fresh_words_are_preferred_to_those_just_said() -> None:
    plan = replace(PLAN, recent_lines=("I would like some bread.",))
    tails = [candidate_of(DRAFT, " bread.", -1.0), candidate_of(DRAFT, " hay.", -1.3)]
    stale, fresh = judge(plan, DRAFT, tails).accepted, judge(PLAN, DRAFT, tails).accepted
    assert stale is not None and fresh is not None
    assert (stale.tail, fresh.tail) == ("hay.", "bread.")


@given(tail=TAILS, weather=st.sampled_from(WEATHERS), index=st.integers(0, 59))
@settings(max_examples=400, deadline=None)
def test_no_text_breaks_the_guards_and_what_passes_is_clean(tail: str, weather: str, index: int) -> None:
    plan = replace(VARIED[index], weather=weather)
    planned = draft(plan)
    planned = planned if planned.tail_allowed else DRAFT
    candidate = candidate_of(planned, tail, LIKELY)
    if objection(plan, planned, candidate):
        return
    line = candidate.line
    added = line[len(planned.clause) :]
    assert line.startswith(planned.clause) and line[-1] in ".!" and line.isprintable()
    assert len(line.split()) <= len(planned.text.split()) + MAX_ADDED_WORDS
    assert not re.search(r"[\d\"“”:;()\[\]{}]", added)
    strangers = {*NAMES, *EXEMPLAR_NAMES, "Zelda"} - {plan.listener.name, *planned.names}
    assert not strangers & set(re.findall(r"[A-Z][a-z]+", added))


@given(text=st.text(max_size=80), clause=st.text(max_size=30), likely=st.floats())
def test_arbitrary_lines_never_raise(text: str, clause: str, likely: float) -> None:
    planned = Draft(clause, clause, "so", ())
    assert isinstance(objection(PLAN, planned, Candidate(clause + text, text, likely)), str)


def test_the_prompt_shows_no_private_sheet_and_ends_with_the_clause() -> None:
    for plan in (*VARIED[:40], *wide_plans(80)):
        # What only the other one can know must not be in what the speaker's words are made from.
        listener = replace(plan.listener, manner="PRIVATE", secret="PRIVATE", age=99, values=("PRIVATE",))
        speaker = replace(plan.speaker, secret="SECRET")
        text = scene_prompt(replace(plan, listener=listener, speaker=speaker), draft(plan))
        assert "SECRET" not in text and "PRIVATE" not in text and "99" not in text
        assert text.endswith(f"{plan.speaker.name}: {draft(plan).clause}")
        assert f"{plan.day_part.capitalize()}, {plan.weather}, " in text
        assert f"{plan.speaker.name} feels {plan.mood}." in text and plan.listener.trade in text


def test_a_prompt_that_gets_long_loses_the_memory_first_and_then_the_older_turns() -> None:
    plan = replace(PLAN, memory="saw Tomas at the mill earlier today", relation="friend")
    short = scene_prompt(replace(plan, history=()), DRAFT)
    assert "saw Tomas" in short and "Mira's friend" in short
    line = "I have carried wood and water and hay and straw and stones and bread up the hill and down the hill"
    long = scene_prompt(replace(plan, history=(("Tomas", line), ("Mira", line), ("Tomas", line[:40]))), DRAFT)
    assert "saw Tomas" not in long and long.count("Tomas: ") == 1 and long.endswith(f"Mira: {DRAFT.clause}")


def test_no_prompt_has_more_tokens_than_allowed_by_the_vocabulary_of_the_model_that_ships() -> None:
    library = pytest.importorskip("llama_cpp.llama_cpp")
    try:
        path = find_model("embedded")
    except ModelError as error:
        pytest.skip(str(error))
    parameters = library.llama_model_default_params()
    parameters.vocab_only = True
    model = library.llama_model_load_from_file(str(path).encode(), parameters)
    vocabulary = library.llama_model_get_vocab(model)

    def tokens(text: str) -> int:
        data = text.encode()
        buffer = (ctypes.c_int32 * (len(data) + 8))()
        return int(library.llama_tokenize(vocabulary, data, len(data), buffer, len(buffer), True, True))

    wordy = [replace(plan, memory=f"{plan.memory} {plan.memory}".strip()) for plan in wide_plans(600, seed=21)]
    counts = [tokens(SHARED_PREFIX + scene_prompt(plan, draft(plan))) for plan in wordy]
    library.llama_model_free(model)
    assert max(counts) <= MOST_TOKENS
    assert max(counts) > 0.8 * MOST_TOKENS  # the plans are long enough to need trimming


def test_exemplar_names_cannot_be_mistaken_for_villagers() -> None:
    from importlib.resources import files

    given_names = files("assets").joinpath("names", "given.toml").read_text(encoding="utf-8")
    for name in EXEMPLAR_NAMES:
        assert name in SHARED_PREFIX
        assert f'"{name}"' not in given_names


def test_the_exemplars_themselves_keep_to_the_village_words() -> None:
    names = {name.lower() for name in EXEMPLAR_NAMES}
    for line in SHARED_PREFIX.splitlines():
        speaker, colon, said = line.partition(": ")
        if colon:
            assert speaker in EXEMPLAR_NAMES
            strange = [w for w in re.findall(r"[a-z]+", said.lower()) if w not in names and not lexicon().knows(w)]
            assert not strange
