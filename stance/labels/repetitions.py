"""Texts that stand twice, exactly or nearly: within files, and across files that must be kept apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from stance.labels.entries import Entry, label_of
from stance.labels.findings import Finding
from stance.labels.sameness import fold, near_duplicates

Progress = Callable[[str, int, int], None]


def finding_of(rule: str, message: str, entry: Entry, field: str | None = None, others: Iterable[str] = ()) -> Finding:
    """Return a finding about a record."""
    id_ = entry.record.get("id")
    return Finding(rule, message, entry.path, entry.line, None if id_ is None else str(id_), field, tuple(others))


def labels_of(entry: Entry, fields: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Return the labels of a record, by field, as the mapping names them; fields without a label are left out."""
    found = {field: label_of(entry, field) for field in fields}
    return {field: mapping.get(label, label) for field, label in found.items() if label is not None}


def _difference(one: Mapping[str, str], other: Mapping[str, str]) -> str | None:
    """Return the first field in which two records have different labels."""
    return next((field for field in one if field in other and one[field] != other[field]), None)


def check_repetitions(
    groups: Mapping[str, list[Entry]], labels: Mapping[str, dict[str, str]], similarity: float, progress: Progress
) -> list[Finding]:
    """Return exact and near repetitions, and whether their labels agree. `groups` is folded text to records."""
    found = []
    for entries in groups.values():
        first = entries[0]
        for entry in entries[1:]:
            field = _difference(labels[entry.where], labels[first.where])
            if field:
                mine, its = labels[entry.where][field], labels[first.where][field]
                found.append(finding_of("contradiction", f"{mine!r}, but {first.place} has the same text as {its!r}", entry, field, [first.where]))
            else:
                found.append(finding_of("duplicate", f"the same text as {first.place}", entry, None, [first.where]))
    texts = list(groups)
    for i, j, share in near_duplicates(texts, threshold=similarity, progress=progress):
        first, entry = groups[texts[i]][0], groups[texts[j]][0]
        field = _difference(labels[entry.where], labels[first.where])
        if field:
            mine, its = labels[entry.where][field], labels[first.where][field]
            found.append(finding_of("near-contradiction", f"{mine!r}, but {first.place}, {share:.2f} the same, is {its!r}", entry, field, [first.where]))
        else:
            found.append(finding_of("near-duplicate", f"{share:.2f} the same as {first.place}", entry, None, [first.where]))
    return found


def check_leakage(
    groups: Mapping[str, list[Entry]], against: Sequence[Entry], text_field: str, similarity: float, progress: Progress
) -> list[Finding]:
    """Return which texts stand, exactly or nearly, in the records to be kept apart from."""
    other: dict[str, Entry] = {}
    for entry in against:
        if isinstance(text := entry.record.get(text_field), str) and (folded := fold(text)):
            other.setdefault(folded, entry)
    found = []
    for folded, entries in groups.items():
        if twin := other.get(folded):
            found += [finding_of("leakage", f"the same text as {twin.place}", e, text_field, [twin.where]) for e in entries]
    mine, its = [text for text in groups if text not in other], list(other)
    for i, j, share in near_duplicates(mine, its, similarity, progress):
        twin = other[its[j]]
        found += [
            finding_of("leakage", f"{share:.2f} the same as {twin.place}", e, text_field, [twin.where]) for e in groups[mine[i]]
        ]
    return found
