"""Every role at every endpoint on things in every place, over HTTP, against the same oracle as the table itself."""

from __future__ import annotations

import asyncio
import io
import itertools
import re
import sys
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote

import pytest
from bureau import START, Bureau, disputed, drafted, paid, reported
from cared import objected
from httpx import Response
from noted import Noted
from offered import asked as asked_by_clock
from offered import entered, offered
from rights import PLACES, REACHED, expected, telling

from recoup.api import callers, set_up_logs
from recoup.care.appealing import FileDecisionAppeal
from recoup.cases import Finding, FindingKind, Found, Mandate, Matter, Motion, Place
from recoup.cases import commands as asked
from recoup.cases.state import ClaimTrigger
from recoup.centre import rights
from recoup.centre.commands import Done
from recoup.centre.office import wait_until
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import INSTITUTION, Actor, Request, command_of
from recoup.centre.return_rights import RETURN_ACTIONS
from recoup.centre.state import CentreState
from recoup.clock import instant_text
from recoup.orders import OrderKind, Outcome
from recoup.orders.commands import IssueOrder
from recoup.reading.policies import read_case_policy
from recoup.staff import Action, Role, Target, Why

DIGEST = "0" * 64
HELD = {"account": "a-{case}", "currency": "CNY"}
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
    given: str = ""
    """A case that another unit offers to the unit."""
    handover: str = ""
    escalation: str = ""
    """About which the unit is asked, in that case."""
    written: str = ""
    """An order of the plan that was written down."""
    entry: str = ""
    part: str = ""
    row: str = ""
    measure: str = ""
    task: str = ""
    appeal: str = ""
    """Against a decision of a watch."""
    late: str = ""
    """An escalation about such an appeal that nobody decided in time."""


Ask = Callable[[Bureau, str, Thing], Response]
_fresh = (f"new-{n}" for n in itertools.count())


def step(path: str, **body: str) -> Ask:
    return lambda b, by, thing: b.post(f"/orders/{thing.order}/{path}", body, by)


def take(path: str, **body: str) -> Ask:
    return lambda b, by, thing: b.post(
        f"/cases/{thing.given}/handovers/{thing.handover}/{path}", body, by
    )


def in_case(path: str, **body: Any) -> Ask:
    """Ask something of the case; a name in braces is one of the ids that `furnish` gives."""

    def ask(b: Bureau, by: str, thing: Thing) -> Response:
        task = next((row.id for row in b.case(thing.case).tasks), "task_none")
        names = {"case": thing.case, "written": thing.written, "task": task}
        names["account"] = thing.account
        values = {k: v.format(**names) if isinstance(v, str) else v for k, v in body.items()}
        return b.post(f"/cases/{thing.case}{path.format(**names)}", values, by)

    return ask


def of_entry(path: str, **body: str) -> Ask:
    return lambda b, by, t: b.post(f"/lists/entries/{quote(t.entry, safe='')}/{path}", body, by)


SUBJECT = {"kind": "person", "value": "id 4403"}


def about(path: str, **body: str) -> Ask:
    return lambda b, by, _: b.post(f"/persons/{b.ids['dummy']}/{path}", body, by)


def import_rows(b: Bureau, by: str, thing: Thing, data: bytes, kind: str) -> Response:
    headers = {"Idempotency-Key": next(b.keys), "Content-Type": "text/csv", **b._as(by)}
    params = {"kind": kind, "system": "old", "unit": thing.unit}
    return b.client.post("/imports", params=params, content=data, headers=headers)


def upload(b: Bureau, by: str, thing: Thing) -> Response:
    headers = {"Idempotency-Key": next(b.keys), "Content-Type": "image/png", **b._as(by)}
    return b.client.post(f"/orders/{thing.order}/scans", content=b"x", headers=headers)


def reports_of(b: Bureau, thing: Thing) -> list[str]:
    """Return the ids of a case's reports, or one that is none's."""
    return [row.id for row in b.case(thing.case).reports] or ["report_none"]


def listed(case: str) -> dict[str, object]:
    """Return the body of an entry about somebody new."""
    subject = {"kind": "person", "value": next(_fresh)}
    return {"case": case, "level": "suspect", "reason": "r", "subject": subject}


def timed(path: str, **more: str) -> Ask:
    term = {"begins_at": "2027-01-01T00:00:00Z", "ends_at": "2027-01-02T00:00:00Z"}
    return lambda b, by, thing: b.post(
        path, {"person": b.ids["dummy"], "unit": thing.unit, **term, **more}, by
    )


def ended(path: str) -> Ask:
    body = {"begins_at": "2027-01-01T00:00:00Z", "reason": "r"}
    return lambda b, by, thing: b.post(
        path, {"person": b.ids["dummy"], "unit": thing.unit, **body}, by
    )


def listen(b: Bureau, by: str, thing: Thing) -> Response:
    params = {"unit": thing.unit}
    with b.client.stream("GET", "/events", params=params, headers=b._as(by)) as found:
        if found.status_code != 200:
            found.read()
        return found


def of_case(path: str) -> Ask:
    return lambda b, by, thing: b.get(f"/cases/{thing.case}{path}", by, reason="r")


def of_return(path: str, **body: Any) -> Ask:
    """Ask something of the return that the case is in."""

    def ask(b: Bureau, by: str, thing: Thing) -> Response:
        found = b.desk.view().returning.get(thing.case, "return_none")
        returns = b.desk.view().returns
        rounds = returns[found].rounds if found in returns else ()
        application = ["none", *(row.id for each in rounds for row in each.applications)][-1]
        names = {"application": application, "account": thing.account, "case": thing.case}
        values = {k: v.format(**names) if isinstance(v, str) else v for k, v in body.items()}
        return b.post(f"/returns/{found}{path.format(**names)}", values, by)

    return ask


def seen_of_return(path: str) -> Ask:
    return lambda b, by, t: b.get(
        f"/returns/{b.desk.view().returning.get(t.case, 'return_none')}{path}", by, reason="r"
    )


