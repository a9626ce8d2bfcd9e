"""A case as it is shown: the room's values in the words of `case_bodies`. No rule is here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from recoup.api import case_bodies as bodies
from recoup.api.case_bodies import PartView
from recoup.cases import (
    Appeal,
    Case,
    Claim,
    Finding,
    Found,
    Mandate,
    Notice,
    Place,
    Report,
    Standing,
    Task,
    Waiting,
    missing_of,
    net_of,
    overlap_of,
)
from recoup.centre.planning import Item
from recoup.centre.worklist import Todo
from recoup.clock import instant_text
from recoup.money import ISO_DIGITS, format_minor
from recoup.orders import Hold


def amount_text(minor: int, currency: str) -> str:
    """Return decimal text."""
    return format_minor(minor, ISO_DIGITS.of(currency))


def _text(at: datetime | None) -> str | None:
    return None if at is None else instant_text(at)


def _parts(stood: Iterable[tuple[str, int]], currency: str) -> list[PartView]:
    return [PartView(claim=claim, amount=amount_text(x, currency)) for claim, x in stood]


def report_view(row: Report) -> bodies.ReportView:
    """Return a report as it is shown."""
    return bodies.ReportView(
        id=row.id,
        reporter=row.reporter,
        grade=row.grade.value,
        channel=row.channel.value,
        received_at=instant_text(row.received_at),
        entered_at=instant_text(row.entered_at),
        entered_by=row.entered_by,
    )


def claim_view(row: Claim) -> bodies.ClaimView:
    """Return a claim as it is shown."""
    return bodies.ClaimView(
        id=row.id,
        report=row.report,
        victim=row.victim,
        transfer=row.transfer,
        payer=row.payer or None,
        payee=row.payee,
        institution=row.institution,
        currency=row.currency,
        amount=amount_text(row.amount, row.currency),
        missing=amount_text(row.missing, row.currency),
        returned=amount_text(row.returned, row.currency),
        compensated=amount_text(row.compensated, row.currency),
        paid_at=instant_text(row.paid_at),
        made_by=row.made_by,
        state=row.state.value,
        agreed_by=list(row.agreed_by),
    )


def place_view(row: Place) -> bodies.PlaceView:
    """Return a place of the trail as it is shown."""
    return bodies.PlaceView(
        claim=row.claim,
        account=row.account,
        institution=row.institution or None,
        currency=row.currency,
        amount=amount_text(row.amount, row.currency),
        since=instant_text(row.since),
        found=row.found.value,
        kind=row.kind or None,
        hop=row.hop,
        is_inferred=row.is_inferred,
    )


def hold_view(row: Standing, hold: Hold) -> bodies.HoldView:
    """Return what stands on an account, with the end that the institution's hold has."""
    return bodies.HoldView(
        account=row.account,
        currency=row.currency,
        institution=row.institution,
        word=row.word or hold.word,
        asked=amount_text(row.asked, row.currency),
        held=amount_text(row.held, row.currency),
        confirmed=amount_text(row.confirmed, row.currency),
        stood=_parts(row.stood, row.currency),
        answered_at=_text(row.answered_at),
        ends_at=_text(hold.ends_at),
        surplus_since=_text(row.surplus_since),
    )


def mandate_view(row: Mandate) -> bodies.MandateView:
    """Return a standing authority as it is shown."""
    return bodies.MandateView(
        id=row.id,
        state=row.state.value,
        hops_max=row.hops_max,
        amount_max=amount_text(row.amount_max, row.currency),
        spent=amount_text(row.spent, row.currency),
        currency=row.currency,
        until=instant_text(row.until),
        proposed_by=row.proposed_by,
        agreed_by=row.agreed_by or None,
        digest=row.digest,
    )


def finding_view(row: Finding) -> bodies.FindingView:
    """Return a finding as it is shown."""
    return bodies.FindingView(
        id=row.id,
        kind=row.kind.value,
        subject=row.subject,
        state=row.state.value,
        made_by=row.made_by,
        reason=row.reason,
        decided_by=row.decided_by or None,
        digest=row.digest,
    )


def appeal_view(row: Appeal) -> bodies.AppealView:
    """Return an appeal as it is shown."""
    return bodies.AppealView(
        id=row.id,
        account=row.account,
        currency=row.currency,
        state=row.state.value,
        is_through_bank=row.is_through_bank,
        filed_at=instant_text(row.filed_at),
        due_at=instant_text(row.due_at),
        decided_by=row.decided_by or None,
        decided_at=_text(row.decided_at),
        keep=amount_text(row.keep, row.currency),
    )


