"""What a model says about one text."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Prediction:
    """A label with its calibrated probability.

    Attributes
    ----------
    label : str
        The most probable label, or ``"uncertain"`` where that was asked for and the probability is below the floor.
    probability : float
        Probability of the most probable label, 0 to 1.
    probabilities : dict of str to float
        Of every label, in the model's order; they sum to 1.
    task : str
        ``"stance"`` or ``"sentiment"``, or what the recipe called it.
    text : str
        What was judged.
    """

    label: str
    probability: float
    probabilities: dict[str, float]
    task: str
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a dictionary, as ``--format jsonl`` prints them."""
        return asdict(self)

    def __str__(self) -> str:
        """Return label and probability."""
        return f"{self.label} ({self.probability:.2f})"
