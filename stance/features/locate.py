"""Where the features of a text stand in it: the same features in the same order as `analyze`, each with its places.

Places are in the *normalised* text that the analysers see; `stance.arabic.align` carries them to the original.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from stance.features.blocks import _TOKEN, Analysis, Block, Feature, analyze
from stance.features.lexicon import class_group

Place = tuple[int, int]
Places = tuple[Place, ...]


def _token_places(analysis: Analysis, token: str) -> list[Place]:
    """Return the place of each token: all of it, or what is left of it without its clitics where only that is seen."""
    found = []
    forms = getattr(analysis, token)
    for match, form in zip(_TOKEN.finditer(analysis.text), forms, strict=True):
        clitics = len(match[0]) - len(form) if match[0].endswith(form) else 0  # a masked word stands as a whole
        found.append((match.start() + clitics, match.end()))
    return found


def _char_places(analysis: Analysis, block: Block) -> Iterator[Places]:
    shortest, longest = block.ngram_range
    for match in re.finditer(r"\S+", analysis.text):
        low, high = match.span()
        size = high - low + 2  # a space on either side, which stands nowhere
        if size <= shortest:
            yield ((low, high),)
            continue
        for first in range(size - shortest + 1):
            for n in range(shortest, min(longest, size - first) + 1):
                yield ((max(low, low - 1 + first), min(high, low - 1 + first + n)),)


def _word_places(analysis: Analysis, block: Block) -> Iterator[Places]:
    places = _token_places(analysis, block.token)
    shortest, longest = block.ngram_range
    for first in range(len(places)):
        for n in range(shortest, min(longest, len(places) - first) + 1):
            yield tuple(places[first : first + n])


def _cue_places(analysis: Analysis, block: Block) -> Iterator[Places]:
    places = _token_places(analysis, block.token)
    for cue in analysis.cues:
        for other in range(max(0, cue - block.window), min(len(places), cue + block.window + 1)):
            if other != cue:
                pair = tuple(sorted((places[cue], places[other])))
                yield pair
                yield pair


def _outline_places(analysis: Analysis, block: Block) -> Iterator[Places]:
    places = _token_places(analysis, block.token)
    cues = analysis.cues
    yield ()  # how many cues there are is said of the sentence, not of a part of it
    if not cues:
        return
    first = cues[0]
    yield (places[first],)
    yield (places[first],)
    yield tuple(places[i] for i in cues[:3])
    yield (places[first],)
    roles = analysis.lexicon.roles
    for name in roles:
        if roles[name] in ("mask", "mark"):
            named = tuple(places[i] for i, c in enumerate(analysis.classes[:first]) if c == name)
            if named:
                yield (*named, places[first])


def _class_places(analysis: Analysis, block: Block) -> Iterator[Places]:
    places = [place for place, c in zip(_token_places(analysis, block.token), analysis.classes, strict=True) if c]
    shortest, longest = block.ngram_range
    for first in range(len(places)):
        for n in range(shortest, min(longest, len(places) - first) + 1):
            yield tuple(places[first : first + n])


def _cue_class_places(analysis: Analysis, block: Block) -> Iterator[Places]:
    places = _token_places(analysis, block.token)
    for cue in analysis.cues:
        kind = analysis.classes[cue]
        for other in range(max(0, cue - block.window), min(len(places), cue + block.window + 1)):
            if other != cue and analysis.classes[other]:
                pair = tuple(sorted((places[cue], places[other])))
                for _ in range(2 if class_group(kind) == kind else 3):
                    yield pair


def _class_pair_places(analysis: Analysis, block: Block) -> Iterator[Places]:
    places = _token_places(analysis, block.token)
    of: dict[str, list[Place]] = {}
    for place, name in zip(places, analysis.classes, strict=True):
        if name:
            of.setdefault(name, []).append(place)
            if (group := class_group(name)) != name:
                of.setdefault(group, []).append(place)
    for centre, _, name in analyze(analysis, block):
        yield tuple(sorted({*of[centre[1:-1]], *of[name[1:-1]]}))


_LOCATE: dict[str, Callable[[Analysis, Block], Iterator[Places]]] = {
    "char_wb": _char_places,
    "word": _word_places,
    "cue": _cue_places,
    "outline": _outline_places,
    "class": _class_places,
    "cue_class": _cue_class_places,
    "class_pair": _class_pair_places,
}


def locate(analysis: Analysis, block: Block) -> Iterator[tuple[Feature, Places]]:
    """Yield the features of a text with their places, repeats included.

    Parameters
    ----------
    analysis : Analysis
    block : Block

    Yields
    ------
    feature : tuple of str
        As `analyze` gives it, in its order.
    places : tuple of (int, int)
        Half-open ranges of ``analysis.text`` that the feature was read from: one for a character n-gram, one a word
        for n-grams of words and for cue pairs, none for what is said of the sentence as a whole.
    """
    return zip(analyze(analysis, block), _LOCATE[block.analyzer](analysis, block), strict=True)
