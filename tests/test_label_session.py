from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys

import pytest
from conftest import HOSTILE, ROOT
from test_cli import run

from stance.errors import LabelError
from stance.labels.exchange import import_labels
from stance.labels.journal import Journal, labelled_records
from stance.labels.session import Session
from stance.present.bidi import choose_mode, display_lines, wrap

LABELS = ("support", "oppose", "abstain", "neutral")
RECORDS = [{"id": f"i{n}", "text": f"الجملة رقم {n} من الجلسة", "source": "x"} for n in range(6)]


def session(path, records=RECORDS):
    return Session(records, path / "out.jsonl", "stance", LABELS)


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# What is on the disk

def test_every_answer_is_synchronised_before_the_next_sentence(tmp_path, monkeypatch):
    s = session(tmp_path)
    journal = tmp_path / "out.jsonl.journal"
    seen = []
    real = os.fsync

    def fsync(number):
        real(number)
        seen.append((s.current["id"], journal.read_text(encoding="utf-8").count("\n")))

    monkeypatch.setattr(os, "fsync", fsync)
    s.label("support")
    s.skip()
    s.undo()
    # at the moment of each synchronisation the line is in the file and the question has not changed yet
    assert seen == [("i0", 2), ("i1", 3), ("i2", 4)]
    assert s.current["id"] == "i1"


def test_a_session_goes_on_where_it_was_left_without_having_been_ended(tmp_path):
    s = session(tmp_path)
    s.label("support")
    s.skip()
    s.comment = "صعبة"
    s.label("abstain")
    s.journal.close()  # no more than a killed process leaves behind
    s = session(tmp_path)
    assert (s.n_done, s.resumed, s.current["id"]) == (2, 2, "i3")
    for _ in range(3):
        s.label("neutral")
    assert s.current["id"] == "i1"  # the skipped one comes last
    s.label("oppose")
    assert s.current is None
    assert s.finish() == 6
    assert [(r["id"], r["stance"], r.get("comment")) for r in lines(tmp_path / "out.jsonl")] == [
        ("i0", "support", None), ("i2", "abstain", "صعبة"), ("i3", "neutral", None), ("i4", "neutral", None),
        ("i5", "neutral", None), ("i1", "oppose", None),
    ]  # fmt: skip
    assert lines(tmp_path / "out.jsonl")[0] == RECORDS[0] | {"stance": "support"}
    assert import_labels([tmp_path / "out.jsonl.journal"])[0] == lines(tmp_path / "out.jsonl")


def test_undo_reaches_into_earlier_runs_and_brings_the_comment_back(tmp_path):
    s = session(tmp_path)
    s.comment = "أ"
    s.label("support")
    s.label("oppose")
    s.finish()
    s = session(tmp_path)
    assert s.undo()
    assert (s.current["id"], s.n_done) == ("i1", 1)
    assert s.undo()
    assert (s.current["id"], s.comment) == ("i0", "أ")
    assert not s.undo()
    s.label("neutral")
    s.finish()
    assert [(r["id"], r["stance"], r["comment"]) for r in lines(tmp_path / "out.jsonl")] == [("i0", "neutral", "أ")]


def test_a_journal_cut_anywhere_loses_at_most_the_line_that_was_cut(tmp_path):
    s = session(tmp_path)
    for label in ("support", "oppose", "abstain"):
        s.label(label)
    s.journal.close()
    path = tmp_path / "out.jsonl.journal"
    whole = path.read_bytes()
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        complete = max(whole[:cut].count(b"\n") - 1, 0)
        again = session(tmp_path)
        assert again.n_done == complete
        again.label("neutral")
        again.journal.close()
        assert [e["event"] for e in lines(path)] == ["session"] + ["label"] * (complete + 1)


