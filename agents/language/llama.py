"""The voice with a local model: drafts and guards here, the model in a process of its own.

A crash, an abort or a stall of the library costs the lines that were asked for, which the phrases then say; it never
costs the simulation. This is the only file that imports llama_cpp, and only its worker process does.
"""

from __future__ import annotations

import atexit
import json
import os
import queue
import re
import subprocess
import sys
import threading
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from agents.acts import SpeechPlan
from agents.language.guards import candidate_of, judge
from agents.language.inference import LoadError, LocalModel, Prompt
from agents.language.models import ModelError, check_gguf, is_embedded, model_sha256
from agents.language.objections import wanted_words
from agents.language.prompt import SHARED_PREFIX, scene_prompt
from agents.language.quantise import FILE_TYPE, requantised
from agents.language.templates import Draft, draft
from agents.language.voice import Wording
from world.folder import folder

CANDIDATES = 3  # five worded no more of thirty lines and took an eighth more processor time
START_TIMEOUT_S = 120.0  # reading a large model from a slow disk
REPLY_TIMEOUT_S = 300.0  # a worker that has not done one step in so long has hung
LIVE_PATIENCE_S = 8.0  # a window's villager who waited so long for a free model speaks without it
MAX_THREADS = 8  # a small model gains nothing from more
LIVE_NICENESS = 10  # the picture comes first
# Threads that wait by spinning starve each other when others want the cores too: on two busy cores lines then took
# five times as long, and up to twenty times.
WAIT_POLICY = "PASSIVE"

Key = tuple[int, int, int]


@dataclass
class _Request:
    plan: SpeechPlan
    draft: Draft
    prompt: str
    asked_at: float  # monotonic seconds


@dataclass
class _Worker:
    process: subprocess.Popen[str]
    replies: queue.SimpleQueue[dict[str, Any] | None]  # None: the worker has ended
    last_sign_s: float = field(default_factory=time.monotonic)


