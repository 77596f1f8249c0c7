"""Partitions on a Dask cluster: the answers of one machine, also when a worker is killed in mid-run."""

from __future__ import annotations

import gzip
import json
import os
import signal
import threading
import time
from functools import partial

import pytest

import stance
from stance.articles.cluster import partitions_of, score_on_cluster, score_partition
from stance.articles.records import Fields, ReadLimits
from stance.articles.scoring import Beside
from stance.articles.stream import score_to_file
from stance.errors import DocumentError, RunError

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
pytest.importorskip("distributed")

TEXT = "أيدت مالطا خطة السلام الجديدة. وامتنعت قبرص عن التصويت على مشروع القرار. ووصل الوفد رقم {} إلى العاصمة."


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """A Parquet file of several row groups, lines plain and packed with bad ones among them, a text."""
    folder = tmp_path_factory.mktemp("inputs")
    texts = [TEXT.format(n) if n % 50 else None for n in range(400)]
    pq.write_table(pa.table({"text": texts, "n": list(range(400))}), folder / "a.parquet", row_group_size=90)
    for number in range(6):
        lines = "".join(json.dumps({"id": f"{number}-{n}", "text": TEXT.format(n)}) + "\n" for n in range(120)) + "{bad\n"
        (folder / f"b{number}.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    (folder / "c.txt").write_text(TEXT, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def wanted(inputs, tmp_path_factory):
    """What one machine makes of it: the rows, and the rejects."""
    out = tmp_path_factory.mktemp("one") / "one.parquet"
    run = score_to_file([inputs], out, stance.load())
    return pq.read_table(out), run.rejects.read_bytes()


@pytest.fixture(scope="module")
def cluster():
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, processes=True, threads_per_worker=1, dashboard_address=None) as found:
        yield found


def table_of(out):
    return pa.concat_tables(pq.read_table(part) for part in sorted(out.glob("part-*.parquet")))


def rejects_of(out):
    return b"".join(part.read_bytes() for part in sorted(out.glob("part-*.rejects.jsonl")))


def test_partitions_are_files_and_row_groups_in_order(inputs):
    found = partitions_of([inputs])
    assert [p.number for p in found] == list(range(12))
    assert [(p.name, p.group) for p in found[:6]] == [*(("a.parquet", g) for g in range(5)), ("b0.jsonl.gz", None)]
    assert [p.source for p in partitions_of([str(inputs / "b*.gz")])] == [str(inputs / f"b{n}.jsonl.gz") for n in range(6)]
    with pytest.raises(DocumentError, match="no such file"):
        partitions_of([inputs / "none.jsonl"])
    with pytest.raises(DocumentError, match="memory://.*none/x.jsonl: cannot be read"):
        partitions_of(["memory://none/x.jsonl"])


def test_a_cluster_gives_what_one_machine_gives(inputs, wanted, cluster, tmp_path):
    run = score_on_cluster([inputs], tmp_path / "out", stance.load(), cluster.scheduler_address)
    table, rejects = wanted
    assert table_of(tmp_path / "out").equals(table)
    assert rejects_of(tmp_path / "out") == rejects
    assert (run.sentences, run.rejected) == (table.num_rows, len(rejects.splitlines()))
    again = score_on_cluster([inputs], tmp_path / "out", stance.load(), cluster.scheduler_address)
    assert again.resumed_after == run.sentences and again.counts == run.counts
    with pytest.raises(RunError, match="holds another command's run; .*--restart"):
        score_on_cluster([inputs], tmp_path / "out", stance.load("sentiment-ar"), cluster.scheduler_address)


def test_a_worker_killed_in_mid_run_costs_nothing(inputs, wanted, cluster, tmp_path):
    killed = []

    def kill():
        done = tmp_path / "out" / "_done"
        while not done.is_dir() or not any(done.iterdir()):
            time.sleep(0.005)
        victim = next(iter(cluster.workers.values()))
        killed.append(len(list(done.iterdir())))
        os.kill(victim.pid, signal.SIGKILL)

    assassin = threading.Thread(target=kill)
    assassin.start()
    score_on_cluster([inputs], tmp_path / "out", stance.load(), cluster.scheduler_address)
    assassin.join()
    assert killed[0] < len(partitions_of([inputs])), "killed too late to tell anything"
    table, rejects = wanted
    assert table_of(tmp_path / "out").equals(table)
    assert rejects_of(tmp_path / "out") == rejects


def test_a_partition_scored_twice_is_the_same_file(inputs, tmp_path):
    partition = partitions_of([inputs])[1]
    for folder in ("_aside", "_done"):
        (tmp_path / folder).mkdir()
    options = {"uncertain": False, "fields": Fields(), "limits": ReadLimits()}
    score_partition(partition, stance.load(), str(tmp_path), **options)
    first = (tmp_path / partition.part).read_bytes()
    score_partition(partition, stance.load(), str(tmp_path), **options)
    assert (tmp_path / partition.part).read_bytes() == first
    assert not list((tmp_path / "_aside").iterdir())


class Flat:
    """A store of objects: no folders, only names with slashes in them."""

    @staticmethod
    def filesystem():
        from fsspec.implementations.memory import MemoryFileSystem

        class FlatFileSystem(MemoryFileSystem):
            protocol = "flat"
            store, pseudo_dirs = {}, [""]

            @classmethod
            def _strip_protocol(cls, path):
                return super()._strip_protocol(path.replace("flat://", "memory://"))

            def makedirs(self, path, exist_ok=False):
                """Do nothing."""

        return FlatFileSystem


