from __future__ import annotations

import json
from collections import defaultdict

import pytest
from conftest import ROOT

from stance.errors import LabelError
from stance.labels.records import expand_paths, read_labels
from stance.labels.schemes import find_scheme, scheme_names

CORPUS = ROOT / "labels" / "*.jsonl"


def write(tmp_path, *lines, name="x.jsonl"):
    path = tmp_path / name
    path.write_bytes(b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines) + b"\n")
    return path


FAULTS = [
    ('{"text": "نص", "stance": "maybe"}', r"x.jsonl:1: field 'stance': unknown label 'maybe'; expected one of: support"),
    ('{"text": "  ", "stance": "support"}', r"x.jsonl:1: field 'text': empty"),
    ('{"text": 5, "stance": "support"}', r"x.jsonl:1: field 'text': 5 \(int\)"),
    ('{"text": "نص"}', r"x.jsonl:1: field 'stance' is missing \(fields there: text\)"),
    ('{"text": "نص", ', r"x.jsonl:1: not JSON"),
    ("[1]", r"x.jsonl:1: list instead of an object"),
    ("نص".encode("cp1256"), r"x.jsonl:1: byte 1 is not UTF-8"),
    ('{"text": "ab\\ufffd", "stance": "support"}', r"x.jsonl:1: field 'text': holds U\+FFFD"),
]


@pytest.mark.parametrize(("line", "message"), FAULTS)
def test_each_fault_is_named_with_file_line_field_and_value(tmp_path, line, message):
    with pytest.raises(LabelError, match=message):
        read_labels([write(tmp_path, line)], find_scheme("default"))


def test_a_text_with_two_labels_is_a_fault_and_names_both_places(tmp_path):
    path = write(tmp_path, '{"text": "نص", "stance": "support"}', '{"text": "نص ", "stance": "abstain"}')
    with pytest.raises(LabelError, match=r"x.jsonl:2: .*'abstain', but .*x.jsonl:1 has the same text as 'support'"):
        read_labels([path], find_scheme("default"))


def test_all_faults_are_reported_at_once(tmp_path):
    with pytest.raises(LabelError, match="3 fault") as caught:
        read_labels([write(tmp_path, "{", "[]", '{"text": ""}')], find_scheme("default"))
    assert str(caught.value).count("x.jsonl:") == 3


def test_schemes_merge_in_the_open(tmp_path):
    path = write(tmp_path, '{"text": "أدان", "stance": "oppose"}', '{"text": "أيد", "stance": "support"}')
    assert read_labels([path], find_scheme("default")).labels == ["neutral", "support"]
    assert read_labels([path], find_scheme("oppose")).labels == ["oppose", "support"]
    assert find_scheme("default").labels == ("support", "neutral", "abstain")


def test_csv_tsv_and_parquet_read_alike_with_any_columns_and_names(tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"tweet": ["قال، \"نعم\"", "لا\nلا"], "view": ["FAVOR", "AGAINST"]})
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_csv(tmp_path / "a.tsv", index=False, sep="\t")
    frame.to_parquet(tmp_path / "a.parquet")
    for name in ("a.csv", "a.tsv", "a.parquet"):
        data = read_labels([tmp_path / name], text_field="tweet", label_field="view", mapping={"FAVOR": "for"})
        assert (data.texts, data.labels) == (frame["tweet"].tolist(), ["for", "AGAINST"])


@pytest.mark.parametrize("name", scheme_names())
def test_the_corpus_reads_in_every_scheme(name):
    data = read_labels([CORPUS], find_scheme(name))
    assert len(data) >= 1000
    assert min(data.counts().values()) > 100


def test_corpus_records_are_whole_and_unique():
    seen, ids = {}, set()
    for path in expand_paths([CORPUS]):
        for line in path.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            assert record["stance"] in find_scheme("oppose").labels
            feelings = record.get("sentiments") or [record["sentiment"]]
            assert set(feelings) <= set(find_scheme("sentiment").labels)
            assert (record["sentiment"] is None) == (len(set(feelings)) > 1)
            assert record["id"] not in ids
            ids.add(record["id"])
            assert seen.setdefault(record["text"], record["id"]) == record["id"]
            for span in [*record.get("actors", []), record.get("target", "")]:
                assert span in record["text"], record["id"]


def test_no_sentence_nearly_repeats_another():
    """Two sentences that share half of their runs of five words are near-duplicates."""
    where = defaultdict(list)
    texts = [json.loads(x)["text"] for p in expand_paths([CORPUS]) for x in p.read_text(encoding="utf-8").splitlines()]
    pairs = []
    for i, text in enumerate(texts):
        words = text.split()
        runs = {tuple(words[k : k + 5]) for k in range(len(words) - 4)}
        shared = defaultdict(int)
        for run in runs:
            for j in where[run]:
                shared[j] += 1
            where[run].append(i)
        pairs += [(text, texts[j]) for j, n in shared.items() if n > 0.5 * len(runs)]
    assert pairs == []


def test_rationales_stand_in_their_sentences():
    stance_of = {r["id"]: r for path in sorted((ROOT / "labels").glob("*.jsonl")) for r in map(json.loads, path.read_text(encoding="utf-8").splitlines())}
    lines = (ROOT / "labels" / "rationales" / "rationales.jsonl").read_text(encoding="utf-8").splitlines()
    rationales = [json.loads(line) for line in lines]
    assert len({r["id"] for r in rationales}) == len(rationales) > 1900
    for r in rationales:
        sentence = stance_of[r["id"]]
        assert sentence["stance"] != "neutral"
        assert r["rationale"]
        assert all(piece in sentence["text"] for piece in r["rationale"]), r["id"]