def notice_view(row: Notice) -> bodies.NoticeView:
    """Return a notice as it is shown."""
    return bodies.NoticeView(
        account=row.account,
        currency=row.currency,
        amount=amount_text(row.amount, row.currency),
        state=row.state.value,
        due_at=instant_text(row.due_at),
        reason=row.reason or None,
    )


def abroad_view(row: Task) -> bodies.AbroadView:
    """Return a request to another country as it is shown."""
    return bodies.AbroadView(
        id=row.id,
        claim=row.claim,
        account=row.account,
        institution=row.institution,
        currency=row.currency,
        amount=amount_text(row.amount, row.currency),
        left_at=instant_text(row.left_at),
        state=row.state.value,
        due_at=instant_text(row.due_at),
        answers=list(row.answers),
    )


def money_views(case: Case) -> list[bodies.MoneyView]:
    """Return by currency what was reported, is missing, is held."""
    reported: dict[str, int] = {}
    missing: dict[str, int] = {}
    held: dict[str, int] = {}
    for claim in case.claims:
        reported[claim.currency] = reported.get(claim.currency, 0) + claim.amount
    for (_, currency), amount in missing_of(case).items():
        missing[currency] = missing.get(currency, 0) + amount
    for row in case.holds:
        held[row.currency] = held.get(row.currency, 0) + row.held
    net, overlap = net_of(case), overlap_of(case)
    return [
        bodies.MoneyView(
            currency=x,
            reported=amount_text(reported.get(x, 0), x),
            missing=amount_text(missing.get(x, 0), x),
            held=amount_text(held.get(x, 0), x),
            net=amount_text(net.get(x, 0), x),
            overlap=amount_text(overlap.get(x, 0), x),
        )
        for x in sorted(reported.keys() | missing.keys() | held.keys())
    ]


def found_views(case: Case) -> list[bodies.FoundView]:
    """Return by currency what the trail says of where the money is, proven and inferred apart."""
    sums: dict[tuple[str, Found], list[int]] = {}
    for row in case.places:
        proven_inferred = sums.setdefault((row.currency, row.found), [0, 0])
        proven_inferred[row.is_inferred] += row.amount
    return [
        bodies.FoundView(
            currency=currency,
            found=found.value,
            proven=amount_text(proven, currency),
            inferred=amount_text(inferred, currency),
        )
        for (currency, found), (proven, inferred) in sorted(sums.items())
    ]


def plan_item(item: Item, *, is_connected: bool, fits_the_minute: bool) -> bodies.PlanItem:
    """Return an order of the plan as it is shown."""
    found, view = item.proposal, item.view
    currency = found.currency
    harm = bodies.HarmView(
        own_money=amount_text(view.own_money, currency),
        salary_on=[day.isoformat() for day in view.salary_on],
        merchants=view.merchants,
        is_innocent=view.is_innocent,
        signs=list(view.signs),
    )
    return bodies.PlanItem(
        kind=found.kind.value,
        account=found.account,
        account_kind=found.account_kind.value,
        institution=found.institution,
        is_connected=is_connected,
        currency=currency,
        amount=amount_text(found.amount, currency),
        change=amount_text(found.change, currency),
        chance=found.chance,
        expected=amount_text(found.value // 1000, currency),
        why=item.why,
        located=amount_text(view.located, currency),
        inferred=amount_text(view.inferred, currency),
        stood=_parts(found.stood, currency),
        harm=harm,
        hop=found.hop,
        is_whole_account=found.is_whole_account,
        fits_the_minute=fits_the_minute,
        mandate=item.mandate or None,
        persons=item.persons,
        digest=view.digest,
    )


def waiting_view(row: Waiting) -> bodies.WaitingView:
    """Return money for which no order is made as it is shown."""
    amount = amount_text(row.amount, row.currency)
    return bodies.WaitingView(
        account=row.account, currency=row.currency, amount=amount, why=row.why
    )


def todo_view(row: Todo) -> bodies.TodoView:
    """Return what waits for a person as it is shown."""
    return bodies.TodoView(
        kind=row.kind.value,
        case=row.case,
        unit=row.unit,
        about=row.about,
        currency=row.currency or None,
        amount=amount_text(row.amount, row.currency) if row.currency else None,
        due_at=_text(row.due_at),
        why=row.why or None,
    )


__all__ = [
    "abroad_view",
    "amount_text",
    "appeal_view",
    "claim_view",
    "finding_view",
    "found_views",
    "hold_view",
    "mandate_view",
    "money_views",
    "notice_view",
    "place_view",
    "plan_item",
    "report_view",
    "todo_view",
    "waiting_view",
]
