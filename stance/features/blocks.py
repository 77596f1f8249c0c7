"""What features a model looks at: blocks, each an analyser with its settings, and their analysis in plain Python.

This module says what the features *are*; `stance.features.kernel` finds the same ones, in the same order, in compiled
code. A single short prediction and the explanation of a decision use this module alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

from stance.errors import RecipeError
from stance.features.lexicon import Lexicon, class_group, stem

ANALYZERS = ("char_wb", "word", "cue", "outline", "class", "cue_class", "class_pair")
TOKENS = ("surface", "stem", "masked")
Feature = tuple[str, ...]

_TOKEN = re.compile(r"(?u)\b\w\w+\b")  # scikit-learn's own default
LONGEST = 50
POSITIONS, POSITION_WIDTH, MOST_CUES = 5, 4, 4


@dataclass(frozen=True)
class Block:
    """One analyser and how its counts become TF-IDF values; the words are those of scikit-learn.

    Attributes
    ----------
    analyzer : {"char_wb", "word", "cue", "outline", "class", "cue_class", "class_pair"}
        ``char_wb`` and ``word`` are scikit-learn's. ``cue`` pairs every cue word (and its class) with each word up
        to `window` places before and after it, so that order and distance to the cue count. ``outline`` says which
        classes of cue the sentence has, in which order, where the first stands and what is named before it.
        ``class`` gives n-grams over the classes of the words that have one, the others left out: the sentence's
        skeleton. ``cue_class`` pairs every cue word, its class and the class's group with the class of each word up to
        `window` places before and after it. ``class_pair`` says once for each class of cue that the text has, and for
        its group, which other classes stand anywhere in the text: who and what the sentence is about.
    ngram_range : tuple of int
        Shortest and longest n-gram (``char_wb``, ``word`` and ``class``).
    token : {"surface", "stem", "masked"}
        What a word is: itself, itself without prefixed clitics, or that with masked classes replaced by their name.
    window : int
        Reach of ``cue`` and ``cue_class`` in words.
    min_df, max_df, max_features : int, float, int or None
        As in scikit-learn's ``TfidfVectorizer`` (``min_df`` and ``max_df`` a count if int, a share if float).
    sublinear_tf, use_idf, smooth_idf, norm
        As in scikit-learn's ``TfidfVectorizer``.
    weight : float
        Factor on the block's values.
    """

    analyzer: str = "word"
    ngram_range: tuple[int, int] = (1, 1)
    token: str = "surface"
    window: int = 4
    min_df: int | float = 1
    max_df: int | float = 1.0
    max_features: int | None = None
    sublinear_tf: bool = False
    use_idf: bool = True
    smooth_idf: bool = True
    norm: str | None = "l2"
    weight: float = 1.0

    def __post_init__(self) -> None:
        """Check every value; a message names the parameter, the value and what was expected."""

        def refuse(name: str, expected: str) -> None:
            raise RecipeError(f"feature block: {name} is {getattr(self, name)!r}; expected {expected}")

        if self.analyzer not in ANALYZERS:
            refuse("analyzer", f"one of: {', '.join(ANALYZERS)}")
        if self.token not in TOKENS:
            refuse("token", f"one of: {', '.join(TOKENS)}")
        low_high = self.ngram_range
        if len(low_high) != 2 or not all(isinstance(n, int) for n in low_high) or not 1 <= low_high[0] <= low_high[1] <= LONGEST:
            refuse("ngram_range", f"two whole numbers, 1 <= shortest <= longest <= {LONGEST}")
        if not isinstance(self.window, int) or not 1 <= self.window <= 60:
            refuse("window", "a whole number from 1 to 60")
        if self.norm not in ("l1", "l2", None):
            refuse("norm", "'l1', 'l2' or none")
        for name in ("min_df", "max_df"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                refuse(name, "a count (int) or a share from 0.0 to 1.0")
            if isinstance(value, float) and value > 1.0:
                refuse(name, "a count (int) or a share from 0.0 to 1.0")
        if self.max_features is not None and (not isinstance(self.max_features, int) or self.max_features < 1):
            refuse("max_features", "a whole number from 1, or nothing")
        if not self.weight > 0:
            refuse("weight", "a positive number")

    @property
    def needs_lexicon(self) -> bool:
        """Whether the block looks at word classes."""
        return self.analyzer not in ("char_wb", "word") or (self.analyzer == "word" and self.token == "masked")

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Block:
        """Build from a recipe's table or from a model's metadata."""
        known = {f.name for f in fields(cls)}
        if unknown := sorted(set(data) - known):
            raise RecipeError(f"feature block: unknown setting {unknown[0]!r}; expected some of: {', '.join(sorted(known))}")
        data = dict(data)
        if isinstance(data.get("ngram_range"), list):
            data["ngram_range"] = tuple(data["ngram_range"])
        if data.get("norm") == "none":
            data["norm"] = None
        return cls(**data)


@dataclass
class Analysis:
    """A text, normalised and cut, as the analysers see it; everything is worked out when first asked for."""

    text: str
    lexicon: Lexicon = field(default_factory=Lexicon)

    @cached_property
    def spaced(self) -> str:
        """The words with one space before, between and after them."""
        return " " + "".join(word + " " for word in self.text.split())

    @cached_property
    def surface(self) -> list[str]:
        """The tokens."""
        return _TOKEN.findall(self.text)

    @cached_property
    def stem(self) -> list[str]:
        """The tokens without prefixed clitics."""
        return [stem(word) for word in self.surface]

    @cached_property
    def classes(self) -> list[str]:
        """The class of each token, or an empty string."""
        return [self.lexicon.word_class(w, s) for w, s in zip(self.surface, self.stem, strict=True)]

    @cached_property
    def masked(self) -> list[str]:
        """The stems, with those of a masked class replaced by their class."""
        roles = self.lexicon.roles
        return [f"<{c}>" if roles.get(c) == "mask" else s for s, c in zip(self.stem, self.classes, strict=True)]

    @cached_property
    def cues(self) -> list[int]:
        """The positions of the cue words."""
        return [i for i, c in enumerate(self.classes) if self.lexicon.roles.get(c) == "cue"]


def char_ngrams(analysis: Analysis, block: Block) -> Iterator[Feature]:
    """Yield character n-grams of each word with a space on either side, as scikit-learn's ``char_wb`` does."""
    shortest, longest = block.ngram_range
    for word in analysis.text.split():
        padded = f" {word} "
        if len(padded) <= shortest:  # a word that is too short is counted once
            yield (padded,)
            continue
        for start in range(len(padded) - shortest + 1):
            for n in range(shortest, min(longest, len(padded) - start) + 1):
                yield (padded[start : start + n],)