@pytest.mark.parametrize("protocol", ["memory", "flat"])
def test_remote_files_are_read_and_written_through_fsspec(inputs, wanted, protocol):
    """Here the remote place is fsspec's memory, with folders or without as a store of objects; s3:// differs in the address alone."""
    import fsspec
    from distributed import LocalCluster

    if protocol == "flat":
        fsspec.register_implementation("flat", Flat.filesystem(), clobber=True)
    memory = fsspec.filesystem(protocol)
    for path in sorted(inputs.iterdir()):
        memory.pipe_file(f"/bucket/in/{path.name}", path.read_bytes())
    with LocalCluster(n_workers=2, processes=False, threads_per_worker=1, dashboard_address=None) as here:
        score = partial(
            score_on_cluster, [f"{protocol}://bucket/in/*"], f"{protocol}://bucket/out", stance.load(), here.scheduler_address
        )
        run = score()
        assert (run.sentences, run.rejected) == (wanted[0].num_rows, len(wanted[1].splitlines()))
        assert score().resumed_after == run.sentences
        memory.pipe_file("/bucket/out/mine.txt", b"mine")
        assert score(restart=True).resumed_after == 0
        memory.pipe_file("/bucket/other/mine.txt", b"mine")
        with pytest.raises(RunError, match="files that are no run's"):
            score_on_cluster([f"{protocol}://bucket/in/*"], f"{protocol}://bucket/other", stance.load(), here.scheduler_address, restart=True)
    assert memory.cat_file("/bucket/other/mine.txt") == memory.cat_file("/bucket/out/mine.txt") == b"mine"
    tables = []
    for path in sorted(memory.glob("/bucket/out/part-*.parquet")):
        with memory.open(path) as handle:
            tables.append(pq.read_table(handle))
    whole = pa.concat_tables(tables)
    for column in ("id", "text", "label", "probability"):
        assert whole[column].equals(wanted[0][column])
    assert whole["source"][0].as_py().startswith(f"{protocol}://")


def test_the_model_travels_once(inputs, cluster, tmp_path, monkeypatch):
    """Once on its way to the workers, and not with the twelve partitions."""
    from stance.model.classifier import Model

    packed = []
    monkeypatch.setattr(Model, "__reduce_ex__", lambda self, protocol: packed.append(1) or object.__reduce_ex__(self, protocol), raising=False)
    score_on_cluster([inputs], tmp_path / "out", stance.load(), cluster.scheduler_address)
    assert len(packed) == 1


def test_labels_alone_and_workers_with_other_models(inputs, cluster, tmp_path, monkeypatch):
    bare = Beside(False, False)
    score_to_file([inputs / "c.txt"], tmp_path / "one.parquet", stance.load(), beside=bare)
    score_on_cluster([inputs / "c.txt"], tmp_path / "bare", stance.load(), cluster.scheduler_address, beside=bare)
    table = table_of(tmp_path / "bare")
    assert table.equals(pq.read_table(tmp_path / "one.parquet"))
    assert table["actor"].null_count == table["sentiment"].null_count == table.num_rows
    (tmp_path / "models").mkdir()
    stance.load("stance-ar").save(tmp_path / "models" / "sentiment-ar.joblib")  # here, and not where the workers are
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RunError, match="find sentiment differ .*--no-sentiment"):
        score_on_cluster([inputs / "c.txt"], tmp_path / "out", stance.load(), cluster.scheduler_address)


def test_what_is_wrong_with_files_is_said_as_on_one_machine(cluster, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.jsonl").write_bytes(b"")
    (folder / "b.pdf").write_bytes(b"no pdf")
    (folder / "c.html").write_bytes(b"<div>" * 600)
    pq.write_table(pa.table({"n": list(range(30))}), folder / "d.parquet", row_group_size=10)
    pq.write_table(pa.table({"text": [TEXT] * 30}), folder / "e.parquet", row_group_size=10)
    damaged = bytearray((folder / "e.parquet").read_bytes())
    middle = pq.ParquetFile(folder / "e.parquet").metadata.row_group(1).column(0).dictionary_page_offset
    damaged[middle : middle + 20] = b"\xff" * 20
    (folder / "e.parquet").write_bytes(damaged)
    (folder / "f.jsonl.gz").write_bytes(gzip.compress(b'{"text": "x"}\n' * 999)[:-20])
    (folder / "g.txt").write_text(TEXT, encoding="utf-8")
    one = score_to_file([folder], tmp_path / "one.parquet", stance.load())
    run = score_on_cluster([folder], tmp_path / "out", stance.load(), cluster.scheduler_address)
    assert rejects_of(tmp_path / "out") == one.rejects.read_bytes()
    assert table_of(tmp_path / "out").equals(pq.read_table(tmp_path / "one.parquet"))
    assert one.rejected == run.rejected == 6
    assert "row group 1 cannot be read from row 11 on" in one.rejects.read_text(encoding="utf-8")


def test_an_address_where_nobody_answers_is_told(inputs, tmp_path, monkeypatch):
    with pytest.raises(RunError, match="no Dask scheduler answers there"):
        score_on_cluster([inputs], tmp_path / "out", stance.load(), "nowhere://x")