def test_random_answers_match_a_plain_list(tmp_path):
    draw = random.Random(4)
    given: list[tuple[str, str | None]] = []
    s = session(tmp_path)
    for _ in range(200):
        act = draw.choice(["label", "label", "skip", "undo", "reopen"])
        if act == "reopen":
            s.journal.close()
            s = session(tmp_path)
            given = [g for g in given if g[1]]  # what was skipped is asked again
        elif act == "undo":
            assert s.undo() == bool(given)
            given = given[:-1]
        elif s.current is not None:
            id_ = s.current["id"]
            label = draw.choice(LABELS) if act == "label" else None
            s.label(label) if label else s.skip()
            given.append((id_, label))
        assert [(r["id"], r["stance"]) for r in labelled_records(s.journal.events)] == [g for g in given if g[1]]
        assert s.n_done == sum(1 for g in given if g[1])


def test_nothing_of_a_person_is_overwritten(tmp_path):
    (tmp_path / "out.jsonl").write_text("{}\n")
    with pytest.raises(LabelError, match="is there already and not from such a session"):
        session(tmp_path)
    (tmp_path / "out.jsonl").unlink()
    s = session(tmp_path)
    s.label("support")
    with pytest.raises(LabelError, match="in use by another session"):
        session(tmp_path)
    s.finish()
    session(tmp_path).finish()
    (tmp_path / "out.jsonl").write_text("{}\n")
    with pytest.raises(LabelError, match="was changed since the session wrote it"):
        session(tmp_path)
    (tmp_path / "out.jsonl").unlink()
    with pytest.raises(LabelError, match="a session about 'stance', not 'mood'"):
        Session(RECORDS, tmp_path / "out.jsonl", "mood", LABELS)
    with pytest.raises(LabelError, match="'abstain' is not among those asked for now"):
        Session(RECORDS, tmp_path / "out.jsonl", "stance", ("support", "oppose"))
    with pytest.raises(LabelError, match="expected two to nine"):
        Session(RECORDS, tmp_path / "y.jsonl", "stance", ("a",))


def test_a_damaged_journal_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "out.jsonl.journal"
    path.write_bytes(b'{"event": "session", "version": 1, "field": "stance", "labels": []}\njunk\n{"event": "skip", "id": "i0"}\n')
    before = path.read_bytes()
    with pytest.raises(LabelError, match="out.jsonl.journal:2: damaged in the middle"):
        session(tmp_path)
    assert path.read_bytes() == before
    path.write_bytes(b'{"event": "other"}\n')
    with pytest.raises(LabelError, match="not the journal of a labelling session"):
        session(tmp_path)


def test_a_full_disk_is_said_and_the_question_stays(tmp_path, monkeypatch):
    s = session(tmp_path)
    s.label("support")
    before = (tmp_path / "out.jsonl.journal").read_bytes()

    class Full:
        """A file on a disk that has room for ten bytes."""

        def __init__(self, handle):
            self.handle = handle

        def write(self, data):
            return self.handle.write(data[:10])

        def __getattr__(self, name):
            return getattr(self.handle, name)

    whole = s.journal._handle
    s.journal._handle = Full(whole)
    with pytest.raises(LabelError, match="the last answer could not be written: no space left"):
        s.label("oppose")
    assert (s.current["id"], s.n_done) == ("i1", 1)
    assert (tmp_path / "out.jsonl.journal").read_bytes() == before
    s.journal._handle = whole  # room was made
    s.label("oppose")
    assert [r["stance"] for r in labelled_records(s.journal.events)] == ["support", "oppose"]


# Arabic lines

def test_wrapping_loses_nothing_and_keeps_the_width():
    from rich.cells import cell_len

    for text in [*HOSTILE, "كلمة " * 60, "中文字符" * 30]:
        for width in (2, 7, 40):
            found = wrap(text, width)
            assert "".join("".join(found).split()) == "".join(text.split())
            assert all(cell_len(line) <= width for line in found)


