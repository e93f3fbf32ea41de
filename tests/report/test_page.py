"""The page as text: it holds what it was given, harmless, and nothing from elsewhere."""

import re
import sys
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import attrs
import pytest
from hand_made_calls import LINE, MONDAY, call, missed, report_of

from tele2ats_async import CallRecord, CommonStatistics, Employee
from tele2ats_async.report import LANGUAGES, Language, build_report, render_html, rendering
from tele2ats_async.report.language import TEXTS
from tele2ats_async.report.spelling import Spelling

HOSTILE = '<script src="https://evil.example/x.js"></script><img src=x onerror=alert(1)>"\'&\u202e\x00'
EVERYTHING = {
    "caller_name": HOSTILE, "callee_name": HOSTILE, "caller_number": HOSTILE, "callee_number": HOSTILE,
    "destination_number": HOSTILE,
}  # fmt: skip


class Page(HTMLParser):
    """The elements and attributes of a page, and its texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_from_the_server_are_texts(language: Language) -> None:
    """Whoever calls may call himself a script: in names, numbers, types and statuses."""
    records = [
        call(1, **EVERYTHING), call(2, HOSTILE, **EVERYTHING), missed(3, call_type="MULTI_CHANNEL", **EVERYTHING),
        missed(4, caller_name=HOSTILE, callee_name=HOSTILE), call(5, call_type=HOSTILE),
    ]  # fmt: skip
    page = Page(
        render_html(report_of(*records, employees=[Employee(1, HOSTILE, HOSTILE)]), language=language)
    )

    assert {"script", "img", "iframe", "link", "object"}.isdisjoint(page.elements)
    assert [] == [name for name, _ in page.attributes if name.startswith("on") or name in ("src", "srcset")]
    assert '<script src="https://evil.example/x.js">' in page.text
    assert not re.search("[\u202e\x00]", page.text)


def test_a_link_is_a_number_or_a_place_on_the_page() -> None:
    """Nothing else becomes an address, whatever is called a number."""
    page = Page(render_html(report_of(missed(1, caller_number="javascript:alert(1)"), missed(2))))

    assert ["#unreturned", "tel:+79990000001"] == [value for name, value in page.attributes if name == "href"]


@pytest.mark.parametrize(
    ("number", "link"),
    [
        ("79990000001", "tel:+79990000001"),
        ("375291234567", "tel:+375291234567"),
        ("2123456", "tel:2123456"),
        ("0049301234567", "tel:0049301234567"),
        ("810375291234567", "tel:810375291234567"),
        ("8613912345678", "tel:+8613912345678"),
    ],
)
def test_a_local_number_gets_no_country(number: str, link: str) -> None:
    """A plus sign before it would call somebody in another country."""
    page = Page(render_html(report_of(missed(1, caller_number=number))))

    assert ["#unreturned", link] == [value for name, value in page.attributes if name == "href"]


def test_the_policy_forbids_the_network() -> None:
    """A browser that reads it asks nobody for anything; and the style has no address either."""
    html = render_html(report_of(call(1)))

    assert "default-src 'none'; style-src 'unsafe-inline'" in html
    assert [] == re.findall(r"https?:|url\(|@import|//[a-z]", html)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "records", [[], [call(1)], [missed(1, caller_number=None)], [call(1, call_type="INTERNAL")]]
)
def test_few_calls_make_a_page(language: Language, records: list[CallRecord]) -> None:
    """None, one, one of nobody: each is told, and nothing is divided by nothing."""
    html = render_html(report_of(*records), language=language)

    assert bool(records) == ('id="heat"' in html)
    assert bool(not records) == ('id="empty"' in html)


def test_every_day_of_a_short_period_has_a_row() -> None:
    """Also those without calls, which say something too."""
    html = render_html(report_of(call(1), call(30)))

    assert [f"2026-03-0{day}" for day in range(2, 10)] == re.findall(r'data-day="([^"]*)"', html)


def test_a_year_is_shown_by_months() -> None:
    """With the days of each inside, but those without calls."""
    report = build_report([call(1), call(24 * 40)], MONDAY, MONDAY + timedelta(days=365), tz=UTC)
    html = render_html(report)

    assert ["2026-03", "2026-04"] == re.findall(r'data-month="([^"]*)"', html)
    assert ["2026-03-02", "2026-04-11"] == re.findall(r'data-day="([^"]*)"', html)


def test_what_does_not_end_is_cut_and_counted() -> None:
    """A service that invents statuses, numbers and names makes no page that no browser opens."""
    records = [
        call(
            1,
            f"STATUS_{place}",
            call_type="MULTI_CHANNEL",
            callee_number=f"{place}",
            destination_number=f"{place}",
        )
        for place in range(2_000)
    ]
    html = render_html(report_of(*records, missed(1, callee_name="Я" * 10_000)))

    assert "and 1\N{NO-BREAK SPACE}701 more" in html
    assert 800_000 > len(html)
    assert "Я" * 80 not in html


def test_figures_are_spelled_as_the_language_does() -> None:
    """Thousands, fractions, days, and durations."""
    records = [call(1, call_duration=3_700, conversation_duration=3_600)] * 1_234
    report = report_of(
        *records, statistics=CommonStatistics(call_count_per_day=1_234.56, max_call_duration=2**64)
    )
    english, russian = (render_html(report, language=language) for language in LANGUAGES)
    space = "\N{NO-BREAK SPACE}"

    assert all(text in english for text in (f"1{space}234.6", "Mon 2026-03-02", f"1{space}h", f"100{space}%"))
    assert all(text in russian for text in (f"1{space}234,6", "Пн 02.03.2026", f"1{space}ч", "отвечен"))
    assert f"1{space}min 40{space}s" in english


def test_what_an_archive_lacks_is_told() -> None:
    """Nobody takes calls that were not listed for calls that there were not."""
    report = report_of(call(1))
    gap = datetime(2026, 3, 3, 4, 5, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC)
    told = render_html(attrs.evolve(report, gaps=(gap,)))

    assert "Tue 2026-03-03 04:05 to Wed 2026-03-04 00:00" in told


def test_a_language_has_to_be_one() -> None:
    """The mistake names those that there are."""
    with pytest.raises(ValueError, match="language: expected one of en, ru, got 'fr'"):
        render_html(report_of(), language="fr")  # type: ignore[arg-type]  # the mistake


def test_both_languages_say_all() -> None:
    """No sentence is forgotten in one of them, nor a figure that a sentence is made of."""
    english, russian = (TEXTS[language] for language in LANGUAGES)

    assert english.keys() == russian.keys()
    for name, text in english.items():
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", russian[name]))


def test_a_queue_is_named() -> None:
    """The most that waited at once is told with the number and the moment."""
    line = {"call_type": "MULTI_CHANNEL", "destination_number": LINE}
    html = render_html(report_of(call(10, **line), call(10.001, **line)))

    assert f"on {LINE} it was 2, at Mon 2026-03-02 10:00" in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_period_of_all_calendars_is_a_page(language: Language) -> None:
    """Nobody lists three million days, nor fails at the year 1."""
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    records = [attrs.evolve(call(1), date=first), attrs.evolve(call(1), date=last)]

    assert 2 == render_html(build_report(records, first, last, tz=UTC), language=language).count("data-day=")


def test_a_missing_template_engine_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who installed the package without the extra has the figures, and learns what the page needs."""
    monkeypatch.setitem(sys.modules, "jinja2", None)
    rendering._environment.cache_clear()
    report = report_of(call(1))

    assert 1 == report.total
    with pytest.raises(ImportError, match=r'pip install "tele2ats_async\[report\]"'):
        render_html(report)


def test_a_share_is_nothing_or_all_only_where_it_is() -> None:
    """One missed call of a thousand is not none, and the rest are not all."""
    english = Spelling("en")
    shares = [
        english.percent(share).replace("\N{NO-BREAK SPACE}", "") for share in (0, 0.001, 0.5, 0.999, 1, None)
    ]

    assert ["0%", "<1%", "50%", ">99%", "100%", "–"] == shares
