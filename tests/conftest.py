"""What several tests share."""

from __future__ import annotations

import atexit
import gzip
import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
HOSTILE = [
    "", " ", "\t\n ", "a", "ا", "🇱🇾 سلام 🕊️", "e\u0301\u0301 لـُـغـَـة", "\u200f\u200eنص\u200c مخفي", "ﷺ ﷼ ﻻ ﷽",
    "ΣΑΣ ΟΔΟΣ İstanbul", "x" * 5000, "و" * 3000, "ا ب ت ث", "\ud800 ناقص", "12 ٣٤ 5،6", "_ __ ___", "a\u00a0b\u3000c\x85d\x1ce",
    "\x1e\x1f", "كلمة" + "\u0651" * 50, "ab cd ab cd ab cd",
]  # fmt: skip


os.environ["STANCE_CACHE_DIR"] = tempfile.mkdtemp(prefix="stance-tests-")  # nothing of this user's is read or written
atexit.register(shutil.rmtree, os.environ["STANCE_CACHE_DIR"], ignore_errors=True)


@pytest.fixture(scope="session")
def real_sentences() -> list[str]:
    path = SHARED / "articles" / "sentences-40k.txt.gz"
    if not path.exists():
        pytest.skip("the shared corpus is not here: ../shared/articles/sentences-40k.txt.gz")
    with gzip.open(path, "rt", encoding="utf-8") as handle:
        return [line.rstrip("\n") for line in handle]


@pytest.fixture(scope="session")
def own_sentences() -> list[str]:
    lines = (ROOT / "labels" / "free.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines]
