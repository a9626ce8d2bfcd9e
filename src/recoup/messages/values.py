"""What is said between the centre and an institution, as values. Not how it is written (`codec`) nor signed (`sealing`).

Amounts are minor units of the currency that stands beside them; on the wire they are decimal text. An enum's value that this
version does not know is kept as `Unrecognised`: whoever receives it answers that it cannot do that, and never guesses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType

from recoup.frozen import quickly_made
from recoup.messages.codes import ResultCode
from recoup.orders.kinds import AccountKind, Extent, OrderKind, Outcome
from recoup.unrecognised import Unrecognised

Minor = NewType("Minor", int)
"""Minor units of the nearest `currency` around it: `amount` in its own object, or in the one that holds it."""


class SerialKind(StrEnum):
    """Whose number a payment is asked for by, when the account behind it is not known (按流水号查询)."""

    BANK = "bank"
    """As the paying bank names it: by the reference that both sides have, where there is one, else by its own number."""
    PAYMENT = "payment"
    """A payment institution's order number."""
    POINT_OF_SALE = "point_of_sale"
    """The number that a card terminal printed."""


class Check(StrEnum):
    """What an institution compares before it stops anything [stop-notice-2016]."""

    ACCOUNT = "account"
    NAME = "name"
    CURRENCY = "currency"
    AMOUNT = "amount"
    TIME = "time"
    PAYEE_ACCOUNT = "payee_account"
    """There is no such account where the money is to go."""
    PAYEE_NAME = "payee_name"
    PAYEE_STATE = "payee_state"
    """It is closed, or takes no credits."""


class Paper(StrEnum):
    """What an institution may want to see before it pays back [return-rules art. 12]."""

    APPLICATION = "application"
    """返还申请表"""
    FLOW_TABLE = "flow_table"
    """资金流向表"""
    DECISION = "decision"
    """返还决定书"""
    NOTICE = "notice"
    """协助返还通知书"""
    IDENTITY = "identity"
    """The victim's identity document."""
    PROOF = "proof"
    """That an agent, heir or guardian may receive it."""
    OFFICERS = "officers"
    """The two officers' own papers."""


@dataclass(frozen=True, slots=True)
class Disputed:
    """The transfer that arrived on the account: what the institution finds in its own books before it stops."""

    amount: Minor
    at: datetime
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Swapped:
    """The holder offered this account in the place of another: the grounds of a stop where no disputed money arrived."""

    original: str
    """The order that holds the other account."""
    agreed_by: tuple[str, ...]
    """The centre's names for the persons who agreed; two at least."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Payee:
    """Where a payment back goes, on which decision, who named it, and until when it must be made."""

    account_number: str
    account_name: str
    institution: str
    decision: str
    officers: tuple[str, ...]
    """The centre's ids of those who are named in the notice and answer for it, two at least [return-rules art. 10]."""
    due_at: datetime


@dataclass(frozen=True, slots=True)
class PaidReceipt:
    """A payment back as the institution booked it; of one that came back, its amount and reference and when it came."""

    amount: Minor
    reference: str
    """Its own number of the payment: the same payment always has the same."""
    at: datetime


@dataclass(frozen=True, slots=True)
class NoticeTerms:
    """What the holder is told: who ordered it, on what paper, whom to call [fraud-law art. 32]."""

    authority: str
    documents: tuple[str, ...]
    phone: str


@quickly_made
@dataclass(frozen=True, slots=True)
class OrderMessage:
    """An order, as the institution gets it. The hold that it is about is that of (case, account number, currency)."""

    id: str
    kind: OrderKind | Unrecognised
    case: str
    """The case's reference."""
    institution: str
    account_number: str
    """Empty in a query by a payment's number."""
    account_name: str
    currency: str
    amount: Minor
    """What the hold is to be afterwards; 0 for a release and for what holds nothing."""
    issued_at: datetime
    reason: str
    extent: Extent | Unrecognised = Extent.AMOUNT
    disputed: Disputed | None = None
    """Needed by a stop and an extended stop, unless `swapped` gives their grounds."""
    ends_at: datetime | None = None
    """No later than this, of an order that was answered before: who forgot it would count its term from now. Of the sending."""
    original: str = ""
    """The order that began the hold; may be empty in one that begins it."""
    serial: str = ""
    serial_kind: SerialKind | Unrecognised = SerialKind.BANK
    rows_from: datetime | None = None
    """Statement wanted from; with a stop: since the disputed transfer unless it says otherwise."""
    rows_to: datetime | None = None
    notice: NoticeTerms | None = None
    swapped: Swapped | None = None
    payee: Payee | None = None
    """Needed by a payment back, and by nothing else. Its `amount` is what is to be paid."""
    tell_from: datetime | None = None
    """The holder is not told before this: so two persons decided at the centre. Of the sending: the newest one holds."""
    account_kind: AccountKind | Unrecognised = AccountKind.ORDINARY
    """What lies there, where that is no bank account and the institution said so before: a wallet, a settlement, ..."""

    @property
    def as_ordered(self) -> OrderMessage:
        """Return the order without what belongs to one sending of it: what a repeat is compared by."""
        return replace(self, ends_at=None, tell_from=None)


