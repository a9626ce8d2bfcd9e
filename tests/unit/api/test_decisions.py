"""Decisions on a case over HTTP: who sees what is to be agreed to, what a repeat does, where what people wrote is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from bureau import START, Bureau, disputed
from httpx import Response

from recoup.cases import Found, Place
from recoup.cases.commands import ApplyTrail
from recoup.centre import rights
from recoup.centre.desk import Desk
from recoup.limits import CASE_HOPS_MAX
from recoup.orders import Outcome
from recoup.staff import Role

CASE, OTHER = "C1", "C2"
HOLD = {"account": "a", "currency": "CNY"}
WAGES = "These are wages of 工人.\nPlease look."


class Work:
    """A case whose 100.00 are held on account `a`, an officer, an approver, a duty officer and a teller of the bank."""

    def __init__(self, bureau: Bureau) -> None:
        self.bureau = bureau
        bureau.hire("ann", (Role.OFFICER, "gd"))
        bureau.hire("bo", (Role.APPROVER, "gd"))
        bureau.hire("duty", (Role.DUTY_OFFICER, "gd"))
        bureau.hire("lead", (Role.CASE_LEAD, "gd"), (Role.APPROVER, "gd"))
        bureau.hire("teller", (Role.BANK_OPERATOR, "bank-1"))
        bureau.reported(CASE, "gd", disputed("c1", "a", 10_001), disputed("c2", "b", 20_000))
        self.must("/claims/c1/admit", "bo")
        self.stop = self.must("/orders", "ann", kind="stop", reason="told", **HOLD)
        self.must(f"/orders/{self.stop}/take-up", "ann")
        bureau.answered(self.stop, Outcome.HELD, 10_001)

    def post(self, path: str, by: str, key: str = "", **body: Any) -> Response:
        return self.bureau.post(f"/cases/{CASE}{path}", body, by, key)

    def must(self, path: str, by: str, **body: Any) -> str:
        found = self.post(path, by, **body)
        assert found.status_code == 200, (path, found.text)
        assert found.json()["case"] == CASE
        return found.json()["id"]

    def name(self, path: str, by: str, **body: Any) -> str:
        """Return the problem's name, `done` where there is none."""
        found = self.post(path, by, **body)
        assert found.status_code < 500, found.text
        return found.json().get("type", "done").rsplit(":", 1)[-1]

    def shown(self, kind: str, by: str = "bo") -> list[dict[str, Any]]:
        found = self.bureau.get(f"/cases/{CASE}/decisions", by, reason="asked to agree")
        assert found.status_code == 200, found.text
        return found.json()[kind]

    def read(self, text: str, by: str, key: str = "") -> Response:
        return self.post(f"/texts/{text}/read", by, key, reason="to decide")

    def records(self, name: str) -> int:
        return sum(record.name == name for record in self.bureau.desk.happened(0, 10_000))


@pytest.fixture
def work(bureau: Bureau) -> Iterator[Work]:
    return Work(bureau)


def test_hardship_is_freed_the_same_day_by_the_duty_and_a_second_person(work: Work) -> None:
    motion = work.must("/motions/hardship", "duty", **HOLD, amount="30.00", reason="food")
    (seen,) = work.shown("motions")
    assert (seen["id"], seen["amount"], seen["by"]) == (motion, "30.00", work.bureau.ids["duty"])
    digest = {"digest": seen["digest"]}
    assert work.name(f"/motions/{motion}/agree", "duty", **digest) == "four_eyes"
    assert work.name(f"/motions/{motion}/agree", "ann", **digest) == "not_permitted"
    assert work.name(f"/motions/{motion}/agree", "lead", digest="0" * 64) == "digest_stale"
    work.must(f"/motions/{motion}/agree", "lead", **digest)
    (cap,) = work.bureau.case(CASE).caps
    assert cap.amount == 7_001
    assert work.name(f"/motions/{motion}/agree", "bo", **digest) == "motion_settled"


