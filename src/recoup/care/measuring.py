"""How an account's measure is proposed, agreed to, told, appealed against and ended: commands, events, decide, evolve. Pure.

1. A measure stands when as many persons beside its maker agreed as the policy says, one more where a machine proposed it; none
   of those decides on an appeal.
2. It ends at its end whatever else is open. No command makes it longer: a new one has a new ground.
3. The holder is told ground, term and ways back; every measure can be appealed against, and ends at once when that is upheld.
4. A protective stop rests on a running dissuasion of the account's own holder, leaves money to live on free, and is spent.
   Nothing else rests on a warning: a likely victim is no suspect.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from recoup.care.dissuasion import OPEN_DISSUASIONS, Dissuasion
from recoup.care.limits import MEASURE_APPEALS_MAX
from recoup.care.measure import (
    MEASURE_MOVES,
    MEASURE_REFUSALS,
    Measure,
    MeasureAppeal,
    MeasureGround,
    MeasureState,
    MeasureTrigger,
)
from recoup.care.refusals import CareReason, CareRefusal
from recoup.care.terms import CareTerms, MeasureKind

BEGUN: Final = "begun"
"""Reason of a holder that was told of the beginning only, after the end."""


@dataclass(frozen=True, slots=True)
class ProposeMeasure:
    """Propose a measure; one that needs nobody else stands at once. `ends_at` is the end that is wanted."""

    measure: Measure


@dataclass(frozen=True, slots=True)
class AgreeToMeasure:
    """Agree to the measure whose digest was seen."""

    measure: str
    by: str
    digest: str


@dataclass(frozen=True, slots=True)
class WithdrawMeasure:
    """Take a proposal back."""

    measure: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class ConfirmMeasure:
    """Say for the institution that it is in force, and how much money lay there."""

    measure: str
    by: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class TellHolder:
    """Say that the holder was told."""

    measure: str
    by: str
    is_over: bool | None = None
    """Whether it was told that the measure ended, as the notice said; None: how it stands, as whoever says so sees it."""


@dataclass(frozen=True, slots=True)
class ProveHolder:
    """Say that the holder was verified again, by which papers."""

    measure: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class AppealMeasure:
    """Take the holder's objection in."""

    measure: str
    appeal: str
    by: str


@dataclass(frozen=True, slots=True)
class SettleMeasureAppeal:
    """Uphold an appeal, which lifts the measure at once, or deny it."""

    measure: str
    is_upheld: bool
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class LiftMeasure:
    """End it before its end."""

    measure: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class PassMeasureAppeal:
    """The limit of an appeal has come."""

    measure: str
    appeal: str


@dataclass(frozen=True, slots=True)
class PassMeasureEnd:
    """The end of a measure, or of its proposal, has come."""

    measure: str


MeasureCommand = (
    ProposeMeasure
    | AgreeToMeasure
    | WithdrawMeasure
    | ConfirmMeasure
    | TellHolder
    | ProveHolder
    | AppealMeasure
    | SettleMeasureAppeal
    | LiftMeasure
    | PassMeasureAppeal
    | PassMeasureEnd
)


@dataclass(frozen=True, slots=True)
class MeasureProposed:
    """A measure is wanted; with all who are needed it stands."""

    measure: Measure


@dataclass(frozen=True, slots=True)
class MeasureMoved:
    """Something happened to a measure."""

    measure: str
    trigger: MeasureTrigger
    state: MeasureState
    by: str
    """'' for the clock."""
    reason: str
    """Of an appeal its id."""
    at: datetime
    due_at: datetime | None = None
    """Of what begins to stand its end, of an appeal its limit."""
    notice_due_at: datetime | None = None
    amount: int | None = None
    """What was confirmed; None where the institution spoke of this measure before."""
    is_first: bool = False
    """Whether with it an account is intercepted, or protected, that was not: an account with two measures counts once."""


MeasureEvent = MeasureProposed | MeasureMoved
Found = tuple[MeasureEvent, ...] | CareRefusal


