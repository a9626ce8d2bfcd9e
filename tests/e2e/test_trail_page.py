"""An officer reads `trail.html` in a real browser: chooses accounts, time, rule, language. No network, no errors.

Needs Debian's chromium (`apt-get install chromium fonts-noto-cjk`) or one named by RECOUP_CHROMIUM.
"""

from __future__ import annotations

import os
import shutil
import time
from itertools import pairwise
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from unit.evidence_page.trails import example_trail, random_trail, trail_of

from recoup.evidence.page import write_page

pytestmark = pytest.mark.browser

ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
).split()
MULE = "褚甲戌"  # of the second layer: from two victims' side to five exits


@pytest.fixture(scope="module")
def chromium():
    path = (
        os.environ.get("RECOUP_CHROMIUM")
        or shutil.which("chromium")
        or shutil.which("chromium-browser")
    )
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("no chromium: apt-get install chromium fonts-noto-cjk")
        pytest.skip("no chromium: apt-get install chromium fonts-noto-cjk")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "trail.html"
    write_page(example_trail(), path, timezone="Asia/Shanghai")
    return path


@pytest.fixture
def visit(chromium):
    """Open a page; afterwards nothing may have gone wrong and nothing may have been asked of a network."""
    trouble, contexts = [], []

    def go(path: Path, anchor: str = "", **options):
        context = chromium.new_context(**({"viewport": {"width": 1600, "height": 950}} | options))
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on(
            "request",
            lambda request: (
                None if request.url.startswith("file:") else trouble.append(request.url)
            ),
        )
        page.goto(path.as_uri() + anchor)
        page.wait_for_selector("#stage .node")
        return page

    yield go
    for context in contexts:
        context.close()
    assert trouble == []


def node(page, name):
    return page.locator(f"#stage .node[aria-label^='{name}']")


def places(page):
    script = """es => es.map(e => e.querySelector('.empty')).map(e =>
        [e.parentElement.dataset.key, e.getAttribute('x'), e.getAttribute('y')])"""
    return page.locator("#stage .node").evaluate_all(script)


def test_a_click_on_an_account_lights_its_way_and_escape_clears_it(visit, written):
    page = visit(written)
    node(page, MULE).locator(".touch").click()
    assert page.locator("#side h2").inner_text() == MULE
    lit = page.locator(".ribbons .lit").count()
    assert 0 < lit < page.locator(".ribbons path").count()
    assert page.locator(".node.dim").count() > 0
    assert f"at=a%3A{node(page, MULE).get_attribute('data-key')[2:]}" in page.url
    page.keyboard.press("Escape")
    assert page.locator(".ribbons .lit").count() == 0
    assert page.locator(".node.dim").count() == 0


def test_the_way_holds_victims_upstream_and_exits_downstream(visit, written):
    page = visit(written)
    node(page, MULE).locator(".touch").click()
    on_way = page.locator(".node:not(.dim)").evaluate_all("es => es.map(e => e.classList.value)")
    assert any("sort-victim" in classes for classes in on_way)
    assert any("sort-exit" in classes for classes in on_way)


