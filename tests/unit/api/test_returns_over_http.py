"""A return over HTTP on a real desk: from the victims' report to the banks' receipts, every step by a person in a session."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from bureau import START, Bureau, paid, reported
from correspondents import name_of
from httpx import Response

from recoup.centre import return_planner
from recoup.centre.office import wait_until
from recoup.clock import instant_text
from recoup.returning import verify_return
from recoup.staff import Role

CASE = "C1"
OFFICERS, APPROVERS = ("ann", "cy"), ("bo", "di")
FIRST, SECOND = "6222027777000011117", "6222028888000011117"
ZHAO, QIAN = "6222029999000011117", "6222029999000022225"
AT = START - timedelta(hours=1)


class House:
    """A bureau whose banks are reached on paper, and the return of its one case."""

    def __init__(self, bureau: Bureau) -> None:
        self.bureau, self.id = bureau, ""

    def must(self, path: str, by: str, **body: Any) -> dict[str, Any]:
        found = self.bureau.post(path, body, by)
        assert found.status_code == 200, (path, found.text)
        answer: dict[str, Any] = found.json()
        return answer

    def refused(self, path: str, by: str, **body: Any) -> str:
        return name_of(self.bureau.post(f"/returns/{self.id}{path}", body, by))

    def does(self, path: str, by: str, **body: Any) -> dict[str, Any]:
        return self.must(f"/returns/{self.id}{path}", by, **body)

    def shown(self, by: str = "ann", **asked: str) -> dict[str, Any]:
        found = self.bureau.get(f"/returns/{self.id}", by, reason="the return", **asked)
        assert found.status_code == 200, found.text
        view: dict[str, Any] = found.json()
        return view

    def missing(self) -> list[int]:
        """What each claim misses still, the larger loss first."""
        claims = sorted(self.bureau.case(CASE).claims, key=lambda claim: -claim.amount)
        return [claim.missing for claim in claims]

    # --- orders on paper ---

    def issued(self, kind: str, account: str, amount: str, **more: Any) -> str:
        body = {"case": CASE, "account": account, "kind": kind, "currency": "CNY"}
        order = self.must("/orders", "ann", **body, amount=amount, reason="fraud", **more)["order"]
        self.agreed(order)
        return str(order)

    def agreed(self, order: str) -> None:
        """Let an order leave: by the officer alone, or by as many as it needs."""
        found = self.bureau.get(f"/orders/{order}", "ann", case=CASE, reason="r").json()
        if found["state"] == "drafted" and found["needs"]["persons"]:
            found = self.must(f"/orders/{order}/submit", "ann") and found
        for person in APPROVERS[: found["needs"]["persons"]]:
            self.must(f"/orders/{order}/approve", person, digest=found["digest"])
        if not found["needs"]["persons"]:
            self.must(f"/orders/{order}/issue", "ann")
        self.must(f"/orders/{order}/handed-over", "ann")

    def answers(self, order: str, outcome: str, held: str, **more: Any) -> None:
        """Let the bank's sheet come back, and two persons type it."""
        now = instant_text(self.bureau.clock.now())
        sheet = {"outcome": outcome, "answered_at": now, "held": held, **more}
        typed = self.must(f"/orders/{order}/answers/typed", "ann", **sheet)
        self.must(f"/orders/{order}/answers/confirm", "cy", **sheet, sheet=typed["sheet"])

    def until(self, at: str) -> None:
        """Turn the clock to an instant, and let everybody log in anew."""
        end = datetime.fromisoformat(at)
        self.bureau.clock.move(end - self.bureau.clock.now())
        for person in (*OFFICERS, *APPROVERS):
            self.bureau.let_in(person)


def row(payer: str, payee: str, amount: str, minutes: int) -> dict[str, str]:
    at = instant_text(AT + timedelta(minutes=minutes))
    lie = {ZHAO: "bank-9", FIRST: "bank-7"}
    told = {
        "payer_institution": lie.get(payer, "bank-6"),
        "payee_institution": lie.get(payee, "bank-6"),
    }
    return {
        "at": at,
        "payer": payer,
        "payee": payee,
        "amount": amount,
        "reference": f"R{minutes}",
        **told,
    }


def second_payment() -> dict[str, Any]:
    payer = {"institution": "bank-9", "number": QIAN, "name": "Zhao"}
    payee = {"institution": "bank-8", "number": SECOND, "name": "Li"}
    return paid(payer=payer, payee=payee, amount="200.00", serial="SN-0002")


