"""The link of a bank's watch: keeps its copy of what the centre and the agent bind, and tells the centre of stolen money.

    GET  {centre}/institutions/{id}/messages?after=ORIGIN:VERSION:DIGEST   a signed ask for `changes`: the next ones, signed
    POST {centre}/institutions/{id}/answers                                a signed sighting

Two threads meet here and share no state but queues: the stream's (`settle`, `saw`), which waits for nobody, and one that may
wait for the centre (`poll`, `post`).

1. A change is carried out once, in order. A gap is asked for again; a chain that does not go on from ours is taken whole.
2. The agent's holds and the watch's are one hold each: the agent's order names the whole amount, the copy takes that amount
   over, and what the watch had caught before is part of it. The core system's block and the stream's hold keep the same money:
   a payment needs both to let it go, and neither adds to the other.
3. What the watch saw is written into the agent's books first, and posted until the centre took it.
4. With the centre away all that was told goes on binding; `is_old` says so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from queue import Empty, SimpleQueue
from typing import Final, Protocol

import msgspec

from recoup import limits
from recoup.bank.holds import BankHold
from recoup.bank.polling import Heard, Line
from recoup.bank.statements import fitting, shown_from
from recoup.clock import Clock, instant_of, microseconds_of
from recoup.errors import MessageFault, MessageProblem, StateFault, StateProblem
from recoup.messages import (
    Asked,
    AskMessage,
    ChangesMessage,
    HolderTerms,
    Message,
    Minor,
    Opened,
    OrderMessage,
    SightingKind,
    SightingMessage,
    StatementRow,
    change_of,
)
from recoup.orders import OrderKind
from recoup.watch.stolen import Held, Moved, Names, Refusal, StolenFlow, Taken, Tiding, way_of
from recoup.watch.told import Change, ClaimOpened, HoldAsked, Measured, Traced, What, chain

COPY_SECONDS_MAX: Final = 30.0
"""A copy that was confirmed longer ago than this says that it is old."""
_Place = tuple[str, str, str]
"""Case, account number and currency: what a hold is one of."""
_QUIET: Final = frozenset({OrderKind.QUERY, OrderKind.WATCH})


class Book(Names, Protocol):
    """Which of the bank's words the stream's numbers mean, both ways."""

    def account(self, pocket: int) -> tuple[str, str] | None:
        """Return number and currency of a pocket; None for the outside."""

    def payment(self, row: int) -> tuple[str, str, str]:
        """Return the bank's number of a payment, and number and institution of its payee; '' for what it does not know."""


class Speaker(Protocol):
    """Who speaks for the institution: its agent, or its `Post` where the watch runs without one."""

    obeyed: Callable[[OrderMessage], None]

    def open(self, data: bytes, kind: type) -> Opened:
        """Return a message from the centre."""

    def sealed(self, message: Message) -> bytes:
        """Return a message signed for the centre."""

    def write(self, message: SightingMessage) -> None:
        """Keep a letter for the centre, once."""

    def show(self, look: Callable[[list[BankHold]], None]) -> None:
        """Show the holds that stand."""

    def measured(
        self, told: Sequence[Measured], terms: HolderTerms | None, *, is_whole: bool = False
    ) -> None:
        """Draw up what holders are told of measures, each once."""

    def waiting(self, limit: int) -> list[tuple[int, Message]]:
        """Return the next letters that the centre does not have, with their places."""

    def handed_over(self, place: int, declined: str = "") -> None:
        """Note that the centre has all letters up to a place, or why it will never take that one."""


class Statements(Protocol):
    """Where an account's booked rows are read."""

    def statement(
        self, number: str, currency: str, since: datetime, until: datetime
    ) -> Sequence[StatementRow]:
        """Return the booked rows of both directions from `since` to `until`, in booking order."""


class Followed(Protocol):
    """The copy that a link carries changes to: `Copy`, or one that writes down what it takes."""

    @property
    def flow(self) -> StolenFlow:
        """The stream that it binds."""

    @property
    def origin(self) -> str:
        """Which chain it is a copy of."""

    @property
    def version(self) -> int:
        """The last change that it has."""

    @property
    def digest(self) -> bytes:
        """Of all changes up to that."""

    def take(self, change: Change) -> tuple[Taken, Refusal | None]:
        """Take one change."""

    def renew(
        self, origin: str, changes: Sequence[Change], cut_us: int
    ) -> list[tuple[What, Refusal]] | None:
        """Take a whole chain."""

    def confirm(self, at_us: int) -> None:
        """Note that there was no more at that time."""

    def is_older(self, than_us: int, now_us: int) -> bool:
        """Whether nothing was heard for longer than this."""

    def hear(self, time_us: int, what: What, *, is_own: bool = False) -> Refusal | None:
        """Carry out what the agent says of a hold."""


