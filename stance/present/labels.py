"""What the commands about labels show: findings, figures, agreement, ranked records."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from stance.labels.findings import RULES, Finding, Report
from stance.present.tables import label_text

BAR = 40


def plain_table(*names: str, title: str | None = None, right: Sequence[str] = ()) -> Table:
    """Return an empty table without a frame; the columns of `right` stand to the right."""
    table = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for name in names:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return table


def report_tables(report: Report, show: int) -> list[RenderableType]:
    """Return a check's findings by rule, at most `show` of each (0 for all), and a summary."""
    out: list[RenderableType] = []
    for rule, group in groupby(report.findings, key=lambda f: f.rule):
        found = list(group)
        severity, meaning = RULES[rule]
        head = Text.assemble((severity, "bold red" if severity == "error" else "bold yellow"), f" {rule}: {meaning} ({len(found):,})")
        out.append(head)
        out += [_finding_line(f) for f in (found[:show] if show else found)]
        if show and len(found) > show:
            out.append(Text(f"    ... and {len(found) - show:,} more (--show 0 lists all)", style="dim"))
    counts = "; ".join(
        f"{field}: " + ", ".join(f"{label} {n:,}" for label, n in report.counts[field].items())
        + ("" if report.schemes[field] else " (labels as found; name a scheme with --scheme)")
        for field in report.fields
    )  # fmt: skip
    out.append(Text(f"{report.n_records:,} records. {counts}"))
    out.append(Text(f"{report.n_errors:,} errors, {report.n_warnings:,} warnings."))
    return out


def _finding_line(f: Finding) -> Text:
    place = f"{f.where}: " if f.where else ""
    name = f"{f.id}: " if f.id else ""
    field = f"{f.field}: " if f.field else ""
    return Text(f"    {place}{name}{field}{f.message}")


def histogram(figures: dict[str, Any], unit: str) -> list[RenderableType]:
    """Return a histogram of lengths as a line and a table of bars."""
    f = figures
    title = (
        f"Length in {unit}: {f['min']:,} to {f['max']:,}, median {f['median']:g}, mean {f['mean']:.1f}, "
        f"95% up to {f['p95']:g}"
    )
    table = plain_table(unit, "records", "", right=(unit, "records"))
    edges, counts = f["histogram"]["edges"], f["histogram"]["counts"]
    for low, high, n in zip(edges, edges[1:], counts, strict=False):
        width = round(BAR * n / max(counts))
        table.add_row(f"{low:,}-{high - 1:,}", f"{n:,}", "█" * width or ("▏" if n else ""))
    return [Text(title), table]


def statistics_tables(stats: dict[str, Any]) -> list[RenderableType]:
    """Return the figures of labelled files."""
    out: list[RenderableType] = [Text(f"{stats['n_records']:,} records: " + ", ".join(f"{p} {n:,}" for p, n in stats["files"].items())), ""]
    for field, labels in stats["labels"].items():
        table = plain_table(field, "records", "share", "mean words", right=("records", "share", "mean words"))
        for label, f in labels.items():
            table.add_row(label_text(label) if label else Text("(none)"), f"{f['n']:,}", f"{f['share']:.1%}", f"{f['mean_words']:.1f}")
        out += [table, ""]
    if stats["crossed"]:
        names = list(next(iter(stats["crossed"].values())))
        table = plain_table(" / ".join(stats["labels"]), *[name or "(none)" for name in names], right=names)
        for label, row in stats["crossed"].items():
            table.add_row(label_text(label) if label else Text("(none)"), *[f"{n:,}" for n in row.values()])
        out += [table, ""]
    for name, values in stats["fields"].items():
        shown = ", ".join(f"{v} {n:,}" for v, n in list(values.items())[:12])
        more = f", and {len(values) - 12} more" if len(values) > 12 else ""
        out.append(Text(f"{name}: {shown}{more}"))
    v = stats["vocabulary"]
    out += ["", *histogram(stats["words"], "words"), "", *histogram(stats["characters"], "characters"), ""]
    out.append(Text(f"Vocabulary: {v['tokens']:,} words, {v['types']:,} different ones, {v['hapax']:,} of them once. Most frequent: "
                    + ", ".join(f"{w} {n:,}" for w, n in v["top"][:10])))  # fmt: skip
    return out


def _estimate(f: dict[str, Any]) -> str:
    if f["value"] is None:
        return "not defined (a single label, or no item)"
    return f"{f['value']:.3f} (95% interval {f['low']:.3f} to {f['high']:.3f}, {f['n_items']:,} items)"


