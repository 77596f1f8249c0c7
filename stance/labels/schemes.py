"""Label schemes: which labels a task has, and how finer labels merge into them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from stance.errors import LabelError
from stance.resources import resource


@dataclass(frozen=True)
class Scheme:
    """A label scheme.

    Attributes
    ----------
    name : str
    task : str
        The field of a labelled record that holds the label.
    labels : tuple of str
        The labels, in the order in which they are shown.
    merge : dict of str to str
        Finer label to the label that it counts as.
    description : str
    """

    name: str
    task: str
    labels: tuple[str, ...]
    merge: dict[str, str] = field(default_factory=dict)
    description: str = ""

    def view(self, label: str) -> str | None:
        """Return the label as this scheme sees it, or None if the scheme does not know it."""
        label = self.merge.get(label, label)
        return label if label in self.labels else None

    def places(self, finer: Iterable[str]) -> list[int]:
        """Return, for each of some finer labels, the number of the label that it counts as."""
        return [self.labels.index(self.merge.get(label, label)) for label in finer]

    @property
    def known(self) -> tuple[str, ...]:
        """Every label that records may carry."""
        return (*self.labels, *self.merge)


def read_scheme(path: Path) -> Scheme:
    """Read a scheme file.

    Raises
    ------
    LabelError
        The file is absent or breaks the rules; the message names the field.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LabelError(f"{path}: no such label scheme. Shipped schemes: {', '.join(scheme_names())}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LabelError(f"{path}: not a TOML file in UTF-8: {error}") from None
    labels, merge = data.get("labels"), data.get("merge", {})
    if not isinstance(labels, list) or len(labels) < 2 or len(set(map(str, labels))) < len(labels) or not all(isinstance(x, str) and x for x in labels):
        raise LabelError(f"{path}: labels is {labels!r}; expected a list of at least two different names")
    if not isinstance(data.get("task"), str):
        raise LabelError(f"{path}: task is {data.get('task')!r}; expected the field that holds the label, e.g. \"stance\"")
    if not isinstance(merge, dict) or any(target not in labels for target in merge.values()) or set(merge) & set(labels):
        raise LabelError(f"{path}: merge is {merge!r}; expected finer labels that are none of {labels}, each with one of them")
    return Scheme(path.stem, data["task"], tuple(labels), dict(merge), str(data.get("description", "")))


def scheme_names() -> list[str]:
    """Return the names of the shipped schemes."""
    return sorted(path.stem for path in resource("labels", "schemes").glob("*.toml"))


def find_scheme(name: str | Path) -> Scheme:
    """Return a scheme by the name of a shipped one, or by the path of a file."""
    path = Path(name)
    return read_scheme(path if path.suffix == ".toml" else resource("labels", "schemes", f"{name}.toml"))


def scheme_of_labels(task: str, labels: Iterable[str]) -> Scheme:
    """Return the scheme of data that came without one: its labels, sorted."""
    return Scheme("as found", task, tuple(sorted(set(labels))))
