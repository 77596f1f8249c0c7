"""Cutting a sentence into phrases: runs of words that may name somebody, and what stands around them.

There is no parser here: phrases end where a function word, a verb, a stance cue, a clitic preposition or punctuation
stands. That is crude, fast, and good enough to choose among the phrases with `stance.actors.ranker`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from stance.actors.entities import EntityTable
from stance.features.lexicon import Lexicon, expand, stem

_TOKEN = re.compile(r"[^\W_](?:[\w\u064B-\u0652\u0670\u0640])*|[^\w\s]|_", re.UNICODE)
_QUOTES = frozenset("\"«»“”'‘’„")
STANCES = ("support", "oppose", "abstain")
_BREAKING = {"preposition", "particle", "relative", "pronoun", "report", "negation", "verb"}


@dataclass(slots=True)
class Token:
    """A word or a mark: its span in the text, its normalised form, its class, and the entity that starts at it."""

    start: int
    end: int
    form: str
    kind: str
    entity: tuple[str, str, int, str] | None = None


@dataclass(slots=True)
class Phrase:
    """A run of tokens that may name an actor or a target.

    Attributes
    ----------
    first, last : int
        Token indices, ``last`` excluded.
    clitic : str
        Prefixed conjunction and preposition of the first word.
    entities : list of (entity id, role)
    kinds : set of str
        Classes of the words in it.
    """

    first: int
    last: int
    clitic: str = ""
    entities: list[tuple[str, str]] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)


class Phraser:
    """Cuts sentences into phrases.

    Parameters
    ----------
    normalize : callable
    lexicon : Lexicon
        Of the stance cues.
    words : dict of str to list of str
        Class to patterns, as in ``labels/entities/words.toml``.
    table : EntityTable
    """

    def __init__(
        self,
        normalize: Callable[[str], str],
        lexicon: Lexicon,
        words: dict[str, list[str]],
        table: EntityTable,
    ) -> None:
        self.normalize = lru_cache(1 << 16)(normalize)
        self.lexicon, self.words, self.table = lexicon, words, table
        self._classes: dict[str, str] = {}
        for name, patterns in words.items():
            for pattern in patterns:
                for form in expand(pattern):
                    self._classes.setdefault(normalize(form), name)
        self._kind = lru_cache(1 << 16)(self._find_kind)

    def _find_kind(self, form: str) -> tuple[str, str]:
        """Return the class of a word and its prefixed clitics."""
        if found := self._classes.get(form):
            return found, ""
        stemmed = stem(form)
        if found := self.lexicon.forms.get(form):
            return found, ""
        for rest, clitics in ((form[1:], form[:1]),) if len(form) > 3 and form[0] in "وف" else ():
            if found := self._classes.get(rest) or self.lexicon.forms.get(rest):
                return found, clitics
        head = form[1:] if len(form) > 3 and form[0] in "وف" else form
        conj = form[: len(form) - len(head)]
        for prefix in ("لل", "بال", "كال"):
            if len(head) > len(prefix) + 2 and head.startswith(prefix):
                rest = "ال" + head[len(prefix) :]
                return self._classes.get(rest) or self.lexicon.forms.get(stemmed) or "noun", conj + prefix[0]
        if len(head) > 3 and head[0] in "بل" and (found := self._classes.get(head[1:])):
            return found, conj + head[0]
        if found := self.lexicon.forms.get(stemmed):
            return found, form[: len(form) - len(stemmed)].replace("ال", "")
        if conj and head.startswith("ال"):
            return "noun", conj
        if head.startswith("ال"):
            return "noun", ""
        if len(head) > 3 and head[0] == "ي" and not head.endswith(("يه", "ي")):
            return "verb", conj
        return "word", ""

    def tokens(self, text: str) -> list[Token]:
        """Return the words and marks of a text with their classes."""
        found = []
        for match in _TOKEN.finditer(text):
            piece = match.group()
            if piece[0].isalnum():
                form = self.normalize(piece)
                kind = (
                    "number" if form.isascii() and form.isdigit() else self._kind(form)[0] if form else "mark"
                )
            else:
                form, kind = piece, "quote" if piece in _QUOTES else "mark"
            found.append(Token(match.start(), match.end(), form, kind))
        forms = [t.form for t in found]
        at = 0
        while at < len(found):
            if found[at].kind not in ("mark", "quote", "number") and (entity := self.table.match(forms, at)):
                found[at].entity = entity
                for k in range(at, at + entity[2]):
                    found[k].kind = "nisba" if entity[1] == "nisba" else "entity"
                at += entity[2]
            else:
                at += 1
        return found

    def phrases(self, tokens: list[Token]) -> list[Phrase]:
        """Return the phrases of a sentence, in order."""
        found: list[Phrase] = []
        current: Phrase | None = None
        covered = 0  # end of the entity that the walk is inside of
        for i, token in enumerate(tokens):
            if i < covered and current is not None:
                current.last = i + 1
                continue
            if token.kind == "quote":
                continue
            clitic = (
                token.entity[3] if token.entity else self._kind(token.form)[1] if token.kind != "mark" else ""
            )
            cue = token.kind in STANCES
            adjective = cue and current is not None and token.form.startswith("ال")
            if token.kind == "mark" or token.kind in _BREAKING or (cue and not adjective):
                current = None
                continue
            fresh = current is None or clitic or token.kind == "demonstrative"
            if current is not None and token.kind == "title" and current.kinds - {"title", "demonstrative"}:
                fresh = current.last - current.first > 6
            if fresh or current is None:
                current = Phrase(i, i + 1, clitic)
                found.append(current)
            current.last = i + 1
            current.kinds.add(token.kind)
            if token.entity:
                current.entities.append(token.entity[:2])
                covered = i + token.entity[2]
                current.last = min(covered, len(tokens))
        return found

    def span(self, text: str, tokens: list[Token], phrase: Phrase, limit: int) -> tuple[int, int]:
        """Return where a phrase lies in the text, without its clitics, and at most `limit` words long."""
        last = min(phrase.last, phrase.first + limit)
        while last - 1 > phrase.first and tokens[last - 1].kind in ("quote", "number", "demonstrative"):
            last -= 1
        start, end = tokens[phrase.first].start, tokens[last - 1].end
        for letter in phrase.clitic:
            if text[start] == letter and text[start + 1 : start + 2] != "ل":
                start += 1
        if text[start : start + 1] in "وف" and phrase.clitic[:1] == text[start : start + 1]:
            start += 1
        return start, end

    def to_dict(self) -> dict[str, Any]:
        """Return what is needed to build the phraser again, as plain data (without its normaliser)."""
        return {
            "words": self.words,
            "lexicon": {"roles": self.lexicon.roles, "forms": self.lexicon.forms},
            "entities": [[e.id, e.name, e.kind] for e in self.table.entities.values()],
            "forms": [[" ".join(words), *target] for words, target in self.table.forms.items()],
        }
