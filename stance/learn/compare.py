"""Comparing two models on the same texts: a paired bootstrap, McNemar's exact test, and where they differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

from stance.errors import StanceError
from stance.labels.records import LabelledData, appended_text
from stance.labels.schemes import Scheme
from stance.learn.confusion import Estimate, interval, macro_f1, resample
from stance.learn.evaluate import plain
from stance.learn.heldout import appended_fields, probabilities, read_heldout, scheme_of_model
from stance.model.classifier import Model

EXAMPLES = 3
ONLY_A, ONLY_B, NEITHER = "only A is right", "only B is right", "both are wrong, differently"


@dataclass(frozen=True)
class Difference:
    """Texts on which the models differ in one way.

    Attributes
    ----------
    kind : str
        ``"only A is right"``, ``"only B is right"`` or ``"both are wrong, differently"``.
    truth, a, b : str
        The label of the data, of A and of B.
    n : int
    examples : list of str
        Those of which the two are surest together.
    """

    kind: str
    truth: str
    a: str
    b: str
    n: int
    examples: list[str]


@dataclass(frozen=True)
class Comparison:
    """Two models on the same texts. Intervals are 95% percentile intervals of a bootstrap over the texts.

    Attributes
    ----------
    a, b : str
        Names of the models.
    labels : tuple of str
        The labels in which they were compared: those of the model with the coarser ones.
    n : int
    macro_f1_a, macro_f1_b : Estimate
    difference : Estimate
        B's macro-F1 less A's; both are worked on the same resamples (paired).
    only_a, only_b, both, neither : int
        Texts that only A has right, only B, both, neither.
    mcnemar_p : float
        P-value of McNemar's exact test, two-sided: were `only_a` and `only_b` equally likely?
    differences : list of Difference
        Every way in which they differ, the most frequent first.
    conclusion : str
    """

    a: str
    b: str
    labels: tuple[str, ...]
    n: int
    macro_f1_a: Estimate
    macro_f1_b: Estimate
    difference: Estimate
    only_a: int
    only_b: int
    both: int
    neither: int
    mcnemar_p: float
    differences: list[Difference]
    conclusion: str
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, as ``stance compare --format json`` prints it."""
        data: dict[str, Any] = plain(self)
        return data

    def _repr_html_(self) -> str:
        # The one call up the house, by name: notebooks look for this method on the object itself.
        return str(import_module("stance.present.comparison").comparison_fragment(self))


def common_scheme(a: Model, b: Model) -> Scheme:
    """Return the scheme in which the labels of both models can be seen: that of the one with the coarser labels.

    Raises
    ------
    StanceError
        Neither model's scheme knows all labels of the other.
    """
    pairs = ((scheme_of_model(a), b), (scheme_of_model(b), a))
    found = [scheme for scheme, other in pairs if all(scheme.view(label) for label in other.labels)]
    if found:  # a label of the finer scheme may bear the name of a wider one of the coarser: fewer labels decide
        return min(found, key=lambda scheme: len(scheme.labels))
    raise StanceError(
        f"models {a.name!r} ({', '.join(a.labels)}) and {b.name!r} ({', '.join(b.labels)}) cannot be compared: neither "
        "one's scheme knows all labels of the other; compare models of one task"
    )


def mcnemar_exact(only_a: int, only_b: int) -> float:
    """Return the two-sided p-value of McNemar's exact test: a binomial test of the discordant pairs."""
    return float(binomtest(only_a, only_a + only_b, 0.5).pvalue) if only_a + only_b else 1.0


def paired_macro_f1(
    y: npt.NDArray[Any], ga: npt.NDArray[Any], gb: npt.NDArray[Any], k: int, seed: int = 0
) -> tuple[Estimate, Estimate, Estimate]:
    """Return macro-F1 of predictions A, of predictions B, and B's less A's, all of one bootstrap.

    Parameters
    ----------
    y, ga, gb : (n,) int
        Label numbers below `k`: the truth and both predictions.
    """
    # As in stance.learn.confusion, but with cells for the pair of predictions: every resample is the same for both.
    cells = np.bincount((y * k + ga) * k + gb, minlength=k**3).reshape(k, k, k)
    draws = resample(cells, seed)
    there = np.flatnonzero(cells.sum(axis=(1, 2)) + cells.sum(axis=(0, 2)) + cells.sum(axis=(0, 1))).tolist()
    of = partial(macro_f1, labels=there)
    (va, da), (vb, db) = ((float(of(cells.sum(axis=axis))), of(draws.sum(axis=axis))) for axis in (-1, -2))
    return Estimate(va, *interval(da)), Estimate(vb, *interval(db)), Estimate(vb - va, *interval(db - da))


def _guesses(model: Model, p: npt.NDArray[Any], scheme: Scheme) -> npt.NDArray[np.int64]:
    seen = [scheme.labels.index(str(scheme.view(label))) for label in model.labels]
    guess: npt.NDArray[np.int64] = np.array(seen)[p.argmax(axis=1)]
    return guess