@pytest.fixture
def house(tmp_path: Path, log: object) -> Iterator[House]:
    """300.00 went to one account, where 200.00 is frozen and its statement known; 200.00 to another, where 90.00 is."""
    assert log is not None
    bureau = Bureau(tmp_path)
    house = House(bureau)
    bureau.set_up()
    for name in OFFICERS:
        bureau.hire(name, (Role.CASE_LEAD, "gd"))
    for name in APPROVERS:
        bureau.hire(name, (Role.APPROVER, "gd"))
    house.must("/reports", "ann", **reported(CASE, "gd"))
    more = {"report": bureau.report_of(CASE), "payment": second_payment()}
    house.must(f"/cases/{CASE}/claims", "ann", **more)
    claims = {claim.amount: claim for claim in bureau.case(CASE).claims}
    for claim in claims.values():
        house.must(f"/cases/{CASE}/claims/{claim.id}/admit", "bo")
    first, second = claims[30_000], claims[20_000]
    arrival = {"amount": "300.00", "at": instant_text(AT)}
    stop = house.issued("stop", first.payee, "300.00", arrival=arrival)
    rows = [row(ZHAO, FIRST, "300.00", 0), row(FIRST, "6222026666000011117", "100.00", 5)]
    now = instant_text(bureau.clock.now())
    house.answers(stop, "held", "200.00", started_at=now, rows=rows)
    house.answers(house.issued("freeze", first.payee, "200.00"), "frozen", "200.00")
    house.answers(house.issued("freeze", second.payee, "90.00"), "frozen", "90.00")
    house.id = house.must(f"/cases/{CASE}/returns", "ann", reason="enough is frozen")["id"]
    yield house
    bureau.close()


def apply_all(house: House) -> None:
    for claim in house.bureau.case(CASE).claims:
        house.does("/applications", "ann", case=CASE, claim=claim.id, reason="asked at the counter")


