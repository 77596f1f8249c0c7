"""What a search for a better recipe shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Group
from rich.text import Text

from stance.learn.tune import Tuning
from stance.present.evaluation import plain_table
from stance.present.tables import console

SHOWN = 10


def _settings(settings: dict[str, Any]) -> str:
    return ", ".join(f"{name} {f'{value:.3g}' if isinstance(value, float) else value}" for name, value in settings.items())


def show_tuning(found: Tuning, path: Path) -> None:
    """Print the best trials, the check on other folds, and where the recipe was written."""
    t = found
    done = [trial for trial in t.trials if trial.complete]
    table = plain_table("trial", "macro-F1", "seconds", "settings", names=0)
    table.columns[-1].justify = "left"
    table.columns[-1].overflow = "fold"
    table.add_row("given", f"{t.start:.4f}", "", "the recipe as it was given")
    for trial in sorted(done, key=lambda trial: -trial.macro_f1)[:SHOWN]:
        table.add_row(str(trial.number + 1), f"{trial.macro_f1:.4f}", f"{trial.seconds:.1f}", Text(_settings(trial.settings)))
    check = plain_table("on other folds", "macro-F1", "95% interval")
    for name, x, sign in (("given", t.checked_start, ""), ("best", t.checked, ""), ("difference", t.gain, "+")):
        check.add_row(name, f"{x.value:{sign}.3f}", f"{x.low:{sign}.3f} to {x.high:{sign}.3f}")
    console().print(
        Group(
            f"{len(t.trials):,} trials in {t.seconds:.0f} s, {len(t.trials) - len(done):,} of them given up early; {t.folds} folds, seed {t.seed}.",
            "", table, "", check, "", Text(t.conclusion), Text(f"Wrote {path}. Train it: stance train {path}"),
        )
    )  # fmt: skip