@dataclass(frozen=True, slots=True)
class FormerHold:
    """An earlier hold of others on the account, which comes first (轮候)."""

    authority: str
    currency: str
    amount: Minor
    ends_at: datetime | None = None


@quickly_made
@dataclass(frozen=True, slots=True)
class StatementRow:
    """A booked transfer as the institution's statement shows it."""

    id: str
    at: datetime
    sequence: int
    payer: str
    payee: str
    amount: Minor
    currency: str
    payer_name: str = ""
    payee_name: str = ""
    payer_institution: str = ""
    payee_institution: str = ""
    kind: str = "transfer"
    reference: str = ""
    balance_after: Minor | None = None
    """Running balance of the account asked about."""


@quickly_made
@dataclass(frozen=True, slots=True)
class AnswerMessage:
    """What an institution says that it did on an order."""

    id: str
    order: str
    institution: str
    outcome: Outcome | Unrecognised
    at: datetime
    currency: str
    held: Minor = Minor(0)
    """What it holds now for this case on this account, in all."""
    code: ResultCode | Unrecognised = ResultCode.DONE
    failed: tuple[Check | Unrecognised, ...] = ()
    """What did not match, when that is why it was refused."""
    available: Minor | None = None
    """What lies on the account beyond every hold, after this one; negative when the account is overdrawn."""
    started_at: datetime | None = None
    """Its own time of the stop or freeze: the term counts from here."""
    ends_at: datetime | None = None
    former: tuple[FormerHold, ...] = ()
    excess: Minor = Minor(0)
    """What is blocked beyond the ordered amount, because only the whole account can be stopped."""
    rows: tuple[StatementRow, ...] = ()
    rows_left: int = 0
    """Rows that did not fit; a query from the last row's time gives them."""
    account_kind: AccountKind | Unrecognised = AccountKind.ORDINARY
    """What the account is for: a protected one needs more people to agree to the next order."""
    remark: str = ""
    receipt: PaidReceipt | None = None
    """Needed with `paid` and `bounced`."""
    papers: tuple[Paper | Unrecognised, ...] = ()
    """What is wanted before it pays, when that is why it was refused."""

    @property
    def queued_behind(self) -> int:
        """Return how many earlier holds of others come first."""
        return len(self.former)


@dataclass(frozen=True, slots=True)
class DigestHold:
    """One hold as it stands in an institution's books."""

    order: str
    """The order that began it."""
    case: str
    account_number: str
    currency: str
    held: Minor
    balance: Minor
    """What lies on the account, holds included."""
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DigestMessage:
    """All holds of an institution at one time, page by page: what confirms a hold a second time, and shows what drifted."""

    institution: str
    at: datetime
    holds: tuple[DigestHold, ...]
    page: int = 1
    pages: int = 1


@dataclass(frozen=True, slots=True)
class AppealMessage:
    """An account holder's objection, filed at the institution."""

    id: str
    order: str
    """The order that began the hold."""
    institution: str
    account_number: str
    filed_at: datetime
    statement: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class NoticeMessage:
    """The holder was told of a hold, or was not yet, and why."""

    id: str
    order: str
    institution: str
    at: datetime
    is_delivered: bool
    way: str = ""
    """Such as letter, app, counter."""
    reason: str = ""
    """Why it is put off."""
    deferred_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class MeasureNoticeMessage:
    """The holder was told of a measure of its account, or of the measure's end; or was not yet, and why."""

    id: str
    measure: str
    """The centre's id of it."""
    institution: str
    at: datetime
    is_delivered: bool
    is_over: bool = False
    """Whether the holder was told that it ended."""
    way: str = ""
    """Such as letter, app, counter."""
    reason: str = ""
    """Why it is put off."""
    deferred_until: datetime | None = None