def unpacked(found: Response, folder: Path) -> Path:
    assert (found.status_code, found.headers["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(found.content)) as archive:
        archive.extractall(folder)
    return folder


def test_a_case_goes_from_its_report_to_the_receipts(house: House, tmp_path: Path) -> None:
    apply_all(house)
    # The centre works the plan out; nobody types an award.
    planned = house.does("/plan", "ann", reason="to be approved")
    assert planned["state"] == "traced"
    plan = house.shown()["round"]["plan"]
    assert planned["digest"] == plan["digest"]
    given = sorted((x["mode"], x["amount"], x["account"]) for x in plan["awards"])
    first, second = (claim.payee for claim in house.bureau.case(CASE).claims)
    assert given == [(1, "200.00", first), (3, "30.00", second), (3, "60.00", second)]
    # Anybody can work it out again from its files.
    files = house.bureau.get(
        f"/returns/{house.id}/plans/{plan['inputs']}/files", "ann", reason="to be checked"
    )
    folder = unpacked(files, tmp_path / "plan")
    assert verify_return(folder) == ()
    assert sha256((folder / "summary.json").read_bytes()).hexdigest() == plan["inputs"]
    awards = (folder / "awards.csv").read_bytes()
    assert sha256(awards).hexdigest() == plan["outputs"]
    (folder / "awards.csv").write_bytes(awards.replace(b"60.00", b"61.00"))
    assert verify_return(folder), "the control: a typed award is found"
    # Agreed to by somebody else; shared pro rata, so it is public for thirty days first.
    digest = plan["digest"]
    assert house.refused("/plan/approve", "ann", digest=digest) == "not_permitted"
    assert house.refused("/plan/approve", "bo", digest="0" * 64) == "plan_stale"
    assert house.does("/plan/approve", "bo", digest=digest)["state"] == "approved"
    assert house.refused("/decide", "bo", digest=digest) == "notice_missing"
    house.does("/plan/publish", "ann", digest=digest)
    objected = house.does("/objections", "cy", name="Sun", text="That is my money.")
    assert house.refused("/decide", "bo", digest=digest) == "notice_runs"
    house.does(f"/objections/{objected['made']}/dismiss", "di", reason="the statement shows it")
    (due,) = house.shown()["due"]
    assert (due["what"], due["at"][:10]) == ("notice", "2026-04-01")
    house.until(due["at"])
    assert wait_until(lambda: house.shown()["round"]["state"] == "reviewed", 60)
    house.does("/decide", "bo", digest=digest)
    pays(house)


def pays(house: House) -> None:
    """Have the decided round paid."""
    payments = house.shown()["payments"]
    officers = [house.bureau.ids[name] for name in OFFICERS]
    names = [row["id"] for row in payments]
    told = house.does("/notices", "ann", payments=names, officers=officers, reason="decided")
    assert len(told["orders"]) == len(payments) == 3
    assert house.missing() == [30_000, 20_000]
    held = {row["account"]: 0 for row in payments}
    for payment in payments:
        held[payment["account"]] += int(payment["amount"].replace(".", ""))
    for payment in house.shown()["payments"]:
        # Two persons let the order leave; then the bank's receipt comes back.
        found = house.bureau.get(f"/orders/{payment['order']}", "bo", case=CASE, reason="r").json()
        assert (found["state"], found["needs"]["persons"]) == ("awaiting_approval", 2)
        house.agreed(payment["order"])
        held[payment["account"]] -= int(payment["amount"].replace(".", ""))
        at = instant_text(house.bureau.clock.now())
        receipt = {"amount": payment["amount"], "reference": payment["order"], "at": at}
        left = f"{held[payment['account']] / 100:.2f}"
        house.answers(payment["order"], "paid", left, receipt=receipt)
    view = house.shown()
    assert {row["state"] for row in view["payments"]} == {"paid"}
    (sums,) = view["sums"]
    assert (sums["awarded"], sums["paid"], sums["in_flight"]) == ("290.00", "290.00", "0.00")
    assert view["due"] == []
    assert house.missing() == [7_000, 14_000], "what was paid is missed no more"


@pytest.fixture
def near(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """The same, its plans worked out in this process: that they have one of their own is seen above."""
    monkeypatch.setattr(return_planner, "in_a_process", lambda sheets: sheets.worked_out())
    return house


def planned(house: House, **more: Any) -> str:
    """Have a plan worked out and agreed to."""
    digest = house.does("/plan", "ann", reason="r", **more)["digest"]
    assert house.does("/plan/approve", "bo", digest=digest)["state"] == "approved"
    return str(digest)


def test_who_acts_for_a_victim_shows_a_paper_that_another_person_looks_at(house: House) -> None:
    claim = house.bureau.case(CASE).claims[0]
    account = house.bureau.account(CASE, "ann", "6222021111000011117")
    heir = {"case": CASE, "claim": claim.id, "capacity": "heir", "name": "Zhao Er"}
    heir |= {"proof": "inheritance", "reason": "the victim died"}
    payee = {"kind": "applicants", "account": account, "reason": "the heir's own"}
    assert house.refused("/applications", "ann", **heir, payee=payee) == "proof_missing"
    paper = {"proof_digest": "a" * 64}
    nameless = {name: value for name, value in heir.items() if name != "name"} | paper
    assert house.refused("/applications", "ann", **nameless, payee=payee) == "proof_missing"
    made = house.does("/applications", "ann", **heir, **paper, payee=payee)["made"]
    assert house.refused(f"/applications/{made}/check", "ann", **paper) == "four_eyes"
    other = {"proof_digest": "b" * 64}
    assert house.refused(f"/applications/{made}/check", "cy", **other) == "proof_unfit"
    house.does(f"/applications/{made}/check", "cy", **paper)
    (row,) = house.shown()["round"]["applications"]
    assert (row["capacity"], row["checked_by"]) == ("heir", house.bureau.ids["cy"])
    assert row["payee"]["account"] == account
    path = f"/cases/{CASE}/texts/{row['applicant']}/read"
    assert house.must(path, "cy", reason="to ring")["text"] == "Zhao Er"
    house.does(f"/applications/{made}/take-back", "ann", reason="there is a will")
    assert house.shown()["round"]["applications"][0]["is_withdrawn"]
    assert house.refused("/plan", "ann", reason="r") == "plan_empty"


def test_a_repeat_is_told_what_was_told_first(near: House) -> None:
    bureau, path = near.bureau, f"/returns/{near.id}"
    claim = bureau.case(CASE).claims[0]
    body = {"case": CASE, "claim": claim.id, "reason": "r"}
    for where, asked in (("/applications", body), ("/plan", {"reason": "r"})):
        first = bureau.post(path + where, asked, "ann", "the-same-key" + where[1:5])
        last = bureau.desk.last()
        again = bureau.post(path + where, asked, "ann", "the-same-key" + where[1:5])
        assert (first.status_code, again.json()) == (200, first.json())
        assert again.headers["idempotency-replayed"] == "true"
        other = bureau.post(
            path + where, asked | {"reason": "x"}, "ann", "the-same-key" + where[1:5]
        )
        assert name_of(other) == "idempotency_key_reused"
        assert bureau.records_of_persons(last) == []


def test_what_is_not_there_is_told_by_name(near: House) -> None:
    bureau = near.bureau
    reason = {"reason": "r"}
    unknown = {
        "/returns/none/plan": "return_unknown",
        "/returns/none/refuse": "return_unknown",
        f"/returns/{near.id}/applications/none/take-back": "application_unknown",
        f"/returns/{near.id}/objections/none/dismiss": "objection_unknown",
        f"/returns/{near.id}/payments/none/give-up": "payment_unknown",
    }
    by = {"objections": "bo", "payments": "bo", "refuse": "bo"}
    for path, name in unknown.items():
        who = next((person for word, person in by.items() if word in path), "ann")
        assert name_of(bureau.post(path, reason, who)) == name, path
    assert name_of(bureau.get(f"/returns/{near.id}", "ann")) == "purpose_missing"
    assert name_of(bureau.get(f"/returns/{near.id}", "ann", reason="r", round="2")) == "not_found"
    assert name_of(bureau.get("/returns/none", "ann", reason="r")) == "not_permitted"
    assert bureau.get(f"/cases/{CASE}/returns", "ann", reason="r").json() == {"id": near.id}
    files = f"/returns/{near.id}/plans/{'0' * 64}/files"
    assert name_of(bureau.get(files, "ann", reason="r")) == "personal_data_missing"
    again = bureau.post(f"/cases/{CASE}/returns", reason, "ann")
    assert name_of(again) == "return_open_already"


def test_a_plan_that_fell_is_worked_out_anew_and_a_round_can_end(near: House) -> None:
    apply_all(near)
    digest = near.does("/plan", "ann", reason="r")["digest"]
    assert near.does("/plan/send-back", "bo", reason="a hold is missing")["state"] == "superseded"
    assert near.refused("/plan/approve", "bo", digest=digest) == "not_traced"
    digest = planned(near)
    near.does("/plan/publish", "ann", digest=digest)
    assert near.refused("/plan", "ann", reason="r") == "notice_runs"
    made = near.does("/objections", "cy", name="Sun", text="Half is mine.\nLook.")["made"]
    (row,) = near.shown()["round"]["objections"]
    text = near.must(f"/cases/{CASE}/texts/{row['about']}/read", "cy", reason="to decide")
    assert text["text"] == "Half is mine.\nLook."
    assert near.refused(f"/objections/{made}/uphold", "ann", reason="r") == "not_permitted"
    near.does(f"/objections/{made}/uphold", "bo", reason="it is")
    assert near.shown()["round"]["state"] == "superseded"
    planned(near)
    assert near.does("/withdraw", "ann", reason="a case is to be joined")["state"] == "withdrawn"
    assert near.does("/rounds", "ann", number="2", reason="begin again")["round"] == 2
    assert near.does("/refuse", "bo", reason="the victims were compensated")["state"] == "refused"
    assert near.shown(round="1")["round"]["state"] == "withdrawn"


def test_what_a_bank_refuses_goes_to_another_account_and_what_differs_is_settled(
    near: House,
) -> None:
    bureau = near.bureau
    claim = next(row for row in bureau.case(CASE).claims if row.amount == 30_000)
    near.does("/applications", "ann", case=CASE, claim=claim.id, reason="r")
    digest = planned(near)
    near.does("/plan/publish", "ann", digest=digest)
    near.until(near.shown()["due"][0]["at"])
    assert wait_until(lambda: near.shown()["round"]["state"] == "reviewed", 60)
    near.does("/decide", "bo", digest=digest)
    large = next(row for row in near.shown()["payments"] if row["amount"] == "200.00")
    telling = {"officers": [bureau.ids[name] for name in OFFICERS], "reason": "decided"}
    (order,) = near.does("/notices", "ann", payments=[large["id"]], **telling)["orders"]
    near.agreed(order)
    near.answers(order, "refused", "200.00", code="0502")
    account = bureau.account(CASE, "ann", "6222021111000022225")
    other = {"kind": "another_own", "account": account, "reason": "the first was closed"}
    path = f"/payments/{large['id']}/payee"
    near.does(path, "ann", **other)
    assert near.refused(f"{path}/agree", "bo", **other | {"reason": "x"}) == "plan_stale"
    near.does(f"{path}/agree", "bo", **other)
    rows = near.shown()["payments"]
    fresh = next(row for row in rows if row["replaces"] == large["id"])
    assert (fresh["amount"], fresh["payee"]["account"]) == ("200.00", account)
    (order,) = near.does("/notices", "ann", payments=[fresh["id"]], **telling)["orders"]
    near.agreed(order)
    at = instant_text(bureau.clock.now())
    receipt = {"amount": "150.00", "reference": "Q2", "at": at}
    near.answers(order, "paid", "50.00", receipt=receipt)
    view = near.shown()
    (row,) = [x for x in view["payments"] if x["id"] == fresh["id"]]
    assert (row["state"], row["has_incident"], row["outstanding"]) == ("differs", True, "50.00")
    near.does(f"/payments/{fresh['id']}/settle", "bo", reason="the rest is another order")
    small = next(row["id"] for row in rows if row["amount"] == "30.00")
    near.does(f"/payments/{small}/give-up", "bo", reason="the victim wants none of it")
    (sums,) = near.shown()["sums"]
    known = [sums[name] for name in ("awarded", "paid", "unpaid", "given_up")]
    assert known == ["230.00", "150.00", "50.00", "30.00"]


def test_seized_money_is_shared_and_handed_over_and_others_rights_come_first(
    near: House, tmp_path: Path
) -> None:
    bureau = near.bureau
    apply_all(near)
    first, second = (claim.payee for claim in bureau.case(CASE).claims)
    money = {"case": CASE, "currency": "CNY", "reason": "r"}
    cash = {**money, "kind": "cash", "amount": "55.00", "paper_digest": "a" * 64}
    made = near.does("/seized", "ann", **cash, interest="0.40")["made"]
    (seen,) = near.shown()["seized"]
    assert (seen["id"], seen["amount"], seen["agreed_by"]) == (made, "55.00", None)
    agreed = {"digest": seen["digest"]}
    assert near.refused(f"/seized/{made}/agree", "ann", **agreed) == "four_eyes"
    near.does(f"/seized/{made}/agree", "cy", **agreed)
    right = {**money, "account": second, "kind": "court", "amount": "15.00", "name": "a court"}
    near.does("/prior-rights", "ann", **right, paper_digest="b" * 64)
    near.does("/interest", "ann", **money, account=first, amount="1.23")
    assert near.refused("/interest", "ann", **money, account="none", amount="1") == "place_unknown"
    view = near.shown()
    assert [(x["amount"], x["kind"]) for x in view["prior_rights"]] == [("15.00", "court")]
    holder = view["prior_rights"][0]["holder"]
    path = f"/cases/{CASE}/texts/{holder}/read"
    assert near.must(path, "cy", reason="to ring")["text"] == "a court"
    assert [x["amount"] for x in view["interest"]] == ["1.23"]
    # 200.00 and 90.00 are frozen, 15.00 of it a court's, 55.00 in custody: all of the rest is given.
    digest = planned(near)
    plan = near.shown()["round"]["plan"]
    given: dict[str, int] = dict.fromkeys((first, second, made), 0)
    for row in plan["awards"]:
        given[row["account"]] += int(row["amount"].replace(".", ""))
    assert given == {first: 20_000, second: 7_500, made: 5_500}
    files = bureau.get(f"/returns/{near.id}/plans/{plan['inputs']}/files", "ann", reason="r")
    folder = unpacked(files, tmp_path / "plan")
    assert verify_return(folder) == ()
    before = (folder / "before-sharing.csv").read_text(encoding="utf-8")
    assert f"{second},CNY,account,90.00,0.00,15.00,75.00,0.00" in before
    near.does("/plan/publish", "ann", digest=digest)
    near.until(near.shown()["due"][0]["at"])
    assert wait_until(lambda: near.shown()["round"]["state"] == "reviewed", 60)
    near.does("/decide", "bo", digest=digest)
    by_hand = [row for row in near.shown()["payments"] if row["account"] == made]
    assert sum(int(row["amount"].replace(".", "")) for row in by_hand) == 5_500
    told = {"officers": [bureau.ids[name] for name in OFFICERS], "reason": "r"}
    missed = sum(near.missing())
    for row in by_hand:
        assert near.refused("/notices", "ann", payments=[row["id"]], **told) == "in_custody"
        path, receipt = f"/payments/{row['id']}/hand-over", {"receipt": f"Q {row['id']}"}
        near.does(path, "ann", **receipt)
        near.does(f"{path}/take-back", "ann", reason="nobody came")
        near.does(path, "ann", **receipt)
        assert near.refused(f"{path}/confirm", "cy", receipt="another") == "proof_unfit"
        near.does(f"{path}/confirm", "cy", **receipt)
    assert missed - sum(near.missing()) == 5_500
    assert near.refused(f"/seized/{made}/end", "ann", reason="r") == "not_permitted"
    near.does(f"/seized/{made}/end", "bo", reason="all of it is paid")
    near.does(f"/prior-rights/{view['prior_rights'][0]['id']}/end", "bo", reason="the court let go")
