"""What a line is by its wording alone: an advert or other furniture of a page, a dateline, an item of a list."""

from __future__ import annotations

import re

INVISIBLE = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\x00-\x08\x0e-\x1b\x7f"
MARKS = "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640"
UNSEEN = re.compile(rf"[{INVISIBLE}{MARKS}]+")
FOLD = (("أ", "ا"), ("إ", "ا"), ("آ", "ا"), ("ٱ", "ا"), ("ى", "ي"), ("ة", "ه"), ("ؤ", "و"), ("ئ", "ي"))
LONGEST_DATELINE = 80
LONGEST_LINK = 120
HEADS = ["accep", "adver", "all$", "back$", "break", "c$", "click", "cooki", "copy$", "copyr", "downl", "e$", "email", "faceb", "find$", "follo", "free$", "getty", "image", "insta", "join$", "last$", "leave", "like$", "linke", "log$", "login", "messe", "mobil", "more$", "most$", "newsl", "next$", "photo", "pictu", "pinte", "previ", "print", "priva", "read$", "relat", "rss", "see$", "share", "sign$", "skip$", "sms", "spons", "stc", "subsc", "tag$", "tags$", "tap$", "teleg", "terms", "tikto", "twitt", "updat", "watch", "whats", "x", "youtu", "zain", "اترك$", "اخبار", "اخر$", "ارسال", "ارسل$", "اشترك", "اضغط", "اضف$", "اعلان", "اقرءو", "اقرا$", "اقراو", "اكس", "الاكث", "البري", "التعل", "الراب", "الصور", "الكلم", "المزي", "الوسو", "انتهي", "انستج", "انستغ", "انضم$", "انضمو", "انظر$", "انقر", "بريد$", "تابع$", "تابعن", "تابعو", "تاريخ", "تصغير", "تصوير", "تغريد", "تكبير", "تلغرا", "تليغر", "تم$", "تويتر", "تيك$", "جميع$", "حفظ", "حقوق$", "حمل$", "حملوا", "رابط$", "ربما$", "سجل$", "سجلوا", "سمات", "سناب$", "شارك", "شاهد$", "شاهدو", "صور$", "صوره$", "طالع$", "طباعه", "عدسه$", "فيس$", "فيسبو", "قد$", "كافه$", "كل$", "كلمات", "لقراء", "للاشت", "للاعل", "للتوا", "للمزي", "لينكد", "ماده$", "محتوي", "مده$", "مشارك", "مقالا", "مواد$", "مواضي", "موضوع", "نسخ$", "نشر$", "هاشتا", "واتس$", "واتسا", "وسوم", "وقت$", "يتبع", "يمكنك", "يوتيو"]
"""How the first word of an advert begins, up to five letters, ``$`` being its end; or with a digit, or after ``©``; credits have `` / `` after it."""
MARKERS = ("محفو", "rese", "تلغر", "تليغ", "واتس", "اضغط", "انقر", "clic")
"""One of these stands somewhere in what is an advert by what it holds; or one of ``@ #``, ``//``, ``www``."""


def clean(text: str) -> str:
    """Return a short text as the patterns below expect it: no marks, one form of alef, yeh and teh, lower case."""
    text = UNSEEN.sub("", text)
    for old, new in FOLD:  # several times as fast as str.translate
        text = text.replace(old, new)
    return " ".join(text.lower().split())


def is_advert(short: str) -> bool:
    """Tell whether a short piece, as `clean` returns it, is furniture of a page: links, tags, rights, platforms."""
    return (
        _ADVERT_STARTS.match(short) is not None
        or _CREDIT.match(short) is not None
        or _PLATFORMS.match(short) is not None
        or _ADDRESS_LINE.match(short) is not None
        or _WIRE_MARK.match(short) is not None
        or (len(short) < LONGEST_LINK and _ADVERT_ANYWHERE.search(short) is not None)
    )


def kind_by_wording(text: str, start: int, end: int, short: str) -> str:
    """Return ``"advert"``, ``"dateline"`` or ``"list"`` for a line that is one, else ``""``; `short` is `clean` of a brief line."""
    if short and is_advert(short):
        return "advert"
    if short and len(short) < LONGEST_DATELINE and _DATELINE.match(short):
        # a bare name of a city or country between paragraphs heads a section
        return "" if _BARE_CITY.match(short) else "dateline"
    return "list" if BULLET.match(text, start, end) else ""


BULLET = re.compile(
    r"(?:[•▪◦●○■□►▶➤✓✔*]|[-–—](?=\s)|[0-9٠-٩]{1,2}\s?[.)\-–](?![0-9٠-٩])|[اأبجدهوزa-e]\))\s*(?=\S)"
)

