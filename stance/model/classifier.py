"""The classifier: a feature space, the weights of a logistic regression, a temperature and the labels."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt

from stance.arabic.normalize import Normalizer
from stance.errors import ArtifactError, StanceError
from stance.features.blocks import Block
from stance.features.lexicon import Lexicon
from stance.features.space import FeatureSpace
from stance.features.vocabulary import SEPARATOR, Vocabulary
from stance.model.artifact import Arrays, read_artifact, write_artifact
from stance.model.prediction import UNCERTAIN, Prediction

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


def softmax(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return probabilities (n, k) of logits (n, k), each row summing to 1."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: npt.NDArray[np.float64] = shifted / shifted.sum(axis=1, keepdims=True)
    return result


def merge_logits(logits: npt.NDArray[np.float64], places: Sequence[int]) -> npt.NDArray[np.float64]:
    """Return the logits of labels of which some were fitted as several finer ones: ln of the sum of the finer exp(logit).

    The softmax of the result gives each label the sum of its finer labels' probabilities.

    Parameters
    ----------
    logits : (n, n_fine_labels)
    places : sequence of int
        For each finer label, the column of the label that it merges into.
    """
    merged = np.full((len(logits), max(places) + 1), -np.inf)
    for fine, place in enumerate(places):
        merged[:, place] = np.logaddexp(merged[:, place], logits[:, fine])
    return merged


@dataclass
class Model:
    """A trained model. Get one from `stance.load` or `stance.train`.

    Attributes
    ----------
    name : str
    task : str
        The field of the labelled records that it was trained on: ``"stance"``, ``"sentiment"``, ...
    scheme : str
        The label scheme.
    labels : tuple of str
        What it predicts, in the order of the columns of `predict_proba`.
    space : FeatureSpace
        How it sees text.
    coefficients : (n_fine_labels, n_features) float32
    intercepts : (n_fine_labels,) float64
    temperature : float
        Logits are divided by it before the softmax (temperature scaling, Guo et al. 2017).
    floor : float
        Below this probability a label is ``uncertain``, when that is asked for.
    info : dict
        Recipe, metrics, fingerprint of the training data, versions: what the model card is made of.
    fine_labels : tuple of str
        What the regression tells apart: by default the labels, else finer ones that `merge` takes together.
    merge : dict of str to str
        Finer label to the label that it counts as. Labelled data may use these names too; the regression does only where
        they are among `fine_labels`.
    """

    name: str
    task: str
    scheme: str
    labels: tuple[str, ...]
    space: FeatureSpace
    coefficients: npt.NDArray[np.float32]
    intercepts: npt.NDArray[np.float64]
    temperature: float = 1.0
    floor: float = 0.0
    info: dict[str, Any] = field(default_factory=dict)
    fine_labels: tuple[str, ...] = ()
    merge: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Without finer labels, those are the labels."""
        self.fine_labels = self.fine_labels or self.labels

    def coarse(self, label: str) -> str:
        """Return the label that a finer label counts as."""
        return label if label in self.labels else self.merge[label]

    @property
    def places(self) -> list[int]:
        """For each finer label, the number of the label that it counts as."""
        return [self.labels.index(self.coarse(label)) for label in self.fine_labels]

    @cached_property
    def _logits(self) -> Callable[..., npt.NDArray[np.float64]]:
        return self.space.scorer(self.coefficients, self.intercepts)

    def decision_function(self, texts: Sequence[str], *, threads: int | None = None) -> npt.NDArray[np.float64]:
        """Return the logits, before the temperature, (n_texts, n_labels) float64.

        Those of finer labels are merged (see `merge_logits`).

        Parameters
        ----------
        texts : sequence of str
        threads : int, optional
            As many as there are processors by default.
        """
        logits = self._logits(check_texts(texts), threads)
        return logits if self.fine_labels == self.labels else merge_logits(logits, self.places)

    def predict_proba(self, texts: Sequence[str], *, threads: int | None = None) -> npt.NDArray[np.float32]:
        """Return calibrated probabilities, (n_texts, n_labels) float32, columns in the order of `labels`."""
        return softmax(self.decision_function(texts, threads=threads) / self.temperature).astype(np.float32)

    @overload
    def predict(  # type: ignore[overload-overlap]  # a text is a sequence of texts too; the first one wins
        self, texts: str, *, uncertain: bool = ..., threads: int | None = ...
    ) -> Prediction: ...

    @overload
    def predict(self, texts: Sequence[str], *, uncertain: bool = ..., threads: int | None = ...) -> list[Prediction]: ...

    def predict(
        self, texts: str | Sequence[str], *, uncertain: bool = False, threads: int | None = None
    ) -> Prediction | list[Prediction]:
        """Label one text, or several.

        Parameters
        ----------
        texts : str or sequence of str
        uncertain : bool
            Report ``"uncertain"`` instead of a label whose probability is below the model's floor.
        threads : int, optional

        Raises
        ------
        TypeError
            Something else than text was given.
        """
        if isinstance(texts, str):
            return self.predict([texts], uncertain=uncertain, threads=threads)[0]
        texts = check_texts(texts)
        decisions = self.decide(texts, uncertain=uncertain, threads=threads)
        return [Prediction(*decision, self.task, text) for text, decision in zip(texts, decisions, strict=True)]

    def decide(
        self, texts: Sequence[str], *, uncertain: bool = False, threads: int | None = None
    ) -> Iterator[tuple[str, float, dict[str, float]]]:
        """Yield the label of each text, its probability, and the probabilities of all labels; see `predict`."""
        labels, floor = self.labels, self.floor if uncertain else 0.0
        proba = self.predict_proba(texts, threads=threads)
        for best, row in zip(proba.argmax(axis=1).tolist(), proba.tolist(), strict=True):
            probability = row[best]
            label = UNCERTAIN if probability < floor else labels[best]
            yield label, probability, dict(zip(labels, row, strict=True))

    @cached_property
    def fingerprint(self) -> str:
        """A digest of all that decides what the model answers, 32 hexadecimal digits."""
        meta, arrays = self.contents()
        digest = hashlib.blake2b(json.dumps(meta, sort_keys=True, default=str).encode(), digest_size=16)
        for name in sorted(arrays):
            digest.update(f"{name} {arrays[name].shape} {arrays[name].dtype}".encode())
            digest.update(np.ascontiguousarray(arrays[name]).data)
        return digest.hexdigest()

    def __reduce__(self) -> tuple[Any, ...]:
        # To another process goes what a file would hold, without the compiled tables, thread pools and caches.
        return _model, (Path(self.name), *self.contents())

    def save(self, path: str | Path) -> None:
        """Write the model to a file (conventionally ``NAME.joblib``); the same model always gives the same bytes."""
        write_artifact(Path(path), *self.contents())

    def contents(self) -> tuple[dict[str, Any], Arrays]:
        """Return the model as plain data: what `save` writes and what travels to other processes."""
        space, vocabulary = self.space, self.space.vocabulary
        meta = {
            "name": self.name, "task": self.task, "scheme": self.scheme, "labels": list(self.labels),
            "fine_labels": list(self.fine_labels), "merge": self.merge,
            "temperature": self.temperature, "floor": self.floor, "info": self.info,
            "blocks": [asdict(block) for block in space.blocks],
            "normalization": list(space.normalizer.steps),
            "before": {str(code): new for code, new in space.normalizer.before.items()},
            "lexicon": {"roles": list(space.lexicon.roles.items()), "forms": _by_class(space.lexicon)},
            "n_documents": vocabulary.n_documents, "salt": vocabulary.salt,
        }  # fmt: skip
        arrays: Arrays = {
            "coefficients": self.coefficients, "intercepts": self.intercepts, "character_runs": space.runs,
            "fingerprints": vocabulary.fingerprints, "block": vocabulary.block,
            "document_frequency": vocabulary.document_frequency, "text": vocabulary.text,
        }  # fmt: skip
        arrays |= {f"normalization_{name}": array for name, array in space.normalizer.arrays().items()}
        return meta, arrays

    def to_sklearn(self) -> Pipeline:
        """Return an ordinary fitted scikit-learn Pipeline: vectorisers, then a logistic regression.

        Its probabilities equal those of `predict_proba` to within 1e-6.
        """
        from stance.model.sklearn_export import pipeline_of

        return pipeline_of(self)


