"""One hold and the orders about it, as values: what was told to an institution and what it says it did. No rule is here.

A hold belongs to one (case, account, currency). Each time it is begun anew is a **period**; each period that came to hold
something ends in exactly one of released or lapsed. Amounts are minor units of the hold's currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from recoup.frozen import quickly_made, replace
from recoup.orders.kinds import MOVING, STOPS, AccountKind, Extent, OrderKind, Outcome
from recoup.orders.payout import Payout, Receipt
from recoup.orders.state import LIVE, HoldState, OrderState
from recoup.unrecognised import Unrecognised

UNCLEAR: Final = "unclear"
"""The word for a hold of which an institution said something that nobody here understands."""


@dataclass(frozen=True, slots=True)
class HoldKey:
    """What a hold is one of."""

    case: str
    account: str
    """An opaque id; the number lies in the vault."""
    currency: str


@quickly_made
@dataclass(frozen=True, slots=True)
class Order:
    """An instruction to an institution, as its maker wrote it."""

    id: str
    kind: OrderKind
    key: HoldKey
    institution: str
    amount: int
    """What the hold is to be afterwards; 0 for a release and for what holds nothing."""
    made_by: str
    reason: str
    extent: Extent = Extent.AMOUNT
    extent_ground: str = ""
    """Why the whole account: the mandate that says so, or that the institution can do no other."""
    account_kind: AccountKind = AccountKind.ORDINARY
    mandate: str = ""
    """The case's standing authority under which nobody else needs to agree; '' when each order is approved."""
    repeats: str = ""
    """The approved release that this one carries out once more: the institution held only after it had answered that."""
    payout: Payout | None = None
    """Whom a payment back pays; None for every other kind."""

    @property
    def digest(self) -> str:
        """SHA-256 over all fields in order, each with its length: what an approval binds."""
        fields = (
            self.id,
            self.kind,
            self.key.case,
            self.key.account,
            self.key.currency,
            self.institution,
            str(self.amount),
            self.made_by,
            self.reason,
            self.extent,
            self.extent_ground,
            self.account_kind,
            self.mandate,
            self.repeats,
            *_texts_of(self.payout),
        )
        whole = sha256(b"recoup order 1\n")
        for field in fields:
            text = field.encode()
            whole.update(len(text).to_bytes(4, "big") + text)
        return whole.hexdigest()


def _texts_of(payout: Payout | None) -> tuple[str, ...]:
    """Return what an approval binds beside; nothing where nobody is paid, so that older digests stay what they were."""
    if payout is None:
        return ()
    due = payout.due_at.isoformat()
    whom = (payout.account, payout.institution, payout.claim, payout.decision, due, payout.case)
    return (*whom, *payout.officers)


@quickly_made
@dataclass(frozen=True, slots=True)
class Answer:
    """What an institution says about an order."""

    id: str
    outcome: Outcome | Unrecognised
    held: int = 0
    """What it holds now for this case, in all."""
    started_at: datetime | None = None
    """Its own time of the stop or freeze."""
    code: str = ""
    """Its result code; why, when refused."""
    queued_behind: int = 0
    """Earlier holds of others on the account that come first (轮候)."""
    receipt: Receipt | None = None
    """Of a payment back that was made, or that came back."""
    failed: tuple[str, ...] = ()
    """What did not match, when that is why it was refused."""
    papers: tuple[str, ...] = ()
    """Which papers the institution wants before it pays."""


@quickly_made
@dataclass(frozen=True, slots=True)
class Tracked:
    """An order and how far it has come."""

    order: Order
    state: OrderState = OrderState.DRAFTED
    period: int = 0
    approvers: tuple[str, ...] = ()
    agreed_to: str = ""
    """The digest that all of them agreed to."""
    issued_at: datetime | None = None
    sent_at: datetime | None = None
    answer_due_at: datetime | None = None
    answers: tuple[Answer, ...] = ()
    unclear: tuple[Answer, ...] = ()
    """What came in words that this program does not know: kept, and no answer; money may be held."""
    gone_before: int = 0
    """What had been paid out of the hold when it was issued: the hold that it asks for is counted from there."""

    def approvers_of(self, digest: str) -> tuple[str, ...]:
        """Return who agreed to exactly what `digest` stands for: an approval of anything else is void."""
        return self.approvers if self.agreed_to == digest else ()

    @property
    def is_on_its_way(self) -> bool:
        """Whether an answer is still expected."""
        return self.state in {OrderState.ISSUED, OrderState.SENT, OrderState.UNANSWERED}

    @property
    def spends_a_stop(self) -> bool:
        """Whether the law counts it: a stop that was told, unless all that was answered is that nothing was stopped."""
        return (
            self.order.kind in STOPS
            and self.issued_at is not None
            and not self._is_answered_only_by(Outcome.MOVED, Outcome.REFUSED)
        )

    def _is_answered_only_by(self, *outcomes: Outcome) -> bool:
        """Whether it was answered, and never otherwise: an institution may correct a refusal by holding after all."""
        return bool(self.answers) and all(answer.outcome in outcomes for answer in self.answers)

    @property
    def is_refused(self) -> bool:
        """Whether the institution never said anything else."""
        return self._is_answered_only_by(Outcome.REFUSED)


