"""A recipe: one TOML file that says everything about how a model is made."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stance.arabic.normalize import STEPS, check_steps
from stance.errors import RecipeError
from stance.features.blocks import Block

_TOP = {"name", "description", "task", "scheme", "labels", "lexicon", "seed", "normalization", "features", "classifier",
        "validation", "text_field", "label_field", "mapping", "max_size", "floor",
        "skip_conflicts", "notes", "append_fields"}  # fmt: skip
DEFAULT_BLOCKS = (
    Block("word", (1, 2), "stem", min_df=2, sublinear_tf=True),
    Block("char_wb", (3, 5), min_df=2, sublinear_tf=True),
)


@dataclass(frozen=True)
class Recipe:
    """How a model is made.

    Attributes
    ----------
    name : str
        Name of the model.
    labels : tuple of str
        Files of labelled records; relative paths start at `base`.
    task, scheme : str or None
        The field that holds the label; the label scheme (a shipped name or a path). Without a scheme the labels are
        taken as they are found.
    blocks : tuple of Block
        The features.
    lexicon : tuple of str
        Files of word classes, for blocks that use them; see `stance.features.lexicon.read_lexicon`. A recipe file may give
        one as a string.
    normalization : tuple of str
        See `stance.arabic.normalize.STEPS` and `OPTIONAL_STEPS`.
    C : float
        Inverse strength of the L2 regularisation.
    class_weight : str or None
        ``"balanced"`` or None.
    merge : {"before", "after"}
        Where the scheme merges finer labels: ``before`` fits the merged labels; ``after`` fits the finer ones, and the
        probability of a label is the sum of those that merge into it.
    max_iter : int
        Most iterations of the solver.
    append_fields : tuple of str
        Fields whose values are put behind the text, e.g. the target that the label is about.
    balance_within : str or None
        A field: balanced class weights are then worked out among the records of each of its values, so that the labels
        weigh the same for every target however unlike their shares are.
    label_weights : dict of str to float
        Factors on the weights of some labels, e.g. 0.5 for one whose errors matter half as much.
    file_weights : dict of str to float
        Factors on the weights of the texts of some files, by the file's name, e.g. 2 for one that was labelled with more care.
    folds : int
        Folds of the cross-validation; 0 for none.
    seed : int
    max_size : int or None
        Largest size of the model file in bytes; the least weighty features are pruned to reach it.
    skip_conflicts : bool
        Leave out texts that occur with different labels, instead of refusing the data.
    notes : str or None
        A Markdown file whose text goes into the card, e.g. known failures.
    floor : float
        Probability below which a label can be reported as uncertain.
    """

    name: str = "model"
    description: str = ""
    labels: tuple[str, ...] = ()
    task: str = "stance"
    scheme: str | None = None
    text_field: str = "text"
    label_field: str | None = None
    mapping: dict[str, str] = field(default_factory=dict)
    blocks: tuple[Block, ...] = DEFAULT_BLOCKS
    lexicon: tuple[str, ...] = ()
    normalization: tuple[str, ...] = STEPS
    C: float = 10.0
    class_weight: str | None = "balanced"
    merge: str = "before"
    max_iter: int = 500
    folds: int = 5
    seed: int = 0
    max_size: int | None = None
    floor: float = 0.5
    skip_conflicts: bool = False
    notes: str | None = None
    append_fields: tuple[str, ...] = ()
    balance_within: str | None = None
    label_weights: dict[str, float] = field(default_factory=dict)
    file_weights: dict[str, float] = field(default_factory=dict)
    base: Path = field(default_factory=Path)


def parse_size(value: object) -> int:
    """Return bytes for ``"4MB"``, ``"800kB"`` or a number (decimal units).

    Raises
    ------
    RecipeError
        It is neither.
    """
    text = str(value).strip().lower()
    for unit, factor in (("mb", 10**6), ("kb", 10**3), ("b", 1), ("", 1)):
        if text.endswith(unit):
            try:
                size = int(float(text[: len(text) - len(unit)]) * factor)
            except ValueError:
                continue
            if size > 0:
                return size
    raise RecipeError(f"size is {value!r}; expected for instance 4MB, 800kB or a number of bytes")


def _number(path: Path, table: str, data: dict[str, Any], key: str, default: float, low: float, high: float) -> float:
    value = data.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise RecipeError(f"{path}: {table}{key} is {value!r}; expected a number from {low:g} to {high:g}")
    return value


def _flag(path: Path, data: dict[str, Any], key: str) -> bool:
    if not isinstance(value := data.get(key, False), bool):
        raise RecipeError(f"{path}: {key} is {value!r}; expected true or false")
    return value


def read_recipe(path: str | Path) -> Recipe:
    """Read a recipe file.

    Raises
    ------
    RecipeError
        The file is absent, or a setting is unknown, of the wrong type or out of range; the message names it.
    """
    path = Path(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecipeError(f"{path}: no such recipe") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise RecipeError(f"{path}: not a TOML file in UTF-8: {error}") from None
    if unknown := sorted(set(data) - _TOP):
        raise RecipeError(f"{path}: unknown setting {unknown[0]!r}; expected some of: {', '.join(sorted(_TOP))}")
    labels = data.get("labels", [])
    if not isinstance(labels, list) or not labels or not all(isinstance(x, str) for x in labels):
        raise RecipeError(f"{path}: labels is {labels!r}; expected a list of files, e.g. [\"../labels/*.jsonl\"]")
    try:
        blocks = tuple(Block.from_dict(block) for block in data.get("features", [])) or DEFAULT_BLOCKS
        steps = check_steps(data.get("normalization", list(STEPS)))
    except (RecipeError, ValueError, TypeError) as error:
        raise RecipeError(f"{path}: {error}") from None
    classifier, validation = data.get("classifier", {}), data.get("validation", {})
    for table, given, known in (
        ("classifier", classifier, {"C", "class_weight", "max_iter", "merge", "balance_within", "label_weights", "file_weights"}),
        ("validation", validation, {"folds"}),
    ):
        if unknown := sorted(set(given) - known):
            raise RecipeError(f"{path}: unknown setting {table}.{unknown[0]}; expected some of: {', '.join(sorted(known))}")
    weight = classifier.get("class_weight", "balanced")
    if weight not in ("balanced", "none"):
        raise RecipeError(f"{path}: classifier.class_weight is {weight!r}; expected 'balanced' or 'none'")
    merge = classifier.get("merge", "before")
    if merge not in ("before", "after"):
        raise RecipeError(f"{path}: classifier.merge is {merge!r}; expected 'before' or 'after'")
    within, append = classifier.get("balance_within"), data.get("append_fields", [])
    if within is not None and (not isinstance(within, str) or weight != "balanced"):
        raise RecipeError(f"{path}: classifier.balance_within is {within!r}; expected the name of a field, and class_weight = \"balanced\"")
    factors = {key: classifier.get(key, {}) for key in ("label_weights", "file_weights")}
    for key, example in (("label_weights", "neutral = 0.5"), ("file_weights", '"checked.jsonl" = 2')):
        if not isinstance(factors[key], dict):
            raise RecipeError(f"{path}: classifier.{key} is {factors[key]!r}; expected a table, e.g. {{ {example} }}")
        factors[key] = {name: _number(path, f"classifier.{key}.", factors[key], name, 1.0, 1e-6, 1e6) for name in factors[key]}
    if not isinstance(append, list) or not all(isinstance(x, str) for x in append):
        raise RecipeError(f"{path}: append_fields is {append!r}; expected a list of fields, e.g. [\"target\"]")
    lexicon = data.get("lexicon", [])
    lexicon = [lexicon] if isinstance(lexicon, str) else lexicon
    if not isinstance(lexicon, list) or not all(isinstance(x, str) and x for x in lexicon):
        raise RecipeError(f"{path}: lexicon is {lexicon!r}; expected a file or a list of files, e.g. \"../labels/lexicon.toml\"")
    if not lexicon and any(block.needs_lexicon for block in blocks):
        raise RecipeError(f"{path}: a feature block looks at word classes, but there is no lexicon; add lexicon = \"FILE.toml\"")
    return Recipe(
        name=str(data.get("name", path.stem)),
        description=str(data.get("description", "")),
        labels=tuple(labels),
        task=str(data.get("task", "stance")),
        scheme=data.get("scheme"),
        text_field=str(data.get("text_field", "text")),
        label_field=data.get("label_field"),
        mapping={str(k): str(v) for k, v in data.get("mapping", {}).items()},
        blocks=blocks,
        lexicon=tuple(lexicon),
        normalization=steps,
        C=float(_number(path, "classifier.", classifier, "C", 10.0, 1e-6, 1e6)),
        class_weight=None if weight == "none" else weight,
        merge=merge,
        max_iter=int(_number(path, "classifier.", classifier, "max_iter", 500, 1, 100_000)),
        folds=int(_number(path, "validation.", validation, "folds", 5, 0, 50)),
        seed=int(_number(path, "", data, "seed", 0, 0, 2**31 - 1)),
        max_size=parse_size(data["max_size"]) if "max_size" in data else None,
        floor=float(_number(path, "", data, "floor", 0.5, 0.0, 1.0)),
        notes=str(data["notes"]) if "notes" in data else None,
        skip_conflicts=_flag(path, data, "skip_conflicts"),
        append_fields=tuple(append),
        balance_within=within,
        **factors,
        base=path.parent,
    )