def propose_measure(
    wanted: Measure,
    others: Iterable[Measure],
    warned: Dissuasion | None,
    now: datetime,
    terms: CareTerms,
    *,
    is_by_machine: bool = False,
) -> Found:
    """Propose a measure; `others` are all that ever were of its account, `warned` the dissuasion that it rests on.

    What a machine proposes needs one person more than the policy says: as many persons stand behind it as behind any other.
    """
    others = tuple(others)
    term = terms.measures[wanted.kind]
    latest = now + timedelta(seconds=term.seconds)
    seconds = int((min(wanted.ends_at, latest) - now).total_seconds())
    if seconds < 1:
        return CareRefusal(CareReason.MEASURE_TERM_UNFIT, wanted.ends_at.isoformat())
    if any(_is_alike(wanted, row) for row in others):
        return CareRefusal(CareReason.MEASURE_STANDS, "one of this kind is live at the account")
    is_limit = wanted.kind is MeasureKind.LOWER_LIMITS
    if wanted.limit < 0 or (is_limit and not wanted.limit):
        return CareRefusal(CareReason.LIMIT_UNFIT, "expected an amount a day")
    if not is_limit and not wanted.is_protection and wanted.limit:
        return CareRefusal(CareReason.LIMIT_UNFIT, "expected none")
    if wanted.is_protection != (wanted.ground is MeasureGround.WARNED_PAYER):
        return CareRefusal(CareReason.GROUND_UNFIT, wanted.ground.value)
    limit, persons = wanted.limit, term.persons + is_by_machine
    if wanted.is_protection:
        refusal = _unfit_protection(wanted, others, warned, terms)
        if refusal is not None:
            return refusal
        limit = max(limit, terms.living_amount)
    made = replace(
        wanted,
        made_at=now,
        ends_at=now + timedelta(seconds=seconds),
        seconds=seconds,
        persons=persons,
        limit=limit,
        state=MeasureState.PROPOSED,
    )
    events: tuple[MeasureEvent, ...] = (MeasureProposed(made),)
    return events if persons else (*events, _begun(made, "", now, terms))


def _is_alike(wanted: Measure, row: Measure) -> bool:
    """Whether a live measure of the same kind stands at the same pocket."""
    ended = (MeasureState.LIFTED, MeasureState.LAPSED, MeasureState.WITHDRAWN)
    same = (wanted.kind, wanted.currency) == (row.kind, row.currency)
    return same and row.state not in ended


def _unfit_protection(
    wanted: Measure, others: tuple[Measure, ...], warned: Dissuasion | None, terms: CareTerms
) -> CareRefusal | None:
    """Return why a protective stop is not made."""
    if warned is None or warned.id != wanted.about or warned.state not in OPEN_DISSUASIONS:
        return CareRefusal(CareReason.GROUND_UNFIT, "expected a running dissuasion")
    if warned.grade.rank > terms.protection_grade.rank:
        return CareRefusal(CareReason.GROUND_UNFIT, f"the dissuasion is {warned.grade}")
    if wanted.account not in warned.accounts:
        return CareRefusal(CareReason.NOT_OWN_ACCOUNT, wanted.account)
    if wanted.currency != terms.currency:
        return CareRefusal(CareReason.CURRENCY_UNFIT, wanted.currency)
    spent = [
        row
        for row in others
        if row.is_protection and row.about == warned.id and row.began_at is not None
    ]
    if len(spent) >= terms.protection_times_max:
        return CareRefusal(CareReason.PROTECTION_SPENT, wanted.account)
    return None