class LlamaVoice:
    """Words plans with a GGUF model.

    In lockstep every wording arrives exactly at its due tick, and `due` waits for it: the words are then a function of
    the plans alone, whatever their order and number. Live, `due` never waits, and words arrive when they are there.
    Lines that are better short, and lines none of whose tails pass the guards, are said as drafted; so is everything
    once the worker is lost, which `fallbacks` counts and `failure` explains.

    Raises:
        ModelError: the model cannot be used; one sentence says why.
    """

    def __init__(self, model_path: Path, *, lockstep: bool, candidates: int = CANDIDATES) -> None:
        check_gguf(model_path)
        self.asked = 0  # lines given to the model
        self.worded = 0  # of these, lines it found words for that passed
        self.fallbacks = 0  # lines that should have gone to the model and could not
        self.failure = ""  # why, in words
        self._sha256 = model_sha256(model_path)
        self._lockstep = lockstep
        self._candidates = candidates
        self._worded: dict[Key, tuple[int, Wording]] = {}  # with the tick they are due at
        self._asked: dict[Key, _Request] = {}  # in the order of asking
        copy = folder() / "models" / f"{self._sha256}-{FILE_TYPE}.gguf" if is_embedded(model_path) else None
        self._worker: _Worker | None = _start(model_path, copy, lockstep, candidates)
        atexit.register(self.close)
        self._await_ready(model_path)

    def submit(self, plan: SpeechPlan) -> None:
        """Ask for the wording of a plan. Never blocks."""
        planned = draft(plan)
        if not planned.tail_allowed:
            self._settle(plan, planned, planned.text, "template")
        elif self._worker is None:
            self._fall_back(_Request(plan, planned, "", 0.0))
        else:
            self._ask(_Request(plan, planned, scene_prompt(plan, planned), time.monotonic()))

    def due(self, tick: int) -> list[Wording]:
        """The wordings that reach the simulation at this tick, ordered by key."""
        self._collect(wait_s=0.0)
        if self._lockstep:
            while self._owes(tick):
                self._collect(wait_s=1.0)
        else:
            self._lose_patience()
        ready = sorted(key for key, (due_tick, _) in self._worded.items() if due_tick <= tick)
        words = [self._worded.pop(key)[1] for key in ready]
        return words if self._lockstep else [_arrived(wording, tick) for wording in words]

    def close(self) -> None:
        """End the worker. What was asked and not yet worded is dropped."""
        atexit.unregister(self.close)
        self._asked.clear()
        if self._worker is not None:
            _end(self._worker)
            self._worker = None

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker; None when it is gone."""
        return self._worker.process.pid if self._worker is not None else None

    def _await_ready(self, path: Path) -> None:
        assert self._worker is not None
        try:
            hello = self._worker.replies.get(timeout=START_TIMEOUT_S)
        except queue.Empty:
            hello = {"error": f"it was not ready after {START_TIMEOUT_S:.0f} s"}
        if hello is None:
            code = self._worker.process.wait()
            hello = {"error": f"its process ended while loading ({_ending(code)}); is there enough memory?"}
        if "error" in hello:
            self.close()
            raise ModelError(_explained(path, hello["error"]))

    def _owes(self, tick: int) -> bool:
        return any(request.plan.due_tick <= tick for request in self._asked.values())

    def _ask(self, request: _Request) -> None:
        # The worker takes every request up at once, so the pipe never fills and this never waits.
        assert self._worker is not None and self._worker.process.stdin is not None
        if not self._asked:
            self._worker.last_sign_s = time.monotonic()
        self._asked[request.plan.key] = request
        self.asked += 1
        message = {"key": request.plan.key, "scene": request.prompt, "seeds": self._seeds(request.plan)}
        message["want"] = wanted_words(request.plan, request.draft)
        try:
            self._worker.process.stdin.write(json.dumps(message) + "\n")
            self._worker.process.stdin.flush()
        except (BrokenPipeError, OSError):
            self._lose_worker()

    def _collect(self, wait_s: float) -> None:
        """Take up what the worker has answered; waits for the first answer at most so long."""
        while self._worker is not None:
            try:
                reply = self._worker.replies.get(timeout=wait_s) if wait_s else self._worker.replies.get_nowait()
            except queue.Empty:
                if self._asked and time.monotonic() - self._worker.last_sign_s > REPLY_TIMEOUT_S:
                    self._lose_worker(f"the model's process gave no sign for {REPLY_TIMEOUT_S:.0f} s")
                return
            if reply is None:
                self._lose_worker()
                return
            self._worker.last_sign_s = time.monotonic()
            wait_s = 0.0
            if "step" in reply:
                continue
            if "key" not in reply:
                self._lose_worker(reply["error"])
                return
            self._take(reply)

    def _take(self, reply: dict[str, Any]) -> None:
        request = self._asked.pop(tuple(reply["key"]), None)
        if request is None:
            return  # too late: the villager has spoken without it
        plan, planned = request.plan, request.draft
        if "error" in reply:
            self._fall_back(request, reply["error"])
            return
        candidates = [candidate_of(planned, text, likely) for text, likely in reply["tails"]]
        verdict = judge(plan, planned, candidates)
        accepted = verdict.accepted
        self.worded += accepted is not None
        self._settle(
            plan,
            planned,
            accepted.line if accepted else planned.text,
            "model" if accepted else "template",
            prompt=SHARED_PREFIX + request.prompt,
            raw=tuple(text for text, _ in reply["tails"]),
            rejections=verdict.reasons,
        )

    def _settle(
        self,
        plan: SpeechPlan,
        planned: Draft,
        text: str,
        source: str,
        *,
        prompt: str = "",
        raw: tuple[str, ...] = (),
        rejections: tuple[str, ...] = (),
    ) -> None:
        wording = Wording(
            key=plan.key,
            text=text,
            draft=planned.text,
            source=source,
            arrival_tick=plan.due_tick,
            prompt=prompt,
            raw=raw,
            rejections=rejections,
            seed=plan.seed,
            model_sha256=self._sha256,
        )
        self._worded[plan.key] = (plan.due_tick, wording)

    def _fall_back(self, request: _Request, reason: str = "") -> None:
        self.fallbacks += 1
        reason = reason or self.failure
        self._settle(request.plan, request.draft, request.draft.text, "template", rejections=(reason,))

    def _lose_patience(self) -> None:
        now = time.monotonic()
        late = [key for key, request in self._asked.items() if now - request.asked_at > LIVE_PATIENCE_S]
        for key in late:
            self._fall_back(self._asked.pop(key), f"the model was busy for {LIVE_PATIENCE_S:.0f} s")

    def _lose_worker(self, reason: str = "") -> None:
        """From here on the phrases speak; everything still owed is settled with its draft."""
        worker = self._worker
        if worker is None:
            return
        _end(worker)
        self._worker = None
        self.failure = reason or f"the model's process ended ({_ending(worker.process.returncode)})"
        for request in self._asked.values():
            self._fall_back(request)
        self._asked.clear()

    def _seeds(self, plan: SpeechPlan) -> list[int]:
        sequence = np.random.SeedSequence(plan.seed, spawn_key=(zlib.crc32(b"tails"),))
        return [int(seed) for seed in sequence.generate_state(self._candidates)]


def _arrived(wording: Wording, tick: int) -> Wording:
    return Wording(**{**wording.__dict__, "arrival_tick": tick})


def _start(path: Path, copy: Path | None, lockstep: bool, candidates: int) -> _Worker:
    """Start the worker and a thread that gathers its answers.

    A program of its own rather than a fork or a multiprocessing child: it neither inherits the window's state nor runs
    the caller's main module again, and it ends by itself when the pipe from its parent closes.
    """
    cores = _cores()
    options = {
        "path": str(path),
        "copy": str(copy) if copy is not None else None,
        "exact": lockstep,
        "candidates": candidates,
        "threads": min(MAX_THREADS, cores if lockstep else max(1, cores - 1)),
        "niceness": 0 if lockstep else LIVE_NICENESS,
    }
    environment = {"OMP_WAIT_POLICY": WAIT_POLICY} | os.environ
    environment["PYTHONPATH"] = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    process = subprocess.Popen(  # noqa: S603 (this very program)
        [sys.executable, "-m", "agents.language.llama", json.dumps(options)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
        start_new_session=True,  # Ctrl-C reaches the parent alone, which then ends the worker in order
    )
    replies: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
    threading.Thread(target=_gather, args=(process, replies), name="model replies", daemon=True).start()
    return _Worker(process, replies)


def _gather(process: subprocess.Popen[str], replies: queue.SimpleQueue[dict[str, Any] | None]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if not line.endswith("\n"):
            break  # the worker died in the middle of a line
        replies.put(json.loads(line))
    replies.put(None)


def _end(worker: _Worker) -> None:
    # It holds nothing that needs saving, and it may be deep in a decode: so it is ended at once.
    worker.process.kill()
    worker.process.wait()
    if worker.process.stdin is not None:
        try:
            worker.process.stdin.close()
        except BrokenPipeError:
            return  # what was still buffered has no reader any more


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _ending(code: int | None) -> str:
    return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"


def _explained(path: Path, reason: str) -> str:
    """One sentence a user can act on, from the library's own words."""
    reason = " ".join(reason.split())
    lowered = reason.lower()
    if "corrupted or incomplete" in lowered or "failed to read" in lowered:
        return f"the model {path} is truncated or damaged: fetch it again"
    if "allocate" in lowered or "out of memory" in lowered or "no memory" in lowered:
        return (
            f"there is not enough memory for the model {path} ({path.stat().st_size / 1e6:.0f} MB): use a smaller one"
        )
    if "context too small" in lowered:
        return f"the model {path} cannot hold a talk, its {reason}: use another model"
    cause = re.search(r"error loading model[^:]*: (.+?)(?: llama_\w+: |$)", reason)
    return f"the model {path} cannot be used: {cause[1] if cause else reason}"