_ADVERT_STARTS = re.compile(
    r"(?:[\W_]*)(?:"
    # follow us, subscribe, press here
    r"يمكنكم (?:الان )?(?:متابع|الاشتراك|تحميل)|تابعو?نا\b|تابع(?:وا)? (?:(?:اخر |احدث )?(?:الاخبار\b|اخبار(?:نا|ها)?\b)|كل جديد|قنا|حساب|صفحت|المزيد)"
    r"|(?:اضغط|انقر|اضغطوا|انقروا)\w* (?:هنا|علي الرابط|للاشتراك|لل)|للاشتراك\b|اشترك(?:وا)? (?:الان|معنا|هنا|في (?:نشر|النشر|قنا|القنا|خدم))"
    r"|انضم(?:وا)? (?:الي|الينا|لنا).{0,30}(?:قنا|تلغرام|تليغرام|تيليجرام|واتس)|حمل(?:وا)? (?:ال)?تطبيق|سجل(?:وا)? (?:الان|معنا|الدخول)"
    r"|للتواصل (?:مع|معنا)|للاعلان\b|اعلان(?:ات)?(?: ممول\w*)?\Z|ماده اعلانيه|محتوي (?:ممول|اعلاني)|ارسل رساله"
    # more to read
    r"|(?:اقرا|اقراوا|اقرءوا|شاهد|شاهدوا|طالع|انظر) (?:ايضا|المزيد|كذلك)|قد يعجبك|قد يهمك|ربما يعجبك|لقراءه المزيد|للمزيد\b.{0,60}\Z"
    r"|(?:\.\.\.\s?)?المزيد\W*\Z|(?:موضوعات|مواضيع|اخبار|مقالات|مواد) (?:ذات (?:صله|علاقه)|متعلقه|مشابهه|اخري للكاتب)"
    r"|الاكثر (?:قراءه|مشاهده|تداولا|تعليقا)\W*\Z|اخر الاخبار\W*\Z|رابط (?:الخبر|مختصر|المقال)|الرابط المختصر"
    # tags, comments, sharing
    r"|(?:الكلمات (?:المفتاحيه|الدلاليه|الداله)|الوسوم|كلمات مفتاحيه|وسوم|سمات|هاشتاق)\b|اترك (?:تعليق|رد)|اضف تعليق|التعليقات\W*\d*\W*\Z"
    r"|\d+ تعليق|شارك(?:وا|ها|ه)?(?: (?:هذا|هذه))? ?(?:الخبر|المقال|المقاله|الموضوع|الصفحه|عبر)\b|شارك(?:ها|ه)?\W*\Z|مشاركه\W*(?:عبر.{0,40})?\Z"
    r"|نسخ الرابط|(?:طباعه|ارسال|حفظ|مشاركه|تغريد|تكبير الخط|تصغير الخط)(?:\W+(?:طباعه|ارسال|حفظ|مشاركه|تغريد|الخبر))*\W*\Z"
    r"|وقت القراءه|مده القراءه|اخر تحديث|نشر (?:في|بتاريخ)\W*\d|تم النشر|تاريخ النشر"
    # rights and pictures
    r"|(?:جميع|كل|كافه) (?:ال)?حقوق.{0,25}محفوظ|حقوق (?:النشر|الطبع|الملكيه).{0,12}محفوظ|©|(?:تصوير|عدسه|الصوره|صوره|صور)\s?[:/|]"
    r"|(?:\()?(?:صوره|الصوره) (?:ارشيفيه|من الارشيف|تعبيريه)"
    # English
    r"|next previous|previous next|(?:follow|join|like|find) us\b|subscribe\b|sign up\b|log ?in\b|click here|tap here|read (?:more|also|next)"
    r"|(?:see|watch) (?:also|more|now)\b|more (?:on|from) (?:this|our)\b|related (?:articles|stories|news|topics)|most (?:read|popular|viewed)"
    r"|share (?:this|on|via|article|it)\b|share\W*\Z|advertisement|advertising\W*\Z|sponsored\b|download (?:the|our) app|leave a (?:comment|reply)"
    r"|tags?\s?:|copyright\b|\(c\) ?\d{4}|all rights reserved|(?:photo|image|picture)s?(?: credit| by| courtesy)?\s?:|getty images"
    r"|skip to (?:main )?content|cookie|accept (?:all )?cookies|terms of (?:use|service)|privacy policy|back to top|print\W*\Z|\d+ comments?\Z"
    r"|last updated|updated (?:on|at)\b|breaking news alerts|newsletter\b|free newsletter"
    r")"
)
_ADVERT_ANYWHERE = re.compile(
    r"(?:جميع الحقوق محفوظ|all rights reserved|من خلال تطبيق (?:تلغرام|تليغرام|واتس)|علي (?:تطبيق )?(?:تلغرام|تليغرام|واتساب) (?:اضغط|مجان)"
    r"|اضغط هنا|انقر هنا|click here to)"
)
_CREDIT = re.compile(r"[\W_]*\w+ / (?:ا ف ب|رويترز|غيتي)\Z")
_PLATFORMS = re.compile(
    r"(?=.*[^\W\d])(?:[\W_]|\b(?:فيسبوك|فيس بوك|تويتر|اكس|واتساب|واتس اب|تلغرام|تليغرام|انستغرام|انستجرام|يوتيوب|لينكد ?ان|تيك توك|سناب شات|"
    r"بريد الكتروني|البريد الالكتروني|طباعه|نسخ الرابط|facebook|twitter|x|whatsapp|telegram|instagram|youtube|linkedin|tiktok|"
    r"email|e-mail|print|copy link|rss|pinterest|messenger|stc|mobily|zain|sms|\d{3,6})\b)++\Z"
)
_ADDRESS_LINE = re.compile(
    r"(?:[^\w@#]*+(?:https?://\S++|www\.\S++|[\w.+-]++@[\w-]++(?:\.[\w-]++)++|[@#]\w++))++\W*+\Z"
)
_WIRE_MARK = re.compile(
    r"(?://+ ?)?(?:انتهي|يتبع|انتهي/\S*)(?: ?//+)?(?: سمات.*)?\Z|\d{1,2}:\d{2} ?(?:ت م|جمت|gmt|م|ص)?\Z"
)

