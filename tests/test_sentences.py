"""What `split_sentences` promises: exact offsets, nothing lost, and the sense of real copy kept."""

from __future__ import annotations

import gzip
import json
import re
import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stance.arabic.sentences import MAX_WORDS, SentenceSpan, split_sentences

KINDS = {"sentence", "headline", "subheading", "dateline", "list", "quote", "advert"}
ARTICLES = Path(__file__).resolve().parents[2] / "shared" / "articles"
LINE_BREAK = re.compile("[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# what an ornament line may hold, said again here so that the tests do not lean on the code's own table
ORNAMENTAL = re.compile(
    "[\\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\x00-\x08\x0e-\x1b\x7f"
    "*\\-_=~#•·.…|/\\\\+–—―─━═■□◆◇●○★☆]*"
)


def texts(text: str, **options: bool) -> list[str]:
    return [text[s.start : s.end] for s in split_sentences(text, **options)]


def kinds(text: str) -> list[str]:
    return [s.kind for s in split_sentences(text)]


def check(text: str, spans: list[SentenceSpan]) -> None:
    """Order, no overlap, none empty, stripped, known kinds, and every visible character covered."""
    reached = 0
    left_out = []
    for span in spans:
        assert reached <= span.start < span.end <= len(text)
        piece = text[span.start : span.end]
        assert piece == piece.strip()
        assert span.kind in KINDS
        left_out.append((reached, span.start))
        reached = span.end
    left_out.append((reached, len(text)))
    for start, end in left_out:
        for line in LINE_BREAK.split(text[start:end]):
            assert ORNAMENTAL.fullmatch(line), f"lost: {line!r}"
            if line.strip() and start and start == left_out[-1][0]:
                assert LINE_BREAK.search(text[start:end])


COPY = st.lists(
    st.sampled_from(
        re.split(
            " ",
            'د. أ. م. U.S. 3.5 ٣٫٥ 12.3.2015 ... .. … ؟ ! ؛ ، . .» « » " “ ” ( ) [ ] : - – • * *** --- \n \r\n \n\n \t '
            "\u00a0 \u200f \ufeff \u2028 ـ ً قال الوزير ندعم وأضاف .وقال واشنطن رويترز (رويترز) اقرأ أيضا شارك 1. 2) "
            "https://a.b @x © بي. سي. p.m. he He قائلا  ",
        )
    ),
    max_size=60,
).map(" ".join) | st.text(max_size=200)


@settings(max_examples=600, deadline=None)
@given(COPY)
@example("")
@example("\x00")
@example(". . .")
@example("!\n؟")
@example("«««»»»")
@example('"' * 9)
@example("•\n• \n•")
@example("a\u2028b\x85c\x1cd")
def test_any_text_is_cut_in_order_without_overlap_and_nothing_visible_is_lost(text: str) -> None:
    check(text, split_sentences(text))
    check(text, split_sentences(text, semicolons=True))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(["رحبت عمان بالبيان", "امتنعت مالطا عن التصويت", "نرفض ذلك"]), min_size=1, max_size=8
    )
)
def test_plain_sentences_come_back_one_by_one(sentences: list[str]) -> None:
    stopped = [s + "." for s in sentences]
    assert texts(" ".join(stopped)) == stopped
    assert texts("\r\n".join(stopped)) == stopped


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("هل تقبل الحكومة بالعرض؟ لم يجب الناطق.", 2),
        ("يا لها من خطوة! رحب بها الجميع.", 2),
        ("رحبت تونس بالبيان… وتحفظت عليه ليبيا.", 1),  # three words before an ellipsis: a pause
        ("رحبت تونس اليوم بالبيان الختامي للقمة... وتحفظت عليه ليبيا.", 2),
        ("رحبت تونس اليوم بالبيان الختامي للقمة... لأن فيه ما طلبته.", 1),
        ("نؤيد الحل السلمي؛ ونرفض كل تدخل.", 1),
        ("التقى د. سامر حداد نظيره أ. د. هاني كرم في أثينا. ثم غادر.", 2),
        ("استقبل م. عادل الوفد (أ.محمود وأ.هالة) صباحا.", 1),
        ("The U.S. envoy met Dr. Haddad at 5 p.m. on Monday. He left.", 2),
        (
            "ارتفعت الصادرات 3.5 ٪ والواردات ٣٫٥ في المئة يوم 12.3.2015 وفق البيان. وتراجع العجز 2.\u200f16.",
            2,
        ),
        ("انعقدت القمة عام 2019. وغابت عنها دولتان.", 2),
        ("كان ذلك سنة 1990 م. وبعدها تغير كل شيء.", 2),
        ("أعلنت الوزارة موقفها أمس.وقالت إنها تؤيد القرار.", 2),
        ("ذكرت شبكة بي. بي. سي. البريطانية ذلك. ونفته لندن.", 2),
        ("زوروا www.example.org.sa أو راسلوا a.b@example.com للمزيد. شكرا لكم.", 2),
        ("قال الناطق: «نرفض التصعيد. وندعو إلى الحوار.» وأضاف أن بلاده محايدة.", 2),
        ("قال إن «هذا مرفوض.» في إشارة إلى العقوبات.", 1),
        ("وصف كتاب «من يحكم البحر؟» للكاتب اليوناني بالمهم.", 1),
        ('تساءل: "هل نقبل بهذا؟" وأضاف أن الوقت ضيق.', 2),
        ("هذا القرار (!) يخالف ما اتفق عليه (...) في جنيف.", 1),
        ("قال “نحن مع السلام.” ودعا إلى هدنة.", 2),
        ("تمتد الحدود على 700 كيلومتر،. وهي طويلة.", 2),
        ("وصل الوفد اليوم . ثم غادر .", 2),
        ("1. دعم وحدة البلاد.", 1),
        ("ما هذا؟! أهو صمت؟؟!! نعم.", 3),
        ("القـــرار مهم.ولكنّه متأخّرٌ. نعم", 3),
    ],
)
def test_stops_end_sentences_only_where_a_reader_would_stop(text: str, count: int) -> None:
    assert len(texts(text)) == count, texts(text)


