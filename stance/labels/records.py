"""Reading labelled data: JSONL, CSV, TSV (or .gz of these) or Parquet, with every record checked."""

from __future__ import annotations

import csv
import glob
import gzip
import hashlib
import io
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from stance.errors import DependencyError, LabelError
from stance.labels.schemes import Scheme, scheme_of_labels

MOST_SHOWN = 20
TABULAR = (".csv", ".tsv", ".parquet", ".pq")
KINDS = (".jsonl", ".ndjson", *TABULAR)
Row = tuple[int, dict[str, Any]]
csv.field_size_limit(1 << 26)


@dataclass
class LabelledData:
    """Texts with their labels.

    Attributes
    ----------
    texts : list of str
    labels : list of str
        As the scheme sees them.
    fine_labels : list of str
        As they are before the scheme merges them.
    records : list of dict
        The records as they stand in the files.
    files : list of str
        The name of the file that each is from.
    scheme : Scheme
    skipped : int
        Records without a label for the task.
    repeated : int
        Records that repeat a text with the same label, and are left out.
    conflicting : int
        Records whose text occurs with different labels, and that were left out because that was asked for.
    """

    texts: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    fine_labels: list[str] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    scheme: Scheme = field(default_factory=lambda: scheme_of_labels("stance", ()))
    skipped: int = 0
    repeated: int = 0
    conflicting: int = 0

    def __len__(self) -> int:
        """Return the number of labelled texts."""
        return len(self.texts)

    def counts(self) -> dict[str, int]:
        """Return how many texts have each label, in the scheme's order."""
        found = Counter(self.labels)
        return {label: found[label] for label in self.scheme.labels}

    def fingerprint(self) -> str:
        """Return the SHA-256 of texts and labels, in hexadecimal; the order of the records does not matter."""
        lines = sorted(f"{label}\t{text}" for text, label in zip(self.texts, self.labels, strict=True))
        return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def kind_of(path: Path) -> str:
    """Return the suffix that tells what kind of file it is, in small letters; ``.gz`` behind one of text is looked through."""
    name = path.name.lower()
    plain = Path(name.removesuffix(".gz")).suffix
    return plain if plain in (".jsonl", ".ndjson", ".csv", ".tsv") else Path(name).suffix


