"""The voice with the real model: the same words whatever the company, and never a stall when the model is lost."""

from __future__ import annotations

import importlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agents.acts import SpeechPlan
from agents.language.inference import LocalModel, Prompt
from agents.language.lexicon import named_in
from agents.language.llama import CANDIDATES, REPLY_TIMEOUT_S, LlamaVoice
from agents.language.models import ModelError, find_model
from agents.language.prompt import SHARED_PREFIX
from agents.language.templates import draft
from agents.language.voice import Wording
from tests.agents.language.plans import varied_plans, wide_plans
from tests.agents.language.tiny_models import write_tiny

pytest.importorskip("llama_cpp")
try:
    MODEL: Path = find_model("embedded") or Path()
except ModelError as error:
    pytest.skip(str(error), allow_module_level=True)


def plans_for_the_model(count: int) -> list[SpeechPlan]:
    """Plans whose drafts may go on."""
    return [replace(p, due_tick=500) for p in varied_plans(200) if draft(p).tail_allowed][:count]


@pytest.fixture(scope="module")
def voice() -> Iterator[LlamaVoice]:
    opened = LlamaVoice(MODEL, lockstep=True)
    yield opened
    opened.close()


def spoken(words: list[Wording]) -> list[list[object]]:
    return [[list(w.key), w.text, w.source, list(w.raw), list(w.rejections)] for w in words]


FRESH_RUN = """
import json, sys
from agents.language.llama import LlamaVoice
from tests.agents.language.test_llama import MODEL, plans_for_the_model, spoken
order, neighbours = json.loads(sys.argv[1])
voice = LlamaVoice(MODEL, lockstep=True)
plans = plans_for_the_model(3 + neighbours)
for index in order + list(range(3, 3 + neighbours)):
    voice.submit(plans[index])
keys = {p.key for p in plans[:3]}
print(json.dumps(spoken([w for w in voice.due(500) if w.key in keys])))
voice.close()
"""


@pytest.mark.slow
def test_words_depend_neither_on_process_nor_order_nor_neighbours() -> None:
    runs = []
    for order, neighbours in (([0, 1, 2], 0), ([2, 0, 1], 6)):
        result = subprocess.run(
            [sys.executable, "-c", FRESH_RUN, json.dumps([order, neighbours])],
            capture_output=True,
            text=True,
            check=True,
        )
        runs.append(json.loads(result.stdout))
    assert runs[0] == runs[1]
    assert len(runs[0]) == 3 and all(raw for _, _, _, raw, _ in runs[0])


@pytest.mark.slow
def test_what_was_named_lately_is_seldom_said_and_never_shown(voice: LlamaVoice) -> None:
    plans = plans_for_the_model(12)

    def words(lately: tuple[str, ...]) -> list[Wording]:
        for plan in plans:
            voice.submit(replace(plan, lately=lately))
        return voice.due(500)

    def named(worded: list[Wording], things: set[str]) -> int:
        return sum(len(named_in(tail) & things) for word in worded for tail in word.raw)

    free = words(())
    common = Counter(thing for word in free for tail in word.raw for thing in named_in(tail)).most_common(4)
    stale = {thing for thing, _ in common}
    held = words((f"Nothing but {' and '.join(sorted(stale))}.",))
    assert named(held, stale) < 0.5 * named(free, stale)
    assert not any(named_in(word.text[len(word.draft) :]) & stale for word in held if word.source == "model")
    assert {word.draft for word in held} == {word.draft for word in free}, "the phrases choose as before"