def test_a_motion_is_shown_stale_once_the_case_shows_something_else(work: Work) -> None:
    until = (START + timedelta(hours=9)).isoformat()
    motion = work.must("/motions/deferral", "ann", **HOLD, until=until, reason="the chase runs")
    assert [row["is_stale"] for row in work.shown("motions")] == [False]
    work.must("/harms", "ann", **HOLD, merchants="2", salary_on=["2026-03-05"])
    (seen,) = work.shown("motions")
    assert seen["is_stale"]
    agree = f"/motions/{motion}/agree"
    assert work.name(agree, "bo", digest=seen["digest"]) == "digest_stale"
    assert work.name(f"/motions/{motion}/withdraw", "duty") == "maker_only"
    work.must(f"/motions/{motion}/withdraw", "ann")
    assert [row["state"] for row in work.shown("motions")] == ["withdrawn"]


def test_a_holder_is_told_later_for_a_reason_that_two_persons_gave(work: Work) -> None:
    until = (START + timedelta(hours=9)).isoformat()
    motion = work.must("/motions/deferral", "ann", **HOLD, until=until, reason="the chase runs")
    work.must(f"/motions/{motion}/agree", "bo", digest=work.shown("motions")[0]["digest"])
    assert work.bureau.case(CASE).notices[0].state.value == "deferred"
    told = {"documents": "notice of a stop", "phone": "+86 755 000"}
    work.must("/notices", "teller", **HOLD, **told)
    assert work.name("/notices", "ann", **HOLD, **told) == "notice_sent"


def test_two_cases_are_joined_where_both_trails_go(work: Work) -> None:
    joining = {"other": OTHER, "account": "a", "reason": "one gang"}
    assert work.name("/motions/joining", "ann", **joining) == "case_not_open"
    work.bureau.reported(OTHER, "gd", disputed("c9", "a", 5_000))
    motion = work.must("/motions/joining", "ann", **joining)
    work.must(f"/motions/{motion}/agree", "bo", digest=work.shown("motions")[0]["digest"])
    assert work.bureau.case(CASE).joined == (OTHER,)
    assert work.bureau.case(OTHER).joined == (CASE,), "whoever works on the other sees it too"
    assert work.name("/motions/joining", "ann", **joining) == "motion_settled"
    back = {"other": CASE, "account": "a", "reason": "one gang"}
    found = work.bureau.post(f"/cases/{OTHER}/motions/joining", back, "ann")
    assert found.json()["type"].endswith("motion_settled"), "neither is joined twice"


def test_cases_are_not_joined_once_the_other_trail_has_left_the_account(work: Work) -> None:
    work.bureau.reported(OTHER, "gd", disputed("c9", "a", 5_000))
    joining = {"other": OTHER, "account": "a", "reason": "one gang"}
    motion = work.must("/motions/joining", "ann", **joining)
    version = work.bureau.case(OTHER).facts_version
    arrived = work.bureau.clock.now() - timedelta(hours=1)
    there = Place("c9", "b", "bank-1", "CNY", 5_000, arrived, Found.LOCATED)
    work.bureau.told(OTHER, ApplyTrail(version, "d" * 64, (there,)))
    digest = work.shown("motions")[0]["digest"]
    assert work.name(f"/motions/{motion}/agree", "bo", digest=digest) == "trails_apart"
    assert work.bureau.case(CASE).joined == work.bureau.case(OTHER).joined == ()


def test_a_holders_other_account_is_one_that_was_entered_for_the_case(work: Work) -> None:
    swap = {**HOLD, "amount": "40.00", "reason": "the holder offers it"}
    assert work.name("/motions/swap", "ann", **swap, offered="z") == "account_unknown"
    work.bureau.place(CASE, "gd", "ann")
    offered = work.bureau.account(CASE, "ann")
    motion = work.must("/motions/swap", "ann", **swap, offered=offered)
    work.must(f"/motions/{motion}/agree", "bo", digest=work.shown("motions")[0]["digest"])
    (taken,) = work.bureau.case(CASE).swaps
    assert (taken.offered, taken.institution, taken.amount) == (offered, "bank-1", 4_000)