def test_keys_alone_reach_and_choose_an_account(visit, written):
    page = visit(written)
    page.locator("#stage .node[tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.keyboard.press("Enter")
    assert focused.startswith(page.locator("#side h2").inner_text())


def test_the_timeline_cites_where_every_row_comes_from(visit, written):
    page = visit(written)
    node(page, MULE).locator(".touch").click()
    rows = page.locator(".timeline li:not(.day)")
    assert rows.count() >= 2
    assert all("case/transfers.csv:" in text for text in rows.all_inner_texts())
    assert all("¥" in text for text in rows.all_inner_texts())


def test_the_slider_changes_what_is_shown_and_moves_nothing(visit, written):
    page = visit(written)
    before = places(page)
    end = page.locator("#time-text").inner_text()
    drawn = page.locator(".ribbons path:not(.off)").count()
    page.locator("#time").fill("300")
    assert before == places(page)
    assert 0 < page.locator(".ribbons path:not(.off)").count() < drawn
    assert end != page.locator("#time-text").inner_text()
    assert "t=" in page.url


def test_play_goes_through_the_time_and_stops(visit, written):
    page = visit(written, reduced_motion="reduce")
    page.locator("#play").click()
    # The page's policy forbids what Playwright's own waiting would evaluate.
    deadline = time.monotonic() + 10
    while int(page.locator("#time").input_value()) in {0, 1000} and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    page.locator("#play").click()
    kept = page.locator("#time").input_value()
    page.wait_for_timeout(1100)
    assert 0 < int(kept) < 1000
    assert kept == page.locator("#time").input_value()


def test_the_language_changes_in_place(visit, written):
    page = visit(written)
    assert page.locator("h1").inner_text() == "资金流向"
    page.locator("#language").click()
    assert page.locator("h1").inner_text() == "Money trail"
    assert page.locator("html").get_attribute("lang") == "en"
    assert "Victims" in page.locator(".titles").text_content()


def test_another_rule_gives_other_figures_that_still_add_up(visit, written):
    page = visit(written)
    first = page.locator("#figures").inner_text()
    page.locator("#rule").select_option("lifo")
    assert first != page.locator("#figures").inner_text()
    read = "es => es.map(e => BigInt(e.querySelector('dd').textContent.replace(/[^0-9]/g, '')).toString())"
    loss, held, located, exited, unknown, _ = map(int, page.locator(".figure").evaluate_all(read))
    assert loss == held + located + exited + unknown


def test_one_claim_shows_its_money_only(visit, written):
    page = visit(written)
    drawn = page.locator(".ribbons path:not(.off)").count()
    page.locator("#claim").select_option("C03")
    assert page.locator("#figures .f-loss dd").inner_text() == "¥38,600.00"
    assert page.locator(".ribbons path:not(.off)").count() < drawn


def test_small_flows_can_be_hidden_and_are_counted(visit, written):
    page = visit(written)
    drawn = page.locator(".ribbons path:not(.off)").count()
    page.locator("#least").fill("12")
    hidden = drawn - page.locator(".ribbons path:not(.off)").count()
    assert hidden > 0
    assert f"隐藏 {hidden} 条" in page.locator("#shown").inner_text()


@pytest.mark.parametrize("text", ["褚甲", "6299 0418 3580", "T0038"])
def test_search_finds_by_name_number_and_transfer(visit, written, text):
    page = visit(written)
    page.locator("#search").fill(text)
    page.locator("#found-list button").first.click()
    assert page.locator(".node.chosen").count() == 1
    assert page.locator("#found").is_hidden()


def test_a_link_brings_back_rule_claim_account_time_and_language(visit, written):
    page = visit(written)
    page.locator("#rule").select_option("lifo")
    page.locator("#claim").select_option("C01")
    page.locator("#language").click()
    page.locator("#time").fill("700")
    node(page, "赵甲子").locator(".touch").click()
    again = visit(written, "#" + page.url.partition("#")[2])
    for look in ("#figures", "#side", "#time-text"):
        assert page.locator(look).inner_text() == again.locator(look).inner_text()
    assert again.locator(".node.chosen").get_attribute("data-key") == page.locator(
        ".node.chosen"
    ).get_attribute("data-key")


def test_zoom_and_fit(visit, written):
    page = visit(written)
    before = places(page)
    page.locator("#zoom-in").click()
    assert before != places(page)
    page.locator("#zoom-fit").click()
    assert before == places(page)


def test_a_name_that_is_markup_is_shown_as_text(visit, tmp_path):
    evil = "<img src=x onerror=alert(1)>"
    transfers = [
        {
            "id": evil,
            "payer": "v",
            "payee": "a",
            "amount": 7,
            "payer_name": evil,
            "payee_name": evil,
        }
    ]
    flows = [{"claim": "C1", "transfer": evil, "amount": 7}]
    claims = [{"claim": "C1", "victim": evil, "transfer": evil}]
    write_page(trail_of(transfers, claims, flows, assumptions=(evil,)), tmp_path / "trail.html")
    page = visit(tmp_path / "trail.html")
    page.locator("#stage .node .touch").last.click()
    assert page.locator("img").count() == 0
    assert evil in page.locator("#side").inner_text()


def test_labels_of_a_large_case_do_not_overlap(visit, tmp_path):
    write_page(random_trail(3, accounts=600, transfers=2000, claims=30), tmp_path / "trail.html")
    page = visit(tmp_path / "trail.html", viewport={"width": 1280, "height": 800})
    script = "es => es.map(e => { const b = e.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; })"
    boxes = page.locator(".labels text").evaluate_all(script)
    assert len(boxes) > 50
    touching = [
        (a, b)
        for i, a in enumerate(boxes)
        for b in boxes[:i]
        if a[0] < b[2] - 2 and b[0] < a[2] - 2 and a[1] < b[3] - 3 and b[1] < a[3] - 3
    ]
    assert touching == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1600, 420])
