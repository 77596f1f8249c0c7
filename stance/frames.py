"""Labels for columns of texts: pandas, Polars, and whatever runs pandas functions on its partitions (Dask, Spark)."""

from __future__ import annotations

from typing import Any

import numpy as np

from stance.api import ModelLike, _model


def _decided(
    texts: list[Any], model: ModelLike, task: str | None, scheme: str | None, uncertain: bool
) -> tuple[list[str | None], list[float | None], dict[str, list[float | None]]]:
    """Return labels, probabilities and the probabilities of every label; None for what is no text."""
    import stance.features.kernel  # noqa: F401  (partitions of any size are to give the same digits)

    loaded = _model(model, task, scheme)
    found = [i for i, text in enumerate(texts) if isinstance(text, str)]
    labels: list[str | None] = [None] * len(texts)
    probabilities: list[float | None] = [None] * len(texts)
    shares: dict[str, list[float | None]] = {label: [None] * len(texts) for label in loaded.labels}
    for i, (label, probability, row) in zip(found, loaded.decide([texts[i] for i in found], uncertain=uncertain), strict=True):
        labels[i], probabilities[i] = label, probability
        for name, share in row.items():
            shares[name][i] = share
    return labels, probabilities, shares


def label_series(
    texts: Any, *, task: str | None = None, scheme: str | None = None, model: ModelLike = None, uncertain: bool = False
) -> Any:
    """Return the labels of a column of sentences.

    Parameters
    ----------
    texts : pandas.Series, polars.Series or list of str
        Missing values have no label.
    task, scheme, model, uncertain
        As for `stance.predict`. A process loads a model once.

    Returns
    -------
    The same kind of column, of str.

    Examples
    --------
    >>> import stance
    >>> stance.label_series(["امتنعت الصين عن التصويت", None])
    ['abstain', None]
    """
    labels, _, _ = _decided(list(texts), model, task, scheme, uncertain)
    kind = type(texts).__module__.partition(".")[0]
    if kind == "pandas":
        import pandas as pd

        return pd.Series(labels, index=texts.index, name="label", dtype="str")
    if kind == "polars":
        import polars as pl

        return pl.Series("label", labels, dtype=pl.String)
    return labels


def predict_frame(
    frame: Any, text: str = "text", *, task: str | None = None, scheme: str | None = None, model: ModelLike = None,
    uncertain: bool = False,
) -> Any:  # fmt: skip
    """Return a frame of sentences with the columns ``label``, ``probability`` and one a label added.

    Parameters
    ----------
    frame : pandas.DataFrame or polars.DataFrame
    text : str
        The column of sentences; where it is missing a value the new ones are missing too.
    task, scheme, model, uncertain
        As for `stance.predict`.

    Raises
    ------
    KeyError
        There is no such column.
    TypeError
        The frame is of another kind.
    """
    kind = type(frame).__module__.partition(".")[0]
    if kind not in ("pandas", "polars"):
        raise TypeError(f"expected a pandas or Polars DataFrame, got {type(frame).__name__}; for others see stance/articles/README.md")
    if text not in frame.columns:
        raise KeyError(f"no column {text!r}; there are: {', '.join(map(str, frame.columns))}. Name the column of sentences")
    labels, probabilities, shares = _decided(list(frame[text]), model, task, scheme, uncertain)
    numbers = {"probability": probabilities, **shares}
    if kind == "polars":
        import polars as pl

        return frame.with_columns(
            pl.Series("label", labels, dtype=pl.String), *(pl.Series(n, v, dtype=pl.Float32) for n, v in numbers.items())
        )
    import pandas as pd

    columns = {name: np.array(values, dtype=np.float32) for name, values in numbers.items()}  # None becomes NaN
    return frame.assign(label=pd.Series(labels, index=frame.index, dtype="str"), **columns)
