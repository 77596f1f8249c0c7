"""HTML pages that need nothing from outside: one template folder, one way to write a page."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stance.errors import DependencyError, DocumentError
from stance.files import write_text
from stance.present.shades import visible

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).with_name("templates")


@cache
def _environment() -> Environment:
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ImportError:
        raise DependencyError('HTML needs Jinja2: pip install "diplomatic-stance[html]"') from None
    found = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    found.filters["visible"] = visible
    found.filters["signed"] = lambda x, places=3: f"{x:+.{places}f}"
    found.filters["places"] = lambda x, places=3: f"{x:.{places}f}"
    found.filters["grouped"] = lambda n: f"{n:,}"
    return found


def render(template: str, **values: Any) -> str:
    """Return a template of `TEMPLATES` with its values filled in, and escaped.

    Raises
    ------
    DependencyError
        Jinja2 is not installed.
    """
    return _environment().get_template(template).render(**values)


def need_html(path: Path, *, plots: bool = False) -> None:
    """Check before a long run, not after it, that a page can be made and has a folder.

    Raises
    ------
    DependencyError
        Jinja2, or matplotlib for plots, is not installed.
    DocumentError
        The folder does not exist.
    """
    if not path.parent.is_dir():
        raise DocumentError(f"{path}: cannot be written: there is no folder {path.parent}; give a file in an existing folder")
    _environment()
    if plots:
        from stance.present.plots import need_plots

        need_plots()


def write_html(path: Path, page: str) -> None:
    """Write a page; a reader never sees half of one.

    Raises
    ------
    DocumentError
        The folder does not exist, or cannot be written to.
    """
    try:
        write_text(path, page)
    except OSError as error:
        raise DocumentError(f"{path}: cannot be written: {error.strerror or error}; give a file in an existing folder") from None
