"""What is looked at to choose a phrase: what it is made of, what stands around it, and where the stance's cue is."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from stance.actors.phrases import IMPLIED, STANCES, Phrase, Token

_MADE_OF = {IMPLIED, "title", "body", "entity", "nisba", "outside", "demonstrative", "number"}
_GAPS = ((1, "0"), (4, "1-2"), (7, "3-5"), (13, "6-11"))
_SPEECH = frozenset(("report", *STANCES))
_VERBAL = frozenset(("verb", *_SPEECH))
_THAT = frozenset(("ان", "بان", "لان", "وان", "فان", "بين"))
_OBJECT = frozenset(("ل", "ب", "من", "في", "علي", "مع", "الي", "عن", "وب"))


@dataclass(slots=True)
class _Around:
    """What stands around a phrase, quotation marks aside, and which part it seems to have in the sentence."""

    left: Token | None
    before: Token | None
    right: Token | None
    after: Token | None
    then: str
    part: str = "-"


@dataclass(slots=True)
class _Sentence:
    """A sentence with what all its phrases look at."""

    tokens: list[Token]
    label: str
    named: list[Phrase]
    starts: list[int]
    verbal: list[int]
    cues: list[int]
    first_spoken: Phrase | None
    speech: int | None


def sentence_features(tokens: list[Token], phrases: list[Phrase], label: str) -> list[list[str]]:
    """Return the names of the features of every phrase under a stance; the ranker's weights are by these names."""
    named = [q for q in phrases if IMPLIED not in q.kinds]
    speech = next((i for i, t in enumerate(tokens) if t.kind in _SPEECH), None)
    sentence = _Sentence(
        tokens, label, named, [q.first for q in named],
        [i for i, t in enumerate(tokens) if t.kind in _VERBAL], [i for i, t in enumerate(tokens) if t.kind == label],
        None if speech is None else next((q for q in named if q.first > speech), None), speech,
    )  # fmt: skip
    around = [_around(sentence, p) for p in phrases]
    parts = [a.part for a in around if a.part not in ("-", "implied")]
    found = []
    for p, a in zip(phrases, around, strict=True):
        others = list(parts)
        if a.part in others:
            others.remove(a.part)
        found.append(_phrase_features(sentence, p, a, "+".join(sorted(set(others)))))
    return found


def _phrase_features(s: _Sentence, p: Phrase, a: _Around, beside: str) -> list[str]:
    tokens, label = s.tokens, s.label
    left, right = _side(a.left, label), _side(a.right, label)
    words = sum(t.kind != "mark" for t in tokens[p.first : p.last])
    made = "+".join(sorted(p.kinds & _MADE_OF)) or "plain"
    head, then = tokens[p.first].kind, a.then
    at = bisect_left(s.starts, p.first)
    place = "first" if at == 0 else "second" if at == 1 else "early" if at < 4 else "late"
    quotes = sum(t.kind == "quote" for t in tokens[: p.first]) % 2
    found = [
        f"made={made}", f"head={head}", f"left={left}", f"right={right}", f"clitic={p.clitic}", f"place={place}",
        f"words={min(words, 6)}", f"quoted={quotes}", f"left={left}&head={head}", f"left={left}&made={made}",
        f"place={place}&head={head}", f"clitic={p.clitic}&head={head}",
        f"left2={_side(a.before, label)}&left={left}", f"right={right}&right2={_side(a.after, label)}",
        f"headword={tokens[p.first].form if head in ('body', 'title', 'outside') else '-'}",
        f"label={label}&left={left}", f"label={label}&place={place}", f"joined={p.last > p.core}",
        f"right={right}&made={made}", f"left={left}&right={right}", f"left={left}&right={right}&head={head}",
        f"left={left}&before={_side(a.before, label)}&head={head}",
        f"left={left}&then={then}", f"left={left}&then={then}&head={head}",
        f"part={a.part}", f"part={a.part}&beside={beside}", f"part={a.part}&head={head}",
    ]  # fmt: skip
    found += _shapes("w", tokens[p.first]) + _shapes("z", tokens[p.core - 1])
    found += _shapes("l", a.left) if a.left else ["l=edge"]
    found += _shapes("r", a.right) if a.right else ["r=edge"]
    found += [f"role={role}" for role in sorted({role for _, role in p.entities})]
    return found + _subject(s, p, left) + _cue(s, p, head, left, place)


