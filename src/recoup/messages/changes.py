"""A change of the watch's copy as a row of a message, and back. Signs nothing; the digest is the chain's own.

What this version does not know is a fault, not a passed-over row: a copy that lacks a change says that it is old.
"""

from __future__ import annotations

from datetime import datetime

from recoup.care import MeasureGround, MeasureKind
from recoup.clock import instant_of, microseconds_of
from recoup.errors import MessageFault, MessageProblem
from recoup.messages.values import ChangeKind, ChangeRow, Minor
from recoup.watch.told import (
    AppealSettled,
    Arrival,
    CaseClosed,
    Change,
    ClaimEnded,
    ClaimOpened,
    GoodFaith,
    HoldAsked,
    Listed,
    Measured,
    Traced,
    What,
)

_ADMITTED, _REPORTED = "admitted", "reported"
_UPHELD, _DISMISSED = "upheld", "dismissed"


def row_of(change: Change) -> ChangeRow:
    """Return a change as it is written."""
    head = (change.version, change.digest.hex(), instant_of(change.time_us))
    match change.what:
        case ClaimOpened(case, claim, transfer, is_admitted, arrival):
            if arrival is None:  # only how it arrived tells an institution which transfer is meant
                raise MessageFault(MessageProblem.FIELD_MISSING, "expected how it arrived")
            return ChangeRow(
                *head,
                ChangeKind.CLAIM,
                case,
                claim,
                arrival.account,
                arrival.currency,
                Minor(arrival.amount),
                instant_of(arrival.time_us),
                arrival.reference,
                _ADMITTED if is_admitted else _REPORTED,
                transfer,
            )
        case ClaimEnded(case, claim):
            return ChangeRow(*head, ChangeKind.CLAIM_ENDED, case, claim)
        case HoldAsked(case, account, currency, amount, until_us):
            until = _instant(until_us)
            place = (case, "", account, currency)
            return ChangeRow(*head, ChangeKind.HOLD, *place, amount=Minor(amount), time=until)
        case GoodFaith(case, account, currency):
            return ChangeRow(*head, ChangeKind.GOOD_FAITH, case, "", account, currency)
        case Traced(case, claim, account, currency, amount, since_us):
            since = instant_of(since_us)
            place = (case, claim, account, currency)
            return ChangeRow(*head, ChangeKind.TRACED, *place, amount=Minor(amount), time=since)
        case Listed(subject, level, until_us):
            time = _instant(until_us)
            return ChangeRow(*head, ChangeKind.LISTED, time=time, reference=subject, word=level)
        case Measured(measure, account, currency, kind, ground, limit, until_us):
            until = _instant(until_us if kind else None)
            return ChangeRow(
                *head,
                ChangeKind.MEASURE,
                account_number=account,
                currency=currency,
                amount=Minor(limit),
                time=until,
                reference=measure,
                word=f"{kind} {ground}".strip(),
            )
        case AppealSettled(decision, is_upheld):
            word = _UPHELD if is_upheld else _DISMISSED
            return ChangeRow(*head, ChangeKind.APPEAL, reference=decision, word=word)
        case CaseClosed(case):
            return ChangeRow(*head, ChangeKind.CASE_CLOSED, case)


def change_of(row: ChangeRow) -> Change:
    """Return the change of a row; raise `MessageFault` for one that this version does not understand."""
    try:
        digest = bytes.fromhex(row.digest)
    except ValueError as fault:
        raise MessageFault(MessageProblem.FIELD_WRONG, "expected hexadecimal digits") from fault
    return Change(row.version, digest, microseconds_of(row.at), _what(row))


def _what(row: ChangeRow) -> What:
    place = (row.account_number, row.currency)
    match row.kind:
        case ChangeKind.CLAIM:
            arrival = Arrival(*place, row.amount, _needed(row.time), row.reference)
            return ClaimOpened(row.case, row.claim, row.transfer, row.word == _ADMITTED, arrival)
        case ChangeKind.CLAIM_ENDED:
            return ClaimEnded(row.case, row.claim)
        case ChangeKind.HOLD:
            until_us = None if row.time is None else microseconds_of(row.time)
            return HoldAsked(row.case, *place, row.amount, until_us)
        case ChangeKind.GOOD_FAITH:
            return GoodFaith(row.case, *place)
        case ChangeKind.TRACED:
            return Traced(row.case, row.claim, *place, row.amount, _needed(row.time))
        case ChangeKind.LISTED:
            until_us = None if row.time is None else microseconds_of(row.time)
            return Listed(row.reference, row.word, until_us)
        case ChangeKind.MEASURE:
            return _measured(row)
        case ChangeKind.APPEAL:
            if row.word not in {_UPHELD, _DISMISSED} or not row.reference:
                raise MessageFault(MessageProblem.FIELD_WRONG, "expected what was decided on what")
            return AppealSettled(row.reference, row.word == _UPHELD)
        case ChangeKind.CASE_CLOSED:
            return CaseClosed(row.case)
        case _:
            raise MessageFault(MessageProblem.FIELD_WRONG, "expected a kind of change known here")


def _measured(row: ChangeRow) -> Measured:
    until_us = _needed(row.time) if row.word else 0  # whatever stands has an end
    kind, _, ground = row.word.partition(" ")
    is_known = kind in set(MeasureKind) and ground in set(MeasureGround)
    if row.word and not is_known:
        raise MessageFault(MessageProblem.FIELD_WRONG, "expected a measure known here")
    place = (row.reference, row.account_number, row.currency)
    return Measured(*place, kind, ground, row.amount, until_us)


def _instant(time_us: int | None) -> datetime | None:
    return None if time_us is None else instant_of(time_us)


def _needed(time: datetime | None) -> int:
    if time is None:
        raise MessageFault(MessageProblem.FIELD_MISSING, "expected a time")
    return microseconds_of(time)


__all__ = ["change_of", "row_of"]
