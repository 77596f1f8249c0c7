"""Beyond one machine: partitions of the input, scored on a Dask cluster by the batch function of the one machine.

A partition is a file, or a row group of a Parquet file, and makes one part file in the output folder, to the same bytes
whoever makes it: a partition that is scored twice, because a worker was lost, replaces its part by itself. What is
there already is not made again, so an interrupted run goes on. Inputs and output may lie wherever fsspec reaches.
"""

from __future__ import annotations

import json
import secrets
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import stance
from stance.articles.documents import Document, DocumentReader, InputFile, ReadFailure, ReadLimits
from stance.articles.guards import told_to_stop
from stance.articles.records import Fields
from stance.articles.rejects import reject_line
from stance.articles.runs import Progress, Run
from stance.articles.scoring import ALL, Beside, companions
from stance.articles.sinks import Encoder, need_arrow
from stance.articles.workers import score_encoded
from stance.errors import DependencyError, DocumentError, RunError, StanceError
from stance.model.classifier import Model

BATCH = 512
"""Documents that are scored and written together."""
MANIFEST = "manifest.json"
_KEPT = "what is done is kept; start the same command again to go on"


@dataclass(frozen=True, slots=True)
class Partition:
    """A piece of the input.

    Attributes
    ----------
    number : int
        Its place in the order, and in the name of its part.
    url : str
        Where it is.
    source, name : str
        As its records name their source, and themselves.
    group : int or None
        The row group of a Parquet file.
    size : int
        Bytes, about.

    """

    number: int
    url: str
    source: str
    name: str
    group: int | None
    size: int

    @property
    def part(self) -> str:
        """The name of what it makes."""
        return f"part-{self.number:06d}.parquet"


def _need_dask() -> Any:
    try:
        import distributed
        import fsspec  # noqa: F401
    except ImportError:
        raise DependencyError('scoring on a cluster needs dask and fsspec: pip install "diplomatic-stance[cluster]"') from None
    need_arrow()
    return distributed


def _located(url: str) -> tuple[Any, str]:
    """Return the file system and the path within it."""
    import fsspec

    try:
        found: tuple[Any, str] = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise DependencyError(f"{url}: {error}; install the file system that fsspec names") from None
    return found


def partitions_of(paths: Sequence[str | Path]) -> list[Partition]:
    """Return the partitions of files, folders, globs and remote addresses, in order.

    Raises
    ------
    DocumentError
        One of them is not there.
    """
    found: list[Partition] = []
    for path in map(str, paths):
        if "://" in path:
            files, protocol = _located(path)[0], path.partition("://")[0]
            inner = _located(path)[1]
            names = sorted(files.glob(inner)) if any(c in inner for c in "*?[") else [inner]
            inputs = [InputFile(Path(name), name.rpartition("/")[2]) for name in names]
            sources = urls = [f"{protocol}://{name}" for name in names]
        else:
            inputs = list(DocumentReader().files([path]))  # raises for what is not there
            sources, urls = [str(file.path) for file in inputs], [str(file.path.absolute()) for file in inputs]
        if not inputs:
            raise DocumentError(f"{path}: no file matches this pattern; check its spelling, and quote it")
        for file, source, url in zip(inputs, sources, urls, strict=True):
            found += _split(len(found), url, source, file.name)
    return found


def _split(first: int, url: str, source: str, name: str) -> list[Partition]:
    files, inner = _located(url)
    try:
        if name.lower().endswith(".parquet"):
            import pyarrow as pa
            import pyarrow.parquet as pq

            try:
                with files.open(inner, "rb") as handle:
                    metadata = pq.ParquetFile(handle).metadata
            except pa.ArrowException:
                return [Partition(first, url, source, name, None, 0)]  # damaged: a worker will say so
            sizes = [metadata.row_group(g).total_byte_size for g in range(metadata.num_row_groups)]
            return [Partition(first + g, url, source, name, g, size) for g, size in enumerate(sizes)] or [
                Partition(first, url, source, name, None, 0)
            ]
        return [Partition(first, url, source, name, None, files.size(inner) or 0)]
    except OSError as error:
        raise DocumentError(f"{url}: cannot be read: {error}; check its spelling, and your access") from None


