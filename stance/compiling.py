"""How the parts of `stance` that are compiled are compiled: by numba, without the GIL, cached, and saying so once."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from numba import njit
from numba.core import event


class _Announcer(event.Listener):  # type: ignore[misc]  # numba has no types
    """Says so, once, when something of ours is compiled instead of read from the cache."""

    said = False

    def on_start(self, event: Any) -> None:
        """Hear of a compilation before it begins."""
        if not self.said and event.data["dispatcher"].py_func.__module__.startswith("stance."):
            self.said = True
            text = "stance: compiling its kernel for this machine (once; it is cached, and takes about half a minute) ..."
            print(text, file=sys.stderr, flush=True)

    def on_end(self, event: Any) -> None:
        """Hear of the end."""


event.register("numba:compile", _Announcer())


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function without the GIL; keep the result beside its file, else in the user's cache, else nowhere."""
    try:
        return njit(cache=True, nogil=True, fastmath=False)(function)
    except RuntimeError:  # neither place can be written to
        return njit(nogil=True, fastmath=False)(function)
