"""Phrases that name nobody: particles, adverbs, demonstratives and verbs that the phraser took for names.

There is no parser and no dictionary behind the phrases, so that ``وربما`` or ``يحق`` can stand alone as one, and win where a
sentence has no better holder. The words are few and frequent; a name that is not listed is never lost.
"""

from __future__ import annotations

from collections.abc import Sequence

from stance.actors.phrases import Phrase, Token

_LISTED = """
ربما لعل لعله عسي قد لقد سوف ايضا كذلك كذا هكذا بالتالي بالطبع طبعا حقا فعلا اصلا مثلا خصوصا خاصه لاسيما عموما غالبا
اولا ثانيا ثالثا رابعا خامسا اخيرا سابقا لاحقا حاليا قريبا دايما ابدا قط نعم كلا بلي بيد غير سوي رغم الرغم برغم بالرغم عدا
فضلا علاوه نظرا وفقا طبقا تبعا استنادا تمهيدا تاكيدا تزامنا تزامن ردا عوضا بدلا مهما حيثما كلما طالما بينما حينما عندما
شيء شييا عددا مزيدا مزيد المزيد معا سويا جدا كثيرا قليلا تقريبا بمعني لاشك شك لابد بد واضح الواضح ملخص المقصود
هو هي هم هما نحن انا انت انتم هولاء هذا هذه هذان ذلك تلك الذي التي الذين
يحق ينص يعد يتم يجب يكفي يعني ينبغي يبدو يبقي يظل يصر يمكن يجري يعاني يقضي يهدف ياتي يري يري نري نحتاج نريد نحن
تعد تعني تعاني تكفي تبدو تبقي تظل تجري تري تاتي تهدف تنص جري جرت مضي بات باتت ظل ظلت كان كانت صار ليس ليست
تم تمت حق نص كفي بدا بدات اصبح اصبحت امسي مهد مهدت ابان ابانت صمم صممت صفق يمثل تمثل يشكل تشكل
"""
NOBODY = frozenset(_LISTED.split())
"""Normalised as `stance.learn.actors.STEPS` does it, without conjunction."""


def names_nobody(tokens: Sequence[Token], phrase: Phrase) -> bool:
    """Tell whether a phrase is of such words alone; a known actor, an office, a body or an implied holder never is."""
    words = [t for t in tokens[phrase.first : phrase.last] if t.kind != "quote"]
    return bool(words) and all(t.kind == "demonstrative" or (t.kind in ("word", "noun", "indefinite") and _is_listed(t.form)) for t in words)


def _is_listed(form: str) -> bool:
    return form in NOBODY or (form[:1] in ("و", "ف") and form[1:] in NOBODY)