def _conclusion(a: str, b: str, n: int, difference: Estimate, p: float, only_a: int, only_b: int) -> str:
    better, worse, gain = (b, a, difference.value) if difference.value > 0 else (a, b, -difference.value)
    low, high = sorted((abs(difference.low), abs(difference.high)))
    if not only_a and not only_b:
        return f"On these {n:,} texts {a} and {b} are right and wrong on exactly the same ones; nothing tells them apart."
    test = f"McNemar's exact test on accuracy: p = {p:.2g} ({only_b:,} texts only {b} has right, {only_a:,} only {a})"
    if difference.low > 0 or difference.high < 0:
        agree = "" if p < 0.05 else "; that test alone shows no difference, so the gain lies in the rarer labels more than in the number of hits"
        return (
            f"{better} is better than {worse} on these {n:,} texts: macro-F1 higher by {gain:.3f} (95% interval {low:.3f} to "
            f"{high:.3f}). {test}{agree}."
        )
    also = (
        "; by hits they differ, by macro-F1, which counts every label alike, it is not shown"
        if p < 0.05
        else f"; these {n:,} texts do not show which is better. A difference of less than about "
        f"{(difference.high - difference.low) / 2:.3f} cannot be seen with so many"
    )
    return (
        f"No difference in macro-F1 is shown: {b} less {a} is {difference.value:+.3f} (95% interval {difference.low:+.3f} to "
        f"{difference.high:+.3f}). {test}{also}."
    )


def _differences(
    data: LabelledData, y: npt.NDArray[Any], ga: npt.NDArray[Any], gb: npt.NDArray[Any], sure: npt.NDArray[Any],
    labels: Sequence[str], examples: int,
) -> list[Difference]:  # fmt: skip
    found = []
    for t, i, j in np.unique(np.column_stack([y, ga, gb])[ga != gb], axis=0).tolist():
        rows = np.flatnonzero((y == t) & (ga == i) & (gb == j))
        shown = rows[np.argsort(-sure[rows], kind="stable")[:examples]].tolist()
        kind = ONLY_A if i == t else ONLY_B if j == t else NEITHER
        found.append(Difference(kind, labels[t], labels[i], labels[j], len(rows), [data.texts[r] for r in shown]))
    return sorted(found, key=lambda d: ((ONLY_A, ONLY_B, NEITHER).index(d.kind), -d.n))


def compare_models(
    a: Model,
    b: Model,
    data: LabelledData,
    *,
    texts: tuple[Sequence[str], Sequence[str]] | None = None,
    examples: int = EXAMPLES,
    seed: int = 0,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> Comparison:
    """Compare two models on labelled data.

    Parameters
    ----------
    a, b : Model
    data : LabelledData
        In the labels of `common_scheme`.
    texts : pair of sequence of str, optional
        What A and B read, where that is not the same; by default both read the texts of `data`.
    examples : int
        Texts to show of each kind of difference.
    seed : int
        Of the bootstrap.

    Raises
    ------
    StanceError
        The models' labels cannot be brought together.
    """
    scheme = common_scheme(a, b)
    labels, k = scheme.labels, len(scheme.labels)
    y = np.array([labels.index(label) for label in data.labels])
    of_a, of_b = texts or (data.texts, data.texts)
    pa, pb = probabilities(a, of_a, progress), probabilities(b, of_b, progress)
    ga, gb = _guesses(a, pa, scheme), _guesses(b, pb, scheme)
    f1_a, f1_b, difference = paired_macro_f1(y, ga, gb, k, seed)
    right_a, right_b = ga == y, gb == y
    only_a, only_b = int((right_a & ~right_b).sum()), int((~right_a & right_b).sum())
    p = mcnemar_exact(only_a, only_b)
    names = (a.name, b.name) if a.name != b.name else (f"A ({a.name})", f"B ({b.name})")
    return Comparison(
        a.name, b.name, labels, len(data), f1_a, f1_b, difference,
        only_a, only_b, int((right_a & right_b).sum()), int((~right_a & ~right_b).sum()), p,
        _differences(data, y, ga, gb, pa.max(axis=1) + pb.max(axis=1), labels, examples),
        _conclusion(*names, len(data), difference, p, only_a, only_b), seed,
    )  # fmt: skip


def compare_files(
    a: Model,
    b: Model,
    paths: Sequence[str | Path],
    *,
    text_field: str | None = None,
    label_field: str | None = None,
    mapping: Mapping[str, str] | None = None,
    skip_conflicts: bool = False,
    **options: Any,
) -> Comparison:
    """Read labelled files and compare two models on them; see `read_heldout` and `compare_models` for the options.

    Each model reads the text with the fields behind it that its own recipe appends.
    """
    fields = appended_fields(a), appended_fields(b)
    data = read_heldout(
        paths, a, text_field=text_field, label_field=label_field, mapping=mapping, scheme=common_scheme(a, b),
        skip_conflicts=skip_conflicts, append_fields=tuple(dict.fromkeys(fields[0] + fields[1])),
    )  # fmt: skip
    column = text_field or (a.info.get("recipe") or {}).get("text_field") or "text"
    of_a, of_b = ([appended_text(record, column, f) for record in data.records] for f in fields)
    return compare_models(a, b, data, texts=(of_a, of_b), **options)
