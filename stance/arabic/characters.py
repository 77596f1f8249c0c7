r"""Which code points are part of a word and which are white space, as Python's `re` and `str.split` see them.

scikit-learn's token pattern asks `re` for ``\\w`` and its ``char_wb`` analyser asks `str.split` for white space. The
answers depend on the Unicode version of the running Python, so they too travel with the model, as runs of code points.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

CODE_POINTS = 0x110000
WORD, SPACE = 1, 2


def every_character() -> str:
    """Return all code points, in order, the halves of surrogate pairs among them."""
    return np.arange(CODE_POINTS, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")


def code_points(texts: Sequence[str]) -> npt.NDArray[np.uint32]:
    """Return the code points of texts, one after the other, (n,) uint32."""
    return np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype="<u4")


def text_bounds(texts: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return where each text begins and ends in `code_points`, (n_texts, 2) int64."""
    bounds = np.zeros((len(texts), 2), dtype=np.int64)
    np.cumsum(np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)), out=bounds[:, 1])
    bounds[1:, 0] = bounds[:-1, 1]
    return bounds


@cache
def character_runs() -> npt.NDArray[np.int32]:
    """Return the runs of this Python's word and space characters, shape (n, 3), int32.

    Each row is ``start, stop, kind`` (half open), with ``kind`` `WORD` or `SPACE`; rows are sorted by ``start``.
    """
    text = every_character()
    rows = [(m.start(), m.end(), WORD) for m in re.finditer(r"\w+", text)]
    rows += [(m.start(), m.end(), SPACE) for m in re.finditer(r"\s+", text)]
    return np.array(sorted(rows), dtype=np.int32)


def character_classes(runs: npt.NDArray[np.int32]) -> npt.NDArray[np.uint8]:
    """Expand runs to one byte a code point, shape (1114112,), uint8: 0 other, `WORD` or `SPACE`."""
    classes = np.zeros(CODE_POINTS, dtype=np.uint8)
    for start, stop, kind in runs.tolist():
        classes[start:stop] = kind
    return classes
