"""Models by name: the shipped ones, those in ``./models``, and files by path."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from stance.errors import ArtifactError
from stance.model.classifier import Model, load_model
from stance.resources import resource

DEFAULTS = {
    ("stance", "default"): "stance-ar",
    ("stance", "oppose"): "stance-oppose-ar",
    ("sentiment", "sentiment"): "sentiment-ar",
}
"""Task and scheme to the name of the shipped model."""


def model_name(task: str | None = None, scheme: str | None = None) -> str:
    """Return the name of the shipped model for a task and a scheme.

    Raises
    ------
    ArtifactError
        There is none.
    """
    task = task or next((t for t, s in DEFAULTS if s == scheme), "stance")
    scheme = scheme or next((s for t, s in DEFAULTS if t == task), None)
    try:
        return DEFAULTS[task, str(scheme)]
    except KeyError:
        known = ", ".join(f"--task {t} --scheme {s}" for t, s in DEFAULTS)
        with_scheme = "" if scheme is None else f" with scheme {scheme!r}"
        raise ArtifactError(f"no shipped model for task {task!r}{with_scheme}; there are: {known}") from None


def model_path(name: str | Path) -> Path:
    """Return the file of a model: the path itself if it is one, else ``./models/NAME.joblib``, else the shipped one."""
    path = Path(name)
    if path.suffix == ".joblib" or len(path.parts) > 1:
        return path
    for candidate in (Path("models", f"{name}.joblib"), resource("models", f"{name}.joblib")):
        if candidate.is_file():
            return candidate
    if path.is_file():
        raise ArtifactError(f"{name}: not a model file; expected one ending in .joblib, such as stance train writes")
    shipped = sorted(p.stem for p in resource("models").glob("*.joblib") if p.stem in DEFAULTS.values())
    raise ArtifactError(f"no model named {name!r}; there are: {', '.join(shipped) or 'none (train one: stance train)'}; or give a path")


@lru_cache(maxsize=8)
def _cached(path: Path, changed: int, mmap: bool) -> Model:
    return load_model(path, mmap=mmap)


def load(name: str | Path = "stance-ar", *, mmap: bool = False) -> Model:
    """Load a model by name or path. A file that has not changed is loaded once in a process.

    Parameters
    ----------
    name : str or Path
    mmap : bool
        Map the arrays into memory.

    Raises
    ------
    ArtifactError
        There is no such model, or its file is damaged or hostile.
    """
    path = model_path(name).absolute()
    return _cached(path, path.stat().st_mtime_ns if path.is_file() else 0, mmap)
