"""A labelling session: which sentence comes next, and what was said of those before."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stance.errors import LabelError
from stance.labels.journal import Journal, labelled_records, state_of
from stance.labels.sheets import jsonl_bytes, write_aside

JOURNAL_SUFFIX = ".journal"
"""Added to the name of the label file. It is no ``.jsonl``, so that no glob takes a journal for labels."""


class Session:
    """Sentences to label one after the other; see `stance.labels.journal` for what is on the disk when.

    Parameters
    ----------
    records : sequence of dict
        With ``id`` and ``text``; see `stance.labels.unlabelled.read_unlabelled`.
    out : Path
        Label file (``.jsonl``) to write when the session ends; the journal lies beside it.
    field : str
        The field to fill.
    labels : sequence of str
        Two to nine.
    source : str
        Where the sentences come from.

    Raises
    ------
    LabelError
        The label file is not one of this session's, or was changed since; or the journal refuses.

    Notes
    -----
    Sentences without an answer come in their order, and after them those that an earlier run skipped.
    """

    def __init__(self, records: Sequence[dict[str, Any]], out: Path, field: str, labels: Sequence[str], source: str = "") -> None:
        if out.suffix != ".jsonl":
            raise LabelError(f"{out}: a label file ends in .jsonl")
        if not 2 <= len(set(labels)) == len(labels) <= 9:
            raise LabelError(f"labels are {', '.join(labels)}; expected two to nine different ones, a key each")
        self.out, self.field, self.labels = out, field, tuple(labels)
        self.records = {str(r["id"]): r for r in records}
        journal = out.with_name(out.name + JOURNAL_SUFFIX)
        if out.exists() and not journal.exists():
            raise LabelError(f"{out}: is there already and not from such a session; name another file with --out")
        self.journal = Journal(journal, field, labels, source)
        if out.exists() and _digest(out.read_bytes()) not in {e.get("sha256") for e in self.journal.events}:
            self.journal.close()
            raise LabelError(f"{out}: was changed since the session wrote it, and would be written anew; rename it, or name another file with --out")
        state = state_of(self.journal.events)
        fresh = [id_ for id_ in self.records if id_ not in state]
        skipped = [id_ for id_, event in state.items() if event["event"] == "skip" and id_ in self.records]
        self._queue = deque(fresh + skipped)
        self._done = [id_ for id_ in state if id_ in self.records and state[id_]["event"] == "label"]
        self._history = [*self._done]
        self._skipped: set[str] = set()
        self.resumed = len(self._done)
        self.comment = ""

    @property
    def current(self) -> dict[str, Any] | None:
        """The record that waits for an answer, or None when there is none left."""
        return self.records[self._queue[0]] if self._queue else None

    @property
    def n_done(self) -> int:
        """How many sentences have a label."""
        return len(self._done)

    @property
    def n_skipped(self) -> int:
        """How many sentences were skipped in this run."""
        return len(self._skipped)

    def counts(self) -> dict[str, int]:
        """Return how many sentences have each label."""
        state = state_of(self.journal.events)
        found = Counter(state[id_]["label"] for id_ in self._done)
        return {label: found[label] for label in self.labels}

    def label(self, label: str, *, seconds: float = 0.0, guess_seen: bool = False) -> None:
        """Answer for the current sentence; when this returns, the answer is on the disk.

        Parameters
        ----------
        label : str
        seconds : float
            How long the sentence stood there.
        guess_seen : bool
            Whether the model's guess was shown before.
        """
        if label not in self.labels:
            raise LabelError(f"unknown label {label!r}; expected one of: {', '.join(self.labels)}")
        if self.current is None:
            return
        id_ = self._queue[0]
        record = self.records[id_]
        event = {"event": "label", "id": id_, "label": label, "comment": self.comment, "seconds": round(seconds, 1),
                 "guess_seen": guess_seen, "record": record}  # fmt: skip
        self.journal.append(event)
        self._queue.popleft()
        self._done.append(id_)
        self._history.append(id_)
        self.comment = ""

    def skip(self) -> None:
        """Leave the current sentence without a label; it comes again in the next run."""
        if self.current is None:
            return
        id_ = self._queue[0]
        self.journal.append({"event": "skip", "id": id_, "comment": self.comment})
        self._queue.popleft()
        self._history.append(id_)
        self._skipped.add(id_)
        self.comment = ""

    def undo(self) -> bool:
        """Take back the last answer or skip, of an earlier run too, and ask again; tell whether there was one."""
        if not self._history:
            return False
        id_ = self._history[-1]
        before = state_of(self.journal.events).get(id_, {})
        self.journal.append({"event": "undo", "id": id_})
        self._history.pop()
        self._skipped.discard(id_)
        if id_ in self._done:
            self._done.remove(id_)
        self._queue.appendleft(id_)
        self.comment = before.get("comment", "")
        return True

    def finish(self) -> int:
        """Write the label file from the journal, and close it; return how many records are in it."""
        records = labelled_records(self.journal.events)
        if records or self.out.exists():
            data = jsonl_bytes(records)
            # First the journal knows what the label file will be, then the file is written: a stop between the two
            # leaves the old file, which the journal knows as well.
            self.journal.append({"event": "written", "sha256": _digest(data), "n": len(records)})
            write_aside(self.out, data)
        self.journal.close()
        return len(records)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
