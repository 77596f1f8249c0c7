"""A scored article for the terminal: what it says as a whole, who takes which stance, and the sentences."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from stance.articles.scoring import Article, Sentence
from stance.articles.verdict import SILENT
from stance.present.article_html import MARKS
from stance.present.tables import STYLES, label_text


def article_view(article: Article) -> RenderableType:
    """Return a scored article for the terminal."""
    parts: list[RenderableType] = [Text(article.title or article.id, style="bold")]
    about = [x for x in (article.date, article.source if article.source != "-" else None) if x]
    if about:
        parts.append(Text("  ".join(about), style="dim"))
    parts += [_verdict_line(article), ""]
    if article.actors:
        parts += [_actors(article), ""]
    parts.append(_sentences(article))
    return Group(*parts)


def _verdict_line(article: Article) -> Text:
    v = article.verdict
    line = Text.assemble(_marked(v.stance))
    if v.voted:
        line.append("  " + ", ".join(f"{label} {share:.0%}" for label, share in v.shares.items()))
        line.append(f"; {v.voted} of {v.voted + v.silent} sentences take a stance")
    else:
        line.append(f"  none of {v.silent} sentences takes a stance" if v.silent else "  no sentence to score")
    if article.sentiment:
        line.append("; sentiment: " + ", ".join(f"{n} {label}" for label, n in article.sentiment.items()), style="dim")
    return line


def _marked(label: str | None) -> Text:
    mark = MARKS.get(label or "", "")
    return Text(f"{mark} " if mark else "").append_text(label_text(label))


def _actors(article: Article) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("actor", overflow="fold")
    table.add_column("stance", no_wrap=True)
    for column in ("share", "p", "sentences"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("on what", overflow="fold")
    for a in article.actors:
        places = ", ".join(str(i + 1) for i in a.sentences)
        row = (f"{a.verdict.share:.0%}", f"{a.verdict.confidence:.2f}", places, Text("; ".join(a.targets)))
        table.add_row(Text(a.name or "(not named)"), _marked(a.stance), *row)
    return table


def _sentences(article: Article) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, caption=article.summary, caption_justify="left")
    table.add_column("", justify="right", style="dim", no_wrap=True)
    for column in ("label", "p", "kind"):
        table.add_column(column, no_wrap=True)
    table.add_column("sentence", justify="right", overflow="fold")
    for i, s in enumerate(article.sentences, 1):
        p = "" if s.probability is None else f"{s.probability:.2f}"
        table.add_row(str(i), _marked(s.label), p, Text(s.kind, style="dim"), _underlined(s))
    return table


def _underlined(s: Sentence) -> Text:
    """Return a sentence with its actor underlined in the colour of the stance."""
    text = Text(s.text)
    if s.label is not None and s.label not in SILENT and s.actor is not None:
        style = f"underline {STYLES.get(s.label, '')}"
        text.stylize(style, max(0, s.actor.start - s.start), max(0, s.actor.end - s.start))
    return Text(text.plain.replace("\n", " "), spans=text.spans)
