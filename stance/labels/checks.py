"""The check of labelled files: everything that can be wrong with them, found before training."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from stance.errors import LabelError
from stance.features.lexicon import expand, stem
from stance.labels.cues import one_label_words
from stance.labels.encoding import find_damage
from stance.labels.entries import (
    Entry,
    Unreadable,
    is_missing,
    label_fields,
    label_of,
    read_entries,
    require_field,
    scheme_for,
)
from stance.labels.findings import RULES, Finding, Report
from stance.labels.repetitions import Progress, check_leakage, check_repetitions, finding_of, labels_of
from stance.labels.sameness import SIMILARITY, fold
from stance.labels.schemes import Scheme
from stance.resources import resource

LONGEST = 1000
LEAST_OF_A_LABEL = 5
IMBALANCE = 10
SPAN_FIELDS = ("actors", "target")


def _check_text(entry: Entry, field: str, longest: int) -> list[Finding]:
    """Return what is wrong with the text itself."""
    if field not in entry.record:
        there = ", ".join(map(str, entry.record)) or "none"
        return [finding_of("missing-field", f"field {field!r} is missing (fields there: {there})", entry, field)]
    text = entry.record[field]
    if text is None or (isinstance(text, str) and not text.strip()):
        return [finding_of("empty-text", "the text is empty; expected a sentence", entry, field)]
    if not isinstance(text, str):
        return [finding_of("not-text", f"{text!r} is {type(text).__name__}; expected a text", entry, field)]
    found = [finding_of(damage.kind, damage.message, entry, field) for damage in find_damage(text)]
    if len(text) > longest:
        found.append(finding_of("long-text", f"{len(text):,} characters, more than {longest:,}; the unit is one sentence", entry, field))
    return found


def _spans(entry: Entry, name: str) -> list[Any]:
    value = entry.record.get(name)
    return value if isinstance(value, list) else [] if is_missing(value) else [value]


def _span_fields(entries: Sequence[Entry], text_field: str) -> list[str]:
    """Return which of `SPAN_FIELDS` hold parts of the text: those of which at least half do.

    Elsewhere a field of that name is a topic from a list, as in data sets of stance towards given targets.
    """
    found = []
    for name in SPAN_FIELDS:
        spans = [(span, e.record.get(text_field)) for e in entries for span in _spans(e, name) if span]
        inside = sum(isinstance(span, str) and isinstance(text, str) and span in text for span, text in spans)
        if 2 * inside >= len(spans) > 0:
            found.append(name)
    return found


def _check_spans(entry: Entry, text: str, fields: Sequence[str]) -> list[Finding]:
    """Return which actors and targets do not stand verbatim in the text."""
    found = []
    for name in fields:
        for span in _spans(entry, name):
            if not isinstance(span, str):
                found.append(finding_of("span-not-in-text", f"{span!r} is {type(span).__name__}; expected a part of the text", entry, name))
            elif span not in text:
                near = " (it does in other spelling: copy it from the text)" if fold(span) and fold(span) in fold(text) else ""
                found.append(finding_of("span-not-in-text", f"{span!r} does not stand in the text{near}", entry, name))
    return found


def _check_label(entry: Entry, field: str, scheme: Scheme | None, mapping: Mapping[str, str]) -> Finding | None:
    if field not in entry.record:
        there = ", ".join(map(str, entry.record)) or "none"
        return finding_of("missing-field", f"field {field!r} is missing (fields there: {there})", entry, field)
    label = label_of(entry, field)
    if label is None or scheme is None or mapping.get(label, label) in scheme.known:
        return None
    near = next((k for k in scheme.known if k.casefold() == label.casefold()), None)
    hint = f"; is it {near!r}?" if near else ""
    return finding_of("unknown-label", f"unknown label {label!r}; expected one of: {', '.join(scheme.known)}{hint}", entry, field)


def _check_balance(field: str, counts: Mapping[str, int], n_missing: int, known: Sequence[str]) -> list[Finding]:
    found = []
    if n_missing:
        found.append(Finding("no-label", f"{n_missing:,} record(s) have no {field!r}; training leaves them out", field=field))
    for label in known or counts:
        if counts.get(label, 0) < LEAST_OF_A_LABEL:
            found.append(Finding("rare-label", f"{label!r} has {counts.get(label, 0)} text(s); five-fold validation needs {LEAST_OF_A_LABEL}", field=field))
    if counts:
        most, least = max(counts, key=lambda x: counts[x]), min(counts, key=lambda x: counts[x])
        if counts[most] > IMBALANCE * counts[least]:
            found.append(Finding("imbalance", f"{most!r} has {counts[most] / counts[least]:.0f} times the texts of {least!r}", field=field))
    return found


def _known_cues() -> set[str]:
    """Return the words of the shipped lexicon, folded: what is there is a cue on purpose."""
    import tomllib

    classes = tomllib.loads(resource("labels", "lexicon.toml").read_text(encoding="utf-8"))["classes"]
    return {fold(form) for entry in classes.values() for pattern in entry["forms"] for form in expand(pattern)}


def _check_words(field: str, texts: Sequence[str], labels: Sequence[str]) -> list[Finding]:
    expected = _known_cues()
    return [
        Finding(
            "one-label-word",
            f"{cue.word!r} stands in {cue.n_texts} texts, all {cue.label!r} (chance: {cue.share:.0%}; q = {cue.q_value:.2g})",
            field=field,
        )
        for cue in one_label_words(texts, labels)
        if cue.word not in expected and stem(cue.word) not in expected
    ]


def check_labels(
    paths: Iterable[str | Path],
    *,
    against: Iterable[str | Path] = (),
    text_field: str = "text",
    fields: Sequence[str] | None = None,
    scheme: str | None = None,
    mapping: Mapping[str, str] | None = None,
    within: str | None = None,
    similarity: float = SIMILARITY,
    longest: int = LONGEST,
    progress: Progress = lambda *_: None,
) -> Report:
    """Check labelled files.

    Parameters
    ----------
    paths : iterable of str or Path
        JSONL, CSV, TSV or Parquet files, folders, globs.
    against : iterable of str or Path
        Files that must share no text with them, such as a test split.
    text_field : str
    fields : sequence of str, optional
        Fields that hold labels; by default ``stance`` and ``sentiment`` where they are there, else ``label``.
    scheme : str, optional
        A shipped scheme, a scheme file or ``"none"``; see `stance.labels.entries.scheme_for`.
    mapping : mapping of str to str, optional
        What the files' own labels are called in the scheme.
    within : str, optional
        A field, such as the target of the stance: one text may then have another label for each of its values.
    similarity : float
        Jaccard similarity of character 5-grams from which two texts are near-duplicates.
    longest : int
        Characters beyond which a text is long.
    progress : callable
        Called with what is being done, how many steps are done, and how many there are.

    Raises
    ------
    LabelError
        A file is absent, or no record has the fields.
    """
    if not 0 < similarity <= 1:
        raise LabelError(f"the similarity is {similarity}; expected a number above 0, up to 1")
    progress("reading", 0, 1)
    entries, faults = read_entries(paths)
    against = list(against)
    return check_entries(
        entries, faults, against=_against(against, text_field) if against else (), text_field=text_field, fields=fields,
        scheme=scheme, mapping=mapping, within=within, similarity=similarity, longest=longest, progress=progress,
    )  # fmt: skip


def check_entries(
    entries: Sequence[Entry],
    faults: Sequence[Unreadable] = (),
    *,
    against: Sequence[Entry] = (),
    text_field: str = "text",
    fields: Sequence[str] | None = None,
    scheme: str | None = None,
    mapping: Mapping[str, str] | None = None,
    within: str | None = None,
    similarity: float = SIMILARITY,
    longest: int = LONGEST,
    progress: Progress = lambda *_: None,
) -> Report:
    """Check records that have been read already; see `check_labels`."""
    mapping = mapping or {}
    findings = [Finding("unreadable", f.message, f.path, f.line or None) for f in faults]
    report = Report(n_records=len(entries))
    if entries:
        require_field(entries, text_field, "--text-field")
        if within is not None:
            require_field(entries, within, "--within")
        report.fields = label_fields(entries, fields)
        schemes = {f: scheme_for(f, {mapping.get(x, x) for e in entries if (x := label_of(e, f))}, scheme) for f in report.fields}
        report.schemes = {field: found.name if found else None for field, found in schemes.items()}
        findings += _check_records(entries, text_field, schemes, mapping, longest)
        groups: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            text = entry.record.get(text_field)
            if isinstance(text, str) and (folded := fold(text) or text.strip()):
                groups[folded].append(entry)
        labels = {entry.where: labels_of(entry, report.fields, mapping) for entry in entries}
        for part in _parts(groups, within):
            findings += check_repetitions(part, labels, similarity, progress)
        if against:
            findings += check_leakage(groups, against, text_field, similarity, progress)
        for field, found in schemes.items():
            counts = Counter(x[field] for x in labels.values() if field in x)
            order = [*(found.known if found else ()), *sorted(counts)]
            report.counts[field] = {label: counts[label] for label in dict.fromkeys(order) if counts[label]}
            findings += _check_balance(field, report.counts[field], len(entries) - sum(counts.values()), found.labels if found else ())
            once = [(text, label) for text, group in groups.items() if (label := labels[group[0].where].get(field)) is not None]
            progress("testing words", 0, 1)
            findings += _check_words(field, [text for text, _ in once], [label for _, label in once])
    order = list(RULES)
    report.findings = sorted(findings, key=lambda f: (f.severity, order.index(f.rule)))
    return report


def _parts(groups: Mapping[str, list[Entry]], within: str | None) -> list[dict[str, list[Entry]]]:
    """Divide records by the value of a field, keeping them grouped by text."""
    if within is None:
        return [dict(groups)]
    parts: dict[str, dict[str, list[Entry]]] = {}
    for text, entries in groups.items():
        for entry in entries:
            parts.setdefault(str(entry.record.get(within)), {}).setdefault(text, []).append(entry)
    return list(parts.values())


def _check_records(
    entries: Sequence[Entry], text_field: str, schemes: Mapping[str, Scheme | None], mapping: Mapping[str, str], longest: int
) -> list[Finding]:
    found: list[Finding] = []
    ids: dict[Any, Entry] = {}
    span_fields = _span_fields(entries, text_field)
    for entry in entries:
        found += _check_text(entry, text_field, longest)
        if isinstance(text := entry.record.get(text_field), str):
            found += _check_spans(entry, text, span_fields)
        found += [f for field, scheme in schemes.items() if (f := _check_label(entry, field, scheme, mapping))]
        id_ = entry.record.get("id")
        if id_ is not None and id_ != "" and (first := ids.setdefault(str(id_), entry)) is not entry:
            found.append(finding_of("repeated-id", f"{id_!r} is also the id of {first.where}; ids must differ", entry, "id", [first.where]))
    return found


def _against(paths: Sequence[str | Path], text_field: str) -> list[Entry]:
    """Read the records to be kept apart from; they may call the text otherwise."""
    entries, _ = read_entries(paths)
    if text_field not in {name for e in entries for name in e.record}:
        entries = [Entry({**e.record, text_field: e.record.get("text")}, e.path, e.line) for e in entries]
        if all(e.record[text_field] is None for e in entries):
            raise LabelError(f"no record of {', '.join(map(str, paths))} has a field {text_field!r} or 'text'")
    return entries