def test_what_a_holder_wrote_lies_in_the_vault_and_its_reading_in_the_journal(work: Work) -> None:
    appeal = work.must("/appeals", "teller", **HOLD, text=WAGES)
    (seen,) = work.shown("appeals")
    assert (seen["id"], seen["is_through_bank"], seen["state"]) == (appeal, True, "filed")
    for file in work.bureau.folder.glob("journal.sqlite*"):
        assert WAGES.splitlines()[1].encode() not in file.read_bytes()
    reads = work.records("personal_data_read")
    found = work.read(seen["text"], "bo", "read-key-1")
    assert found.json() == {"id": seen["text"], "text": WAGES}
    assert work.records("personal_data_read") == reads + 1
    assert work.name(f"/texts/{seen['text']}/read", "teller", reason="r") == "not_permitted"
    assert work.name("/texts/text_none/read", "bo", reason="r") == "personal_data_missing"
    role = {"role": "approver", "unit": "gd"}
    work.bureau.post(f"/persons/{work.bureau.ids['bo']}/roles/revoke", role, "root")
    again = work.read(seen["text"], "bo", "read-key-1")
    assert again.status_code == 403, "a repeat shows nothing to whom may no longer see it"


def test_a_repeat_makes_nothing_twice_and_another_text_under_its_key_changes_nothing(
    work: Work,
) -> None:
    body = {**HOLD, "text": WAGES}
    first, again = (work.post("/appeals", "teller", "appeal-key", **body) for _ in range(2))
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(work.bureau.case(CASE).appeals) == 1
    other = work.post("/appeals", "teller", "appeal-key", **(body | {"text": "other"}))
    assert other.json()["type"].endswith("idempotency_key_reused")
    assert work.read(work.shown("appeals")[0]["text"], "bo").json()["text"] == WAGES


