"""Cutting a sentence into phrases: runs of words that may name somebody, and what stands around them.

There is no parser here: phrases end where a function word, a verb, a stance cue, a clitic preposition or punctuation
stands. That is crude, fast, and good enough to choose among the phrases with `stance.actors.ranker`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from stance.actors.entities import EntityTable
from stance.features.lexicon import Lexicon, expand, stem

_TOKEN = re.compile(r"[^\W_](?:[\w\u064B-\u0652\u0670\u0640])*|[^\w\s]|_", re.UNICODE)
_QUOTES = frozenset("\"«»“”'‘’„")
STANCES = ("support", "oppose", "abstain")
IMPLIED = "implied"
"""Kind of a phrase that is a verb or a pronoun: its holder is named elsewhere, or not at all."""
_PRONOUNS = frozenset(("انه", "انها", "انهم", "بانه", "بانها", "اننا", "اننى", "فاننا", "لاننا", "انني", "نحن", "ونحن", "لكنه", "لكنها"))
_SPOKEN = {*STANCES, "report", "negation"}
_BREAKING = {"preposition", "particle", "relative", "pronoun", "report", "negation", "verb"}


@dataclass(slots=True)
class Token:
    """A word or a mark: its span in the text, its normalised form, its class, and the entity that starts at it."""

    start: int
    end: int
    form: str
    kind: str
    entity: tuple[str, str, int, str] | None = None


@dataclass(slots=True)
class Phrase:
    """A run of tokens that may name an actor or a target.

    Attributes
    ----------
    first, last : int
        Token indices, ``last`` excluded.
    clitic : str
        Prefixed conjunction and preposition of the first word.
    entities : list of (entity id, role)
    kinds : set of str
        Classes of the words in it.
    core : int
        Where the phrase ended before the names and complements that belong to it were joined to it.
    """

    first: int
    last: int
    clitic: str = ""
    entities: list[tuple[str, str]] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    core: int = 0


_FUTURE = re.compile(r"س[يتن][^ا]..+")
_TENTH = re.compile(r"است[^ا]{2,4}")
_SHE = re.compile(r"تست.{2,4}|ت[^ا]ت[^ايوه][^ه]")


_NOUNS_IN_T = frozenset(
    ["تقدم", "تطور", "تحول", "تدخل", "تعهد", "تردد", "تحفظ", "تمرد", "توتر", "تحرك", "تمسك", "توجه", "تهمه", "تجاه", "تبني", "تحدي", "تلقي", "تخلي", "تجار", "تراب", "تحيه", "تكتل", "تفوق", "تاخر", "تاثر", "تامر", "تركه", "تلال", "ترمب", "تامل", "تضرر", "تعذر", "تعدد", "تفرق", "تنوع", "توسع", "توقف", "توقع", "تونس", "تمور", "تمام", "تحسن", "تسلح", "تشدد", "تصلب", "تصور", "تسرب", "تكدس", "تهور"]
)


def _looks_like_a_verb(form: str) -> bool:
    """Guess from its shape whether a normalised word without article is a verb; nouns of that shape are rare."""
    n = len(form)
    return (
        (n > 3 and form[0] == "ي" and not form.endswith(("يه", "ي")))
        or (n > 3 and form.endswith("وا"))  # they did
        or (n > 3 and form.endswith("ت") and not form.endswith(("ات", "وت", "يت", "ست")))  # she did
        or _SHE.fullmatch(form) is not None
        or (n > 3 and form.startswith("تت"))  # she does, fifth and eighth form
        or (n == 4 and form[0] == "ت" and form not in _NOUNS_IN_T)
        or _FUTURE.fullmatch(form) is not None
        or (_TENTH.fullmatch(form) is not None and not form.endswith("ه"))
    )


class Phraser:
    """Cuts sentences into phrases.

    Parameters
    ----------
    normalize : callable
    lexicon : Lexicon
        Of the stance cues.
    words : dict of str to list of str
        Class to patterns, as in ``labels/entities/words.toml``.
    table : EntityTable
    """

    def __init__(
        self,
        normalize: Callable[[str], str],
        lexicon: Lexicon,
        words: dict[str, list[str]],
        table: EntityTable,
    ) -> None:
        self.normalize = lru_cache(1 << 16)(normalize)
        self.lexicon, self.words, self.table = lexicon, words, table
        self._classes: dict[str, str] = {}
        for name, patterns in words.items():
            for pattern in patterns:
                for form in expand(pattern):
                    self._classes.setdefault(normalize(form), name)
        self._kind = lru_cache(1 << 16)(self._find_kind)
        self._word = lru_cache(1 << 16)(self._read_word)
        self.cut = lru_cache(1 << 9)(self._cut)  # the sentences of an article are asked for more than once

    def _cue(self, form: str) -> str | None:
        """Return the group of a word of the lexicon; what is neither a stance nor a report is no class here."""
        found = self.lexicon.forms.get(form, "").partition(".")[0]
        return "report" if found == "call" else found if found in _SPOKEN else None

    def _find_kind(self, form: str) -> tuple[str, str]:
        """Return the class of a word and its prefixed clitics."""
        if found := self._classes.get(form):
            return found, ""
        stemmed = stem(form)
        if found := self._cue(form):
            return found, ""
        for rest, clitics in ((form[1:], form[:1]),) if len(form) > 3 and form[0] in "وف" else ():
            if found := self._classes.get(rest) or self._cue(rest):
                return found, clitics
        head = form[1:] if len(form) > 3 and form[0] in "وف" else form
        conj = form[: len(form) - len(head)]
        for prefix in ("لل", "بال", "كال"):
            if len(head) > len(prefix) + 2 and head.startswith(prefix):
                rest = "ال" + head[len(prefix) :]
                return self._classes.get(rest) or self._cue(stemmed) or "noun", conj + prefix[0]
        if len(head) > 3 and head[0] in "بل" and (found := self._classes.get(head[1:])):
            return found, conj + head[0]
        if found := self._cue(stemmed):
            return found, form[: len(form) - len(stemmed)].replace("ال", "")
        if conj and head.startswith("ال"):
            return "noun", conj
        if head.startswith("ال"):
            return "noun", ""
        return ("verb", conj) if _looks_like_a_verb(head) else ("word", "")

    def _read_word(self, piece: str) -> tuple[str, str]:
        """Return the normalised form of a word or mark, and its class."""
        if not piece[0].isalnum():
            return piece, "quote" if piece in _QUOTES else "mark"
        form = self.normalize(piece)
        if not form:
            return form, "mark"
        kind = "number" if form.isascii() and form.isdigit() else self._kind(form)[0]
        if kind in ("word", "noun") and "\u064b" in piece:  # nunation: an adverb, or the object; nobody's name
            kind = "indefinite"
        return form, kind

    def _cut(self, text: str) -> tuple[list[Token], list[Phrase]]:
        """Return tokens and phrases of a sentence; they are shared, and not to be changed."""
        tokens = self.tokens(text)
        return tokens, self.phrases(tokens)

    def forms(self, text: str) -> list[str]:
        """Return the normalised forms of the words and marks of a text, as `tokens` has them."""
        read = self._word
        return [read(piece)[0] for piece in _TOKEN.findall(text)]

    def tokens(self, text: str) -> list[Token]:
        """Return the words and marks of a text with their classes."""
        found = []
        for match in _TOKEN.finditer(text):
            form, kind = self._word(match.group())
            found.append(Token(match.start(), match.end(), form, kind))
        forms = [t.form for t in found]
        at = 0
        while at < len(found):
            if found[at].kind not in ("mark", "quote", "number") and (entity := self.table.match(forms, at)):
                found[at].entity = entity
                for k in range(at, at + entity[2]):
                    found[k].kind = "nisba" if entity[1] == "nisba" else "entity"
                at += entity[2]
            else:
                at += 1
        return found

    def phrases(self, tokens: list[Token]) -> list[Phrase]:
        """Return the phrases of a sentence, in order."""
        found: list[Phrase] = []
        current: Phrase | None = None
        covered = 0  # end of the entity that the walk is inside of
        for i, token in enumerate(tokens):
            if i < covered and current is not None:
                current.last = i + 1
                continue
            if token.kind == "quote":
                continue
            clitic = (
                token.entity[3] if token.entity else self._kind(token.form)[1] if token.kind != "mark" else ""
            )
            cue = token.kind in STANCES
            adjective = cue and current is not None and token.form.startswith("ال")
            if token.kind == "mark" or token.kind in _BREAKING or (cue and not adjective):
                current = None
                continue
            fresh = current is None or clitic or token.kind == "demonstrative"
            # a verb's subject and then its object: two names side by side are never one
            if token.entity and token.entity[1] != "nisba" and current is not None:
                named = current.kinds >= {"title", "nisba"} and tokens[i - 1].kind == "word"
                fresh = fresh or named or tokens[i - 1].kind == "entity"
            if current is not None and token.kind == "title" and current.kinds - {"title", "demonstrative"}:
                alone = current.last - current.first == 1 and tokens[current.first].kind == "noun"
                fresh = current.last - current.first > 6 or (alone and not token.form.startswith("ال"))
            fresh = fresh or stem(token.form) in _COUNTERPARTS  # "X to his counterpart Y": another person
            if fresh or current is None:
                current = Phrase(i, i + 1, clitic)
                found.append(current)
            current.last = i + 1
            current.kinds.add(token.kind)
            if token.entity:
                current.entities.append(token.entity[:2])
                covered = i + token.entity[2]
                current.last = min(covered, len(tokens))
        for phrase in found:
            phrase.core = phrase.last
        return _with_implied(tokens, _joined(tokens, found))

    def span(
        self, text: str, tokens: list[Token], phrase: Phrase, limit: int, *, whole: bool = False
    ) -> tuple[int, int]:
        """Return where a phrase lies in the text, without its clitics, and its core at most `limit` words long.

        Unless the `whole` is asked for, what does not belong to the name in it is left out.
        """
        last = min(phrase.core if whole else _own_end(tokens, phrase), phrase.first + limit)
        if phrase.last > phrase.core == last:
            last = phrase.last
        while last - 1 > phrase.first and tokens[last - 1].kind in ("quote", "number", "demonstrative"):
            last -= 1
        start, end = tokens[phrase.first].start, tokens[last - 1].end
        for letter in phrase.clitic:
            if text[start] == letter and text[start + 1 : start + 2] != "ل":
                start += 1
        if text[start : start + 1] in "وف" and phrase.clitic[:1] == text[start : start + 1]:
            start += 1
        return start, end

    def to_dict(self) -> dict[str, Any]:
        """Return what is needed to build the phraser again, as plain data (without its normaliser)."""
        return {
            "words": [[name, patterns] for name, patterns in self.words.items()],  # a word belongs to the first that has it
            "lexicon": {"roles": self.lexicon.roles, "forms": self.lexicon.forms},
            "entities": [[e.id, e.name, e.kind] for e in self.table.entities.values()],
            "forms": [[" ".join(words), *target] for words, target in self.table.forms.items()],
        }


_COUNTERPARTS = frozenset(["نظيره", "نظيرها", "نظيرته", "نظيرتها", "نظرائه", "نظرائها", "نظراءه", "نظراءها", "نظراؤه", "نظراؤها"])
_KEPT = frozenset(["الحالي", "الحاليه", "السابق", "السابقه", "الاسبق", "الراحل", "المنتخب", "المنتخبه", "الجديد", "الجديده", "العام", "العامه", "الاول", "الاعلي", "الدايم", "الموقت", "الشقيق", "الشقيقه"])


def _own_end(tokens: list[Token], phrase: Phrase) -> int:
    """Return where the words end that belong to a phrase with a known name in it.

    Without a parser ``مصر الكامل`` and ``الحكومة الكينية التعليق`` look like one phrase; after the name of a state or its
    nisba only a few adjectives and, after an office, the name of a person go on.
    """
    named = [i for i in range(phrase.first, phrase.core) if tokens[i].kind in ("entity", "nisba")]
    head = tokens[phrase.first].kind
    if not named or head not in ("entity", "body", "title"):
        return phrase.core
    if head == "entity":
        end = phrase.first + 1
        while end < phrase.core and tokens[end].kind in ("entity", "nisba"):
            end += 1
    else:
        end = named[-1] + 1
    while end < phrase.core and tokens[end].form in _KEPT:
        end += 1
    if head == "title" and (phrase.core - end > 1 or (end < phrase.core and not tokens[end].form.startswith("ال"))):
        end = min(phrase.core, end + 4)  # a name; one more word with the article is rather what the verb is about
    return end


_WITHIN = ("في", "لدي", "الي")
_SPEAKS_FOR = frozenset(("باسم", "لشؤون", "للشؤون", "لشوون", "للشوون", "لسياسه", "بوزاره", "بمجلس"))
_OF = {"entity", "nisba", "body", "title"}
JOINED_WORDS = 18
"""Longest run of words that is joined to one phrase."""


def _joined(tokens: list[Token], phrases: list[Phrase]) -> list[Phrase]:
    """Join to an office what belongs to it: whose it is, where, and the name of who holds it.

    ``رئيس بعثة الأمم المتحدة | في ليبيا | فلان`` names one person, and so does ``فلان، | المتحدث باسم الوزارة``.
    """
    found: list[Phrase] = []
    for phrase in phrases:
        if found and phrase.last - found[-1].first <= JOINED_WORDS and _belongs(tokens, found[-1], phrase):
            whole = found[-1]
            whole.last = phrase.last
            whole.entities += phrase.entities
            whole.kinds |= phrase.kinds
        else:
            found.append(phrase)
    return found


_HONOURS = frozenset(("معاليه", "سموه", "فخامته", "جلالته", "سعادته", "سيادته", "معاليها", "سموها"))
_SOME_OF = frozenset(["كثير", "الكثير", "العديد", "عدد", "بعض", "اغلب", "معظم", "عشرات", "مءات", "مئات", "احد", "مجموعه", "جزء"])


def _belongs(tokens: list[Token], whole: Phrase, part: Phrase) -> bool:
    between = tokens[whole.last : part.first]
    head, first = tokens[whole.first].kind, tokens[part.first]
    if between and between[-1].form == "من" and len(between) == 1 and not part.clitic:
        return tokens[whole.last - 1].form in _SOME_OF and whole.last - whole.first == 1
    if not between:
        if part.clitic == "و" and first.kind == head and head in ("entity", "body"):  # the government and the people of
            return True
        if "title" not in whole.kinds and head != "body":
            return False
        if tokens[whole.first].form in _HONOURS or stem(first.form) in _COUNTERPARTS:
            return False
        if part.clitic == "ل":
            return first.kind in _OF or first.form in _SPEAKS_FOR
        if part.clitic == "ب":
            return first.form in _SPEAKS_FOR
        # "the president of the mission of the UN in Libya | so-and-so": cut before because the title begins a new phrase
        return part.clitic == "" and first.kind == "title" and tokens[part.first - 1].kind != "demonstrative"
    if len(between) > 1 or "title" not in whole.kinds | part.kinds:
        return False
    if between[0].form in _WITHIN:
        return "title" in whole.kinds and not part.clitic and first.kind in ("entity", "body")
    if between[0].form in "،,":
        # A name beside its office, in either order; a list of people is joined by conjunctions instead.
        office, name = (whole, part) if "title" in whole.kinds else (part, whole)
        if tokens[name.first].form[0] in "وف" and name is part:  # a clitic that cannot be told from a letter of the name
            return False
        return not part.clitic and tokens[office.first].kind == "title" and name.kinds <= {"word", "noun", "title", "quote"}
    return False


def _next_word(tokens: list[Token], at: int) -> int:
    return next((i for i in range(at + 1, len(tokens)) if tokens[i].kind != "quote"), len(tokens))


def _with_implied(tokens: list[Token], phrases: list[Phrase]) -> list[Phrase]:
    """Add the verbs and pronouns that stand for a holder who is not named: ``وقال إن …``, ``إننا نرفض …``."""
    begun = {phrase.first for phrase in phrases}
    covered = {i for phrase in phrases for i in range(phrase.first, phrase.last)}
    implied = [
        Phrase(i, i + 1, kinds={IMPLIED}, core=i + 1)
        for i, token in enumerate(tokens)
        if i not in covered
        and (
            (token.kind in ("report", *STANCES) and _next_word(tokens, i) not in begun and not token.form.startswith("ال"))
            or token.kind == "pronoun"
            or token.form in _PRONOUNS
        )
    ]
    return sorted([*phrases, *implied], key=lambda phrase: phrase.first)
