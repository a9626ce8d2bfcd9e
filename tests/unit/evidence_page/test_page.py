"""The text of the page: self-contained, safe against names that are markup, exact, bounded. What it does is tested in e2e."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256

import polars as pl
import pytest
from unit.evidence_page.trails import example_trail, random_trail, trail_of

from recoup.evidence.page import page_html, write_page
from recoup.evidence.wording import words


@pytest.fixture(scope="module")
def html():
    return page_html(example_trail(), timezone="Asia/Shanghai")


def data_of(html):
    return json.loads(
        re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)[1]
    )


def test_the_policy_allows_exactly_the_script_and_the_style_inside(html):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1]
    assert policy.startswith("default-src 'none'; ")
    for name, element in (("script-src", "script"), ("style-src", "style")):
        text = re.search(rf"<{element}>(.*?)</{element}>", html, re.DOTALL)[1]
        digest = b64encode(sha256(text.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}'" in policy


def test_nothing_is_fetched_from_anywhere(html):
    code = re.sub(r'<script type="application/json".*?</script>', "", html, flags=re.DOTALL)
    addresses = set(re.findall(r"https?://[^\s\"'<>)]+", code))
    assert {"http://www.w3.org/2000/svg"} == addresses, "the name of SVG is the only address"
    assert not re.search(r"<(link|img|iframe)\b|@import|\bfetch\(|XMLHttpRequest|innerHTML", code)


def test_names_that_are_markup_stay_data():
    evil = "</script><script>alert(1)</script><!--\u2028&"
    transfers = [
        {
            "id": "T1",
            "payer": "v",
            "payee": "a",
            "amount": 7,
            "payer_name": evil,
            "payee_name": evil,
        }
    ]
    flows = [{"claim": evil, "transfer": "T1", "amount": 7}]
    trail = trail_of(
        transfers, [{"claim": evil, "victim": evil, "transfer": "T1"}], flows, assumptions=(evil,)
    )
    html = page_html(trail)
    assert "<script>alert" not in html
    assert html.count("</script>") == 2
    assert evil == data_of(html)["claims"][0][0]


def test_amounts_beyond_what_a_script_can_count_are_exact():
    amount = 2**60 + 1
    transfers = [{"id": "T1", "payer": "v", "payee": "a", "amount": amount}]
    flows = [{"claim": "C1", "transfer": "T1", "amount": amount}]
    data = data_of(page_html(trail_of(transfers, [{"claim": "C1", "transfer": "T1"}], flows)))
    assert str(amount) == data["pictures"]["fifo"]["CNY"]["items"][0][3]


def test_every_movement_cites_its_file_and_row(html):
    data = data_of(html)
    assert all(re.fullmatch(r"case/transfers\.csv:\d+", row[6]) for row in data["transfers"])


def test_movements_of_every_edge_add_up_to_the_edge(html):
    for by_currency in data_of(html)["pictures"].values():
        picture = by_currency["CNY"]
        sums = [0] * len(picture["edges"])
        for item in picture["items"]:
            sums[item[0]] += int(item[3])
        assert sums == [int(edge[10]) for edge in picture["edges"]]


def test_a_large_trail_is_bounded_and_still_adds_up(monkeypatch):
    monkeypatch.setattr("recoup.evidence.page.data.ITEMS_MAX", 300)
    monkeypatch.setattr("recoup.evidence.page.data.CLAIMS_MAX", 5)
    monkeypatch.setattr("recoup.evidence.page.data.ACCOUNTS_MAX", 50)
    data = data_of(page_html(random_trail(11, accounts=300, transfers=900, claims=30)))
    picture = data["pictures"]["fifo"]["CNY"]
    shown, total = picture["items_shown"]
    assert (len(data["claims"]), data["claims_total"], shown) == (5, 30, 300)
    assert total > 300
    sums = [0] * len(picture["edges"])
    for item in picture["items"]:
        sums[item[0]] += int(item[3])
    assert sums == [int(edge[10]) for edge in picture["edges"]]
    assert picture["shown"][0] == 50


def test_several_currencies_have_pictures_of_their_own():
    transfers = [
        {"id": "T1", "payer": "v", "payee": "a", "amount": 5},
        {"id": "T2", "payer": "v", "payee": "a", "amount": 700, "currency": "JPY"},
    ]
    claims = [{"claim": "C1", "transfer": "T1"}, {"claim": "C2", "transfer": "T2"}]
    flows = [
        {"claim": c["claim"], "transfer": c["transfer"], "amount": a}
        for c, a in zip(claims, (5, 700), strict=True)
    ]
    data = data_of(page_html(trail_of(transfers, claims, flows)))
    assert data["currencies"] == ["CNY", "JPY"]
    assert data["digits"] == {"CNY": 2, "JPY": 0}
    assert [data["pictures"]["fifo"][c]["edges"][0][10] for c in ("CNY", "JPY")] == ["5", "700"]


def test_a_trail_without_claims_gives_a_page(tmp_path):
    write_page(trail_of([], [], []), tmp_path / "trail.html")
    assert "</html>" in (tmp_path / "trail.html").read_text("utf-8")


def test_every_phrase_has_both_languages_and_the_same_blanks():
    for key, pair in words().items():
        assert len(pair) == 2, key
        assert all(pair), key
        assert len({tuple(sorted(re.findall(r"\{(\w+)\}", text))) for text in pair}) == 1, key


def test_every_phrase_that_the_page_asks_for_exists(html):
    asked = set(re.findall(r"data-(?:say|label)=\"(\w+)\"", html)) | set(
        re.findall(r"\bsay\(\"([\w-]+)\"", html)
    )
    assert set() == asked - words().keys()


def test_another_language_is_refused():
    with pytest.raises(ValueError, match="fr"):
        page_html(trail_of([], [], []), language="fr")


def test_the_same_trail_gives_the_same_page(html):
    assert html == page_html(example_trail(), timezone="Asia/Shanghai")


def test_rows_in_another_order_give_the_same_page(html):
    trail = example_trail()
    for name in ("flows", "exits", "positions", "unknown", "summary", "accounts", "claims"):
        frame: pl.DataFrame = getattr(trail, name)
        object.__setattr__(trail, name, frame.reverse())
    assert html == page_html(trail, timezone="Asia/Shanghai")
