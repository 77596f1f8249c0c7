"""Records that are likely mislabelled, by confident learning on out-of-fold probabilities."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.errors import LabelError
from stance.features.space import learn_space
from stance.labels.entries import (
    KNOWN_FIELDS,
    Entry,
    label_fields,
    label_of,
    read_entries,
    require_field,
    require_readable,
    scheme_for,
)
from stance.labels.records import LabelledData, appended_text
from stance.labels.schemes import Scheme, find_scheme, scheme_of_labels
from stance.learn.fit import count_features, factors_of
from stance.learn.recipe import Recipe, read_recipe
from stance.learn.train import _check_data, fit_temperature, prepare, validate
from stance.model.classifier import softmax
from stance.resources import resource

RECIPES = {"stance": "stance-oppose-ar.toml", "sentiment": "sentiment-ar.toml"}
Progress = Callable[[str, int, int], None]


def label_issues(
    labels: npt.NDArray[np.int64], probabilities: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return which labels are likely wrong, what they should be, and how sure that is.

    Parameters
    ----------
    labels : (n,) int64
        Label numbers.
    probabilities : (n, k) float64
        Out-of-fold.

    Returns
    -------
    rows : (m,) int64
        Numbers of the texts, the surest first.
    suggested : (m,) int64
        The most probable label of those the model is confident of.
    margin : (m,) float64
        Probability of the most probable other label less that of the given one.

    Notes
    -----
    Confident learning (Northcutt, Jiang and Chuang 2021): the model is confident of label j for a text if its probability
    is at least the mean probability of j among the texts labelled j. A text is an issue if, of the labels that the model
    is confident of, the most probable is not the given one, and the given one is not the most probable of all either.
    These are the rules of ``cleanlab.filter.find_label_issues(..., filter_by="confident_learning",
    return_indices_ranked_by="normalized_margin")``.
    """
    n, k = probabilities.shape
    means = np.array([probabilities[labels == j, j].mean() if (labels == j).any() else np.inf for j in range(k)])
    confident = probabilities >= means - 1e-6
    guess = np.where(confident, probabilities, -1.0).argmax(axis=1)
    issue = confident.any(axis=1) & (guess != labels) & (probabilities.argmax(axis=1) != labels)
    own = probabilities[np.arange(n), labels]
    others = probabilities.copy()
    others[np.arange(n), labels] = -1.0
    margin = others.max(axis=1) - own
    rows = np.flatnonzero(issue)
    rows = rows[np.argsort(-margin[rows], kind="stable")]
    return rows, guess[rows], margin[rows]


