"""What a long run tells: how far it is, and in the end what it did."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: bytes of the input read, of how many; sentences and records; where this session began."""

    bytes: int
    bytes_total: int
    sentences: int
    sentences_before: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Run:
    """What a finished run did.

    Attributes
    ----------
    out, rejects : Path or str
        A folder or an address where it was a cluster's run; `rejects` is None where nothing was rejected.
    articles, sentences, scored, rejected : int
    counts : dict of str to int
        Sentences by label.
    seconds : float
        Of this session.
    resumed_after : int
        Sentences that earlier sessions had done.
    processes : int

    """

    out: Path | str
    rejects: Path | str | None
    articles: int
    sentences: int
    scored: int
    rejected: int
    counts: dict[str, int]
    seconds: float
    resumed_after: int
    processes: int
