"""The words a villager's line may be made of, and how words and lines are compared."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from agents.language.templates import REPEATED_WORDS

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_ENDINGS = ("s", "es", "ed", "d", "ing", "ly", "er", "y", "'s")


@dataclass(frozen=True)
class Lexicon:
    """The words a tail may be made of."""

    small: frozenset[str]  # words of grammar and everyday verbs, which say little by themselves
    things: frozenset[str]
    joints: frozenset[str]  # words before which a sentence may as well end
    kinds: Mapping[str, frozenset[str]]  # what an end can be of, and the words of that kind

    def knows(self, word: str) -> bool:
        """True for a listed word or a plain form of one (plural, past, -ing, -ly)."""
        return bool(bases(word) & (self.small | self.things))

    def kinds_of(self, word: str) -> frozenset[str]:
        """What a word, or a plural of it, is of; nothing for most."""
        forms = {word, word.removesuffix("s")}
        return frozenset(kind for kind, words in self.kinds.items() if forms & words)


@cache
def lexicon() -> Lexicon:
    """The words of assets/phrases/lexicon.toml."""
    data = tomllib.loads(files("assets").joinpath("phrases", "lexicon.toml").read_text(encoding="utf-8"))
    kinds = {kind: frozenset(words.split()) for kind, words in data.pop("kinds").items()}
    words = {name: frozenset(text.split()) for name, text in data.items()}
    return Lexicon(**words | {"things": words["things"].union(*kinds.values())}, kinds=kinds)


def words_of(text: str) -> list[str]:
    """The words of a text in small letters."""
    return _WORD.findall(text.lower().replace("’", "'"))


def bases(word: str) -> set[str]:
    """A word and what it may be a plain form of."""
    found = {word}
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 2:
            stem = word[: -len(ending)]
            found |= {stem, stem + "e"}
            if len(stem) > 2 and stem[-1] == stem[-2]:
                found.add(stem[:-1])
    return found


def all_bases(text: str) -> set[str]:
    """The bases of all words of a text that have a meaning of their own."""
    return {base for word in set(words_of(text)) - lexicon().small for base in bases(word)}


def runs(words: Sequence[str]) -> set[tuple[str, ...]]:
    """All runs of REPEATED_WORDS words."""
    return {tuple(words[i : i + REPEATED_WORDS]) for i in range(len(words) - REPEATED_WORDS + 1)}