@quickly_made
@dataclass(frozen=True, slots=True)
class Hold:
    """What stands between a case and an account in one currency."""

    key: HoldKey
    state: HoldState = HoldState.ASKED
    held: int = 0
    basis: OrderKind | None = None
    """The kind of order whose term runs: stop, postpone or freeze."""
    since: datetime | None = None
    ends_at: datetime | None = None
    period: int = 0
    renewals: int = 0
    orders: tuple[Tracked, ...] = ()
    """In the order of drafting."""
    frozen_total: int = 0
    """All that was ever frozen: always what was returned, lifted, and is frozen now (SEMANTICS 3)."""
    returned: int = 0
    """Paid back out of it, less what bounced."""
    lifted: int = 0
    """Released, reduced, lapsed, or gone without a receipt."""
    beyond: int = 0
    """What the institution says that it paid and never was frozen: an incident."""
    stops_before: int = 0
    """Stops that another system had spent before its hold was taken over."""

    @property
    def is_live(self) -> bool:
        """Whether the institution holds money for the case."""
        return self.state in LIVE

    @property
    def stops_spent(self) -> int:
        """How many of the law's stops of this account this case has used."""
        return self.stops_before + sum(tracked.spends_a_stop for tracked in self.orders)

    @property
    def asked(self) -> int:
        """What the newest order that tells an amount asks for, answered or not."""
        told = [
            tracked
            for tracked in self.orders
            if tracked.period == self.period
            and tracked.order.kind in MOVING
            and tracked.issued_at is not None
            and not (self._is_refused(tracked))
        ]
        if not told:
            return 0
        return max(0, told[-1].order.amount - (self.gone - told[-1].gone_before))

    @property
    def gone(self) -> int:
        """What payments back took away in all, less what came back."""
        return self.returned + self.beyond

    @property
    def frozen_live(self) -> int:
        """What is frozen now; a stop freezes nothing."""
        return self.held if self.is_live and self.basis is OrderKind.FREEZE else 0

    @property
    def paying(self) -> int:
        """What payments back take away that are on their way."""
        return sum(
            t.order.amount
            for t in self.orders
            if t.order.kind is OrderKind.PAY_BACK and t.is_on_its_way
        )

    def _is_refused(self, tracked: Tracked) -> bool:
        """Whether an order left things as they were. A release of what nobody answered yet stands, whatever was said of it."""
        is_early = tracked.order.kind is OrderKind.RELEASE and self.state is HoldState.ASKED
        return tracked.is_refused and not is_early

    @property
    def is_unclear(self) -> bool:
        """Whether an institution did something that nobody here understands, and has not said it in known words."""
        return self.state is HoldState.ASKED and any(
            tracked.unclear and tracked.is_on_its_way and tracked.period == self.period
            for tracked in self.orders
        )

    @property
    def excess(self) -> int:
        """What is held beyond what was asked for, because the institution can do no other."""
        return max(0, self.held - self.asked)

    @property
    def payable(self) -> int:
        """What may be paid back of it, orders on their way not counted: what is held beyond what was asked is the holder's."""
        return min(self.held, self.asked)

    @property
    def word(self) -> str:
        """The one word a clerk would say: the order's until an institution answered, then the hold's."""
        if self.state is not HoldState.ASKED or not self.orders:
            return self.state.value
        if self.is_unclear:
            return UNCLEAR
        return self.orders[-1].state.value

    def find(self, order_id: str) -> Tracked | None:
        """Return the order of that id, if it is about this hold."""
        return next((tracked for tracked in self.orders if tracked.order.id == order_id), None)

    def with_order(self, tracked: Tracked) -> Hold:
        """Return the hold with this order added, or put in the place of the one with its id."""
        kept = tuple(
            tracked if other.order.id == tracked.order.id else other for other in self.orders
        )
        return replace(self, orders=kept if self.find(tracked.order.id) else (*kept, tracked))
