from __future__ import annotations

import unicodedata
from unittest.mock import patch

import pytest
from camel_tools.utils.dediac import dediac_ar
from camel_tools.utils.normalize import (
    normalize_alef_ar,
    normalize_alef_maksura_ar,
    normalize_teh_marbuta_ar,
    normalize_unicode,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.arabic import normalize, remembered
from stance.arabic.normalize import STEPS, Normalizer, derive
from stance.features.engine import pack_texts

FULL = derive()


def camel(text: str) -> str:
    for step in (normalize_unicode, dediac_ar, normalize_alef_ar, normalize_alef_maksura_ar, normalize_teh_marbuta_ar):
        text = step(text)
    text = text.replace("\u0640", "")  # camel-tools has no step for tatweel
    return "".join(str(unicodedata.decimal(c)) if unicodedata.category(c) == "Nd" else c for c in text).lower()


def test_table_equals_camel_tools_over_every_code_point():
    wrong = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000 and FULL(chr(code)) != camel(chr(code))]
    assert wrong == []


@given(st.text(alphabet=st.sampled_from("اأإآٱىةهيًٌّٰـ\u0653\u0654ﷲﻻ﷼﷽…\u00a0aÉe\u0301٣۴ΣσςİΑ ")))
def test_text_equals_camel_tools_where_neighbours_compose(text):
    assert FULL(text) == camel(text)


@given(st.text())
def test_normalising_arbitrary_text_equals_camel_tools(text):
    assert FULL(text) == camel(text)


def test_quick_check_never_overlooks_a_text_that_must_be_composed():
    quick = FULL.quick_check
    codes = [code for code in range(len(quick)) if quick[code] != 255]
    marks = [code for code in codes if quick[code]]
    assert 0x627 in codes
    assert 0x64E in marks
    for mark in marks:  # a mark after anything, in an order that the table accepts
        for code in codes:
            if quick[code] <= quick[mark]:
                assert unicodedata.is_normalized("NFKC", chr(code) + chr(mark)), (hex(code), hex(mark))
    text = "".join(chr(code) for code in codes if not quick[code])
    assert unicodedata.is_normalized("NFKC", text)


@settings(deadline=None)  # the first one loads the kernel
@given(st.lists(st.text(alphabet=st.sampled_from("اأآَِّٰٔﷲ﷼é e\u0301ΣA\u3000"), max_size=20), min_size=1, max_size=5))
def test_packed_texts_are_the_composed_ones(texts):
    codes, bounds = pack_texts(texts, FULL)
    assert ["".join(map(chr, codes[a:b])) for a, b in bounds.tolist()] == [FULL.compose(text) for text in texts]


def test_arrays_rebuild_the_same_table():
    arrays = FULL.arrays()
    again = Normalizer.from_arrays(FULL.steps, FULL.before, arrays["source"], arrays["start"], arrays["target"])
    assert again == FULL


def test_unknown_step_is_named():
    with pytest.raises(ValueError, match="'stemming'; expected some of: unicode"):
        derive(["stemming"])


def test_symbols_become_words_where_that_is_asked_for():
    told = derive([*STEPS, "symbols"])
    assert told.steps == (*STEPS, "symbols")
    assert told("شكرا👍🏽❤️").split() == ["شكرا", "thumbs_up_sign", "heavy_black_heart"]
    assert told("👩‍⚕️").split() == ["woman", "staff_of_aesculapius"]
    assert FULL("شكرا👍") == "شكرا👍"
    assert derive(["symbols"])("إلىَ ١ ©") == "إلىَ ١ ©"


@given(st.text())
def test_symbols_are_spelled_after_everything_else(text):
    told, spelled = derive([*STEPS, "symbols"]), derive(["symbols"])
    assert told(text) == spelled(FULL(text))


def test_no_steps_change_nothing():
    assert derive([])("إلىَ ١") == "إلىَ ١"
    assert set(derive(["alef"]).table) < set(FULL.table)
    assert len(STEPS) == len(set(STEPS))


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Return the folder where derived tables are kept, empty, and forget those that this process knows."""
    monkeypatch.setenv("STANCE_CACHE_DIR", str(tmp_path / "kept"))
    normalize._derive.cache_clear()
    yield tmp_path / "kept"
    normalize._derive.cache_clear()


def test_a_derived_table_is_kept_for_the_next_process_and_is_the_same(kept):
    fresh = derive()
    assert fresh == FULL
    assert len(list(kept.iterdir())) == 1  # and nothing half written
    normalize._derive.cache_clear()
    with patch.object(normalize, "_ask", side_effect=AssertionError("asked again")):
        again = derive()
        with pytest.raises(AssertionError, match="asked again"):
            derive(["tatweel"])  # other steps are another table
    assert again == fresh
    assert list(again.table) == list(fresh.table)


@pytest.mark.parametrize("changed", ["camel-tools", "source", "Unicode"])
def test_a_table_kept_under_other_circumstances_is_not_used(kept, monkeypatch, tmp_path, changed):
    derive()
    if changed == "camel-tools":
        monkeypatch.setattr(remembered, "version", lambda _: "99.0")
    elif changed == "Unicode":
        monkeypatch.setattr(remembered.unicodedata, "unidata_version", "99.0.0")
    else:
        (tmp_path / "normalize.py").write_text("# another", encoding="utf-8")
        monkeypatch.setattr(remembered, "__file__", str(tmp_path / "remembered.py"))
    assert remembered.recall(STEPS) is None
    monkeypatch.undo()
    monkeypatch.setenv("STANCE_CACHE_DIR", str(kept))
    assert remembered.recall(STEPS) is not None


@pytest.mark.parametrize("damage", [b"", b"{}", b"[1]", b"null", None])
def test_a_damaged_table_is_derived_anew(kept, damage):
    derive(["digits"])
    (file,) = kept.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b'"0"', b'"7"', 1) if damage is None else damage)
    assert file.read_bytes() != whole
    normalize._derive.cache_clear()
    assert derive(["digits"])("١٠") == "10"
    assert file.read_bytes() == whole


def test_no_place_to_keep_a_table_is_no_fault(kept, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    for nowhere in ("", str(tmp_path / "file")):
        monkeypatch.setenv("STANCE_CACHE_DIR", nowhere)
        normalize._derive.cache_clear()
        assert derive(["tatweel"])("سـلام") == "سلام"
    assert not kept.exists()
