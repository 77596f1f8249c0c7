"""What a long run shows: a bar while it goes (plain lines where nobody watches), a summary when it is done."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from stance.articles.runs import Progress as Step
from stance.articles.runs import Run
from stance.present.tables import console

SHOWN_AFTER = 1.0  # seconds
LINE_EVERY = 30.0  # seconds, where standard error is not a terminal


def _left(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"


@contextmanager
def streaming_progress() -> Iterator[Callable[[Step], None]]:
    """Show how far a run is on standard error; yield the function that is told."""
    err = console(stderr=True)
    begun = said = time.monotonic()
    bar = Progress(
        TextColumn("scoring"), BarColumn(), TaskProgressColumn(), TextColumn("{task.description}"),
        console=err, transient=True, disable=not err.is_terminal,
    )  # fmt: skip
    task = bar.add_task("", total=None)
    read_before: int | None = None

    def show(step: Step) -> None:
        nonlocal said, read_before
        now = time.monotonic()
        if step.sentences == step.sentences_before:  # passing over what is done already
            read_before = step.bytes
            text = f"{step.sentences:,} sentences done earlier"
        else:
            done = step.sentences - step.sentences_before
            read = step.bytes - (read_before or 0)
            text = f"{step.sentences:,} sentences, {done / (now - begun):,.0f}/s"
            if step.bytes_total and read > 0:
                text += f", {_left((step.bytes_total - step.bytes) * (now - begun) / read)} left"
        if step.rejected:
            text += f", {step.rejected:,} rejected"
        if err.is_terminal and now - begun > SHOWN_AFTER:
            bar.start()
            bar.update(task, description=text, completed=step.bytes, total=step.bytes_total or None)
        elif now - said > LINE_EVERY:
            said = now
            share = f"{100 * step.bytes / step.bytes_total:.0f}% read, " if step.bytes_total else ""
            err.print(f"scoring: {share}{text}")

    try:
        yield show
    finally:
        bar.stop()


def show_run(run: Run, *, as_json: bool) -> None:
    """Print what a run did."""
    if as_json:
        record = asdict(run) | {"out": str(run.out), "rejects": str(run.rejects) if run.rejects else None}
        print(json.dumps(record, ensure_ascii=False))
        return
    out = console()
    shares = ", ".join(f"{label} {n:,}" for label, n in sorted(run.counts.items(), key=lambda item: -item[1]))
    done = run.sentences - run.resumed_after
    rate = f" in {run.seconds:.1f} s, {done / run.seconds:,.0f} sentences a second" if run.seconds and done else ""
    out.print(f"{run.articles:,} articles, {run.sentences:,} sentences{rate}. {shares or 'No sentence to score'}.", soft_wrap=True)
    if run.resumed_after:
        out.print(f"{run.resumed_after:,} of the sentences had been done before.", soft_wrap=True)
    size = f" ({run.out.stat().st_size / 1e6:,.2f} MB)" if isinstance(run.out, Path) else ""
    out.print(f"Wrote {run.out}{size}.", soft_wrap=True)
