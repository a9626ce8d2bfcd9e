"""The bank's agent: takes orders, has the core system block, answers. Speaks no HTTP; `http` and `polling` bring the messages.

One order at a time, in five steps, each of which can be done again: 1. open the message; 2. write the order down; 3. block;
4. write answer and hold down together; 5. answer. Whoever starts the agent after a crash carries out what was written down
(`recover`), and makes the core system's blocks equal to the books.

The same order again gets the first answer; the same id with other content is refused. Ended terms are lifted before anything
else is looked at.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from recoup import limits
from recoup.bank.core import CoreBanking, CorePayment, Transfer, Unpaid
from recoup.bank.holders import HolderDesk
from recoup.bank.holds import BankHold, OtherBlock, allot
from recoup.bank.letters import notice_of
from recoup.bank.paying import Payments
from recoup.bank.post import Post
from recoup.bank.rules import (
    Account,
    Books,
    Concluded,
    Planned,
    Refused,
    Terms,
    conclude,
    lapse,
    plan,
)
from recoup.bank.statements import fitting, named
from recoup.bank.store import BankStore
from recoup.bank.told import AnswerLater, Identity, OrderIdTaken, Replied, difference, ordered
from recoup.bank.watching import Watches
from recoup.clock import Clock
from recoup.errors import MessageFault, MessageProblem
from recoup.ids import Ids
from recoup.messages import (
    AnswerMessage,
    Asked,
    AskMessage,
    DigestHold,
    DigestMessage,
    HolderTerms,
    Message,
    Minor,
    Opened,
    OrderMessage,
    ResultCode,
    SightingMessage,
    StatementRow,
    decode,
    encode,
)
from recoup.orders import OrderKind, Outcome
from recoup.watch.told import Measured

BLOCK: Final = "recoup/"
"""How the names of our blocks in the core system begin."""

STRAY_FOR: Final = timedelta(hours=1)
"""How long a block of ours that no book knows is kept: the books were restored from a backup, and the centre tells again."""

_LOOK: Final = timedelta(days=1)
_CURSOR: Final = re.compile(r"([0-9]{1,18}(-[0-9a-f]{16})?)?", re.ASCII)
_ORDER: Final = "recoup.order.v1"
_ANSWER: Final = "recoup.answer.v1"


class Agent:
    """A bank's side of the wire. Safe to call from several threads: one order at a time."""

    def __init__(
        self,
        identity: Identity,
        store: BankStore,
        core: CoreBanking,
        terms: Terms,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._identity, self._store, self._core = identity, store, core
        self._terms, self._clock, self._ids = terms, clock, ids
        self._holders = HolderDesk(store, identity.institution, clock, ids)
        self._payments = Payments(store, core, identity.institution, BLOCK, self._held)
        self._watches = Watches(store, core, identity.institution, terms.policy, self._held_for)
        self._post = Post(identity, store, clock, ids)
        self._lock = threading.RLock()
        self._strays: dict[str, datetime] = {}
        """Blocks of ours that no order in the books explains, and until when they are kept."""
        self.obeyed: Callable[[OrderMessage], None] = lambda order: None  # noqa: ARG005 - named for the reader
        """Hears of each order once it is carried out: the watch beside the agent holds the same at once."""

    # --- from outside ---

    def recover(self) -> int:
        """Carry out what was begun, and make the core system's blocks equal to the books; return how many were begun."""
        with self._lock:
            begun = self._store.unanswered()
            for handled in begun:
                order = decode(_ORDER, handled.body)
                assert isinstance(order, OrderMessage), "books of orders hold orders"
                self._carry_out(order)
            self.tick()
            self._restore_blocks()
            return len(begun)

    def take(self, data: bytes) -> Replied:
        """Take a signed order and return the signed answer.

        Raises:
            MessageFault: it cannot be believed or read.
            OrderIdTaken: the id stands for another order.
            GatewayFault: the core system did not answer; the order is written down and is carried out at the next try.
        """
        with self._lock:
            opened = self.open(data, OrderMessage)
            order = opened.message
            assert isinstance(order, OrderMessage), "only orders are taken here"
            answer, is_repeat = self.obey(order, opened.payload)
            return Replied(self.sealed(answer), order, answer, is_repeat)

    def open(self, data: bytes, kind: type) -> Opened:
        """Return a message from the centre; raise `MessageFault` for any other."""
        return self._post.open(data, kind)

    def obey(self, order: OrderMessage, payload: bytes) -> tuple[AnswerMessage, bool]:
        """Carry out an order that is believed; return the answer and whether it was given before."""
        if not order.id or not order.case:
            raise MessageFault(MessageProblem.FIELD_WRONG, "expected an id and a case")
        known = self._store.handled(order.id)
        if known is not None and ordered(known.body) != order.as_ordered:
            raise OrderIdTaken(difference(known.body, order))
        if known is not None and known.answer is not None:
            self._holders.hold_back(order.id, order.tell_from)
            first = decode(_ANSWER, known.answer)
            assert isinstance(first, AnswerMessage), "books of answers hold answers"
            return first, True
        if known is None:
            self._store.begin(order.id, payload, self._clock.now())
        answer = self._carry_out(order)
        self.obeyed(order)
        return answer, False

    def digest(self, data: bytes) -> bytes:
        """Return the signed page of holds that a signed request asks for."""
        with self._lock:
            ask = self.open(data, AskMessage).message
            assert isinstance(ask, AskMessage), "only requests are taken here"
            if ask.what is not Asked.DIGEST or ask.page < 1:
                raise MessageFault(MessageProblem.FIELD_WRONG, "expected a page of the digest")
            return self.sealed(self.digest_page(ask.page))

    def digest_page(self, page: int) -> DigestMessage:
        """Return a page of all holds that stand, by the id of the order that began them; a page too far is empty."""
        with self._lock:
            self.tick()
            now, holds = self._clock.now(), self._all_live()
            size = limits.DIGEST_HOLDS_MAX
            shown = holds[(page - 1) * size : page * size]
            pages = max(1, -(-len(holds) // size))
            entries = tuple(self._digest_hold(hold) for hold in shown)
            return DigestMessage(self._identity.institution, now, entries, page, pages)

    def owed(self) -> Sequence[AnswerMessage]:
        """Return the answers that come later than their orders and are ready now; an agent that answers at once owes none."""
        return ()

    def paid(self, answer: str) -> None:
        """Note that the centre has an answer that was owed, or will never take it."""
        raise AssertionError(f"nothing is owed, {answer} neither")

    def tick(self) -> int:
        """End the holds whose term is over; return how many."""
        with self._lock:
            ended = lapse(self._store.due(self._clock.now()), self._clock.now())
            self._store.put(ended)
            for hold in ended:
                self._core.lift_block(BLOCK + hold.id)
            self._payments.follow(self._clock.now())
            self._lift_strays(self._clock.now())
            return len(ended)

    # --- what the bank says of its own accord ---

    def tell_holders(self) -> int:
        """Tell the holders of new holds, and have the centre hear of it; return how many. What was broken off is done again."""
        with self._lock:
            return self._holders.tell(self._core)

    def measured(
        self, told: Sequence[Measured], terms: HolderTerms | None, *, is_whole: bool = False
    ) -> None:
        """Draw up what holders are told of measures that begin and end; `is_whole`: no other binds."""
        with self._lock:
            zone = ZoneInfo(self._terms.policy.timezone)
            self._holders.measured(told, terms, self._terms.locale, zone, is_whole=is_whole)

    def look(self) -> int:
        """Have the centre hear of what moved on watched accounts; return how many messages that makes."""
        with self._lock:
            return self._watches.look(self._clock.now())

    def file_appeal(self, order: str, statement: str, phone: str = "") -> str:
        """Take in a holder's objection to the hold that an order began, for the centre; return its id.

        Raises:
            MessageFault: no such order began a hold here, or nothing is said.
        """
        with self._lock:
            return self._holders.file_appeal(order, statement, phone)

    def write(self, message: SightingMessage) -> None:
        """Have the centre told of stolen money that the watch beside the agent saw; the same once."""
        with self._lock:
            self._post.write(message)

    def show(self, look: Callable[[list[BankHold]], None]) -> None:
        """Show the holds that stand; no order is carried out meanwhile."""
        with self._lock:
            self.tick()
            look(self._all_live())

    def letters(self, data: bytes) -> list[dict[str, str]]:
        """Return what waits here for the centre, after the cursor of its signed request, each message signed now."""
        with self._lock:
            ask = self.open(data, AskMessage).message
            assert isinstance(ask, AskMessage), "only requests are taken here"
            if ask.what is not Asked.MESSAGES or _CURSOR.fullmatch(ask.after) is None:
                raise MessageFault(MessageProblem.FIELD_WRONG, "expected messages and a cursor")
            self.tick()  # what came back since is among them
            self.tell_holders()
            self.look()
            found = self._holders.letters(ask.after, limits.LETTERS_MAX)
            return [
                {"cursor": cursor, "message": self.sealed(message).decode()}
                for cursor, message in found
            ]

    def waiting(self, limit: int) -> list[tuple[int, Message]]:
        """Return the next messages that the centre does not have, with their places."""
        with self._lock:
            self.tick()
            self.tell_holders()
            self.look()
            return self._holders.waiting(limit)

    def handed_over(self, place: int, declined: str = "") -> None:
        """Note that the centre has all messages up to a place, or why it will never take that one."""
        with self._lock:
            self._holders.handed_over(place, declined)

    def sealed(self, message: Message) -> bytes:
        """Return a message signed for the centre, under a sending id of its own."""
        return self._post.sealed(message)

    # --- one order ---

    def _carry_out(self, order: OrderMessage) -> AnswerMessage:
        """Plan, block, read off, write down. Everything up to the last line can be done again with the same effect."""
        self.tick()
        if order.kind is OrderKind.PAY_BACK:
            return self._pay_back(order)
        number = self._account_number(order)
        books = self._books(order, number)
        planned = self.planned(order, books, self._start_of(order, number))
        if not self._watches.fits(order):
            planned = Refused(ResultCode.NOT_SUPPORTED_OTHER)
        if isinstance(planned, Refused):
            answer = self._refusal(order, planned)
            self._store.finish(order.id, encode(answer), ())
            return answer
        hold = planned.hold
        if hold is not None:
            self._block(hold)
        done = self._read_off(order, number, planned, books)
        if done.outcome is Outcome.MOVED and hold is not None:
            self._core.lift_block(BLOCK + hold.id)
            hold = None
        shown = books.live(order.case) if done.outcome is Outcome.INFORMED else hold
        said = self._answer(order, number, shown, done, books)
        watch, said = self._watches.begun(order, said)
        answer = self.answered(order, said)
        notice = None
        if hold is not None and (planned.opens or done.outcome is Outcome.FROZEN):
            zone = ZoneInfo(self._terms.policy.timezone)
            notice = notice_of(order, hold, done.held, self._terms.locale, zone)
        holds = () if hold is None else (hold,)
        self._store.finish(order.id, encode(answer), holds, notice, watch)
        return answer

    def _pay_back(self, order: OrderMessage) -> AnswerMessage:
        """Pay, unless it was paid before; follow the booking; write down. All of it can be done again with the same effect."""
        now = self._clock.now()
        made = self._payments.made(order)
        if made is None:
            planned = self.planned(order, self._books(order, order.account_number), now)
            made = self._payments.pay(order, planned, self.ask_core, now)
        if isinstance(made, Refused):
            answer = self._refusal(order, made)
        else:
            answer = self._payments.receipt(order, made, self._ids.new("answer"), now)
            answer = self.answered(order, answer)
        self._store.finish(order.id, encode(answer), ())
        return answer

    def ask_core(self, transfer: Transfer) -> CorePayment | Unpaid:
        """Have the core system pay; the sandbox may do otherwise."""
        return self._core.pay_back(transfer)

    def _held(self, hold: BankHold) -> int:
        """Return what a hold, as it is to stand, holds of what lies on its account now."""
        others = [x for x in self._store.holds(hold.account, hold.currency) if x.id != hold.id]
        balance = self._balance(hold.account, hold.currency)
        blocks = self._others(hold.account, hold.currency)
        return allot(balance, [*others, hold], blocks).get(hold.id, 0)

    def _held_for(self, case: str, account: str, currency: str) -> int:
        """Return what a case holds now on an account."""
        holds = self._store.holds(account, currency)
        live = next((x for x in holds if x.case == case and x.ended is None), None)
        return self._held(live) if live is not None else 0

    def _start_of(self, order: OrderMessage, number: str) -> datetime:
        """Return when the stop begins: now, unless its block was set before a crash and stands since then."""
        blocks = self._core.blocks(number, order.currency) if number else ()
        return next((x.placed_at for x in blocks if x.id == BLOCK + order.id), self._clock.now())

    def planned(self, order: OrderMessage, books: Books, now: datetime) -> Planned | Refused:
        """Return what is to be done; the sandbox may do otherwise."""
        return plan(order, books, self._terms, now)

    def answered(self, order: OrderMessage, answer: AnswerMessage) -> AnswerMessage:  # noqa: ARG002
        """Return what is said of it; the sandbox may say otherwise."""
        return answer

    def _account_number(self, order: OrderMessage) -> str:
        if order.kind is OrderKind.QUERY and not order.account_number:
            return self._core.find_serial(order.serial, order.serial_kind) or ""
        return order.account_number

    def _books(self, order: OrderMessage, number: str) -> Books:
        accounts = self._core.find(number) if number else ()
        arrivals: Sequence[StatementRow] = ()
        if order.disputed is not None and any(x.currency == order.currency for x in accounts):
            at = order.disputed.at
            arrivals = self._core.statement(number, order.currency, at - _LOOK, at + _LOOK)
        holds = self._store.holds(number, order.currency)
        return Books(accounts, holds, arrivals, self._store.next_place())

    def _block(self, hold: BankHold) -> None:
        if hold.ended is not None:
            self._core.lift_block(BLOCK + hold.id)
            return
        amount = None if hold.is_whole else hold.asked
        self._core.set_block(BLOCK + hold.id, hold.account, hold.currency, amount, hold.ends_at)

    def _read_off(
        self, order: OrderMessage, number: str, planned: Planned, books: Books
    ) -> Concluded:
        hold = planned.hold
        holds = [x for x in books.holds if hold is None or x.id != hold.id]
        if hold is not None:
            holds.append(hold)
        balance = self._balance(number, order.currency)
        others = self._others(number, order.currency)
        return conclude(order, planned, balance, holds, others)

    def _balance(self, number: str, currency: str) -> int:
        found: Sequence[Account] = self._core.find(number)
        return next((x.balance for x in found if x.currency == currency), 0)

    def _others(self, number: str, currency: str) -> list[OtherBlock]:
        return [
            OtherBlock(x.authority, x.amount, x.placed_at, x.ends_at)
            for x in self._core.blocks(number, currency)
            if not x.id.startswith(BLOCK)
        ]

    def _refusal(self, order: OrderMessage, refused: Refused) -> AnswerMessage:
        return self.answered(
            order,
            AnswerMessage(
                id=self._ids.new("answer"),
                order=order.id,
                institution=self._identity.institution,
                outcome=Outcome.REFUSED,
                at=self._clock.now(),
                currency=order.currency,
                code=refused.code,
                failed=refused.failed,
                papers=refused.papers,
            ),
        )

    def _answer(
        self,
        order: OrderMessage,
        number: str,
        hold: BankHold | None,
        done: Concluded,
        books: Books,
    ) -> AnswerMessage:
        now = self._clock.now()
        rows: Sequence[StatementRow] = ()
        if done.rows_since is not None:
            until = order.rows_to or now
            rows = self._core.statement(number, order.currency, done.rows_since, until)
        if not order.account_number and books.accounts:
            rows = named(rows, number, books.accounts[0].name)
        shown = fitting(rows)
        is_live = hold is not None and hold.ended is None
        return AnswerMessage(
            id=self._ids.new("answer"),
            order=order.id,
            institution=self._identity.institution,
            outcome=done.outcome,
            at=now,
            currency=order.currency,
            held=Minor(done.held),
            code=ResultCode(done.code),
            available=Minor(done.available),
            started_at=hold.since if hold is not None and is_live else None,
            ends_at=hold.ends_at if hold is not None and is_live else None,
            former=done.former,
            excess=Minor(done.excess),
            rows=shown,
            rows_left=len(rows) - len(shown),
            account_kind=books.kind(order.currency),
        )

    # --- all holds ---

    def _all_live(self) -> list[BankHold]:
        found: list[BankHold] = []
        while page := self._store.live(found[-1].id if found else "", limits.PAGE_ROWS_MAX):
            found += page
        return found

    def _digest_hold(self, hold: BankHold) -> DigestHold:
        what = (hold.id, hold.case, hold.account, hold.currency)
        balance, held = self._balance(hold.account, hold.currency), self._held(hold)
        return DigestHold(*what, Minor(held), Minor(balance), hold.ends_at)

    def _restore_blocks(self) -> None:
        """Set every block that the books have, and lift those of ours that they have ended: the books are what was answered.

        A block of which they never heard says that they are older than it. Lifting it would free money that the centre takes
        for held; it stays a while, and the order that comes again counts from when it was set.
        """
        live = self._all_live()
        for hold in live:
            self._block(hold)
        known = {BLOCK + hold.id for hold in live}
        until = self._clock.now() + STRAY_FOR
        for name in self._core.own_blocks():
            if name in known:
                continue
            if self._store.handled(name.removeprefix(BLOCK)) is None:
                self._strays[name] = until
            else:
                self._core.lift_block(name)

    def _lift_strays(self, now: datetime) -> None:
        """End the blocks that nobody came to explain, and those whose order came and began no hold: no term would end them."""
        if not self._strays:
            return
        live = {hold.id for hold in self._all_live()}
        for name, until in list(self._strays.items()):
            known = self._store.handled(name.removeprefix(BLOCK))
            is_open = known.answer is None if known is not None else now < until
            if is_open:
                continue
            if name.removeprefix(BLOCK) not in live:
                self._core.lift_block(name)
            del self._strays[name]


__all__ = ["BLOCK", "Agent", "AnswerLater", "Identity", "OrderIdTaken", "Replied"]
