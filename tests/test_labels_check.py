from __future__ import annotations

import gzip
import json
import random

import numpy as np
import pytest
from conftest import HOSTILE, ROOT
from test_cli import run

from stance.errors import LabelError
from stance.labels import sameness
from stance.labels.checks import check_labels
from stance.labels.cues import one_label_words
from stance.labels.encoding import find_damage
from stance.labels.exchange import import_labels
from stance.labels.findings import RULES
from stance.labels.records import read_labels
from stance.labels.sameness import SHINGLE, fold, near_duplicates
from stance.labels.statistics import label_statistics, lengths, vocabulary

ARABIC = "أعربت فرنسا عن دعمها لوحدة ليبيا وسيادتها"


def jsonl(path, *records):
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), encoding="utf-8")
    return path


def rules(report):
    return {(f.rule, f.line) for f in report.findings if f.rule not in ("rare-label", "imbalance")}


# Texts that are the same

def test_fold_forgets_spelling_and_punctuation_but_no_letter():
    assert fold("«إِنَّ» الـسَّلامَ، آتٍ!") == fold("ان السلام ات") == "ان السلام ات"
    assert fold("مدرسة على ١٢") == "مدرسه علي 12"
    assert fold("ﻻ Été") == "لا ete"
    for text in HOSTILE:
        assert fold(fold(text)) == fold(text)


def jaccard(a, b):
    x, y = ({t[i : i + SHINGLE] for i in range(len(t) - SHINGLE + 1)} for t in (a, b))
    return len(x & y) / len(x | y) if x and y else 0.0


def naive_pairs(texts, threshold, against=None):
    other = texts if against is None else against
    return [
        (i, j) for i in range(len(texts)) for j in range(len(other))
        if (against is not None or i < j) and jaccard(texts[i], other[j]) >= threshold
    ]


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.7, 0.9, 1.0])
def test_the_join_misses_no_pair_and_invents_none(own_sentences, threshold):
    draw = random.Random(1)
    texts = [fold(t) for t in draw.sample(own_sentences, 60)]
    for text in list(texts)[:40]:  # changed a little, more, and much
        words = text.split()
        for n in (1, 2, 5):
            changed = list(words)
            for _ in range(n):
                changed[draw.randrange(len(changed))] = draw.choice(words)
            texts.append(" ".join(changed))
    texts += ["", "اب", "abcde", "abcde", *map(fold, HOSTILE)]
    found = near_duplicates(texts, threshold=threshold)
    assert [(p.first, p.second) for p in found] == naive_pairs(texts, threshold)
    for p in found:
        assert p.similarity == pytest.approx(jaccard(texts[p.first], texts[p.second]))
    half = len(texts) // 2
    assert [(p.first, p.second) for p in near_duplicates(texts[:half], texts[half:], threshold)] == naive_pairs(
        texts[:half], threshold, texts[half:]
    )


def test_nothing_to_join():
    assert near_duplicates([]) == near_duplicates(["ا"]) == near_duplicates(["ا", "ب"]) == near_duplicates([], ["نص طويل"]) == []
    with pytest.raises(ValueError, match="threshold is 0"):
        near_duplicates(["ا", "ب"], threshold=0)


# Encodings

@pytest.mark.parametrize(
    ("written", "read", "name"),
    [
        ("utf-8", "latin-1", "UTF-8 read as"), ("cp1256", "latin-1", "Windows-1256 read as"),
        ("cp1256", "cp1252", "Windows-1256 read as"), ("utf-8", "cp1256", "UTF-8 read as Windows-1256"),
    ],
)  # fmt: skip
def test_mojibake_is_named_and_undone(own_sentences, written, read, name):
    tried = missed = 0
    for text in own_sentences[:300]:
        try:
            broken = text.encode(written).decode(read)
        except (UnicodeEncodeError, UnicodeDecodeError):
            continue
        tried += 1
        damage = [d for d in find_damage(broken) if d.kind == "mojibake"]
        missed += not (damage and name in damage[0].message and damage[0].repaired == text)
    assert tried > 50
    assert missed == 0


def test_sound_text_of_any_language_is_not_damaged(own_sentences):
    sound = ["Café déjà vu à Genève, où naît l'été", "Größe, Straße, Übermut", "Прямая речь", "Ελλάδα", "L'Algérie a été élue", "متى؟؟؟ لماذا???",
             "قال «بوتين»: naïve café", "中国弃权", "№ 5 — §§", "ÀÉÎÕÜ", "سنة ١٩٩٠–٢٠٠٠", "پاکستان میں چاہیے"]  # fmt: skip
    for text in [*sound, *own_sentences]:
        assert find_damage(text) == [], text


