"""Dates as newspapers, feeds and tables write them, to ISO 8601; what is not clear is left as it stands."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_FOLD = str.maketrans("أإآ", "ااا")
# Egypt and the Gulf, the Levant and Iraq, the Maghreb, and English, month by month
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "يناير|كانون الثاني|جانفي|january|jan",
            "فبراير|شباط|فيفري|february|feb",
            "مارس|اذار|march|mar",
            "ابريل|نيسان|افريل|april|apr",
            "مايو|ايار|ماي|may",
            "يونيو|يونيه|حزيران|جوان|june|jun",
            "يوليو|يوليه|تموز|جويليه|جويلية|july|jul",
            "اغسطس|اب|اوت|غشت|august|aug",
            "سبتمبر|ايلول|شتنبر|september|sept|sep",
            "اكتوبر|تشرين الاول|october|oct",
            "نوفمبر|تشرين الثاني|نونبر|november|nov",
            "ديسمبر|كانون الاول|دجنبر|december|dec",
        ),
        1,
    )
    for name in names.split("|")
}
_NAME = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DAY_FIRST = re.compile(
    rf"(\d{{1,2}})(?:st|nd|rd|th)?[ \-]+({_NAME})(?: ?[/(] ?(?:{_NAME})\)?)?\.?,?[ \-]+(\d{{4}})(?: ?م)?\Z"
)
_MONTH_FIRST = re.compile(rf"({_NAME})\.? +(\d{{1,2}})(?:st|nd|rd|th)?,? +(\d{{4}})\Z")
_WEEKDAY = re.compile(
    r"(?:(?:ال(?:احد|اثنين|ثلاثاء|اربعاء|خميس|جمعه|جمعة|سبت))|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?)[،,]? +"
)
_YEAR_FIRST = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})(?:[ T]+(\d{1,2}:\d{2}(?::\d{2})?))?\Z")
_YEAR_LAST = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})(?:[ T]+(\d{1,2}:\d{2}(?::\d{2})?))?\Z")
_LONGEST = 80


def iso_date(value: object) -> str | None:
    """Return a date as ISO 8601 where it is clear, as found where not, None where there is none.

    ``03/04/2021`` is not clear (March or April); ``23/04/2021`` is. Numbers are seconds or milliseconds since 1970 if
    that makes a date between 1990 and 2100, or ``yyyymmdd``. Islamic dates are left as they stand.
    """
    if value is None:
        return None
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    found = " ".join(str(value).split())
    if not found:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _from_number(value) or found
    if len(found) > _LONGEST:
        return found
    text = found.translate(_DIGITS)
    try:
        return _from_iso(text) or _from_figures(text) or _from_words(text) or _from_mail(text) or found
    except (ValueError, OverflowError, IndexError, TypeError):
        return found


def _in_range(day: date) -> bool:
    return 1900 <= day.year <= 2100


def _from_number(value: float) -> str | None:
    try:
        if value == int(value) and 19000101 <= value <= 21001231:
            return datetime.strptime(str(int(value)), "%Y%m%d").date().isoformat()
        seconds = value / 1000 if value > 1e11 else value
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment.isoformat() if 1990 <= moment.year <= 2100 else None


def _from_iso(text: str) -> str | None:
    try:
        moment = datetime.fromisoformat(text.replace(" UTC", "Z"))
    except ValueError:
        return None
    if not _in_range(moment):
        return None
    return moment.date().isoformat() if len(text) <= 10 else moment.isoformat()


def _from_figures(text: str) -> str | None:
    if match := _YEAR_FIRST.match(text):
        year, month, day = int(match[1]), int(match[2]), int(match[3])
    elif match := _YEAR_LAST.match(text):
        day, month, year = int(match[1]), int(match[2]), int(match[3])
        if day <= 12 and month <= 12 and day != month:
            return None
        if month > 12:
            day, month = month, day
    else:
        return None
    clear = date(year, month, day)
    if not _in_range(clear):
        return None
    clock = match[4]
    return (
        f"{clear.isoformat()}T{clock.zfill(8 if clock.count(':') == 2 else 5)}"
        if clock
        else clear.isoformat()
    )


def _from_words(text: str) -> str | None:
    words = _WEEKDAY.sub("", text.translate(_FOLD).lower(), count=1)
    if match := _DAY_FIRST.match(words):
        day, month, year = int(match[1]), _MONTHS[match[2]], int(match[3])
    elif match := _MONTH_FIRST.match(words):
        day, month, year = int(match[2]), _MONTHS[match[1]], int(match[3])
    else:
        return None
    clear = date(year, month, day)
    return clear.isoformat() if _in_range(clear) else None


def _from_mail(text: str) -> str | None:
    if ":" not in text:
        return None
    moment = parsedate_to_datetime(text)
    return moment.isoformat() if _in_range(moment) else None
