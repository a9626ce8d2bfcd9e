"""An agent that goes wrong as its script says: late, silent, twice, other amounts, forgetful, credulous."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from recoup.bank.agent import BLOCK, Agent, AnswerLater, Replied
from recoup.bank.core import CorePayment, Transfer, Unpaid
from recoup.bank.rules import Books, Planned, Refused
from recoup.bank.sandbox.script import Behaviour, Do
from recoup.clock import EPOCH
from recoup.errors import MessageFault, MessageProblem
from recoup.messages import (
    AnswerMessage,
    DigestMessage,
    Message,
    Minor,
    Opened,
    OrderMessage,
    StatementRow,
    decode,
)
from recoup.messages.codec import plain_of
from recoup.messages.keys import from_base64url
from recoup.money import ISO_DIGITS, parse_minor
from recoup.orders import AccountKind, Outcome

_OF_FORM: Final = frozenset(
    {MessageProblem.FIELD_UNKNOWN, MessageProblem.TOO_DEEP, MessageProblem.BODY_MALFORMED}
)


class FaultyAgent(Agent):
    """The agent, with a script between it and the truth."""

    def __init__(self, *given: Any, behaviours: Sequence[Behaviour], **named: Any) -> None:  # noqa: ANN401 - as the agent
        super().__init__(*given, **named)
        self._behaviours = tuple(behaviours)
        self._done: Counter[int] = Counter()
        self._paying: OrderMessage | None = None
        """The payment back that is being carried out."""
        self._owed: dict[str, tuple[datetime, AnswerMessage]] = {}

    def take(self, data: bytes) -> Replied:
        """Take an order, and say of it what the script says, when it says."""
        replied = super().take(data)
        order = replied.order
        late = self._behaviour(Do.LATE, order)
        if late is not None:
            time.sleep(late.seconds)
        if self._behaviour(Do.FORGET, order) is not None:
            self._store.forget(order.id, order.id)
            self._core.lift_block(BLOCK + order.id)
        if self._behaviour(Do.NEVER, order) is not None:
            raise AnswerLater("the script says so")
        later = self._behaviour(Do.LATER, order)
        if later is not None:
            due = self._clock.now() + timedelta(seconds=later.seconds)
            self._owed.setdefault(replied.answer.id, (due, replied.answer))
            raise AnswerLater("the script says so")
        return replied

    def owed(self) -> list[AnswerMessage]:
        """Return the answers whose time has come."""
        now = self._clock.now()
        return [answer for due, answer in list(self._owed.values()) if due <= now]

    def paid(self, answer: str) -> None:
        """Owe it no longer."""
        del self._owed[answer]

    def open(self, data: bytes, kind: type) -> Opened:
        """Return a message; a credulous bank looks at nothing but what it says, a lenient one at what it understands."""
        if self._behaviour(Do.TRUST_ALL, None) is not None:
            return self._unchecked(data, lambda body: body)
        try:
            return super().open(data, kind)
        except MessageFault as fault:
            if fault.problem not in _OF_FORM or self._behaviour(Do.LENIENT, None) is None:
                raise
            return self._unchecked(data, _understood)

    def _unchecked(self, data: bytes, read: Callable[[bytes], bytes]) -> Opened:
        head, payload, _ = data.decode("ascii").split(".")
        header: Any = plain_of(from_base64url(head))
        body = read(from_base64url(payload))
        at = EPOCH + timedelta(seconds=int(header["iat"]))
        return Opened(
            decode(header["typ"], body), header["iss"], header["jti"], at, body, header["epoch"]
        )

    def obey(self, order: OrderMessage, payload: bytes) -> tuple[AnswerMessage, bool]:
        """Carry out an order; the same again gets another answer where the script says so."""
        if self._behaviour(Do.TELL_AT_ONCE, order) is not None:
            order = replace(order, tell_from=None)
        if self._behaviour(Do.FULL_TERM, order) is not None:
            order = replace(order, ends_at=None)
        answer, is_repeat = super().obey(order, payload)
        if is_repeat and self._behaviour(Do.TWICE, order) is not None:
            return replace(answer, id=self._ids.new("answer")), is_repeat
        return answer, is_repeat

    def planned(self, order: OrderMessage, books: Books, now: datetime) -> Planned | Refused:
        """Return what is to be done; a careless bank finds that everything matches."""
        planned = super().planned(order, books, now)
        live, is_refused = books.live(order.case), isinstance(planned, Refused)
        is_payment = live is not None and order.payee is not None
        if is_payment and is_refused and self._behaviour(Do.PAY_BLINDLY, order) is not None:
            return Planned(Outcome.PAID, live)
        is_careless = isinstance(planned, Refused) and planned.failed and books.accounts
        if is_careless and self._behaviour(Do.OBEY_MISMATCH, order) is not None:
            return super().planned(order, _matching(order, books), now)
        return planned

    def _pay_back(self, order: OrderMessage) -> AnswerMessage:
        self._paying = order
        return super()._pay_back(order)

    def ask_core(self, transfer: Transfer) -> CorePayment | Unpaid:
        """Have the core system pay: another amount, twice, not at all, or so that it comes back."""
        order = self._paying
        if self._behaviour(Do.PAY_NEVER, order) is not None:
            return CorePayment(0, transfer, f"never-{transfer.reference}", self._clock.now())
        other = self._behaviour(Do.PAY_AMOUNT, order)
        if other is not None:
            amount = parse_minor(other.amount, ISO_DIGITS.of(transfer.currency))
            transfer = replace(transfer, amount=amount)
        anew = self._behaviour(Do.PAY_ANEW, order)
        if anew is not None:
            transfer = replace(transfer, reference=self._ids.new(transfer.reference))
        found = super().ask_core(transfer)
        if self._behaviour(Do.PAY_TWICE, order) is not None:
            super().ask_core(replace(transfer, reference=f"{transfer.reference}-again"))
        back = self._behaviour(Do.BOUNCE, order)
        core: Any = self._core
        if back is not None and not isinstance(found, Unpaid):
            core.bounce_later(
                transfer.reference, self._clock.now() + timedelta(seconds=back.seconds)
            )
        return found

    def answered(self, order: OrderMessage, answer: AnswerMessage) -> AnswerMessage:
        """Return what is said of an order."""
        amount = self._behaviour(Do.SAY_AMOUNT, order)
        if amount is not None:
            digits = ISO_DIGITS.of(order.currency)
            answer = replace(answer, held=Minor(parse_minor(amount.amount, digits)))
        outcome = self._behaviour(Do.SAY_OUTCOME, order)
        if outcome is not None and outcome.outcome is not None:
            answer = replace(answer, outcome=outcome.outcome)
        is_held = answer.outcome in {Outcome.HELD, Outcome.HELD_SHORT}
        if is_held and self._behaviour(Do.OVERBOOK, order) is not None:
            balance = self._balance(order.account_number, order.currency)
            held = Minor(min(order.amount, balance))
            outcome_said = Outcome.HELD if held == order.amount else Outcome.HELD_SHORT
            answer = replace(answer, held=held, outcome=outcome_said, former=())
        if answer.rows and self._behaviour(Do.SHORT_ROWS, order) is not None:
            answer = replace(answer, rows=answer.rows[:-1])
        if answer.rows and self._behaviour(Do.NO_ROWS, order) is not None:
            answer = replace(answer, rows=())
        return answer

    def digest_page(self, page: int) -> DigestMessage:
        """Return a page of the digest; a bank that hides its holds shows none."""
        found = super().digest_page(page)
        return found if self._behaviour(Do.HIDE, None) is None else replace(found, holds=())

    def letters(self, data: bytes) -> list[dict[str, str]]:
        """Return what waits for the centre; a bank that hides its holds says nothing of its own accord either."""
        found = super().letters(data)
        return found if self._behaviour(Do.HIDE, None) is None else []

    def waiting(self, limit: int) -> list[tuple[int, Message]]:
        """Return what is to be posted to the centre; nothing, where it hides."""
        found = super().waiting(limit)
        return found if self._behaviour(Do.HIDE, None) is None else []

    def _behaviour(self, do: Do, order: OrderMessage | None) -> Behaviour | None:
        """Return the first behaviour of the script that applies now, and count it."""
        for index, found in enumerate(self._behaviours):
            is_meant = found.do is do and (
                order is None
                or (
                    (not found.kinds or order.kind in found.kinds)
                    and (not found.accounts or order.account_number in found.accounts)
                )
            )
            if is_meant and (found.times == 0 or self._done[index] < found.times):
                self._done[index] += 1
                return found
        return None


def _understood(body: bytes) -> bytes:
    """Return an order's JSON without what an order does not have; of a name that stands twice the last counts."""
    known = OrderMessage.__dataclass_fields__
    found: dict[str, object] = json.loads(body)
    return json.dumps({name: value for name, value in found.items() if name in known}).encode()


def _matching(order: OrderMessage, books: Books) -> Books:
    """Return books in which everything is as the order says, save the balance."""
    first = books.accounts[0]
    kind = order.account_kind if isinstance(order.account_kind, AccountKind) else first.kind
    accounts = [replace(first, name=order.account_name, currency=order.currency, kind=kind)]
    arrivals = []
    if order.disputed is not None:
        number, amount = order.account_number, order.disputed.amount
        row = StatementRow("", order.disputed.at, 0, "", number, amount, order.currency)
        arrivals.append(row)
    return replace(books, accounts=accounts, arrivals=arrivals)


__all__ = ["FaultyAgent"]