def test_axe_finds_nothing(visit, written, scheme, width):
    size = {"width": width, "height": 900}
    page = visit(written, color_scheme=scheme, viewport=size, reduced_motion="reduce")
    for _ in range(2):
        found = Axe().run(page).response["violations"]
        assert [
            (rule["id"], [part["html"][:120] for part in rule["nodes"]]) for rule in found
        ] == []
        page.evaluate(
            f"document.querySelector(\".node[aria-label^='{MULE}']\").dispatchEvent(new MouseEvent('click', {{bubbles: true}}))"
        )


def minor(text):
    return int("".join(sign for sign in text if sign.isdigit()))


def many_exits():
    """A victim's money to sixty terminal accounts, more than are drawn one by one, and to one that keeps it."""
    payees = [f"t{i:02}" for i in range(60)] + ["keeps"]
    transfers = [{"id": "D", "payer": "v", "payee": "a", "amount": 6_100}] + [
        {"id": f"T{i:02}", "payer": "a", "payee": payee, "amount": 100}
        for i, payee in enumerate(payees)
    ]
    claims = [{"claim": "C1", "victim": "周甲", "transfer": "D"}]
    flows = [{"claim": "C1", "transfer": "D", "amount": 6_100}] + [
        {"claim": "C1", "transfer": row["id"], "depth": 2, "amount": 100} for row in transfers[1:]
    ]
    exits = [
        {"claim": "C1", "transfer": row["id"], "account": row["payee"], "kind": "terminal"}
        | {"amount": 100}
        for row in transfers[1:-1]
    ]
    accounts = [{"account": "v", "standing": "known", "depth": 0}]
    accounts += [{"account": name, "standing": "known", "depth": 1} for name in ("a", "keeps")]
    accounts += [{"account": name, "standing": "terminal", "depth": 2} for name in payees[:-1]]
    positions = [{"claim": "C1", "account": "keeps", "amount": 100}]
    return trail_of(transfers, claims, flows, exits=exits, positions=positions, accounts=accounts)


def test_what_exited_to_accounts_drawn_together_is_counted(visit, tmp_path, monkeypatch):
    monkeypatch.setattr("recoup.evidence.page.data.ACCOUNTS_MAX", 40)
    write_page(many_exits(), tmp_path / "trail.html", language="en")
    page = visit(tmp_path / "trail.html")
    assert page.locator("#time-text span").first.inner_text() == "Exited ¥60.00"
    page.locator("#time").fill("999")
    until = minor(page.locator("#time-text span").first.inner_text())
    assert 5_900 <= until <= 6_000
    page.locator("#time").fill("1000")
    listed = page.locator("#side .meter.s-exited").evaluate_all(
        "es => es.map(e => e.querySelector('button').textContent)"
    )
    assert "other accounts" in listed[0], "the heaviest of the exits"


