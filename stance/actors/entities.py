"""Known actors: states, organisations, blocs and movements, by every form in which the news writes them.

The Arabic names of states are those of Unicode CLDR, read through Babel when a model is trained; nisbas, capitals, seats
of government and organisations come from ``labels/entities/``. The forms travel in the model, so that finding actors
needs neither.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from stance.errors import DependencyError, RecipeError

ROLES = ("name", "nisba", "capital", "seat")
_NISBA = ("ي", "ية", "يون", "يين", "يان", "يتان", "يتين")
Forms = dict[tuple[str, ...], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Entity:
    """A known actor.

    Attributes
    ----------
    id : str
        ISO 3166-1 alpha-2 code of a state, else the short name in ``labels/entities/organisations.toml``.
    name : str
        In Arabic, as CLDR or the table has it.
    kind : str
        ``"state"``, ``"organisation"``, ``"bloc"``, ``"movement"`` or ``"party"``.
    """

    id: str
    name: str
    kind: str


@dataclass
class EntityTable:
    """Entities by id, and every normalised form of their names.

    Attributes
    ----------
    entities : dict of str to Entity
    forms : dict
        Words of a form to (entity id, role); the role is one of `ROLES`.
    """

    entities: dict[str, Entity] = field(default_factory=dict)
    forms: Forms = field(default_factory=dict)
    longest: dict[str, int] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Index the forms by their first word."""
        for words in self.forms:
            self.longest[words[0]] = max(self.longest.get(words[0], 0), len(words))

    def match(self, words: Sequence[str], at: int) -> tuple[str, str, int, str] | None:
        """Return (entity id, role, number of words, clitics before it) of the longest known form at a place."""
        for first, clitics in variants(words[at]):
            if first not in self.longest:
                continue
            for n in range(min(self.longest[first], len(words) - at), 0, -1):
                if found := self.forms.get((first, *words[at + 1 : at + n])):
                    return *found, n, clitics
        return None


@lru_cache(1 << 16)
def variants(word: str) -> tuple[tuple[str, str], ...]:
    """Return a normalised word and what remains of it without prefixed conjunction and preposition, with those clitics."""
    return tuple(_variants(word))


def _variants(word: str) -> Iterator[tuple[str, str]]:
    yield word, ""
    rest, clitics = word, ""
    if len(word) > 3 and word[0] in "وف":
        rest, clitics = word[1:], word[0]
        yield rest, clitics
    if len(rest) > 4 and rest.startswith("لل"):
        yield "ال" + rest[2:], clitics + "ل"
        yield "ال" + rest[1:], clitics + "ل"
    elif len(rest) > 3 and rest[0] in "لبك":
        yield rest[1:], clitics + rest[0]


def read_entities(folder: Path, normalize: Callable[[str], str]) -> EntityTable:
    """Build the table from ``states.toml``, ``organisations.toml`` and CLDR.

    Raises
    ------
    DependencyError
        Babel is not installed.
    RecipeError
        A file is absent or no TOML.
    """
    table = EntityTable()

    def add(entity: str, role: str, text: str) -> None:
        if words := tuple(normalize(text.replace("ـ", "")).split()):
            table.forms.setdefault(words, (entity, role))

    def add_nisba(entity: str, root: str) -> None:
        for ending in _NISBA:
            add(entity, "nisba", root + ending)
            add(entity, "nisba", "ال" + root + ending)

    names = _cldr_names()
    states = read_toml(folder / "states.toml")
    organisations = read_toml(folder / "organisations.toml")
    for code in sorted(set(names) | set(states)):
        entry = states.get(code, {})
        own = entry.get("names", [])
        name = names.get(code) or own[0]
        table.entities[code] = Entity(code, own[0] if own and len(own[0]) < len(name) else name, "state")
    for key, entry in organisations.items():
        table.entities[key] = Entity(key, entry["names"][0], entry["kind"])
        for name in entry["names"]:
            add(key, "name", name)
    for code, entry in states.items():
        for role, key in (("name", "names"), ("capital", "capitals"), ("seat", "seats")):
            for text in entry.get(key, []):
                add(code, role, text)
    for code, name in names.items():
        add(code, "name", name)
    for key, entry in [*states.items(), *organisations.items()]:
        for root in entry.get("nisba", []):
            add_nisba(key, root)
    return EntityTable(table.entities, table.forms)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; an absent or broken one is a `RecipeError`."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecipeError(f"{path}: no such file; it belongs to the table of actors") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: not a TOML file in UTF-8: {error}") from None


def _cldr_names() -> dict[str, str]:
    try:
        from babel import Locale
    except ImportError:
        raise DependencyError("training the actors needs Babel: pip install babel") from None
    names = Locale("ar").territories
    return {
        code: name
        for code, name in names.items()
        if len(code) == 2 and code.isalpha() and code not in _NO_STATE
    }


_NO_STATE = {"ZZ", "XA", "XB", "EU", "EZ", "UN", "QO", "AC", "CP", "DG", "EA", "IC", "TA", "CQ"}
"""CLDR's codes for what is no state or territory of ISO 3166-1."""
