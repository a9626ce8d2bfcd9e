"""The public page as a victim uses it: a code of the counter opens one claim, and nothing else opens anything."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from bureau import Bureau
from httpx import Response
from pypdf import PdfReader

from recoup import limits
from recoup.api import set_up_logs
from recoup.api.counter_page import WORDS
from recoup.api.rates import Rate
from recoup.centre import CentreState, View
from recoup.centre.snapshots import decode_state, encode_state
from recoup.paper.victim_words import NEXT, STANDS, Stage, has_link, letter_text
from recoup.paper.victim_words import WORDS as OF_VICTIMS
from recoup.staff import Role

WRONG = WORDS["wrong"][1]


class Counter(Bureau):
    """A bureau with a call taker and one case."""

    def begin(self) -> None:
        self.set_up()
        self.hire("tom", (Role.CALL_TAKER, "gd"))
        self.place("C1", "gd", "tom")
        self.claim = self.case("C1").claims[0].id
        house = self.app.state.house
        house.tries, house.tries_each = Rate(1_000_000), Rate(1_000_000)

    def issue(self, key: str = "", by: str = "tom", **more: str) -> Response:
        body = {"seen": "identity_document", "reason": "came with a document"} | more
        return self.post(f"/cases/C1/claims/{self.claim}/codes", body, by, key)

    def fresh(self) -> str:
        found = self.issue()
        assert found.status_code == 200, found.text
        code: str = found.json()["code"]
        return code

    def look(self, code: str, case: str = "C1", language: str = "en") -> Response:
        form = {"case": case, "code": code, "language": language}
        return self.client.post("/counter", data=form)

    def check(self, number: str, said: str, case: str = "C1", **more: str) -> Response:
        form = {"case": case, "number": number, "check": said, "language": "en"} | more
        return self.client.post("/counter/check", data=form)

    def letter(self, language: str = "en", by: str = "tom", **more: str) -> Response:
        where = f"/cases/C1/claims/{self.claim}/letter"
        return self.get(where, by, language=language, **({"reason": "state changed"} | more))


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    set_up_logs(io.StringIO())
    found = Counter(tmp_path_factory.mktemp("counter"))
    found.begin()
    yield found
    found.close()


def names(counter: Counter, since: int) -> list[str]:
    return [record.name for record in counter.records_of_persons(since)]


# --- codes ---


def test_a_code_shows_how_the_claim_stands_and_that_was_read_is_journalled_before(
    counter: Counter,
) -> None:
    code = counter.fresh()
    since = counter.desk.last()
    shown = counter.look(code)
    assert shown.status_code == 200
    assert STANDS[Stage.REPORTED][1] in shown.text
    assert "300.00 CNY" in shown.text
    assert OF_VICTIMS["free"][1] in shown.text
    assert names(counter, since) == ["acted", "personal_data_read", "counter_code_used"]
    read = counter.records_of_persons(since)[1].body
    assert counter.case("C1").claims[0].victim.encode() in read
    assert b"claim_standing" in read


def test_a_code_may_be_typed_with_or_without_its_hyphens(counter: Counter) -> None:
    code = counter.fresh()
    assert len(code.replace("-", "")) == 12
    assert counter.look(code.replace("-", " ")).status_code == 200
    assert counter.look(code.replace("-", "")).status_code == 200


def test_the_code_is_in_no_record_and_a_repeat_shows_the_same(counter: Counter) -> None:
    since = counter.desk.last()
    first, again = counter.issue("code-key-1"), counter.issue("code-key-1")
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    digits = first.json()["code"].replace("-", "").encode()
    bodies = b"".join(record.body for record in counter.records_of_persons(since))
    assert b"counter_code_issued" not in bodies
    assert b"identity_document" in bodies
    assert digits not in bodies
    assert first.json()["code"].encode() not in bodies


def test_nothing_tells_a_wrong_case_from_a_wrong_a_spent_or_an_ended_code(counter: Counter) -> None:
    spent, since = counter.fresh(), counter.desk.last()
    looks = [counter.look(spent).status_code for _ in range(limits.COUNTER_CODE_USES_MAX + 1)]
    assert looks == [200] * limits.COUNTER_CODE_USES_MAX + [403]
    former = counter.fresh()
    counter.fresh()  # ends the one before
    ended = counter.fresh()
    answers = {
        "spent": counter.look(spent),
        "former": counter.look(former),
        "wrong case": counter.look(ended, "C2"),
        "no case": counter.look(ended, ""),
        "wrong code": counter.look("000000000000"),
        "no code": counter.look(""),
    }
    since = counter.desk.last()
    counter.clock.move(timedelta(seconds=limits.COUNTER_CODE_SECONDS_MAX))
    answers["ended"] = counter.look(ended)
    counter.log_in("tom")
    counter.log_in("root")
    assert {name: x.status_code for name, x in answers.items()} == dict.fromkeys(answers, 403)
    assert len({x.text for x in answers.values()}) == 1
    assert WRONG in answers["spent"].text
    headers = [{k: v for k, v in x.headers.items() if k != "date"} for x in answers.values()]
    assert all(row == headers[0] for row in headers)
    assert "personal_data_read" not in names(counter, since), "nobody fills the journal by guessing"


def test_just_before_its_end_a_code_still_opens(counter: Counter) -> None:
    """The negative control of the one that has ended."""
    code = counter.fresh()
    counter.clock.move(timedelta(seconds=limits.COUNTER_CODE_SECONDS_MAX - 1))
    assert counter.look(code).status_code == 200
    counter.log_in("tom")
    counter.log_in("root")


def test_a_failed_look_takes_as_long_whatever_was_wrong(counter: Counter) -> None:
    """Both wait until the same time after their begin: the pause is asked for in both, and not where the code fits."""
    asked: list[float] = []
    house = counter.app.state.house
    house.failure_seconds = 0.2
    try:
        code = counter.fresh()
        for given, case in ((code, "C1"), (code, "C2"), ("1" * 12, "C1")):
            found = counter.look(given, case)
            asked.append(found.elapsed.total_seconds())
            assert found.status_code == (200 if (given, case) == (code, "C1") else 403)
    finally:
        house.failure_seconds = 0
    assert min(asked[1:]) >= 0.2


def test_tries_are_counted_by_address_and_by_case(counter: Counter) -> None:
    house, now = counter.app.state.house, [0.0]
    before = house.tries, house.tries_each
    try:
        house.tries_each = Rate(2, lambda: now[0])
        assert [counter.look("1").status_code for _ in range(3)] == [403, 403, 429]
        assert counter.look("1", "C2").status_code == 403, "each case for itself"
        assert counter.check("x", "y").status_code == 429, "both forms count"
        house.tries, house.tries_each = Rate(2, lambda: now[0]), before[1]
        assert [counter.look("1", f"C{n}").status_code for n in range(3)] == [403, 403, 429]
        assert counter.look("1").headers["retry-after"] == "60"
        now[0] = 60.0
        assert counter.look("1").status_code == 403
    finally:
        house.tries, house.tries_each = before


def test_nobody_else_makes_codes_and_none_without_a_reason(counter: Counter) -> None:
    assert counter.issue(by="root").status_code == 403
    assert counter.issue(by="").status_code == 401
    assert counter.issue(reason="").status_code == 422
    unknown = counter.post(
        "/cases/C1/claims/none/codes", {"seen": "authority", "reason": "r"}, "tom"
    )
    assert unknown.status_code == 404


def test_codes_are_in_a_snapshot_and_replay_to_the_same(counter: Counter) -> None:
    used = counter.fresh()
    counter.look(used)
    state = counter.desk.view()
    replayed = View(counter.desk._office.open(), from_snapshot=False)
    assert state.codes
    assert replayed.state.codes == state.codes
    assert decode_state(encode_state(state)).codes == state.codes
    assert decode_state(encode_state(state)).coded == state.coded
    assert encode_state(state) != encode_state(CentreState())
    assert [x.uses_left for x in state.codes.values()] == [limits.COUNTER_CODE_USES_MAX - 1]


# --- letters ---


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("stage", Stage)
def test_no_letter_has_a_link_and_each_says_free_and_where_to_check(
    stage: Stage, language: str
) -> None:
    at = 0 if language == "zh" else 1
    text = letter_text(
        language,  # type: ignore[arg-type]
        stage,
        case="A440300-2026-0017",
        number="20260302-3-12345678",
        check="87654321",
        authority="反诈中心 Anti-fraud centre",
        phone="0755-96110",
    )
    assert not has_link(text)
    for words in (STANDS[stage], NEXT[stage], OF_VICTIMS["free"], OF_VICTIMS["where_to_check"]):
        assert words[at] in text
    assert "\n\n\n" not in text


@pytest.mark.parametrize(
    "link",
    ["http://a.example", "www.a.cn", "a-b.com", "t.cn/x", "me@bank.cn", "查询police.gov.cn即可"],
)
def test_a_link_is_found(link: str) -> None:
    """The negative control."""
    assert has_link(f"See {link} today.")


def test_a_letter_follows_the_claim_and_is_confirmed_by_its_own_digits_only(
    counter: Counter,
) -> None:
    since = counter.desk.last()
    found = counter.letter()
    assert found.status_code == 200, found.text
    letter = found.json()
    assert letter["stage"] == "reported"
    assert not has_link(letter["text"])
    assert "personal_data_read" in names(counter, since)
    good = counter.check(letter["number"], letter["check"])
    assert WORDS["genuine"][1] in good.text
    assert STANDS[Stage.REPORTED][1] in good.text, "whoever forged the words is found out"
    other = str((int(letter["check"]) + 1) % 10**8).zfill(8)
    later = letter["number"].replace("-0-", "-11-")
    for asked in (
        (letter["number"], other, "C1"),
        (letter["number"], letter["check"], "C2"),
        (later, letter["check"], "C1"),
        ("", letter["check"], "C1"),
        (letter["number"], "", "C1"),
        ("99999999-0-12345678", letter["check"], "C1"),
    ):
        assert WORDS["not_genuine"][1] in counter.check(*asked).text, asked


def test_a_letter_needs_the_right_and_a_reason(counter: Counter) -> None:
    assert counter.letter(by="root").status_code == 403
    assert counter.letter(reason="").status_code in {403, 409}
    assert counter.get("/cases/C1/claims/none/letter", "tom", reason="r").status_code == 404


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_letter_on_paper_says_what_its_text_says(counter: Counter, language: str) -> None:
    where = f"/cases/C1/claims/{counter.claim}/letter/paper"
    found = counter.get(where, "tom", reason="for the post", language=language)
    assert found.status_code == 200, found.text
    pages = PdfReader(io.BytesIO(found.content)).pages
    assert len(pages) == 1
    text = "\n".join(page.extract_text() for page in pages)
    assert not has_link(text)
    assert not any("/Annots" in page for page in pages), "nothing on it can be tapped"
    printed = re.sub(r"\s+", "", text)
    letter = counter.letter(language).json()
    for line in letter["text"].splitlines():
        for words in re.split("：|: ", line):
            assert re.sub(r"\s+", "", words) in printed, words
    assert counter.get(where, "root", reason="r").status_code == 403


def test_a_letter_is_noted_as_sent_by_its_own_number_only(counter: Counter) -> None:
    where, number = (
        f"/cases/C1/claims/{counter.claim}/letter/sent",
        counter.letter().json()["number"],
    )
    body = {"number": number, "how": "post", "language": "zh", "reason": "posted today"}
    forged = number[:-1] + str((int(number[-1]) + 1) % 10)
    for wrong in (forged, "no number", number.replace("-0-", "-12-")):
        found = counter.post(where, body | {"number": wrong}, "tom")
        assert (found.status_code, found.json()["type"]) == (
            409,
            "urn:recoup:problem:letter_unknown",
        )
    assert counter.post(where, body | {"how": "link"}, "tom").status_code == 422
    since = counter.desk.last()
    found = counter.post(where, body, "tom")
    assert (found.status_code, found.json()) == (200, {"number": number})
    assert "victim_letter_sent" in names(counter, since)
    kept = counter.desk.view().sent["C1", counter.claim]
    assert (kept.how.value, kept.by, kept.stage) == ("post", counter.ids["tom"], "reported")


# --- the page ---


def test_the_page_runs_nothing_and_fetches_nothing(counter: Counter) -> None:
    for language in ("zh", "en", "<x>"):
        page = counter.client.get("/counter", params={"language": language})
        assert page.status_code == 200
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
        assert "<script" not in page.text
        assert "://" not in page.text
        assert "<x>" not in page.text


def test_nothing_that_is_typed_comes_back(counter: Counter) -> None:
    mark = "<b>qzx7&quot;"
    for page in (counter.look(mark, mark, mark), counter.check(mark, mark, mark, scanned=mark)):
        assert "qzx7" not in page.text


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (b"case=C1&code=%ff%fe", "application/x-www-form-urlencoded", 403),
        (b"\xff\xfe", "application/x-www-form-urlencoded", 403),
        (b"a=1&" * 100, "application/x-www-form-urlencoded", 403),
        (b"case=" + b"x" * limits.FORM_BYTES_MAX, "application/x-www-form-urlencoded", 413),
        (b"case=" + b"x" * (limits.FORM_BYTES_MAX - 5), "application/x-www-form-urlencoded", 403),
        (b'{"case": "C1"}', "application/json", 415),
        (b"", "application/x-www-form-urlencoded", 403),
    ],
)
def test_bad_forms_are_refused(counter: Counter, body: bytes, media: str, status: int) -> None:
    headers = {"Content-Type": media}
    assert counter.client.post("/counter", content=body, headers=headers).status_code == status


@pytest.mark.parametrize("scanned", ["", "x", "a.b.c", "é.é.é", "0" * 64, "." * 4000])
def test_what_is_no_code_of_ours_is_not_confirmed(counter: Counter, scanned: str) -> None:
    page = counter.check("order-1", "", "", scanned=scanned)
    assert page.status_code == 200
    assert WORDS["not_genuine"][1] in page.text


def test_a_file_of_the_bureau_has_no_code_in_it(counter: Counter) -> None:
    code = counter.fresh().replace("-", "").encode()
    files = [path for path in Path(counter.folder).iterdir() if path.is_file()]
    assert files
    assert not [path for path in files if code in path.read_bytes()]