def test_other_damage():
    assert [d.kind for d in find_damage("ab\ufffd")] == ["replacement-character"]
    assert [d.kind for d in find_damage("\ud800")] == ["surrogate"]
    assert [d.kind for d in find_damage("نص\x1a")] == ["control-character"]
    assert [d.kind for d in find_damage("????? ?? ??????")] == ["question-marks"]


# Words under one label

def test_one_label_words_agree_with_fisher_and_benjamini_hochberg():
    from scipy.stats import fisher_exact

    multipletests = pytest.importorskip("statsmodels.stats.multitest").multipletests
    draw = np.random.default_rng(0)
    labels = draw.choice(["a", "b", "c"], 400, p=[0.2, 0.3, 0.5]).tolist()
    words = [f"w{i}" for i in range(30)]
    texts = [" ".join(draw.choice(words, 6)) + (" only" if label == "a" and draw.random() < 0.3 else "") for label in labels]
    found = one_label_words(texts, labels)
    assert [c.word for c in found] == ["only"]
    tested = [w for w in sorted({*words, "only"}) if sum(w in t.split() for t in texts) >= 5]
    p, keys = [], []
    for label in "abc":
        for word in tested:
            has = np.array([word in t.split() for t in texts])
            mine = np.array(labels) == label
            table = [[(has & mine).sum(), (has & ~mine).sum()], [(~has & mine).sum(), (~has & ~mine).sum()]]
            p.append(fisher_exact(table, alternative="greater").pvalue)
            keys.append((label, word))
    q = multipletests(p, method="fdr_bh")[1]
    at = keys.index(("a", "only"))
    assert found[0].p_value == pytest.approx(p[at])
    assert found[0].q_value == pytest.approx(q[at])


def test_chance_alone_gives_no_cue():
    draw = np.random.default_rng(3)
    texts = [" ".join(draw.choice([f"w{i}" for i in range(2000)], 20)) for _ in range(1000)]
    assert one_label_words(texts, draw.choice(["a", "b"], 1000).tolist()) == []
    assert one_label_words(["x y"] * 20, ["a"] * 20) == []


# The check as a whole

def test_each_rule_is_found_at_its_place(tmp_path):
    other = "ناقش المجلس جدول أعماله في جلسة مغلقة أمس الثلاثاء"
    path = jsonl(
        tmp_path / "x.jsonl",
        {"id": "a", "text": ARABIC, "stance": "support", "actors": ["فرنسا"], "target": "ليبيا"},
        {"id": "b", "text": ARABIC + "!", "stance": "neutral"},
        {"id": "c", "text": other, "stance": "neutral"},
        {"id": "d", "text": other + " ", "stance": "neutral"},
        {"id": "e", "text": other.replace("أمس", "يوم"), "stance": "neutral"},
        {"id": "f", "text": other.replace("جلسة", "قاعة"), "stance": "abstain"},
        {"id": "a", "text": "نص قصير", "stance": "Support"},
        {"id": "h", "text": "  ", "stance": "support"},
        {"id": "i", "text": 5, "stance": "support"},
        {"id": "j", "stance": "support"},
        {"id": "k", "text": "نص بلا وسم"},
        {"id": "l", "text": "حرف\ufffd ضائع", "stance": "support"},
        {"id": "m", "text": ARABIC.encode("cp1256").decode("latin-1"), "stance": "support"},
        {"id": "n", "text": "كلمة " * 300, "stance": "support"},
        {"id": "o", "text": "رحبت مصر بالاتفاق", "stance": "support", "actors": ["مصرَ"], "target": None},
        {"id": "p", "text": "نص آخر", "stance": None},
        {"id": "q", "text": "رحبت قطر بالاتفاق وأشادت به", "stance": "support", "actors": ["قطر"], "target": "بالاتفاق"},
    )
    with path.open("ab") as handle:
        handle.write("نص".encode("cp1256") + b"\n[1]\n")
    test = jsonl(tmp_path / "test.jsonl", {"text": "«" + other + "»", "stance": "neutral"})
    report = check_labels([path], against=[test])
    assert rules(report) == {
        ("contradiction", 2), ("duplicate", 4), ("near-duplicate", 5), ("near-contradiction", 6), ("repeated-id", 7),
        ("unknown-label", 7), ("empty-text", 8), ("not-text", 9), ("missing-field", 10), ("missing-field", 11),
        ("replacement-character", 12), ("mojibake", 13), ("long-text", 14), ("span-not-in-text", 15), ("unreadable", 18),
        ("unreadable", 19), ("leakage", 3), ("leakage", 4), ("leakage", 5), ("leakage", 6), ("no-label", None),
    }  # fmt: skip
    messages = {(f.rule, f.line): f for f in report.findings}
    assert "is it 'support'?" in messages["unknown-label", 7].message
    assert "other spelling" in messages["span-not-in-text", 15].message
    assert messages["leakage", 3].others == (f"{test}:1",)
    assert {f.rule for f in report.findings} <= set(RULES)
    assert report.n_errors == sum(f.severity == "error" for f in report.findings)
    severities = [f.severity for f in report.findings]
    assert severities == sorted(severities)


