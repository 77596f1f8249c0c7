"""What `read_documents` promises: every format read, every fault named, nothing lost, nothing left open."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import sys
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stance.articles import markup
from stance.articles.charsets import decode, sniff
from stance.articles.dates import iso_date
from stance.articles.documents import Document, ReadFailure, ReadLimits, read_documents
from stance.errors import DependencyError, DocumentError

TEXT = "أيدت مالطا خطة السلام الجديدة، وامتنعت قبرص عن التصويت عليها. وقال الوزير إن بلاده محايدة.\n"


def read(*paths: str | Path, **options: object) -> tuple[list[Document], list[ReadFailure]]:
    faults: list[ReadFailure] = []
    return list(read_documents(paths, on_error=faults.append, **options)), faults  # type: ignore[arg-type]


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def a_docx() -> bytes:
    docx = pytest.importorskip("docx")
    document = docx.Document()
    document.core_properties.title = "بيان"
    document.add_paragraph("أيدت مالطا الخطة.")
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "قبرص", "امتنعت"
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def a_pdf(words: str = "Malta backed the plan.") -> bytes:
    content = f"BT /F1 12 Tf 72 720 Td ({words}) Tj ET".encode() if words else b""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return (
        out
        + b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
        % (table, len(out))
    )


PAGE = """<!DOCTYPE html><html lang="ar"><head><meta charset="utf-8"><title>مالطا تؤيد الخطة</title>
<meta property="article:published_time" content="2021-05-03T10:00:00Z"></head><body>
<nav><a href="/">الرئيسية</a> <a href="/s">رياضة</a></nav><article><h1>مالطا تؤيد الخطة</h1>
{body}</article><footer>جميع الحقوق محفوظة</footer></body></html>""".replace(
    "{body}",
    "".join(
        f"<p>الفقرة {n}: أعلنت حكومة مالطا تأييدها لخطة السلام وقالت إنها عادلة ومتوازنة.</p>"
        for n in range(6)
    ),
)

# ------------------------------------------------------------------------------------------------------- formats


def test_a_text_file_is_one_document(tmp_path: Path) -> None:
    for name in ("a.txt", "b.md"):
        path = write(tmp_path / name, TEXT)
        (document,), faults = read(path)
        assert (document.text, document.source, document.record, document.encoding) == (
            TEXT,
            str(path),
            None,
            "utf-8",
        )
        assert document.id == name and not faults


def test_html_gives_main_text_title_and_date(tmp_path: Path) -> None:
    pytest.importorskip("trafilatura")
    for encoding in ("utf-8", "windows-1256"):
        path = write(tmp_path / "a.html", PAGE.replace("utf-8", encoding).encode(encoding, "ignore"))
        (document,), _ = read(path)
        assert "الفقرة 3" in document.text and "رياضة" not in document.text
        assert document.title == "مالطا تؤيد الخطة"
        assert document.date == "2021-05-03"
        assert document.encoding == encoding


def test_word_gives_paragraphs_and_cells(tmp_path: Path) -> None:
    (document,), _ = read(write(tmp_path / "a.docx", a_docx()))
    assert document.text.splitlines() == ["أيدت مالطا الخطة.", "قبرص", "امتنعت"]
    assert document.title == "بيان"


def test_pdf_gives_its_text_layer(tmp_path: Path) -> None:
    pytest.importorskip("pypdf")
    (document,), _ = read(write(tmp_path / "a.pdf", a_pdf()))
    assert document.text == "Malta backed the plan."
    _, (fault,) = read(write(tmp_path / "b.pdf", a_pdf("")))
    assert "no text layer" in fault.reason


def test_parquet_gives_a_document_a_row(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"النص": ["واحد", None, "ثلاثة"], "n": [1, 2, 3]}), path)
    documents, faults = read(path)
    assert [(d.text, d.record, d.meta) for d in documents] == [("واحد", 1, {"n": 1}), ("ثلاثة", 3, {"n": 3})]
    assert [f.record for f in faults] == [2]
    assert json.loads(faults[0].raw) == {"النص": None, "n": 2}


@pytest.mark.parametrize(
    "content",
    [
        [{"text": "أ ب"}, {"text": "ج د"}],
        {"articles": [{"text": "أ ب"}, {"text": "ج د"}]},
    ],
)
def test_json_may_hold_one_record_or_a_list_of_them(tmp_path: Path, content: object) -> None:
    documents, _ = read(write(tmp_path / "a.json", json.dumps(content)))
    assert [(d.text, d.record) for d in documents] == [("أ ب", 1), ("ج د", 2)]
    (document,), _ = read(write(tmp_path / "b.json", json.dumps({"body": "نص", "x": 1})))
    assert (document.text, document.meta) == ("نص", {"x": 1})


@pytest.mark.parametrize(
    ("keys", "options"),
    [
        (("id", "text", "title", "date"), {}),
        (("ID", "Article Text", "Headline", "Published-At"), {}),
        (("المعرف", "نص الخبر", "العنوان", "التاريخ"), {}),
        (("k", "w", "h", "d"), {"id_field": "k", "text_field": "w", "title_field": "h", "date_field": "d"}),
    ],
)
def test_fields_are_found_by_common_names_or_named(
    tmp_path: Path, keys: tuple[str, ...], options: dict[str, str]
) -> None:
    values = ("n7", "نص الخبر هنا", "عنوان", "3 مايو 2021")
    record = dict(zip(keys, values, strict=True)) | {"author": "س"}
    lines = write(tmp_path / "a.jsonl", json.dumps(record, ensure_ascii=False))
    table = tmp_path / "a.csv"
    with table.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=";").writerows([record.keys(), record.values()])
    for path in (lines, table):
        (d,), faults = read(path, **options)
        assert (d.id, d.text, d.title, d.date, d.meta) == ("n7", *values[1:3], "2021-05-03", {"author": "س"})
        assert not faults


def test_a_named_field_that_is_not_there_is_reported_with_those_that_are(tmp_path: Path) -> None:
    for name, content in (("a.jsonl", '{"text": "x"}'), ("a.csv", "text\nx\n")):
        _, (fault,) = read(write(tmp_path / name, content), text_field="matn")
        assert "'matn' is missing" in fault.reason and "text" in fault.reason


def test_csv_survives_quotes_newlines_and_delimiters(tmp_path: Path) -> None:
    rows = [["id", "text"], ["1", 'قال "نعم"، ثم\nغادر'], ["2", "أ,ب;ج\tد"]]
    for name, delimiter in (("a.csv", ","), ("b.csv", ";"), ("c.tsv", "\t"), ("d.csv", "\t")):
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=delimiter).writerows(rows)
        documents, faults = read(path)
        assert [[d.id, d.text] for d in documents] == rows[1:] and not faults
        assert [d.record for d in documents] == [2, 4]
    documents, _ = read(write(tmp_path / "e.csv", "sep=;\r\nid;text\r\n1;نعم\r\n"))
    assert [d.text for d in documents] == ["نعم"]


def test_bad_rows_cost_no_good_ones(tmp_path: Path) -> None:
    content = (
        'id,text\n1,واحد\n2,"never closed\n3,ثلاثة\n4,four,more\n5,\n6,'.encode() + b"\xff\xfe\n7,seven\n8\n"
    )
    documents, faults = read(write(tmp_path / "a.csv", content))
    assert [d.id for d in documents] == ["1", "3", "7"]
    assert [f.record for f in faults] == [3, 5, 6, 7, 9]
    assert "invalid UTF-8" in faults[3].reason and faults[3].raw == b"6,\xff\xfe\n"


def test_bad_lines_cost_no_good_ones(tmp_path: Path) -> None:
    lines = [
        b'{"text": "one"}', b"{broken", b'{"text": null}', b'{"text": 3}', b'{"title": "x"}', b"\xff\xfe", b"[1]", b"null",
        b'{"text": "  "}', b'{"text": "\\ud800"}', b"", b"[" * 100_000, b'{"text": "' + b"x" * 2000 + b'"}', b'{"text": "two"}',
    ]  # fmt: skip
    path = write(tmp_path / "a.jsonl", b"\xef\xbb\xbf" + b"\r\n".join(lines))
    documents, faults = read(path, limits=ReadLimits(record_bytes=1000))
    assert [(d.text, d.record) for d in documents] == [("one", 1), ("two", 14)]
    assert [f.record for f in faults] == [2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13]
    assert all(f.source == str(path) and f.raw for f in faults)
    assert str(faults[0]).startswith(f"{path}:2: broken JSON")


def test_deeply_nested_json_is_broken_json(tmp_path: Path) -> None:
    _, faults = read(write(tmp_path / "a.json", "[" * 200_000), write(tmp_path / "a.jsonl", "[" * 200_000))
    assert ["nested too deeply" in f.reason for f in faults] == [True, True]


# ----------------------------------------------------------------------------------------------------- encodings


@pytest.mark.parametrize(
    ("codec", "reported"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16-le"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("windows-1256", "windows-1256"),
    ],
)
@pytest.mark.parametrize("suffix", [".txt", ".csv", ".jsonl", ".json", ".txt.gz"])
def test_encodings_are_found_and_reported_in_every_format(
    tmp_path: Path, codec: str, reported: str, suffix: str
) -> None:
    text = TEXT.strip()
    body = {".csv": f"text\n{text}\n", ".jsonl": json.dumps({"text": text}, ensure_ascii=False) + "\n"}
    content = (
        body.get(suffix) or (json.dumps({"text": text}, ensure_ascii=False) if suffix == ".json" else text)
    ).encode(codec)
    path = write(tmp_path / f"a{suffix}", gzip.compress(content) if suffix.endswith("gz") else content)
    (document,), faults = read(path)
    assert (document.text, document.encoding) == (text, reported), faults


def test_other_western_text_is_latin_1_or_windows_1252() -> None:
    assert decode("élève à côté".encode("latin-1")) == ("élève à côté", "latin-1")
    assert decode("“élève” à côté".encode("cp1252")) == ("“élève” à côté", "windows-1252")


def test_a_character_cut_by_the_sample_does_not_mislead() -> None:
    for shift in range(4):
        assert sniff(("a" * shift + "ش" * 40_000).encode()[: 1 << 16]) == "utf-8"
        assert decode(("a" * shift + "ش" * 40_000).encode())[1] == "utf-8"
    assert decode(b"a " * 35_000 + "شرق البلاد".encode("cp1256"))[1] == "windows-1256"


def test_utf_8_with_damage_is_not_taken_for_another_encoding() -> None:
    with pytest.raises(ValueError, match="damaged"):
        decode(TEXT.encode() * 3 + b"\xff" + TEXT.encode())


@pytest.mark.parametrize(
    "data", [bytes(range(256)) * 8, b"\x89PNG\r\n\x1a\n" + bytes(50), b"abc\0" * 99, os.urandom(4096)]
)
def test_binary_files_are_refused(tmp_path: Path, data: bytes) -> None:
    for name in ("a.txt", "a.csv", "a.jsonl", "a.json"):
        documents, faults = read(write(tmp_path / name, data))
        assert not documents and faults


def test_a_stray_control_character_does_not_make_text_binary() -> None:
    assert decode(("قال\x1a الوزير " * 2).encode())[1] == "utf-8"


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=300),
    st.sampled_from([".txt", ".csv", ".tsv", ".jsonl", ".json", ".txt.gz", ".jsonl.gz", ".zip", ".md"]),
)
def test_any_bytes_are_read_or_reported_never_more(tmp_path: Path, data: bytes, suffix: str) -> None:
    packed = gzip.compress(data) if suffix.endswith("gz") and len(data) % 2 else data
    documents, faults = read(write(tmp_path / f"a{suffix}", packed))
    assert documents or faults
    for document in documents:
        document.text.encode()
        assert document.text.strip()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_documents_are_reported_never_more(tmp_path: Path, data: st.DataObject) -> None:
    suffix, whole = data.draw(
        st.sampled_from([(".docx", a_docx()), (".pdf", a_pdf()), (".html", PAGE.encode())])
    )
    at = data.draw(st.integers(0, len(whole) - 1))
    broken = whole[:at] + data.draw(st.binary(max_size=8)) + whole[at + data.draw(st.integers(0, 40)) :]
    documents, faults = read(write(tmp_path / f"a{suffix}", broken))
    assert len(documents) + len(faults) == 1


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.just("\n"), min_size=1).filter(str.strip),
        min_size=1,
        max_size=6,
    )
)
def test_what_is_written_is_read_back(tmp_path: Path, texts: list[str]) -> None:
    lines = write(tmp_path / "a.jsonl", "\n".join(json.dumps({"text": t}) for t in texts))
    table = tmp_path / "a.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerows([["n", "text"], *([n, t] for n, t in enumerate(texts))])
    assert [d.text for d in read(lines)[0]] == texts
    assert [d.text for d in read(table)[0]] == texts


# ------------------------------------------------------------------------------------------- places and archives


def test_folders_are_walked_in_order_without_hidden_and_unknown_files(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.txt", "a/b.jsonl", ".git/x.txt", ".h.txt", "c.exe", "d.md.gz"):
        content = (
            b'{"text": "x y"}'
            if name.endswith("jsonl")
            else gzip.compress(b"x")
            if name.endswith("gz")
            else b"x"
        )
        write(tmp_path / name, content)
    documents, faults = read(tmp_path)
    assert [d.id for d in documents] == ["a/b.jsonl:1", "a/z.txt", "b.txt", "d.md.gz"] and not faults
    documents, _ = read(str(tmp_path / "**" / "*.txt"))
    assert [Path(d.source).name for d in documents] == ["z.txt", "b.txt"]


def test_what_is_not_there_or_not_known_is_reported_and_the_rest_read(tmp_path: Path) -> None:
    good = write(tmp_path / "good.txt", TEXT)
    (tmp_path / "none").mkdir()
    wrong = [
        "absent.txt",
        "x*.txt",
        "none",
        "a.exe",
        "empty.txt",
        "blank.txt",
        "empty.csv",
        "empty.jsonl",
        "heads.csv",
        "n.json",
    ]
    for name in ("a.exe", "empty.txt", "empty.csv", "empty.jsonl"):
        write(tmp_path / name, b"x" if name == "a.exe" else b"")
    write(tmp_path / "blank.txt", " \n\t")
    write(tmp_path / "heads.csv", "id,text\n")
    write(tmp_path / "n.json", "[]")
    documents, faults = read(*(tmp_path / name for name in wrong), good, "\0")
    assert [d.id for d in documents] == ["good.txt"]
    assert [f.source for f in faults] == [str(tmp_path / name) for name in wrong] + ["\0"]
    reasons = [f.reason for f in faults]
    assert [r.startswith("empty") for r in reasons[4:10]] == [True] * 6
    assert "no such file" in reasons[0] and "no file matches" in reasons[1] and "unknown kind" in reasons[3]


def test_without_a_handler_the_first_fault_is_raised_by_name(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"text": "x"}\n{"text": 5}\n')
    with pytest.raises(DocumentError, match=r"a\.jsonl:2: field 'text' is a int, '5'; expected a text"):
        list(read_documents([path]))


def test_what_the_handler_raises_reaches_the_caller(tmp_path: Path) -> None:
    def full(failure: ReadFailure) -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        list(read_documents([write(tmp_path / "a.jsonl", "{")], on_error=full))


class _Input:
    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        (TEXT.encode(), [TEXT]),
        (b'{"text": "a b"}\n\n{"body": "c d"}\n', ["a b", "c d"]),
        (b"{ not all lines\nbegin so\n", ["{ not all lines\nbegin so\n"]),
        (b"", []),
    ],
)
def test_standard_input_is_text_or_json_lines(
    monkeypatch: pytest.MonkeyPatch, data: bytes, texts: list[str]
) -> None:
    given_input = _Input(data)
    monkeypatch.setattr(sys, "stdin", given_input)
    documents, faults = read("-")
    assert [d.text for d in documents] == texts and bool(faults) == (not texts)
    assert all(d.source == "-" for d in documents)
    assert not given_input.buffer.closed


def test_gzip_and_zip_are_read_through(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl.gz", gzip.compress(b'{"text": "one"}\n') + gzip.compress(b'{"text": "two"}\n'))
    members = {"b/x.txt": TEXT.encode(), "a.csv": b"text\nthree\n", ".h.txt": b"x", "__MACOSX/a.txt": b"x", "p.exe": b"x",
               "in.zip": b"PK", "w.docx": a_docx()}  # fmt: skip
    archive = zipped(tmp_path / "b.zip", members)
    documents, faults = read(tmp_path)
    assert [d.text.split()[0] for d in documents] == ["one", "two", "three", "أيدت", "أيدت"]
    assert documents[2].source == f"{archive}!a.csv"
    assert [f.source for f in faults] == [f"{archive}!in.zip"]


def test_a_cut_gzip_gives_what_came_before_the_cut(tmp_path: Path) -> None:
    lines = b"".join(b'{"text": "%s"}\n' % os.urandom(200).hex().encode() for _ in range(2000))
    path = write(tmp_path / "a.jsonl.gz", gzip.compress(lines)[:-200_000])
    documents, faults = read(path)
    assert documents and "cannot be read" in faults[-1].reason


def test_bombs_are_refused_before_they_fill_the_memory(tmp_path: Path) -> None:
    zeros = b" " * (60 << 20)
    paths = [
        write(tmp_path / "a.txt.gz", gzip.compress(zeros)),
        write(tmp_path / "a.jsonl.gz", gzip.compress(zeros)),
        zipped(tmp_path / "a.zip", {"a.txt": zeros}),
        zipped(tmp_path / "a.docx", {"word/document.xml": zeros}),
    ]
    del zeros
    pytest.importorskip("docx")
    tracemalloc.start()
    documents, faults = read(*paths, limits=ReadLimits(ratio_from=1 << 20))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert not documents
    assert [f.source for f in faults] == list(map(str, paths))
    assert all("zip bomb" in f.reason for f in faults)
    assert peak < 16 << 20
    _, faults = read(paths[0], limits=ReadLimits(unpacked_bytes=1 << 20))
    assert "unpacks to more than 1,048,576 bytes" in faults[0].reason


def a_docx_of(folder: Path, name: str, document: bytes) -> Path:
    """Write a Word document whose text is this XML."""
    with zipfile.ZipFile(io.BytesIO(a_docx())) as whole:
        members = {n: whole.read(n) for n in whole.namelist()} | {"word/document.xml": document}
    return zipped(folder / name, members)


def test_bombs_inside_pdf_and_word_are_refused(tmp_path: Path) -> None:
    pypdf = pytest.importorskip("pypdf")
    pytest.importorskip("docx")
    limit = pypdf.filters.ZLIB_MAX_OUTPUT_LENGTH
    packer = zlib.compressobj(9)
    page = b"".join(packer.compress(b" " * (1 << 20)) for _ in range(limit // (1 << 20) + 2)) + packer.flush()
    writer = pypdf.PdfWriter()
    stream = pypdf.generic.EncodedStreamObject()
    stream._data = page
    stream[pypdf.generic.NameObject("/Filter")] = pypdf.generic.NameObject("/FlateDecode")
    writer.add_blank_page(9, 9)[pypdf.generic.NameObject("/Contents")] = writer._add_object(stream)
    writer.write(tmp_path / "a.pdf")
    head = b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
    entities = b'<!ENTITY a "%s">' % (b"x" * 1000) + b"".join(b'<!ENTITY %c "%s">' % (c, b"&%c;" % (c - 1) * 30) for c in range(98, 106))
    deep = a_docx_of(tmp_path, "b.docx", head + b"<w:tbl>" * 100_000)
    laughing = a_docx_of(tmp_path, "c.docx", b"<!DOCTYPE a [" + entities + b"]>" + head + b"<w:p><w:r><w:t>&i;</w:t></w:r></w:p></w:body></w:document>")
    documents, faults = read(tmp_path / "a.pdf", deep, laughing)
    assert not documents
    assert "page 1 unpacks to more than" in faults[0].reason
    assert all("cannot be read as a Word document" in fault.reason for fault in faults[1:])
    assert len(faults) == 3


def test_an_archive_that_lies_about_its_sizes_is_still_bounded(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.txt": b" " * (8 << 20)})
    data = path.read_bytes().replace((8 << 20).to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    documents, faults = read(write(path, data))
    assert not documents and faults
    _, (fault,) = read(
        zipped(tmp_path / "b.zip", {f"{n}.txt": b"x" for n in range(20)}), limits=ReadLimits(members=10)
    )
    assert "20 files" in fault.reason


def test_a_million_nested_tags_never_reach_the_parser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trafilatura = pytest.importorskip("trafilatura")
    monkeypatch.setattr(trafilatura, "bare_extraction", lambda *a, **k: pytest.fail("the parser saw it"))
    _, (fault,) = read(write(tmp_path / "a.html", "<div>" * 1_000_000))
    assert "nested more than 500 deep" in fault.reason
    _, (fault,) = read(write(tmp_path / "b.html", "<p>x" * 300), limits=ReadLimits(html_bytes=1000))
    assert "1,000" in fault.reason


@pytest.mark.parametrize(
    ("page", "deep"),
    [
        ("<div><b>x</b></div>" * 9, 2),
        ("<p>a<p>b<li>c<br><img>" * 999, 0),
        ("<!-- <div><div> --><i>x</i>", 1),
        ("<script>'<div><div>'</script><i>x</i>", 1),
        ("<!--" * 100_000, 0),
        ("<script>" * 100_000, 0),
        ("</div>" * 100 + "<a>", 1),
    ],
)
def test_depth_counts_what_really_nests(page: str, deep: int) -> None:
    assert markup.depth(page, 10_000) == deep


@pytest.mark.parametrize(
    ("suffix", "package"),
    [(".html", "trafilatura"), (".docx", "docx"), (".pdf", "pypdf"), (".parquet", "pyarrow")],
)
def test_a_missing_package_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(DependencyError, match=r'pip install "diplomatic-stance\[documents\]"'):
        read(write(tmp_path / f"a{suffix}", "x"))


# ---------------------------------------------------------------------------------------------- memory and files


def test_big_files_are_streamed(tmp_path: Path) -> None:
    line = json.dumps({"text": "x" * 1000}).encode() + b"\n"
    row = b"x" * 1000 + b"\n"
    paths = [
        write(tmp_path / "a.jsonl", line * 20_000),
        write(tmp_path / "a.jsonl.gz", gzip.compress(line * 20_000, 1)),
        write(tmp_path / "a.csv", b"text\n" + row * 20_000),
        write(
            tmp_path / "b.csv",
            ("text\n" + "ش" * 500 + "\n").encode("utf-16") + ("ش" * 500 + "\n").encode("utf-16-le") * 9000,
        ),
    ]
    for path in paths:
        tracemalloc.start()
        count = sum(1 for _ in read_documents([path]))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count in (20_000, 9001)
        assert peak < 3 << 20, path


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc to see which files are open")
def test_nothing_stays_open_when_the_caller_stops_early(tmp_path: Path) -> None:
    two = b'{"text": "a"}\n{"text": "b"}\n'
    paths = [
        write(tmp_path / "a.jsonl", two),
        write(tmp_path / "b.jsonl.gz", gzip.compress(two)),
        write(tmp_path / "c.csv", "text\na\nb\n"),
        zipped(tmp_path / "d.zip", {"a.jsonl": two}),
    ]
    for path in paths:
        documents = read_documents([path])
        next(documents)
        documents.close()  # type: ignore[attr-defined]
        held = [str(fd.readlink()) for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink()]
        assert not any(str(tmp_path) in name for name in held)


# --------------------------------------------------------------------------------------------------------- dates


@pytest.mark.parametrize(
    ("found", "iso"),
    [
        ("2021-05-03", "2021-05-03"),
        ("2021-05-03 14:15:39", "2021-05-03T14:15:39"),
        ("2021-05-03T14:15:39Z", "2021-05-03T14:15:39+00:00"),
        ("2021/5/3", "2021-05-03"),
        ("23/04/2021", "2021-04-23"),
        ("03/04/2021", "03/04/2021"),
        ("4/4/2021", "2021-04-04"),
        ("٢٣/٠٤/٢٠٢١", "2021-04-23"),
        ("3 مايو 2021", "2021-05-03"),
        ("الاثنين، 3 أيار 2021", "2021-05-03"),
        ("٣ أيار/مايو ٢٠٢١", "2021-05-03"),
        ("12 تشرين الثاني 2020", "2020-11-12"),
        ("5 جويلية 2019", "2019-07-05"),
        ("May 3, 2021", "2021-05-03"),
        ("Monday, 3 May 2021", "2021-05-03"),
        ("Mon, 03 May 2021 10:00:00 +0300", "2021-05-03T10:00:00+03:00"),
        (20210503, "2021-05-03"),
        (1620000000, "2021-05-03T00:00:00+00:00"),
        ("15 رمضان 1436", "15 رمضان 1436"),
        ("31/02/2021", "31/02/2021"),
        ("yesterday", "yesterday"),
        ("", None),
        (None, None),
        (float("nan"), "nan"),
        (True, "True"),
    ],
)
def test_clear_dates_become_iso_and_unclear_ones_stay(found: object, iso: str | None) -> None:
    assert iso_date(found) == iso


@given(st.text(max_size=40) | st.floats() | st.integers() | st.dates() | st.datetimes())
def test_no_date_raises(found: object) -> None:
    assert iso_date(found) is None or isinstance(iso_date(found), str)


def test_the_real_articles_are_all_read() -> None:
    path = Path(__file__).resolve().parents[2] / "shared" / "articles" / "saudi-news-2015.jsonl.gz"
    if not path.exists():
        pytest.skip(f"the real articles are not here ({path}); they are not part of the project")
    documents, faults = read(path)
    assert len(documents) == 476 and not faults
    assert all(d.date and d.date.startswith("2015-") and "T" in d.date and d.title for d in documents)