def decide_measure(
    measure: Measure,
    command: MeasureCommand,
    others: Iterable[Measure],
    now: datetime,
    terms: CareTerms,
) -> Found:
    """Return what a command about a measure leads to, or why nothing; `others` are the account's other measures."""
    trigger = _trigger_of(command)
    by = getattr(command, "by", "")
    pair = (measure.state, trigger)
    if pair not in MEASURE_MOVES:
        return CareRefusal(MEASURE_REFUSALS[pair], f"the measure is {measure.state}")
    refusal = _unfit(measure, command, now, terms)
    if refusal is not None:
        return refusal
    moved = MeasureMoved(
        measure.id, trigger, MEASURE_MOVES[pair], by, getattr(command, "reason", ""), now
    )
    match command:
        case AgreeToMeasure():
            if len(measure.agreed_by) + 1 < measure.persons:
                return (replace(moved, state=MeasureState.PROPOSED),)
            return (_begun(measure, by, now, terms),)
        case ConfirmMeasure(amount=amount):
            if measure.confirmed_at is not None:
                return ()  # what it said first was counted
            is_first = not any(
                row.is_in_force and row.is_protection == measure.is_protection for row in others
            )
            return (replace(moved, amount=amount, is_first=is_first),)
        case TellHolder(is_over=is_over) if _is_of_before(measure, is_over):
            return (replace(moved, reason=BEGUN),) if measure.told_at is None else ()
        case TellHolder() if measure.is_told:
            return ()
        case AppealMeasure(appeal=appeal):
            due_at = now + timedelta(seconds=terms.appeal_seconds)
            return (replace(moved, reason=appeal, due_at=due_at),)
        case _:
            return (moved,)


def _is_of_before(measure: Measure, is_over: bool | None) -> bool:  # noqa: FBT001 - as the notice has it
    """Whether a notice told of the beginning of what has ended since: its end the holder does not know by that."""
    return is_over is False and measure.ended_at is not None


def _trigger_of(command: MeasureCommand) -> MeasureTrigger:
    match command:
        case SettleMeasureAppeal(is_upheld=is_upheld):
            return MeasureTrigger.UPHOLD if is_upheld else MeasureTrigger.DENY
        case _:
            return _TRIGGERS[type(command)]


_TRIGGERS = {
    AgreeToMeasure: MeasureTrigger.AGREE,
    WithdrawMeasure: MeasureTrigger.WITHDRAW,
    ConfirmMeasure: MeasureTrigger.CONFIRM,
    TellHolder: MeasureTrigger.TELL,
    ProveHolder: MeasureTrigger.PROVE,
    AppealMeasure: MeasureTrigger.APPEAL,
    LiftMeasure: MeasureTrigger.LIFT,
    PassMeasureAppeal: MeasureTrigger.PASS_APPEAL,
    PassMeasureEnd: MeasureTrigger.PASS_END,
}


def _unfit(
    measure: Measure, command: MeasureCommand, now: datetime, terms: CareTerms
) -> CareRefusal | None:
    """Return why this command does not fit, although something of its kind could happen now."""
    match command:
        case AgreeToMeasure(by=by, digest=digest):
            if by in measure.makers:
                return CareRefusal(CareReason.MEASURE_SAME_PERSON, by)
            if digest != measure.digest:
                return CareRefusal(CareReason.MEASURE_STALE, measure.id)
        case SettleMeasureAppeal(by=by) | LiftMeasure(by=by) | ProveHolder(by=by):
            if by in measure.makers:
                return CareRefusal(CareReason.MEASURE_SAME_PERSON, by)
            if (
                isinstance(command, ProveHolder)
                and not terms.measures[measure.kind].is_lifted_by_proof
            ):
                return CareRefusal(CareReason.PROOF_LIFTS_NOT, measure.kind.value)
        case ConfirmMeasure(currency=currency) if currency != measure.currency:
            return CareRefusal(CareReason.CURRENCY_UNFIT, currency)
        case ConfirmMeasure(amount=amount) if amount < 0:
            return CareRefusal(CareReason.LIMIT_UNFIT, "expected an amount of zero or more")
        case AppealMeasure() if len(measure.appeals) >= MEASURE_APPEALS_MAX:
            return CareRefusal(CareReason.TOO_MANY, measure.id)
        case PassMeasureEnd() if now < measure.ends_at:
            return CareRefusal(CareReason.MEASURE_RUNS, measure.ends_at.isoformat())
        case PassMeasureAppeal(appeal=appeal):
            found = measure.appeal
            assert found is not None, "an appeal is open while a measure is under one"
            if found.id != appeal or found.is_overdue:
                return CareRefusal(CareReason.MEASURE_NOT_APPEALED, appeal)
            if now < found.due_at:
                return CareRefusal(CareReason.MEASURE_RUNS, found.due_at.isoformat())
        case TellHolder() if measure.began_at is None:
            return CareRefusal(CareReason.MEASURE_ENDED, "it never stood")
        case TellHolder(is_over=True) if measure.ended_at is None:
            return CareRefusal(CareReason.MEASURE_STANDS, "its holder was told that it ended")
        case _:
            pass
    return None


