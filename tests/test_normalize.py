from __future__ import annotations

import unicodedata

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