def word_ngrams(analysis: Analysis, block: Block) -> Iterator[Feature]:
    """Yield the n-grams of tokens."""
    tokens: list[str] = getattr(analysis, block.token)
    shortest, longest = block.ngram_range
    for start in range(len(tokens)):
        for n in range(shortest, min(longest, len(tokens) - start) + 1):
            yield tuple(tokens[start : start + n])


def cue_pairs(analysis: Analysis, block: Block) -> Iterator[Feature]:
    """Yield each cue, and its class, with every word within the window, and on which side it stands."""
    tokens: list[str] = getattr(analysis, block.token)
    for cue in analysis.cues:
        kind = f"<{analysis.classes[cue]}>"
        for other in range(max(0, cue - block.window), min(len(tokens), cue + block.window + 1)):
            if other != cue:
                side = "<" if other < cue else ">"
                yield (tokens[cue], side, tokens[other])
                yield (kind, side, tokens[other])


def outline(analysis: Analysis, block: Block) -> Iterator[Feature]:
    """Yield what kinds of cue there are, in which order, and what stands before the first."""
    tokens: list[str] = getattr(analysis, block.token)
    classes = [f"<{analysis.classes[i]}>" for i in analysis.cues]
    yield ("count", str(min(len(classes), MOST_CUES)))
    if not classes:
        return
    first = analysis.cues[0]
    roles = analysis.lexicon.roles
    yield ("first", classes[0])
    yield ("first", tokens[first])
    yield ("order", *classes[:3])
    yield ("place", classes[0], str(min(first // POSITION_WIDTH, POSITIONS)))
    before = {name for name in analysis.classes[:first] if roles.get(name) in ("mask", "mark")}
    for name in roles:
        if name in before:
            yield ("before", classes[0], f"<{name}>")


def class_ngrams(analysis: Analysis, block: Block) -> Iterator[Feature]:
    """Yield the n-grams of the classes of the words that have one."""
    names = [f"<{c}>" for c in analysis.classes if c]
    shortest, longest = block.ngram_range
    for start in range(len(names)):
        for n in range(shortest, min(longest, len(names) - start) + 1):
            yield tuple(names[start : start + n])


def cue_classes(analysis: Analysis, block: Block) -> Iterator[Feature]:
    """Yield each cue, its class and its group with the class of each word within the window, and on which side it stands."""
    tokens: list[str] = getattr(analysis, block.token)
    for cue in analysis.cues:
        kind = analysis.classes[cue]
        centres = [tokens[cue], f"<{kind}>"]
        if (group := class_group(kind)) != kind:
            centres.append(f"<{group}>")
        for other in range(max(0, cue - block.window), min(len(tokens), cue + block.window + 1)):
            if other != cue and analysis.classes[other]:
                side = "<" if other < cue else ">"
                for centre in centres:
                    yield (centre, side, f"<{analysis.classes[other]}>")


def class_pairs(analysis: Analysis, block: Block) -> Iterator[Feature]:
    """Yield each class of cue in the text, then each group of these, with each other class in the text, once a pair."""
    there = set(analysis.classes)
    names = [name for name in analysis.lexicon.roles if name in there]
    cues = [name for name in names if analysis.lexicon.roles[name] == "cue"]
    groups = dict.fromkeys(class_group(name) for name in cues if class_group(name) != name)
    for centre in (*cues, *groups):
        for name in names:
            if name != centre:
                yield (f"<{centre}>", "&", f"<{name}>")


_ANALYZE: dict[str, Callable[[Analysis, Block], Iterator[Feature]]] = {
    "char_wb": char_ngrams,
    "word": word_ngrams,
    "cue": cue_pairs,
    "outline": outline,
    "class": class_ngrams,
    "cue_class": cue_classes,
    "class_pair": class_pairs,
}


def analyze(analysis: Analysis, block: Block) -> Iterator[Feature]:
    """Yield the features of a text, in the order in which the compiled kernel finds them (repeats included)."""
    return _ANALYZE[block.analyzer](analysis, block)


def feature_name(block: Block, parts: Feature) -> str:
    """Return how a feature is written: an n-gram as scikit-learn writes it, the others with their parts spaced."""
    return parts[0] if block.analyzer == "char_wb" else " ".join(parts)
