"""The journal of a labelling session: every answer is on the disk before the next question is asked.

A journal is JSON Lines, only ever appended to. Its first line is the heading; then every line is one event:

``{"event": "session", "version": 1, "field": ..., "labels": [...], "source": ...}``
``{"event": "label", "id": ..., "label": ..., "comment": ..., "seconds": ..., "record": {...}}``
``{"event": "skip", "id": ..., "comment": ...}``
``{"event": "undo", "id": ...}``

What holds for a sentence is its last event; ``undo`` takes back what was said of it. A line that was cut off, because the
machine stopped in the middle of writing it, is the last one and is dropped.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from stance.errors import LabelError

VERSION = 1


def _parse(path: Path, data: bytes) -> tuple[list[dict[str, Any]], int]:
    """Return the events and how many bytes of the file they take; a cut-off last line is left out."""
    events: list[dict[str, Any]] = []
    end = 0
    for line in data.splitlines(keepends=True):
        try:
            event = json.loads(line)
            if not line.endswith(b"\n") or not isinstance(event, dict) or "event" not in event:
                raise ValueError("no event")
        except (ValueError, RecursionError):
            if end + len(line) < len(data):
                raise LabelError(f"{path}:{len(events) + 1}: damaged in the middle; expected one event a line. Restore the file, or name another with --out") from None
            break
        events.append(event)
        end += len(line)
    if events and (events[0].get("event") != "session" or events[0].get("version") != VERSION):
        raise LabelError(f"{path}:1: not the journal of a labelling session; name another file with --out")
    return events, end


class Journal:
    """A journal that is open for writing; one process at a time.

    Parameters
    ----------
    path : Path
    field : str
        The field that is being labelled.
    labels : sequence of str
    source : str
        The file that the sentences come from, for the reader of the journal.

    Raises
    ------
    LabelError
        The journal is another session's (another field or labels), is damaged, in use, or cannot be written.
    """

    def __init__(self, path: Path, field: str, labels: Sequence[str], source: str) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Unbuffered: what could not be written is not written later, behind the person's back.
            self._handle: IO[bytes] = path.open("a+b", buffering=0)
        except OSError as error:
            raise LabelError(f"{path}: cannot be written: {error.strerror or error}") from None
        try:
            self._lock()
            self._handle.seek(0)
            self.events, end = _parse(path, self._handle.read())
            self._handle.truncate(end)
            if not self.events:
                self.append({"event": "session", "version": VERSION, "field": field, "labels": list(labels), "source": source})
            head = self.events[0]
            if head.get("field") != field:
                raise LabelError(f"{path}: a session about {head.get('field')!r}, not {field!r}; name another file with --out")
            if unknown := set(head.get("labels", ())) - set(labels):
                raise LabelError(f"{path}: its labels were {', '.join(head['labels'])}; {sorted(unknown)[0]!r} is not among those asked for now")
        except BaseException:
            self._handle.close()
            raise

    def _lock(self) -> None:
        with contextlib.suppress(ImportError):  # Windows has no fcntl
            import fcntl

            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise LabelError(f"{self.path}: in use by another session; end that one first") from None

    def append(self, event: dict[str, Any]) -> None:
        """Write an event; when this returns, it is on the disk.

        Raises
        ------
        LabelError
            The disk is full or gone.
        """
        data = (json.dumps(event, ensure_ascii=False) + "\n").encode("utf-8", "replace")
        end = self._handle.seek(0, os.SEEK_END)
        try:
            if self._handle.write(data) < len(data):
                raise OSError("no space left on the disk")
            os.fsync(self._handle.fileno())
        except OSError as error:
            with contextlib.suppress(OSError):
                self._handle.truncate(end)
            raise LabelError(f"{self.path}: the last answer could not be written: {error.strerror or error}") from None
        self.events.append(event)

    def close(self) -> None:
        """Close the file and give up the lock."""
        self._handle.close()


def state_of(events: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return what holds for each id after some events, in order of the answers: its ``label`` or ``skip`` event."""
    state: dict[str, dict[str, Any]] = {}
    for event in events:
        id_ = str(event.get("id"))
        if event["event"] in ("label", "skip"):
            state.pop(id_, None)
            state[id_] = event
        elif event["event"] == "undo":
            state.pop(id_, None)
    return state


def labelled_records(events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the records that are labelled after some events, in order of the answers."""
    field = events[0]["field"] if events else "label"
    found = []
    for event in state_of(events).values():
        if event["event"] == "label":
            record = {k: v for k, v in event["record"].items() if k != field} | {field: event["label"]}
            found.append(record | ({"comment": event["comment"]} if event.get("comment") else {}))
    return found


def replay(path: Path) -> list[tuple[int, dict[str, Any], str]]:
    """Read a journal as `stance.labels.exchange.read_labelled` gives files: number, record, field."""
    events, _ = _parse(path, path.read_bytes())
    field = str(events[0]["field"]) if events else "label"
    return [(i, record, field) for i, record in enumerate(labelled_records(events), 1)]