def test_the_semicolon_ends_a_sentence_on_request_only() -> None:
    text = "نؤيد الحل السلمي؛ ونرفض كل تدخل."
    assert texts(text, semicolons=True) == ["نؤيد الحل السلمي؛", "ونرفض كل تدخل."]


@pytest.mark.parametrize(
    "text",
    [
        "لوساكا (زامبيا): رحبت الحكومة بقرار المحكمة الدولية.",
        "الرياض - واس: أعلن مجلس الوزراء تأييده للمبادرة.",
        "جنيف 12 مارس (رويترز) - امتنعت ست دول عن التصويت.",
        "باريس (أ.ف.ب) - نددت الخارجية بالهجوم.",
        "WASHINGTON, Mar. 12 (Reuters) - The U.S. welcomed the deal.",
    ],
)
def test_a_dateline_that_opens_a_sentence_stays_in_it(text: str) -> None:
    assert texts(text) == [text]
    assert kinds(text) == ["sentence"]


@pytest.mark.parametrize(
    "line",
    [
        "الرياض - واس",
        "(رويترز)",
        "جنيف 12 مارس (رويترز) -",
        "صحيفة الغد – بيروت",
        "في 3 أيار 2021",
        "واشنطن، وكالات",
    ],
)
def test_a_dateline_alone_on_its_line_is_a_dateline(line: str) -> None:
    body = "رحبت الحكومة بقرار المحكمة."
    assert kinds(f"{line}\n{body}") == ["dateline", "sentence"]


