"""Turns what was asked for on the command line into a recipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from stance.errors import RecipeError
from stance.labels.records import LabelledData, read_labels
from stance.labels.schemes import find_scheme
from stance.learn.heldout import parse_mapping
from stance.learn.recipe import Recipe, parse_size, read_recipe
from stance.learn.train import read_data
from stance.resources import resource


def recipe_for(
    sources: Sequence[str],
    *,
    scheme: str | None = None,
    task: str | None = None,
    text_field: str | None = None,
    label_field: str | None = None,
    name: str | None = None,
    max_size: str | None = None,
    folds: int | None = None,
    mapping: Sequence[str] = (),
    skip_conflicts: bool = False,
    append_fields: Sequence[str] = (),
) -> Recipe:
    """Return the recipe that is meant: the shipped default, a recipe file, or one made for label files.

    Raises
    ------
    RecipeError
        Recipes and label files are mixed, or several recipes are given.
    """
    recipes = [s for s in sources if s.endswith(".toml")]
    if recipes and len(sources) > 1:
        raise RecipeError("give either one recipe (.toml) or label files, not both")
    if sources and not recipes:
        recipe = Recipe(name=Path(sources[0]).stem.strip("*?[]") or "model", labels=tuple(map(str, sources)))
    else:
        recipe = read_recipe(recipes[0] if recipes else resource("training", "stance-ar.toml"))
    if scheme is not None:
        recipe = replace(recipe, scheme=scheme, task=task or find_scheme(scheme).task)
    if task is not None and task != recipe.task:
        recipe = replace(recipe, task=task, scheme=scheme)
    if text_field is not None:
        recipe = replace(recipe, text_field=text_field)
    if label_field is not None:
        recipe = replace(recipe, label_field=label_field)
    if name is not None:
        recipe = replace(recipe, name=name)
    if max_size is not None:
        recipe = replace(recipe, max_size=parse_size(max_size))
    if mapping:
        recipe = replace(recipe, mapping={**recipe.mapping, **parse_mapping(mapping)})
    if skip_conflicts:
        recipe = replace(recipe, skip_conflicts=True)
    if append_fields:
        recipe = replace(recipe, append_fields=tuple(append_fields))
    return recipe if folds is None else replace(recipe, folds=folds)


def read_recipe_data(recipe: Recipe, on: Sequence[str] | None = None) -> tuple[LabelledData, LabelledData | None]:
    """Return the data of a recipe, and the files to measure on as the recipe's own scheme and columns see them.

    Raises
    ------
    LabelError
        See `stance.labels.records.read_labels`.
    """
    data = read_data(recipe)
    if not on:
        return data, None
    other = read_labels(
        on, data.scheme, text_field=recipe.text_field, label_field=recipe.label_field, mapping=recipe.mapping,
        skip_conflicts=recipe.skip_conflicts, append_fields=recipe.append_fields,
    )  # fmt: skip
    return data, other
