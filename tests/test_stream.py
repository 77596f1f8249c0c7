"""A run into a file: the right rows, constant memory, and the same bytes however often it was killed."""

from __future__ import annotations

import csv
import gzip
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from functools import cache

import pytest
from conftest import ROOT, WHOLE

import stance
from stance.articles import stream, workers
from stance.articles.documents import read_documents
from stance.articles.records import Fields, ReadLimits
from stance.articles.rows import json_line, sentence_columns
from stance.articles.scoring import Beside, score_documents
from stance.articles.stream import score_to_file
from stance.errors import DocumentError, RunError, RunInterruptedError, StanceError

FORMATS = ["out.jsonl", "out.jsonl.gz", "out.csv", "out.csv.gz", "out.parquet"]
SENTENCES = [
    "أيدت مالطا خطة السلام الجديدة في مؤتمر جنيف.", "وامتنعت قبرص عن التصويت على مشروع القرار.", "وصل الوفد إلى العاصمة مساء أمس.",
    "ورفض المندوب التعليق على نتائج الجلسة المغلقة.", "تابعونا على تويتر", "قال \"نحن، معكم\"\tثم غادر القاعة.",
]  # fmt: skip
BAD = [b"{broken", b'{"text": null}', b'{"text": 5}', b'{"title": "x"}', b'{"text": "\xff\\n"}', b"[1]", b'{"text": "' + b"x" * 5000 + b'"}']