OTHER_PAYEE = {"kind": "another_own", "account": "{account}", "reason": "r"}
SEIZED = {"case": "{case}", "currency": "CNY", "amount": "1.00", "reason": "r"}
RETURNS: dict[str, tuple[Action, Ask]] = {
    # Before the role takes an application in itself: nobody looks at a paper that they took in.
    "/applications/{application}/check": (
        Action.RETURN_CHECK,
        of_return("/applications/{application}/check", proof_digest=DIGEST),
    ),
    "/rounds": (Action.RETURN_APPLY, of_return("/rounds", number="2", reason="r")),
    "/applications": (
        Action.RETURN_APPLY,
        of_return("/applications", case="{case}", claim="c5", reason="r"),
    ),
    "/applications/{application}/take-back": (
        Action.RETURN_APPLY,
        of_return("/applications/{application}/take-back", reason="r"),
    ),
    "/plan": (Action.RETURN_PREPARE, of_return("/plan", reason="r")),
    "/papers": (
        Action.RETURN_PREPARE,
        of_return("/papers", papers=[{"number": "decision-1.zh", "digest": DIGEST}], reason="r"),
    ),
    "/plan/approve": (Action.RETURN_APPROVE, of_return("/plan/approve", digest=DIGEST)),
    "/plan/send-back": (Action.RETURN_APPROVE, of_return("/plan/send-back", reason="r")),
    "/plan/publish": (Action.RETURN_PREPARE, of_return("/plan/publish", digest=DIGEST)),
    "/objections": (Action.RETURN_APPLY, of_return("/objections", name="Li", text="mine")),
    "/objections/{objection}/uphold": (
        Action.RETURN_APPROVE,
        of_return("/objections/none/uphold", reason="r"),
    ),
    "/objections/{objection}/dismiss": (
        Action.RETURN_APPROVE,
        of_return("/objections/none/dismiss", reason="r"),
    ),
    "/decide": (Action.RETURN_APPROVE, of_return("/decide", digest=DIGEST)),
    "/refuse": (Action.RETURN_APPROVE, of_return("/refuse", reason="r")),
    "/notices": (
        Action.RETURN_PREPARE,
        of_return("/notices", payments=["none"], officers=["none"], reason="r"),
    ),
    "/payments/{payment}/payee": (
        Action.RETURN_PREPARE,
        of_return("/payments/none/payee", **OTHER_PAYEE),
    ),
    "/payments/{payment}/payee/agree": (
        Action.RETURN_APPROVE,
        of_return("/payments/none/payee/agree", **OTHER_PAYEE),
    ),
    "/payments/{payment}/give-up": (
        Action.RETURN_APPROVE,
        of_return("/payments/none/give-up", reason="r"),
    ),
    "/payments/{payment}/settle": (
        Action.RETURN_APPROVE,
        of_return("/payments/none/settle", reason="r"),
    ),
    "/seized": (
        Action.RETURN_PREPARE,
        of_return("/seized", **SEIZED, kind="cash", paper_digest=DIGEST),
    ),
    "/seized/{seized}/agree": (
        Action.RETURN_CHECK,
        of_return("/seized/none/agree", digest=DIGEST),
    ),
    "/seized/{seized}/end": (Action.RETURN_APPROVE, of_return("/seized/none/end", reason="r")),
    "/prior-rights": (
        Action.RETURN_PREPARE,
        of_return(
            "/prior-rights",
            **SEIZED,
            account="{account}",
            kind="court",
            name="a court",
            paper_digest=DIGEST,
        ),
    ),
    "/prior-rights/{right}/end": (
        Action.RETURN_APPROVE,
        of_return("/prior-rights/none/end", reason="r"),
    ),
    "/interest": (Action.RETURN_PREPARE, of_return("/interest", **SEIZED, account="{account}")),
    "/payments/{payment}/hand-over": (
        Action.RETURN_PREPARE,
        of_return("/payments/none/hand-over", receipt="Q1"),
    ),
    "/payments/{payment}/hand-over/confirm": (
        Action.RETURN_CHECK,
        of_return("/payments/none/hand-over/confirm", receipt="Q1"),
    ),
    "/payments/{payment}/hand-over/take-back": (
        Action.RETURN_PREPARE,
        of_return("/payments/none/hand-over/take-back", reason="r"),
    ),
    "/withdraw": (Action.RETURN_PREPARE, of_return("/withdraw", reason="r")),
}
"""Of the return that each case is in, below it."""


def of_measure(path: str, **body: Any) -> Ask:
    return lambda b, by, t: b.post(f"/measures/{t.measure}{path}", body, by)


def of_task(path: str, **body: Any) -> Ask:
    return lambda b, by, t: b.post(f"/dissuasions/{t.task}{path}", body, by)


def of_appeal(path: str, **body: Any) -> Ask:
    return lambda b, by, t: b.post(f"/decision-appeals/{t.appeal}{path}", body, by)


def objection_at(bureau: Bureau, thing: Thing) -> str:
    """Let the institution's watch pass an objection on; return the appeal."""
    number, bank = next(_fresh), thing.institution
    wanted = objected(
        id=f"appeal-{number}",
        institution=bank,
        decision=number,
        filed_by=bank,
        unit=thing.unit,
        text=f"text-{number}",
    )
    request = Request(Actor(bank, INSTITUTION, "a test"), FileDecisionAppeal(wanted))
    command = command_of(COMMAND_REGISTRY, f"{bank} {number}", request)
    found = bureau.desk._office.submit(command).result()
    assert isinstance(found, Done), found
    return wanted.id


def asked_late(bureau: Bureau, units: Sequence[str]) -> dict[str, str]:
    """Let an appeal of each unit run out before anybody works here; return the escalations, by unit."""
    for unit in units:
        objection_at(bureau, Thing(unit, "bank-9", ""))
    bureau.clock.move(timedelta(days=1))

    def asked() -> dict[str, str]:
        rows = bureau.desk.view().cared.escalations.values()
        return {row.unit: row.id for row in rows}

    assert wait_until(lambda: len(asked()) == len(units), 30.0)
    return asked()


def measure_at(thing: Thing) -> dict[str, Any]:
    """Return the body of a measure of an account that nobody spoke of before."""
    account = {"kind": "account", "institution": thing.institution, "number": next(_fresh)}
    body = {"kind": "re_verify", "currency": "CNY", "ground": "red_flag", "about": "3006"}
    return {**body, "unit": thing.unit, "account": account, "reason": "r"}