@dataclass(frozen=True, slots=True)
class _More:
    """Changes that go on from the copy."""

    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class _Whole:
    """A chain from its beginning."""

    origin: str
    changes: tuple[Change, ...]
    cut_us: int


@dataclass(frozen=True, slots=True)
class _Confirmed:
    """There was no more at that time."""

    at_us: int


@dataclass(frozen=True, slots=True)
class _Obeyed:
    """How a hold stands in the agent's books."""

    time_us: int
    asked: HoldAsked


@dataclass(frozen=True, slots=True)
class _Seen:
    """One account of a sighting, still in the stream's numbers' words; its statement is read when it is written."""

    kind: SightingKind
    case: str
    claim: str
    account: str
    currency: str
    amount: int
    since_us: int
    at_us: int
    mark: int
    """The row that it is about: the same is told once."""
    until_us: int | None = None
    payment: tuple[str, str, str] = ("", "", "")


_Unsaid = tuple[list[_Seen], list[tuple[str, int, int]]]


class Link:
    """One bank's link. `settle` and `saw` belong to the stream's thread, `poll` and `post` to another."""

    def __init__(
        self,
        agent: Speaker,
        line: Line,
        copy: Followed,
        book: Book,
        core: Statements,
        *,
        institution: str,
        clock: Clock,
        heard: Heard = lambda what: None,  # noqa: ARG005 - named for the reader
    ) -> None:
        """Put it between agent, centre and stream; from now on the agent's orders reach the copy as they are obeyed."""
        self.copy, self.book = copy, book
        self._agent, self._line, self._core = agent, line, core
        self._institution, self._clock, self._heard = institution, clock, heard
        self._inbox: SimpleQueue[_More | _Whole | _Confirmed | _Obeyed] = SimpleQueue()
        self._seen: deque[_Seen] = deque()
        """What is not a letter yet: put by the stream's thread, taken by the other."""
        self._has = (copy.origin, copy.version, copy.digest)
        """What the copy will have once the inbox is settled."""
        self._came: dict[tuple[str, int], int] = {}
        """When a case's money was first seen coming to a pocket: behind a hold the rows alone do not say it."""
        self._books: dict[_Place, HoldAsked] = {}
        """How the agent's holds stood last; read and written while the agent shows them."""
        agent.obeyed = self._obeyed

    # --- the stream's thread ---

    def resume(self) -> None:
        """Go on from what the copy has: a log brought it back. What was seen of its cases is told again, the same once."""
        self._has = (self.copy.origin, self.copy.version, self.copy.digest)
        for case in sorted({case for case, _ in self.flow.pictures.facts.numbers}):
            self._tell_way(case)

    def unsaid(self) -> bytes:
        """Return what was seen and is no letter yet, and when money came; on the stream's thread."""
        came = [(case, pocket, time_us) for (case, pocket), time_us in self._came.items()]
        return msgspec.msgpack.encode((list(self._seen), came))

    def say_again(self, given: bytes) -> None:
        """Take that after a start, before anything is seen; a letter that was written meanwhile is the same: kept once."""
        if not given:
            return
        try:
            seen, came = msgspec.msgpack.decode(given, type=_Unsaid)
        except msgspec.DecodeError as error:
            raise StateFault(StateProblem.SNAPSHOT_DAMAGED, "what was seen") from error
        self._seen, self._came = deque(seen), {(c, pocket): at for c, pocket, at in came}

    def settle(self) -> int:
        """Carry out what has come since; return how much that was. Costs one look when nothing has."""
        count = 0
        while True:
            try:
                one = self._inbox.get_nowait()
            except Empty:
                return count
            count += 1
            match one:
                case _More(changes):
                    for change in changes:
                        self._take(change)
                case _Whole(origin, changes, cut_us):
                    for what, refusal in self.copy.renew(origin, changes, cut_us) or ():
                        self._heard(f"{type(what).__name__} could not be carried out: {refusal}")
                    for case in sorted({_followed(change) for change in changes} - {""}):
                        self._tell_way(case)
                case _Confirmed(at_us):
                    self.copy.confirm(at_us)
                case _Obeyed(time_us, asked):
                    self.copy.hear(time_us, asked, is_own=True)

    def saw(self, tidings: Iterable[Tiding]) -> None:
        """Note what payments and catches did to stolen money; `post` tells the centre."""
        for tiding in tidings:
            match tiding:
                case Moved(case, claim, row, time_us, payer, payee, amount):
                    self._came.setdefault((case, payee), time_us)
                    where = self.book.account(payer)
                    if where is not None:
                        payment = self.book.payment(row)
                        self._tell_way(case, payer)
                        given = (
                            case,
                            claim,
                            *where,
                            amount,
                            self._since(case, payer),
                            time_us,
                            row,
                        )
                        self._seen.append(_Seen(SightingKind.MOVED, *given, payment=payment))
                case Held(case, pocket, _, held, "caught"):
                    self._tell_catch(case, pocket, held)
                case _:
                    continue  # what an order holds its own answer says

    def is_old(self) -> bool:
        """Whether the centre confirmed nothing for longer than `COPY_SECONDS_MAX`; what it told before binds all the same."""
        now_us = microseconds_of(self._clock.now())
        return self.copy.is_older(int(COPY_SECONDS_MAX * 1_000_000), now_us)

    @property
    def flow(self) -> StolenFlow:
        """The stream that the copy binds."""
        return self.copy.flow

    def _take(self, change: Change) -> None:
        taken, refusal = self.copy.take(change)
        assert taken in {Taken.CARRIED_OUT, Taken.REFUSED}, f"looked at when it came, was {taken}"
        if refusal is not None:
            name = type(change.what).__name__
            self._heard(f"change {change.version}, {name}, could not be carried out: {refusal}")
        elif case := _followed(change):
            self._tell_way(case)

    def _tell_way(self, case: str, to: int | None = None) -> None:
        """Tell which accounts of this bank a case's money passed: all, or those before one; their statements say how."""
        now_us = microseconds_of(self._clock.now())
        for pocket, (since_us, amount) in way_of(self.flow, case).items():
            where = self.book.account(pocket)
            if pocket == to or where is None:
                continue
            mark = self.flow.index.last(pocket)
            given = (case, "", *where, amount, since_us, now_us, mark)
            self._seen.append(_Seen(SightingKind.PASSED, *given))

    def _tell_catch(self, case: str, pocket: int, held: int) -> None:
        where = self.book.account(pocket)
        binding = self.flow.bindings.get(pocket, {}).get(case)
        if where is None or binding is None:
            return
        self._tell_way(case, pocket)
        now_us, until_us = microseconds_of(self._clock.now()), binding.caught_until_us
        mark = self.flow.index.last(pocket)
        given = (case, "", *where, held, self._since(case, pocket), now_us, mark, until_us)
        self._seen.append(_Seen(SightingKind.HELD, *given))

    def _since(self, case: str, pocket: int) -> int:
        """Return when a case's money first came to a pocket, as far as its rows are retained."""
        found = way_of(self.flow, case).get(pocket)
        now_us = microseconds_of(self._clock.now())
        return found[0] if found is not None else self._came.get((case, pocket), now_us)

    # --- the thread that may wait ---

    def poll(self) -> int:
        """Ask for changes until there are no more, and read the agent's books; return how many changes came.

        Raises:
            GatewayFault: the centre is away; ask again.
            MessageFault: what came cannot be believed or understood: the copy becomes old, and says so.
        """
        now_us = microseconds_of(self._clock.now())
        self._agent.show(lambda holds: self._read(holds, now_us))
        count, staged = 0, _Whole("", (), 0)
        while True:
            has = (staged.origin, *_last(staged.changes)) if staged.origin else self._has
            message = self._asked(*has)
            changes = tuple(change_of(row) for row in message.changes)
            count += len(changes)
            if message.origin != has[0] or (changes and changes[0].version == 1):
                staged, has = _Whole(message.origin, (), 0), (message.origin, 0, b"")
            if chain([(x.time_us, x.what) for x in changes], has[2], has[1]) != list(changes):
                self._has = ("", 0, b"")  # lost or altered on the way: all of it is asked for next
                raise MessageFault(MessageProblem.FIELD_WRONG, "expected the changes after those")
            at_us = microseconds_of(message.at)
            if staged.origin:
                staged = _Whole(staged.origin, staged.changes + changes, staged.cut_us or at_us)
                version = _last(staged.changes)[0]
            else:
                version = changes[-1].version if changes else has[1]
                self._agent.measured(_measures(changes), message.holders)  # first: a repeat is none
                self._go_on(changes)
            if version >= message.head:
                if staged.origin:
                    told = _measures(staged.changes)
                    self._agent.measured(told, message.holders, is_whole=True)
                self._end(staged, at_us)
                return count
            if not changes or count > 2 * limits.BULLETIN_CHAIN_MAX:
                raise MessageFault(MessageProblem.FIELD_WRONG, "expected changes up to the head")

    def post(self) -> int:
        """Write down what was seen and post all that waits; return how many letters the centre took."""
        while self._seen:
            self._agent.write(self._written(self._seen[0]))
            self._seen.popleft()  # a letter first: what is in neither place would be lost
        count = 0
        while letters := self._agent.waiting(limits.LETTERS_MAX):
            for place, message in letters:
                self._agent.handed_over(place, self._line.declined(self._agent.sealed(message)))
                count += 1
        return count

    def _asked(self, origin: str, version: int, digest: bytes) -> ChangesMessage:
        after = f"{origin}:{version}:{digest.hex()}" if origin else ""
        ask = AskMessage(self._institution, Asked.CHANGES, after=after)
        (entry,) = self._line.waiting(self._agent.sealed(ask), after)
        message = self._agent.open(entry.message.encode(), ChangesMessage).message
        assert isinstance(message, ChangesMessage), "nothing else is taken here"
        return message

    def _go_on(self, changes: tuple[Change, ...]) -> None:
        if changes:
            self._inbox.put(_More(changes))
            self._has = (self._has[0], *_last(changes))

    def _end(self, staged: _Whole, at_us: int) -> None:
        """Hand a whole chain over, and say as of when there is no more."""
        if staged.origin:
            self._inbox.put(staged)
            self._has = (staged.origin, *_last(staged.changes))
        self._inbox.put(_Confirmed(at_us))

    def _written(self, seen: _Seen) -> SightingMessage:
        """Return the letter, with the account's statement since the money came: what an answer to a stop there would bring."""
        since, now = instant_of(seen.since_us), self._clock.now()
        rows = self._core.statement(seen.account, seen.currency, since, now)
        if (earlier := shown_from(rows, seen.account, since)) < since:
            rows = self._core.statement(seen.account, seen.currency, earlier, now)
        shown = fitting(rows)
        text = "\n".join(
            (seen.kind, seen.case, seen.claim, seen.account, seen.currency, str(seen.mark))
        )
        payment, payee, payee_bank = seen.payment
        return SightingMessage(
            f"sighting-{sha256(text.encode()).hexdigest()[:32]}",
            self._institution,
            seen.kind,
            seen.case,
            seen.claim,
            instant_of(seen.at_us),
            seen.account,
            seen.currency,
            Minor(seen.amount),
            payee,
            payee_bank,
            payment,
            None if seen.until_us is None else instant_of(seen.until_us),
            shown,
            len(rows) - len(shown),
        )

    # --- the agent's books ---

    def _obeyed(self, order: OrderMessage) -> None:
        """Hear from the agent's thread that an order was carried out: its hold binds the stream from the next payment on."""
        if order.kind not in _QUIET:
            key = (order.case, order.account_number, order.currency)
            self._agent.show(lambda holds: self._read(holds, microseconds_of(order.issued_at), key))

    def _read(self, holds: list[BankHold], time_us: int, only: _Place | None = None) -> None:
        """Put what changed of the agent's holds into the inbox; of `only`, also that nothing stands there: it was refused."""
        standing = {(x.case, x.account, x.currency): _asked_of(x) for x in holds}
        for key in [only] if only else [*dict.fromkeys((*self._books, *standing))]:
            asked = standing.get(key, HoldAsked(*key, 0, None))
            if asked != self._books.get(key):
                self._inbox.put(_Obeyed(time_us, asked))
            if asked.amount:
                self._books[key] = asked
            else:
                self._books.pop(key, None)


def _asked_of(hold: BankHold) -> HoldAsked:
    amount = limits.POCKET_MINOR_MAX if hold.is_whole else hold.asked
    return HoldAsked(hold.case, hold.account, hold.currency, amount, microseconds_of(hold.ends_at))


def _followed(change: Change) -> str:
    """Return the case whose money is followed from now on; '' for any other change."""
    return change.what.case if isinstance(change.what, ClaimOpened | Traced) else ""


def _measures(changes: tuple[Change, ...]) -> list[Measured]:
    return [change.what for change in changes if isinstance(change.what, Measured)]


def _last(changes: tuple[Change, ...]) -> tuple[int, bytes]:
    return (changes[-1].version, changes[-1].digest) if changes else (0, b"")


__all__ = ["COPY_SECONDS_MAX", "Book", "Link"]
