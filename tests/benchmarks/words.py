"""How varied what villagers say is: the phrases against one wording for each sense, and the model on the same plans."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace

from rich.console import Console
from rich.table import Table

from agents.acts import SpeechPlan
from agents.language.llama import LlamaVoice
from agents.language.models import ModelError, find_model
from agents.language.objections import guard_of
from agents.language.templates import draft
from tests.agents.language.plans import NAMES, wide_plans
from tests.agents.language.variety import Variety, one_wording_each, variety

PLANS = 500
MODEL_PLANS = 120  # the model takes its time
DRAFTS = 2000


def words() -> None:
    """Variety over random plans of every act, what a draft costs, and why the guards refuse the model's tails."""
    out = Console(width=118)
    plans = wide_plans(PLANS)
    shown = _table(f"Words for {PLANS} random plans of every act (distinct: higher is better, the rest lower)")
    _row(shown, "phrases", variety([draft(plan).text for plan in plans], NAMES))
    _row(shown, "one wording for each sense", variety(one_wording_each(plans), NAMES))
    out.print(shown)
    out.print(f"{_ms_per_draft():.2f} ms of processor time for a draft\n")
    try:
        path = find_model("embedded")
    except ModelError as error:
        out.print(f"without a model: {error}")
        return
    assert path is not None
    few = [replace(plan, due_tick=0) for plan in plans[:MODEL_PLANS]]
    voice = LlamaVoice(path, lockstep=True)
    for plan in few:
        voice.submit(plan)
    spoken = voice.due(0)
    voice.close()
    asked = [wording for wording in spoken if wording.prompt]
    worded = sum(wording.source == "model" for wording in asked)
    shown = _table(f"The first {MODEL_PLANS} of them ({len(asked)} asked of the model, {worded} worded by it)")
    _row(shown, "model and phrases", variety([wording.text for wording in spoken], NAMES))
    _row(shown, "phrases", variety([draft(plan).text for plan in few], NAMES))
    out.print(shown)
    refused = Counter(guard_of(reason) for wording in asked for reason in wording.rejections if reason)
    tails = sum(len(wording.raw) for wording in asked)
    out.print(f"of {tails} tails refused: {', '.join(f'{name} {count}' for name, count in refused.most_common())}")


def _table(title: str) -> Table:
    made = Table(title=title, title_justify="left")
    made.add_column("")
    for column in ("lines", "distinct 1", "2", "3", "repeated 4-grams", "self-BLEU-4", "near doubles", "doubles"):
        made.add_column(column, justify="right")
    return made


def _row(table: Table, name: str, found: Variety) -> None:
    shares = (*found.distinct, found.repeated_4grams, found.self_bleu_4, found.near_duplicates, found.duplicates)
    table.add_row(name, str(found.lines), *(f"{share:.2f}" for share in shares))


def _ms_per_draft() -> float:
    plans: list[SpeechPlan] = wide_plans(DRAFTS, seed=3)
    for plan in plans[:100]:
        draft(plan)
    began = time.process_time()
    for plan in plans:
        draft(plan)
    return (time.process_time() - began) / DRAFTS * 1000


if __name__ == "__main__":
    words()
