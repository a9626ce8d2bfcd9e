"""A victim uses the public page in a real browser, in both languages: with keys, on a telephone, and looked at as a picture.

Needs Debian's chromium (`apt-get install chromium fonts-noto-cjk`) or one named by RECOUP_CHROMIUM.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from bureau import Bureau
from PIL import Image

from recoup.api import set_up_logs
from recoup.api.counter_page import WORDS
from recoup.paper.victim_words import STANDS, Stage
from recoup.paper.victim_words import WORDS as OF_VICTIMS
from recoup.staff import Role

pytestmark = pytest.mark.browser

ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
).split()
PHONE = {"width": 360, "height": 740}
LANGUAGES = ("zh", "en")


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    set_up_logs(io.StringIO())
    found = Bureau(tmp_path_factory.mktemp("counter"))
    found.set_up()
    found.hire("tom", (Role.CALL_TAKER, "gd"))
    found.place("C1", "gd", "tom")
    yield found
    found.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
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


@pytest.fixture
def visit(chromium: Any, bureau: Bureau) -> Iterator[Any]:
    """Open the page; afterwards nothing may have been asked of anybody else, and no policy broken."""
    trouble: list[str] = []
    contexts = []
    own = bureau.served.address

    def go(language: str, **options: Any) -> Any:
        context = chromium.new_context(**({"viewport": {"width": 1000, "height": 900}} | options))
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on(
            "request",
            lambda request: None if request.url.startswith(own) else trouble.append(request.url),
        )
        page.goto(f"{own}/counter?language={language}")
        return page

    yield go
    for context in contexts:
        context.close()
    assert [x for x in trouble if "403" not in x and "favicon" not in x and "404" not in x] == []


def code_of(bureau: Bureau) -> str:
    claim = bureau.case("C1").claims[0].id
    body = {"seen": "identity_document", "reason": "came"}
    found = bureau.post(f"/cases/C1/claims/{claim}/codes", body, "tom")
    assert found.status_code == 200, found.text
    code: str = found.json()["code"]
    return code


def looked(page: Any, bureau: Bureau) -> None:
    """Fill the form in with keys alone and send it."""
    page.locator("#look-case").focus()
    page.keyboard.type("C1")
    page.keyboard.press("Tab")
    page.keyboard.type(code_of(bureau))
    page.keyboard.press("Enter")
    page.wait_for_selector("dl")


def seen(page: Any, name: str, tmp_path: Path) -> Image.Image:
    """Return the page as a picture; kept where RECOUP_PICTURES says."""
    folder = Path(os.environ.get("RECOUP_PICTURES", tmp_path))
    path = folder / f"counter-{name}.png"
    page.screenshot(path=path, full_page=True)
    return Image.open(path).convert("RGB")


def barriers(page: Any) -> list[str]:
    """Return what axe finds. The page lets no script in, so a copy of what stands there is looked at."""
    copy = page.context.new_page()
    copy.set_content(page.content())
    found = Axe().run(copy)
    copy.close()
    return [row["id"] for row in found.response["violations"]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_victim_sees_the_claim_with_keys_alone(
    visit: Any, bureau: Bureau, language: str, tmp_path: Path
) -> None:
    at = LANGUAGES.index(language)
    page = visit(language)
    picture = seen(page, f"ask-{language}", tmp_path)
    assert len(picture.getcolors(2**24) or ()) > 20, "words are drawn"
    looked(page, bureau)
    text = page.locator("main").inner_text()
    for words in (STANDS[Stage.REPORTED], OF_VICTIMS["free"], WORDS["loss"]):
        assert words[at] in text
    assert "300.00 CNY" in text
    assert page.locator("html").get_attribute("lang") == ("zh-CN", "en")[at]
    seen(page, f"shown-{language}", tmp_path)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_bars_anybody_from_either_page(visit: Any, bureau: Bureau, language: str) -> None:
    page = visit(language)
    assert barriers(page) == []
    looked(page, bureau)
    assert barriers(page) == []


def test_a_field_without_its_label_is_found(visit: Any) -> None:
    """The negative control."""
    page = visit("en")
    copy = page.context.new_page()
    copy.set_content(page.content().replace('<label for="look-case">', "<b>"))
    assert "label" in [row["id"] for row in Axe().run(copy).response["violations"]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_on_a_telephone_nothing_is_cut_off(visit: Any, bureau: Bureau, language: str) -> None:
    page = visit(language, viewport=PHONE)
    for _ in range(2):
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= PHONE["width"]
        if page.locator("dl").count() == 0:
            looked(page, bureau)


def test_a_wrong_code_and_a_forged_letter_are_told_plainly(visit: Any) -> None:
    page = visit("en")
    page.fill("#look-case", "C1")
    page.fill("#look-code", "1234")
    page.locator("button").first.click()
    assert WORDS["wrong"][1] in page.locator("[role=alert]").inner_text()
    page.locator("main a").click()
    page.fill("#check-number", "20260302-0-12345678")
    page.fill("#check-check", "12345678")
    page.locator("button").last.click()
    assert WORDS["not_genuine_words"][1] in page.locator("main").inner_text()


def test_without_scripts_it_works_as_well(visit: Any, bureau: Bureau) -> None:
    page = visit("zh", java_script_enabled=False)
    page.fill("#look-case", "C1")
    page.fill("#look-code", code_of(bureau))
    page.locator("button").first.click()
    page.wait_for_selector("dl")
    assert STANDS[Stage.REPORTED][0] in page.locator("main").inner_text()
