"""Sentences made from patterns, for learning who holds a stance where several are named; see ``labels/spans/patterns.toml``."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stance.actors.entities import read_toml
from stance.errors import RecipeError

_SLOT = re.compile(r"\{(?:([HT]):)?(\w+?)\}|<([^<>]+)>")
_ROUNDS = 10
"""How often each pattern is filled."""


def patterned(path: Path, *, seed: int = 0) -> list[tuple[str, str, tuple[str, ...], str]]:
    """Return (text, stance, holders, target) for every pattern, filled `_ROUNDS` times.

    Raises
    ------
    RecipeError
        The file is absent or broken, or a pattern has no holder, or names a list that is not there.
    """
    data = read_toml(path)
    lists: dict[str, list[str]] = {**data.get("fill", {}), **data.get("actors", {})}
    choose = random.Random(seed)
    found: list[tuple[str, str, tuple[str, ...], str]] = []
    for group in data.get("pattern", []):
        for pattern in group["text"]:
            if "{H:" not in pattern and "<" not in pattern:
                raise RecipeError(f"{path}: the pattern {pattern!r} has no holder; expected {{H:...}} or <...>")
            for _ in range(_ROUNDS):
                text, holder, target = _filled(pattern, lists, choose, path)
                if holder in text and target in text:  # not where a preposition has melted into it
                    found.append((text, group["stance"], (holder,), target))
    return found


def _filled(pattern: str, lists: dict[str, list[str]], choose: random.Random, path: Path) -> tuple[str, str, str]:
    marked = {"H": "", "T": ""}

    def fill(match: re.Match[Any]) -> str:
        role, name, implied = match.groups()
        if implied:
            marked["H"] = implied
            return str(implied)
        words = _words(name, lists, choose, path)
        if role:
            marked[role] = words
        return words

    text = _SLOT.sub(fill, pattern)
    # a preposition written to a word melts with its article: ل + ال = لل
    return re.sub(r"\bلال(?=\w)", "لل", text), marked["H"], marked["T"]


def _words(name: str, lists: dict[str, list[str]], choose: random.Random, path: Path) -> str:
    options: Sequence[str] | None = lists.get(name.rstrip("0123456789"))
    if not options:
        raise RecipeError(f"{path}: no list named {name!r}; there are: {', '.join(sorted(lists))}")
    return _SLOT.sub(lambda m: _words(m[2], lists, choose, path), choose.choice(options))