def check_texts(texts: Sequence[str]) -> Sequence[str]:
    """Return the texts as a sequence; raise `TypeError` naming the first that is no text."""
    if isinstance(texts, str):
        raise TypeError("expected a list of texts, got one text; put it in a list")
    texts = texts if isinstance(texts, list | tuple) else list(texts)
    for i, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(f"text number {i} is {text!r} ({type(text).__name__}); expected str. Leave out missing values")
    return texts


def _by_class(lexicon: Lexicon) -> dict[str, str]:
    return {name: " ".join(sorted(f for f, c in lexicon.forms.items() if c == name)) for name in lexicon.roles}


_SHAPES = {
    "coefficients": 2, "intercepts": 1, "character_runs": 2, "fingerprints": 1, "block": 1, "document_frequency": 1,
    "text": 1, "normalization_source": 1, "normalization_start": 1, "normalization_target": 1,
}  # fmt: skip
_DTYPES = {
    "coefficients": "<f4", "intercepts": "<f8", "character_runs": "<i4", "fingerprints": "<u8", "block": "|u1",
    "document_frequency": "<i4", "text": "|u1", "normalization_source": "<u4", "normalization_start": "<u4",
    "normalization_target": "<u4",
}  # fmt: skip


def load_model(path: str | Path, *, mmap: bool = False) -> Model:
    """Load a model from a file.

    Parameters
    ----------
    path : str or Path
    mmap : bool
        Map the arrays into memory; processes that load the same file then share them.

    Raises
    ------
    ArtifactError
        The file is absent, damaged, hostile or of an unknown format version.
    """
    path = Path(path)
    meta, arrays = read_artifact(path, mmap=mmap)
    try:
        return _model(path, meta, arrays)
    except ArtifactError:
        raise
    except (StanceError, KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ArtifactError(f"{path}: the model's description is damaged ({type(error).__name__}: {error})") from None


def _require(path: Path, condition: object, what: str) -> None:
    if not condition:
        raise ArtifactError(f"{path}: the model contradicts itself: {what}")


def _model(path: Path, meta: dict[str, Any], arrays: Arrays) -> Model:
    for name, dimensions in _SHAPES.items():
        _require(path, name in arrays, f"the array {name} is missing")
        array = arrays[name]
        _require(path, array.ndim == dimensions, f"{name} has {array.ndim} dimensions, expected {dimensions}")
        _require(path, array.dtype == np.dtype(_DTYPES[name]), f"{name} is {array.dtype}, expected {_DTYPES[name]}")
    labels = tuple(str(label) for label in meta["labels"])
    fine_labels = tuple(str(label) for label in meta["fine_labels"])
    merge = {str(fine): str(label) for fine, label in meta["merge"].items()}
    for names in (labels, fine_labels):
        _require(path, len(set(names)) == len(names), f"a label occurs twice in {names}")
    _require(path, set(merge.values()) <= set(labels) and not set(merge) & set(labels), "finer labels merge into unknown ones, or a label merges too")
    _require(path, {merge.get(label, label) for label in fine_labels} == set(labels), "the finer labels do not merge into the labels")
    blocks = tuple(Block.from_dict(block) for block in meta["blocks"])
    prints, block, df = arrays["fingerprints"], arrays["block"], arrays["document_frequency"]
    n = len(prints)
    _require(path, arrays["coefficients"].shape == (len(fine_labels), n), "coefficients are not (labels, features)")
    _require(path, arrays["intercepts"].shape == (len(fine_labels),) and len(labels) > 1, "one intercept a label is needed")
    _require(path, len(block) == n and len(df) == n, "block and document frequency differ in length from the vocabulary")
    _require(path, n == 0 or int(block.max()) < len(blocks), "a feature belongs to a block that does not exist")
    _require(path, np.all(prints[1:] > prints[:-1]), "the fingerprints are not sorted")
    texts = int(np.count_nonzero(arrays["text"] == SEPARATOR)) + 1 if n else 0
    _require(path, texts == n, f"there are the texts of {texts} features, and {n} features")
    _require(path, n == 0 or (int(df.min()) > 0 and int(df.max()) <= int(meta["n_documents"])), "a document frequency is out of range")
    _require(path, np.isfinite(arrays["coefficients"]).all() and np.isfinite(arrays["intercepts"]).all(), "a weight is not finite")
    runs = arrays["character_runs"]
    _require(path, runs.shape[1] == 3 and runs.min(initial=0) >= 0 and runs.max(initial=0) <= 0x110000, "character runs out of range")
    _require(path, np.isin(runs[:, 2], (1, 2)).all(), "character runs are of unknown kinds")
    source, start, target = (arrays[f"normalization_{x}"] for x in ("source", "start", "target"))
    ordered = len(start) == len(source) + 1 and start[0] == 0 and int(start[-1]) == len(target)
    _require(path, ordered and np.all(start[1:] >= start[:-1]), "the normalisation table is out of order")
    _require(path, all(a.max(initial=0) < 0x110000 for a in (source, target)), "the normalisation table is out of range")
    temperature, floor = float(meta["temperature"]), float(meta["floor"])
    _require(path, 1e-6 < temperature < 1e6, f"the temperature is {temperature}")
    _require(path, 0 <= floor <= 1, f"the floor is {floor}")
    info = dict(meta["info"])
    for name in ("recipe", "merge"):
        _require(path, isinstance(info.get(name) or {}, dict), f"info.{name} is no dictionary")
    normalizer = Normalizer.from_arrays(
        [str(s) for s in meta["normalization"]], {int(c): str(n) for c, n in meta["before"].items()}, source, start, target
    )
    roles = {str(name): str(role) for name, role in meta["lexicon"]["roles"]}
    forms = {form: name for name, text in meta["lexicon"]["forms"].items() for form in text.split(" ") if form}
    _require(path, set(forms.values()) <= set(roles), "a word is of a class without a role")
    vocabulary = Vocabulary(prints, block, df, arrays["text"], int(meta["n_documents"]), int(meta["salt"]))
    space = FeatureSpace(blocks, normalizer, Lexicon(roles, forms), runs, vocabulary)
    return Model(
        str(meta["name"]), str(meta["task"]), str(meta["scheme"]), labels, space, arrays["coefficients"],
        arrays["intercepts"], temperature, floor, info, fine_labels, merge,
    )  # fmt: skip