def a_line(n: int, chooser: random.Random) -> bytes:
    if chooser.random() < 0.05:
        return chooser.choice(BAD)
    text = "\n".join(" ".join(chooser.choices(SENTENCES, k=chooser.randint(1, 4))) for _ in range(chooser.randint(1, 5)))
    record = {"id": f"n{n}", "text": text, "title": chooser.choice([None, "عنوان، \"آخر\"", "\ud800"]), "date": "2021-05-03"}
    return json.dumps(record, ensure_ascii=chooser.random() < 0.5).encode("utf-8", "replace")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Two files of lines, plain and packed, some broken, and one of text."""
    folder = tmp_path_factory.mktemp("inputs")
    chooser = random.Random(7)
    lines = [a_line(n, chooser) for n in range(300)]
    (folder / "a.jsonl").write_bytes(b"\n".join(lines[:130]))
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(b"\n".join(lines[130:])))
    (folder / "c.txt").write_text(SENTENCES[0], encoding="utf-8")
    (folder / "d.pdf").write_bytes(b"no pdf")
    return folder


@pytest.fixture(scope="module")
def undisturbed(inputs, tmp_path_factory):
    """A function that gives what a run into a file of some name writes, and its rejects; each run is made once."""

    @cache
    def written(name, **options):
        folder = tmp_path_factory.mktemp("whole")
        run_into(folder / name, inputs, **options)
        return (folder / name).read_bytes(), (folder / f"{name}.rejects.jsonl").read_bytes()

    return written


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(stream, "BATCH_EVENTS", 20)


def run_into(out, inputs, **options):
    options.setdefault("limits", ReadLimits(record_bytes=4000))
    return score_to_file([inputs], out, stance.load(), **options)


def read_rows(path):
    if path.name.endswith(".parquet"):
        import pyarrow.parquet as pq

        return pq.read_table(path).to_pylist()
    opener = gzip.open if path.name.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8", newline="") as handle:
        return [json.loads(line) for line in handle] if ".jsonl" in path.name else list(csv.DictReader(handle))


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_holds_what_the_library_says(tmp_path, inputs, name):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    model = stance.load()
    rejected = []
    documents = read_documents([inputs], on_error=rejected.append, limits=ReadLimits(record_bytes=4000))
    wanted = list(score_documents(documents, model))
    run = run_into(tmp_path / name, inputs)
    assert (run.articles, run.rejected) == (len(wanted), len(rejected))
    assert run.sentences == sum(len(a.sentences) for a in wanted)
    assert sum(run.counts.values()) == run.scored == sum(len(a.scored) for a in wanted)
    rows = read_rows(tmp_path / name)
    if ".jsonl" in name:
        assert rows == [json.loads(json_line(a.to_dict())) for a in wanted]
    else:
        assert tuple(rows[0]) == sentence_columns(model.labels)
        flat = [(a, i, s) for a in wanted for i, s in enumerate(a.sentences)]
        assert len(rows) == len(flat)
        for row, (a, i, s) in zip(rows, flat, strict=True):
            assert (row["id"], row["source"], int(row["index"]), row["text"], row["kind"]) == (a.id, a.source, i, s.text, s.kind)
            assert (row["title"] or None, row["date"] or None, row["label"] or None) == (a.title, a.date, s.label)
            assert a.text[int(row["start"]) : int(row["end"])] == s.text
            for label in model.labels:
                found = None if row[label] in ("", None) else float(row[label])
                assert found == (pytest.approx(s.probabilities[label], abs=1e-6) if s.label else None)
    left = sorted(p.name for p in tmp_path.iterdir())
    assert left == sorted([name, f"{name}.rejects.jsonl"]), "nothing unfinished may be left"


def test_rejects_say_where_why_and_what(tmp_path, inputs):
    run_into(tmp_path / "out.jsonl", inputs)
    lines = {}
    with (inputs / "a.jsonl").open("rb") as handle:
        lines[str(inputs / "a.jsonl")] = handle.read().split(b"\n")
    with gzip.open(inputs / "b.jsonl.gz", "rb") as handle:
        lines[str(inputs / "b.jsonl.gz")] = handle.read().split(b"\n")
    rejects = read_rows(tmp_path / "out.jsonl.rejects.jsonl")
    assert any("invalid UTF-8" in r["reason"] for r in rejects)
    assert [r["file"] for r in rejects][-1].endswith("d.pdf")
    for record in rejects[:-1]:
        line = lines[record["file"]][record["line"] - 1]
        if record.get("escaped"):
            assert record["raw"] == '{"text": "\\xff\\\\n"}' + "\n"
        else:
            assert record["raw"].rstrip("\n") == line.decode()[: len(record["raw"].rstrip("\n"))]
            assert len(record["raw"]) <= 4001
    again = tmp_path / "other.rejects"
    run = run_into(tmp_path / "b.jsonl", inputs, rejects=again)
    assert again.read_bytes() == (tmp_path / "out.jsonl.rejects.jsonl").read_bytes()
    assert run.rejects == again


def test_an_overlong_record_is_kept_in_part(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "' + "ش" * 200_000 + '"}\n{"text": "نعم"}\n', encoding="utf-8")
    run = score_to_file([tmp_path / "a.jsonl"], tmp_path / "o.csv", stance.load(), limits=ReadLimits(record_bytes=100_000))
    assert (run.articles, run.rejected) == (1, 1)
    (record,) = read_rows(tmp_path / "o.csv.rejects.jsonl")
    assert record["truncated"] and 30_000 < len(record["raw"]) < 40_000
    assert "escaped" not in record


def test_strict_stops_at_the_first_and_can_be_gone_on_with(tmp_path, inputs, undisturbed):
    with pytest.raises(DocumentError, match=r"a\.jsonl:\d+: .*--strict"):
        run_into(tmp_path / "out.csv", inputs, strict=True)
    assert not (tmp_path / "out.csv").exists()
    run_into(tmp_path / "out.csv", inputs)
    assert (tmp_path / "out.csv").read_bytes() == undisturbed("out.csv")[0]


def test_processes_change_nothing_but_the_time(tmp_path, inputs):
    for name, count in (("one.jsonl", 1), ("two.jsonl", 2)):
        assert run_into(tmp_path / name, inputs, processes=count).processes == count
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


# --------------------------------------------------------------------------------------------------- interruption

SLOW = f"""
import os, sys, time
sys.path.insert(0, {str(ROOT)!r})
from stance.articles import stream
import stance.cli
stream.BATCH_EVENTS, stream.SAVE_EVERY = 7, 0.0
write = stream._Session._write
def slowly(self):
    time.sleep(float(os.environ.get("PAUSE", 0.015)))
    write(self)
stream._Session._write = slowly
if __name__ == "__main__":
    stance.cli.main()
