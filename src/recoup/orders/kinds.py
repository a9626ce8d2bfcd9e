"""Kinds of orders and of what an institution may answer: the words, and which answer fits which order. No rule is here."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class OrderKind(StrEnum):
    """What an institution is told to do (SEMANTICS 3)."""

    STOP = "stop"
    """Credits still come in, debits of the amount are blocked (紧急止付)."""
    POSTPONE = "postpone"
    """The second stop of the same account (止付延期)."""
    EXTEND = "extend"
    """A stop at the account that the money went on to (延伸止付)."""
    RAISE = "raise"
    """Hold more, for another claim or because more arrived."""
    FREEZE = "freeze"
    """Hold for months, on a case that was filed (冻结)."""
    RENEW = "renew"
    """Freeze on, before the freeze ends (续冻)."""
    REDUCE = "reduce"
    """Hold less."""
    RELEASE = "release"
    """Hold nothing (解除)."""
    QUERY = "query"
    """Say what lies and moved there (查询)."""
    WATCH = "watch"
    """Say at once what moves there (动态查询)."""
    PAY_BACK = "pay_back"
    """Pay what was awarded to the victim's account (返还)."""


OPENING: Final = frozenset({OrderKind.STOP, OrderKind.EXTEND, OrderKind.FREEZE})
"""Orders that may begin a hold; a freeze may also follow a stop."""

STOPS: Final = frozenset({OrderKind.STOP, OrderKind.EXTEND, OrderKind.POSTPONE})
"""Orders that the law counts as stops of the account."""

UNDER_MANDATE: Final = STOPS | {OrderKind.RAISE, OrderKind.QUERY, OrderKind.WATCH}
"""Orders that a standing authority of the case may cover; what freezes for months or frees money never is."""

MOVING: Final = frozenset(OrderKind) - {OrderKind.QUERY, OrderKind.WATCH, OrderKind.PAY_BACK}
"""Orders that change what is held."""


OUTWARD: Final = frozenset({OrderKind.REDUCE, OrderKind.RELEASE, OrderKind.RAISE})
"""Orders that wait while a payment out of the hold is on its way: nobody could say what is left to change."""

BURDENING: Final = MOVING - {OrderKind.REDUCE, OrderKind.RELEASE}
"""Orders that put something on an account, or keep it there."""


class Extent(StrEnum):
    """How much of an account is asked for."""

    AMOUNT = "amount"
    WHOLE_ACCOUNT = "whole_account"


class InstitutionKind(StrEnum):
    """What an institution is: the policy says which orders each may be given."""

    BANK = "bank"
    PAYMENT = "payment"
    """Keeps wallets and settles for merchants (支付机构)."""
    AGGREGATOR = "aggregator"
    """Passes payments on to payment institutions and keeps no money (聚合支付): it knows the next leg."""
    EXCHANGE = "exchange"
    """Keeps virtual currency for clients."""


class AccountKind(StrEnum):
    """What the account is for, or what lies there if it is no bank account, as far as anybody said."""

    ORDINARY = "ordinary"
    PAYROLL = "payroll"
    SOCIAL_BENEFITS = "social_benefits"
    CLIENT_MONEY = "client_money"
    TREASURY = "treasury"
    WALLET = "wallet"
    """The balance of a payment account (支付账户): what is held cannot be spent or withdrawn."""
    SETTLEMENT = "settlement"
    """What is due to a merchant and not yet settled (待结算资金): what is held is not settled."""
    CUSTODY = "custody"
    """A client's assets at an exchange, counted at its own rate in the order's currency: what is held is not withdrawn."""


PROTECTED: Final = frozenset(
    {
        AccountKind.PAYROLL,
        AccountKind.SOCIAL_BENEFITS,
        AccountKind.CLIENT_MONEY,
        AccountKind.TREASURY,
    }
)
"""Where a stop reaches people who have nothing to do with the case."""

OFF_BANK: Final = frozenset({AccountKind.WALLET, AccountKind.SETTLEMENT, AccountKind.CUSTODY})
"""What an order may be about in the place of a bank account: its life is the same, what is kept from happening is another."""


class Outcome(StrEnum):
    """What an institution says that it did."""

    HELD = "held"
    """The whole amount is blocked."""
    HELD_SHORT = "held_short"
    """Less lay there; that is blocked, and money that comes in up to the amount."""
    MOVED = "moved"
    """Nothing lies there any more."""
    REFUSED = "refused"
    """Not done; the code says why."""
    POSTPONED = "postponed"
    FROZEN = "frozen"
    REDUCED = "reduced"
    RELEASED = "released"
    INFORMED = "informed"
    """A statement came: nothing held changed."""
    PAID = "paid"
    """Money left the hold for the victim; the receipt says how much."""
    BOUNCED = "bounced"
    """A payment that was made came back."""


UNKNOWN_THERE: Final = frozenset({"0400", "1900"})
"""Codes of an institution that knows of nothing to let go: never held, or ended."""


FITTING: Final[dict[OrderKind, frozenset[Outcome]]] = {
    OrderKind.STOP: frozenset({Outcome.HELD, Outcome.HELD_SHORT, Outcome.MOVED, Outcome.REFUSED}),
    OrderKind.EXTEND: frozenset({Outcome.HELD, Outcome.HELD_SHORT, Outcome.MOVED, Outcome.REFUSED}),
    OrderKind.RAISE: frozenset({Outcome.HELD, Outcome.HELD_SHORT, Outcome.MOVED, Outcome.REFUSED}),
    OrderKind.POSTPONE: frozenset({Outcome.POSTPONED, Outcome.MOVED, Outcome.REFUSED}),
    OrderKind.FREEZE: frozenset({Outcome.FROZEN, Outcome.MOVED, Outcome.REFUSED}),
    OrderKind.RENEW: frozenset({Outcome.FROZEN, Outcome.MOVED, Outcome.REFUSED}),
    OrderKind.REDUCE: frozenset({Outcome.REDUCED, Outcome.REFUSED}),
    OrderKind.RELEASE: frozenset({Outcome.RELEASED, Outcome.REFUSED}),
    OrderKind.QUERY: frozenset({Outcome.INFORMED, Outcome.REFUSED}),
    OrderKind.WATCH: frozenset({Outcome.INFORMED, Outcome.REFUSED}),
    OrderKind.PAY_BACK: frozenset({Outcome.PAID, Outcome.BOUNCED, Outcome.REFUSED}),
}
"""An answer outside this table is kept as a fact and moves nothing."""