@pytest.mark.parametrize(
    "line",
    [
        "تابعونا على فيسبوك وتويتر",
        "تابعوا أحدث أخبارنا على إنستغرام",
        "يمكنكم متابعة آخر أخبارنا عبر قناتنا",
        "اضغط هنا للاشتراك في النشرة",
        "إضغطوا هنا",
        "اشترك الآن في نشرتنا البريدية",
        "اقرأ أيضًا: قمة جديدة في الخريف",
        "شاهد أيضا",
        "قد يعجبك أيضا",
        "أخبار ذات صلة",
        "شارك هذا الخبر",
        "فيسبوك | تويتر | واتساب | طباعة",
        "جميع الحقوق محفوظة © 2024",
        "حقوق النشر محفوظة للصحيفة",
        "تصوير: ندى سالم",
        "...المزيد",
        "الوسوم: مصر، قبرص",
        "// انتهى //",
        "https://example.com/news/1",
        "desk@example.com",
        "Follow us on Telegram",
        "Read more: the summit in pictures",
        "Share this article",
        "© 2020 Example Media",
        "All rights reserved",
        "Photo: A. Person / Agency",
        "Subscribe to our newsletter",
        "Advertisement",
    ],
)
def test_advertising_navigation_and_credits_are_named_advert(line: str) -> None:
    text = f"رحبت الحكومة بقرار المحكمة.\n{line}\nوقالت إنها تلتزم به."
    assert kinds(text) == ["sentence", "advert", "sentence"]


@pytest.mark.parametrize(
    "line",
    [
        "شارك الوزير في اجتماع اللجنة الرباعية في تونس.",
        "اشترك الجيشان في مناورات بحرية قبالة الساحل.",
        "المزيد من الضغوط لن يغير موقف الحكومة.",
        "تابع الوزير مجريات التصويت من مكتبه.",
        "تابع وزير الخارجية أن بلاده تدعم الاتفاق.",
        "نشر الجيش قواته على الحدود.",
        "صور الأقمار الصناعية تظهر حشودا عسكرية.",
        "حمل الوزير خصومه مسؤولية الفشل.",
        "اقرأوا ما جاء في البيان بعناية.",
        "طباعة العملة الجديدة بدأت أمس.",
        "تويتر يحجب حساب السفارة.",
        "Share prices fell after the vote.",
        "Photographs of the summit show both ministers.",
    ],
)
def test_news_that_begins_like_an_advert_is_still_news(line: str) -> None:
    assert kinds(line) == ["sentence"]


def test_an_article_is_named_part_by_part() -> None:
    text = (
        "\ufeffزامبيا تؤيد خطة السلام الإفريقية\r\n"
        "في أول موقف معلن منذ القمة\r\n"
        "تابعونا على تلغرام\r\n"
        "لوساكا – وكالات\r\n"
        "أيدت زامبيا خطة السلام، وقالت إنها عادلة. ودعت جيرانها إلى تأييدها.\r\n"
        "***\r\n"
        "تحفظ الجيران\r\n"
        "«نحن نقف على مسافة واحدة من الجميع».\r\n"
        "- انسحاب القوات\r\n"
        "- عودة النازحين\r\n"
        "وامتنعت ناميبيا عن التعليق"
    )
    assert [
        (s.kind, text[s.start : s.end].split(maxsplit=1)[0].lstrip("\ufeff")) for s in split_sentences(text)
    ] == [
        ("headline", "زامبيا"),
        ("headline", "في"),
        ("advert", "تابعونا"),
        ("dateline", "لوساكا"),
        ("sentence", "أيدت"),
        ("sentence", "ودعت"),
        ("subheading", "تحفظ"),
        ("quote", "«نحن"),
        ("list", "-"),
        ("list", "-"),
        ("sentence", "وامتنعت"),
    ]


def test_lines_without_any_full_stop_are_sentences_each() -> None:
    assert kinds("رحبت قبرص بالقرار\nنددت به اليونان\nوامتنعت مالطا") == ["sentence"] * 3