"""


def start(tmp_path, inputs, out, *more, pause=0.015):
    script = tmp_path / "slow.py"
    script.write_text(SLOW)
    command = [sys.executable, str(script), "score", str(inputs), "--out", str(out), *more]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=os.environ | {"PAUSE": str(pause)}
    )


def wait_for_saves(run, checkpoint, count):
    """Wait until the run has saved its checkpoint so often, or has ended."""
    seen = None
    while run.poll() is None and count:
        try:
            now = checkpoint.stat().st_mtime_ns
        except FileNotFoundError:
            now = None
        if now != seen:
            seen, count = now, count - 1
        time.sleep(0.002)


@pytest.mark.parametrize(
    ("name", "kill", "more"),
    [
        ("out.jsonl.gz", signal.SIGKILL, []), ("out.parquet", signal.SIGKILL, []), ("out.csv", signal.SIGKILL, ["--workers", "2"]),
        ("out.jsonl", signal.SIGTERM, []), ("out.csv", signal.SIGINT, []),
    ],
)  # fmt: skip
def test_killed_at_any_moment_the_same_command_goes_on(tmp_path, inputs, undisturbed, monkeypatch, name, kill, more):
    """Killed at random moments, three times or more; with ``STANCE_TESTS=all`` on and on, until a run ends."""
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    monkeypatch.setattr(stream, "BATCH_EVENTS", 7)  # as it is in SLOW: packed batches are bytes of their own
    whole, rejects = undisturbed(name, limits=ReadLimits())
    out, chooser = tmp_path / name, random.Random(name)
    checkpoint = tmp_path / f"{name}.checkpoint"
    kills = resumed = 0
    while True:
        run = start(tmp_path, inputs, out, *more)
        if not kills:
            time.sleep(chooser.uniform(0, 0.5))  # while it starts
        else:
            wait_for_saves(run, checkpoint, chooser.randint(*((3, 18) if WHOLE else (10, 16))))
            time.sleep(chooser.uniform(0, 0.04))
        run.send_signal(kill)
        _, errors = run.communicate()
        assert not out.exists() or out.read_bytes() == whole
        if run.returncode == 5:  # some records are bad
            break
        kills += 1
        resumed += checkpoint.exists()
        # a signal that comes before Python itself has started ends it as it likes
        assert run.returncode in (-kill, 128 + kill) or "Fatal Python error: init_" in errors, errors
        if kill != signal.SIGKILL and "kept" in errors:
            assert run.returncode == 128 + kill and "start the same command again to go on" in errors
        if out.exists() and not checkpoint.exists():  # killed with nothing left to do
            break
    assert kills >= 3
    assert resumed >= 1
    assert (out.read_bytes(), (tmp_path / f"{name}.rejects.jsonl").read_bytes()) == (whole, rejects)
    assert not list(tmp_path.glob("*.partial")) and not list(tmp_path.glob("*.checkpoint"))


class _Killed(BaseException):
    """Stands for a death at a certain place."""


STEPS = [
    ("stance.articles.checkpoint.Checkpoint.save", 1), ("stance.articles.checkpoint.Checkpoint.save", 3),
    ("stance.articles.stream._Session._write", 2), ("stance.articles.stream._Session._named", 1),
    ("stance.articles.stream._rename", 1), ("stance.articles.stream._rename", 2),
    ("stance.articles.sinks.Encoder.assemble", 1), ("stance.articles.checkpoint.Checkpoint.drop", 1),
    ("pathlib.Path.unlink", 1), ("stance.articles.stream.sync_folder", 1), ("stance.articles.stream.sync_folder", 2),
]  # fmt: skip


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize(("step", "nth"), STEPS)
@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_a_death_at_each_step_loses_nothing(tmp_path, inputs, undisturbed, monkeypatch, name, step, nth, before):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    monkeypatch.setattr(stream, "SAVE_EVERY", 0.0)
    whole = undisturbed(name)
    owner, attribute = step.rsplit(".", 1)
    module, _, cls = owner.rpartition(".")
    target = getattr(sys.modules[module], cls) if cls[0] in "PCES_" else sys.modules[owner]
    real, calls = getattr(target, attribute), 0

    def deadly(*arguments, **options):
        nonlocal calls
        calls += 1
        if calls == nth and before:
            raise _Killed
        result = real(*arguments, **options)
        if calls == nth:
            raise _Killed
        return result

    out = tmp_path / name
    with monkeypatch.context() as patch:
        patch.setattr(target, attribute, deadly)
        try:
            run_into(out, inputs)
        except _Killed:
            assert calls == nth
    if not out.exists() or (tmp_path / f"{name}.checkpoint").exists():
        run = run_into(out, inputs)
        assert run.articles == len({row["id"] for row in read_rows(out)})
    assert (out.read_bytes(), (tmp_path / f"{name}.rejects.jsonl").read_bytes()) == whole
    assert len(list(tmp_path.iterdir())) == 2


def stop_after(monkeypatch, batches):
    """Make the run stop, as if by Ctrl-C, after so many batches."""
    real, done = stream._Session._write, 0

    def write(self):
        nonlocal done
        real(self)
        done += 1
        if done == batches:
            raise KeyboardInterrupt

    monkeypatch.setattr(stream._Session, "_write", write)


def test_what_was_done_is_not_done_again(tmp_path, inputs, monkeypatch):
    with monkeypatch.context() as patch:
        stop_after(patch, 9)  # within the second file
        with pytest.raises(RunInterruptedError, match=r"what is done \([\d,]+ sentences\) is kept; start the same command"):
            run_into(tmp_path / "out.csv", inputs)
    seen = []
    real = workers.score_encoded
    monkeypatch.setattr(workers, "score_encoded", lambda documents, *a, **o: seen.extend(documents) or real(documents, *a, **o))
    run = run_into(tmp_path / "out.csv", inputs)
    assert 0 < run.resumed_after < run.sentences
    assert len(seen) < run.articles // 2
    assert not any(document.source.endswith("a.jsonl") for document in seen)


def test_another_command_is_refused_until_told_to_restart(tmp_path, inputs, monkeypatch):
    out = tmp_path / "out.csv"
    with monkeypatch.context() as patch:
        stop_after(patch, 3)
        with pytest.raises(RunInterruptedError):
            run_into(out, inputs)
    for options, difference in (
        ({"uncertain": True}, "another uncertain"), ({"fields": Fields(text="body")}, "another text_field"),
        ({"limits": ReadLimits()}, "another limits"), ({"beside": Beside(sentiment=False)}, "another sentiment"),
    ):  # fmt: skip
        with pytest.raises(RunError, match=rf"out\.csv\.checkpoint: an unfinished run of another command \({difference}\).*--restart"):
            run_into(out, inputs, **options)
    with pytest.raises(RunError, match="another model"):
        score_to_file([inputs], out, stance.load("sentiment-ar"), limits=ReadLimits(record_bytes=4000))
    later = (inputs / "c.txt").stat().st_mtime_ns
    os.utime(inputs / "c.txt", ns=(later, later + 10**9))
    try:
        with pytest.raises(RunError, match=r"the input .*c\.txt has changed"):
            run_into(out, inputs)
    finally:
        os.utime(inputs / "c.txt", ns=(later, later))
    run = run_into(out, inputs, uncertain=True, restart=True)
    assert run.resumed_after == 0
    with pytest.raises(RunError, match=r"out\.csv: exists already"):
        run_into(out, inputs)
    assert run_into(out, inputs, restart=True).articles == run.articles


def test_a_damaged_checkpoint_and_a_shortened_output_are_told(tmp_path, inputs, monkeypatch):
    out = tmp_path / "out.csv"
    with monkeypatch.context() as patch:
        stop_after(patch, 3)
        with pytest.raises(RunInterruptedError):
            run_into(out, inputs)
    partial, checkpoint = tmp_path / "out.csv.partial", tmp_path / "out.csv.checkpoint"
    partial.write_bytes(partial.read_bytes()[:100])
    with pytest.raises(RunError, match="shorter than out.csv.checkpoint says"):
        run_into(out, inputs)
    checkpoint.write_text("{")
    with pytest.raises(RunError, match=r"cannot be read as a checkpoint .* --restart"):
        run_into(out, inputs)


def test_two_runs_do_not_write_one_file(tmp_path, inputs, monkeypatch):
    pytest.importorskip("fcntl")
    real, others = stream._Session._write, []

    def write_while_another_begins(self):
        real(self)
        if not others:
            other = start(tmp_path, inputs, tmp_path / "out.csv")
            others.append((other.communicate()[1], other.returncode))

    monkeypatch.setattr(stream, "BATCH_EVENTS", 7)  # else it is another command
    monkeypatch.setattr(stream._Session, "_write", write_while_another_begins)
    run_into(tmp_path / "out.csv", inputs, limits=ReadLimits())
    ((errors, code),) = others
    assert code == 7
    assert "another run is writing it" in errors


def test_a_full_disk_stops_the_run_and_keeps_what_is_done(tmp_path, inputs, undisturbed):
    out, (whole, _) = tmp_path / "out.jsonl", undisturbed("out.jsonl", limits=ReadLimits())
    limit = len(whole) // 2

    script = tmp_path / "small.py"
    script.write_text(SLOW)
    command = [sys.executable, str(script), "score", str(inputs), "--out", str(out)]
    small = subprocess.run(
        command, capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )  # fmt: skip
    assert small.returncode == 7, small.stderr
    assert "cannot be written" in small.stderr and "start the same command again" in small.stderr
    assert "Traceback" not in small.stderr
    assert not out.exists()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 5
    assert "had been done before" in done.stdout
    assert out.read_bytes() == whole


def test_a_lost_worker_stops_the_run_and_loses_nothing(tmp_path, inputs, undisturbed):
    psutil = pytest.importorskip("psutil")
    out = tmp_path / "out.csv"
    run = start(tmp_path, inputs, out, "--workers", "2", pause=0.2)
    partial = tmp_path / "out.csv.partial"
    while run.poll() is None:
        if partial.exists() and partial.stat().st_size > 2000:
            break
        time.sleep(0.02)
    children = [c for c in psutil.Process(run.pid).children() if "spawn_main" in " ".join(c.cmdline())]
    for child in children[:1]:
        child.kill()
    _, errors = run.communicate(timeout=120)
    if run.returncode != 5:  # it may have been done just then
        assert run.returncode == 7
        assert "a worker process ended unexpectedly" in errors and "Traceback" not in errors
        assert start(tmp_path, inputs, out, "--workers", "2").wait() == 5
    assert out.read_bytes() == undisturbed("out.csv", limits=ReadLimits())[0]


SCARCE = SLOW.replace("if __name__", """
import resource
begin, save, saves = stream.Workers.submit, stream.Checkpoint.save, []
def noted(self, *arguments, **options):
    saves.append(save(self, *arguments, **options))
