"""What a bank does with an order. Pure: what was found in the books and the time are arguments.

Two steps, so that an answer is never more than the truth. `plan` checks the order against the books and says which hold is to
stand; then the core system blocks it; then `conclude` reads off the balance, which can only grow now, what is really held.

1. Account, name, currency, amount and time of the arrival must match, or nothing is stopped and the answer says which did not
   [stop-notice-2016].
2. The term runs from the bank's own time, by the policy.
3. An order that says when its term ends, ends it no later: it was answered before, and these books forgot it.
4. Nothing is held of which the answer does not say so: where nothing lies and nobody comes before, nothing stays blocked.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from recoup.bank.holds import BankHold, Ended, OtherBlock, Part, allot, former
from recoup.messages import Check, FormerHold, OrderMessage, Paper, ResultCode, StatementRow
from recoup.orders import AccountKind, Extent, InstitutionKind, OrderKind, Outcome, Policy
from recoup.orders.kinds import OPENING

_WITH_A_TERM: Final = OPENING | {OrderKind.POSTPONE, OrderKind.RENEW}
"""Orders that set the end of a hold."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the rules need to know beside the books."""

    policy: Policy
    match_seconds: int
    """How far the time of an arrival may lie from the one in the order: the two banks' clocks and booking times differ."""
    can_stop_amounts: bool = True
    """Whether the core system can block an amount; else a stop blocks the whole account, and the excess is told."""
    locale: str = "zh"
    """The language in which holders are told: zh or en."""
    kind: InstitutionKind = InstitutionKind.BANK
    """What the institution is: the policy says which orders it carries out at all."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account as the books have it, in one currency."""

    number: str
    name: str
    currency: str
    balance: int
    kind: AccountKind = AccountKind.ORDINARY
    """What it is for, as far as the core system knows."""


@dataclass(frozen=True, slots=True)
class Books:
    """What the bank found about the account of an order."""

    accounts: Sequence[Account]
    """The account in each of its currencies; empty if there is none."""
    holds: Sequence[BankHold] = ()
    """All of this account and currency, ended ones too."""
    arrivals: Sequence[StatementRow] = ()
    """Credits of a day around the time in the order."""
    next_place: int = 1

    def kind(self, currency: str) -> AccountKind:
        """Return what the account is for."""
        kinds = (x.kind for x in self.accounts if x.currency == currency)
        return next(kinds, AccountKind.ORDINARY)

    def own(self, case: str) -> list[BankHold]:
        """Return the holds of one case, oldest first."""
        return [hold for hold in self.holds if hold.case == case]

    def live(self, case: str) -> BankHold | None:
        """Return the hold that stands for a case."""
        return next((hold for hold in self.own(case) if hold.ended is None), None)


