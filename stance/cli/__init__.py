"""The command line: parsing and calling, nothing else. One module a command."""

from __future__ import annotations

import os
import sys

import typer

from stance.cli import (
    compare,
    evaluate,
    explain,
    label,
    labels,
    learning_curve,
    predict,
    score,
    train,
    train_actors,
    trends,
    tune,
)
from stance.errors import StanceError

app = typer.Typer(
    name="stance",
    help="Who supports, who abstains, who stays neutral: diplomatic stance in Arabic news.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done; 1 error; 2 wrong usage; 3 labels or recipe; 4 model file; 5 some or all documents "
    "unreadable; 6 a dependency is missing; 7 a long run cannot begin or stopped (output, disk, worker, checkpoint); "
    "130 interrupted; 143 terminated.",
)
app.command("train")(train.train)
app.command("train-actors")(train_actors.train_actors)
app.command("tune")(tune.tune)
app.command("predict")(predict.predict)
app.command("compare")(compare.compare)
app.command("evaluate")(evaluate.evaluate)
app.command("explain")(explain.explain)
app.command("learning-curve")(learning_curve.learning_curve)
app.command("score")(score.score)
app.command("trends")(trends.trends)
app.command("label")(label.label)
app.add_typer(labels.app, name="labels")


def main() -> None:
    """Run the command line; deliberate errors become a message and an exit code."""
    try:
        app(standalone_mode=True)
    except StanceError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("interrupted; nothing half-written was left", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