@pytest.mark.slow
def test_one_of_the_wanted_words_is_said_whole_and_the_model_chooses_which() -> None:
    model = LocalModel(importlib.import_module("llama_cpp.llama_cpp"), MODEL, SHARED_PREFIX, threads=2, candidates=12)
    assert all(len(model.tokens(f" {word}")) > 1 for word in ("sawdust", "shavings"))
    asked = {
        "Nan: I am covered in": ("sawdust", "shavings"),
        "Nan: I have been baking, have some": ("bread", "nails", "wool"),
        "Piet: I have been shearing sheep, have some": ("bread", "nails", "wool"),
    }
    for number, (scene, wanted) in enumerate(asked.items()):
        model.submit(Prompt((number,), scene, tuple(range(12)), wanted))
    tails = dict(made for _ in range(200) if model.busy for made in model.step())
    model.close()
    said = [Counter(re.split(r"\W+", tail.text.strip())[0] for tail in tails[number,]) for number in range(3)]
    for words, wanted in zip(said, asked.values(), strict=True):
        assert words.total() == 12 and sum(words[word] for word in wanted) >= 11, words
    assert said[1].most_common(1)[0][0] == "bread" and said[2].most_common(1)[0][0] == "wool"


@pytest.mark.slow
def test_nearly_every_line_that_is_asked_is_worded_whatever_the_act(voice: LlamaVoice) -> None:
    plans = [replace(plan, due_tick=500) for plan in wide_plans(60, seed=11) if draft(plan).tail_allowed]
    for plan in plans:
        voice.submit(plan)
    words = voice.due(500)
    worded = [word.source == "model" for word in words]
    assert len(worded) > 20 and sum(worded) / len(worded) > 0.8
    assert sum(len(set(word.raw)) > 1 for word in words) > len(words) / 2, "each of the tries is a try of its own"


@pytest.mark.slow
def test_lockstep_keeps_the_draft_as_clause_and_the_due_tick(voice: LlamaVoice) -> None:
    plans = plans_for_the_model(3)
    for plan in plans:
        voice.submit(plan)
    assert voice.due(499) == []
    words = {word.key: word for word in voice.due(500)}
    assert len(words) == 3
    for plan in plans:
        word, planned = words[plan.key], draft(plan)
        assert word.arrival_tick == 500 and word.draft == planned.text
        assert len(word.raw) == len(word.rejections) == CANDIDATES
        assert len(word.model_sha256) == 64 and plan.speaker.name in word.prompt
        if word.source == "model":
            assert word.text.startswith(planned.clause) and "" in word.rejections
        else:
            assert word.text == planned.text and all(word.rejections)
    assert voice.fallbacks == 0


@pytest.mark.slow
def test_a_killed_worker_costs_the_words_and_nothing_else(voice: LlamaVoice) -> None:
    plans = [replace(plan, due_tick=600) for plan in plans_for_the_model(5)]
    for plan in plans[:4]:
        voice.submit(plan)
    assert voice.worker_pid is not None
    os.kill(voice.worker_pid, signal.SIGKILL)
    words = voice.due(600)
    assert len(words) == 4 and voice.fallbacks >= 3  # one may have been answered before the end
    assert all(w.text == w.draft and "signal 9" in w.rejections[0] for w in words if not w.raw)
    voice.submit(plans[4])
    assert [w.source for w in voice.due(600)] == ["template"]
    assert "signal 9" in voice.failure and voice.worker_pid is None


@pytest.mark.slow
def test_a_worker_that_has_hung_is_given_up_and_a_slow_one_is_not() -> None:
    plan = plans_for_the_model(1)[0]
    opened = LlamaVoice(MODEL, lockstep=True)
    worker = opened._worker
    assert worker is not None
    worker.process.send_signal(signal.SIGSTOP)
    opened.submit(plan)
    worker.last_sign_s -= 2 * REPLY_TIMEOUT_S
    worker.replies.put({"step": 0})  # as it sends after every pass through the model
    opened._collect(0.0)
    assert opened.fallbacks == 0
    worker.last_sign_s -= 2 * REPLY_TIMEOUT_S
    (wording,) = opened.due(plan.due_tick)
    assert (wording.source, wording.text) == ("template", wording.draft)
    assert opened.fallbacks == 1 and "gave no sign" in opened.failure
    assert worker.process.poll() is not None