def test_what_lies_in_accounts_drawn_together_is_said_beside_the_list(visit, tmp_path, monkeypatch):
    monkeypatch.setattr("recoup.evidence.page.data.ACCOUNTS_MAX", 40)
    trail = random_trail(5, accounts=200, transfers=500, claims=8)
    write_page(trail, tmp_path / "trail.html", language="en")
    page = visit(tmp_path / "trail.html")
    for more in page.locator("#side .more").all():
        more.click()
    rows = page.locator("#side .meter.s-located b, #side .meter.s-held b").all_inner_texts()
    rest = page.locator("#side .elsewhere").first.inner_text()
    assert sum(map(minor, rows)) + minor(rest) == trail.summary["located"].sum()


def test_a_victim_in_whose_account_money_of_another_lies_is_listed(visit, tmp_path):
    transfers = [
        {"id": "T1", "payer": "v", "payee": "a", "amount": 500},
        {"id": "T2", "payer": "w", "payee": "a", "amount": 300},
        {"id": "T3", "payer": "a", "payee": "w", "amount": 200},
        {"id": "T4", "payer": "a", "payee": "b", "amount": 100},
    ]
    claims = [
        {"claim": "C1", "victim": "周甲", "transfer": "T1"},
        {"claim": "C2", "victim": "吴乙", "transfer": "T2"},
    ]
    flows = [
        {"claim": "C1", "transfer": "T1", "amount": 500},
        {"claim": "C2", "transfer": "T2", "amount": 300},
        {"claim": "C1", "transfer": "T3", "depth": 2, "amount": 200},
        {"claim": "C2", "transfer": "T4", "depth": 2, "amount": 100},
    ]
    positions = [
        {"claim": "C1", "account": "a", "amount": 300},
        {"claim": "C2", "account": "a", "amount": 200},
        {"claim": "C2", "account": "b", "amount": 100},
        {"claim": "C1", "account": "w", "amount": 200},
    ]
    write_page(trail_of(transfers, claims, flows, positions=positions), tmp_path / "t.html")
    page = visit(tmp_path / "t.html")
    for step in ("1000", "999"):
        page.locator("#time").fill(step)
        rows = page.locator("#side .meter").all_inner_texts()
        assert any("吴乙" in row and "¥2.00" in row for row in rows), step


@pytest.mark.parametrize("size", [(1440, 900), (1024, 768), (1181, 800)])
def test_the_exits_are_in_sight_or_can_be_scrolled_to(visit, written, size):
    page = visit(written, viewport={"width": size[0], "height": size[1]})
    stage = page.locator("#stage")
    assert stage.evaluate("e => getComputedStyle(e).overflowX") == "auto"
    last = page.locator(".titles text").last
    stage.evaluate("e => { e.scrollLeft = 10000; }")
    assert last.bounding_box()["x"] < stage.bounding_box()["x"] + stage.bounding_box()["width"]


def test_an_exit_chosen_by_search_on_a_phone_is_scrolled_into_sight(visit, written):
    page = visit(written, viewport={"width": 390, "height": 844})
    page.locator("#search").fill("取现")
    page.locator("#found-list button").first.click()
    box, stage = page.locator(".node.chosen .empty").bounding_box(), page.locator("#stage")
    assert stage.bounding_box()["x"] <= box["x"] <= stage.bounding_box()["x"] + 366


