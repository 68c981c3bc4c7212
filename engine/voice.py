"""Chooses the voice of a run from what the user asked for: a model, the templates, or a recording's log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from agents.language.continued import ContinuedVoice
from agents.language.logged import LoggedVoice
from agents.language.models import find_model, model_sha256
from agents.language.templates import TemplateVoice
from agents.language.voice import Voice, Wording
from engine.provenance import Model


def open_voice(spec: str, *, lockstep: bool) -> tuple[Voice, Model]:
    """The voice for `spec` (embedded, none, a path, or owner/repo/file.gguf) and what is recorded of its model.

    Raises:
        ModelError: one sentence saying what is wrong with the model and what to do.
    """
    path = find_model(spec)
    if path is None:
        return TemplateVoice(), Model("none", "")
    from agents.language.llama import LlamaVoice  # noqa: PLC0415 (only here is the model's library wanted)

    return LlamaVoice(path, lockstep=lockstep), Model(path.name, model_sha256(path))


@runtime_checkable
class _Fallible(Protocol):
    fallbacks: int
    failure: str


@dataclass(frozen=True)
class LostWords:
    """Lines the model was to word and could not, so that the templates did, and what is known of the reason."""

    lines: int
    reason: str

    def __bool__(self) -> bool:
        return bool(self.lines or self.reason)

    def __str__(self) -> str:
        what = "1 line was" if self.lines == 1 else f"{self.lines} lines were"
        reason = self.reason or "the model was too slow or refused, as the recording's language log says line by line"
        return f"{what} worded by the templates in the model's place: {reason}."


def lost_words(voice: Voice) -> LostWords:
    """What a voice could not word so far; nothing for voices without a model."""
    voice = voice.live if isinstance(voice, ContinuedVoice) else voice
    return LostWords(voice.fallbacks, voice.failure) if isinstance(voice, _Fallible) else LostWords(0, "")


def logged_voice(log: Iterable[dict[str, Any]], stretches: Sequence[range]) -> Voice:
    """A voice that repeats a session's language log, which tells of some stretches of ticks; no model is loaded."""
    return LoggedVoice(_wordings(log), stretches)


def continued_voice(log: Iterable[dict[str, Any]], live: Voice) -> Voice:
    """A voice that repeats a session's language log where the plans are the same, and asks `live` for the rest.

    Closing it closes the live voice.
    """
    return ContinuedVoice(_wordings(log), live)


def _wordings(log: Iterable[dict[str, Any]]) -> Iterator[Wording]:
    return (
        Wording(
            **{
                **entry,
                "key": tuple(entry["key"]),
                "raw": tuple(entry["raw"]),
                "rejections": tuple(entry["rejections"]),
            }
        )
        for entry in log
    )
