"""Writing a recipe as the TOML file that `stance.learn.recipe.read_recipe` reads."""

from __future__ import annotations

import os
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from stance.errors import DependencyError, RecipeError
from stance.features.blocks import Block
from stance.files import write_text
from stance.learn.recipe import Recipe

_DEFAULTS = {f.name: f.default for f in fields(Block)}


def _block(block: Block) -> dict[str, Any]:
    """Return a block's settings that differ from the defaults, and those that one looks for in any case."""
    shown = {"analyzer", "min_df", "sublinear_tf"} | ({"ngram_range"} if block.analyzer in ("word", "char_wb") else set())
    settings = {k: v for k, v in asdict(block).items() if k in shown or v != _DEFAULTS[k]}
    if "ngram_range" in settings:
        settings["ngram_range"] = list(block.ngram_range)
    return {key: "none" if key == "norm" and value is None else value for key, value in settings.items()}


def recipe_toml(recipe: Recipe, folder: Path) -> str:
    """Return a recipe as TOML, its paths relative to the folder that the file will lie in.

    Raises
    ------
    DependencyError
        tomli-w is not installed.
    """
    try:
        import tomli_w
    except ImportError:
        raise DependencyError('writing a recipe needs tomli-w: pip install "diplomatic-stance[tune]"') from None

    def relative(path: str) -> str:
        return path if Path(path).is_absolute() else Path(os.path.relpath(recipe.base / path, folder)).as_posix()

    optional = {
        "description": recipe.description or None, "scheme": recipe.scheme, "label_field": recipe.label_field,
        "lexicon": [relative(file) for file in recipe.lexicon] or None, "mapping": recipe.mapping or None,
        "max_size": recipe.max_size, "skip_conflicts": recipe.skip_conflicts or None,
        "notes": relative(recipe.notes) if recipe.notes else None,
        "append_fields": list(recipe.append_fields) or None,
    }  # fmt: skip
    given = {
        "merge": None if recipe.merge == "before" else recipe.merge, "balance_within": recipe.balance_within,
        "label_weights": recipe.label_weights, "file_weights": recipe.file_weights,
    }  # fmt: skip
    weights = {key: value for key, value in given.items() if value}
    data: dict[str, Any] = {
        "name": recipe.name, "task": recipe.task, "labels": [relative(label) for label in recipe.labels],
        "text_field": recipe.text_field, "normalization": list(recipe.normalization), "seed": recipe.seed,
        "floor": recipe.floor, **{key: value for key, value in optional.items() if value is not None},
        "classifier": {"C": recipe.C, "class_weight": recipe.class_weight or "none", "max_iter": recipe.max_iter, **weights},
        "validation": {"folds": recipe.folds}, "features": [_block(block) for block in recipe.blocks],
    }  # fmt: skip
    text: str = tomli_w.dumps(data)
    return text


def write_recipe(recipe: Recipe, path: Path) -> None:
    """Write a recipe.

    Raises
    ------
    RecipeError
        The file's name does not end in ``.toml``, or it cannot be written.
    """
    if path.suffix != ".toml":
        raise RecipeError(f"--out is {str(path)!r}; expected a file name ending in .toml")
    try:
        write_text(path, recipe_toml(recipe, path.parent))
    except OSError as error:
        raise RecipeError(f"{path}: cannot be written: {error.strerror or error}; give a file in an existing folder") from None
