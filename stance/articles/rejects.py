"""The file of what could not be read: a JSON object a record, with the place, the reason and the record as it stood."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from stance.articles.records import RAW_BYTES, ReadFailure
from stance.errors import DocumentError, RunError


def reject_line(failure: ReadFailure) -> bytes:
    r"""Return a failure as one line of JSON.

    It has ``file``, ``line`` (or row, from 1; null for whole files), ``reason`` and ``raw``. Where the record is no
    valid UTF-8, ``raw`` has its wrong bytes as ``\xNN`` and its backslashes doubled, and ``escaped`` is true. Of a
    record of more than `RAW_BYTES` bytes the beginning is kept, and ``truncated`` is true.
    """
    raw = failure.raw[:RAW_BYTES]
    truncated = len(failure.raw) >= RAW_BYTES
    if truncated:  # not to take a character that the cut went through for a wrong byte
        raw = next((raw[: len(raw) - cut] for cut in range(4) if _is_utf8(raw[: len(raw) - cut])), raw)
    record: dict[str, object] = {"file": failure.source, "line": failure.record, "reason": failure.reason}
    try:
        record["raw"] = raw.decode()
    except UnicodeDecodeError:
        record["raw"] = raw.replace(b"\\", rb"\\").decode("utf-8", "backslashreplace")
        record["escaped"] = True
    if truncated:
        record["truncated"] = True
    line = json.dumps(record, ensure_ascii=False) + "\n"
    return line.encode("utf-8", "backslashreplace")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


class RejectLog:
    """Counts failures, says them on standard error, and writes them to a file if there is one; pass it as `on_error`."""

    def __init__(self, handle: IO[bytes] | None, *, strict: bool) -> None:
        self.count = 0
        self._handle, self._strict = handle, strict

    def __call__(self, failure: ReadFailure) -> None:
        """Take note of a failure."""
        if self._strict:
            raise DocumentError(str(failure))
        self.count += 1
        if self._handle is None:
            print(f"skipped: {failure}", file=sys.stderr)
        else:
            self._handle.write(reject_line(failure))

    def summary(self, scored: int) -> str:
        """Return what to say at the end, where `scored` articles could be read."""
        rest = "the others were scored" if scored else "nothing was scored"
        return f"{self.count:,} document(s) or record(s) could not be read; {rest}"


@contextmanager
def reject_log(path: Path | None, *, strict: bool = False) -> Iterator[RejectLog]:
    """Give a `RejectLog`; its file appears under its name when all is read, if anything was rejected."""
    if path is None:
        yield RejectLog(None, strict=strict)
        return
    aside = path.with_name(path.name + ".partial")
    try:
        with aside.open("wb") as handle:
            yield (log := RejectLog(handle, strict=strict))
            handle.flush()
            os.fsync(handle.fileno())
        if log.count:
            aside.replace(path)
    except OSError as error:
        raise RunError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        aside.unlink(missing_ok=True)