@dataclass(frozen=True)
class Suspects:
    """Records that are likely mislabelled.

    Attributes
    ----------
    field : str
        The label field.
    recipe : str
        Name of the recipe.
    n_records, n_left_out : int
        Records that were looked at; records left out because they have no text or label, repeat a text, or contradict
        another.
    issues : list of dict
        The surest first: ``rank``, ``margin``, ``path``, ``line``, ``id``, ``text``, ``given``, ``suggested``,
        ``p_given``, ``p_suggested``.
    """

    field: str
    recipe: str
    n_records: int
    n_left_out: int
    issues: list[dict[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, as ``--format json`` prints it."""
        return {"field": self.field, "recipe": self.recipe, "n_records": self.n_records, "n_left_out": self.n_left_out, "issues": self.issues}

    def rows(self) -> list[dict[str, Any]]:
        """Return the issues as rows with an empty label for a person to fill, and a comment."""
        order = ("rank", "id", "text", "given", "suggested")
        rest = ("p_given", "p_suggested", "margin", "path", "line")
        return [
            {**{k: i[k] for k in order}, self.field: "", "comment": "", **{k: round(v, 4) if isinstance(v := i[k], float) else v for k in rest}}
            for i in self.issues
        ]


def _usable(
    entries: Sequence[Entry], text_field: str, field: str, scheme: Scheme | None, append_fields: Sequence[str] = ()
) -> tuple[LabelledData, list[Entry], int]:
    """Return the records to train on, one a text, with their places, and how many were left out."""
    groups: dict[str, list[tuple[Entry, str]]] = defaultdict(list)
    for entry in entries:
        text, raw = entry.record.get(text_field), label_of(entry, field)
        label = scheme.view(raw) if scheme and raw is not None else raw
        if isinstance(text, str) and text.strip() and label is not None:
            groups[appended_text(entry.record, text_field, append_fields).strip()].append((entry, label))
    kept = [group[0] for group in groups.values() if len({label for _, label in group}) == 1]
    if not kept:
        raise LabelError(f"no record has both {text_field!r} and a label in {field!r} that the scheme knows; see stance labels check")
    labels = [label for _, label in kept]
    present = tuple(x for x in scheme.labels if x in set(labels)) if scheme else ()
    view = replace(scheme, labels=present) if scheme else scheme_of_labels(field, labels)
    texts = [appended_text(e.record, text_field, append_fields) for e, _ in kept]
    fine = [str(label_of(e, field)) for e, _ in kept]
    data = LabelledData(texts, labels, fine, [e.record for e, _ in kept], [Path(e.path).name for e, _ in kept], view)
    return data, [e for e, _ in kept], len(entries) - len(kept)


def _recipe(path: str | Path | None, field: str, scheme: Scheme | None) -> Recipe:
    if path is not None:
        return read_recipe(path)
    if field in RECIPES and scheme is not None and scheme.task == field:
        return read_recipe(resource("training", RECIPES[field]))
    return Recipe(name="default blocks", task=field)


def out_of_fold(data: LabelledData, recipe: Recipe, progress: Progress = lambda *_: None) -> npt.NDArray[np.float64]:
    """Return calibrated out-of-fold probabilities (n, n_labels), columns in the order of the data's scheme.

    Raises
    ------
    LabelError
        A label has fewer texts than there are folds.
    """
    _check_data(data, recipe)
    progress("collecting n-grams", 0, 1)
    normalizer, lexicon = prepare(recipe)
    space = learn_space(data.texts, recipe.blocks, normalizer, lexicon)
    logits = validate(space, count_features(space, data.texts), data, recipe, progress)
    truth = np.array([data.scheme.labels.index(label) for label in data.labels])
    return softmax(logits / fit_temperature(logits, truth, factors_of(data, recipe)))


def find_mislabelled(
    paths: Sequence[str | Path],
    *,
    recipe: str | Path | None = None,
    text_field: str = "text",
    field: str | None = None,
    scheme: str | None = None,
    folds: int | None = None,
    progress: Progress = lambda *_: None,
) -> Suspects:
    """Rank the records of labelled files that are likely mislabelled.

    Parameters
    ----------
    paths : sequence of str or Path
    recipe : str or Path, optional
        Says which features and classifier give the probabilities; its own label files are not read. By default the
        shipped recipe of the field's labels, else the default features.
    text_field : str
    field : str, optional
        The label field; by default ``stance``, else ``sentiment``, else ``label``.
    scheme : str, optional
        See `stance.labels.entries.scheme_for`.
    folds : int, optional
        Two or more.

    Raises
    ------
    LabelError, RecipeError
        Files, fields or recipe are wrong, or a label has too few texts.
    """
    entries, faults = read_entries(paths)
    require_readable(faults)
    require_field(entries, text_field, "--text-field")
    field = label_fields(entries, [field] if field else None)[0]
    found = scheme_for(field, {x for e in entries if (x := label_of(e, field))}, scheme)
    if found is None and recipe is not None and scheme is None and field not in KNOWN_FIELDS and (named := read_recipe(recipe).scheme):
        found = find_scheme(named)
    rules = _recipe(recipe, field, found)
    if (folds := folds or rules.folds or 5) != rules.folds:
        rules = replace(rules, folds=folds)
    data, places, left_out = _usable(entries, text_field, field, found, rules.append_fields)
    labels = data.scheme.labels
    if len(labels) < 2:
        raise LabelError(f"every record is labelled {labels[0]!r}; at least two labels are needed")
    probabilities = out_of_fold(data, rules, progress)
    truth = np.array([labels.index(label) for label in data.labels], dtype=np.int64)
    rows, suggested, margin = label_issues(truth, probabilities)
    issues = [
        {
            "rank": rank, "margin": float(m), "path": places[i].path, "line": places[i].line,
            "id": None if (id_ := places[i].record.get("id")) is None else str(id_), "text": places[i].record[text_field],
            "given": data.labels[i], "suggested": labels[s], "p_given": float(probabilities[i, truth[i]]),
            "p_suggested": float(probabilities[i, s]),
        }
        for rank, (i, s, m) in enumerate(zip(rows.tolist(), suggested.tolist(), margin.tolist(), strict=True), 1)
    ]  # fmt: skip
    return Suspects(field, rules.name, len(data), left_out, issues)