stream.Checkpoint.save = noted
def submit(self, documents):
    if self._warm is None and len(saves) > 2:  # the workers are up and something is done: from now on they have no more memory
        for process in self._pool._processes.values():
            resource.prlimit(process.pid, resource.RLIMIT_AS, (1 << 20, 1 << 20))
    return begin(self, documents)
stream.Workers.submit = submit
if __name__""")


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="this system cannot limit another process")
def test_a_worker_out_of_memory_stops_the_run_and_loses_nothing(tmp_path):
    small = [json.dumps({"id": f"n{n}", "text": " ".join(SENTENCES)}) for n in range(300)]
    large = json.dumps({"id": "large", "text": "كلمة واحدة. " * 20_000})
    source, out = tmp_path / "a.jsonl", tmp_path / "out.csv"
    source.write_text("\n".join([*small, large, *small]))
    plain = ("--no-actors", "--no-sentiment")  # the limit is set for the labels alone
    score_to_file([source], tmp_path / "whole.csv", stance.load(), beside=Beside(False, False))
    script = tmp_path / "scarce.py"
    script.write_text(SCARCE)
    command = [sys.executable, str(script), "score", str(source), "--out", str(out), "--workers", "2", *plain]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 7, done.stderr
    assert "memory" in done.stderr and "start the same command again to go on" in done.stderr
    assert not out.exists()
    again = start(tmp_path, source, out, "--workers", "2", *plain)
    printed, _ = again.communicate()
    assert again.returncode == 0 and "had been done before" in printed
    assert out.read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_out_of_memory_in_this_process_says_where_and_is_gone_on_with(tmp_path, inputs, undisturbed, monkeypatch):
    real, calls = workers.score_encoded, 0

    def scarce(*arguments, **options):
        nonlocal calls
        calls += 1
        if calls == 3:
            raise MemoryError
        return real(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(workers, "score_encoded", scarce)
        with pytest.raises(RunError, match=r"out of memory; the batch in hand begins with the document 'n\d+'; what is done .* is kept"):
            run_into(tmp_path / "out.csv", inputs)
    assert run_into(tmp_path / "out.csv", inputs).resumed_after > 0
    assert (tmp_path / "out.csv").read_bytes() == undisturbed("out.csv")[0]


def test_the_output_of_a_run_that_ends_just_now_is_not_touched(tmp_path, inputs, undisturbed, monkeypatch):
    """Another run may give the output its name after this one has looked, before it has the lock."""
    pytest.importorskip("fcntl")
    out = tmp_path / "out.csv"
    with monkeypatch.context() as patch:
        stop_after(patch, 5)
        with pytest.raises(RunInterruptedError):
            run_into(out, inputs)
    real, calls = stream.opened_alone, 0

    def other_first(path):
        nonlocal calls
        calls += 1
        if calls == 1:
            run_into(out, inputs)
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(stream, "opened_alone", other_first)
        with pytest.raises(RunError, match="another run was writing it until now"):
            run_into(out, inputs)
    assert out.read_bytes() == undisturbed("out.csv")[0]


def test_workers_end_with_their_parent(tmp_path, inputs):
    psutil = pytest.importorskip("psutil")
    run = start(tmp_path, inputs, tmp_path / "out.csv", "--workers", "2", pause=0.2)
    while run.poll() is None:
        children = psutil.Process(run.pid).children()
        if len([c for c in children if "spawn_main" in " ".join(c.cmdline())]) == 2:
            break
        time.sleep(0.02)
    run.kill()
    run.communicate()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive


# ------------------------------------------------------------------------------------------------------- the rest


def test_standard_input_streams_too(tmp_path, inputs):
    lines = (inputs / "a.jsonl").read_bytes().replace(b"\n[1]\n", b"\n{}\n")  # else it is no JSON Lines
    command = [sys.executable, "-m", "stance", "score", "-", "--out", str(tmp_path / "out.csv"), "--format", "json"]
    done = subprocess.run(command, input=lines, capture_output=True, check=False, cwd=ROOT)
    assert done.returncode == 5, done.stderr
    summary = json.loads(done.stdout)
    assert summary["articles"] + summary["rejected"] == len(lines.splitlines())
    assert summary["rejects"] == str(tmp_path / "out.csv.rejects.jsonl")


def test_empty_input_gives_an_empty_output(tmp_path):
    (tmp_path / "a.jsonl").write_text("{}\n")
    for name in FORMATS:
        run = score_to_file([tmp_path / "a.jsonl"], tmp_path / name, stance.load())
        assert (run.articles, run.rejected) == (0, 1)
        assert read_rows(tmp_path / name) == []


def test_wrong_names_and_places_are_told(tmp_path, inputs):
    with pytest.raises(StanceError, match=r"unknown kind of output file; expected one ending in \.jsonl"):
        run_into(tmp_path / "out.xlsx", inputs)
    with pytest.raises(RunError, match="no such folder"):
        run_into(tmp_path / "none" / "out.csv", inputs)
    assert list(tmp_path.iterdir()) == []


def test_input_that_changes_under_the_run_is_told(tmp_path, monkeypatch):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "أيدت مصر القرار."}\n', encoding="utf-8")
    real = stream._Session._read

    def read_and_touch(self):
        real(self)
        path.write_text('{"text": "رفضت مصر القرار."}\n{"text": "x"}\n', encoding="utf-8")

    monkeypatch.setattr(stream._Session, "_read", read_and_touch)
    with pytest.raises(RunError, match="the input changed while it was read"):
        score_to_file([path], tmp_path / "o.csv", stance.load())
    assert not (tmp_path / "o.csv").exists()


def test_memory_does_not_grow_with_the_input(tmp_path):
    """Ten times the input, and the peak of what Python holds stays where it was."""
    import tracemalloc

    model = stance.load()
    model.predict_proba(["نص"] * 200)
    peaks = []
    for times in (100, 1000):
        path = tmp_path / f"{times}.jsonl"
        path.write_text((json.dumps({"text": " ".join(SENTENCES)}) + "\n") * times)
        tracemalloc.start()
        score_to_file([path], tmp_path / f"{times}.csv", model, processes=1)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]
