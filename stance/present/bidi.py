"""Arabic lines for a terminal: wrapped in reading order, then ordered for the eye where the terminal does not do it."""

from __future__ import annotations

import os
from collections.abc import Mapping

from rich.cells import cell_len

from stance.errors import DependencyError

MODES = ("auto", "terminal", "visual")
_MARK = "\u200f"  # right-to-left mark: keeps the punctuation at a line's ends on the right side of it


def wrap(text: str, width: int) -> list[str]:
    """Break a text into lines of at most `width` cells, between words where that is possible."""
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        line = ""
        for word in paragraph.split():
            while cell_len(word) > width:
                if line:
                    lines.append(line)
                    line = ""
                at = width
                while cell_len(word[:at]) > width:
                    at -= 1
                lines.append(word[: max(at, 1)])
                word = word[max(at, 1) :]
            if line and cell_len(line) + 1 + cell_len(word) > width:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}" if line else word
        lines.append(line)
    return lines


def choose_mode(asked: str = "auto", environment: Mapping[str, str] | None = None) -> str:
    """Return who orders the letters: the terminal itself, or we.

    Parameters
    ----------
    asked : {"auto", "terminal", "visual"}
        ``auto`` asks the environment for the terminals that are known to do it: those of VTE 0.58 and later (GNOME,
        Xfce), Konsole, Apple's Terminal, mintty and mlterm.
    """
    if asked != "auto":
        return asked
    env = os.environ if environment is None else environment
    vte = env.get("VTE_VERSION", "")
    does = (
        (vte.isdigit() and int(vte) >= 5800)
        or "KONSOLE_VERSION" in env
        or env.get("TERM_PROGRAM") in ("Apple_Terminal", "mintty")
        or env.get("TERM", "").startswith("mlterm")
    )
    return "terminal" if does else "visual"


def display_lines(text: str, width: int, mode: str) -> list[str]:
    """Return a text as lines to be printed flush right.

    Parameters
    ----------
    text : str
    width : int
        Cells.
    mode : {"terminal", "visual"}
        ``visual`` joins the letters and reorders each line, for a terminal that prints what it gets from left to right;
        ``terminal`` leaves both to the terminal.

    Raises
    ------
    DependencyError
        ``visual`` needs python-bidi and arabic-reshaper.
    """
    lines = wrap(text, max(width, 1))
    if mode == "terminal":
        return [f"{_MARK}{line}{_MARK}" for line in lines]
    try:
        from arabic_reshaper import ArabicReshaper
        from bidi import get_display
    except ImportError:
        raise DependencyError(
            'showing Arabic in this terminal needs python-bidi and arabic-reshaper: pip install "diplomatic-stance[label]"; '
            "if the terminal orders Arabic letters by itself, --bidi terminal does without"
        ) from None
    reshaper = ArabicReshaper({"delete_harakat": False, "support_zwj": False})
    return [str(get_display(reshaper.reshape(line), base_dir="R")) for line in lines]
