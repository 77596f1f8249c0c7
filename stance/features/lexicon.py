"""A lexicon: word classes that features may look at (stance cues, states, titles, negations, ...).

Words are looked up after normalisation, first as they stand, then without their prefixed clitics (`stem`).
A lexicon file is TOML; a class whose name has a dot belongs to a group (`class_group`); each class has a role and a list of forms, in which braces stand for alternatives:
``"{ي,ت,ن}دعم{,ون}"`` is six forms.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from stance.errors import RecipeError

ROLES = ("cue", "mask", "mark")
"""``cue`` words are the centres of context features; ``mask`` words may be replaced by their class; ``mark`` words
only lend their class to the sentence's outline."""

NUMBER = "number"
_BRACES = re.compile(r"\{([^{}]*)\}")


def stem(word: str) -> str:
    """Strip prefixed clitics (conjunction, preposition, article) from a normalised Arabic word.

    The rules never look past the prefix, so that a stem is always the tail of its word; `stance.features.kernel`
    applies the same ones. A clitic is only taken off where enough letters remain.
    """
    return word[clitic_length(word) :]


def clitic_length(word: str) -> int:
    """Return how many characters of prefixed clitics a normalised Arabic word has."""
    n = len(word)
    i = 1 if n > 3 and word[0] in "وف" else 0
    rest = n - i
    if rest > 4 and word[i : i + 2] in ("ال", "لل"):
        return i + 2
    if rest > 4 and word[i] in "بكل" and word[i + 1 : i + 3] == "ال":
        return i + 3
    if rest > 4 and word[i] in "بلس":
        return i + 1
    return i


def class_group(name: str) -> str:
    """Return the group that a class belongs to: what stands before the dot of its name (``support.praise``), or itself."""
    return name.partition(".")[0]


def expand(pattern: str) -> Iterator[str]:
    """Yield the forms that a pattern with brace alternatives stands for."""
    pieces = _BRACES.split(pattern)
    choices = [piece.split(",") if i % 2 else [piece] for i, piece in enumerate(pieces)]
    for choice in product(*choices):
        yield "".join(choice).strip()


@dataclass(frozen=True)
class Lexicon:
    """Word classes by name.

    Attributes
    ----------
    roles : dict of str to str
        Class name to one of `ROLES`, in the order of the class numbers (from 1; 0 is no class).
    forms : dict of str to str
        Normalised word form to class name.
    """

    roles: dict[str, str] = field(default_factory=dict)
    forms: dict[str, str] = field(default_factory=dict)

    def word_class(self, word: str, stemmed: str) -> str:
        """Return the class of a word, or an empty string."""
        if word.isascii() and word.isdigit() and NUMBER in self.roles:
            return NUMBER
        return self.forms.get(word) or self.forms.get(stemmed, "")


def build_lexicon(
    classes: dict[str, tuple[str, Iterable[str]]], normalize: Callable[[str], str], to: Lexicon | None = None
) -> Lexicon:
    """Build a lexicon from class name -> (role, patterns), in addition `to` another. A form in two classes belongs to the first."""
    roles, forms = (dict(to.roles), dict(to.forms)) if to else ({}, {})
    for name, (role, patterns) in classes.items():
        roles[name] = role
        for pattern in patterns:
            for form in expand(pattern):
                if form := normalize(form).strip():
                    forms.setdefault(form, name)
    return Lexicon(roles, dict(sorted(forms.items())))


def read_lexicon(paths: Path | Sequence[Path], normalize: Callable[[str], str]) -> Lexicon:
    """Read a lexicon from one file, or from several.

    A form that stands in two files belongs to the class that the first of them gives it; a later file may add forms to a
    class of an earlier one.

    Raises
    ------
    RecipeError
        A file is absent, is no TOML, a class lacks its role or forms, or has another role than in a file before.
    """
    lexicon = Lexicon()
    for path in [paths] if isinstance(paths, Path) else paths:
        classes = _read_classes(path)
        for name, (role, _) in classes.items():
            if (before := lexicon.roles.get(name, role)) != role:
                raise RecipeError(f"{path}: classes.{name}.role is {role!r}; a lexicon file before it says {before!r}")
        lexicon = build_lexicon(classes, normalize, lexicon)
    return lexicon


def _read_classes(path: Path) -> dict[str, tuple[str, Iterable[str]]]:
    """Return the classes of a lexicon file: name -> (role, patterns)."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecipeError(f"{path}: no such lexicon file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: not a TOML file in UTF-8: {error}") from None
    classes: dict[str, tuple[str, Iterable[str]]] = {}
    for name, entry in data.get("classes", {}).items():
        role, patterns = entry.get("role"), entry.get("forms", [])
        if role not in ROLES:
            raise RecipeError(f"{path}: classes.{name}.role is {role!r}; expected one of: {', '.join(ROLES)}")
        if not isinstance(patterns, list) or not all(isinstance(p, str) for p in patterns):
            raise RecipeError(f"{path}: classes.{name}.forms must be a list of strings")
        classes[name] = (role, patterns)
    if not classes:
        raise RecipeError(f"{path}: no [classes.NAME] table found; expected at least one")
    return classes
