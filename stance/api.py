"""The functions behind `stance.predict`, `stance.score`, ..."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt

from stance.model.catalogue import load, model_name
from stance.model.classifier import Model
from stance.model.prediction import Prediction

if TYPE_CHECKING:
    from stance.articles.scoring import Article
    from stance.learn.evaluate import Evaluation
    from stance.model.explain import Explanation

ModelLike = Model | str | Path | None


def _model(model: ModelLike, task: str | None, scheme: str | None) -> Model:
    if isinstance(model, Model):
        return model
    return load(model if model is not None else model_name(task, scheme))


@overload
def predict(  # type: ignore[overload-overlap]  # a text is a sequence of texts too; the first one wins
    texts: str, *, task: str | None = ..., scheme: str | None = ..., model: ModelLike = ..., uncertain: bool = ...
) -> Prediction: ...


@overload
def predict(
    texts: Sequence[str], *, task: str | None = ..., scheme: str | None = ..., model: ModelLike = ..., uncertain: bool = ...
) -> list[Prediction]: ...


def predict(
    texts: str | Sequence[str],
    *,
    task: str | None = None,
    scheme: str | None = None,
    model: ModelLike = None,
    uncertain: bool = False,
) -> Prediction | list[Prediction]:
    """Label one text, or several.

    Parameters
    ----------
    texts : str or sequence of str
        Sentences; for whole articles see `score`.
    task : {"stance", "sentiment"}, optional
    scheme : {"default", "oppose", "sentiment"}, optional
    model : Model, str or Path, optional
        A model, its name or its file; overrides `task` and `scheme`.
    uncertain : bool
        Report ``"uncertain"`` where the probability is below the model's floor.

    Returns
    -------
    Prediction, or list of Prediction
    """
    return _model(model, task, scheme).predict(texts, uncertain=uncertain)


def predict_proba(
    texts: Sequence[str], *, task: str | None = None, scheme: str | None = None, model: ModelLike = None
) -> npt.NDArray[np.float32]:
    """Return calibrated probabilities, (n_texts, n_labels) float32, columns as in ``model.labels``."""
    return _model(model, task, scheme).predict_proba(texts)


def explain(
    text: str,
    *,
    task: str | None = None,
    scheme: str | None = None,
    model: ModelLike = None,
    label: str | None = None,
) -> Explanation:
    """Explain a decision: what every feature of the text adds to every label's logit, and where it stands.

    Parameters
    ----------
    text : str
    task, scheme, model
        As in `predict`.
    label : str, optional
        The label to explain; the predicted one by default. See `Explanation` for a model that merges finer labels.

    Returns
    -------
    Explanation
        Intercepts and contributions add up to the logits (before the temperature); ``character_weights()`` gives the
        share of each character.

    Raises
    ------
    StanceError
        The model does not have that label.
    """
    from stance.model.explain import explain_text

    return explain_text(_model(model, task, scheme), text, label)


def score(
    text_or_path: str | Path,
    *,
    task: str | None = None,
    scheme: str | None = None,
    model: ModelLike = None,
    uncertain: bool = False,
) -> Article:
    """Cut an article into sentences and label each.

    Parameters
    ----------
    text_or_path : str or Path
        The article itself, or its file. A string counts as a path if a file of that name exists, or if it is one word
        with a known suffix.

    Raises
    ------
    DocumentError
        The file cannot be read, or holds more than one article (use `stance.articles` for those).
    """
    from stance.articles.documents import SUFFIXES, Document, read_documents
    from stance.articles.scoring import score_documents
    from stance.errors import DocumentError

    loaded = _model(model, task, scheme)
    is_path = isinstance(text_or_path, Path) or (
        len(text_or_path) < 1024
        and "\n" not in text_or_path
        and (text_or_path.lower().endswith((*SUFFIXES, ".gz")) or _exists(text_or_path))
    )
    documents = list(read_documents([text_or_path])) if is_path else [Document("text", str(text_or_path))]
    if len(documents) != 1:
        raise DocumentError(f"{text_or_path}: holds {len(documents)} articles, expected one; use the command stance score")
    return next(score_documents(documents, loaded, uncertain=uncertain))


def _exists(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        return False


def train(source: Any, **options: Any) -> Model:
    """Train a model.

    Parameters
    ----------
    source : str, Path or Recipe
        A recipe.

    Returns
    -------
    Model
        With its figures in ``model.info["metrics"]``.
    """
    from stance.learn.train import train as run

    return run(source, **options).model


def evaluate(
    data: str | Path | Sequence[str | Path],
    *,
    task: str | None = None,
    scheme: str | None = None,
    model: ModelLike = None,
    text_field: str | None = None,
    label_field: str | None = None,
    mapping: Mapping[str, str] | None = None,
    slices: Sequence[str] = (),
    skip_conflicts: bool = False,
    worst: int = 10,
    seed: int = 0,
) -> Evaluation:
    """Measure a model on labelled files.

    Parameters
    ----------
    data : str, Path, or sequence of them
        JSONL, CSV, TSV or Parquet files, folders or glob patterns.
    task, scheme, model
        As in `predict`.
    text_field, label_field : str, optional
        Names of the columns; by default those that the model was trained on.
    mapping : mapping of str to str, optional
        What the data's labels are called in the model; an empty name leaves the records out.
    slices : sequence of str
        Fields to cut the data by, or ``"length"``.
    skip_conflicts : bool
        Leave out texts that occur with different labels.
    worst : int
        How many errors to explain.
    seed : int
        Of the bootstrap.

    Raises
    ------
    LabelError
        The data break the rules; the message lists the faults.
    """
    from stance.learn.evaluate import evaluate_files

    paths = [data] if isinstance(data, str | Path) else data
    return evaluate_files(
        paths, _model(model, task, scheme), text_field=text_field, label_field=label_field, mapping=mapping,
        slices=slices, skip_conflicts=skip_conflicts, worst=worst, seed=seed,
    )  # fmt: skip
