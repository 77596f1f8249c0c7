"""A training run with its files: the model and its card, written only when both are complete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stance.errors import RecipeError
from stance.files import write_text
from stance.learn.card import held_out_section, render_card
from stance.learn.evaluate import evaluate_files
from stance.learn.recipe import Recipe
from stance.learn.train import Progress, Training, train


@dataclass(frozen=True)
class TrainingRun:
    """A training and the files it wrote."""

    training: Training
    model_path: Path
    card_path: Path


def run_training(
    recipe: Recipe, out: Path | None, progress: Progress = lambda *_: None, on: Sequence[str] = ()
) -> TrainingRun:
    """Train, and write ``NAME.joblib`` and the card ``NAME.md`` beside it.

    Parameters
    ----------
    recipe : Recipe
    out : Path or None
    progress : callable
    on : sequence of str
        Labelled files that the model was not trained on; the card then says what it is worth there.
    """
    path = out or Path("models", f"{recipe.name}.joblib")
    if path.suffix != ".joblib":
        raise RecipeError(f"--out is {str(path)!r}; expected a file name ending in .joblib")
    notes = [read_notes(recipe)] if recipe.notes else []
    training = train(recipe, progress)
    measured = [held_out_section(evaluate_files(on, training.model, worst=0), on)] if on else []
    training.model.save(path)
    card = path.with_suffix(".md")
    write_text(card, render_card(training, "\n\n".join([*measured, *notes])))
    return TrainingRun(training, path, card)


def read_notes(recipe: Recipe) -> str:
    """Return what the recipe's authors want the card to say beside the figures.

    Raises
    ------
    RecipeError
        The file is absent or no text.
    """
    path = recipe.base / str(recipe.notes)
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(
            f"notes is {recipe.notes!r}: {path} cannot be read ({error}); expected a Markdown file"
        ) from None