def _opened(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb")  # type: ignore[return-value]


def _jsonl(path: Path) -> Iterator[Row | str]:
    with _opened(path) as handle:
        for number, line in enumerate(handle, 1):
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                yield f"{path}:{number}: byte {error.start + 1} is not UTF-8; save the file as UTF-8"
                continue
            if not text.strip():
                continue
            try:
                record = json.loads(text)
            except (ValueError, RecursionError) as error:
                yield f"{path}:{number}: not JSON: {error}; expected one object a line"
                continue
            if isinstance(record, dict):
                yield number, record
            else:
                yield f"{path}:{number}: {type(record).__name__} instead of an object; expected {{\"text\": ..., ...}}"


def _delimited(path: Path, delimiter: str) -> Iterator[Row | str]:
    try:
        with io.TextIOWrapper(_opened(path), encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle, delimiter=delimiter)
            for record in reader:
                if None in record:
                    yield f"{path}:{reader.line_num}: more fields than the heading has; quote fields that hold {delimiter!r}"
                else:
                    yield reader.line_num, dict(record)
    except UnicodeDecodeError as error:
        yield f"{path}: byte {error.start + 1} is not UTF-8; save the file as UTF-8"
    except csv.Error as error:
        yield f"{path}: {error}"


def _parquet(path: Path) -> Iterator[Row | str]:
    try:
        import pyarrow.parquet as pq
    except ImportError:
        raise DependencyError(f'{path}: reading Parquet needs pyarrow: pip install "diplomatic-stance[parquet]"') from None
    try:
        number = 0
        for batch in pq.ParquetFile(path).iter_batches():
            for record in batch.to_pylist():
                number += 1
                yield number, record
    except (OSError, ValueError) as error:
        yield f"{path}: not a Parquet file: {error}"


def _unpacked(path: Path, rows: Iterator[Row | str]) -> Iterator[Row | str]:
    """Yield rows; where a packed file is damaged, say so in the place of what follows."""
    try:
        yield from rows
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        yield f"{path}: damaged gzip file: {error}; pack it again"


def read_rows(path: Path) -> Iterator[Row | str]:
    """Yield the records of a file with their line (or row) number; a string in between says what is wrong with one."""
    suffix = kind_of(path)
    if not path.exists():
        raise LabelError(f"{path}: no such file")
    if suffix in (".jsonl", ".ndjson"):
        return _unpacked(path, _jsonl(path))
    if suffix in (".csv", ".tsv"):
        return _unpacked(path, _delimited(path, "\t" if suffix == ".tsv" else ","))
    if suffix in (".parquet", ".pq"):
        return _parquet(path)
    raise LabelError(f"{path}: unknown kind of label file {suffix!r}; expected .jsonl, .csv, .tsv (or .gz of these) or .parquet")


def expand_paths(patterns: Iterable[str | Path], base: Path | None = None) -> list[Path]:
    """Return the files that paths, folders and glob patterns stand for, sorted within each pattern."""
    found: list[Path] = []
    for pattern in patterns:
        path = (base or Path()) / pattern
        if path.is_dir():
            found += sorted(p for p in path.iterdir() if kind_of(p) in KINDS)
        elif any(c in str(pattern) for c in "*?["):
            matches = sorted(Path(p) for p in glob.glob(str(path), recursive=True))
            if not matches:
                raise LabelError(f"{path}: no file matches")
            found += matches
        else:
            found.append(path)
    return found


def read_labels(
    paths: Iterable[str | Path],
    scheme: Scheme | None = None,
    *,
    task: str = "stance",
    text_field: str = "text",
    label_field: str | None = None,
    mapping: Mapping[str, str] | None = None,
    base: Path | None = None,
    skip_conflicts: bool = False,
    append_fields: Sequence[str] = (),
) -> LabelledData:
    """Read labelled records and check them.

    Parameters
    ----------
    paths : iterable of str or Path
        Files, folders or glob patterns.
    scheme : Scheme, optional
        Without one, the labels are taken as they are found.
    task : str
        The field that holds the label, if neither `scheme` nor `label_field` says.
    text_field, label_field : str
        Names of the columns.
    mapping : mapping of str to str, optional
        What the file's own labels are called in the scheme; an empty name leaves the record out.
    base : Path, optional
        Folder that relative paths start from.
    skip_conflicts : bool
        Leave out every record of a text that occurs with different labels; by default that is a fault.
    append_fields : sequence of str
        Fields whose values are put behind the text, e.g. the target that the label is about.

    Raises
    ------
    LabelError
        Something is wrong. The message lists up to 20 faults, each with file, line, field, value and what was expected.
    """
    column = label_field or (scheme.task if scheme else task)
    data = LabelledData()
    faults: list[str] = []
    seen: dict[str, tuple[str, str]] = {}
    conflicts: dict[str, int] = {}
    unknown: Counter[str] = Counter()
    for path in expand_paths(paths, base):
        for row in read_rows(path):
            if isinstance(row, str):
                faults.append(row)
                continue
            number, record = row
            where = f"{path}:{number}"
            if fault := _check_fields(record, text_field, column, append_fields, where):
                faults.append(fault)
                if kind_of(path) in TABULAR and not {text_field, column, *append_fields} <= record.keys():
                    break  # a column is missing from all rows or from none: saying so once is enough
                continue
            text, raw = appended_text(record, text_field, append_fields), record[column]
            if raw is None or raw == "":
                data.skipped += 1
                continue
            raw = str(raw)
            named = (mapping or {}).get(raw, raw)
            if not named:
                data.skipped += 1
                continue
            label = scheme.view(named) if scheme else named
            if label is None:
                unknown[raw] += 1
                if unknown[raw] == 1:  # said once, however many records have it
                    known = ", ".join(scheme.known) if scheme else ""
                    faults.append(f"{where}: field {column!r}: unknown label {raw!r}; expected one of: {known}")
                continue
            if (before := seen.setdefault(text.strip(), (label, where))) != (label, where):
                if before[0] != label and skip_conflicts:
                    conflicts[text.strip()] = conflicts.get(text.strip(), 1) + 1
                elif before[0] != label:
                    faults.append(
                        f"{where}: field {column!r}: {label!r}, but {before[1]} has the same text as {before[0]!r}; "
                        "correct one, or leave out all such texts with --skip-conflicts"
                    )
                else:
                    data.repeated += 1
                continue
            data.texts.append(text)
            data.labels.append(label)
            data.fine_labels.append(named)
            data.records.append(record)
            data.files.append(path.name)
    if conflicts:
        _leave_out(data, conflicts)
    if faults:
        raise LabelError(_list_faults(faults, unknown))
    if not data.texts:
        raise LabelError(f"no labelled record found; expected records with {text_field!r} and {column!r}")
    data.scheme = scheme or scheme_of_labels(column, data.labels)
    return data


def _list_faults(faults: list[str], unknown: Counter[str]) -> str:
    """Return the message about faulty records: the first ones, and what is common to all unknown labels."""
    n = len(faults) + sum(unknown.values()) - len(unknown)
    more = f"\n... and {len(faults) - MOST_SHOWN} more" if len(faults) > MOST_SHOWN else ""
    message = f"{n} fault(s) in the labels:\n" + "\n".join(faults[:MOST_SHOWN]) + more
    if unknown:
        counts = ", ".join(f"{label!r} ({n:,})" for label, n in unknown.most_common(MOST_SHOWN))
        message += (
            f"\nUnknown labels and their records: {counts}. Say what each is called "
            f"here with --map '{unknown.most_common(1)[0][0]}=LABEL' (nothing after = leaves it out), once for each"
        )
    return message


def _leave_out(data: LabelledData, conflicts: Mapping[str, int]) -> None:
    """Take the texts with contradictory labels out, and count their records."""
    kept = [i for i, text in enumerate(data.texts) if text.strip() not in conflicts]
    data.texts, data.labels = [data.texts[i] for i in kept], [data.labels[i] for i in kept]
    data.fine_labels = [data.fine_labels[i] for i in kept]
    data.records, data.files = [data.records[i] for i in kept], [data.files[i] for i in kept]
    data.conflicting = sum(conflicts.values())


def appended_text(record: Mapping[str, Any], text_field: str, append_fields: Sequence[str]) -> str:
    """Return a record's text with the values of other fields behind it, each after a space; missing ones add nothing."""
    values = (record.get(name) for name in append_fields)
    return " ".join([str(record[text_field]), *(str(value) for value in values if value not in (None, ""))])


def _check_fields(
    record: dict[str, Any], text_field: str, column: str, append_fields: Sequence[str], where: str
) -> str | None:
    appended = [(name, "--append-field") for name in append_fields]
    for name, option in ((text_field, "--text-field"), (column, "--label-field"), *appended):
        if name not in record:
            there = ", ".join(map(str, record)) or "none"
            return f"{where}: field {name!r} is missing (fields there: {there}); name another with {option}"
    text = record[text_field]
    if not isinstance(text, str):
        return f"{where}: field {text_field!r}: {text!r} ({type(text).__name__}); expected a text"
    if not text.strip():
        return f"{where}: field {text_field!r}: empty; expected a text"
    if "\ufffd" in text:
        return f"{where}: field {text_field!r}: holds U+FFFD, so characters were lost in a conversion; restore the text"
    return None
