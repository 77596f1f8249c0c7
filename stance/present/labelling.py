"""The screen of a labelling session: one sentence at a time, a key an answer."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.text import Text
from textual import events
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Input, Static

from stance.errors import StanceError
from stance.labels.session import Session
from stance.present.bidi import display_lines

KEYS = {
    "s": "skip", "س": "skip", "u": "undo", "ع": "undo", "c": "comment", "ؤ": "comment", "g": "show_guess", "ل": "show_guess",
    "q": "quit", "ض": "quit",
}  # fmt: skip
"""Keys of the commands; the Arabic letters lie on the same keys of an Arabic keyboard."""
WIDEST = 100


class LabellingApp(App[int]):
    """The screen.

    Parameters
    ----------
    session : Session
    guess : callable
        From a text to what the model says of it, as a line; called when it is asked for only.
    mode : {"terminal", "visual"}
        See `stance.present.bidi.display_lines`.
    """

    CSS = """
    #progress { dock: top; height: 1; color: $text-muted; }
    #keys { dock: bottom; height: auto; color: $text-muted; }
    #comment { dock: bottom; display: none; }
    #sentence { width: 100%; text-align: right; padding: 1 2; }
    #note { width: 100%; padding: 0 2; }
    """
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = ""  # the comment line is not to take the first keys
    TITLE = "stance label"

    def __init__(self, session: Session, guess: Callable[[str], str], mode: str) -> None:
        super().__init__()
        self.session = session
        self.guess = guess
        self.mode = mode
        self._since = time.monotonic()
        self._guess = ""
        self.failure: StanceError | None = None

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield Static(id="progress")
        with VerticalScroll(can_focus=False):
            yield Static(id="sentence")
            yield Static(id="note")
        yield Static(id="keys")
        yield Input(placeholder="comment; Enter keeps it, Escape does not", id="comment")

    def on_mount(self) -> None:
        """Show the first sentence."""
        keys = [f"{i} {label}" for i, label in enumerate(self.session.labels, 1)]
        self.query_one("#keys", Static).update(Text("  ".join([*keys, "|", "s skip", "u undo", "c comment", "g guess", "q quit"])))
        self.set_focus(None)
        self.show()

    def on_resize(self) -> None:
        """Wrap the sentence anew."""
        self.show(again=True)

    def show(self, *, again: bool = False) -> None:
        """Show the current sentence, or that there is none left; `again` if it stood there already."""
        session = self.session
        if not again:
            self._since = time.monotonic()
            self._guess = ""
        done, total = session.n_done, len(session.records)
        counts = "  ".join(f"{label} {n}" for label, n in session.counts().items())
        skipped = f"  skipped {session.n_skipped}" if session.n_skipped else ""
        self.query_one("#progress", Static).update(Text(f"{done} of {total} ({done / total:.0%})  {counts}{skipped}"))
        sentence, note = self.query_one("#sentence", Static), self.query_one("#note", Static)
        record = session.current
        if record is None:
            sentence.update(Text("All sentences are labelled or skipped. u takes back the last answer, q writes the labels."))
            note.update("")
            return
        width = min(self.size.width - 6, WIDEST)
        sentence.update(Text("\n".join(display_lines(record["text"], width, self.mode)), justify="right"))
        lines = Text()
        if self._guess:
            lines.append(f"model: {self._guess}\n")
        if session.comment:
            lines.append(f"comment: {session.comment}\n")
        note.update(lines)

    def on_key(self, event: events.Key) -> None:
        """Answer, or do what the key stands for."""
        box = self.query_one("#comment", Input)
        if box.has_focus:
            if event.key == "escape":
                self._close_comment()
            return
        character = event.character or ""
        try:
            if character.isdecimal() and 1 <= int(character) <= len(self.session.labels):  # ١ is a digit too
                self._answer(self.session.labels[int(character) - 1])
            elif command := KEYS.get(character.lower()):
                event.stop()
                event.prevent_default()  # or the key that opens the comment would be typed into it
                getattr(self, f"_{command}")()
        except StanceError as error:  # the disk is full: say so when the screen is gone
            self.failure = error
            self.exit(1)

    def _answer(self, label: str) -> None:
        if self.session.current is None:
            return
        self.session.label(label, seconds=time.monotonic() - self._since, guess_seen=bool(self._guess))
        self.show()

    def _skip(self) -> None:
        self.session.skip()
        self.show()

    def _undo(self) -> None:
        if not self.session.undo():
            self.bell()
        self.show()

    def _show_guess(self) -> None:
        if record := self.session.current:
            self._guess = self.guess(record["text"])
            self.show(again=True)

    def _comment(self) -> None:
        if self.session.current is None:
            return
        box = self.query_one("#comment", Input)
        box.value = self.session.comment
        box.display = True
        box.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the comment; it is written with the answer."""
        self.session.comment = event.value.strip()
        self._close_comment()

    def _close_comment(self) -> None:
        self.query_one("#comment", Input).display = False
        self.set_focus(None)
        self.show(again=True)

    def _quit(self) -> None:
        self.exit(0)


def run_labelling(session: Session, guess: Callable[[str], str], mode: str) -> None:
    """Run the screen until the person ends it.

    Raises
    ------
    StanceError
        An answer could not be written.
    """
    app = LabellingApp(session, guess, mode)
    app.run()
    if app.failure:
        raise app.failure
