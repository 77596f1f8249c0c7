"""The pages that an analyst reads, opened in a browser and clicked through."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest
from browser import chromium, requests_made
from conftest import ROOT

import stance
from stance.articles.documents import Document
from stance.articles.scoring import score_documents
from stance.articles.trends import by_actor, stances_taken, trends_of
from stance.present.article_html import article_fragment, article_page
from stance.present.trends import groups_page

EXAMPLE = ROOT / "stance" / "articles" / "example.txt"


@pytest.fixture(scope="module")
def article() -> stance.Article:
    return stance.score(EXAMPLE, scheme="oppose")


def test_a_reader_clicks_through_the_report(article: stance.Article, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(article_page(article), encoding="utf-8")
    with chromium() as driver:
        driver.get(page.as_uri())

        def css(selector: str) -> list:
            return driver.find_elements("css selector", selector)

        assert driver.execute_script("return getComputedStyle(document.documentElement).direction") == "rtl"
        sentences = css(".s[role=button]")
        assert len(sentences) == len(article.scored)
        oppose = css(".s.oppose")[0]
        assert oppose.find_element("css selector", ".mark").text == "▼"  # not by colour alone
        assert "underline" in driver.execute_script("return getComputedStyle(arguments[0]).textDecorationLine", css(".actor")[0])
        assert [a.text for a in oppose.find_elements("css selector", ".actor")] == [
            s.actor.text for s in article.sentences if s.label == "oppose"
        ]
        assert re.search(r"\d\.\d\d", oppose.get_attribute("title"))  # hovering shows the probabilities

        panel = css("#panel")[0]
        assert not panel.is_displayed()
        oppose.click()
        assert panel.is_displayed()
        shown = panel.text
        wanted = next(s for s in article.sentences if s.label == "oppose")
        assert f"{wanted.probability:.2f}" in shown
        assert wanted.actor.name in shown
        assert len(css("#panel .ngrams tr")) == 8
        driver.switch_to.active_element.send_keys("\ue00c")  # escape
        assert not panel.is_displayed()
        sentences[0].send_keys("\ue007")  # the keyboard opens it too
        assert panel.is_displayed()
        css("#close")[0].click()

        css("[data-filter=abstain]")[0].click()
        assert css("[data-filter=abstain]")[0].get_attribute("aria-pressed") == "true"
        lit = [s for s in css(".s") if "off" not in s.get_attribute("class").split()]
        assert {s.get_attribute("data-label") for s in lit} == {"abstain"}
        rows = [r for r in css("tr[data-stances]") if r.is_displayed()]
        assert len(rows) == sum("abstain" in a.counts for a in article.actors)
        css("[data-filter='']")[0].click()
        assert all(r.is_displayed() for r in css("tr[data-stances]"))
        css("a.to")[0].click()
        assert panel.is_displayed()
        assert requests_made(driver) == []
        assert [e for e in driver.get_log("browser") if e["level"] == "SEVERE"] == []
        for scheme in ("light", "dark"):
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
            ink, ground = driver.execute_script(
                "const c = getComputedStyle(document.body); return [c.color, c.backgroundColor]"
            )
            assert contrast(ink, ground) > 7
            for tinted in css(".s.support, .s.oppose, .s.abstain"):
                tint = driver.execute_script("return getComputedStyle(arguments[0]).backgroundColor", tinted)
                assert contrast(ink, over(tint, ground)) > 4.5
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        assert not css(".filter")[0].is_displayed()
        assert not panel.is_displayed()


def channels(colour: str) -> list[float]:
    return [float(x) for x in re.findall(r"[\d.]+", colour)]


def over(colour: str, ground: str) -> str:
    *rgb, alpha = [*channels(colour), 1.0][:4]
    return "rgb({}, {}, {})".format(*(a * alpha + b * (1 - alpha) for a, b in zip(rgb, channels(ground), strict=False)))


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio."""

    def luminance(colour: str) -> float:
        parts = [x / 255 for x in channels(colour)[:3]]
        r, g, b = (x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    a, b = sorted((luminance(one), luminance(other)))
    return (b + 0.05) / (a + 0.05)


def test_hostile_words_stay_words(tmp_path: Path) -> None:
    bad = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    text = f"أدانت فرنسا {bad} الهجوم على مصر.\nرحبت مصر بالقرار {bad}."
    article = next(score_documents([Document("x", text, title=bad)], stance.load()))
    page = article_page([article, article])
    assert "<img" not in page
    assert "<script>document" not in page
    (tmp_path / "x.html").write_text(page, encoding="utf-8")
    with chromium() as driver:
        driver.get((tmp_path / "x.html").as_uri())
        for sentence in driver.find_elements("css selector", ".s[role=button]"):
            sentence.click()
            driver.find_element("css selector", "#close").click()
        assert driver.title == "2 مقالات"
        assert requests_made(driver) == []


def test_the_page_needs_nothing_from_outside(article: stance.Article) -> None:
    page = article_page(article)
    assert not re.search(r"(src|href)\s*=\s*[\"'](?!#)", page)
    assert "url(" not in page
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_every_sentence_stands_in_the_page_once(article: stance.Article) -> None:
    page = re.sub(r"<(style|script).*?</\1>", "", article_page(article), flags=re.DOTALL)
    plain = " ".join(html.unescape(re.sub(r"<[^>]+>", "", page)).split())
    for s in article.sentences:
        assert plain.count(" ".join(s.text.split())) == 1


def test_notebooks_show_the_same_page_in_a_frame(article: stance.Article) -> None:
    shown = article._repr_html_()
    assert shown == article_fragment(article)
    assert html.unescape(re.search(r'srcdoc="([^"]*)"', shown)[1]) == article_page(article)


def test_an_article_without_sentences_has_a_page() -> None:
    empty = next(score_documents([Document("e", "***")], stance.load()))
    assert "<article" in article_page(empty)
    assert article_page([]).startswith("<!doctype html>")


def test_the_page_of_actors_has_table_and_plots(tmp_path: Path) -> None:
    documents = [
        Document("1", "أعربت تونس عن دعمها لخطة السلام في مالي.", date="2021-01-05"),
        Document("2", "أدانت تونس الهجوم على مالي.", date="2021-05-05"),
    ]
    model = stance.load("stance-oppose-ar")
    taken = stances_taken(score_documents(documents, model))
    page = groups_page(by_actor(taken, model.labels), ["support", "oppose", "abstain"], 2, trends_of(taken, model.labels, least=1))
    (tmp_path / "x.html").write_text(page, encoding="utf-8")
    with chromium() as driver:
        driver.get((tmp_path / "x.html").as_uri())
        assert len(driver.find_elements("css selector", "svg[role=img]")) == 1
        assert "from support to oppose" in driver.find_element("css selector", "figcaption").text
        assert "2021-01-05" in driver.find_elements("css selector", "table")[-1].text
        assert requests_made(driver) == []


def test_sentences_as_a_frame(article: stance.Article) -> None:
    frame = article.to_frame()
    assert len(frame) == len(article.sentences)
    row = frame[frame.label == "oppose"].iloc[0]
    assert article.text[int(row.actor_start) : int(row.actor_end)] == row.actor
    assert row.actor_entity == "SN"
    assert json.loads(frame.to_json(orient="records"))
