"""A training run with its files: the model and its card, written only when both are complete."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stance.errors import RecipeError
from stance.learn.card import render_card, write_text
from stance.learn.recipe import Recipe
from stance.learn.train import Progress, Training, train


@dataclass(frozen=True)
class TrainingRun:
    """A training and the files it wrote."""

    training: Training
    model_path: Path
    card_path: Path


def run_training(recipe: Recipe, out: Path | None, progress: Progress = lambda *_: None) -> TrainingRun:
    """Train, and write ``NAME.joblib`` and the card ``NAME.md`` beside it."""
    path = out or Path("models", f"{recipe.name}.joblib")
    if path.suffix != ".joblib":
        raise RecipeError(f"--out is {str(path)!r}; expected a file name ending in .joblib")
    training = train(recipe, progress)
    training.model.save(path)
    card = path.with_suffix(".md")
    write_text(card, render_card(training))
    return TrainingRun(training, path, card)