def lead_at(thing: Thing) -> dict[str, Any]:
    """Return the body of a lead about a payer whom nobody spoke of before."""
    system = thing.institution or "city"
    body = {"source": "bank", "system": system, "id": next(_fresh), "grade": "high"}
    seen = {"seen_at": instant_text(START), "expires_at": instant_text(START + timedelta(days=2))}
    payer = {"kind": "account", "institution": thing.institution, "number": next(_fresh)}
    place = {"unit": thing.unit, "institution": thing.institution, "payer": payer, "reason": "r"}
    return {**body, **seen, **place}


def lead_table(b: Bureau, by: str, thing: Thing) -> Response:
    headers = {"Idempotency-Key": next(b.keys), "Content-Type": "text/csv", **b._as(by)}
    params = {"unit": thing.unit, "institution": thing.institution}
    return b.client.post("/leads/import", params=params, content=b"id\n", headers=headers)


CARE: dict[tuple[str, str], tuple[Action, Ask]] = {
    ("post", "/measures"): (
        Action.MEASURE_PROPOSE,
        lambda b, by, t: b.post("/measures", measure_at(t), by),
    ),
    ("get", "/measures"): (
        Action.MEASURE_READ,
        lambda b, by, t: b.get("/measures", by, unit=t.unit, institution=t.institution),
    ),
    ("get", "/measures/{measure}"): (
        Action.MEASURE_READ,
        lambda b, by, t: b.get(f"/measures/{t.measure}", by),
    ),
    **{
        ("post", f"/measures/{{measure}}{path}"): row
        for path, row in {
            "/agree": (Action.MEASURE_AGREE, of_measure("/agree", digest=DIGEST)),
            "/withdraw": (Action.MEASURE_PROPOSE, of_measure("/withdraw", reason="r")),
            "/confirm": (
                Action.MEASURE_CONFIRM,
                of_measure("/confirm", amount="1.00", currency="CNY"),
            ),
            "/told": (Action.NOTICE_SEND, of_measure("/told")),
            "/appeals": (Action.APPEAL_FILE, of_measure("/appeals", text="mine")),
            "/appeals/deny": (Action.APPEAL_SETTLE, of_measure("/appeals/deny", reason="r")),
            "/appeals/uphold": (Action.APPEAL_SETTLE, of_measure("/appeals/uphold", reason="r")),
            "/texts/{text}/read": (Action.TEXT_READ, of_measure("/texts/none/read", reason="r")),
            "/verified": (Action.HOLDER_VERIFY, of_measure("/verified", reason="r")),
            "/lift": (Action.MEASURE_LIFT, of_measure("/lift", reason="r")),
        }.items()
    },
    ("post", "/leads"): (Action.LEAD_TAKE, lambda b, by, t: b.post("/leads", lead_at(t), by)),
    ("post", "/leads/import"): (Action.LEAD_TAKE, lead_table),
    ("get", "/dissuasions"): (
        Action.DISSUASION_READ,
        lambda b, by, t: b.get("/dissuasions", by, unit=t.unit, institution=t.institution),
    ),
    ("get", "/dissuasions/{dissuasion}"): (
        Action.DISSUASION_READ,
        lambda b, by, t: b.get(f"/dissuasions/{t.task}", by),
    ),
    ("post", "/dissuasions/{dissuasion}/contacts"): (
        Action.DISSUADE,
        of_task("/contacts", step="message", is_reached=True),
    ),
    ("post", "/dissuasions/{dissuasion}/outcome"): (
        Action.DISSUADE,
        of_task("/outcome", outcome="no_victim", reason="r"),
    ),
    ("get", "/decision-appeals"): (
        Action.APPEAL_READ,
        lambda b, by, t: b.get("/decision-appeals", by, unit=t.unit, institution=t.institution),
    ),
    ("get", "/decision-appeals/{appeal}"): (
        Action.APPEAL_READ,
        lambda b, by, t: b.get(f"/decision-appeals/{t.appeal}", by),
    ),
    ("post", "/decision-appeals/escalations/{escalation}/outcome"): (
        Action.ESCALATION_LOG,
        lambda b, by, t: b.post(
            f"/decision-appeals/escalations/{t.late}/outcome", {"outcome": "rang"}, by
        ),
    ),
    **{
        ("post", f"/decision-appeals/{{appeal}}{path}"): (right, of_appeal(path, reason="r"))
        for path, right in {
            "/uphold": Action.APPEAL_SETTLE,
            "/dismiss": Action.APPEAL_SETTLE,
            "/read": Action.TEXT_READ,
        }.items()
    },
}
"""Of a measure, a dissuasion and an appeal against a watch at each place."""