@dataclass(frozen=True, slots=True)
class Refused:
    """The order is not carried out."""

    code: ResultCode
    failed: tuple[Check, ...] = ()
    papers: tuple[Paper, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """What is to stand: the hold as it will be, ended or not; None where the order holds nothing (a query)."""

    outcome: Outcome
    """If all of it is there."""
    hold: BankHold | None = None
    opens: bool = False


@dataclass(frozen=True, slots=True)
class Concluded:
    """What was done, for the answer."""

    outcome: Outcome
    code: ResultCode
    held: int
    available: int
    excess: int
    former: tuple[FormerHold, ...]
    rows_since: datetime | None
    """From when on the answer shows the statement; None: no rows."""


def plan(order: OrderMessage, books: Books, terms: Terms, now: datetime) -> Planned | Refused:
    """Return which hold is to stand after the order, or why it is not carried out."""
    unknown = type(order.kind) is not OrderKind or type(order.extent) is not Extent
    if unknown or order.kind not in terms.policy.powers[terms.kind]:
        return Refused(ResultCode.NOT_SUPPORTED)
    wrong = _account(order, books)
    if wrong is not None:
        return wrong
    if order.ends_at is not None and order.ends_at <= now and order.kind in _WITH_A_TERM:
        return Refused(ResultCode.DATE_WITHOUT_EFFECT, (Check.TIME,))
    planned = _planned(order, books, terms, now)
    return planned if isinstance(planned, Refused) else _no_longer(order, planned)


def _no_longer(order: OrderMessage, planned: Planned) -> Planned:
    """End the term where the order says that it ends: the same order began it before, and these books forgot when."""
    hold = planned.hold
    if order.ends_at is None or hold is None or order.kind not in _WITH_A_TERM:
        return planned
    return replace(planned, hold=replace(hold, ends_at=min(hold.ends_at, order.ends_at)))


def _planned(order: OrderMessage, books: Books, terms: Terms, now: datetime) -> Planned | Refused:
    match order.kind:
        case OrderKind.QUERY | OrderKind.WATCH:
            return Planned(Outcome.INFORMED)
        case OrderKind.STOP | OrderKind.EXTEND:
            return _stop(order, books, terms, now)
        case OrderKind.FREEZE:
            return _freeze(order, books, terms, now)
        case OrderKind.PAY_BACK:
            return _payment(order, books)
        case _:
            return _following(order, books, terms, now)


def _account(order: OrderMessage, books: Books) -> Refused | None:
    """Refuse another account, name or currency, or an amount that makes no sense."""
    if not books.accounts:
        return Refused(ResultCode.ACCOUNT_UNKNOWN, (Check.ACCOUNT,))
    found = next((x for x in books.accounts if x.currency == order.currency), None)
    is_by_serial = order.kind is OrderKind.QUERY and not order.account_number
    if not is_by_serial and _plain(books.accounts[0].name) != _plain(order.account_name):
        return Refused(ResultCode.NAME_MISMATCH, (Check.NAME,))
    if found is None:
        return Refused(ResultCode.ACCOUNT_WRONG, (Check.CURRENCY,))
    if _is_of_another_kind(order, books):
        return Refused(ResultCode.ACCOUNT_OTHER, (Check.ACCOUNT,))
    holds_nothing = order.kind in {OrderKind.QUERY, OrderKind.WATCH, OrderKind.RELEASE}
    if (order.amount <= 0) is not holds_nothing or order.amount < 0:
        return Refused(ResultCode.AMOUNT_MALFORMED, (Check.AMOUNT,))
    return None


def _is_of_another_kind(order: OrderMessage, books: Books) -> bool:
    """Whether something is asked of what is not there, such as a settlement of a wallet; what frees is never kept back."""
    asks_or_frees = {OrderKind.QUERY, OrderKind.WATCH, OrderKind.RELEASE, OrderKind.REDUCE}
    if order.kind in asks_or_frees or order.account_kind is AccountKind.ORDINARY:
        return False
    return order.account_kind is not books.kind(order.currency)


def _plain(name: str) -> str:
    """Return a name as it is compared: full-width letters, case and blanks make no other person."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def _arrival(order: OrderMessage, books: Books, terms: Terms) -> Refused | None:
    """Refuse where no credit of that amount came at that time; say which of the two is wrong if one is right."""
    disputed = order.disputed
    assert disputed is not None, "asked only where the order names an arrival"
    slack = timedelta(seconds=terms.match_seconds)
    credits = [
        row
        for row in books.arrivals
        if row.payee == order.account_number and row.currency == order.currency
    ]
    at_time = [row for row in credits if abs(row.at - disputed.at) <= slack]
    of_amount = [row for row in credits if row.amount == disputed.amount]
    if any(row in of_amount for row in at_time):
        return None
    if of_amount:
        return Refused(ResultCode.DATE_OTHER, (Check.TIME,))
    if at_time:
        return Refused(ResultCode.AMOUNT_OTHER, (Check.AMOUNT,))
    return Refused(ResultCode.AMOUNT_OTHER, (Check.AMOUNT, Check.TIME))


def _stop(order: OrderMessage, books: Books, terms: Terms, now: datetime) -> Planned | Refused:
    if order.disputed is None and not _is_swapped(order):
        return Refused(ResultCode.MANDATORY_MISSING)
    live = books.live(order.case)
    if live is not None and live.basis is OrderKind.FREEZE:
        whole = ResultCode.ALREADY_FROZEN_WHOLE
        return Refused(whole if live.is_whole else ResultCode.ALREADY_FROZEN_AMOUNT)
    if live is not None:
        return Refused(ResultCode.ALREADY_STOPPED)
    if _stops(order, books) >= terms.policy.stops_max:
        return Refused(ResultCode.STOPS_EXHAUSTED)
    wrong = _arrival(order, books, terms) if order.disputed is not None else None
    if wrong is not None:
        return wrong
    hold = _opened(order, books, terms, now)
    return Planned(Outcome.HELD, hold, opens=True)


def _is_swapped(order: OrderMessage) -> bool:
    """Whether the holder offered this account for another: two persons of the centre and the order there are its grounds."""
    swapped = order.swapped
    return swapped is not None and bool(swapped.original) and len(set(swapped.agreed_by)) > 1


def _stops(order: OrderMessage, books: Books) -> int:
    """Return how many stops of this account the case has had here."""
    return sum(hold.stops for hold in books.own(order.case))


def _opened(order: OrderMessage, books: Books, terms: Terms, now: datetime) -> BankHold:
    is_freeze = order.kind is OrderKind.FREEZE
    policy = terms.policy
    return BankHold(
        id=order.id,
        case=order.case,
        account=order.account_number,
        currency=order.currency,
        parts=(Part(books.next_place, order.amount, now),),
        basis=OrderKind.FREEZE if is_freeze else OrderKind.STOP,
        since=now,
        ends_at=policy.freeze_ends(now) if is_freeze else policy.stop_ends(now),
        is_whole=_is_whole(order, terms),
        stops=0 if is_freeze else 1,
        authority=order.notice.authority if order.notice else order.case,
    )


def _is_whole(order: OrderMessage, terms: Terms) -> bool:
    return order.extent is Extent.WHOLE_ACCOUNT or not terms.can_stop_amounts


def _freeze(order: OrderMessage, books: Books, terms: Terms, now: datetime) -> Planned | Refused:
    """A freeze follows the case's stop, or begins a hold of its own [freeze-rules art. 26]."""
    live = books.live(order.case)
    if live is None:
        wrong = _arrival(order, books, terms) if order.disputed is not None else None
        hold = _opened(order, books, terms, now)
        return wrong or Planned(Outcome.FROZEN, hold, opens=True)
    if live.basis is OrderKind.FREEZE:
        whole = ResultCode.ALREADY_FROZEN_WHOLE
        return Refused(whole if live.is_whole else ResultCode.ALREADY_FROZEN_AMOUNT)
    if _is_another(order, books):
        return Refused(ResultCode.ORIGINAL_UNKNOWN)
    changed = (
        live.lowered(order.amount)
        if order.amount < live.asked
        else live.raised(order.amount, books.next_place, now)
    )
    frozen = replace(
        changed,
        basis=OrderKind.FREEZE,
        since=now,
        ends_at=terms.policy.freeze_ends(now),
        is_whole=_is_whole(order, terms),
    )
    return Planned(Outcome.FROZEN, frozen)


def _is_another(order: OrderMessage, books: Books) -> bool:
    """Whether the order names a beginning that is not this case's on this account."""
    return bool(order.original) and order.original not in {x.id for x in books.own(order.case)}


_EXPIRED = {
    OrderKind.POSTPONE: ResultCode.POSTPONE_EXPIRED,
    OrderKind.RENEW: ResultCode.POSTPONE_EXPIRED,
}


def _following(order: OrderMessage, books: Books, terms: Terms, now: datetime) -> Planned | Refused:
    """Orders that change a hold need one, of the right kind and size."""
    live, kind = books.live(order.case), order.kind
    if _is_another(order, books) or not books.own(order.case):
        return Refused(ResultCode.ORIGINAL_UNKNOWN)
    if live is None:
        is_release = kind is OrderKind.RELEASE
        ended = ResultCode.RELEASE_EXPIRED if is_release else ResultCode.ORIGINAL_UNKNOWN
        return Refused(_EXPIRED.get(kind, ended) if isinstance(kind, OrderKind) else ended)
    match kind:
        case OrderKind.RELEASE:
            gone = replace(live, ended=Ended.RELEASED, ended_at=now)
            return Planned(Outcome.RELEASED, gone)
        case OrderKind.RAISE:
            if order.amount <= live.asked:
                return Refused(ResultCode.AMOUNT_OTHER, (Check.AMOUNT,))
            return Planned(Outcome.HELD, live.raised(order.amount, books.next_place, now))
        case OrderKind.REDUCE:
            return _reduce(order, live, terms)
        case OrderKind.POSTPONE:
            return _postpone(order, live, books, terms, now)
        case _:
            return _renew(live, terms)


def _payment(order: OrderMessage, books: Books) -> Planned | Refused:
    """Only what the case has frozen is paid back, on a notice that two officers answer for [return-rules art. 12]."""
    payee, live = order.payee, books.live(order.case)
    if payee is None or not (payee.account_number and payee.institution and payee.decision):
        return Refused(ResultCode.MANDATORY_MISSING)
    if len(set(payee.officers)) < _OFFICERS:
        return Refused(ResultCode.DOCUMENT_MISSING, papers=(Paper.NOTICE, Paper.OFFICERS))
    if _is_another(order, books) or not books.own(order.case):
        return Refused(ResultCode.ORIGINAL_UNKNOWN)
    if live is None or live.basis is not OrderKind.FREEZE:
        return Refused(ResultCode.ORIGINAL_OTHER)
    return Planned(Outcome.PAID, live)


_OFFICERS = 2


def _reduce(order: OrderMessage, live: BankHold, terms: Terms) -> Planned | Refused:
    """A smaller stop only where the policy has such a thing; never where only whole accounts can be blocked."""
    is_stop = live.basis is not OrderKind.FREEZE
    if not terms.can_stop_amounts or (is_stop and not terms.policy.can_shrink_stop):
        return Refused(ResultCode.NOT_SUPPORTED)
    if order.amount >= live.asked:
        return Refused(ResultCode.AMOUNT_OTHER, (Check.AMOUNT,))
    smaller = replace(live.lowered(order.amount), is_whole=_is_whole(order, terms))
    return Planned(Outcome.REDUCED, smaller)


def _postpone(
    order: OrderMessage, live: BankHold, books: Books, terms: Terms, now: datetime
) -> Planned | Refused:
    if live.basis is OrderKind.FREEZE:
        return Refused(ResultCode.ALREADY_FROZEN_AMOUNT)
    if _stops(order, books) >= terms.policy.stops_max:
        return Refused(ResultCode.STOPS_EXHAUSTED)
    ends_at = max(live.ends_at, terms.policy.stop_ends(now))
    longer = replace(
        live, basis=OrderKind.POSTPONE, since=now, ends_at=ends_at, stops=live.stops + 1
    )
    return Planned(Outcome.POSTPONED, longer)


def _renew(live: BankHold, terms: Terms) -> Planned | Refused:
    """A renewal runs on from the freeze's end [freeze-rules art. 26]."""
    most = terms.policy.renewals_max
    if live.basis is not OrderKind.FREEZE:
        return Refused(ResultCode.ORIGINAL_OTHER)
    if most is not None and live.renewals >= most:
        return Refused(ResultCode.PROCESSED_OTHER)
    longer = replace(
        live,
        since=live.ends_at,
        ends_at=terms.policy.freeze_ends(live.ends_at),
        renewals=live.renewals + 1,
    )
    return Planned(Outcome.FROZEN, longer)


def conclude(
    order: OrderMessage,
    planned: Planned,
    balance: int,
    holds: Sequence[BankHold],
    others: Sequence[OtherBlock],
) -> Concluded:
    """Return what the order came to, now that the core system blocks what was planned.

    Args:
        order: the order.
        planned: what `plan` said.
        balance: what lies on the account since it was blocked.
        holds: the account's holds, the planned one among them as it is to stand.
        others: blocks of others.
    """
    held_by = allot(balance, holds, others)
    spoken_for = sum(held_by.values()) + _of_others(others, balance)
    available = balance - min(spoken_for, max(0, balance))
    hold = planned.hold
    if hold is None or hold.ended is not None:
        is_asked = planned.outcome is Outcome.INFORMED
        own = next(
            (x for x in holds if is_asked and x.case == order.case and x.id in held_by), None
        )
        held = held_by[own.id] if own is not None else 0
        since = order.rows_from if is_asked else None
        return Concluded(planned.outcome, ResultCode.DONE, held, available, 0, (), since)
    held, ahead = held_by[hold.id], former(hold, holds, others)
    arrived = order.disputed.at if order.disputed is not None else None
    since = order.rows_from or arrived
    if planned.opens and held == 0 and not ahead:
        return Concluded(Outcome.MOVED, ResultCode.DONE, 0, available, 0, (), since)
    is_short = held < hold.asked
    outcome = planned.outcome
    if outcome is Outcome.HELD and is_short:
        outcome = Outcome.HELD_SHORT
    return Concluded(
        outcome,
        ResultCode.BALANCE_SHORT if is_short else ResultCode.DONE,
        held,
        available,
        max(0, held - hold.asked),
        ahead if planned.opens or planned.outcome in {Outcome.HELD, Outcome.FROZEN} else (),
        since if is_short or order.rows_from is not None else None,
    )


def _of_others(others: Sequence[OtherBlock], balance: int) -> int:
    """Return what blocks of others speak for."""
    return sum(balance if other.amount is None else other.amount for other in others)


def lapse(holds: Sequence[BankHold], now: datetime) -> list[BankHold]:
    """Return the holds whose term is over, as ended [stop-notice-2016]."""
    return [
        replace(hold, ended=Ended.LAPSED, ended_at=hold.ends_at)
        for hold in holds
        if hold.ended is None and hold.ends_at <= now
    ]


__all__ = [
    "Account",
    "Books",
    "Concluded",
    "Planned",
    "Refused",
    "Terms",
    "conclude",
    "lapse",
    "plan",
]
