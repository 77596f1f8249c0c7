"""How far a run has come, on disk: enough to go on after it was killed, and to refuse to go on with something else."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from stance.articles.documents import InputFile
from stance.errors import RunError

VERSION = 1
SAMPLE = 1 << 16
"""Bytes at the head and at the tail of an input file that its digest covers."""
SAMPLED_FILES = 10_000
"""Of folders of more files than this, the rest is told by path, size and time alone."""
NAMED_FILES = 1000
"""Up to this many files the checkpoint names each, so that the one that changed can be told."""


@dataclass(frozen=True, slots=True)
class State:
    """What is safely on disk.

    Attributes
    ----------
    file : int
        Input files that are done with.
    events : int
        Documents and failures of the next file that are done with.
    articles, sentences, scored, rejected : int
    counts : dict of str to int
        Sentences by label.
    spool_bytes, rejects_bytes : int
        What of the unfinished output counts; what lies behind was not finished.
    complete : bool
        Everything is scored; what is left is to give the output its name.

    """

    file: int = 0
    events: int = 0
    articles: int = 0
    sentences: int = 0
    scored: int = 0
    rejected: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    spool_bytes: int = 0
    rejects_bytes: int = 0
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Inputs:
    """The input files of a run.

    Attributes
    ----------
    files, bytes : int
        How many, and their size in all.
    glance : str
        A digest of their paths, sizes and times of change.
    digest : str
        One of the same and of what stands at their heads and tails.
    each : dict of str to str
        Path to digest, where they are few enough to name.

    """

    files: int
    bytes: int
    glance: str
    digest: str
    each: dict[str, str]


def inspect_inputs(files: Iterable[InputFile], *, sample: bool = True) -> Inputs:
    """Look at all input files, without reading more than the head and the tail of each; nothing without `sample`."""
    glance, total = hashlib.blake2b(digest_size=16), hashlib.blake2b(digest_size=16)
    count = size = 0
    each: dict[str, str] = {}
    for file in files:
        own = hashlib.blake2b(f"{file.path}\0{file.name}".encode("utf-8", "surrogateescape"), digest_size=8)
        try:
            status = file.path.stat()
        except OSError:
            own.update(b"absent")
        else:
            own.update(f"{status.st_size} {status.st_mtime_ns}".encode())
            size += status.st_size
            glance.update(own.digest())
            if sample and count < SAMPLED_FILES and file.path.is_file():
                _sample(file.path, status.st_size, own)
        count += 1
        total.update(own.digest())
        if count <= NAMED_FILES:
            each[str(file.path)] = own.hexdigest()
    return Inputs(count, size, glance.hexdigest(), total.hexdigest(), each if count <= NAMED_FILES else {})


def _sample(path: Path, size: int, digest: hashlib.blake2b) -> None:
    try:
        with path.open("rb") as handle:
            digest.update(handle.read(SAMPLE))
            if size > SAMPLE:
                handle.seek(max(SAMPLE, size - SAMPLE))
                digest.update(handle.read(SAMPLE))
    except OSError:  # the reader will say so, as of any file that cannot be read
        digest.update(b"unreadable")


def command_of(inputs: Inputs, model: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return what binds a checkpoint to a command, as JSON holds it."""
    bound: dict[str, Any] = json.loads(json.dumps({"inputs": asdict(inputs), "model": model, "options": options}))
    return bound


class Checkpoint:
    """The checkpoint of one output file.

    Parameters
    ----------
    path : Path
    command : dict
        See `command_of`.

    """

    def __init__(self, path: Path, command: dict[str, Any]) -> None:
        self.path, self.command = path, command

    def load(self) -> State | None:
        """Return the state to go on from; None where there is no checkpoint.

        Raises
        ------
        RunError
            It belongs to another command, or is damaged.
        """
        try:
            data = json.loads(self.path.read_bytes())
            version, found, state = data["version"], data["command"], State(**data["state"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise RunError(f"{self.path}: cannot be read as a checkpoint ({error}); start afresh with --restart") from None
        if version != VERSION:
            raise RunError(f"{self.path}: a checkpoint of another release; start afresh with --restart")
        if found != self.command:
            raise RunError(
                f"{self.path}: an unfinished run of another command ({_difference(found, self.command)}). "
                "Start the earlier command again to finish it, or this one with --restart to drop what it has done"
            )
        return state

    def save(self, state: State) -> None:
        """Put the state on disk, so that at any moment either the old one is there or the new one."""
        data = json.dumps({"version": VERSION, "command": self.command, "state": asdict(state)}, ensure_ascii=False)
        aside = self.path.with_name(self.path.name + ".new")
        with aside.open("w", encoding="utf-8", errors="surrogateescape") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        aside.replace(self.path)
        sync_folder(self.path.parent)

    def drop(self) -> None:
        """Remove it."""
        self.path.unlink(missing_ok=True)


def _difference(old: dict[str, Any], new: dict[str, Any]) -> str:
    if not isinstance(old, dict) or old.keys() != new.keys():
        return "made by another release"
    if old["inputs"] != new["inputs"]:
        before, after = old["inputs"].get("each", {}), new["inputs"]["each"]
        for path in [*before, *(p for p in after if p not in before)]:
            if before.get(path) != after.get(path):
                what = "is gone" if path not in after else "is new" if path not in before else "has changed"
                return f"the input {path} {what}"
        return "other inputs"
    if old["model"] != new["model"]:
        return "another model"
    changed = [k for k in new["options"] if old["options"].get(k) != new["options"][k]]
    return "another " + ", ".join(changed)


def sync_folder(folder: Path) -> None:
    """Make sure that a rename in a folder is on disk."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # not every system lets a folder be opened
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)
