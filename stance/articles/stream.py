"""Scoring into a file: constant memory, all processors, and a run that can be killed at any moment and gone on with.

Documents are gathered into batches whose bounds depend on the input alone; each is scored and encoded somewhere, and
its bytes are appended, in order, to an unfinished file beside the output. From time to time that file is synced and a
checkpoint says how far it counts. A later start cuts it back to there and passes over the documents that are done with,
so that the finished output has the same bytes, however often the run was interrupted.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import stance
from stance.articles.checkpoint import Checkpoint, Inputs, State, command_of, inspect_inputs, sync_folder
from stance.articles.documents import Document, DocumentReader, ReadFailure, ReadLimits
from stance.articles.guards import disk_faults, opened_alone, stopped, told_to_stop
from stance.articles.records import Fields
from stance.articles.rejects import reject_line
from stance.articles.runs import Progress, Run
from stance.articles.scoring import ALL, Beside, companions
from stance.articles.sinks import encoder_for
from stance.articles.workers import Scored, Workers, processes_for
from stance.errors import DocumentError, RunError
from stance.model.classifier import Model

BATCH_EVENTS = 1024
BATCH_CHARACTERS = 1 << 19
"""A batch is closed when it has so many documents and failures, or so many characters: about 2,800 sentences."""
SAVE_EVERY = 2.0  # seconds
_AHEAD = 2  # batches in waiting for each process


@dataclass(slots=True)
class _Batch:
    documents: list[Document] = field(default_factory=list)
    rejects: list[bytes] = field(default_factory=list)
    characters: int = 0
    file: int = 0
    events: int = 0

    @property
    def full(self) -> bool:
        return len(self.documents) + len(self.rejects) >= BATCH_EVENTS or self.characters >= BATCH_CHARACTERS


def score_to_file(
    paths: Sequence[str | Path],
    out: str | Path,
    model: Model,
    *,
    uncertain: bool = False,
    beside: Beside = ALL,
    fields: Fields = Fields(),
    limits: ReadLimits = ReadLimits(),
    rejects: str | Path | None = None,
    strict: bool = False,
    restart: bool = False,
    processes: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Run:
    """Score the documents of files into one file, or go on with a run of the same command that was interrupted.

    Parameters
    ----------
    paths : sequence of str or Path
        As for `read_documents`. With standard input or a pipe among them, a run cannot be gone on with.
    out : str or Path
        Ends in one of `sinks.SUFFIXES`. It appears under this name when it is complete.
    model : Model
    uncertain : bool
    beside : Beside
        What is found beside the labels; it costs time.
    fields : Fields
    limits : ReadLimits
    rejects : str or Path, optional
        Where records go that cannot be read; `out` with ``.rejects.jsonl`` after it by default.
    strict : bool
        Stop at the first of them instead.
    restart : bool
        Begin afresh: drop what an earlier run did, and replace `out`.
    processes : int, optional
        By default as many as there are processors where the input is large enough for that to pay.
    progress : callable, optional
        Called now and then.

    Returns
    -------
    Run

    Raises
    ------
    RunError
        The output cannot be written, a worker died, or there is an unfinished run of another command.
    RunInterruptedError
        The process was told to stop (SIGINT, SIGTERM); the same call goes on.
    DocumentError
        A record cannot be read, with `strict`.
    DependencyError
        The output's format needs a package that is not installed.
    """
    out = Path(out)
    rejects = Path(rejects) if rejects is not None else Path(f"{out}.rejects.jsonl")
    session = _Session(list(paths), out, rejects, model, uncertain, beside, fields, limits, strict, progress)
    with told_to_stop(), disk_faults(out), ExitStack() as stack:
        return session.run(stack, restart, processes)


class _Session:
    def __init__(
        self, paths: list[str | Path], out: Path, rejects: Path, model: Model, uncertain: bool, beside: Beside, fields: Fields,
        limits: ReadLimits, strict: bool, progress: Callable[[Progress], None] | None,
    ) -> None:  # fmt: skip
        self.paths, self.out, self.rejects = paths, out, rejects
        self.beside = beside
        self.model, self.uncertain, self.strict, self.progress = model, uncertain, strict, progress
        self.encoder = encoder_for(out, model.labels)
        self.spool_path = out.with_name(out.name + ".partial")
        self.rejects_path = rejects.with_name(rejects.name + ".partial")
        self.reader = DocumentReader(fields, self._fail, limits)
        self.options = {
            "output": self.encoder.kind + (".gz" if self.encoder.packed else ""), "rejects": str(rejects),
            "uncertain": uncertain, "actors": None, "sentiment": None, **companions(model, beside),
            "text_field": fields.text, "title_field": fields.title, "date_field": fields.date, "id_field": fields.id, "limits": repr(limits), "release": stance.__version__,
            "batch": [BATCH_EVENTS, BATCH_CHARACTERS],
        }  # fmt: skip
        self.waiting: deque[tuple[_Batch, Future[Scored]]] = deque()
        self.batch, self.first = _Batch(), ""
        self.file = self.events = self.bytes_before = 0
        self.saved = self.drawn = time.monotonic()
        self.state = self.begun = State()

    def run(self, stack: ExitStack, restart: bool, processes: int | None) -> Run:
        started = time.monotonic()
        if not self.out.parent.is_dir():
            raise RunError(f"{self.out.parent}: no such folder; make it first, the output is to go there")
        self.resumable = not any(_passes_once(path) for path in self.paths)
        self.inputs = self._inspect(sample=True)
        self.checkpoint = Checkpoint(
            self.out.with_name(self.out.name + ".checkpoint"),
            command_of(self.inputs, self.model.fingerprint, self.options),
        )
        found = self._earlier(restart)
        if found is not None and found.complete and not self.spool_path.exists():  # killed while giving the names
            self.state = self.begun = found
            return self._named(started, 1)
        self.spool = stack.enter_context(opened_alone(self.spool_path))
        if found is not None and self.checkpoint.load() != found:  # before the lock was ours
            raise RunError(f"{self.spool_path}: another run was writing it until now; look what it did, and start again")
        if found is not None and found.complete:
            self.state = self.begun = found
            return self._named(started, 1)
        self.rejected = stack.enter_context(opened_alone(self.rejects_path))
        if found is not None:
            self._take_up(found)
        else:
            self._start_afresh()
        self.begun = self.state
        count = processes or processes_for([str(p) for p in self.paths], self.inputs.bytes)
        try:
            with Workers(self.model, self.encoder, self.uncertain, count, self.beside) as self.workers:
                self._read()
            self._save(complete=True)
        except KeyboardInterrupt as signalled:
            self._save()
            raise stopped(signalled, self._kept()) from None
        except (BrokenProcessPool, MemoryError) as error:
            self._save()
            what = "a worker process ended unexpectedly: killed, or out of memory" if isinstance(error, BrokenProcessPool) else "out of memory"
            raise RunError(
                f"{what}; {self._place()}{self._kept()}. With fewer --workers it needs less memory"
            ) from None
        except DocumentError as error:  # a bad record, and --strict
            self._save()
            raise DocumentError(f"{error}. Stopped, as --strict asks; {self._kept()}, with or without --strict") from None
        return self._named(started, count)

    # ------------------------------------------------------------------------------------------------- beginning

    def _inspect(self, *, sample: bool) -> Inputs:
        # failures of the listing are told when the files are read
        return inspect_inputs(DocumentReader(on_error=lambda failure: None).files(self.paths), sample=sample)

    def _earlier(self, restart: bool) -> State | None:
        found = None if restart or not self.resumable else self.checkpoint.load()
        for path in (self.out, self.rejects):
            if found is None and path.exists() and not restart:
                raise RunError(f"{path}: exists already, and is not replaced; name another file, or add --restart")
        return found

    def _take_up(self, found: State) -> None:
        for handle, size in ((self.spool, found.spool_bytes), (self.rejected, found.rejects_bytes)):
            if handle.seek(0, os.SEEK_END) < size:
                raise RunError(
                    f"{handle.name}: shorter than {self.checkpoint.path.name} says; has it been changed? "
                    "Start afresh with --restart"
                )
            handle.truncate(size)
            handle.seek(size)
        self.state = found

    def _start_afresh(self) -> None:
        self.checkpoint.drop()
        for handle in (self.spool, self.rejected):
            handle.truncate(0)
        header = self.encoder.header()
        self.spool.write(header)
        self.state = State(spool_bytes=len(header))
        self._save()

    # --------------------------------------------------------------------------------------------------- reading

    def _read(self) -> None:
        for file in self.reader.files(self.paths):
            if self.file >= self.begun.file:
                for document in self.reader.read(file):
                    self._add(document)
            self.bytes_before += _size(file.path)
            self.file, self.events = self.file + 1, 0
        self._submit()
        while self.waiting:
            self._write()

    def _is_done_with(self) -> bool:
        """Count a document or failure; tell whether an earlier session did it already."""
        self.events += 1
        return (self.file, self.events) <= (self.begun.file, self.begun.events)

    def _add(self, document: Document) -> None:
        if self._is_done_with():
            return self._draw()
        document.meta = {}  # it is in no output, and costs time on its way to another process
        self.batch.documents.append(document)
        self.batch.characters += len(document.text)
        self._close_if_full()

    def _fail(self, failure: ReadFailure) -> None:
        if self._is_done_with():
            return
        if self.strict:
            raise DocumentError(str(failure))
        line = reject_line(failure)
        self.batch.rejects.append(line)
        self.batch.characters += len(line)
        self._close_if_full()

    def _close_if_full(self) -> None:
        if self.batch.full:
            self._submit()

    def _submit(self) -> None:
        batch, self.batch = self.batch, _Batch()
        batch.file, batch.events = self.file, self.events
        while len(self.waiting) >= _AHEAD * self.workers.processes or (self.waiting and self.waiting[0][1].done()):
            self._write()
        self.waiting.append((batch, self.workers.submit(batch.documents)))

    # --------------------------------------------------------------------------------------------------- writing

    def _write(self) -> None:
        batch, future = self.waiting.popleft()
        self.first = batch.documents[0].id if batch.documents else ""
        scored, old = future.result(), self.state
        self.spool.write(scored.payload)
        for line in batch.rejects:
            self.rejected.write(line)
        counts = dict(old.counts)
        for label, n in scored.counts.items():
            counts[label] = counts.get(label, 0) + n
        # One assignment, last: an interruption finds the old state or the new one.
        self.state = State(
            batch.file, batch.events, old.articles + scored.articles, old.sentences + scored.sentences,
            sum(counts.values()), old.rejected + len(batch.rejects), counts, old.spool_bytes + len(scored.payload),
            old.rejects_bytes + sum(map(len, batch.rejects)),
        )  # fmt: skip
        if time.monotonic() - self.saved > SAVE_EVERY:
            self._save()
        self._draw()

    def _save(self, *, complete: bool = False) -> None:
        if complete:
            self.state = replace(self.state, complete=True)
        for handle in (self.spool, self.rejected):
            handle.flush()
            os.fsync(handle.fileno())
        if self.resumable:
            self.checkpoint.save(self.state)
        self.saved = time.monotonic()

    def _draw(self) -> None:
        if self.progress is not None and (now := time.monotonic()) - self.drawn > 0.1:
            self.drawn = now
            read = min(self.bytes_before + self.reader.position(), self.inputs.bytes)
            state = self.state
            self.progress(Progress(read, self.inputs.bytes, state.sentences, self.begun.sentences, state.rejected))

    # ---------------------------------------------------------------------------------------------------- ending

    def _named(self, started: float, processes: int) -> Run:
        """Give output and rejects their names. Every step may be repeated, for the run may be killed after any."""
        if self.resumable and self._inspect(sample=False).glance != self.inputs.glance:
            raise RunError("the input changed while it was read; start again with --restart")
        state = self.state
        if self.spool_path.exists():
            if state.rejected:
                _rename(self.rejects_path, self.rejects)
            else:
                self.rejects.unlink(missing_ok=True)
                self.rejects_path.unlink(missing_ok=True)
            if self.encoder.assembled:
                aside = self.out.with_name(self.out.name + ".assembling")
                about = {"stance_model": self.model.name, "stance_model_fingerprint": self.model.fingerprint}
                self.encoder.assemble(self.spool_path, aside, about)
                with aside.open("rb+") as handle:
                    os.fsync(handle.fileno())
                aside.replace(self.out)
                sync_folder(self.out.parent)
                self.spool_path.unlink()
            else:
                _rename(self.spool_path, self.out)
        sync_folder(self.out.parent)
        self.checkpoint.drop()
        return Run(
            self.out, self.rejects if state.rejected else None, state.articles, state.sentences, state.scored,
            state.rejected, state.counts, time.monotonic() - started, self.begun.sentences, processes,
        )  # fmt: skip

    def _place(self) -> str:
        return f"the batch in hand begins with the document {self.first!r:.80}; " if self.first else ""

    def _kept(self) -> str:
        if not self.resumable:
            return "standard input cannot be read again, so start afresh"
        return f"what is done ({self.state.sentences:,} sentences) is kept; start the same command again to go on"


def _passes_once(path: str | Path) -> bool:
    return str(path) == "-" or Path(path).is_fifo()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _rename(old: Path, new: Path) -> None:
    if old.exists():
        old.replace(new)