_AGENCY = (
    r"(?:واس|رويترز|ا ?\.? ?ف ?\.? ?ب|د ?\.? ?ب ?\.? ?ا|ا ?ب|وكالات|الوكالات|متابعات|سانا|سبا|وام|كونا|قنا|بترا|بنا|وات|واج|وفا|وال|الاناضول|"
    r"نوفوستي|شينخوا|تاس|سبوتنيك|انترفاكس|فرانس برس|اسوشيتد برس|ارنا|كونا|خاص|afp|ap|reuters|upi|dpa|xinhua|tass|agencies|spa|sana)"
)
_CITY = (
    r"(?:الرياض|جده|مكه(?: المكرمه)?|المدينه المنوره|الدمام|ابها|تبوك|القاهره|الاسكندريه|بيروت|دمشق|حلب|عمان|بغداد|اربيل|الموصل|"
    r"الكويت|الدوحه|المنامه|ابوظبي|ابو ظبي|دبي|الشارقه|مسقط|صنعاء|عدن|تعز|الخرطوم|طرابلس|بنغازي|تونس|الجزائر|الرباط|"
    r"الدار البيضاء|نواكشوط|مقديشو|جيبوتي|القدس(?: المحتله)?|رام الله|غزه|تل ابيب|طهران|انقره|اسطنبول|كابول|اسلام اباد|نيودلهي|دلهي|"
    r"بكين|طوكيو|سول|بيونغيانغ|موسكو|كييف|مينسك|وارسو|براغ|بودابست|فيينا|برلين|بون|ميونيخ|باريس|لندن|بروكسل|لاهاي|"
    r"امستردام|جنيف|زوريخ|برن|روما|الفاتيكان|مدريد|لشبونه|اثينا|نيقوسيا|اوسلو|ستوكهولم|هلسنكي|كوبنهاغن|واشنطن|نيويورك|"
    r"الامم المتحده|اوتاوا|كراكاس|برازيليا|هافانا|بوينس ايرس|نيروبي|اديس ابابا|جوبا|داكار|باماكو|ابوجا|بريتوريا|كيب تاون|"
    r"كانبيرا|جاكرتا|كوالالمبور|مانيلا|بانكوك|استانا|طشقند|باكو|تبليسي|يريفان|سراييفو|بلغراد|صوفيا|بوخارست|عواصم|"
    r"geneva|washington|new york|united nations|london|paris|moscow|cairo|riyadh|brussels|beirut|baghdad|tehran|ankara|beijing)"
)
_MONTH = (
    r"(?:يناير|فبراير|مارس|ابريل|مايو|يونيو|يوليو|اغسطس|سبتمبر|اكتوبر|نوفمبر|ديسمبر|كانون|شباط|اذار|نيسان|ايار|حزيران|تموز|"
    r"اب|ايلول|تشرين|محرم|صفر|رجب|شعبان|رمضان|شوال|january|february|march|april|may|june|july|august|september|october|"
    r"november|december)"
)
_DASH = r"\s?[-–—ـ/،,:|]\s?"
_DATE = rf"(?:(?:في )?\d{{1,2}}[ /]?{_MONTH}?(?: الاول| الثاني)?(?:[ /،,]{{0,2}}\d{{2,4}} ?[مه]?)?|\d{{1,4}}[-/]\d{{1,2}}[-/]\d{{1,4}})"
_DATELINE = re.compile(
    rf"\W*(?:"
    rf"{_CITY}(?:{_DASH}| )?\(?{_AGENCY}\)?|{_AGENCY}{_DASH}{_CITY}|\(?{_AGENCY}\)?"
    rf"|(?:\w+(?: \w+){{0,4}}{_DASH})?{_CITY}(?: ?\([\w ]{{2,25}}\))?(?:{_DASH}(?:{_AGENCY}|{_CITY}|\w+(?: \w+){{0,2}}))?"
    rf"(?:(?:{_DASH}| ){_DATE})?(?: ?\({_AGENCY}\))?"
    rf"|\w+(?: \w+){{0,4}}{_DASH}{_AGENCY}|{_DATE}"
    rf"|{_CITY} {_DATE} ?ه?ـ? الموافق {_DATE}(?: {_AGENCY})?"
    rf")\s?[-–—:]?\W?\Z"
)
_BARE_CITY = re.compile(rf"{_CITY}\Z")
