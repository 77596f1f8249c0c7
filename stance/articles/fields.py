"""From a record with fields to a document: which field is the text, and what is wrong where there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from stance.articles.charsets import whole_characters
from stance.articles.dates import iso_date
from stance.articles.records import Document, Fields, OnError, ReadFailure, ReadLimits

TEXT_FIELDS = (
    "text", "body", "content", "article", "article_text", "article_body", "full_text", "main_text", "body_text", "story",
    "النص", "نص", "نص الخبر", "نص المقال", "نص المقالة", "المتن", "متن", "المحتوى", "محتوى", "الخبر", "المقال", "التفاصيل", "sentence",
)  # fmt: skip
TITLE_FIELDS = (
    "title",
    "headline",
    "heading",
    "header",
    "subject",
    "العنوان",
    "عنوان",
    "عنوان الخبر",
    "عنوان المقال",
)
DATE_FIELDS = (
    "date", "published", "published_at", "date_published", "publication_date", "publish_date", "pub_date", "datetime",
    "timestamp", "created_at", "created", "التاريخ", "تاريخ", "تاريخ النشر", "تاريخ الخبر",
)  # fmt: skip
ID_FIELDS = (
    "id",
    "doc_id",
    "document_id",
    "article_id",
    "uuid",
    "guid",
    "المعرف",
    "معرف",
    "الرقم",
    "url",
    "link",
    "الرابط",
)


class Records:
    """Turns the records of one file into documents, and reports those that have no text.

    Parameters
    ----------
    source : str
    name : str
        What the documents without an identifier of their own are called, with the record's number.
    fields : Fields
    report : callable
    limits : ReadLimits
    encoding : str, optional

    """

    def __init__(
        self, source: str, name: str, fields: Fields, report: OnError, limits: ReadLimits = ReadLimits(),
        encoding: str | None = None,
    ) -> None:  # fmt: skip
        self.source, self.name, self.fields, self.report = source, name, fields, report
        self.limits, self.encoding = limits, encoding
        self._columns: dict[tuple[str, ...], tuple[str | None, ...]] = {}

    def fail(self, number: int | None, reason: str, raw: bytes | Callable[[], bytes] = b"") -> None:
        """Report a record, or with None the file."""
        self.report(ReadFailure(self.source, number, reason, raw() if callable(raw) else raw))

    def document(self, record: object, number: int, raw: bytes | Callable[[], bytes]) -> Iterator[Document]:
        """Yield the one document that a record makes, or report it and yield none.

        `raw` is the record as it stood, or what makes it where it has to be made.
        """
        if not isinstance(record, dict):
            kind = "null" if record is None else type(record).__name__
            self.fail(number, f'{kind} instead of an object; expected {{"text": "…"}}', raw)
            return
        keys = tuple(map(str, record))
        if keys not in self._columns:
            if len(self._columns) > 1000:  # records that all differ in their fields must not fill the memory
                self._columns.clear()
            self._columns[keys] = self.columns(keys)
        text_key, *others = self._columns[keys]
        if text_key is None:
            self.fail(number, self.missing(keys), raw)
            return
        text = record[text_key]
        if not isinstance(text, str) or not text.strip():
            found = (
                "null"
                if text is None
                else "empty"
                if isinstance(text, str)
                else f"a {type(text).__name__}, {str(text)[:40]!r}"
            )
            self.fail(number, f"field {text_key!r} is {found}; expected a text", raw)
            return
        if len(text) > self.limits.record_bytes:
            self.fail(number, f"field {text_key!r} is longer than {self.limits.record_bytes:,} characters; cut it up, or raise the limit", raw)
            return
        if (reason := _not_sound(text)) is not None:
            self.fail(number, f"field {text_key!r} {reason}", raw)
            return
        title, date, identifier = (record[key] if key is not None else None for key in others)
        when = iso_date(date)
        taken = {text_key, *others}
        yield Document(
            id=whole_characters(str(identifier)) if identifier not in (None, "") else f"{self.name}:{number}",
            text=text,
            title=whole_characters(str(title)) if title not in (None, "") else None,
            date=whole_characters(when) if when is not None else None,
            source=self.source,
            record=number,
            encoding=self.encoding,
            meta={str(key): value for key, value in record.items() if key not in taken},
        )

    def columns(self, keys: tuple[str, ...]) -> tuple[str | None, ...]:
        """Return which of the names there hold text, title, date and id; None for what is not there."""
        folded = {_fold(key): key for key in reversed(keys)}
        wanted = self.fields
        return tuple(
            (named if named in keys else None)
            if named is not None
            else next((folded[f] for f in map(_fold, common) if f in folded), None)
            for named, common in (
                (wanted.text, TEXT_FIELDS),
                (wanted.title, TITLE_FIELDS),
                (wanted.date, DATE_FIELDS),
                (wanted.id, ID_FIELDS),
            )
        )

    def missing(self, keys: tuple[str, ...]) -> str:
        """Say that there is no field of text among these, and what to do."""
        there = ", ".join(keys[:20])[:300] or "none"
        wanted = (
            f"field {self.fields.text!r}"
            if self.fields.text
            else "a text field (text, body, content, article, النص, …)"
        )
        return f"{wanted} is missing (fields there: {there}); name it with text_field, or --text-field"


def _fold(name: str) -> str:
    return "".join(c for c in name.strip("\ufeff \t").casefold() if c not in "_- \u0640")


def _not_sound(text: str) -> str | None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        if 0xDC80 <= ord(text[error.start]) <= 0xDCFF:
            return f"is not UTF-8 at character {error.start + 1} (invalid UTF-8); save the file as UTF-8"
        return f"holds half a character (a lone surrogate) at {error.start + 1}; expected whole ones"
    return None
