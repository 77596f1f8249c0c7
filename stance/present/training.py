"""What a training run shows: progress while it goes, figures when it is done."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Group
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from stance.learn.actors_run import ActorTraining
from stance.learn.run import TrainingRun
from stance.present.evaluation import left_out_line
from stance.present.tables import console, metrics_tables


@contextmanager
def training_progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show a progress bar on the terminal; yield the function that moves it."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    err = console(stderr=True)
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("training", total=None)

        def move(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total if total > 1 else None)

        yield move


def show_training(run: TrainingRun, *, as_json: bool) -> None:
    """Print what came out."""
    training, model = run.training, run.training.model
    size = run.model_path.stat().st_size
    if as_json:
        report = {
            "model": str(run.model_path), "card": str(run.card_path), "bytes": size, "seconds": round(training.seconds, 3),
            "labels": list(model.labels), "n_texts": len(training.data), "n_by_label": training.data.counts(),
            "n_features": len(model.space.vocabulary), "pruned": model.info["pruned"], "metrics": training.metrics,
        }  # fmt: skip
        print(json.dumps(report, ensure_ascii=False))
        return
    out = console()
    if training.metrics:
        heading = f"{model.info['recipe']['folds']}-fold cross-validation"
        out.print(Group(*metrics_tables(training.metrics, heading), ""))
    out.print(
        f"{len(training.data):,} sentences, {len(model.space.vocabulary):,} features, {training.seconds:.1f} s. "
        f"Wrote {run.model_path} ({size / 1e6:.2f} MB) and its card {run.card_path}."
    )
    if left := left_out_line(training.data.skipped, training.data.repeated, training.data.conflicting):
        out.print(left)
    out.print(f"Next, on labelled texts that it has not seen: stance evaluate DATA --model {run.model_path}")


def show_actor_training(run: ActorTraining, *, as_json: bool) -> None:
    """Print what came out of training the finder of actors."""
    report = {
        "model": str(run.model_path), "card": str(run.card_path), "bytes": run.model_path.stat().st_size, **run.finder.info,
    }  # fmt: skip
    if as_json:
        print(json.dumps(report, ensure_ascii=False))
        return
    out = console()
    for name, value in run.finder.info["cross_validation"].items():
        out.print(f"{name.replace('_', ' '):16} {value:.3f}")
    out.print(
        f"{run.finder.info['sentences']:,} sentences. Wrote {run.model_path} ({report['bytes'] / 1e6:.2f} MB) "
        f"and its card {run.card_path}."
    )