def test_ones_own_labels_are_taken_as_found_and_can_be_mapped(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("tweet,stance\nنص أول,Favor\nنص ثان,Against\nنص ثالث,\n", encoding="utf-8")
    report = check_labels([path], text_field="tweet")
    assert report.schemes == {"stance": None}
    assert report.counts == {"stance": {"Against": 1, "Favor": 1}}
    assert rules(report) == {("no-label", None)}
    report = check_labels([path], text_field="tweet", mapping={"Favor": "support"})
    assert report.schemes == {"stance": "oppose"}
    assert rules(report) == {("no-label", None), ("unknown-label", 3)}
    assert rules(check_labels([path], text_field="tweet", scheme="default")) == {("no-label", None), ("unknown-label", 2), ("unknown-label", 3)}


def test_a_target_that_is_a_topic_is_no_span(tmp_path):
    path = jsonl(tmp_path / "x.jsonl", *({"text": f"نص {n}", "stance": "Favor", "target": "Covid vaccine"} for n in range(3)))
    assert "span-not-in-text" not in {f.rule for f in check_labels([path]).findings}


def test_a_text_may_have_a_label_for_each_target(tmp_path):
    path = jsonl(tmp_path / "x.jsonl", *({"text": ARABIC, "label": x, "about": y} for x, y in (("a", "p"), ("b", "q"), ("b", "p"), ("b", "q"))))
    assert {(f.rule, f.line) for f in check_labels([path]).findings if f.rule != "rare-label"} == {("contradiction", 2), ("contradiction", 3), ("contradiction", 4)}
    found = check_labels([path], within="about").findings
    assert {(f.rule, f.line) for f in found if f.rule != "rare-label"} == {("contradiction", 3), ("duplicate", 4)}
    with pytest.raises(LabelError, match=r"no record has a field 'x'; name the right one with --within"):
        check_labels([path], within="x")


def test_wrong_columns_are_named(tmp_path):
    path = jsonl(tmp_path / "x.jsonl", {"tweet": "نص", "view": "a"})
    with pytest.raises(LabelError, match=r"no record has a field 'text'; name the right one with --text-field. Fields there: tweet, view"):
        check_labels([path])
    with pytest.raises(LabelError, match=r"no label field; name it with --label-field"):
        check_labels([path], text_field="tweet")
    with pytest.raises(LabelError, match=r"no record has a field 'vue'"):
        check_labels([path], text_field="tweet", fields=["vue"])
    with pytest.raises(LabelError, match=r"similarity is 1.5"):
        check_labels([path], similarity=1.5)


def test_every_kind_of_file_gives_the_same_report(tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"text": [ARABIC, ARABIC, "نص، \"آخر\""], "stance": ["support", "neutral", None]})
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_csv(tmp_path / "a.tsv", index=False, sep="\t")
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_json(tmp_path / "a.jsonl", orient="records", lines=True, force_ascii=False)
    for suffix in ("csv", "tsv", "jsonl"):
        (tmp_path / f"a.{suffix}.gz").write_bytes(gzip.compress((tmp_path / f"a.{suffix}").read_bytes()))
    kinds = ("csv", "tsv", "parquet", "jsonl", "csv.gz", "tsv.gz", "jsonl.gz")
    found = [[(f.rule, f.id) for f in check_labels([tmp_path / f"a.{s}"]).findings] for s in kinds]
    assert all(each == found[0] for each in found)
    assert ("contradiction", None) in found[0]


