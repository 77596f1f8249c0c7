"""Finds the folders `labels/`, `training/` and `models/`, in a checkout, an editable install and a wheel alike."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


@cache
def home() -> Path:
    """Return the folder that holds `labels/`, `training/` and `models/`."""
    installed = _PACKAGE / "data"
    return installed if installed.is_dir() else _PACKAGE.parent


def resource(*parts: str) -> Path:
    """Return the path of a shipped file, for instance ``resource("training", "stance-ar.toml")``."""
    return home().joinpath(*parts)
