"""The words a villager's line may be made of, and how words and lines are compared."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from importlib.resources import files

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_NONE: frozenset[str] = frozenset()
REPEATED_WORDS = 4  # in a row, that make a line sound like one that was heard lately
LINES_REMEMBERED = 4096  # whose words are kept; a village says some hundreds an hour
_ENDINGS = ("s", "es", "ed", "d", "ing", "ly", "er", "y", "'s")


@dataclass(frozen=True)
class Lexicon:
    """The words a tail may be made of."""

    small: frozenset[str]  # words of grammar and everyday verbs, which say little by themselves
    things: frozenset[str]
    qualities: frozenset[str]  # words that may stand before a thing of any kind
    joints: frozenset[str]  # words before which a sentence may as well end
    kinds: Mapping[str, frozenset[str]]  # what an end can be of, and the words of that kind

    def knows(self, word: str) -> bool:
        """True for a listed word or a plain form of one (plural, past, -ing, -ly)."""
        return bool(bases(word) & (self.small | self.things))

    def kinds_of(self, word: str) -> frozenset[str]:
        """What a word, or a plural of it, is of; nothing for most."""
        return self._kinds_of_words.get(word, _NONE) | self._kinds_of_words.get(word.removesuffix("s"), _NONE)

    def of_kinds(self, kinds: Sequence[str]) -> frozenset[str]:
        """All words of some kinds."""
        return _NONE.union(*(self.kinds[kind] for kind in kinds))

    @cached_property
    def _kinds_of_words(self) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for kind, words in self.kinds.items():
            for word in words:
                found[word] = found.get(word, _NONE) | {kind}
        return found


@cache
def lexicon() -> Lexicon:
    """The words of assets/phrases/lexicon.toml."""
    data = tomllib.loads(files("assets").joinpath("phrases", "lexicon.toml").read_text(encoding="utf-8"))
    kinds = {kind: frozenset(words.split()) for kind, words in data.pop("kinds").items()}
    words = {name: frozenset(text.split()) for name, text in data.items()}
    return Lexicon(**words | {"things": words["things"].union(words["qualities"], *kinds.values())}, kinds=kinds)


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


def singular(word: str) -> str:
    """A thing's name without the plural's ending."""
    return word.removesuffix("s")


@lru_cache(maxsize=LINES_REMEMBERED)
def named_in(line: str) -> frozenset[str]:
    """The words of a line that stand for things: those of any kind that a connective may call for."""
    return frozenset(word for word in words_of(line) if lexicon().kinds_of(word))


@lru_cache(maxsize=LINES_REMEMBERED)
def kinds_in(line: str) -> frozenset[str]:
    """What the things named in a line are of."""
    return _NONE.union(*(lexicon().kinds_of(word) for word in named_in(line)))


def all_bases(text: str) -> set[str]:
    """The bases of all words of a text that have a meaning of their own."""
    return {base for word in set(words_of(text)) - lexicon().small for base in bases(word)}


def runs(words: Sequence[str]) -> set[tuple[str, ...]]:
    """All runs of REPEATED_WORDS words."""
    return {tuple(words[i : i + REPEATED_WORDS]) for i in range(len(words) - REPEATED_WORDS + 1)}
