"""What several tests share.

The tests run in as many processes as there are processors, a file at a time (pytest-xdist; the options are in
pyproject.toml). ``-n 0`` runs them in one process, as a debugger needs it. What takes minutes and adds little is
sampled; ``STANCE_TESTS=all`` in the environment takes all of it: every real sentence, and many more kills.
"""

from __future__ import annotations

import atexit
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:  # the workers share the processors; more threads would only wait for each other
    for _library in ("OMP", "OPENBLAS", "MKL"):
        os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
HOSTILE = [
    "", " ", "\t\n ", "a", "ا", "🇱🇾 سلام 🕊️", "e\u0301\u0301 لـُـغـَـة", "\u200f\u200eنص\u200c مخفي", "ﷺ ﷼ ﻻ ﷽",
    "ΣΑΣ ΟΔΟΣ İstanbul", "x" * 5000, "و" * 3000, "ا ب ت ث", "\ud800 ناقص", "12 ٣٤ 5،6", "_ __ ___", "a\u00a0b\u3000c\x85d\x1ce",
    "\x1e\x1f", "كلمة" + "\u0651" * 50, "ab cd ab cd ab cd",
]  # fmt: skip


os.environ["STANCE_CACHE_DIR"] = tempfile.mkdtemp(prefix="stance-tests-")  # nothing of this user's is read or written
atexit.register(shutil.rmtree, os.environ["STANCE_CACHE_DIR"], ignore_errors=True)

WHOLE = os.environ.get("STANCE_TESTS") == "all"
KERNEL = ROOT / "stance" / "features"
COMPILED = {"features/kernel.py": "kernel.count_documents", "arabic/cutting.py": "cutting.find_pieces"}


def is_compiled(what: tuple[str, str]) -> bool:
    path = ROOT / "stance" / what[0]
    cached = [found.stat().st_mtime for found in path.parent.glob(f"__pycache__/{what[1]}*.nbi")]
    return bool(cached) and min(cached) >= path.stat().st_mtime


def pytest_configure(config: pytest.Config) -> None:
    """Compile the kernel before the workers begin, or each of them would do it, and what they start too."""
    if hasattr(config, "workerinput") or config.option.collectonly or all(map(is_compiled, COMPILED.items())):
        return
    subprocess.run([sys.executable, "-c", COMPILE], cwd=ROOT, check=False)  # what is wrong, the tests will say


COMPILE = """
import numpy
from stance.features.blocks import Block
from stance.features.space import learn_space
learn_space(["نص آخر"] * 200, [Block("word")]).transform(["نص"] * 200)
import stance
stance.predict_proba(["نص"] * 200)
from stance.arabic.batches import split_many
split_many(["نص"])
"""


def sampled(sentences: list[str], every: int = 8) -> list[str]:
    """Return every eighth sentence in the order of their lengths, and each that has a character which few others have."""
    seen = Counter(c for sentence in sentences for c in set(sentence))
    ordered = sorted(sentences, key=len)
    return [s for i, s in enumerate(ordered) if i % every == 0 or any(seen[c] < 4 * every for c in set(s))]


@pytest.fixture(scope="session")
def real_sentences() -> list[str]:
    """Real sentences: a sample of all lengths with every character that occurs, or all 40,000 with ``STANCE_TESTS=all``."""
    path = SHARED / "articles" / "sentences-40k.txt.gz"
    if not path.exists():
        pytest.skip("the shared corpus is not here: ../shared/articles/sentences-40k.txt.gz")
    with gzip.open(path, "rt", encoding="utf-8") as handle:
        sentences = [line.rstrip("\n") for line in handle]
    return sentences if WHOLE else sampled(sentences)


@pytest.fixture(scope="session")
def own_sentences() -> list[str]:
    lines = (ROOT / "labels" / "free.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines]
