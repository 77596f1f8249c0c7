"""Words that stand under one label only, more often than chance allows: possible spurious cues."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FALSE_DISCOVERY_RATE = 0.05
LEAST_TEXTS = 5


@dataclass(frozen=True)
class Cue:
    """A word all of whose texts have one label.

    Attributes
    ----------
    word : str
    label : str
    n_texts : int
        Texts that hold the word.
    share : float
        Share of the label among all texts: what chance would give.
    p_value : float
        Of Fisher's exact test, one-sided.
    q_value : float
        The same after the correction for the number of tests (Benjamini and Hochberg 1995).
    """

    word: str
    label: str
    n_texts: int
    share: float
    p_value: float
    q_value: float


def one_label_words(
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    least: int = LEAST_TEXTS,
    rate: float = FALSE_DISCOVERY_RATE,
) -> list[Cue]:
    """Return the words that stand under one label only where chance does not explain it, the surest first.

    Parameters
    ----------
    texts : sequence of str, length n
        As `stance.labels.sameness.fold` gives them; words are what stands between spaces, of two letters or more.
    labels : sequence of str, length n
    least : int
        Words in fewer texts are not tested.
    rate : float
        False discovery rate.

    Notes
    -----
    Every word of at least `least` texts is tested against every label: is the label more frequent among the texts
    with the word than among those without (Fisher's exact test, one-sided, by the hypergeometric distribution)? The
    p-values of all these tests are corrected together (Benjamini and Hochberg), and of the words that remain those are
    returned whose texts all have the label.
    """
    from scipy.stats import false_discovery_control, hypergeom

    totals = Counter(labels)
    if len(totals) < 2:
        return []
    by_label: dict[str, Counter[str]] = {label: Counter() for label in totals}
    for text, label in zip(texts, labels, strict=True):
        by_label[label].update({word for word in text.split(" ") if len(word) > 1})
    frequency: Counter[str] = sum(by_label.values(), Counter())
    tested = sorted(word for word, n in frequency.items() if n >= least)
    if not tested:
        return []
    names = sorted(totals)
    with_word = np.array([frequency[word] for word in tested])
    p = np.empty((len(names), len(tested)))
    for i, label in enumerate(names):
        hits = np.array([by_label[label][word] for word in tested])
        p[i] = hypergeom.sf(hits - 1, len(labels), totals[label], with_word)
    q = false_discovery_control(np.clip(p, 0, 1).ravel()).reshape(p.shape)
    found = [
        Cue(word, label, frequency[word], totals[label] / len(labels), float(p[i, j]), float(q[i, j]))
        for i, label in enumerate(names)
        for j, word in enumerate(tested)
        if q[i, j] <= rate and by_label[label][word] == frequency[word]
    ]
    return sorted(found, key=lambda cue: (cue.q_value, -cue.n_texts, cue.word))