class Asked(StrEnum):
    """What can be asked for without an order."""

    DIGEST = "digest"
    MESSAGES = "messages"
    """What waits in the centre for an institution that polls."""
    CHANGES = "changes"
    """What binds the institution's stream of payments, after the change that `after` names."""


@dataclass(frozen=True, slots=True)
class AskMessage:
    """Authority for one request without a body: stands in its `Authorization` header."""

    institution: str
    """Whose digest or messages."""
    what: Asked | Unrecognised
    page: int = 1
    after: str = ""
    """Cursor of the last message that was taken."""


@dataclass(frozen=True, slots=True)
class CallMessage:
    """Authority for one request with a body of plain JSON: stands in its `Authorization` header, and binds all of it."""

    institution: str
    """Whose machine asks."""
    path: str
    key: str
    """The request's `Idempotency-Key`."""
    body: str
    """SHA-256 of the body, in hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class RefusalMessage:
    """A message could not be acted on at all: an institution that polls says so with this."""

    institution: str
    at: datetime
    problem: str
    """The problem's name, as in the problem documents of HTTP."""
    message: str = ""
    """The `jti` of the message, where it could be read and believed."""
    order: str = ""
    what: str = ""


class ChangeKind(StrEnum):
    """What a change of the watch's copy is about."""

    CLAIM = "claim"
    """A claim was reported or admitted: the transfer that it disputes arrived at this institution."""
    CLAIM_ENDED = "claim_ended"
    HOLD = "hold"
    """So much is to be held, in all; zero is a release."""
    GOOD_FAITH = "good_faith"
    """The holder gave value in good faith: what arrived exits there."""
    TRACED = "traced"
    """So much of a claim is traced to the account; zero: not any more."""
    LISTED = "listed"
    """An account is on a list, under a keyed hash."""
    MEASURE = "measure"
    """A measure of an account: what of its debits is not let out; no word: it binds no more."""
    APPEAL = "appeal"
    """An appeal against a decision of the watch was decided."""
    CASE_CLOSED = "case_closed"


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change of what binds an institution's stream of payments; which fields count follows from its kind."""

    version: int
    digest: str
    """SHA-256 over all changes up to this one, in hexadecimal digits."""
    at: datetime
    """When it was said; of a hold, when the newest order about it was issued."""
    kind: ChangeKind | Unrecognised
    case: str = ""
    claim: str = ""
    account_number: str = ""
    currency: str = ""
    amount: Minor = Minor(0)
    time: datetime | None = None
    """When the money arrived, or until when it binds; none: no end."""
    reference: str = ""
    """The institution's own number of the transfer or decision, the keyed hash of what is listed, or the centre's id of a
    measure."""
    word: str = ""
    """`reported` or `admitted` of a claim, `involved` or `suspect` of a list, `credit_only red_flag` (kind and ground) of a
    measure, `upheld` or `dismissed` of an appeal; empty: taken off, ended."""
    transfer: str = ""
    """The centre's id of the disputed transfer."""


@dataclass(frozen=True, slots=True)
class HolderTerms:
    """What every holder is told of a measure beside what the measure itself says [fraud-law art. 32]."""

    authority: str
    phone: str
    appeal_seconds: int
    """Within which an objection is decided."""
    lifted_by_proof: tuple[str, ...] = ()
    """Kinds of measures that end when the holder was verified again."""


@dataclass(frozen=True, slots=True)
class ChangesMessage:
    """The next changes for a watch's copy. A copy of another chain than `origin` begins anew, with version 1."""

    institution: str
    at: datetime
    """As of when `head` was the last change."""
    origin: str
    """Names the chain, and is the key of the hashes on lists."""
    head: int
    """Version of the chain's last change; later ones than those here are asked for."""
    changes: tuple[ChangeRow, ...] = ()
    holders: HolderTerms | None = None
    """From the centre's first measure on: what the holders of measured accounts are told."""


__all__ = [
    "AnswerMessage",
    "AppealMessage",
    "AskMessage",
    "Asked",
    "CallMessage",
    "ChangeKind",
    "ChangeRow",
    "ChangesMessage",
    "Check",
    "DigestHold",
    "DigestMessage",
    "Disputed",
    "FormerHold",
    "HolderTerms",
    "MeasureNoticeMessage",
    "Minor",
    "NoticeMessage",
    "NoticeTerms",
    "OrderMessage",
    "PaidReceipt",
    "Paper",
    "Payee",
    "RefusalMessage",
    "SerialKind",
    "StatementRow",
    "Swapped",
]
