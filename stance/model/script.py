"""Texts in letters that a model has never seen: it answers all the same, and the answer means nothing."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, TypeVar

from stance.model.classifier import Model

_HasText = TypeVar("_HasText", bound=Any)
_CLASS = re.compile(r"<[^>]*>")
_SAMPLE = 50_000
"""Bytes of the vocabulary that are looked at; it is sorted by fingerprint, so that any part of it is a random sample."""
MAIN = 0.8
"""A model is one of a script if so many of the letters in its features are of it."""


@lru_cache(1 << 12)
def script_of(character: str) -> str | None:
    """Return the script of a letter, as the first word of its Unicode name (``"ARABIC"``); None for what is no letter."""
    return unicodedata.name(character, "").split(" ")[0] or None if character.isalpha() else None


def main_script(model: Model) -> str | None:
    """Return the script that the features of a model are written in; None where there are several, or no letters."""
    text = model.space.vocabulary.text[:_SAMPLE].tobytes().decode("utf-8", "ignore")
    counts = Counter(script_of(c) for c in _CLASS.sub("", text))
    del counts[None]
    script, n = counts.most_common(1)[0] if counts else (None, 0)
    return script if n >= MAIN * counts.total() else None


class ForeignTexts:
    """Counts the texts that have letters, but none of the model's script.

    Parameters
    ----------
    model : Model

    Attributes
    ----------
    texts, foreign : int
        How many texts were seen, and how many of them are foreign to the model.
    """

    def __init__(self, model: Model) -> None:
        self._model, self._script = model, main_script(model)
        self.texts = self.foreign = 0

    def seen(self, texts: Iterable[str]) -> Iterator[str]:
        """Yield texts, and count them."""
        for text in texts:
            self.add(text)
            yield text

    def documents(self, documents: Iterable[_HasText]) -> Iterator[_HasText]:
        """Yield documents, and count their texts."""
        for document in documents:
            self.add(document.text)
            yield document

    def add(self, text: str) -> None:
        """Count a text."""
        self.texts += 1
        if self._script is not None and not any(script_of(c) == self._script for c in text):
            self.foreign += any(c.isalpha() for c in text)

    def warning(self) -> str | None:
        """Return what to tell the user; None where there is nothing to tell."""
        if not self.foreign or self._script is None:
            return None
        return (
            f"warning: model {self._model.name} knows text in {self._script.capitalize()} letters only; {self.foreign:,} of "
            f"{self.texts:,} text(s) have none, and what it says of them means nothing"
        )