def score_partition(
    partition: Partition, model: Model, out: str, *, uncertain: bool, fields: Fields, limits: ReadLimits, beside: Beside = ALL
) -> dict[str, Any]:
    """Score one partition into its part file (and its rejects, if any), and return what is in it.

    Each file is written aside and renamed, the summary last: where there is a summary, the part is whole.
    """
    rejects: list[bytes] = []

    def fail(failure: ReadFailure) -> None:
        rejects.append(reject_line(failure))

    files, inner = _located(partition.url)
    reader = DocumentReader(fields, fail, limits)
    groups = None if partition.group is None else range(partition.group, partition.group + 1)
    encoder = Encoder("parquet", False, model.labels)
    counts = Counter[str]()
    articles = sentences = 0
    batch: list[Document] = []

    def flush() -> None:
        nonlocal articles, sentences
        scored = score_encoded(batch, model, encoder, uncertain=uncertain, threads=1, beside=beside)
        spool.write(scored.payload)
        articles, sentences = articles + scored.articles, sentences + scored.sentences
        counts.update(scored.counts)
        batch.clear()

    with tempfile.TemporaryDirectory(prefix="stance-") as local:
        with Path(local, "spool").open("wb") as spool, files.open(inner, "rb") as handle:
            for document in reader.read_stream(handle, partition.source, partition.name, groups):
                document.meta = {}
                batch.append(document)
                if len(batch) == BATCH:
                    flush()
            flush()
        about = {"stance_model": model.name, "stance_model_fingerprint": model.fingerprint}
        encoder.assemble(Path(local, "spool"), Path(local, "part"), about)
        _put(out, partition.part, Path(local, "part"))
    if rejects:
        _put(out, f"{partition.part}.rejects.jsonl", b"".join(rejects))
    summary = {
        "number": partition.number, "articles": articles, "sentences": sentences, "scored": sum(counts.values()),
        "rejected": len(rejects), "counts": dict(counts),
    }  # fmt: skip
    _put(out, f"_done/{partition.part}.json", json.dumps(summary).encode())
    return summary


def _put(out: str, name: str, data: bytes | Path) -> None:
    """Write a file aside and rename it, so that no one ever sees half of it."""
    files, folder = _located(out)
    aside = f"{folder}/_aside/{name.replace('/', '-')}.{secrets.token_hex(4)}"
    if isinstance(data, Path):
        files.put_file(str(data), aside)
    else:
        files.pipe_file(aside, data)
    files.mv(aside, f"{folder}/{name}")


def _on_worker(
    partition: Partition, fingerprint: str, out: str, options: dict[str, Any], others: dict[str, str]
) -> dict[str, Any]:
    from distributed import get_worker

    model: Model = get_worker().plugins[f"stance-{fingerprint}"].model
    if different := [what for what, digest in companions(model, options["beside"]).items() if others[what] != digest]:
        raise RunError(
            f"the models that find {' and '.join(different)} differ between this machine and a worker; install the same "
            f"there, or leave them out: {' '.join(f'--no-{what}' for what in different)}"
        )
    return score_partition(partition, model, out, **options)