def test_packed_files_are_found_in_folders_and_damage_is_named(tmp_path):
    lines = "".join(json.dumps({"id": n, "text": f"{ARABIC} {n * 7919}", "stance": "support"}) + "\n" for n in range(500))
    packed = gzip.compress(lines.encode())
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl.gz").write_bytes(packed)
    assert len(read_labels([tmp_path / "in"])) == label_statistics([tmp_path / "in"])["n_records"] == 500
    assert len(import_labels([tmp_path / "in" / "a.jsonl.gz"])[0]) == 500
    for data in (packed[: len(packed) // 2], packed[:300] + b"\xff" * 9 + packed[309:], b"none"):
        (tmp_path / "in" / "a.jsonl.gz").write_bytes(data)
        with pytest.raises(LabelError, match=r"a\.jsonl\.gz: damaged gzip file: .*; pack it again"):
            read_labels([tmp_path / "in"])
        assert "unreadable" in check_labels([tmp_path / "in"]).by_rule()


def test_the_own_corpus_has_no_error():
    report = check_labels([ROOT / "labels"])
    assert report.n_errors == 0
    assert set(report.by_rule()) <= {"one-label-word", "no-label"}  # two readers who differ on a sentiment leave none


def test_few_pairs_of_real_sentences_are_compared_in_full(real_sentences):
    """Else tens of thousands of sentences would take hours; the work is counted, not timed."""
    texts = [fold(t) for t in real_sentences[:10_000]]
    shingles = sameness._shingles(texts)
    prefixes = sameness._prefixes(shingles, np.diff(shingles.indptr).astype(np.int64), sameness.SIMILARITY)
    assert (prefixes @ prefixes.T).nnz < 0.02 * len(texts) ** 2


# Figures

def test_lengths_and_vocabulary():
    values = np.random.default_rng(0).integers(3, 200, 500).tolist()
    found = lengths(values)
    assert found["mean"] == pytest.approx(np.mean(values))
    assert found["p95"] == pytest.approx(np.percentile(values, 95))
    assert sum(found["histogram"]["counts"]) == 500
    assert len(found["histogram"]["edges"]) == len(found["histogram"]["counts"]) + 1 <= 13
    assert sum(lengths([5])["histogram"]["counts"]) == 1
    assert lengths([])["max"] == 0
    assert vocabulary(["ا ب ا", "بَ ج"]) == {"tokens": 5, "types": 3, "hapax": 1, "type_token_ratio": 0.6, "top": [["ا", 2], ["ب", 2], ["ج", 1]]}


def test_statistics_count_what_is_there(tmp_path):
    path = jsonl(tmp_path / "x.jsonl", *({"id": i, "text": "كلمة " * (i + 1), "stance": s, "sentiment": "neutral", "source": "x"} for i, s in enumerate(["support", "support", "abstain", ""])))
    found = label_statistics([path])
    assert found["labels"]["stance"]["support"] == {"n": 2, "share": 0.5, "mean_words": 1.5}
    assert found["crossed"]["abstain"] == {"neutral": 1}
    assert found["fields"] == {"source": {"x": 4}}
    (tmp_path / "y.jsonl").write_text("{\n")
    with pytest.raises(LabelError, match="1 unreadable line"):
        label_statistics([path, tmp_path / "y.jsonl"])


# The commands

def test_check_command_prints_plain_text_and_returns_three_for_errors(tmp_path):
    path = jsonl(tmp_path / "x.jsonl", {"text": "", "stance": "support"}, {"text": ARABIC, "stance": "no"}, {"text": "نص", "stance": "support"})
    out, _ = run("labels", "check", path, code=3)
    assert "error unknown-label" in out
    assert "2 errors" in out
    assert "\x1b" not in out
    whole = json.loads(run("labels", "check", path, "--format", "json", code=3)[0])
    assert whole["by_rule"] == {"empty-text": 1, "unknown-label": 1, "rare-label": 4}
    rows = [json.loads(line) for line in run("labels", "check", path, "--format", "jsonl", code=3)[0].splitlines()]
    assert rows == whole["findings"]
    assert run("labels", "check", path, "--format", "csv", code=3)[0].startswith("severity,rule,message,path,line,id,field,others")
    good = jsonl(tmp_path / "y.jsonl", {"text": ARABIC, "stance": "support"})
    run("labels", "check", good)
    run("labels", "check", good, "--against", good, code=3)
    _, err = run("labels", "check", "--map", "x", good, code=2)
    assert "expected OLD=NEW" in err


def test_stats_command():
    out, _ = run("labels", "stats", "labels")
    assert "Length in words" in out
    assert "█" in out
    assert json.loads(run("labels", "stats", "labels", "--format", "json")[0])["n_records"] > 5000


def test_the_page_names_every_rule_and_every_field_of_the_output():
    page = (ROOT / "stance" / "labels" / "README.md").read_text(encoding="utf-8")
    for rule, (severity, meaning) in RULES.items():
        assert f"| `{rule}` | {severity} | {meaning} |" in page
    for name in [*check_labels([ROOT / "labels" / "free.jsonl"]).to_dict(), *label_statistics([ROOT / "labels"])]:
        assert f"`{name}`" in page, name
