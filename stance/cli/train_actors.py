"""``stance train-actors``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stance.cli.options import ReportFormat, ReportFormatOption


def train_actors(
    recipe: Annotated[Path | None, typer.Argument(help="Recipe (.toml); default: the shipped actors-ar.")] = None,
    out: Annotated[Path | None, typer.Option(help="File to write; default models/NAME.joblib.")] = None,
    format: ReportFormatOption = ReportFormat.table,
) -> None:
    """Train the finder of who holds a stance, and on what."""
    from stance.learn.actors_run import run_actor_training
    from stance.present.training import show_actor_training, training_progress
    from stance.resources import resource

    with training_progress() as progress:
        result = run_actor_training(recipe or resource("training", "actors-ar.toml"), out, progress)
    show_actor_training(result, as_json=format is ReportFormat.json)
