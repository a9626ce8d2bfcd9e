"""What came of a case in figures, from its events alone: gross, net and overlap apart, never mixed in one number. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from recoup.cases.case import Case
from recoup.cases.entitlements import current, net_of, overlap_of
from recoup.cases.events import (
    AppealSettled,
    ClaimMade,
    ClaimSettled,
    Event,
    HoldNoted,
    OrderTakenUp,
    ReportTaken,
    StoodLowered,
)
from recoup.cases.evolve import evolve
from recoup.cases.state import AppealState, ClaimState
from recoup.cases.terms import CasePolicy
from recoup.orders import HoldState, OrderKind

ANSWERED = frozenset(HoldState) - {HoldState.ASKED}


@dataclass(slots=True)
class Figures:
    """One case so far. Amounts are minor units by currency, times whole seconds."""

    reported: dict[str, int] = field(default_factory=dict)
    stopped_gross: dict[str, int] = field(default_factory=dict)
    """The most that each hold ever held, added up; counts money twice that two accounts held for one loss."""
    stopped_net: dict[str, int] = field(default_factory=dict)
    """The most that was ever held and stood behind at once: net unique."""
    held_net: dict[str, int] = field(default_factory=dict)
    overlap: dict[str, int] = field(default_factory=dict)
    overlap_most: dict[str, int] = field(default_factory=dict)
    frozen: dict[str, int] = field(default_factory=dict)
    released: dict[str, int] = field(default_factory=dict)
    entry_seconds: list[int] = field(default_factory=list)
    """From receiving a report to entering it."""
    first_order_seconds: int | None = None
    """From entering the first report to the first order."""
    answer_seconds: list[int] = field(default_factory=list)
    answers_in_limit: int = 0
    orders: int = 0
    unanswered: int = 0
    hops_most: int = 0
    false_holds: int = 0
    """Holds that an upheld appeal, or a finding for the holder, lowered, and those on a claim alone that was void."""
    appeal_seconds: list[int] = field(default_factory=list)
    appeals_overdue: int = 0


def figures_of(
    case_id: str, history: Iterable[tuple[datetime, Event]], policy: CasePolicy
) -> Figures:
    """Return the figures after all events, each with the time of its journal entry."""
    out, case = Figures(), Case(case_id)
    most: dict[tuple[str, str], int] = {}
    asked_at: dict[tuple[str, str], tuple[datetime, OrderKind]] = {}
    entered_at: datetime | None = None
    for at, event in history:
        before, case = case, evolve(case, event)
        match event:
            case ReportTaken(report):
                out.entry_seconds.append(_seconds(report.received_at, report.entered_at))
                entered_at = entered_at or report.entered_at
            case ClaimMade(claim):
                _add(out.reported, claim.currency, claim.amount)
            case OrderTakenUp():
                out.orders += 1
                out.hops_most = max(out.hops_most, event.hop)
                if event.kind is not OrderKind.QUERY:  # answered by facts, not by a hold
                    asked_at[event.account, event.currency] = (at, event.kind)
                if out.first_order_seconds is None and entered_at is not None:
                    out.first_order_seconds = _seconds(entered_at, at)
            case HoldNoted():
                _note(out, before, event, asked_at, policy)
                place = (event.account, event.currency)
                most[place] = max(most.get(place, 0), event.held)
            case _:
                _decisions(out, before, at, event)
        for currency, amount in net_of(case).items():
            out.stopped_net[currency] = max(out.stopped_net.get(currency, 0), amount)
        for currency, amount in overlap_of(case).items():
            out.overlap_most[currency] = max(out.overlap_most.get(currency, 0), amount)
    out.unanswered = len(asked_at)
    out.held_net, out.overlap = net_of(case), overlap_of(case)
    for (_, currency), amount in most.items():
        _add(out.stopped_gross, currency, amount)
    for hold in case.holds:
        if hold.basis is OrderKind.FREEZE and hold.held:
            _add(out.frozen, hold.currency, hold.held)
    return out


def _note(
    out: Figures,
    before: Case,
    event: HoldNoted,
    asked_at: dict[tuple[str, str], tuple[datetime, OrderKind]],
    policy: CasePolicy,
) -> None:
    """Count an answer, and what was given up by it."""
    place = (event.account, event.currency)
    known = before.standing(*place)
    if known is not None and event.held < known.held and event.word in {"released", "reduced"}:
        _add(out.released, event.currency, known.held - event.held)
    if event.word not in ANSWERED or place not in asked_at:
        return
    asked, kind = asked_at.pop(place)
    seconds = _seconds(asked, event.at)
    out.answer_seconds.append(seconds)
    out.answers_in_limit += seconds <= policy.orders.answer_seconds[kind]


def _decisions(out: Figures, before: Case, at: datetime, event: Event) -> None:
    """Count appeals and what was found for holders."""
    match event:
        case StoodLowered():
            known = before.standing(event.account, event.currency)
            is_for_holder = event.why in {"good_faith_value", "innocent_conduit"}
            out.false_holds += bool(known and known.held and is_for_holder)
        case ClaimSettled() if event.state is ClaimState.VOID:
            behind = {hold: [*claims] for hold, claims in current(before).items()}
            out.false_holds += sum(
                row.held > 0 and behind.get(row.hold) == [event.claim] for row in before.holds
            )
        case AppealSettled() if event.state is AppealState.OVERDUE:
            out.appeals_overdue += 1
        case AppealSettled():
            appeal = next(row for row in before.appeals if row.id == event.appeal)
            out.appeal_seconds.append(_seconds(appeal.filed_at, at))
            out.false_holds += event.state is AppealState.UPHELD
        case _:
            pass


def _seconds(begin: datetime, end: datetime) -> int:
    return max(0, int((end - begin).total_seconds()))


def _add(sums: dict[str, int], currency: str, amount: int) -> None:
    sums[currency] = sums.get(currency, 0) + amount