def test_long_account_numbers_end_inside_the_picture_and_keep_their_last_digits(visit, tmp_path):
    accounts = [f"622900000000000{i:04}" for i in range(4)]
    transfers = [
        {"id": f"T{i}", "payer": payer, "payee": payee, "amount": 500}
        for i, (payer, payee) in enumerate(pairwise(accounts))
    ]
    flows = [
        {"claim": "C1", "transfer": row["id"], "depth": i + 1, "amount": 500}
        for i, row in enumerate(transfers)
    ]
    positions = [{"claim": "C1", "account": accounts[-1], "amount": 500}]
    claims = [{"claim": "C1", "transfer": "T0"}]
    write_page(trail_of(transfers, claims, flows, positions=positions), tmp_path / "t.html")
    page = visit(tmp_path / "t.html")
    edge = page.locator("#stage").bounding_box()
    for label in page.locator(".labels text").all():
        box = label.bounding_box()
        assert box["x"] + box["width"] <= edge["x"] + edge["width"] + 1
    last = page.locator(".labels .name").evaluate_all("es => es.map(e => e.textContent)")
    assert {name.replace(" ", "")[-4:] for name in last} == {"0000", "0001", "0002", "0003"}


def test_a_search_that_finds_more_than_it_lists_says_so(visit, written):
    page = visit(written)
    page.locator("#search").fill("6299")
    assert page.locator("#found-list li").count() == 20
    assert "只列出前 20 条" in page.locator("#found-count").inner_text()


def test_the_zone_stands_by_the_clock_and_sums_are_said_to_be_of_the_whole_time(visit, written):
    page = visit(written)
    assert page.locator("#side h2").inner_text() == "钱现在在哪里"
    assert "时区 Asia/Shanghai" in page.locator("#time-text").inner_text()
    note = page.locator("#whole-note")
    assert note.evaluate("e => getComputedStyle(e).visibility") == "hidden"
    page.locator("#time").fill("500")
    assert page.locator("#side h2").inner_text() == "当时钱在哪里"
    assert note.evaluate("e => getComputedStyle(e).visibility") == "visible"


def test_assumptions_change_with_the_language(visit, tmp_path):
    sentence = "Claim C1 disputes a transfer before the since time and was not followed."
    transfers = [{"id": "T1", "payer": "v", "payee": "a", "amount": 5}]
    trail = trail_of(
        transfers,
        [{"claim": "C1", "transfer": "T1"}],
        [{"claim": "C1", "transfer": "T1", "amount": 5}],
        assumptions=(sentence,),
    )
    write_page(trail, tmp_path / "trail.html")
    page = visit(tmp_path / "trail.html")
    assert "未予追踪" in page.locator(".assumptions").inner_text()
    page.locator("#language").click()
    assert page.locator(".assumptions").inner_text().endswith(sentence)


def test_all_means_the_claims_of_the_currency_shown(visit, tmp_path):
    transfers = [
        {"id": "T1", "payer": "v", "payee": "a", "amount": 5},
        {"id": "T2", "payer": "v", "payee": "a", "amount": 6},
        {"id": "T3", "payer": "v", "payee": "a", "amount": 700, "currency": "JPY"},
    ]
    claims = [{"claim": f"C{i}", "transfer": f"T{i}"} for i in (1, 2, 3)]
    flows = [
        {"claim": f"C{i}", "transfer": f"T{i}", "amount": a} for i, a in ((1, 5), (2, 6), (3, 700))
    ]
    write_page(trail_of(transfers, claims, flows), tmp_path / "trail.html", language="en")
    page = visit(tmp_path / "trail.html")
    assert page.locator("#claim option").first.inner_text() == "All (2)"
    page.locator("#currency").select_option("JPY")
    assert page.locator("#claim option").first.inner_text() == "All (1)"


def test_screening_names_the_claims_and_no_sums(visit, tmp_path):
    transfers = [{"id": "T1", "payer": "v", "payee": "a", "amount": 5}]
    flows = [{"claim": "", "transfer": "T1", "amount": None, "rule": "poison"}]
    trail = trail_of(
        transfers,
        [{"claim": "C1", "victim": "周甲", "transfer": "T1"}],
        flows,
        rules=("poison",),
    )
    object.__setattr__(trail, "summary", trail.summary.clear())
    write_page(trail, tmp_path / "trail.html", language="en")
    page = visit(tmp_path / "trail.html")
    assert page.locator("#screening").is_visible()
    told = page.locator("#tables").inner_text()
    assert "周甲" in told
    assert "Loss" not in told