def test_hard_wrapped_copy_is_read_by_paragraph() -> None:
    one = "أعلنت وزارة الخارجية في بيان لها صباح اليوم تأييدها الكامل لخطة المبعوث الدولي. وقالت"
    two = "إن الخطة تحفظ وحدة البلاد وتفتح الباب أمام عودة النازحين إلى ديارهم. ودعت الأطراف"
    three = "كافة إلى الالتزام بها دون شروط مسبقة حتى تنجح. وأضافت أنها ستتابع تنفيذها مع الشركاء"
    text = f"{one}\n{two}\n{three}\nفي المنطقة.\n\nوانتهى البيان."
    assert len(texts(text)) == 5
    check(text, split_sentences(text))


def test_a_sentence_without_a_stop_is_cut_at_the_best_clause_mark() -> None:
    words = ["كلمة"] * 100
    long = " ".join(words) + "؛ ثم " + " ".join(words) + "، وعاد " + " ".join(words)
    pieces = texts(long)
    assert [p[-1] for p in pieces[:-1]] == ["؛", "،"]
    assert pieces[2].startswith("وعاد")
    unmarked = " ".join(["كلمة"] * 1000)
    assert max(len(p.split()) for p in texts(unmarked)) <= MAX_WORDS


def test_pieces_inside_a_long_quotation_are_quotes() -> None:
    inner = " ".join(["نحن نؤيد هذه الخطة لأنها تحفظ وحدة البلاد وسيادتها على أرضها كلها."] * 12)
    found = kinds(f"قال الوزير: «{inner}» وغادر القاعة.")
    assert found[0] == "sentence" and "quote" in found[1:-1]


FAMILIES = [
    "قال نعم. ",
    "د . ",
    "« ",
    '"أ ',
    "! ",
    "•  ",
    "أ،و ",
    "كلمة ",
    "(.",
    "سطر\n",
    "* x\n",
    "1. 2. ",
    "x",
    " ",
    "؟ «",
]


@pytest.mark.parametrize("unit", FAMILIES)
def test_the_work_grows_no_faster_than_the_text(unit: str) -> None:
    """Count the calls made, not seconds; what stays inside one regex call shows in the test after this one."""

    def calls(text: str) -> int:
        count = 0

        def tick(frame: object, event: str, arg: object) -> None:
            nonlocal count
            count += 1

        sys.setprofile(tick)
        try:
            split_sentences(text)
        finally:
            sys.setprofile(None)
        return count

    once, fourfold = calls(unit * 1500), calls(unit * 6000)
    assert fourfold <= 4.4 * once + 200


@pytest.mark.parametrize("unit", [*FAMILIES, "https://", "@a", '«"“', "، "])
def test_a_huge_line_ends_and_takes_memory_in_proportion(unit: str) -> None:
    # quadratic work inside the regex engine would keep this test for minutes
    text = unit * ((300_000 if "\n" in unit else 1_000_000) // len(unit))
    tracemalloc.start()
    try:
        spans = split_sentences(text)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 40_000_000 + 700 * max(len(spans), text.count("\n"))


def test_every_real_article_is_cut_whole() -> None:
    path = ARTICLES / "saudi-news-2015.jsonl.gz"
    if not path.exists():
        pytest.skip(f"the real articles are not here ({path}); they are not part of the project")
    seen: dict[str, int] = {}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        articles = [json.loads(line)["text"] for line in file]
    for text in articles:
        spans = split_sentences(text)
        check(text, spans)
        assert max(len(text[s.start : s.end].split()) for s in spans) <= 2 * MAX_WORDS
        for span in spans:
            seen[span.kind] = seen.get(span.kind, 0) + 1
    assert len(articles) == 476
    assert set(seen) <= KINDS and seen["sentence"] > 5000
    assert seen["advert"] < 0.05 * sum(seen.values())


def test_the_agency_article_is_read_as_a_reader_would() -> None:
    path = ARTICLES / "blinken-astana.txt"
    if not path.exists():
        pytest.skip(f"the real article is not here ({path}); it is not part of the project")
    text = path.read_text(encoding="utf-8")
    assert (
        kinds(text)
        == ["headline"] * 2 + ["advert"] * 2 + ["sentence"] * 9 + ["subheading"] + ["sentence"] * 3
    )