@pytest.mark.slow
def test_live_words_arrive_when_they_are_there_and_never_early() -> None:
    voice = LlamaVoice(MODEL, lockstep=False)
    try:
        plan = plans_for_the_model(1)[0]
        voice.submit(plan)
        assert voice.due(plan.due_tick - 1) == []
        tick = plan.due_tick
        words: list[Wording] = []
        while not words and tick < plan.due_tick + 3000:
            tick += 1
            words = voice.due(tick)
            time.sleep(0.02)
        assert [w.arrival_tick for w in words] == [tick]
    finally:
        voice.close()


@pytest.mark.slow
def test_closing_ends_a_busy_worker_and_so_does_the_end_of_the_parent() -> None:
    closing = LlamaVoice(MODEL, lockstep=True)
    pid = closing.worker_pid
    for plan in plans_for_the_model(4):
        closing.submit(plan)
    closing.close()
    closing.close()
    assert pid is not None and not _runs(pid)

    code = (
        "from agents.language.llama import LlamaVoice; from tests.agents.language.test_llama import MODEL; import os\n"
        "print(LlamaVoice(MODEL, lockstep=True).worker_pid, flush=True); os.kill(os.getpid(), 9)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    orphan = int(result.stdout)
    for _ in range(200):
        if not _runs(orphan):
            break
        time.sleep(0.05)
    assert not _runs(orphan)


def _runs(pid: int) -> bool:
    """True while the process exists and has not merely to be reaped."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.slow
def test_the_faster_copy_is_made_again_where_it_is_damaged_and_needs_no_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plans_for_the_model(1)[0]

    def said(cache: Path) -> list[list[object]]:
        monkeypatch.setenv("HAMLET_CACHE", str(cache))
        voice = LlamaVoice(MODEL, lockstep=True)
        voice.submit(plan)
        words = spoken(voice.due(500))
        voice.close()
        return words

    first = said(tmp_path)
    (copy,) = (tmp_path / "models").iterdir()
    whole = copy.read_bytes()
    copy.write_bytes(whole[:1_000_000])
    assert said(tmp_path) == first and copy.read_bytes() == whole
    no_folder = tmp_path / "file"
    no_folder.write_text("no folder")
    assert said(no_folder) == first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "models"]


@pytest.mark.slow
def test_a_model_that_talks_nonsense_costs_nothing_but_its_time(tmp_path: Path) -> None:
    voice = LlamaVoice(write_tiny(tmp_path / "tiny.gguf", MODEL), lockstep=True)
    plans = plans_for_the_model(20)
    for plan in plans:
        voice.submit(plan)
    words = voice.due(500)
    assert [w.source for w in words] == ["template"] * 20 and all(w.text == w.draft for w in words)
    assert all(len(w.raw) == CANDIDATES and all(w.rejections) for w in words)
    assert (voice.asked, voice.worded, voice.fallbacks) == (20, 0, 0)
    voice.close()


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ({"context": 128}, "context too small: 128 tokens"),
        ({"architecture": "nonsense"}, "unknown model architecture: 'nonsense'$"),
    ],
)
def test_a_model_that_cannot_speak_is_named(tmp_path: Path, made: dict[str, Any], words: str) -> None:
    path = write_tiny(tmp_path / "tiny.gguf", MODEL, **made)
    with pytest.raises(ModelError, match=words) as caught:
        LlamaVoice(path, lockstep=True)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_truncated_model_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cut.gguf"
    with MODEL.open("rb") as whole:
        path.write_bytes(whole.read(20_000_000))
    with pytest.raises(ModelError, match="truncated or damaged"):
        LlamaVoice(path, lockstep=True)


def test_garbage_behind_the_magic_is_named(tmp_path: Path) -> None:
    path = tmp_path / "garbage.gguf"
    path.write_bytes(b"GGUF" + b"\x7f" * 5000)
    with pytest.raises(ModelError, match=r"garbage\.gguf cannot be used|truncated or damaged") as caught:
        LlamaVoice(path, lockstep=True)
    assert "\n" not in str(caught.value)


def test_the_parent_never_loads_the_library() -> None:
    code = "import agents.language.llama, sys; print('llama_cpp' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