def _around(s: _Sentence, p: Phrase) -> _Around:
    tokens = s.tokens
    left, before = _words(tokens, range(p.first - 1, -1, -1))
    right, after = _words(tokens, range(p.last, len(tokens)))
    found = _Around(left, before, right, after, _then(s, p))
    if IMPLIED in p.kinds:
        found.part = "implied"
    elif left is not None and left.kind == s.label:
        found.part = "cue-noun's" if found.then in _OBJECT else "after-cue"
    elif left is not None and left.kind == "report":
        found.part = "speaker"
    elif right is not None and right.kind in _VERBAL:
        cue = "cue" if right.kind == s.label else "verb"
        found.part = f"that-{cue}" if left is not None and left.form in _THAT else f"before-{cue}"
    elif left is not None and left.form in _THAT:
        found.part = "that"
    return found


def _words(tokens: list[Token], places: range) -> tuple[Token | None, Token | None]:
    """Return the next two tokens on one side, as if there were no quotation marks."""
    first = None
    for i in places:
        if tokens[i].kind != "quote":
            if first is not None:
                return first, tokens[i]
            first = tokens[i]
    return first, None


def _then(s: _Sentence, p: Phrase) -> str:
    """Return the preposition after a phrase, free or a clitic: ``ترحيب القاهرة | ب…`` has its subject before one."""
    at = bisect_left(s.starts, p.last)
    if at < len(s.named) and s.named[at].first == p.last:
        return s.named[at].clitic or "-"
    token = s.tokens[p.last] if p.last < len(s.tokens) else None
    return "edge" if token is None else token.form if token.kind == "preposition" else token.kind


def _shapes(where: str, token: Token) -> list[str]:
    form = token.form
    if token.kind in ("entity", "nisba", "number") or not form[:1].isalpha():  # which state it is must not matter
        return [f"{where}={token.kind if form[:1].isalpha() else form}"]
    return [f"{where}={form}", f"{where}<{form[:2]}", f"{where}>{form[-2:]}", f"{where}^{form[:1]}{form[-1:]}{min(len(form), 7)}"]


def _subject(s: _Sentence, p: Phrase, left: str) -> list[str]:
    """Return features of the verbs to both sides: the holder is mostly the subject of a verb of speech or of the cue."""
    found = []
    at = bisect_left(s.verbal, p.first)
    if at:
        verb = s.verbal[at - 1]
        between = bisect_left(s.starts, p.first) - bisect_right(s.starts, verb)
        kind = _side(s.tokens[verb], s.label)
        found += [f"verb={kind}&between={min(between, 3)}", f"verb={kind}&between={min(between, 2)}&clitic={p.clitic}"]
        if not between:
            found.append(f"verbword={s.tokens[verb].form}")
    else:
        found.append("verb=none")
    at = bisect_left(s.verbal, p.last)
    if at < len(s.verbal):
        following = s.verbal[at]
        between = bisect_left(s.starts, following) - bisect_left(s.starts, p.last)
        kind = _side(s.tokens[following], s.label)
        found += [f"next={kind}&between={min(between, 2)}", f"next={kind}&left={left}"]
    if s.speech is not None:
        found.append(f"first-after-speech={s.first_spoken is p}&{s.tokens[s.speech].kind == s.label}")
    return found


def _cue(s: _Sentence, p: Phrase, head: str, left: str, place: str) -> list[str]:
    if not s.cues:
        return ["no-cue", f"no-cue&place={place}&head={head}", f"no-cue&left={left}&place={place}"]
    near = min(s.cues, key=lambda i: min(abs(i - p.first), abs(i - p.last + 1)))
    gap = near - p.last if near >= p.last else near - p.first
    size = "0" if gap in (0, -1) else next((name for limit, name in _GAPS if abs(gap) < limit), "far")
    side = "cue-after" if near >= p.last else "cue-before" if near < p.first else "cue-inside"
    first = "first-cue" if near == s.cues[0] else "later-cue"
    low, high = min(near, p.first), max(near, p.first)
    between = max(0, bisect_left(s.starts, high) - bisect_right(s.starts, low))
    form = s.tokens[near].form
    return [
        f"{side}={size}", f"{side}={size}&clitic={p.clitic}", f"{side}={size}&head={head}", f"{side}&{first}",
        f"{side}={size}&left={left}", f"{side}&place={place}", f"cueword={form}&{side}",
        f"{side}&between={min(between, 4)}", f"{side}&between={min(between, 4)}&clitic={p.clitic}",
        f"{side}&ends={form[-2:]}&between={min(between, 2)}",
    ]  # fmt: skip


def _side(token: Token | None, label: str) -> str:
    if token is None:
        return "edge"
    if token.kind in STANCES:
        return "cue" if token.kind == label else "other-cue"
    if token.kind in ("preposition", "particle"):
        return token.form
    return token.kind if token.kind != "mark" else f"mark{token.form}"
