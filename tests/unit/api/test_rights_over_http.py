"""Every role at every endpoint on things in every place, over HTTP, against the same oracle as the table itself."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from bureau import Bureau, drafted
from httpx import Response
from rights import PLACES, REACHED, expected

from recoup.api import callers, set_up_logs
from recoup.centre import rights
from recoup.staff import Action, Role

DIGEST = "0" * 64
PUBLIC = {
    ("post", "/setup"),
    ("post", "/enrolments"),
    ("post", "/sessions"),
    ("delete", "/sessions/current"),
    ("get", "/me"),
    ("get", "/institutions/{institution}/messages"),
    ("post", "/institutions/{institution}/answers"),
    ("get", "/healthz"),
    ("get", "/readyz"),
}
"""Ways in and out, oneself, what institutions reach with signed messages, and what tells nothing of anybody."""


@dataclass
class Thing:
    """A case in a unit, with an account and an order."""

    unit: str
    institution: str
    case: str
    account: str = ""
    order: str = ""


Ask = Callable[[Bureau, str, Thing], Response]
_fresh = (f"new-{n}" for n in itertools.count())


def step(path: str, **body: str) -> Ask:
    return lambda b, by, thing: b.post(f"/orders/{thing.order}/{path}", body, by)


def about(path: str, **body: str) -> Ask:
    return lambda b, by, _: b.post(f"/persons/{b.ids['dummy']}/{path}", body, by)


def timed(path: str, **more: str) -> Ask:
    term = {"begins_at": "2027-01-01T00:00:00Z", "ends_at": "2027-01-02T00:00:00Z"}
    return lambda b, by, thing: b.post(
        path, {"person": b.ids["dummy"], "unit": thing.unit, **term, **more}, by
    )


def listen(b: Bureau, by: str, thing: Thing) -> Response:
    params = {"unit": thing.unit}
    with b.client.stream("GET", "/events", params=params, headers=b._as(by)) as found:
        if found.status_code != 200:
            found.read()
        return found


ENDPOINTS: dict[tuple[str, str], tuple[Action, Ask]] = {
    ("post", "/cases"): (
        Action.CASE_PLACE,
        lambda b, by, t: b.post("/cases", {"case": next(_fresh), "unit": t.unit}, by),
    ),
    ("post", "/accounts"): (
        Action.ACCOUNT_ENTER,
        lambda b, by, t: b.post(
            "/accounts",
            {"case": t.case, "institution": "bank-9", "number": "62220201", "name": "Li"},
            by,
        ),
    ),
    ("post", "/readings"): (
        Action.PERSONAL_READ,
        lambda b, by, t: b.post(
            "/readings",
            {"account": t.account, "field": "account_number", "case": t.case, "reason": "r"},
            by,
        ),
    ),
    ("post", "/orders"): (
        Action.ORDER_DRAFT,
        lambda b, by, t: b.post("/orders", drafted(t.case, t.account, "query", amount="0"), by),
    ),
    ("post", "/orders/{order}/submit"): (Action.ORDER_SUBMIT, step("submit")),
    ("post", "/orders/{order}/approve"): (Action.ORDER_APPROVE, step("approve", digest=DIGEST)),
    ("post", "/orders/{order}/send-back"): (Action.ORDER_SEND_BACK, step("send-back", reason="r")),
    ("post", "/orders/{order}/issue"): (Action.ORDER_ISSUE, step("issue")),
    ("post", "/orders/{order}/withdraw"): (Action.ORDER_WITHDRAW, step("withdraw")),
    ("get", "/orders"): (
        Action.ORDER_READ,
        lambda b, by, t: b.get("/orders", by, case=t.case, reason="r"),
    ),
    ("get", "/orders/{order}"): (
        Action.ORDER_READ,
        lambda b, by, t: b.get(f"/orders/{t.order}", by, case=t.case, reason="r"),
    ),
    ("get", "/institutions/{institution}/orders"): (
        Action.INBOX_READ,
        lambda b, by, t: b.get(f"/institutions/{t.institution}/orders", by),
    ),
    ("get", "/orders/{order}/paper"): (
        Action.PAPER_PRINT,
        lambda b, by, t: b.get(f"/orders/{t.order}/paper", by, case=t.case, reason="r"),
    ),
    ("post", "/orders/{order}/handed-over"): (Action.PAPER_HAND_OVER, step("handed-over")),
    ("post", "/orders/{order}/answers/typed"): (
        Action.ANSWER_TYPE,
        step("answers/typed", outcome="held", answered_at="2026-03-02T09:00:00Z"),
    ),
    ("post", "/orders/{order}/answers/confirm"): (
        Action.ANSWER_CONFIRM,
        step("answers/confirm", outcome="held", answered_at="2026-03-02T09:00:00Z", sheet="none"),
    ),
    ("get", "/figures"): (
        Action.FIGURES_READ,
        lambda b, by, t: b.get("/figures", by, unit=t.unit),
    ),
    ("get", "/events"): (Action.STREAM_READ, listen),
    ("get", "/persons"): (Action.STAFF_READ, lambda b, by, _: b.get("/persons", by)),
    ("get", "/persons/{person}"): (
        Action.STAFF_READ,
        lambda b, by, _: b.get(f"/persons/{b.ids['dummy']}", by),
    ),
    ("get", "/units"): (Action.STAFF_READ, lambda b, by, _: b.get("/units", by)),
    ("post", "/units"): (
        Action.UNIT_ADD,
        lambda b, by, _: b.post(
            "/units", {"id": next(_fresh), "level": "station", "parent": "ns"}, by
        ),
    ),
    ("post", "/persons"): (
        Action.PERSON_ADD,
        lambda b, by, _: b.post("/persons", {"name": next(_fresh)}, by),
    ),
    ("post", "/persons/{person}/suspend"): (
        Action.PERSON_SUSPEND,
        about("suspend", reason="r"),
    ),
    ("post", "/persons/{person}/restore"): (
        Action.PERSON_SUSPEND,
        about("restore", reason="r"),
    ),
    ("post", "/persons/{person}/enrolment"): (Action.ENROLMENT_OFFER, about("enrolment")),
    ("post", "/persons/{person}/roles/grant"): (
        Action.ROLE_GRANT,
        about("roles/grant", role="officer", unit="ns"),
    ),
    ("post", "/persons/{person}/roles/revoke"): (
        Action.ROLE_REVOKE,
        about("roles/revoke", role="officer", unit="ns"),
    ),
    ("get", "/units/{unit}/duties"): (
        Action.DUTY_READ,
        lambda b, by, t: b.get(f"/units/{t.unit}/duties", by),
    ),
    ("post", "/duties"): (Action.DUTY_ASSIGN, timed("/duties")),
    ("post", "/acting"): (Action.ACTING_NAME, timed("/acting", reason="r")),
    ("post", "/handovers"): (
        Action.SHIFT_HAND_OVER,
        lambda b, by, t: b.post(
            "/handovers", {"unit": t.unit, "taker": b.ids["dummy"], "digest": DIGEST}, by
        ),
    ),
    ("post", "/escalations"): (
        Action.ESCALATION_LOG,
        lambda b, by, t: b.post(
            "/escalations", {"case": t.case, "asked": b.ids["dummy"], "outcome": "agreed"}, by
        ),
    ),
}


@dataclass
class World:
    """A bureau with a thing in every place, seen from unit `ft` and from `bank-1`."""

    bureau: Bureau
    things: dict[str, Thing]

    def differences(self, role: Role) -> list[str]:
        """Return every endpoint and place where the answer is not what the oracle says."""
        found = []
        by = role.value
        for (method, path), (action, ask) in ENDPOINTS.items():
            scope = expected()[role, action]
            for place in PLACES:
                key = f"own {by}" if place == "own" else place
                if key not in self.things:
                    continue  # a role that drafts nothing has nothing of its own
                answer = ask(self.bureau, by, self.things[key])
                if answer.status_code not in {200, 403, 409}:
                    found.append(f"{method} {path} {place}: {answer.status_code} {answer.text}")
                elif (answer.status_code != 403) is not (place in REACHED[scope]):
                    found.append(f"{method} {path} {place}: {answer.status_code}")
        return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    set_up_logs(io.StringIO())
    folder: Path = tmp_path_factory.mktemp("bureau")
    bureau = Bureau(folder)
    bureau.set_up()
    for unit, level, parent in (
        ("sz", "city", "gd"),
        ("ft", "district", "sz"),
        ("ft-1", "station", "ft"),
        ("ns", "district", "sz"),
    ):
        bureau.unit(unit, level, parent)
    bureau.hire("dummy")
    for unit in ("sz", "ft", "ft-1", "ns"):
        bureau.hire(f"lead {unit}", (Role.CASE_LEAD, unit))
    for role in Role:
        place = "bank-1" if role.value.startswith("bank_") else "ft"
        bureau.hire(role.value, (role, place))
    things = {
        "own unit": Thing("ft", "bank-9", "C-ft"),
        "below": Thing("ft-1", "bank-9", "C-ft-1"),
        "above": Thing("sz", "bank-9", "C-sz"),
        "beside": Thing("ns", "bank-9", "C-ns"),
        "own institution": Thing("ns", "bank-1", "C-told-1"),
        "other institution": Thing("ns", "bank-2", "C-told-2"),
    }
    for name, thing in things.items():
        lead = f"lead {thing.unit}"
        bureau.place(thing.case, thing.unit, lead)
        furnish(bureau, thing, lead)
        if "institution" in name:
            issued = bureau.post(f"/orders/{thing.order}/issue", {}, lead)
            assert issued.json()["state"] == "issued", issued.text
    for role in (Role.CALL_TAKER, Role.OFFICER, Role.CASE_LEAD, Role.DUTY_OFFICER):
        own = Thing("ft", "bank-9", "C-ft")
        furnish(bureau, own, role.value)
        things[f"own {role.value}"] = own
    yield World(bureau, things)
    bureau.close()


def furnish(bureau: Bureau, thing: Thing, by: str) -> None:
    """Enter an account and draft a stop about it."""
    number = f"622202{len(bureau.desk.view().accounts):010d}"
    body = {
        "case": thing.case,
        "institution": thing.institution,
        "number": number,
        "name": "Wang",
    }
    thing.account = bureau.post("/accounts", body, by).json()["account"]
    thing.order = bureau.draft(thing.case, thing.account, by, "stop")


def test_every_endpoint_is_public_or_in_the_table(world: World) -> None:
    paths = world.bureau.app.openapi()["paths"]
    found = {(method, path) for path, methods in paths.items() for method in methods}
    assert found == PUBLIC | set(ENDPOINTS)
    assert {action for action, _ in ENDPOINTS.values()} == set(Action)
    assert set(rights.ACTIONS.values()) <= set(Action)


@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_over_http_what_the_oracle_says(world: World, role: Role) -> None:
    assert world.differences(role) == []


def test_without_a_session_nothing_is_shown_or_done(world: World) -> None:
    thing = world.things["own unit"]
    world.bureau.tokens["nobody"] = "x" * 43
    last = world.bureau.desk.last()
    for by in ("", "nobody"):
        for endpoint, (_, ask) in ENDPOINTS.items():
            assert ask(world.bureau, by, thing).status_code == 401, endpoint
    assert world.bureau.desk.last() == last


def test_an_endpoint_that_forgets_to_ask_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: without its check, each way of looking answers a regulator who may not look."""
    monkeypatch.setattr(callers.Caller, "may", lambda *_: None)
    found = " ".join(world.differences(Role.REGULATOR))
    for path in ("/orders", "/orders/{order}", "/institutions/{institution}/orders", "/persons"):
        assert f"get {path} " in found
    assert "post /cases" not in found, "commands are asked about by the writer as well"


def test_a_writer_that_forgets_to_ask_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control of the other check, that of commands."""
    monkeypatch.setattr(rights, "permit", lambda *_: None)
    found = " ".join(world.differences(Role.REGULATOR))
    for path in ("/cases", "/orders/{order}/approve", "/persons/{person}/roles/grant", "/duties"):
        assert f"post {path} " in found
