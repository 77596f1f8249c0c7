"""Partitions on a Dask cluster: the answers of one machine, also when a worker is killed in mid-run."""

from __future__ import annotations

import gzip
import json
import os
import signal
import threading
import time

import pytest

import stance
from stance.articles.cluster import partitions_of, score_on_cluster, score_partition
from stance.articles.records import Fields, ReadLimits
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
    with pytest.raises(RunError, match="holds something else .*--restart"):
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


def test_remote_files_are_read_and_written_through_fsspec(inputs, wanted):
    """Here the remote place is fsspec's memory; a store of objects differs in the address alone."""
    import fsspec

    memory = fsspec.filesystem("memory")
    for path in sorted(inputs.iterdir()):
        memory.pipe_file(f"/bucket/in/{path.name}", path.read_bytes())
    memory.makedirs("/bucket/out/_aside"), memory.makedirs("/bucket/out/_done")
    found = partitions_of(["memory://bucket/in/*"])
    assert len(found) == 12
    options = {"uncertain": False, "fields": Fields(), "limits": ReadLimits()}
    summaries = [score_partition(p, stance.load(), "memory://bucket/out", **options) for p in found]
    tables = []
    for p in found:
        with memory.open(f"/bucket/out/{p.part}") as handle:
            tables.append(pq.read_table(handle))
    whole = pa.concat_tables(tables)
    for column in ("id", "text", "label", "probability"):
        assert whole[column].equals(wanted[0][column])
    assert sum(s["rejected"] for s in summaries) == len(wanted[1].splitlines())
    assert whole["source"][0].as_py().startswith("memory://")


def test_an_address_where_nobody_answers_is_told(inputs, tmp_path, monkeypatch):
    with pytest.raises(RunError, match="no Dask scheduler answers there"):
        score_on_cluster([inputs], tmp_path / "out", stance.load(), "nowhere://x")
