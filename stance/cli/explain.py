"""``stance explain``."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from stance.cli.options import (
    HtmlOption,
    ModelOption,
    ReportFormat,
    ReportFormatOption,
    SchemeOption,
    TaskOption,
)


def explain(
    text: Annotated[str | None, typer.Argument(help="The sentence to explain.")] = None,
    everything: Annotated[bool, typer.Option("--global", help="What the model has learnt, instead of one sentence.")] = False,
    model: ModelOption = None,
    task: TaskOption = None,
    scheme: SchemeOption = None,
    label: Annotated[str | None, typer.Option(help="Label to explain; the predicted one by default.")] = None,
    top: Annotated[int, typer.Option(min=1, help="How many features to show (with --global: a label, each way).")] = 15,
    block: Annotated[str | None, typer.Option(help="With --global: only features of these blocks, e.g. word, char_wb or cue.")] = None,
    format: ReportFormatOption = ReportFormat.table,
    html: HtmlOption = None,
) -> None:
    """Show which n-grams, words and characters pushed a sentence to its label, and by how much."""
    from stance.api import _model
    from stance.model.explain import explain_text
    from stance.model.weights import learned_weights

    if (text is None) != everything:
        raise typer.BadParameter("give either one sentence, or --global")
    if text is not None and not text.strip():
        raise typer.BadParameter("the sentence is empty; there is nothing to explain")
    if (label is not None and everything) or (block is not None and not everything):
        raise typer.BadParameter("--label goes with a sentence, --block with --global")
    loaded = _model(model, task, scheme)
    found = learned_weights(loaded, top, block) if text is None else explain_text(loaded, text, label)
    if html is not None:
        from stance.model.explain import Explanation
        from stance.present.explanation_html import explanation_page, weights_page
        from stance.present.html import write_html

        write_html(html, explanation_page(found, max(top, 30)) if isinstance(found, Explanation) else weights_page(found))
    if format is ReportFormat.json:
        typer.echo(json.dumps(found.to_dict(), ensure_ascii=False))
        return
    from stance.present.explanation import show

    show(found, top)