def test_order_for_the_eye():
    pytest.importorskip("bidi")
    (line,) = display_lines("سلام NATO 2015", 40, "visual")
    assert line.startswith("2015 NATO ") or line.startswith("NATO 2015 ")
    assert line.endswith("ﺳ")  # the first letter, in its initial form, at the right
    assert display_lines("سلام", 40, "terminal") == ["\u200fسلام\u200f"]
    assert choose_mode("auto", {"VTE_VERSION": "7600"}) == choose_mode("auto", {"KONSOLE_VERSION": "1"}) == "terminal"
    assert choose_mode("auto", {"TERM": "xterm-kitty"}) == choose_mode("auto", {"VTE_VERSION": "5200"}) == "visual"
    assert choose_mode("terminal", {}) == "terminal"


# The screen, driven

def drive(path, keys, records=RECORDS, size=(90, 24), calls=None):
    """Press keys; return what stands on the screen at the end."""
    pytest.importorskip("textual")
    from textual.widgets import Static

    from stance.present.labelling import LabellingApp

    s = session(path, records)

    def guess(text):
        if calls is not None:
            calls.append(text)
        return "support (99%)"

    async def main():
        app = LabellingApp(s, guess, "terminal")
        async with app.run_test(size=size) as pilot:
            for key in keys:
                await pilot.press(key)
            await pilot.pause()
            return {w.id: str(w.render()) for w in app.query(Static)}

    found = asyncio.run(main())
    return s, found


def test_keys_answer_skip_undo_and_comment(tmp_path):
    s, screen = drive(tmp_path, ["1", "s", "c", *"ok 1", "enter", "4", "2", "u"])
    assert [(e["event"], e["id"], e.get("label"), e.get("comment")) for e in s.journal.events[1:]] == [
        ("label", "i0", "support", ""), ("skip", "i1", None, ""), ("label", "i2", "neutral", "ok 1"), ("label", "i3", "oppose", ""),
        ("undo", "i3", None, None),
    ]  # fmt: skip
    assert RECORDS[3]["text"] in screen["sentence"]
    assert screen["progress"].startswith("2 of 6 (33%)  support 1  oppose 0  abstain 0  neutral 1  skipped 1")
    assert "1 support  2 oppose  3 abstain  4 neutral" in screen["keys"]


def test_the_arabic_keyboard_works_too_and_other_keys_do_nothing(tmp_path):
    s, _ = drive(tmp_path, ["٣", "س", "9", "x", "space", "ع", "١"])
    assert [(e["event"], e["id"], e.get("label")) for e in s.journal.events[1:]] == [
        ("label", "i0", "abstain"), ("skip", "i1", None), ("undo", "i1", None), ("label", "i1", "support"),
    ]  # fmt: skip


def test_the_guess_is_hidden_until_it_is_asked_for_and_that_is_noted(tmp_path):
    calls: list[str] = []
    s, screen = drive(tmp_path, ["1"], calls=calls)
    assert calls == []
    assert "99%" not in " ".join(screen.values())
    s.journal.close()
    s, screen = drive(tmp_path, ["g"], calls=calls)
    assert calls == [RECORDS[1]["text"]]
    assert "model: support (99%)" in screen["note"]
    s.journal.close()
    s, screen = drive(tmp_path, ["g", "2", "3"], calls=calls)
    assert "99%" not in " ".join(screen.values())
    assert [e["guess_seen"] for e in s.journal.events if e["event"] == "label"] == [False, True, False]


def test_escape_drops_a_comment_and_the_end_is_said(tmp_path):
    s, screen = drive(tmp_path, ["c", "1", "escape", *"111111", "1", "c", "g", "s"])
    assert [e["comment"] for e in s.journal.events if e["event"] == "label"] == [""] * 6
    assert "All sentences are labelled or skipped" in screen["sentence"]
    assert screen["progress"].startswith("6 of 6 (100%)")


