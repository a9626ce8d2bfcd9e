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
