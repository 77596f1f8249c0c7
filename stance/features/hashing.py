"""64-bit fingerprints of features, in plain Python.

A feature is a tuple of strings (one character n-gram; the words of a word n-gram; a cue, a side and a neighbour). Its
fingerprint folds the hashes of its parts, starting from a seed that belongs to its block, so that the same n-gram in
two blocks has two fingerprints. `stance.features.kernel` computes the same numbers in compiled code.

The hash is multiply-xorshift: every step is a bijection of the state for a given character, so that two texts that
differ in one character never collide. Any other collision is looked for when a vocabulary is built.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

MASK = (1 << 64) - 1
START = 0x9E3779B97F4A7C15
STEP = 0xD6E8FEB86659FD93
FOLD = 0xFF51AFD7ED558CCD


def text_hash(text: str) -> int:
    """Return the 64-bit hash of a string, by code points."""
    value = START
    for character in text:
        value = ((value ^ ord(character)) * STEP) & MASK
        value ^= value >> 32
    return value


_part_hash = lru_cache(maxsize=1 << 16)(text_hash)


def fingerprint(seed: int, parts: Sequence[str]) -> int:
    """Return the 64-bit fingerprint of a feature.

    Parameters
    ----------
    seed : int
        The block's seed, from `block_seed`.
    parts : sequence of str
        The strings that make up the feature.
    """
    value = seed
    for part in parts:
        value = ((value ^ _part_hash(part)) * FOLD) & MASK
        value ^= value >> 32
    return value


def block_seed(salt: int, block: int) -> int:
    """Return the seed of block number `block` under a salt (another salt is tried when fingerprints collide)."""
    return text_hash(f"{salt}/{block}")