def test_a_text_that_was_lost_with_the_process_is_kept_when_the_caller_asks_again(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(*_: object) -> None:
        raise RuntimeError("killed between journal and vault")

    with monkeypatch.context() as broken:
        broken.setattr(Desk, "keep_text", dies)
        lost = work.post("/opinions", "teller", "opinion-1", account="a", text=WAGES)
        assert lost.status_code == 500
    assert work.records("opinion_noted") == 1
    again = work.post("/opinions", "teller", "opinion-1", account="a", text=WAGES)
    assert (again.status_code, work.records("opinion_noted")) == (200, 1)
    kept = [r.body for r in work.bureau.desk.happened(0, 10_000) if r.name == "opinion_noted"]
    text = kept[0].decode().split('"text":"')[1].split('"')[0]
    assert work.read(text, "bo").json()["text"] == WAGES


def test_an_appeal_that_an_officer_takes_in_is_decided_by_who_had_no_part_in_the_hold(
    work: Work,
) -> None:
    appeal = work.must("/appeals", "ann", **HOLD, text="mine")
    assert not work.shown("appeals")[0]["is_through_bank"]
    withdraw = f"/appeals/{appeal}/withdraw"
    assert work.name(withdraw, "ann", reason="the holder rang") == "maker_decides"
    uphold = {"keep": "100.01", "currency": "CNY", "reason": "half"}
    assert work.name(f"/appeals/{appeal}/uphold", "bo", **uphold) == "amount_not_positive"
    work.must(f"/appeals/{appeal}/uphold", "bo", **(uphold | {"keep": "50"}))
    assert work.bureau.case(CASE).caps[0].amount == 5_000
    assert work.name(f"/appeals/{appeal}/deny", "bo", reason="r") == "four_eyes", "bo lowered it"
    assert work.name(f"/appeals/{appeal}/deny", "lead", reason="r") == "appeal_settled"
    other = work.must("/appeals", "teller", **HOLD, text="again mine")
    work.must(f"/appeals/{other}/withdraw", "teller", reason="the holder came back")
    assert [row["state"] for row in work.shown("appeals")] == ["upheld", "withdrawn"]


def test_a_claim_is_rejected_or_withdrawn_and_what_came_back_is_noted(work: Work) -> None:
    repaid = {"currency": "CNY", "returned": "0.01", "compensated": "40", "reason": "insurance"}
    work.must("/claims/c1/repaid", "ann", **repaid)
    assert work.bureau.case(CASE).claim("c1").missing == 6_000  # type: ignore[union-attr]
    over = repaid | {"compensated": "60.00"}
    assert work.name("/claims/c1/repaid", "ann", **over) == "amount_exceeds_missing"
    dollars = repaid | {"currency": "USD"}
    assert work.name("/claims/c1/repaid", "ann", **dollars) == "currency_differs"
    assert work.name("/claims/c1/reject", "bo", reason="r") == "claim_admitted"
    work.must("/claims/c2/reject", "bo", reason="never paid")
    work.must("/claims/c1/withdraw", "ann", reason="a gift")
    assert work.name("/claims/c9/admit", "bo") == "claim_unknown"
    assert [claim.state.value for claim in work.bureau.case(CASE).claims] == [
        "withdrawn",
        "rejected",
    ]


def test_an_order_waits_for_its_trail_and_for_whom_it_needs(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert work.name("/orders/none/take-up", "ann") == "order_unknown"
    assert work.name("/orders/none/agree", "bo", digest="0" * 64) == "order_unknown"
    write = {"kind": "stop", "account": "b", "currency": "CNY", "reason": "told"}
    assert work.name("/orders", "ann", **(write | {"account": "z"})) == "proposal_stale"
    order = work.must("/orders", "ann", **write)

    async def not_yet(*_: object) -> bool:
        return False

    with monkeypatch.context() as slow:
        slow.setattr(Desk, "ground_order", not_yet)
        slow.setattr(work.bureau, "is_patient", False)
        found = work.post(f"/orders/{order}/take-up", "ann")
        assert found.status_code == 503
        assert found.headers["retry-after"] == "1"
    assert work.name(f"/orders/{order}/take-up", "bo") == "not_permitted"
    assert work.name(f"/orders/{order}/take-up", "duty") == "done"
    assert work.name(f"/orders/{order}/take-up", "ann") == "done", "it has left: the same again"
    assert work.shown("orders") == []


def test_a_standing_authority_is_shown_and_ended_by_one(work: Work) -> None:
    until = (START + timedelta(hours=9)).isoformat()
    body = {"hops_max": "3", "amount_max": "500.00", "currency": "CNY", "until": until}
    mandate = work.must("/mandates", "lead", **body)
    (seen,) = work.shown("mandates")
    assert (seen["amount_max"], seen["spent"], seen["state"]) == ("500.00", "0.00", "proposed")
    agree = f"/mandates/{mandate}/agree"
    assert work.name(agree, "lead", digest=seen["digest"]) == "four_eyes"
    work.must(agree, "bo", digest=seen["digest"])
    work.must(f"/mandates/{mandate}/revoke", "ann", reason="enough")
    assert work.name("/mandates/none/revoke", "ann", reason="r") == "mandate_unknown"
    assert [row["state"] for row in work.shown("mandates")] == ["revoked"]


def test_a_standing_authority_reaches_as_far_as_the_chase_may_and_no_further(work: Work) -> None:
    until = (START + timedelta(hours=9)).isoformat()
    body = {"amount_max": "500.00", "currency": "CNY", "until": until}
    work.must("/mandates", "lead", **body, hops_max=str(CASE_HOPS_MAX))
    for hops in ("0", str(CASE_HOPS_MAX + 1), "03", 3):
        assert work.name("/mandates", "lead", **body, hops_max=hops) == "request_malformed"


def test_the_room_keeps_four_eyes_where_the_table_forgets_them(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Either of the two would do; a mistake in one is not a way through."""
    until = (START + timedelta(hours=9)).isoformat()
    body = {"hops_max": "3", "amount_max": "500.00", "currency": "CNY", "until": until}
    finding = {"kind": "innocent_conduit", "subject": "a", "reason": "a shop"}
    made = {
        "mandates": work.must("/mandates", "lead", **body),
        "findings": work.must("/findings", "lead", **finding),
        "motions": work.must("/motions/hardship", "lead", **HOLD, amount="1.00", reason="food"),
        "orders": work.must("/orders", "lead", kind="freeze", reason="filed", **HOLD),
    }
    monkeypatch.setattr(rights, "permit", lambda *_: None)
    for kind, thing in made.items():
        digest = next(row["digest"] for row in work.shown(kind) if row["id"] == thing)
        assert work.name(f"/{kind}/{thing}/agree", "lead", digest=digest) == "maker_decides", kind


def test_findings_are_agreed_to_or_dismissed_by_another(work: Work) -> None:
    body = {"kind": "innocent_conduit", "subject": "a", "reason": "a shop"}
    first, second = (work.must("/findings", "lead", **body) for _ in range(2))
    digests = {row["id"]: row["digest"] for row in work.shown("findings")}
    dismiss = f"/findings/{first}/dismiss"
    assert work.name(dismiss, "lead", digest=digests[first]) == "four_eyes"
    work.must(dismiss, "bo", digest=digests[first])
    work.must(f"/findings/{second}/agree", "bo", digest=digests[second])
    assert work.bureau.case(CASE).is_innocent("a")
    assert work.name("/findings/none/agree", "bo", digest="0" * 64) == "finding_unknown"


def test_who_may_not_look_sees_nothing(work: Work) -> None:
    path = f"/cases/{CASE}/decisions"
    assert work.bureau.get(path, "bo").json()["type"].endswith("purpose_missing")
    for by in ("teller", "root"):
        assert work.bureau.get(path, by, reason="r").status_code == 403
    assert work.bureau.get("/cases/C9/decisions", "bo", reason="r").status_code == 403


BAD = {
    "an amount of nothing": ("/motions/hardship", {"amount": "0", "reason": "r"}, 409),
    "one below nothing": ("/motions/hardship", {"amount": "-1", "reason": "r"}, 422),
    "one past 64 bits": ("/motions/hardship", {"amount": "9" * 16, "reason": "r"}, 409),
    "one past 64 bits in minor units": (
        "/motions/hardship",
        {"amount": "9" * 16 + ".999999", "reason": "r"},
        409,
    ),
    "finer than the currency": ("/motions/hardship", {"amount": "1.001", "reason": "r"}, 409),
    "a number": ("/motions/hardship", {"amount": 1, "reason": "r"}, 422),
    "no reason": ("/motions/hardship", {"amount": "1", "reason": " "}, 422),
    "a second person named": (
        "/motions/hardship",
        {"amount": "1", "reason": "r", "agreed_by": "bo"},
        422,
    ),
    "control characters": ("/appeals", {"text": "a\x00b"}, 422),
    "a text that is too long": ("/appeals", {"text": "x" * 4001}, 422),
    "a day that no calendar has": ("/harms", {"salary_on": ["2026-02-30"]}, 422),
    "too many merchants": ("/harms", {"merchants": "1000000"}, 422),
    "a count that is a number": ("/harms", {"merchants": 3}, 422),
    "an end before the beginning": (
        "/motions/deferral",
        {"until": "2020-01-01T00:00:00Z", "reason": "r"},
        409,
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_refused_by_name_and_changes_nothing(work: Work, what: str) -> None:
    path, body, status = BAD[what]
    last = work.bureau.desk.last()
    found = work.post(path, "ann", **HOLD, **body)
    assert found.status_code == status, found.text
    assert found.headers["content-type"] == "application/problem+json"
    assert work.bureau.records_of_persons(last) == []


def test_decisions_survive_a_start(work: Work) -> None:
    work.must("/appeals", "teller", **HOLD, text=WAGES)
    work.must("/motions/hardship", "duty", **HOLD, amount="30.00", reason="food")
    work.must("/orders", "ann", kind="stop", account="b", currency="CNY", reason="told")
    before = work.bureau.case(CASE)
    work.bureau.desk.drain()
    work.bureau.desk = Desk(work.bureau.desk._setting)
    work.bureau.desk.start()
    assert work.bureau.case(CASE) == before
