"""Reading labelled data for a model that exists already: its labels, its merging, its columns unless told otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from stance.errors import LabelError
from stance.labels.records import LabelledData, read_labels
from stance.labels.schemes import Scheme, find_scheme, scheme_names
from stance.model.classifier import Model

BATCH = 4096


def scheme_of_model(model: Model) -> Scheme:
    """Return the scheme of a model: its labels, and how finer labels merge into them.

    A model says itself how labels merge; those trained before it did fall back on the shipped scheme of that name.
    """
    merge = model.merge or model.info.get("merge")
    if merge is None and model.scheme in scheme_names():
        shipped = find_scheme(model.scheme)
        merge = shipped.merge if shipped.labels == model.labels else {}
    return Scheme(model.scheme, model.task, model.labels, dict(merge or {}))


def appended_fields(model: Model) -> tuple[str, ...]:
    """Return the fields that a model expects behind the text (see `Recipe.append_fields`)."""
    return tuple((model.info.get("recipe") or {}).get("append_fields") or ())


def parse_mapping(pairs: Iterable[str]) -> dict[str, str]:
    """Return what ``--map OLD=NEW`` means; an empty NEW leaves the records with that label out.

    Raises
    ------
    LabelError
        A pair has no ``=``, or nothing before it.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        old, sign, new = pair.rpartition("=")
        if not sign or not old.strip():
            raise LabelError(f'--map is {pair!r}; expected "OLD=NEW", e.g. "Favor=support"; "OLD=" leaves OLD out')
        found[old.strip()] = new.strip()
    return found


def read_heldout(
    paths: Sequence[str | Path],
    model: Model,
    *,
    text_field: str | None = None,
    label_field: str | None = None,
    mapping: Mapping[str, str] | None = None,
    scheme: Scheme | None = None,
    skip_conflicts: bool = False,
    append_fields: Sequence[str] | None = None,
) -> LabelledData:
    """Read labelled data in the labels of a model.

    Parameters
    ----------
    paths : sequence of str or Path
    model : Model
    text_field, label_field : str, optional
        The columns that the model was trained on by default; for the shipped models ``text`` and the task's name.
    mapping : mapping of str to str, optional
        What the data's labels are called in the model's scheme; by default what its recipe said.
    scheme : Scheme, optional
        Instead of the model's own.
    skip_conflicts : bool
        Leave out texts that occur with different labels, instead of refusing the data.
    append_fields : sequence of str, optional
        Fields to put behind the text; by default those of the model's recipe.

    Raises
    ------
    LabelError
        See `stance.labels.records.read_labels`.
    """
    recipe = model.info.get("recipe") or {}
    return read_labels(
        paths, scheme or scheme_of_model(model), text_field=text_field or recipe.get("text_field") or "text",
        label_field=label_field or recipe.get("label_field"), skip_conflicts=skip_conflicts,
        mapping=recipe.get("mapping") if mapping is None else mapping, append_fields=appended_fields(model) if append_fields is None else append_fields,
    )  # fmt: skip


def probabilities(
    model: Model, texts: Sequence[str], progress: Callable[[str, int, int], None] = lambda *_: None
) -> npt.NDArray[np.float64]:
    """Return a model's probabilities (n_texts, n_labels) float64, in batches that a progress bar can follow."""
    parts = []
    for first in range(0, len(texts), BATCH):
        progress(f"labelling with {model.name}", first, len(texts))
        parts.append(model.predict_proba(texts[first : first + BATCH]).astype(np.float64))
    progress(f"labelling with {model.name}", len(texts), len(texts))
    return np.concatenate(parts)
