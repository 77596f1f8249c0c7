"""Files that hold one document in a dress: HTML, Word and PDF. Each parser is imported only when it is needed."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

from stance.articles.archives import check_zip
from stance.articles.charsets import decode
from stance.articles.dates import iso_date
from stance.articles.records import ReadLimits, UnreadableError
from stance.errors import DependencyError

_EXTRA = 'pip install "diplomatic-stance[documents]"'


class Extracted:
    """What a parser found: the text, and title, date and encoding where there are any."""

    def __init__(
        self,
        text: str,
        title: str | None = None,
        date: str | None = None,
        encoding: str | None = None,
        meta: dict[str, object] | None = None,
    ) -> None:
        self.text, self.title, self.date, self.encoding, self.meta = text, title, date, encoding, meta or {}


# Elements that never nest, or that close by themselves: an unclosed <p> or <li> is no depth.
_FLAT = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr", "p", "li",
     "td", "th", "tr", "dd", "dt", "option", "optgroup", "thead", "tbody", "tfoot", "colgroup", "html", "head", "body"]
)  # fmt: skip
_TAG = re.compile(r"<(?:(!--)|(/?)([a-zA-Z][a-zA-Z0-9:-]*+))")
_RAW_END = {
    name: re.compile(rf"</{name}", re.IGNORECASE) for name in ("script", "style", "textarea", "title", "xmp")
}
_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
_DECLARATION = re.compile(r"\s*<\?xml[^>]{0,200}\?>")


def depth(page: str, limit: int) -> int:
    """Return how deep the elements of a page nest, counting no further than `limit` + 1.

    One pass over the tags, without a parser: it is what keeps hostile pages from the parser.
    """
    level = deepest = at = 0
    while (tag := _TAG.search(page, at)) is not None:
        at = tag.end()
        if tag[1]:
            end = page.find("-->", at)
            if end < 0:
                break
            at = end + 3
            continue
        name = tag[3].lower()
        if name in _FLAT:
            continue
        if tag[2]:
            level = max(0, level - 1)
            continue
        if name in _RAW_END:
            closing = _RAW_END[name].search(page, at)
            if closing is None:
                break
            at = closing.end()
            continue
        level += 1
        deepest = max(deepest, level)
        if deepest > limit:
            break
    return deepest


# As the parser takes them: a quote opens a value only after "=".
_ATTRIBUTE = re.compile(r"""[\s/]*+[^\s/>=]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>]*+))?+""")


def check_tags(page: str, limits: ReadLimits) -> None:
    """Refuse pages of very many tags, or attributes in one: parser and extraction take time by the square of them.

    Raises
    ------
    UnreadableError
        A bound is crossed.

    """
    number = at = 0
    while (tag := _TAG.search(page, at)) is not None:
        at = tag.end()
        if tag[1]:
            at = page.find("-->", at) + 3
            if at < 3:
                return
            continue
        number += 1
        if number > limits.html_tags:
            raise UnreadableError(f"HTML of more than {limits.html_tags:,} tags; refused. Save the article's text instead")
        end, attributes = at, 0
        while (attribute := _ATTRIBUTE.match(page, end)) is not None:
            end, attributes = attribute.end(), attributes + 1
            if attributes > limits.html_attributes:
                raise UnreadableError(
                    f"HTML with more than {limits.html_attributes:,} attributes in a tag; refused. Save the article's text instead"
                )
        if not tag[2] and (name := tag[3].lower()) in ("script", "style"):  # where "<" is no tag
            closing = _RAW_END[name].search(page, at)
            if closing is None:
                return
            at = closing.start()


def _decode_page(data: bytes) -> tuple[str, str]:
    declared = _CHARSET.search(data[:4096])
    if declared is not None and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        name = declared[1].decode("ascii", "replace").lower()
        try:
            if b"\0" not in data:
                return data.decode(name), name
        except (LookupError, ValueError):
            pass  # pages often lie about their encoding
    try:
        return decode(data)
    except ValueError as error:
        raise UnreadableError(str(error)) from None


def html(data: bytes, limits: ReadLimits) -> Extracted:
    """Return the main text of a page, without navigation and advertising, its title and its date.

    Raises
    ------
    UnreadableError
        The page is too large, nests too deeply, is no text, or holds none.
    DependencyError
        trafilatura is not installed.

    """
    if len(data) > limits.html_bytes:
        raise UnreadableError(
            f"an HTML page of more than {limits.html_bytes:,} bytes; refused. Save the article's text instead"
        )
    page, encoding = _decode_page(data)
    if depth(page, limits.html_depth) > limits.html_depth:
        raise UnreadableError(
            f"HTML nested more than {limits.html_depth} deep; refused. Save the article's text instead"
        )
    check_tags(page, limits)
    if not page.strip():
        raise UnreadableError("empty: there is no text in it")
    try:
        import trafilatura
    except ImportError:
        raise DependencyError(f"reading HTML needs trafilatura: {_EXTRA}") from None
    page = _DECLARATION.sub("", page, count=1)
    try:
        found: Any = trafilatura.bare_extraction(
            page,
            include_comments=False,
            with_metadata=True,
            date_extraction_params={"original_date": True, "extensive_search": False},
        )
        text = (found.text if found is not None else None) or trafilatura.html2txt(page) or ""
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError, AssertionError) as error:
        raise UnreadableError(f"cannot be read as HTML: {error}") from None
    if not text.strip():
        raise UnreadableError("no main text was found in this page; save the article's text instead")
    if found is None:
        return Extracted(text, encoding=encoding)
    meta = {key: value for key in ("author", "sitename", "url") if (value := getattr(found, key, None))}
    return Extracted(text, found.title or None, iso_date(found.date), encoding, meta)


def docx(data: bytes, limits: ReadLimits) -> Extracted:
    """Return the paragraphs and the tables' cells of a Word document, one a line.

    Raises
    ------
    UnreadableError
        It is damaged, no Word document, or unpacks to too much.
    DependencyError
        python-docx is not installed.

    """
    try:
        import docx as word
        from docx.table import Table
    except ImportError:
        raise DependencyError(f"reading Word documents needs python-docx: {_EXTRA}") from None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            check_zip(archive, limits)
            if sum(info.file_size for info in archive.infolist()) > limits.whole_bytes:
                raise UnreadableError(f"unpacks to more than {limits.whole_bytes:,} bytes; refused")
        file = word.Document(io.BytesIO(data))
        lines: list[str] = []
        title = file.core_properties.title or None
        for block in file.iter_inner_content():
            if isinstance(block, Table):
                # a merged cell comes once for every cell it covers
                cells = {id(cell._tc): cell.text for row in block.rows for cell in row.cells}
                lines.extend(cells.values())
            else:
                lines.append(block.text)
                if title is None and block.style is not None and block.style.name == "Title":
                    title = block.text.strip() or None
        author = file.core_properties.author
    except UnreadableError:
        raise
    except Exception as error:  # python-docx and lxml let out whatever a damaged file provokes
        raise UnreadableError(
            f"cannot be read as a Word document (.docx): {type(error).__name__}: {error}"
        ) from None
    text = "\n".join(lines)
    if not text.strip():
        raise UnreadableError("empty: there is no text in it")
    return Extracted(text, title, meta={"author": author} if author else {})


def pdf(data: bytes, limits: ReadLimits) -> Extracted:
    """Return the text layer of a PDF, pages parted by an empty line.

    Raises
    ------
    UnreadableError
        It is damaged, locked, or has no text layer.
    DependencyError
        pypdf is not installed.

    """
    try:
        import pypdf
        import pypdf.errors
    except ImportError:
        raise DependencyError(f"reading PDF needs pypdf: {_EXTRA}") from None
    if not data.lstrip()[:1024].count(b"%PDF-"):
        raise UnreadableError("cannot be read as PDF: it does not begin as one")
    pages: list[str] = []
    try:
        file = pypdf.PdfReader(io.BytesIO(data), strict=False)
        if file.is_encrypted and not file.decrypt(""):
            raise UnreadableError("is locked with a password; save it without one")
        length = 0
        for page in file.pages:
            pages.append(page.extract_text().strip())
            length += len(pages[-1])
            if not pages[-1] and (contents := page.get_contents()) is not None:
                contents.get_data()  # what unpacks to too much has no text for pypdf; here it is an error
            if length > limits.record_bytes:
                raise UnreadableError(
                    f"holds more than {limits.record_bytes:,} characters; cut it up, or raise the limit"
                )
        title = file.metadata.title if file.metadata else None
    except UnreadableError:
        raise
    except pypdf.errors.LimitReachedError:
        raise UnreadableError(f"page {len(pages)} unpacks to more than a page holds, as a bomb does; refused") from None
    except Exception as error:  # pypdf lets out whatever a damaged file provokes
        raise UnreadableError(f"cannot be read as PDF: {type(error).__name__}: {error}") from None
    text = "\n\n".join(page for page in pages if page)
    if not text:
        raise UnreadableError("has no text layer (scanned pages?); run OCR on it first")
    return Extracted(text, str(title).strip() or None if title else None, meta={"pages": len(pages)})
