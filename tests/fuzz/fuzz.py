"""Coverage-guided fuzzing with atheris (pip install atheris), one target a run.

    python tests/fuzz/fuzz.py readers|segmenter|kernel|loader [-max_total_time=60] [CORPUS_FOLDER]

What is found ends the run with the bytes in a file ``crash-...``; keep them as a test in tests/test_fuzz.py. The same
checks run there under hypothesis, in bounded time.
"""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["stance"]):
    from stance.arabic import sentences
    from stance.articles import archives, charsets, delimited, documents, fields, markup, rejects, tables  # noqa: F401
    from stance.articles.documents import DocumentReader, ReadLimits
    from stance.articles.rejects import reject_line
    from stance.model import artifact, classifier  # noqa: F401

import numpy as np

import stance
from stance.errors import ArtifactError
from stance.model.classifier import merge_logits

SUFFIXES = [".txt", ".jsonl", ".json", ".csv", ".tsv", ".html", ".jsonl.gz", ".parquet", ".docx", ".pdf", ".txt.gz"]
LIMITS = ReadLimits(record_bytes=1 << 16, whole_bytes=1 << 18, unpacked_bytes=1 << 20, html_bytes=1 << 16)
FOLDER = Path(tempfile.mkdtemp())


def readers(data: bytes) -> None:
    """Any bytes under any suffix: read, or reported, never more; what is read can be written."""
    if not data:
        return
    suffix = SUFFIXES[data[0] % len(SUFFIXES)]
    failures = []
    reader = DocumentReader(on_error=failures.append, limits=LIMITS)
    found = list(reader.read_stream(io.BytesIO(data[1:]), "x", "x" + suffix))
    for document in found:
        for text in (document.text, document.title or "", document.id, document.date or ""):
            text.encode()
    for failure in failures:
        reject_line(failure).decode()


def segmenter(data: bytes) -> None:
    """Pieces in order, without overlap, stripped; together all that is visible but ornament."""
    text = data.decode("utf-8", "replace")
    for semicolons in (False, True):
        end = 0
        for span in sentences.split_sentences(text, semicolons=semicolons):
            assert end <= span.start < span.end <= len(text)
            assert text[span.start : span.end].strip() == text[span.start : span.end]
            end = span.end


def kernel(data: bytes) -> None:
    """The compiled kernel says what plain Python says."""
    model = stance.load()
    text = data.decode("utf-8", "surrogatepass" if len(data) % 2 else "replace") if _decodes(data) else data.decode("latin-1")
    found = model.decision_function([text], threads=1)[0]
    indices, values = model.space.row(text)
    plain = merge_logits((model.intercepts + model.coefficients[:, indices] @ values)[None], model.places)[0]
    assert np.allclose(found, plain, atol=1e-4)


def _decodes(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def loader(data: bytes) -> None:
    """A model or an ArtifactError."""
    path = FOLDER / "x.joblib"
    path.write_bytes(data)
    with contextlib.suppress(ArtifactError):
        classifier.load_model(path)


TARGETS = {"readers": readers, "segmenter": segmenter, "kernel": kernel, "loader": loader}


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"name a target: {', '.join(TARGETS)}")
    target = TARGETS[sys.argv.pop(1)]
    stance.load().predict_proba(["نص"] * 200)
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