def test_markup_and_hostile_text_are_shown_as_they_are(tmp_path):
    texts = ["[bold]x[/bold] [/nothing]", *[t for t in HOSTILE if t.strip()]]
    records = [{"id": str(i), "text": t} for i, t in enumerate(texts)]
    _, screen = drive(tmp_path, [], records)
    assert "[bold]x[/bold] [/nothing]" in screen["sentence"]
    s = session(tmp_path / "y", records)
    s.journal.close()
    for size in ((20, 6), (90, 24)):
        drive(tmp_path / f"{size[0]}", ["1"] * len(records), records, size)[0].journal.close()


# The command, in a terminal of its own

def spawn(path, *more):
    pexpect = pytest.importorskip("pexpect")
    if sys.platform == "win32":
        pytest.skip("no pty")
    env = os.environ | {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}
    return pexpect.spawn(
        sys.executable, ["-m", "stance", "label", "new.txt", *more], cwd=str(path), env=env, dimensions=(24, 100), timeout=30, encoding="utf-8"
    )


def test_kill_minus_nine_loses_nothing(tmp_path):
    (tmp_path / "new.txt").write_text("".join(f"الجملة {i}\n" for i in range(5)), encoding="utf-8")
    child = spawn(tmp_path)
    child.expect("0 of 5")
    child.send("1")
    child.expect("1 of 5")
    child.send("c")
    child.expect("comment;")
    child.send("why\r")
    child.expect("comment: why")
    child.send("3")
    child.expect("2 of 5")  # the next sentence is there: the answer must be on the disk
    child.kill(signal.SIGKILL)
    child.wait()
    journal = tmp_path / "new.labelled.jsonl.journal"
    assert [(e.get("label"), e.get("comment")) for e in lines(journal)[1:]] == [("support", ""), ("abstain", "why")]
    assert not (tmp_path / "new.labelled.jsonl").exists()
    child = spawn(tmp_path)
    child.expect("2 of 5")
    child.send("4")
    child.expect("3 of 5")
    child.send("q")
    child.expect(r"3 labels in new.labelled.jsonl; 2 of 5 sentences are left")
    child.wait()
    assert [(r["text"], r["stance"]) for r in lines(tmp_path / "new.labelled.jsonl")] == [
        ("الجملة 0", "support"), ("الجملة 1", "abstain"), ("الجملة 2", "neutral"),
    ]  # fmt: skip


def test_without_a_terminal_it_says_what_to_do(tmp_path):
    (tmp_path / "new.txt").write_text("جملة\n", encoding="utf-8")
    _, err = run("label", "new.txt", cwd=tmp_path, code=3)
    assert "needs a terminal; for files to fill elsewhere: stance labels suggest" in err
    _, err = run("label", "new.txt", "--label-field", "mood", cwd=tmp_path, code=3)
    assert "which labels has 'mood'?" in err
    assert [p.name for p in tmp_path.iterdir()] == ["new.txt"]


@pytest.mark.parametrize(("missing", "what"), [("textual", "labelling in the terminal needs textual"), ("bidi", "needs python-bidi")])
def test_a_missing_library_is_named_with_its_remedy(tmp_path, missing, what):
    import subprocess

    (tmp_path / "new.txt").write_text("جملة\n", encoding="utf-8")
    code = f"import sys; sys.modules['{missing}'] = None; from stance.cli import main; sys.argv = ['stance', 'label', 'new.txt']; main()"
    env = {k: v for k, v in os.environ.items() if not k.endswith("_VERSION")} | {"PYTHONPATH": str(ROOT), "TERM": "xterm"}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 6
    assert what in done.stderr
    assert 'pip install "diplomatic-stance[label]"' in done.stderr


def test_a_journal_is_not_taken_for_labels(tmp_path):
    from stance.labels.records import expand_paths

    s = session(tmp_path)
    s.label("support")
    s.finish()
    assert [p.name for p in expand_paths([tmp_path])] == ["out.jsonl"]
    assert isinstance(s.journal, Journal)