def _serve(options: dict[str, Any]) -> None:
    """The worker: loads the model, then answers lines of JSON with others, in any order, until its input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever the library prints must not get between the answers

    def answer(message: dict[str, Any]) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    if options["niceness"] and hasattr(os, "nice"):
        os.nice(options["niceness"])
    try:
        import llama_cpp.llama_cpp as library  # noqa: PLC0415 (the worker alone needs it)

        model = _loaded(library, options)
    except ImportError:
        answer({"error": "llama-cpp-python is not installed: run `pip install llama-cpp-python`"})
        return
    except (LoadError, RuntimeError, MemoryError) as error:
        answer({"error": str(error) or type(error).__name__})
        return
    answer({"ready": True})
    asked: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(asked,), name="requests", daemon=True).start()
    while True:
        while not (model.busy and asked.empty()):
            request = asked.get()
            if request is None:
                return
            try:
                model.submit(_prompt(request))
            except ValueError as error:
                answer({"key": request["key"], "error": f"the model refused: {error}"})
        try:
            done = model.step()
            answer({"step": len(done)})  # a sign of life: on a busy machine a line may take minutes
            for key, tails in done:
                answer({"key": key, "tails": [(tail.text, tail.log_probability) for tail in tails]})
        except RuntimeError as error:
            answer({"error": f"the model failed: {error}"})
            return


def _prompt(request: dict[str, Any]) -> Prompt:
    return Prompt(tuple(request["key"]), request["scene"], tuple(request["seeds"]), tuple(request["want"]))


def _loaded(library: Any, options: dict[str, Any]) -> LocalModel:
    """The model, or the copy of it that is to be used in its place: a damaged one is made anew."""
    path, copy = Path(options["path"]), options["copy"]
    settings = {name: options[name] for name in ("threads", "candidates", "exact")}
    if copy is None:
        return LocalModel(library, path, SHARED_PREFIX, **settings)
    used = requantised(library, path, Path(copy))
    try:
        return LocalModel(library, used, SHARED_PREFIX, **settings)
    except LoadError:
        used.unlink()
        return LocalModel(library, requantised(library, path, Path(copy)), SHARED_PREFIX, **settings)
    finally:
        if used != Path(copy):
            used.unlink(missing_ok=True)  # a temporary one: loaded, it needs no name any more


def _listen(asked: queue.SimpleQueue[dict[str, Any] | None]) -> None:
    for line in sys.stdin:
        asked.put(json.loads(line))
    asked.put(None)


if __name__ == "__main__":
    _serve(json.loads(sys.argv[1]))
