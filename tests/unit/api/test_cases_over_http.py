"""A case, its plan and the worklist over HTTP: who sees them, what they say, and how their pages go on."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from bureau import START, Bureau, drafted, paid, reported
from httpx import Response

from recoup.cases import Bridged, Case, Finding, FindingKind, Found, Mandate, Place
from recoup.cases.case import Harm
from recoup.cases.commands import (
    AgreeToMandate,
    ApplyTrail,
    FileAppeal,
    NoteHarm,
    NoteHold,
    ProposeFinding,
    ProposeMandate,
    TakeUp,
)
from recoup.cases.decided import digest_of
from recoup.centre.commands import Done, Outcome
from recoup.centre.planning import items_of, written
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import MACHINE, Actor, Request, command_of
from recoup.orders import OrderKind
from recoup.staff import Role

WHY = {"reason": "the call"}
_ids = (f"told-{n}" for n in itertools.count())


@pytest.fixture
def desk(bureau: Bureau) -> Bureau:
    """A bureau with two units, people in both, and one case."""
    for unit, level, parent in (("sz", "city", "gd"), ("ft", "district", "sz")):
        bureau.unit(unit, level, parent)
    bureau.hire("taker", (Role.CALL_TAKER, "ft"))
    bureau.hire("lead", (Role.CASE_LEAD, "ft"))
    bureau.hire("bo", (Role.APPROVER, "sz"))
    bureau.place("C1", "ft", "taker")
    return bureau


def tell(desk: Bureau, what: object, who: str = "person-x", case: str = "C1") -> None:
    """Tell the centre something that has no endpoint, as a part of it would."""
    request = Request(Actor(who, MACHINE, "told by a test"), what, case=case)
    command = command_of(COMMAND_REGISTRY, next(_ids), request)
    outcome: Outcome = desk.desk._office.submit(command).result()
    assert isinstance(outcome, Done), outcome


def case_of(desk: Bureau, case: str = "C1") -> Case:
    return desk.desk.view().case(case)


def plan(desk: Bureau, by: str = "lead", **asked: Any) -> dict[str, Any]:
    found = desk.get("/cases/C1/plan", by, **WHY, **asked)
    assert found.status_code == 200, found.text
    return found.json()


def trace(desk: Bureau, *places: Place, bridged: tuple[Bridged, ...] = ()) -> None:
    """Let the case have a trail."""
    version = case_of(desk).facts_version
    digest = digest_of("test", version, places)
    tell(desk, ApplyTrail(version, digest, places, (), bridged))


def lies(desk: Bureau, account: str, amount: int, found: Found, **more: Any) -> Place:
    claim = case_of(desk).claims[0].id
    return Place(claim, account, "bank-2", "CNY", amount, START, found, **more)


def authority(desk: Bureau, hops: int = 8) -> Mandate:
    until = START + timedelta(hours=2)
    mandate = Mandate(f"m-{hops}", hops, 10**6, "CNY", until, "person-a")
    tell(desk, ProposeMandate(mandate), "person-a")
    return mandate


def name_of(answer: Response) -> str:
    return answer.json()["type"].rpartition(":")[2]


def test_proven_and_inferred_are_never_added_up(desk: Bureau) -> None:
    trace(
        desk,
        lies(desk, "a1", 10_000, Found.LOCATED),
        lies(desk, "a2", 5_000, Found.LOCATED, is_inferred=True),
        lies(desk, "a3", 8_000, Found.UNKNOWN),
        lies(desk, "a3", 7_000, Found.EXITED, kind="cash_out"),
    )
    case = desk.get("/cases/C1", "lead", **WHY).json()
    rows = {row["found"]: (row["proven"], row["inferred"]) for row in case["found"]}
    assert rows == {
        "located": ("100.00", "50.00"),
        "unknown": ("80.00", "0.00"),
        "exited": ("70.00", "0.00"),
    }
    assert case["is_traced"] is True
    assert [row["account"] for row in case["places"]["items"]] == ["a1", "a2", "a3"]
    assert [row["kind"] for row in case["exits"]["items"]] == ["cash_out"]


def test_a_case_is_shown_to_nobody_who_does_not_say_why(desk: Bureau) -> None:
    for path in ("/cases/C1", "/cases/C1/plan", "/cases/C1/claims"):
        assert name_of(desk.get(path, "lead")) == "purpose_missing"
        assert desk.get(path, "bo", **WHY).status_code == 200
    desk.hire("far", (Role.CASE_LEAD, "sz"))
    assert name_of(desk.get("/cases/C1", "far", **WHY)) == "not_permitted"
    desk.hire("court", (Role.COURT, "gd"))
    assert name_of(desk.get("/cases/none", "court", **WHY)) == "case_unknown"


def test_a_plan_says_who_lets_an_order_leave(desk: Bureau) -> None:
    (stop,) = plan(desk)["orders"]["items"]
    assert (stop["kind"], stop["why"], stop["mandate"]) == ("stop", "victims_payment", None)
    mandate = authority(desk)
    assert plan(desk)["orders"]["items"][0]["mandate"] is None, "one person is not enough"
    tell(desk, AgreeToMandate(mandate.id, "person-b", mandate.digest), "person-b")
    assert plan(desk)["orders"]["items"][0]["mandate"] == mandate.id


def test_a_plan_shows_gain_beside_harm_and_its_digest_changes_with_it(desk: Bureau) -> None:
    trace(desk, lies(desk, "a1", 20_000, Found.LOCATED), lies(desk, "a2", 10_000, Found.UNKNOWN))
    first, second = plan(desk)["orders"]["items"]
    assert (first["account"], first["located"], first["harm"]["own_money"]) == (
        "a1",
        "200.00",
        "0.00",
    )
    assert (first["why"], second["why"]) == ("located", "last_seen")
    tell(desk, NoteHarm(Harm("a1", "CNY", own_money=700, merchants=3)))
    changed = plan(desk)["orders"]["items"][0]
    assert (changed["harm"]["own_money"], changed["harm"]["merchants"]) == ("7.00", 3)
    assert changed["digest"] != first["digest"]


def test_the_digest_of_a_plans_row_is_that_of_the_order_the_caller_would_write(
    desk: Bureau,
) -> None:
    digests = {by: plan(desk, by)["orders"]["items"][0]["digest"] for by in ("lead", "bo")}
    assert digests["lead"] != digests["bo"], "its maker is part of an order"
    (item,) = items_of(case_of(desk), desk.clock.now(), desk.desk.policy, desk.ids["lead"])
    assert item.view.digest == digests["lead"]
    assert item.view.order_digest == written("C1", item.proposal, desk.ids["lead"]).digest


def test_orders_of_a_plan_come_in_the_order_of_dispatch_within_what_an_institution_takes(
    desk: Bureau,
) -> None:
    many = desk.desk.policy.orders_per_minute + 5
    rows = [lies(desk, f"a{n:03d}", 100 + n, Found.LOCATED) for n in range(many)]
    rest = 30_000 - sum(row.amount for row in rows)
    trace(desk, *rows, lies(desk, "", rest, Found.RESIDUAL))
    items, cursor = [], {}
    while True:
        page = plan(desk, limit=50, **cursor)["orders"]
        items += page["items"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert len(items) == many
    changes = [float(item["change"]) for item in items]
    assert changes == sorted(changes, reverse=True)
    assert [item["fits_the_minute"] for item in items].count(False) == 5
    assert items[-1]["fits_the_minute"] is False


def test_a_cursor_of_a_plan_or_a_trail_from_before_is_refused(desk: Bureau) -> None:
    def places(*names: str) -> None:
        part = 30_000 // len(names)
        trace(desk, *(lies(desk, name, part, Found.LOCATED) for name in names))

    places("a1", "a2", "a3")
    cursors = {}
    for path in ("/cases/C1/plan", "/cases/C1/places", "/cases/C1/claims"):
        page = desk.get(path, "lead", limit=1, **WHY).json()
        cursors[path] = page.get("orders", page)["next"]
    assert cursors.pop("/cases/C1/claims") is None
    desk.post("/cases/C1/claims", claim(desk, "SN-2"), "taker")
    for path, cursor in cursors.items():
        answer = desk.get(path, "lead", limit=1, cursor=cursor, **WHY)
        assert name_of(answer) == "cursor_invalid"


def claim(desk: Bureau, serial: str) -> dict[str, Any]:
    return {"report": desk.report_of("C1"), "payment": paid(serial=serial)}


def test_a_cursor_of_a_list_that_only_grows_goes_on(desk: Bureau) -> None:
    for serial in ("SN-2", "SN-3"):
        desk.post("/cases/C1/claims", claim(desk, serial), "taker")
    first = desk.get("/cases/C1/claims", "lead", limit=2, **WHY).json()
    desk.post("/cases/C1/claims", claim(desk, "SN-4"), "taker")
    rest = desk.get("/cases/C1/claims", "lead", cursor=first["next"], **WHY).json()
    seen = [row["id"] for row in first["items"] + rest["items"]]
    assert seen == [row.id for row in case_of(desk).claims]


# --- the worklist ---


def todo(desk: Bureau, by: str = "lead", **asked: Any) -> list[tuple[str, str]]:
    found = desk.get("/worklist", by, **asked)
    assert found.status_code == 200, found.text
    return [(row["kind"], row["case"]) for row in found.json()["items"]]


def kinds(desk: Bureau, by: str = "lead") -> set[str]:
    return {kind for kind, _ in todo(desk, by)}


def test_everybody_sees_what_waits_in_the_units_that_they_see(desk: Bureau) -> None:
    desk.hire("far", (Role.OFFICER, "sz"))
    desk.place("C2", "sz", "far")
    assert {case for _, case in todo(desk, "lead")} == {"C1"}
    assert {case for _, case in todo(desk, "far")} == {"C2"}
    assert {case for _, case in todo(desk, "bo")} == {"C1", "C2"}
    assert {case for _, case in todo(desk, "bo", unit="ft")} == {"C1"}
    assert name_of(desk.get("/worklist", "lead", unit="sz")) == "not_permitted"
    assert name_of(desk.get("/worklist", "root")) == "not_permitted"


def test_what_waits_comes_by_deadline_and_then_by_value(desk: Bureau) -> None:
    desk.post("/reports", reported("C2", "ft", payment=paid(amount="900.00")), "taker")
    authority(desk)
    found = desk.get("/worklist", "lead").json()["items"]
    assert found[0]["kind"] == "mandate_to_agree", "it has a deadline"
    values = [float(row["amount"]) for row in found[1:] if row["kind"] == "claim_to_admit"]
    assert values == [900.0, 300.0]
    assert [row["kind"] for row in found if row["case"] == "C2"] == [
        "claim_to_admit",
        "order_to_let_go",
    ], "an order counts with its chance"


Happens = Callable[[Bureau], None]


def _covered(desk: Bureau) -> None:
    mandate = authority(desk)
    tell(desk, AgreeToMandate(mandate.id, "person-b", mandate.digest), "person-b")


def _held(desk: Bureau) -> None:
    """A person lets the stop leave; the bank holds the money."""
    (item,) = items_of(case_of(desk), desk.clock.now(), desk.desk.policy, "person-a")
    order = written("C1", item.proposal, "person-a", "order-1")
    tell(desk, TakeUp(order), "person-a")
    at = desk.clock.now()
    held = NoteHold(
        order.key.account, "CNY", "bank-7", 30_000, 30_000, "held", OrderKind.STOP, 0, at
    )
    tell(desk, held)


def _appealed(desk: Bureau) -> None:
    _held(desk)
    account = case_of(desk).holds[0].account
    tell(desk, FileAppeal("appeal-1", account, "CNY", is_through_bank=True))


def _found(desk: Bureau) -> None:
    claim_id = case_of(desk).claims[0].id
    finding = Finding("f-1", FindingKind.CLAIM_VOID, claim_id, "person-a", "papers seen")
    tell(desk, ProposeFinding(finding), "person-a")


def _drafted(desk: Bureau) -> None:
    account = desk.account("C1", "lead")
    order = desk.post("/orders", drafted("C1", account), "lead").json()["order"]
    desk.post(f"/orders/{order}/submit", {}, "lead")


def _lost(desk: Bureau) -> None:
    nowhere = Place(case_of(desk).claims[0].id, "a9", "", "CNY", 30_000, START, Found.LOCATED)
    trace(desk, nowhere)


@pytest.mark.parametrize(
    ("happens", "more", "less"),
    [
        (_covered, set(), {"order_to_let_go"}),
        (authority, {"mandate_to_agree"}, set()),
        (_held, {"notice_to_send"}, {"order_to_let_go"}),
        (_appealed, {"notice_to_send", "appeal_to_decide"}, {"order_to_let_go"}),
        (_found, {"finding_to_decide"}, set()),
        (_drafted, {"order_to_approve"}, set()),
        (_lost, {"order_held_up"}, {"order_to_let_go"}),
    ],
)
def test_the_worklist_follows_what_happens(
    desk: Bureau, happens: Happens, more: set[str], less: set[str]
) -> None:
    before = kinds(desk)
    assert before == {"claim_to_admit", "order_to_let_go"}
    happens(desk)
    assert kinds(desk) == (before | more) - less


def test_an_authority_that_ended_shows_at_once(desk: Bureau) -> None:
    _covered(desk)
    desk.clock.move(START + timedelta(hours=2) - timedelta(seconds=31) - desk.clock.now())
    desk.log_in("lead")
    assert "order_to_let_go" not in kinds(desk)
    desk.clock.move(timedelta(seconds=1))
    assert "order_to_let_go" in kinds(desk)


def test_the_worklist_goes_on_in_pages(desk: Bureau) -> None:
    for number in range(3):
        desk.post("/reports", reported(f"D{number}", "ft"), "taker")
    whole = todo(desk, limit=200)
    page = desk.get("/worklist", "lead", limit=3).json()
    rest = desk.get("/worklist", "lead", cursor=page["next"], limit=200).json()
    assert [(row["kind"], row["case"]) for row in page["items"] + rest["items"]] == whole
    assert name_of(desk.get("/worklist", "bo", cursor=page["next"])) == "cursor_invalid"
