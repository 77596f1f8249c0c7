"""Diplomatic stance in Arabic news: who supports, who abstains, who stays neutral.

    import stance
    stance.predict("أعربت فرنسا عن دعمها لوحدة ليبيا")

Importing this module imports nothing heavy; each name is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stance.api import evaluate as evaluate
    from stance.api import explain as explain
    from stance.api import predict as predict
    from stance.api import predict_proba as predict_proba
    from stance.api import score as score
    from stance.api import train as train
    from stance.articles.scoring import Article as Article
    from stance.articles.scoring import Sentence as Sentence
    from stance.errors import StanceError as StanceError
    from stance.frames import label_series as label_series
    from stance.frames import predict_frame as predict_frame
    from stance.learn.evaluate import Evaluation as Evaluation
    from stance.model.catalogue import load as load
    from stance.model.classifier import Model as Model
    from stance.model.explain import Explanation as Explanation
    from stance.model.prediction import Prediction as Prediction

__version__ = "0.1.0"
_HOMES = {
    "evaluate": "stance.api", "Evaluation": "stance.learn.evaluate",
    "explain": "stance.api", "Explanation": "stance.model.explain",
    "label_series": "stance.frames", "predict_frame": "stance.frames",
    "predict": "stance.api", "predict_proba": "stance.api", "score": "stance.api", "train": "stance.api",
    "load": "stance.model.catalogue", "Model": "stance.model.classifier", "Prediction": "stance.model.prediction",
    "Article": "stance.articles.scoring", "Sentence": "stance.articles.scoring", "StanceError": "stance.errors",
}  # fmt: skip
__all__ = [
    "Article", "Evaluation", "Explanation", "Model", "Prediction", "Sentence", "StanceError", "evaluate", "explain",
    "label_series", "load", "predict", "predict_frame", "predict_proba", "score", "train",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'stance' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