def score_on_cluster(
    paths: Sequence[str | Path],
    out: str | Path,
    model: Model,
    address: str,
    *,
    uncertain: bool = False,
    beside: Beside = ALL,
    fields: Fields = Fields(),
    limits: ReadLimits = ReadLimits(),
    restart: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Run:
    """Score files on a Dask cluster into a folder of Parquet parts, or go on with an interrupted run of the same command.

    Parameters
    ----------
    paths : sequence of str or Path
        Files, folders, globs; with ``s3://`` and the like whatever fsspec opens.
    out : str or Path
        A folder that every worker can write.
    model : Model
        Sent to every worker once.
    address : str
        Of the scheduler (``tcp://host:8786``), or ``local`` for processes on this machine.
    uncertain, beside, fields, limits, restart, progress
        As for `stance.articles.stream.score_to_file`.

    Raises
    ------
    RunError
        The cluster cannot be reached, a partition failed time and again, `out` holds another run, or a worker would find
        other actors or another sentiment than this machine.
    DocumentError
        An input is not there.
    """
    distributed = _need_dask()
    started = time.monotonic()
    out = str(out) if "://" in str(out) else str(Path(out).absolute())
    partitions = partitions_of([p if "://" in str(p) else str(p) for p in paths])
    options = {"uncertain": uncertain, "fields": fields, "limits": limits, "beside": beside}
    others = companions(model, beside)
    files, folder = _located(out)
    command = json.loads(json.dumps({
        "partitions": [asdict(p) for p in partitions], "model": model.fingerprint, "options": repr(options),
        "others": others, "release": stance.__version__,
    }))  # fmt: skip
    done = _summaries(files, folder, command, restart)
    before = sum(s["sentences"] for s in done.values())
    with told_to_stop(), ExitStack() as stack:
        try:
            client = stack.enter_context(_client(distributed, address, stack))
        except (OSError, ValueError) as error:
            raise RunError(f"{address}: no Dask scheduler answers there: {error}") from None
        client.register_plugin(_model_plugin(distributed, model), name=f"stance-{model.fingerprint}")
        waiting = [p for p in partitions if p.number not in done]
        futures = client.map(
            _on_worker, waiting, fingerprint=model.fingerprint, out=out, options=options, others=others, pure=False,
            retries=2,
        )
        total, read = sum(p.size for p in partitions), sum(p.size for p in partitions if p.number in done)
        sizes = {p.number: p.size for p in partitions}
        try:
            for future in distributed.as_completed(futures):
                summary = future.result()
                done[summary["number"]] = summary
                read += sizes[summary["number"]]
                if progress is not None:
                    now = sum(s["sentences"] for s in done.values())
                    progress(Progress(read, total, now, before, sum(s["rejected"] for s in done.values())))
        except StanceError:
            raise
        except distributed.KilledWorker as error:
            raise RunError(f"a partition ended several workers: {error}; {_KEPT}") from None
        except MemoryError:
            raise RunError(f"a worker is out of memory; {_KEPT}, with larger workers") from None
        except Exception as error:  # whatever workers and their file systems let out
            raise RunError(f"the cluster failed: {type(error).__name__}: {error}; {_KEPT}") from None
        workers = len(client.scheduler_info(n_workers=-1)["workers"])
    counts: Counter[str] = Counter()
    for summary in done.values():
        counts.update(summary["counts"])
    totals = {key: sum(s[key] for s in done.values()) for key in ("articles", "sentences", "scored", "rejected")}
    _put(out, "_SUCCESS", json.dumps(totals).encode())
    return Run(
        out, f"{out}/part-*.rejects.jsonl" if totals["rejected"] else None, counts=dict(counts),
        seconds=time.monotonic() - started, resumed_after=before, processes=workers, **totals,
    )  # fmt: skip


def _summaries(files: Any, folder: str, command: dict[str, Any], restart: bool) -> dict[int, dict[str, Any]]:
    """Return what earlier sessions did of this command, by number of partition."""
    manifest = f"{folder}/{MANIFEST}"
    files.invalidate_cache()  # of listings: workers have written since
    if files.exists(folder) and (there := files.ls(folder, detail=False)):
        ours = files.exists(manifest)
        if restart and ours:
            for path in there:
                if path.rpartition("/")[2].startswith(("part-", "_done", "_aside", "_SUCCESS", MANIFEST)):
                    files.rm(path, recursive=True)
        elif not ours or json.loads(files.cat_file(manifest)) != command:
            raise RunError(
                f"{folder}: holds " + ("another command's run; name another folder, or drop what it did with --restart" if ours
                else "files that are no run's; name a folder that is new or empty")
            )  # fmt: skip
    files.makedirs(f"{folder}/_done", exist_ok=True)
    files.makedirs(f"{folder}/_aside", exist_ok=True)
    if not files.exists(manifest):
        with files.open(manifest, "wb") as handle:
            handle.write(json.dumps(command).encode())
    # stores of objects have no empty folders
    paths = files.ls(f"{folder}/_done", detail=False) if files.exists(f"{folder}/_done") else []
    found = files.cat(paths).values() if paths else ()  # many at once
    return {summary["number"]: summary for summary in map(json.loads, found)}


def _client(distributed: Any, address: str, stack: ExitStack) -> Any:
    if address != "local":
        return distributed.Client(address, timeout="20s")
    cluster = distributed.LocalCluster(processes=True, threads_per_worker=1, dashboard_address=None)
    return distributed.Client(stack.enter_context(cluster))


def _model_plugin(distributed: Any, model: Model) -> Any:
    class ModelPlugin(distributed.WorkerPlugin):  # type: ignore[misc]
        """Holds the model on a worker; a worker that joins or comes back gets it as well."""

        def __init__(self) -> None:
            self.model = model

        def setup(self, worker: Any) -> None:
            """Nothing to prepare: the model came with the plugin."""

    return ModelPlugin()