LISTS = (
    *("reports", "claims", "places", "exits", "holds", "orders", "mandates", "findings"),
    *("appeals", "notices", "abroad"),
)
ENDPOINTS: dict[tuple[str, str], tuple[Action, Ask]] = {
    ("post", "/reports"): (
        Action.REPORT_TAKE,
        lambda b, by, t: b.post("/reports", reported(next(_fresh), t.unit), by),
    ),
    ("post", "/cases/{case}/claims"): (
        Action.REPORT_TAKE,
        lambda b, by, t: b.post(
            f"/cases/{t.case}/claims",
            {"report": reports_of(b, t)[0], "payment": paid(serial=next(_fresh))},
            by,
        ),
    ),
    ("post", "/cases/{case}/readings"): (
        Action.PERSONAL_READ,
        lambda b, by, t: b.post(
            f"/cases/{t.case}/readings",
            {"subject": t.account, "field": "account_number", "reason": "r"},
            by,
        ),
    ),
    ("get", "/cases/{case}"): (Action.CASE_READ, of_case("")),
    ("get", "/cases/{case}/plan"): (Action.CASE_READ, of_case("/plan")),
    **{
        ("get", f"/cases/{{case}}/{part}"): (Action.CASE_READ, of_case(f"/{part}"))
        for part in LISTS
    },
    ("get", "/worklist"): (
        Action.WORKLIST_READ,
        lambda b, by, t: b.get("/worklist", by, unit=t.unit),
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
    **{
        ("post", f"/cases/{{case}}{path}"): row
        for path, row in {
            "/claims/{claim}/admit": (Action.CLAIM_SETTLE, in_case("/claims/c1/admit")),
            "/claims/{claim}/reject": (
                Action.CLAIM_SETTLE,
                in_case("/claims/c2/reject", reason="r"),
            ),
            "/claims/{claim}/withdraw": (
                Action.CLAIM_WITHDRAW,
                in_case("/claims/c4/withdraw", reason="r"),
            ),
            "/claims/{claim}/repaid": (
                Action.REPAID_NOTE,
                in_case("/claims/c1/repaid", returned="1.00", currency="CNY", reason="r"),
            ),
            "/harms": (Action.HARM_NOTE, in_case("/harms", **HELD, merchants="2")),
            "/account-kinds": (
                Action.HARM_NOTE,
                in_case("/account-kinds", account="{account}", kind="payroll"),
            ),
            "/motions/cap": (Action.MOTION_MAKE, in_case("/motions/cap", **HELD, reason="r")),
            "/orders/{order}/agree": (
                Action.ORDER_APPROVE,
                in_case("/orders/{written}/agree", digest=DIGEST),
            ),
            "/orders/{order}/take-up": (
                Action.ORDER_ISSUE,
                in_case("/orders/{written}/take-up"),
            ),
            "/orders": (
                Action.ORDER_DRAFT,
                in_case("/orders", kind="stop", account="b-{case}", currency="CNY", reason="r"),
            ),
            "/mandates": (
                Action.MANDATE_PROPOSE,
                in_case(
                    "/mandates",
                    hops_max="3",
                    amount_max="5.00",
                    currency="CNY",
                    until="2027-01-01T00:00:00Z",
                ),
            ),
            "/mandates/{mandate}/agree": (
                Action.MANDATE_AGREE,
                in_case("/mandates/m1/agree", digest=DIGEST),
            ),
            "/mandates/{mandate}/revoke": (
                Action.MANDATE_REVOKE,
                in_case("/mandates/m1/revoke", reason="r"),
            ),
            "/findings": (
                Action.FINDING_PROPOSE,
                in_case("/findings", kind="innocent_conduit", subject="a-{case}", reason="r"),
            ),
            "/findings/{finding}/agree": (
                Action.FINDING_SETTLE,
                in_case("/findings/f1/agree", digest=DIGEST),
            ),
            "/findings/{finding}/dismiss": (
                Action.FINDING_SETTLE,
                in_case("/findings/f1/dismiss", digest=DIGEST),
            ),
            "/motions/surplus": (
                Action.MOTION_MAKE,
                in_case("/motions/surplus", **HELD, keep="1.00", reason="r"),
            ),
            "/motions/hardship": (
                Action.MOTION_MAKE,
                in_case("/motions/hardship", **HELD, amount="1.00", reason="r"),
            ),
            "/motions/swap": (
                Action.MOTION_MAKE,
                in_case("/motions/swap", **HELD, amount="1.00", offered="{account}", reason="r"),
            ),
            "/motions/deferral": (
                Action.MOTION_MAKE,
                in_case("/motions/deferral", **HELD, until="2026-03-03T00:00:00Z", reason="r"),
            ),
            "/motions/joining": (
                Action.MOTION_MAKE,
                in_case("/motions/joining", other="C-none", account="a-{case}", reason="r"),
            ),
            "/motions/{motion}/agree": (
                Action.MOTION_SETTLE,
                in_case("/motions/deferral/agree", digest=DIGEST),
            ),
            "/motions/{motion}/agree hardship": (
                Action.HARDSHIP_SETTLE,
                in_case("/motions/hardship/agree", digest=DIGEST),
            ),
            "/motions/{motion}/dismiss": (
                Action.MOTION_SETTLE,
                in_case("/motions/deferral/dismiss", digest=DIGEST),
            ),
            "/motions/{motion}/withdraw": (
                Action.MOTION_MAKE,
                in_case("/motions/deferral/withdraw"),
            ),
            "/opinions": (
                Action.OPINION_NOTE,
                in_case("/opinions", account="a-{case}", text="they sell fruit"),
            ),
            "/appeals": (Action.APPEAL_FILE, in_case("/appeals", **HELD, text="my wages")),
            "/appeals/{appeal}/uphold": (
                Action.APPEAL_SETTLE,
                in_case("/appeals/x1/uphold", keep="99999", currency="CNY", reason="r"),
            ),
            "/appeals/{appeal}/deny": (
                Action.APPEAL_SETTLE,
                in_case("/appeals/x1/deny", reason="r"),
            ),
            "/appeals/{appeal}/withdraw": (
                Action.APPEAL_FILE,
                in_case("/appeals/x2/withdraw", reason="r"),
            ),
            "/notices": (
                Action.NOTICE_SEND,
                in_case("/notices", **HELD, documents="notice of a stop", phone="000"),
            ),
            "/abroad/{task}/request": (
                Action.TEXT_READ,
                in_case("/abroad/{task}/request", reason="r"),
            ),
            "/tasks/{task}/answers": (
                Action.FOREIGN_NOTE,
                in_case("/tasks/{task}/answers", text="nothing there"),
            ),
            "/texts/{text}/read": (
                Action.TEXT_READ,
                in_case("/texts/text_1/read", reason="r"),
            ),
        }.items()
    },
    ("get", "/cases/{case}/decisions"): (
        Action.ORDER_READ,
        lambda b, by, t: b.get(f"/cases/{t.case}/decisions", by, reason="r"),
    ),
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
    ("get", "/cases/{case}/figures"): (
        Action.ORDER_READ,
        lambda b, by, t: b.get(f"/cases/{t.case}/figures", by, reason="r"),
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
    ("post", "/orders/{order}/scans"): (Action.ANSWER_TYPE, upload),
    ("get", "/orders/{order}/scans"): (
        Action.ORDER_READ,
        lambda b, by, t: b.get(f"/orders/{t.order}/scans", by, case=t.case, reason="r"),
    ),
    ("get", "/orders/{order}/scans/{scan}"): (
        Action.SCAN_READ,
        lambda b, by, t: b.get(f"/orders/{t.order}/scans/{DIGEST}", by, case=t.case, reason="r"),
    ),
    ("post", "/cases/{case}/claims/{claim}/codes"): (
        Action.COUNTER_SERVE,
        in_case("/claims/c1/codes", seen="identity_document", reason="r"),
    ),
    ("get", "/cases/{case}/claims/{claim}/letter"): (
        Action.COUNTER_SERVE,
        lambda b, by, t: b.get(f"/cases/{t.case}/claims/c1/letter", by, reason="r"),
    ),
    ("get", "/cases/{case}/claims/{claim}/letter/paper"): (
        Action.COUNTER_SERVE,
        lambda b, by, t: b.get(f"/cases/{t.case}/claims/c1/letter/paper", by, reason="r"),
    ),
    ("post", "/cases/{case}/claims/{claim}/letter/sent"): (
        Action.COUNTER_SERVE,
        in_case("/claims/c1/letter/sent", number="1", how="post", reason="r"),
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
    ("post", "/duties/end"): (Action.DUTY_ASSIGN, ended("/duties/end")),
    ("post", "/acting/end"): (Action.ACTING_NAME, ended("/acting/end")),
    ("get", "/cases/{case}/packet"): (
        Action.ORDER_READ,
        lambda b, by, t: b.get(f"/cases/{t.case}/packet", by, reason="r"),
    ),
    ("get", "/cases/{case}/packet/paper"): (
        Action.ORDER_READ,
        lambda b, by, t: b.get(f"/cases/{t.case}/packet/paper", by, reason="r", digest=DIGEST),
    ),
    ("get", "/cases/{case}/notices/paper"): (
        Action.PERSONAL_READ,
        lambda b, by, t: b.get(
            f"/cases/{t.case}/notices/paper", by, account=t.account, currency="CNY", reason="r"
        ),
    ),
    ("get", "/units/{unit}/handovers"): (
        Action.HANDOVER_SETTLE,
        lambda b, by, t: b.get(f"/units/{t.unit}/handovers", by),
    ),
    ("post", "/cases/{case}/handovers"): (
        Action.HANDOVER_OFFER,
        lambda b, by, t: b.post(
            f"/cases/{t.case}/handovers", {"unit": "gd", "digest": DIGEST, "reason": "r"}, by
        ),
    ),
    ("post", "/cases/{case}/handovers/{handover}/withdraw"): (
        Action.HANDOVER_OFFER,
        lambda b, by, t: b.post(f"/cases/{t.case}/handovers/any/withdraw", {}, by),
    ),
    ("post", "/cases/{case}/handovers/{handover}/accept"): (
        Action.HANDOVER_SETTLE,
        take("accept", digest=DIGEST),
    ),
    ("post", "/cases/{case}/handovers/{handover}/decline"): (
        Action.HANDOVER_SETTLE,
        take("decline", reason="r"),
    ),
    ("post", "/handovers"): (
        Action.SHIFT_HAND_OVER,
        lambda b, by, t: b.post(
            "/handovers", {"unit": t.unit, "taker": b.ids["dummy"], "digest": DIGEST}, by
        ),
    ),
    ("post", "/handovers/take"): (
        Action.SHIFT_HAND_OVER,
        lambda b, by, t: b.post("/handovers/take", {"unit": t.unit, "digest": DIGEST}, by),
    ),
    ("get", "/units/{unit}/shift"): (
        Action.SHIFT_HAND_OVER,
        lambda b, by, t: b.get(f"/units/{t.unit}/shift", by),
    ),
    ("get", "/units/{unit}/escalations"): (
        Action.DUTY_READ,
        lambda b, by, t: b.get(f"/units/{t.unit}/escalations", by),
    ),
    ("post", "/cases/{case}/escalations/{escalation}/outcome"): (
        Action.ESCALATION_LOG,
        lambda b, by, t: b.post(
            f"/cases/{t.given}/escalations/{t.escalation}/outcome", {"outcome": "rang"}, by
        ),
    ),
    ("post", "/escalations"): (
        Action.ESCALATION_LOG,
        lambda b, by, t: b.post(
            "/escalations", {"case": t.case, "asked": b.ids["dummy"], "outcome": "agreed"}, by
        ),
    ),
    ("post", "/imports"): (
        Action.IMPORT,
        lambda b, by, t: import_rows(b, by, t, b"foreign_id\n", "reports"),
    ),
    ("get", "/imports/{import_id}/rows"): (
        Action.IMPORT,
        lambda b, by, t: b.get(f"/imports/{t.part}/rows", by),
    ),
    ("get", "/cases"): (
        Action.CASE_READ,
        lambda b, by, t: b.get("/cases", by, foreign=f"old:{t.row}", reason="r"),
    ),
    ("post", "/lists/entries"): (
        Action.LIST_ADD,
        lambda b, by, t: b.post("/lists/entries", listed(t.case), by),
    ),
    ("post", "/lists/entries/{entry}/agree"): (
        Action.LIST_AGREE,
        of_entry("agree", digest=DIGEST),
    ),
    ("post", "/lists/entries/{entry}/withdraw"): (
        Action.LIST_WITHDRAW,
        of_entry("withdraw", reason="r"),
    ),
    ("get", "/lists/entries"): (
        Action.LIST_READ,
        lambda b, by, t: b.get("/lists/entries", by, case=t.case, reason="r"),
    ),
    ("post", "/lists/check"): (
        Action.LIST_CHECK,
        lambda b, by, t: b.post(
            "/lists/check", {"case": t.case, "reason": "r", "subject": SUBJECT}, by
        ),
    ),
    ("post", "/lists/check/payment"): (
        Action.LIST_CHECK,
        lambda b, by, t: b.post(
            "/lists/check/payment",
            {"case": t.case, "reason": "r", "payer": SUBJECT, "payee": SUBJECT},
            by,
        ),
    ),
    ("post", "/cases/{case}/returns"): (
        Action.RETURN_APPLY,
        lambda b, by, t: b.post(f"/cases/{t.case}/returns", {"reason": "r"}, by),
    ),
    ("get", "/cases/{case}/returns"): (Action.ORDER_READ, of_case("/returns")),
    ("get", "/returns/{return_id}"): (Action.ORDER_READ, seen_of_return("")),
    ("get", "/returns/{return_id}/plans/{inputs}/files"): (
        Action.TEXT_READ,
        seen_of_return(f"/plans/{DIGEST}/files"),
    ),
    **{("post", f"/returns/{{return_id}}{path}"): row for path, row in RETURNS.items()},
    **CARE,
}


@dataclass
class World:
    """A bureau with a thing in every place, seen from unit `ft` and from `bank-1`."""

    bureau: Bureau
    things: dict[str, Thing]

    def differences(self, role: Role, actions: Container[Action] = Action) -> list[str]:
        """Return every place, and endpoint of these actions, where the answer is not what the oracle says."""
        found = []
        by = role.value
        for (method, path), (action, ask) in ENDPOINTS.items():
            if action not in actions:
                continue
            scope = expected()[role, action]
            for place in PLACES:
                key = f"own {by}" if place == "own" else place
                if key not in self.things:
                    continue  # a role that drafts nothing has nothing of its own
                answer = ask(self.bureau, by, self.things[key])
                if answer.status_code not in {200, 403, 409} and not _is_gone(path, answer):
                    found.append(f"{method} {path} {place}: {answer.status_code} {answer.text}")
                elif (not _is_denied(answer)) is not (place in REACHED[scope]):
                    found.append(f"{method} {path} {place}: {answer.status_code}")
        return found


def _is_denied(answer: Response) -> bool:
    """Whether the role does not reach the thing; that its unit stands too low is another table's."""
    return answer.status_code == 403 and not answer.json()["type"].endswith(":level_too_low")


def _is_gone(path: str, answer: Response) -> bool:
    """Whether what no case of this world has was looked for: an offer of its own to take back, a scan, a hold, a payment."""
    gone = (
        "/plans/{inputs}/files",
        *("/applications/{application}/check", "/applications/{application}/take-back"),
        *("/objections/{objection}/uphold", "/objections/{objection}/dismiss"),
        *("/payments/{payment}/payee", "/payments/{payment}/payee/agree"),
        *("/payments/{payment}/give-up", "/payments/{payment}/settle", "/notices"),
        *("/hand-over", "/hand-over/confirm", "/hand-over/take-back"),
        *("/seized/{seized}/agree", "/seized/{seized}/end", "/prior-rights/{right}/end"),
        "/handovers/{handover}/withdraw",
        "/orders/{order}/scans/{scan}",
        "/measures/{measure}/texts/{text}/read",
        "/decision-appeals/{appeal}/read",
        "/cases/{case}/notices/paper",
    )
    return path.endswith(gone) and answer.status_code == 404


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    yield from built(tmp_path_factory.mktemp("bureau"))


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[World]:
    """A world in which no other role has done anything yet."""
    yield from built(tmp_path)


def built(folder: Path) -> Iterator[World]:
    set_up_logs(io.StringIO())
    bureau = Bureau(folder)
    late = asked_late(bureau, ("sz", "ft", "ft-1", "ns"))
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
        thing.late = late[thing.unit]
        work(bureau, thing)
        if "institution" in name:
            bureau.told(thing.case, IssueOrder(thing.order))
    for role in (Role.CALL_TAKER, Role.OFFICER, Role.CASE_LEAD, Role.DUTY_OFFICER):
        own = Thing("ft", "bank-9", "C-ft", late=late["ft"])
        furnish(bureau, own, role.value)
        stop = in_case("/orders", kind="stop", account="b-{case}", currency="CNY", reason="r")
        own.written = stop(bureau, role.value, own).json()["id"]
        things[f"own {role.value}"] = own
    yield World(bureau, things)
    bureau.close()


def furnish(bureau: Bureau, thing: Thing, by: str) -> None:
    """Enter an account, draft a stop about it, and let another unit offer a case to its unit."""
    giver = "ns" if thing.unit == "sz" else "sz"
    thing.given = f"given-{next(_fresh)}"
    entered(bureau, thing.given, giver)
    thing.escalation = asked_by_clock(bureau, thing.given, thing.unit)
    thing.handover = offered(bureau, thing.given, thing.unit, f"lead {giver}")
    number = f"622202{len(bureau.desk.view().accounts):010d}"
    body = {
        "case": thing.case,
        "institution": thing.institution,
        "number": number,
        "name": "Wang",
    }
    thing.account = bureau.post("/accounts", body, by).json()["account"]
    thing.order = bureau.draft(thing.case, thing.account, by, "stop")
    made = bureau.post("/lists/entries", listed(thing.case), f"lead {thing.unit}")
    thing.entry = made.json()["entry"]
    thing.row = f"R-{number}"
    row = (
        "foreign_id,institution,account,account_name,measure,amount,currency,started_at\n"
        f"{thing.row},bank-9,{number},Wang,stop,1.00,CNY,{instant_text(START)}\n"
    )
    taken = import_rows(bureau, f"lead {thing.unit}", thing, row.encode(), "register")
    assert taken.json()["taken"] == 1, taken.text
    thing.part = taken.json()["id"]
    lead = f"lead {thing.unit}"
    thing.measure = bureau.post("/measures", measure_at(thing), lead).json()["measure"]
    thing.task = bureau.post("/leads", lead_at(thing), lead).json()["dissuasion"]
    thing.appeal = objection_at(bureau, thing)


def work(bureau: Bureau, thing: Thing) -> None:
    """Bring the case to where everything that can be decided in one waits for somebody, by others than these roles."""
    case, bank = thing.case, thing.institution
    a, b, x = (f"{name}-{case}" for name in "abx")
    claims = (
        disputed("c1", a, 1_000_000, bank),
        disputed("c2", b, 2_000_000, bank),
        disputed("c3", x, 3_000_000, bank),
        disputed("c4", a, 4_000_000, bank),
        disputed("c5", a, 100, bank, payer=thing.account),
    )
    bureau.reported(case, thing.unit, *claims)
    bureau.told(case, asked.SettleClaim("c5", ClaimTrigger.ADMIT, "admitter"), "admitter")
    stop = asked.WriteOrder(f"stop-{case}", OrderKind.STOP, a, "CNY", "taker", "r")
    bureau.told(case, stop)
    bureau.told(case, asked.TakeUp(bureau.case(case).written[0]))
    bureau.answered(f"stop-{case}", Outcome.HELD, 5_000_000)
    now = bureau.clock.now()
    places = (
        Place("c1", a, bank, "CNY", 1_000_000, now, Found.LOCATED),
        Place("c2", b, bank, "CNY", 2_000_000, now, Found.UNKNOWN),
        Place("c3", x, bank, "CNY", 3_000_000, now, Found.EXITED, "abroad"),
        Place("c4", a, bank, "CNY", 4_000_000, now, Found.LOCATED),
        Place("c5", x, bank, "CNY", 100, now, Found.EXITED, "cash_out"),
    )
    bureau.told(case, asked.ApplyTrail(bureau.case(case).facts_version, "d", places))
    until = now + timedelta(hours=5)
    for command in (
        asked.ProposeMandate(Mandate("m1", 3, 100, "CNY", until, "taker")),
        asked.ProposeFinding(Finding("f1", FindingKind.INNOCENT_CONDUIT, a, "taker", "r")),
        asked.MakeMotion(Motion("hardship", Matter.HARDSHIP, "taker", a, "CNY", 1, reason="r")),
        asked.MakeMotion(
            Motion("deferral", Matter.DEFERRAL, "taker", a, "CNY", until=until, reason="r")
        ),
        asked.FileAppeal("x1", a, "CNY", is_through_bank=False, text="text_1"),
        asked.FileAppeal("x2", a, "CNY", is_through_bank=False, text="text_1"),
    ):
        bureau.told(case, command)
    thing.written = f"next-{case}"
    bureau.told(case, asked.WriteOrder(thing.written, OrderKind.STOP, b, "CNY", "taker", "r"))
    asyncio.run(bureau.desk.keep_text(case, "text_1", "my wages"))
    lead = f"lead {thing.unit}"
    opened = bureau.post(f"/cases/{case}/returns", {"reason": "r"}, lead)
    applying = {"case": case, "claim": "c5", "reason": "r"}
    applied = bureau.post(f"/returns/{opened.json()['id']}/applications", applying, lead)
    assert applied.status_code == 200, applied.text


def test_every_endpoint_is_public_or_in_the_table(world: World) -> None:
    paths = world.bureau.app.openapi()["paths"]
    found = {(method, path) for path, methods in paths.items() for method in methods}
    assert found == PUBLIC | {(method, path.split()[0]) for method, path in ENDPOINTS}
    assert {action for action, _ in ENDPOINTS.values()} == set(Action)
    assert set(rights.ACTIONS.values()) <= set(Action)


NOT_OVER_HTTP = {
    asked.TakeReport: "the intake's, with the accounts that it names",
    asked.MakeClaim: "the same",
    asked.AddFacts: "rows come with an institution's answer",
    asked.ApplyTrail: "the tracer's",
    asked.NoteHold: "the room of orders tells it in the same entry",
    asked.NoteBounced: "the same",
    asked.ConfirmHold: "an institution's balance digest",
    asked.PassAppealClock: "a deadline's",
    asked.EndDeferral: "a deadline's",
    asked.PassForeignClock: "a deadline's",
    asked.DecideSurplus: "two persons: a motion of one, the agreement of another",
    asked.GrantHardship: "the same",
    asked.SwapAccount: "the same",
    asked.DeferNotice: "the same",
    asked.JoinCase: "the same",
    asked.LiftCap: "the same",
    asked.NoteBounced: "an institution's word that a payment came back",
    asked.RaiseEscalation: "a clock's",
    asked.PassEscalation: "a deadline's",
}
"""Commands of the room of cases that no endpoint gives, and why."""


def test_every_command_of_a_case_is_given_over_http_or_stands_in_a_list_that_says_why_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: set[type] = set()
    asking = callers.Caller.asking

    def noted(self: callers.Caller, command: object, why: object = None) -> object:
        given.add(type(command))
        return asking(self, command, why)  # type: ignore[arg-type]

    monkeypatch.setattr(callers.Caller, "asking", noted)
    agree = ("post", "/cases/{case}/orders/{order}/agree")  # asks for the right before it looks
    for endpoint, (_, ask) in ENDPOINTS.items():
        by = Role.APPROVER if endpoint == agree else Role.CASE_LEAD
        ask(world.bureau, by.value, world.things["own unit"])
    every = set(get_args(asked.Command))
    assert given & every == every - set(NOT_OVER_HTTP)
    assert set(NOT_OVER_HTTP) <= every
    assert given & every == {kind for kind in rights.ACTIONS if kind in every}
    assert set(RETURN_ACTIONS) <= given, "of a return, persons give everything over HTTP"


@pytest.mark.parametrize("role", Role)
def test_an_endpoint_asks_for_its_action_and_no_other(world: World, role: Role) -> None:
    """The part of the whole table that no other part stands for: at each endpoint, so many roles as tell its action."""
    assert world.differences(role, [action for action in Action if role in telling(action)]) == []


def test_the_roles_that_ask_at_an_endpoint_tell_its_action_from_every_other() -> None:
    grid = expected()
    for action, other in itertools.permutations(Action, 2):
        if any(grid[role, action] != grid[role, other] for role in Role):
            assert any(grid[role, action] != grid[role, other] for role in telling(action))
    for action in Action:
        scopes = {grid[role, action] for role in Role}
        assert {grid[role, action] for role in telling(action)} == scopes


@pytest.mark.slow
@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_over_http_what_the_oracle_says(fresh: World, role: Role) -> None:
    assert fresh.differences(role) == []


def test_without_a_session_nothing_is_shown_or_done(world: World) -> None:
    thing = world.things["own unit"]
    world.bureau.tokens["nobody"] = "x" * 43
    last = world.bureau.desk.last()
    for by in ("", "nobody"):
        for endpoint, (_, ask) in ENDPOINTS.items():
            assert ask(world.bureau, by, thing).status_code == 401, endpoint
    assert world.bureau.records_of_persons(last) == []


def test_an_endpoint_that_forgets_to_ask_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: without its check, each way of looking answers a regulator who may not look."""
    monkeypatch.setattr(callers.Caller, "may", lambda *_: None)
    paths = ("/orders", "/orders/{order}", "/institutions/{institution}/orders", "/persons")
    actions = {Action.REPORT_TAKE, *(ENDPOINTS["get", path][0] for path in paths)}
    found = " ".join(world.differences(Role.REGULATOR, actions))
    for path in paths:
        assert f"get {path} " in found
    assert "post /reports" not in found, "commands are asked about by the writer as well"


def test_a_writer_that_forgets_to_ask_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control of the other check, that of commands."""
    monkeypatch.setattr(rights, "permit", lambda *_: None)
    monkeypatch.setattr(rights, "roles_anywhere", lambda *_: frozenset(Role))
    paths = ("/orders/{order}/approve", "/persons/{person}/roles/grant", "/duties")
    actions = {ENDPOINTS["post", path][0] for path in paths}
    found = " ".join(world.differences(Role.REGULATOR, actions))
    for path in paths:
        assert f"post {path} " in found


# --- what a refusal costs: a bank must not learn by how long it takes whether another bank's thing is there ---

ROUNDS = 4
STEPS_MORE = 30
"""Calls within the program by which the writer's own look for a right may differ; one is some tenth of a microsecond."""


def nowhere(there: Thing) -> Thing:
    """Return ids of the same form, of which nothing exists."""
    ids = {
        field.name: re.sub(r"[0-9a-f]{32}", "0" * 32, getattr(there, field.name))
        for field in fields(there)
    }
    ids |= dict.fromkeys(("case", "given"), "C-none") | {"row": "R-none"}
    return Thing(**ids | {"unit": "none", "institution": "none", "written": "next-C-none"})


def without_names(answer: Response, thing: Thing) -> tuple[int, str]:
    """Return an answer without what was asked about."""
    text = answer.text
    for value in sorted((getattr(thing, x.name) for x in fields(thing)), key=len, reverse=True):
        text = text.replace(value, "<>") if value else text
    return answer.status_code, text


def told_apart(world: World, noted: Noted, role: Role, there: Thing) -> list[str]:
    """Return the endpoints at which a role is refused otherwise about a thing than about nothing: in words, or in statements.

    The centre's machines work beside, so a difference counts if no asking about the one took what any about the other took.
    """
    found = []
    for endpoint, (_, ask) in ENDPOINTS.items():
        taken: tuple[list[Counter[str]], list[Counter[str]]] = ([], [])
        for _ in range(ROUNDS):
            said = []
            for thing, took in zip((there, nowhere(there)), taken, strict=True):
                answer, statements = noted.of(partial(ask, world.bureau, role.value, thing))
                took.append(statements)
                said.append(without_names(answer, thing))
            if said[0] == said[1] and any(row in taken[1] for row in taken[0]):
                break
        else:
            more = taken[0][0] - taken[1][0], taken[1][0] - taken[0][0]
            found.append(f"{endpoint[0]} {endpoint[1]} {said} {more}")
    return found


def test_a_bank_is_refused_by_the_same_words_and_statements_whether_anothers_thing_is_there_or_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every endpoint; the statements stand for the time, since a time that is measured says something else each time."""
    noted = Noted(monkeypatch)
    assert told_apart(world, noted, Role.BANK_OPERATOR, world.things["other institution"]) == []
    assert noted.statements, "requests are looked up in the journal: somebody was listened to"


def test_a_refusal_that_first_looks_into_the_vault_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the words are the same, and the way to them is longer where there is something."""
    right, there = callers.Caller.may, world.bureau.desk._office.directory

    def slower(
        self: callers.Caller, action: Action, target: Target, why: Why | None = None
    ) -> None:
        if target.unit in {"ns", "ft"}:
            there.known("bank-2", "62220200")
        right(self, action, target, why)

    monkeypatch.setattr(callers.Caller, "may", slower)
    noted = Noted(monkeypatch)
    found = " ".join(
        told_apart(world, noted, Role.BANK_OPERATOR, world.things["other institution"])
    )
    assert "get /orders/{order} " in found
    assert "get /measures/{measure} " in found


def steps_of(world: World, request: Request) -> int:
    """Return how many calls within the program it takes to look for a right."""
    state, now, count = world.bureau.desk.view(), world.bureau.clock.now(), itertools.count()

    def step(_frame: Any, event: str, _given: Any) -> None:
        if event == "call":
            next(count)

    policy = read_case_policy("cn-2016")
    sys.setprofile(step)
    try:
        rights.admit(state, request, now, policy)
    finally:
        sys.setprofile(None)
    return next(count)


def longest_way(world: World, monkeypatch: pytest.MonkeyPatch, there: Thing) -> tuple[int, str]:
    """Return by how many steps the longest look for a right about a thing exceeds that about nothing, and where."""
    asking, given = callers.Caller.asking, []

    def noted(self: callers.Caller, command: object, why: Any = None) -> Request:
        given.append(asking(self, command, why))
        return given[-1]

    monkeypatch.setattr(callers.Caller, "asking", noted)
    found = [(0, "")]
    for (method, path), (_, ask) in ENDPOINTS.items():
        steps = []
        for thing in (there, nowhere(there)):
            given.clear()
            ask(world.bureau, Role.BANK_OPERATOR.value, thing)
            steps += [steps_of(world, request) for request in given[:1]]
        if len(steps) == 2:  # else the endpoint refuses by itself
            found.append((abs(steps[0] - steps[1]), f"{method} {path}: {steps}"))
    assert len(found) > 50
    return max(found)


def test_the_writers_look_for_a_right_takes_as_long_where_there_is_something_as_where_there_is_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    more, where = longest_way(world, monkeypatch, world.things["other institution"])
    assert more <= STEPS_MORE, where


def test_a_look_for_a_right_that_goes_through_all_orders_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: a look whose length grows with what there is."""
    right = CentreState.target_of_account

    def longer(self: CentreState, case: str, account: str) -> Target | None:
        if (case, account) in self.entered:
            sorted(self.every(), key=lambda hold: hold.key.account)
        return right(self, case, account)

    monkeypatch.setattr(CentreState, "target_of_account", longer)
    more, where = longest_way(world, monkeypatch, world.things["other institution"])
    assert more > STEPS_MORE
    assert "readings" in where