def agreement_tables(found: dict[str, Any], disagreements: list[dict[str, Any]], show: int) -> list[RenderableType]:
    """Return the agreement of annotators, their confusion, and the items that they disagree on."""
    labels = found["labels"]
    out: list[RenderableType] = [
        f"{len(found['annotators'])} annotators, {found['n_items']:,} items, {found['n_complete']:,} labelled by all; joined on {found['joined_on']}",
        f"Krippendorff's alpha (nominal): {_estimate(found['krippendorff_alpha'])}",
        f"Fleiss' kappa:                  {_estimate(found['fleiss_kappa'])}",
    ]
    for pair in found["pairs"]:
        a, b = pair["first"], pair["second"]
        observed = "" if pair["observed"] is None else f", agree on {pair['observed']:.1%}"
        table = plain_table(f"{a} \\ {b}", *labels, right=labels)
        for label, row in zip(labels, pair["confusion"], strict=True):
            table.add_row(label_text(label), *[f"{n:,}" for n in row])
        out += ["", f"Cohen's kappa of {a} and {b}: {_estimate(pair['cohen_kappa'])}{observed}", table]
    out += ["", f"{len(disagreements):,} disagreements"]
    for item in disagreements[:show] if show else disagreements:
        given = ", ".join(f"{name} {label or '-'}" for name, label in item["labels"].items())
        out.append(Text(f"    {(item['id'] + ': ') if item['id'] else ''}{given}: {item['text']}"))
    if show and len(disagreements) > show:
        out.append(f"    ... and {len(disagreements) - show:,} more (--show 0 lists all; --out FILE writes them for adjudication)")
    return out


def suspects_tables(found: dict[str, Any], show: int) -> list[RenderableType]:
    """Return the records that are likely mislabelled."""
    issues = found["issues"]
    table = plain_table("rank", "given", "suggested", "p", "place", "text", right=("rank", "text"))
    for i in issues[:show] if show else issues:
        place = i["id"] or f"{i['path']}:{i['line']}"
        p = f"{i['p_given']:.2f} / {i['p_suggested']:.2f}"
        table.add_row(str(i["rank"]), label_text(i["given"]), label_text(i["suggested"]), p, place, Text(i["text"].replace("\n", " ")))
    left = f"; {found['n_left_out']:,} left out (no text or label, repeated or contradicting)" if found["n_left_out"] else ""
    out: list[RenderableType] = [table] if issues else []
    out.append(Text(
        f"{len(issues):,} of {found['n_records']:,} records may be mislabelled ({found['field']}; out-of-fold probabilities by recipe "
        f"{found['recipe']}){left}. p: probability of the given and of the suggested label."
    ))  # fmt: skip
    if show and len(issues) > show:
        out.append(Text(f"... {len(issues) - show:,} not shown (--show 0 lists all; --out FILE writes them with a column to fill)"))
    return out


def suggestions_tables(whole: dict[str, Any]) -> list[RenderableType]:
    """Return the first of the suggested sentences and what was written."""
    table = plain_table("uncertainty", "text", right=("uncertainty", "text"))
    for record in whole["records"][:10]:
        table.add_row(f"{record['uncertainty']:.2f}", Text(record["text"].replace("\n", " ")))
    more = f"... and {len(whole['records']) - 10:,} more" if len(whole["records"]) > 10 else ""
    written = whole["written"]
    fill = f"Fill the column {whole['task']}, then: stance labels import {written[0]}"
    if whole["kind"] == "doccano":
        fill = "In doccano make the labels, import it as JSONL (text: text, label: label), export JSONL, then: stance labels import EXPORT.jsonl"
    if whole["kind"] == "label-studio":
        fill = f"{written[1]} is the labelling configuration of the project. Export as JSON, then: stance labels import EXPORT.json"
    return [
        table, Text(more, style="dim"),
        Text(f"{len(whole['records']):,} of {whole['n_sentences']:,} sentences chosen with {whole['model']}; left out: "
             f"{whole['n_labelled_already']:,} labelled already, {whole['n_similar']:,} nearly the same as another."),
        Text(f"Wrote {', '.join(written)}. {fill}"),
    ]  # fmt: skip


def import_lines(whole: dict[str, Any]) -> list[RenderableType]:
    """Return what was imported."""
    counts = ", ".join(f"{label} {n:,}" for label, n in whole["counts"].items())
    lines = [f"{whole['n_labelled']:,} labelled records ({whole['field']}: {counts}); {whole['n_unlabelled']:,} without a label left out."]
    if whole["written"]:
        lines.append(f"Wrote {whole['written']}.")
    lines += [f"{path}: {n:,} label(s) changed." for path, n in whole["updated"].items()]
    return [Text(line) for line in lines]
