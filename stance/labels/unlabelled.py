"""Reading sentences that wait for a label."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from stance.errors import LabelError
from stance.labels.records import expand_paths, read_rows
from stance.labels.sameness import fold

_LINES = (".txt", ".txt.gz")


def stable_id(text: str) -> str:
    """Return an id made of the text itself: the same sentence gets the same id wherever it is read."""
    return "t" + hashlib.sha256((fold(text) or text).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def read_unlabelled(paths: Iterable[str | Path], text_field: str = "text") -> list[dict[str, Any]]:
    """Read sentences: a line each of ``.txt`` and ``.txt.gz``, or records of JSONL, CSV, TSV and Parquet files.

    Parameters
    ----------
    paths : iterable of str or Path
        Files, folders or globs.
    text_field : str
        Field of a record that holds the text.

    Returns
    -------
    list of dict
        Each with ``id`` (of the record, or made of the text), ``text``, and whatever else the record has. Sentences that
        repeat an earlier one (folded) are left out, and so are empty ones.

    Raises
    ------
    LabelError
        A file is absent, unreadable or of an unknown kind, or no record has the field.
    """
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    ids: set[str] = set()
    for path in expand_paths(paths):
        for record in _records(path, text_field):
            text = record["text"]
            key = fold(text) or text
            if key in seen:
                continue
            seen.add(key)
            id_ = str(record["id"]) if record.get("id") not in (None, "") else stable_id(text)
            if id_ in ids:  # ids of several files may clash
                id_ = stable_id(text)
            ids.add(id_)
            found.append({"id": id_, "text": text, **{k: v for k, v in record.items() if k not in ("id", "text")}})
    if not found:
        raise LabelError(f"no sentence was found in {', '.join(map(str, paths))}")
    return found


def _records(path: Path, text_field: str) -> Iterator[dict[str, Any]]:
    if path.name.lower().endswith(_LINES):
        yield from ({"text": line} for line in _lines(path))
        return
    some = False
    for row in read_rows(path):
        if isinstance(row, str):
            raise LabelError(row)
        number, record = row
        some = True
        text = record.get(text_field)
        if text is None and text_field not in record:
            there = ", ".join(map(str, record)) or "none"
            raise LabelError(f"{path}:{number}: field {text_field!r} is missing (fields there: {there}); name another with --text-field")
        if text is not None and not isinstance(text, str):
            raise LabelError(f"{path}:{number}: field {text_field!r}: {text!r} ({type(text).__name__}); expected a text")
        if text and text.strip():
            yield {**{k: v for k, v in record.items() if k != text_field}, "text": text}
    if not some:
        raise LabelError(f"{path}: holds no record")


def _lines(path: Path) -> Iterator[str]:
    if not path.exists():
        raise LabelError(f"{path}: no such file")
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix.lower() == ".gz" else path.read_bytes()
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data[: error.start].count(b"\n") + 1
        raise LabelError(f"{path}:{number}: byte {error.start + 1} of the file is not UTF-8; save it as UTF-8") from None
    except (OSError, EOFError) as error:
        raise LabelError(f"{path}: cannot be read: {error}") from None
    for line in text.split("\n"):
        if stripped := line.strip():
            yield stripped
