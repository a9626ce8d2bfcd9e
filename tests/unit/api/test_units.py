"""Units over HTTP: what a level may agree to, and figures of units, institutions and periods."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pypdf
import pytest
from bureau import START, Bureau
from offered import asked, entered

from recoup import limits
from recoup.staff import Role


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Bureau]:
    """Province gd, city sz, district ft with station ft-1, district ns."""
    found = Bureau(tmp_path)
    found.set_up()
    for unit, level, parent in (
        ("sz", "city", "gd"),
        ("ft", "district", "sz"),
        ("ft-1", "station", "ft"),
        ("ns", "district", "sz"),
    ):
        found.unit(unit, level, parent)
    yield found
    found.close()


def test_a_freeze_is_approved_by_a_district_and_not_by_a_station(tree: Bureau) -> None:
    tree.hire("ann", (Role.OFFICER, "ft-1"))
    tree.hire("low", (Role.APPROVER, "ft-1"))
    tree.hire("high", (Role.APPROVER, "ft"))
    tree.hire("beside", (Role.APPROVER, "ns"))
    entered(tree, "C1", "ft-1")
    account = tree.account("C1", "ann")
    order = tree.draft("C1", account, "ann", "freeze")
    assert tree.post(f"/orders/{order}/submit", {}, "ann").status_code == 200
    shown = tree.get(f"/orders/{order}", "low", case="C1", reason="to decide").json()
    assert shown["needs"] == {"persons": 1, "level": "district"}
    body = {"digest": shown["digest"]}
    for who, problem in (("low", "level_too_low"), ("beside", "not_permitted")):
        found = tree.post(f"/orders/{order}/approve", body, who)
        assert (found.status_code, found.json()["type"]) == (403, f"urn:recoup:problem:{problem}")
    found = tree.post(f"/orders/{order}/approve", body, "high")
    assert (found.status_code, found.json()["state"]) == (200, "issued")


def test_who_acts_for_an_approver_of_the_district_approves_a_freeze(tree: Bureau) -> None:
    tree.hire("ann", (Role.OFFICER, "ft-1"))
    tree.hire("low", (Role.APPROVER, "ft-1"))
    tree.hire("lead", (Role.CASE_LEAD, "ft"))
    entered(tree, "C1", "ft-1")
    order = tree.draft("C1", tree.account("C1", "ann"), "ann", "freeze")
    tree.post(f"/orders/{order}/submit", {}, "ann")
    shown = tree.get(f"/orders/{order}", "low", case="C1", reason="to decide").json()
    approve = (f"/orders/{order}/approve", {"digest": shown["digest"]}, "low")
    assert tree.post(*approve).status_code == 403
    acting = {
        "person": tree.ids["low"],
        "unit": "ft",
        "begins_at": START.isoformat(),
        "ends_at": (START + timedelta(hours=8)).isoformat(),
        "reason": "the approver is on leave",
    }
    assert tree.post("/acting", acting, "lead").status_code == 200
    assert tree.post(*approve).status_code == 200


def test_who_no_longer_acts_for_an_approver_approves_nothing_more(tree: Bureau) -> None:
    tree.hire("ann", (Role.OFFICER, "ft-1"))
    tree.hire("low", (Role.APPROVER, "ft-1"))
    tree.hire("lead", (Role.CASE_LEAD, "ft"))
    tree.hire("above", (Role.CASE_LEAD, "sz"))
    entered(tree, "C1", "ft-1")
    order = tree.draft("C1", tree.account("C1", "ann"), "ann", "freeze")
    tree.post(f"/orders/{order}/submit", {}, "ann")
    shown = tree.get(f"/orders/{order}", "low", case="C1", reason="to decide").json()
    begins_at = START.isoformat()
    about = {"person": tree.ids["low"], "unit": "ft", "begins_at": begins_at}
    until = {"ends_at": (START + timedelta(hours=8)).isoformat(), "reason": "on leave"}
    assert tree.post("/acting", {**about, **until}, "lead").status_code == 200
    back = {**about, "reason": "the approver is back"}
    for who, body, status, problem in (
        ("above", back, 403, "not_permitted"),  # another unit's case lead, though one above it
        ("low", back, 403, "not_permitted"),
        ("lead", {**back, "unit": "ft-1"}, 403, "not_permitted"),
        ("lead", {**back, "person": tree.ids["lead"]}, 403, "own_rights"),
        ("lead", {**back, "person": tree.ids["ann"]}, 409, "duty_unknown"),
        ("lead", about, 422, "request_malformed"),
    ):
        found = tree.post("/acting/end", body, who)
        assert (found.status_code, found.json()["type"]) == (
            status,
            f"urn:recoup:problem:{problem}",
        ), who
    assert len(tree.get("/units/ft/duties", "lead").json()) == 1, "it stands as yet"
    assert tree.post("/duties/end", back, "lead").json()["type"].endswith("duty_unknown")
    assert tree.post("/acting/end", back, "lead").status_code == 200
    assert tree.get("/units/ft/duties", "lead").json() == []
    approve = (f"/orders/{order}/approve", {"digest": shown["digest"]}, "low")
    assert tree.post(*approve).json()["type"].endswith("level_too_low"), "at once"


def test_figures_are_of_a_unit_and_those_below_of_an_institution_and_of_a_period(
    tree: Bureau,
) -> None:
    tree.hire("lead", (Role.CASE_LEAD, "sz"))
    tree.hire("auditor", (Role.AUDITOR, "gd"))
    begin = tree.clock.now()
    entered(tree, "C1", "ft-1", 10_000)
    tree.clock.move(timedelta(hours=1))
    cut = tree.clock.now()
    entered(tree, "C2", "ns", 20_050)

    def money(by: str, **params: str) -> dict[str, str]:
        found = tree.get("/figures", by, **params)
        assert found.status_code == 200, found.text
        rows = found.json()["money"]
        return {currency: row["reported"] for currency, row in rows.items()}

    assert money("lead", unit="sz") == {"CNY": "300.50"}
    assert money("lead", unit="sz", institution="bank-a-C1") == {"CNY": "100.00"}
    assert money("auditor", unit="ft") == {"CNY": "100.00"}
    assert money("auditor") == {"CNY": "300.50"}
    assert money("auditor", **{"from": begin.isoformat(), "to": cut.isoformat()}) == {
        "CNY": "100.00"
    }
    assert money("auditor", **{"from": cut.isoformat()}) == {"CNY": "200.50"}
    one = tree.get("/cases/C1/figures", "auditor", reason="audit").json()
    assert one["money"]["CNY"]["reported"] == "100.00"
    assert tree.get("/cases/C1/figures", "auditor").json()["type"].endswith("purpose_missing")
    whole = tree.get("/figures", "lead", unit="sz").json()
    assert (whole["cases"], whole["reports"], whole["shown_from"]) == (2, 2, 1)
    assert whole["entry_seconds"] == {"count": 2, "p50": 0, "p90": 0, "most": 0}


def test_what_cannot_be_asked_of_figures_is_refused_by_name(tree: Bureau) -> None:
    tree.hire("lead", (Role.CASE_LEAD, "ft"))
    tree.hire("auditor", (Role.AUDITOR, "gd"))
    rows = (
        ("lead", {}, 403, "not_permitted"),
        ("lead", {"institution": "bank-1"}, 403, "not_permitted"),
        ("lead", {"unit": "ns"}, 403, "not_permitted"),
        ("auditor", {"unit": "no-such"}, 404, "unit_unknown"),
        ("auditor", {"from": "2026-13-01T00:00:00Z"}, 422, "request_malformed"),
        ("auditor", {"from": "yesterday"}, 422, "request_malformed"),
        (
            "auditor",
            {"from": "2026-03-02T00:00:00Z", "to": "2026-03-01T00:00:00Z"},
            409,
            "term_backwards",
        ),
    )
    for who, params, status, problem in rows:
        found = tree.get("/figures", who, **params)
        assert found.status_code == status, (params, found.text)
        assert found.json()["type"] == f"urn:recoup:problem:{problem}", params


def test_a_regulator_sees_no_figure_of_few_cases_and_no_id(tree: Bureau) -> None:
    tree.hire("reg", (Role.REGULATOR, "gd"))
    for number in range(limits.FIGURES_CASES_MIN - 1):
        entered(tree, f"C{number}", "ft-1")
    few = tree.get("/figures", "reg").json()
    assert few["money"]["CNY"]["reported"] is None
    assert few["cases"] is few["reports"] is few["entry_seconds"]["count"] is None
    assert few["orders"] == 0, "nothing is nobody's"
    entered(tree, "C-last", "ns")
    enough = tree.get("/figures", "reg")
    assert enough.json()["money"]["CNY"]["reported"] == "500.00"
    assert enough.json()["cases"] == limits.FIGURES_CASES_MIN
    below = tree.get("/figures", "reg", unit="ns").json()
    assert below["cases"] is None, "one unit of the five has one"
    for text in ("C-last", "c-C", "a-C", "r-C", "victim"):
        assert text not in enough.text


def test_a_case_is_handed_over_on_a_packet_that_both_units_see(tree: Bureau) -> None:
    tree.hire("ann", (Role.OFFICER, "ft-1"))
    tree.hire("giver", (Role.CASE_LEAD, "ft-1"))
    tree.hire("taker", (Role.CASE_LEAD, "ns"))
    tree.hire("third", (Role.CASE_LEAD, "ft"))
    entered(tree, "C1", "ft-1")
    account = tree.account("C1", "ann")
    looked = {"reason": "handover"}
    assert tree.get("/cases/C1/packet", "taker", **looked).status_code == 403
    assert tree.get("/cases/C1/packet", "giver").json()["type"].endswith("purpose_missing")
    packet = tree.get("/cases/C1/packet", "giver", **looked).json()
    assert [row["missing"] for row in packet["claims"]] == ["100.00"]
    offer = {"unit": "ns", "digest": packet["digest"], "reason": "the holder lives there"}
    for who, status in (("third", 403), ("ann", 403), ("giver", 200)):
        found = tree.post("/cases/C1/handovers", offer, who, key=f"offer-of-{who}")
        assert found.status_code == status, (who, found.text)
    handover = found.json()["handover"]
    again = tree.post("/cases/C1/handovers", offer, "giver", key="offer-of-giver")
    assert again.json() == found.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    (waiting,) = tree.get("/units/ns/handovers", "taker").json()
    assert (waiting["id"], waiting["is_stale"]) == (handover, False)
    assert tree.get("/cases/C1/packet", "taker", **looked).json() == packet
    for by in ("giver", "taker"):
        paper = tree.get("/cases/C1/packet/paper", by, **looked, digest=packet["digest"])
        assert (paper.status_code, paper.headers["content-type"]) == (200, "application/pdf")
        pages = pypdf.PdfReader(io.BytesIO(paper.content)).pages
        assert packet["digest"] in "".join(pages[0].extract_text().split())
    assert tree.get("/cases/C1/packet/paper", "third", **looked).status_code == 403
    unknown = tree.get("/cases/C1/packet/paper", "giver", **looked, timezone="Mars/Olympus")
    assert unknown.json()["type"].endswith("request_malformed")
    tree.draft("C1", account, "ann", "freeze")  # something happens to the case
    stale = tree.get("/cases/C1/packet/paper", "giver", **looked, digest=packet["digest"])
    assert stale.json()["type"].endswith("digest_stale"), "what was seen is printed, or nothing"
    accept = (f"/cases/C1/handovers/{handover}/accept", {"digest": packet["digest"]})
    assert tree.post(*accept, "taker").json()["type"].endswith("digest_stale")
    assert tree.get("/units/ns/handovers", "taker").json()[0]["is_stale"]
    packet = tree.get("/cases/C1/packet", "giver", **looked).json()
    assert [(row["kind"], row["state"]) for row in packet["orders"]] == [("freeze", "drafted")]
    anew = tree.post("/cases/C1/handovers", offer | {"digest": packet["digest"]}, "giver").json()
    accept = (f"/cases/C1/handovers/{anew['handover']}/accept", {"digest": packet["digest"]})
    assert tree.post(*accept, "third").status_code == 403
    assert tree.post(*accept, "taker").status_code == 200
    asked = {"case": "C1", "reason": "mine now?"}
    assert tree.get("/orders", "taker", **asked).status_code == 200
    assert tree.get("/orders", "giver", **asked).status_code == 403
    assert tree.desk.view().unit_of_case("C1") == "ns"
    assert tree.get("/units/ns/handovers", "taker").json() == []


def test_a_handover_is_declined_or_taken_back_and_not_to_a_unit_that_is_not_there(
    tree: Bureau,
) -> None:
    tree.hire("giver", (Role.CASE_LEAD, "ft-1"), (Role.CASE_LEAD, "ns"))
    tree.hire("night", (Role.DUTY_OFFICER, "ns"))
    entered(tree, "C1", "ft-1")
    digest = tree.get("/cases/C1/packet", "giver", reason="handover").json()["digest"]
    offer = {"unit": "nowhere", "digest": digest, "reason": "the holder lives there"}
    assert tree.post("/cases/C1/handovers", offer, "giver").status_code == 404
    offer["unit"] = "ns"
    first = tree.post("/cases/C1/handovers", offer, "giver").json()["handover"]
    way = f"/cases/C1/handovers/{first}"
    own = tree.post(f"{way}/accept", {"digest": digest}, "giver")
    assert own.json()["type"].endswith("four_eyes"), "lead of both units"
    assert tree.post(f"{way}/decline", {"reason": "not ours"}, "night").status_code == 200
    assert tree.post(f"{way}/withdraw", {}, "giver").json()["type"].endswith("handover_settled")
    second = tree.post("/cases/C1/handovers", offer, "giver").json()["handover"]
    assert tree.post(f"/cases/C1/handovers/{second}/withdraw", {}, "giver").status_code == 200
    assert tree.desk.view().unit_of_case("C1") == "ft-1"
    unknown = tree.post("/cases/C1/handovers/none/accept", {"digest": digest}, "night")
    assert unknown.status_code == 404


def test_a_duty_officer_sees_what_the_unit_is_asked_and_says_what_came_of_it(tree: Bureau) -> None:
    tree.hire("night", (Role.DUTY_OFFICER, "ft-1"))
    tree.hire("beside", (Role.DUTY_OFFICER, "ns"))
    entered(tree, "C1", "ft-1")
    escalation = asked(tree, "C1", "ft-1")
    (row,) = tree.get("/units/ft-1/escalations", "night").json()
    assert (row["id"], row["case"], row["clock"]) == (escalation, "C1", "appeal")
    shift = tree.get("/units/ft-1/shift", "night").json()
    assert [(x["case"], x["kind"]) for x in shift["open"]] == [("C1", "escalation")]
    way = f"/cases/C1/escalations/{escalation}/outcome"
    assert tree.post(way, {"outcome": "decided by phone"}, "beside").status_code == 403
    assert tree.post(way, {"outcome": "decided by phone"}, "night").status_code == 200
    assert tree.get("/units/ft-1/escalations", "night").json() == []
    again = tree.post(way, {"outcome": "once more"}, "night")
    assert again.json()["type"].endswith("escalation_settled")


def test_a_shift_goes_on_when_both_saw_what_is_open_now(tree: Bureau) -> None:
    tree.hire("night", (Role.DUTY_OFFICER, "ft-1"))
    tree.hire("day", (Role.DUTY_OFFICER, "ft-1"))
    entered(tree, "C1", "ft-1")
    asked(tree, "C1", "ft-1")

    def problem(path: str, body: dict[str, str], by: str) -> str:
        found = tree.post(path, body, by)
        return "" if found.status_code == 200 else found.json()["type"].rpartition(":")[2]

    seen = tree.get("/units/ft-1/shift", "night").json()
    assert seen["given"] is None
    give = {"unit": "ft-1", "taker": tree.ids["day"], "digest": seen["digest"]}
    take = {"unit": "ft-1", "digest": seen["digest"]}
    assert problem("/handovers/take", take, "day") == "shift_not_given"
    assert problem("/handovers", give | {"digest": "0" * 64}, "night") == "shift_stale"
    assert problem("/handovers", give | {"taker": tree.ids["night"]}, "night") == "four_eyes"
    assert problem("/handovers", give, "night") == ""
    given = tree.get("/units/ft-1/shift", "day").json()["given"]
    assert given == {
        "giver": tree.ids["night"],
        "taker": tree.ids["day"],
        "digest": seen["digest"],
        "given_at": given["given_at"],
        "is_stale": False,
    }
    entered(tree, "C2", "ft-1")
    asked(tree, "C2", "ft-1")  # something more is open than the giver saw
    seen = tree.get("/units/ft-1/shift", "day").json()
    assert not seen["given"]["is_stale"], "it was given a moment ago"
    tree.clock.move(timedelta(seconds=limits.SHIFT_TAKEN_SECONDS_MAX + 1))
    assert problem("/handovers/take", take, "day") == "shift_stale"
    seen = tree.get("/units/ft-1/shift", "day").json()
    assert seen["given"]["is_stale"]
    take["digest"] = give["digest"] = seen["digest"]
    assert problem("/handovers/take", take, "day") == "shift_stale", "nobody gave this list"
    assert problem("/handovers", give, "night") == ""
    assert problem("/handovers/take", take, "night") == "shift_not_given"
    entered(tree, "C3", "ft-1")
    asked(tree, "C3", "ft-1")
    assert problem("/handovers/take", take, "day") == "", "in a busy unit the list never stands"
    assert tree.get("/units/ft-1/shift", "day").json()["given"] is None
