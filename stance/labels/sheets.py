"""Tables for people to fill: CSV that spreadsheets open rightly, and harmlessly; and records as JSON Lines."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from stance.errors import LabelError

# What a spreadsheet takes for the beginning of a formula (OWASP: CSV injection), in full width too.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_GUARDED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")


def guard(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula: text that begins like one gets an apostrophe before it.

    Text that has apostrophes there already gets one more, so that `unguard` gives back what was there.
    """
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def unguard(value: str) -> str:
    """Undo `guard`."""
    return value[1:] if _GUARDED.match(value) else value


def write_aside(path: Path, data: bytes) -> None:
    """Write a file: aside, synchronised to the disk, then renamed; what was there is whole until then.

    Raises
    ------
    LabelError
        The file cannot be written.
    """
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(aside, path)
    except OSError as error:
        raise LabelError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        aside.unlink(missing_ok=True)


def sheet_bytes(rows: Sequence[dict[str, Any]]) -> bytes:
    """Return rows as CSV for a spreadsheet: UTF-8 with a byte order mark, CRLF, every text cell guarded.

    The columns are the keys of all rows, in order of appearance; lists become ``a; b``.
    """
    out = io.StringIO()
    columns = list(dict.fromkeys(key for row in rows for key in row))
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\r\n")
    writer.writerow({name: guard(name) for name in columns})
    for row in rows:
        writer.writerow({key: guard("; ".join(map(str, v)) if isinstance(v, list) else v) for key, v in row.items()})
    return out.getvalue().encode("utf-8-sig", "replace")


def jsonl_bytes(records: Sequence[dict[str, Any]]) -> bytes:
    """Return records as JSON Lines in UTF-8."""
    return "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records).encode("utf-8", "replace")


def write_rows(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows as a spreadsheet's CSV, or as JSON Lines if the name ends in ``.jsonl``.

    Raises
    ------
    LabelError
        The name has another suffix, or the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".jsonl"):
        raise LabelError(f"{path}: unknown kind of output {suffix!r}; expected a name ending in .csv or .jsonl")
    write_aside(path, sheet_bytes(rows) if suffix == ".csv" else jsonl_bytes(rows))


def read_sheet(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a CSV as spreadsheets save it, with their line numbers, unguarded.

    UTF-8, or UTF-16 with a byte order mark; the delimiter is the most frequent of ``, ; tab`` in the first line.

    Raises
    ------
    LabelError
        The file is in another encoding, or a row has more cells than the heading.
    """
    data = path.read_bytes()
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise LabelError(
            f"{path}: byte {error.start + 1} is not UTF-8; in the spreadsheet choose 'CSV UTF-8' when saving"
        ) from None
    if text.lower().startswith("sep=") and "\n" in text:  # Excel's own line about the delimiter
        text = text.split("\n", 1)[1]
    head = text.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count))
    try:
        for row in reader:
            if None in row:
                raise LabelError(f"{path}:{reader.line_num}: more cells than the heading has; quote cells that hold the delimiter")
            if any(value and value.strip() for value in row.values()):
                yield reader.line_num, {unguard(key): unguard(value or "") for key, value in row.items()}
    except csv.Error as error:
        raise LabelError(f"{path}:{reader.line_num}: broken CSV: {error}") from None
