"""Keeps derived normalisations on disk, for asking camel-tools about every code point takes longer than a small training.

One JSON file a set of steps, in the user's cache (``STANCE_CACHE_DIR`` moves it, empty switches it off). Its name is a
digest of all that the answer depends on: the steps, camel-tools' version, Python's Unicode version, and the source of
`stance.arabic.normalize`. What cannot be read or written is derived anew; nothing here is ever needed.
"""

from __future__ import annotations

import json
import os
import unicodedata
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from stance.files import write_text

Tables = tuple[dict[int, str], dict[int, str]]
"""`Normalizer.before` and `Normalizer.table`."""
OWN_STEPS = frozenset(("digits", "lowercase", "tatweel", "symbols"))
"""Steps that work without camel-tools."""


def cache_folder() -> Path | None:
    """Return where derived tables are kept, or None if nowhere."""
    if (chosen := os.environ.get("STANCE_CACHE_DIR")) is not None:
        return Path(chosen) if chosen else None
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".cache") / "stance"


def _place(steps: tuple[str, ...]) -> Path | None:
    folder = cache_folder()
    if folder is None:
        return None
    source = Path(__file__).with_name("normalize.py").read_bytes()
    camel = version("camel-tools") if set(steps) - OWN_STEPS else ""
    known = json.dumps([steps, camel, unicodedata.unidata_version, sha256(source).hexdigest()])
    return folder / f"normalization-{sha256(known.encode()).hexdigest()[:32]}.json"


def _digest(tables: object) -> str:
    return sha256(json.dumps(tables, sort_keys=True).encode()).hexdigest()


def recall(steps: tuple[str, ...]) -> Tables | None:
    """Return the tables kept for some steps, or None if there are none, or not whole ones."""
    try:
        place = _place(steps)
        kept = json.loads(place.read_bytes()) if place else None
        if not kept or kept["digest"] != _digest([kept["before"], kept["table"]]):
            return None
        before, table = ({int(code): new for code, new in kept[part].items()} for part in ("before", "table"))
    except (OSError, ImportError, RuntimeError, ValueError, KeyError, TypeError, AttributeError):  # no home, no file, not ours
        return None
    return before, table


def remember(steps: tuple[str, ...], before: dict[int, str], table: dict[int, str]) -> None:
    """Keep the tables of some steps, if there is a place for them."""
    try:
        place = _place(steps)
        if place is None:
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        parts = [{str(code): new for code, new in part.items()} for part in (before, table)]
        write_text(place, json.dumps({"before": parts[0], "table": parts[1], "digest": _digest(parts)}))
    except (OSError, ImportError, RuntimeError, ValueError):
        return
