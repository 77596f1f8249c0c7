"""Training the finder of actors by its recipe, with its files: the model, and the card that says what it is."""

from __future__ import annotations

import glob
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stance.actors.ranker import ActorFinder
from stance.errors import RecipeError
from stance.files import write_text
from stance.learn.actors import train_actors
from stance.learn.train import Progress

_KEYS = {
    "name": str, "labels": list, "spans": list, "target_labels": list, "patterns": str, "entities": str, "lexicon": str, "C": float,
    "folds": int,
}  # fmt: skip


@dataclass(frozen=True)
class ActorTraining:
    """A trained finder and the files it was written to."""

    finder: ActorFinder
    model_path: Path
    card_path: Path


def read_actor_recipe(path: Path) -> dict[str, Any]:
    """Read a recipe; paths come back absolute, globs expanded.

    Raises
    ------
    RecipeError
        The file is absent, no TOML, or a setting is missing, unknown or of the wrong type.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: not a TOML file in UTF-8: {error}") from None
    if unknown := sorted(set(data) ^ set(_KEYS)):
        raise RecipeError(f"{path}: expected the settings {', '.join(_KEYS)}; missing or unknown: {', '.join(unknown)}")
    for key, kind in _KEYS.items():
        if not isinstance(data[key], kind):
            raise RecipeError(f"{path}: {key} is {data[key]!r}; expected {kind.__name__}")
    base = path.resolve().parent
    for key in ("labels", "spans", "target_labels"):
        data[key] = [Path(p) for pattern in data[key] for p in sorted(glob.glob(str(base / pattern)))]
    return data | {key: base / data[key] for key in ("entities", "lexicon", "patterns")}


def run_actor_training(recipe: Path, out: Path | None, progress: Progress = lambda *_: None) -> ActorTraining:
    """Train by a recipe and write ``NAME.joblib`` and ``NAME.md`` beside it."""
    settings = read_actor_recipe(recipe)
    path = out or Path("models", f"{settings['name']}.joblib")
    if path.suffix != ".joblib":
        raise RecipeError(f"--out is {str(path)!r}; expected a file name ending in .joblib")
    finder = train_actors(
        settings["labels"], settings["entities"], settings["lexicon"], spans=settings["spans"],
        target_labels=settings["target_labels"], patterns=settings["patterns"], C=settings["C"], folds=settings["folds"], progress=progress,
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    finder.save(path)
    card = path.with_suffix(".md")
    write_text(card, _card(settings["name"], finder))
    return ActorTraining(finder, path, card)


def _card(name: str, finder: ActorFinder) -> str:
    info, table = finder.info, finder.phraser.table
    measured = "".join(f"| {key.replace('_', ' ')} | {value:.3f} |\n" for key, value in info["cross_validation"].items())
    return f"""# {name}

Who holds the stance of a sentence, and on what: the phrases of the sentence compete, by two conditional logits over what
a phrase is made of, what stands around it and where the cue of the stance is. {len(finder.weights["actor"]):,} features;
{len(table.entities):,} known states, organisations, blocs and movements in {len(table.forms):,} forms.

## Data

{info["sentences"]:,} invented sentences whose holder and target are marked (`labels/`), and variations of them in which the
holder has a bare surname, stands before its verb, or is not named after the verb of speech; {info["patterned"]:,}
sentences filled into patterns (`labels/spans/patterns.toml`); and, for targets alone, {info["of_targets"]:,} invented sentences more. Fingerprint
of the texts: `{info["fingerprint"]}`.

## Measured by cross-validation ({info["folds"]} folds) on these sentences, their stance given

| | share of sentences |
| --- | --- |
{measured}
"Overlap": the span found shares characters with a marked one. "Found": any span was given. On real news expect less:
`tests/benchmarks/actors.py` measures it.

## Limits

One sentence at a time, by its words. Where a speaker reports the position of somebody else, either may be named. A verb or
pronoun that stands for the holder (kind `implied`) is resolved to the last holder of the article, which can be wrong.
Targets are a hint where to look, not a finding.
"""