def _begun(measure: Measure, by: str, now: datetime, terms: CareTerms) -> MeasureMoved:
    """Return the event by which a measure begins to stand: its term counts from here."""
    return MeasureMoved(
        measure.id,
        MeasureTrigger.AGREE,
        MeasureState.STANDING,
        by,
        "",
        now,
        now + timedelta(seconds=measure.seconds),
        now + timedelta(seconds=terms.notice_seconds),
    )


def evolve_measure(measure: Measure, event: MeasureMoved) -> Measure:
    """Return the measure after `event`. Holds no rule."""
    after = replace(measure, state=event.state)
    match event.trigger:
        case MeasureTrigger.AGREE:
            agreed = (*measure.agreed_by, event.by) if event.by else measure.agreed_by
            after = replace(after, agreed_by=agreed)
            if event.due_at is not None:
                due = event.notice_due_at
                after = replace(after, began_at=event.at, ends_at=event.due_at, notice_due_at=due)
        case MeasureTrigger.CONFIRM:
            after = replace(after, confirmed_at=event.at, intercepted=event.amount)
        case MeasureTrigger.TELL if event.reason == BEGUN:
            pass  # it has ended since: that its beginning was told is in the journal
        case MeasureTrigger.TELL:
            after = replace(after, told_at=event.at)
        case MeasureTrigger.APPEAL:
            assert event.due_at is not None, "an appeal has a limit"
            filed = MeasureAppeal(event.reason, event.by, event.at, event.due_at)
            after = replace(after, appeals=(*measure.appeals, filed))
        case MeasureTrigger.PASS_APPEAL:
            after = _with_appeal(after, is_overdue=True)
        case MeasureTrigger.DENY:
            after = _with_appeal(after, state="denied")
        case MeasureTrigger.UPHOLD:
            after = _ended(_with_appeal(after, state="upheld"), event)
        case _:
            after = _ended(after, event)
    return after


def _with_appeal(measure: Measure, **changed: object) -> Measure:
    last = replace(measure.appeals[-1], **changed)  # type: ignore[arg-type] # fields of the appeal
    return replace(measure, appeals=(*measure.appeals[:-1], last))


def _ended(measure: Measure, event: MeasureMoved) -> Measure:
    if measure.appeals and measure.appeals[-1].state == "open":
        measure = _with_appeal(measure, state="moot")
    why = event.reason or event.trigger.value
    return replace(measure, ended_at=event.at, ended_by=event.by, ended_for=why)


__all__ = [
    "AgreeToMeasure",
    "AppealMeasure",
    "ConfirmMeasure",
    "Found",
    "LiftMeasure",
    "MeasureCommand",
    "MeasureEvent",
    "MeasureMoved",
    "MeasureProposed",
    "PassMeasureAppeal",
    "PassMeasureEnd",
    "ProposeMeasure",
    "ProveHolder",
    "SettleMeasureAppeal",
    "TellHolder",
    "WithdrawMeasure",
    "decide_measure",
    "evolve_measure",
    "propose_measure",
]
