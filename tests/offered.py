"""Cases of a bureau that a report opened, and one that is offered to another unit."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bureau import Bureau
from docket import claim, report

from recoup.cases.commands import RaiseEscalation, TakeReport
from recoup.centre import COMMAND_REGISTRY, Actor, Request
from recoup.centre.case_asked import CHASE
from recoup.centre.commands import Done
from recoup.centre.requests import command_of


def entered(bureau: Bureau, case: str, unit: str, amount: int = 10_000) -> None:
    """Open a case by a report that a machine of the centre enters: how persons do it is tested elsewhere."""
    at = bureau.clock.now()
    taken = replace(report(f"r-{case}", at), entered_by=CHASE)
    paid = at - timedelta(hours=1)
    claimed = claim(f"c-{case}", f"a-{case}", amount, report=taken.id, paid_at=paid)
    what = TakeReport(taken, claimed, unit)
    request = Request(Actor(CHASE, CHASE, "a test"), what, case=case)
    outcome = bureau.desk._office.submit(command_of(COMMAND_REGISTRY, f"take-{case}", request))
    assert isinstance(outcome.result(), Done), outcome.result()


def asked(bureau: Bureau, case: str, unit: str) -> str:
    """Let a clock of the case ask a unit; return the escalation."""
    what = RaiseEscalation("appeal", "ap1", unit, "")
    request = Request(Actor(CHASE, CHASE, "a test"), what, case=case)
    outcome = bureau.desk._office.submit(command_of(COMMAND_REGISTRY, f"ask-{case}", request))
    assert isinstance(outcome.result(), Done), outcome.result()
    return bureau.desk.view().case(case).escalations[0].id


def offered(bureau: Bureau, case: str, unit: str, lead: str) -> str:
    """Offer a case to a unit by the lead of the unit that has it; return the offer."""
    packet = bureau.get(f"/cases/{case}/packet", lead, reason="handover")
    assert packet.status_code == 200, packet.text
    body = {"unit": unit, "digest": packet.json()["digest"], "reason": "the holder lives there"}
    found = bureau.post(f"/cases/{case}/handovers", body, lead)
    assert found.status_code == 200, found.text
    return found.json()["handover"]
