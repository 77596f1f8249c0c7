"""What a check of labelled files can find: the rules by name, and a finding with its place."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

ERROR, WARNING = "error", "warning"
RULES: dict[str, tuple[str, str]] = {
    "unreadable": (ERROR, "the line is no record, or is not UTF-8"),
    "missing-field": (ERROR, "the text field or the label field is not there"),
    "not-text": (ERROR, "the text field holds something else than text"),
    "empty-text": (ERROR, "the text is empty"),
    "unknown-label": (ERROR, "the scheme does not know the label"),
    "repeated-id": (ERROR, "two records have one id"),
    "contradiction": (ERROR, "one text has two labels"),
    "leakage": (ERROR, "the text, or nearly the same one, is in the files it must be kept apart from"),
    "span-not-in-text": (ERROR, "an actor or the target does not stand verbatim in the text"),
    "replacement-character": (ERROR, "the text holds U+FFFD"),
    "surrogate": (ERROR, "the text holds half of a surrogate pair"),
    "mojibake": (ERROR, "the text was read in a wrong encoding"),
    "question-marks": (WARNING, "question marks stand where letters may have been"),
    "control-character": (WARNING, "the text holds a control character"),
    "duplicate": (WARNING, "a text is repeated with the same label; training leaves the repetition out"),
    "near-duplicate": (WARNING, "two texts are nearly the same"),
    "near-contradiction": (WARNING, "two texts are nearly the same and have different labels"),
    "long-text": (WARNING, "the text is longer than a sentence"),
    "no-label": (WARNING, "records without a label"),
    "rare-label": (WARNING, "a label has too few texts for five-fold validation"),
    "imbalance": (WARNING, "the most frequent label has many times the texts of the rarest"),
    "one-label-word": (WARNING, "a word stands under one label only, more often than chance explains: write counter-examples, unless the label follows from its meaning"),
}
"""Name of a rule to its severity and its meaning."""


@dataclass(frozen=True)
class Finding:
    """Something that a check found.

    Attributes
    ----------
    rule : str
        One of `RULES`.
    message : str
    path, line, id : str, int, str or None
        The record, if it is one record.
    field : str or None
        The field at fault.
    others : tuple of str
        Places (``file:line``) of the other records that belong to it.
    """

    rule: str
    message: str
    path: str | None = None
    line: int | None = None
    id: str | None = None
    field: str | None = None
    others: tuple[str, ...] = ()

    @property
    def severity(self) -> str:
        """``error`` or ``warning``."""
        return RULES[self.rule][0]

    @property
    def where(self) -> str:
        """``file:line``, or an empty string for a finding about all files."""
        return "" if self.path is None else f"{self.path}:{self.line}" if self.line else self.path

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data: the fields, and the severity."""
        return {
            "severity": self.severity, "rule": self.rule, "message": self.message, "path": self.path, "line": self.line,
            "id": self.id, "field": self.field, "others": list(self.others),
        }  # fmt: skip


@dataclass
class Report:
    """The outcome of a check.

    Attributes
    ----------
    n_records : int
    fields : list of str
        The label fields that were looked at.
    schemes : dict of str to (str or None)
        Field to the name of its scheme; None where labels were taken as found.
    counts : dict of str to dict of str to int
        Field to label to number of records.
    findings : list of Finding
        Errors first, then by rule and place.
    """

    n_records: int = 0
    fields: list[str] = field(default_factory=list)
    schemes: dict[str, str | None] = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def n_errors(self) -> int:
        """Number of findings that are errors."""
        return sum(f.severity == ERROR for f in self.findings)

    @property
    def n_warnings(self) -> int:
        """Number of findings that are warnings."""
        return len(self.findings) - self.n_errors

    def by_rule(self) -> dict[str, int]:
        """Return how many findings each rule has, in the order of `RULES`; rules without any are left out."""
        found = Counter(f.rule for f in self.findings)
        return {rule: found[rule] for rule in RULES if found[rule]}

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, as ``--format json`` prints it."""
        return {
            "n_records": self.n_records, "n_errors": self.n_errors, "n_warnings": self.n_warnings, "fields": self.fields,
            "schemes": self.schemes, "counts": self.counts, "by_rule": self.by_rule(),
            "findings": [f.to_dict() for f in self.findings],
        }  # fmt: skip
