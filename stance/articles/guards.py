"""What surrounds a long run: signals to stop, a disk that refuses, another run that writes the same file."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from stance.errors import RunError, RunInterruptedError


@contextmanager
def opened_alone(path: Path) -> Iterator[IO[bytes]]:
    """Open an unfinished file for this process alone."""
    with path.open("ab+") as handle:
        try:
            import fcntl
        except ImportError:  # Windows: no such guard there
            yield handle
            return
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RunError(f"{path}: another run is writing it; wait for it, or name another output") from None
        try:
            same = os.path.samestat(os.fstat(handle.fileno()), path.stat())
        except FileNotFoundError:
            same = False
        if not same:  # renamed between opening and locking: what is locked is the finished output
            raise RunError(f"{path}: another run has just finished it; look what it did, and start again")
        yield handle


class TerminatedError(KeyboardInterrupt):
    """SIGTERM came."""


def stopped(signalled: BaseException, kept: str) -> RunInterruptedError:
    """Return the error for a signal, with the exit code that shells expect of it."""
    error = RunInterruptedError(f"interrupted; {kept}")
    error.exit_code = 143 if isinstance(signalled, TerminatedError) else 130
    return error


@contextmanager
def told_to_stop() -> Iterator[None]:
    """Treat SIGTERM as an interruption while this lasts (signals reach the main thread only)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def terminate(number: int, frame: object) -> None:
        raise TerminatedError

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    except KeyboardInterrupt as signalled:
        raise stopped(signalled, "what was done is kept; start the same command again to go on") from None
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def disk_faults(out: Path) -> Iterator[None]:
    """Turn what the disk refuses into an error that says how to go on."""
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{out}: cannot be written: {error.strerror or error}. "
            "What was done is kept; make room, and start the same command again to go on"
        ) from None
