"""The bank's books of orders and holds in one SQLite file: write-ahead log, every commit synced. Decides nothing.

1. An order is written down before the core system is asked to block anything, and its answer with the hold in one transaction
   before anybody hears of it. So whoever opens the file after a crash finds every order that was begun, and carries it out.
2. An answer is set once and never changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import msgspec

from recoup.bank.core import CorePayment
from recoup.bank.holds import BankHold
from recoup.bank.letters import HolderNotice, NoticeState
from recoup.clock import instant_of, microseconds_of
from recoup.errors import CommitUnknown, StoreFault
from recoup.limits import PAGE_ROWS_MAX
from recoup.stores.sqlite.connection import Connection, DriverConnection, Row
from recoup.stores.sqlite.journal import set_up
from recoup.stores.sqlite.queries import split_queries, statements
from recoup.watch.told import Measured

_VERSION: Final = 6
_LATER: Final = {4: ("make_watch", "make_measure"), 5: ("make_measure",)}
"""Books that a program before this one made: the tables that they get."""
_SQL: Final = files("recoup.bank")
_SEEN: Final = "payments seen"


@dataclass(frozen=True, slots=True)
class Handled:
    """An order that came, and what it was answered; None while it is being carried out."""

    order: str
    body: bytes
    received_at: datetime
    answer: bytes | None


@dataclass(frozen=True, slots=True)
class Watch:
    """An account whose movements are told, as an order said."""

    order: str
    case: str
    account: str
    currency: str
    since: datetime
    ends_at: datetime
    seen: int
    """Rows from `since` on that were told, or were there before."""
    told: int = 0
    """Messages."""
    is_over: bool = False


class BankStore:
    """Orders, holds, ids of sendings, epochs seen, and a few values by name. One thread at a time."""

    def __init__(self, connection: Connection, *, is_durable: bool = True) -> None:
        """Take the books; those that need not be `is_durable` are not asked whether they survive a crash."""
        self._connection = connection
        self._sql = split_queries(_SQL.joinpath("store.sql").read_text(encoding="utf-8"))
        self._is_lost = False
        if is_durable:
            set_up(connection)
        self._ensure_schema()

    @classmethod
    def open(cls, path: Path) -> BankStore:
        """Open the file at `path`; a new one gets the schema."""
        return cls(DriverConnection(path))

    @classmethod
    def in_memory(cls) -> BankStore:
        """Open books that go with the process: for rehearsals."""
        return cls(DriverConnection(None), is_durable=False)

    def handled(self, order: str) -> Handled | None:
        """Return what is known of an order."""
        rows = self._connection.run(self._sql["read_handled"], (order,))
        return Handled(order, rows[0][0], instant_of(rows[0][1]), rows[0][2]) if rows else None

    def unanswered(self) -> list[Handled]:
        """Return the orders that were begun and not answered, oldest first."""
        rows = self._connection.run(self._sql["read_open"])
        return [Handled(row[0], row[1], instant_of(row[2]), None) for row in rows]

    def begin(self, order: str, body: bytes, received_at: datetime) -> None:
        """Write an order down."""
        with self._writing():
            values = (order, body, microseconds_of(received_at))
            self._connection.run(self._sql["add_handled"], values)

    def finish(
        self,
        order: str,
        answer: bytes,
        holds: Sequence[BankHold],
        notice: HolderNotice | None = None,
        watch: Watch | None = None,
    ) -> None:
        """Write an order's answer, the holds and watch that stand after it and what the holder is told, together."""
        with self._writing():
            if watch is not None:
                self._put_watch(watch)
            if notice is not None:
                self._add_notice(notice)
            for hold in holds:
                self._put(hold)
            if not self._connection.run(self._sql["set_answer"], (answer, order)):
                raise StoreFault(f"expected order {order} without an answer")

    def put(self, holds: Sequence[BankHold]) -> None:
        """Write holds as they stand now."""
        if not holds:
            return
        with self._writing():
            for hold in holds:
                self._put(hold)

    def holds(self, account: str, currency: str) -> list[BankHold]:
        """Return all holds of an account in a currency, ended ones too."""
        return [
            _hold_of(row[0])
            for row in self._connection.run(self._sql["read_holds"], (account, currency))
        ]

    def live(self, after: str, limit: int) -> list[BankHold]:
        """Return the next holds that stand, by id."""
        return [
            _hold_of(row[0]) for row in self._connection.run(self._sql["read_live"], (after, limit))
        ]

    def due(self, now: datetime) -> list[BankHold]:
        """Return the holds whose end has come."""
        rows = self._connection.run(self._sql["read_due"], (microseconds_of(now),))
        return [_hold_of(row[0]) for row in rows]

    def next_place(self) -> int:
        """Return a place after every other."""
        ((last,),) = self._connection.run(self._sql["last_place"])
        return (last or 0) + 1

    def remember(self, issuer: str, jti: str, until: datetime, now: datetime) -> bool:
        """Keep a sending's id and return True, or False if it was there: the port `Replays`."""
        with self._writing():
            self._connection.run(self._sql["forget_taken"], (microseconds_of(now),))
            values = (issuer, jti, microseconds_of(until))
            return bool(self._connection.run(self._sql["add_taken"], values))

    def admit(self, issuer: str, epoch: int) -> bool:
        """Keep an epoch that is the sender's highest yet; return False if a higher one was seen: the port `Fence`."""
        name = f"epoch {issuer}"
        seen = int(self.kept(name) or 0)
        if epoch > seen:
            self.keep(name, str(epoch))
        return epoch >= seen

    def keep(self, name: str, value: str) -> None:
        """Keep a value by its name."""
        with self._writing():
            self._connection.run(self._sql["keep"], (name, value))

    def kept(self, name: str) -> str:
        """Return a value by its name, '' if there is none."""
        rows = self._connection.run(self._sql["read_kept"], (name,))
        return str(rows[0][0]) if rows else ""

    def untold(self, now: datetime) -> list[HolderNotice]:
        """Return notices whose time has come and that have not reached their holders."""
        at = microseconds_of(now)
        rows = self._connection.run(self._sql["read_untold"], (at, at, PAGE_ROWS_MAX))
        return [_notice_of(row) for row in rows]

    def notice(self, order: str) -> HolderNotice | None:
        """Return the notice of an order."""
        rows = self._connection.run(self._sql["read_notice"], (order,))
        return _notice_of(rows[0]) if rows else None

    def notices(self) -> list[HolderNotice]:
        """Return the notices that were not given, and those of accounts on which a hold stands."""
        return [_notice_of(row) for row in self._connection.run(self._sql["read_notices"])]

    def tell(self, notice: HolderNotice, letter: str, name: str, body: bytes) -> None:
        """Write what became of a notice, and the message that says so to the centre, together; nothing if it was given."""
        at, until = (x and microseconds_of(x) for x in (notice.at, notice.until))
        values = (notice.state.value, at, notice.way, notice.reason, until, notice.order)
        with self._writing():
            if self._connection.run(self._sql["set_notice"], values):
                self._connection.run(self._sql["add_letter"], (letter, name, body))

    def hold_back(self, order: str, until: datetime | None) -> None:
        """Keep until when the holder is not told of an order, as the centre says now; nothing where the notice was given."""
        with self._writing():
            self._connection.run(self._sql["hold_back"], (until and microseconds_of(until), order))

    def write_letter(self, letter: str, name: str, body: bytes) -> bool:
        """Keep a message for the centre; False if one of that id was kept before."""
        with self._writing():
            return bool(self._connection.run(self._sql["add_letter"], (letter, name, body)))

    def letters(self, after: int, limit: int) -> list[tuple[int, str, bytes]]:
        """Return the next messages for the centre: place, name, body."""
        rows = self._connection.run(self._sql["read_letters"], (after, limit))
        return [(row[0], row[1], row[2]) for row in rows]

    def letters_of(self, name: str) -> list[tuple[int, str, bytes]]:
        """Return all messages of one name for the centre."""
        rows = self._connection.run(self._sql["read_letters_of"], (name,))
        return [(row[0], row[1], row[2]) for row in rows]

    def forget(self, order: str, hold: str) -> None:
        """Lose an order and a hold, as the sandbox does when its script says so."""
        with self._writing():
            self._connection.run(self._sql["forget_order"], (order,))
            self._connection.run(self._sql["forget_hold"], (hold,))

    def hold(self, hold_id: str) -> BankHold | None:
        """Return a hold by the order that began it."""
        rows = self._connection.run(self._sql["read_hold"], (hold_id,))
        return _hold_of(rows[0][0]) if rows else None

    def payment(self, reference: str) -> CorePayment | None:
        """Return what is known of the payment that carries out an order."""
        rows = self._connection.run(self._sql["read_payment"], (reference,))
        return _payment_of(rows[0][0]) if rows else None

    def seen_payments(self) -> int:
        """Return the place of the last payment of the core system that these books have."""
        return int(self.kept(_SEEN) or 0)

    def settle(
        self,
        payment: CorePayment,
        hold: BankHold | None,
        letter: tuple[str, str, bytes] | None = None,
    ) -> None:
        """Write a payment, the hold as it leaves it and what the centre is to hear of it, together."""
        with self._writing():
            values = (payment.transfer.reference, msgspec.json.encode(asdict(payment)))
            self._connection.run(self._sql["put_payment"], values)
            if hold is not None:
                self._put(hold)
            if letter is not None:
                self._connection.run(self._sql["add_letter"], letter)
            self._connection.run(self._sql["keep"], (_SEEN, str(payment.place)))

    def watches(self) -> list[Watch]:
        """Return the watches that run, by order."""
        return [_watch_of(row[0]) for row in self._connection.run(self._sql["read_watches"])]

    def watched(self, watch: Watch, letter: tuple[str, str, bytes] | None = None) -> None:
        """Write how far a watch has come and what the centre is to hear of it, together."""
        with self._writing():
            self._put_watch(watch)
            if letter is not None:
                self._connection.run(self._sql["add_letter"], letter)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def begin_measure(self, measure: Measured, notice: HolderNotice | None) -> None:
        """Write down that a measure binds, and what its holder is to be told, together; once."""
        with self._writing():
            values = (measure.measure, measure.account, measure.until_us)
            self._connection.run(
                self._sql["put_measure"], (*values, msgspec.json.encode(asdict(measure)))
            )
            if notice is not None:
                self._add_notice(notice)

    def end_measure(self, measure: str, notice: HolderNotice | None) -> None:
        """Write down that a measure binds no more, and what its holder is to be told, together; once."""
        with self._writing():
            if self._connection.run(self._sql["end_measure"], (measure,)) and notice is not None:
                self._add_notice(notice)

    def measure(self, measure: str) -> Measured | None:
        """Return a measure as the centre told it when it began, whether it binds or not."""
        rows = self._connection.run(self._sql["read_measure"], (measure,))
        return _measured_of(rows[0][0]) if rows else None

    def measures(self) -> list[Measured]:
        """Return the measures that bind, by id."""
        return [_measured_of(row[0]) for row in self._connection.run(self._sql["read_measures"])]

    def _add_notice(self, notice: HolderNotice) -> None:
        back = notice.held_back_until and microseconds_of(notice.held_back_until)
        values = (notice.order, notice.account, notice.currency, notice.text, back)
        self._connection.run(self._sql["add_notice"], values)

    def _put_watch(self, watch: Watch) -> None:
        values = (watch.order, not watch.is_over, msgspec.json.encode(asdict(watch)))
        self._connection.run(self._sql["put_watch"], values)

    def _put(self, hold: BankHold) -> None:
        self._connection.run(
            self._sql["put_hold"],
            (
                hold.id,
                hold.account,
                hold.currency,
                microseconds_of(hold.ends_at),
                max((part.place for part in hold.parts), default=0),
                hold.ended is None,
                _body_of(hold),
            ),
        )

    def _ensure_schema(self) -> None:
        with self._writing():
            ((version,),) = self._connection.run("PRAGMA user_version")
            if version == 0:
                for statement in statements(
                    _SQL.joinpath("schema.sql").read_text(encoding="utf-8")
                ):
                    self._connection.run(statement)
                self._connection.run(f"PRAGMA user_version = {_VERSION}")
            elif version in _LATER:
                for made in _LATER[version]:
                    self._connection.run(self._sql[made])
                self._connection.run(f"PRAGMA user_version = {_VERSION}")
            elif version != _VERSION:
                raise StoreFault(f"expected the books of version {_VERSION}, was {version}")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Run a block as one transaction; after a commit that failed the connection is not used again."""
        if self._is_lost:
            raise StoreFault("expected a working connection, was one whose commit is unknown")
        self._connection.run("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            try:
                self._connection.run("ROLLBACK")
            except StoreFault:
                self._is_lost = (
                    True  # SQLite rolled back by itself, or cannot: nothing is committed
                )
            raise
        try:
            self._connection.run("COMMIT")
        except StoreFault as fault:
            self._is_lost = True
            raise CommitUnknown(f"expected a commit, was {fault}") from fault


def _notice_of(row: Row) -> HolderNotice:
    order, account, currency, text, state, at, way, reason, until, held_back = row
    return HolderNotice(
        order,
        account,
        currency,
        text,
        NoticeState(state),
        None if at is None else instant_of(at),
        way,
        reason,
        None if until is None else instant_of(until),
        None if held_back is None else instant_of(held_back),
    )


def _body_of(hold: BankHold) -> bytes:
    """Return a hold as it is kept."""
    return msgspec.json.encode(asdict(hold))


def _hold_of(body: Any) -> BankHold:  # noqa: ANN401 - what the driver gives
    try:
        return msgspec.json.decode(body, type=BankHold)
    except msgspec.DecodeError as fault:
        raise StoreFault(f"expected a hold, was something else: {fault}") from fault


def _payment_of(body: Any) -> CorePayment:  # noqa: ANN401 - what the driver gives
    try:
        return msgspec.json.decode(body, type=CorePayment)
    except msgspec.DecodeError as fault:
        raise StoreFault(f"expected a payment, was something else: {fault}") from fault


def _measured_of(body: Any) -> Measured:  # noqa: ANN401 - what the driver gives
    try:
        return msgspec.json.decode(body, type=Measured)
    except msgspec.DecodeError as fault:
        raise StoreFault(f"expected a measure, was something else: {fault}") from fault


def _watch_of(body: Any) -> Watch:  # noqa: ANN401 - what the driver gives
    try:
        return msgspec.json.decode(body, type=Watch)
    except msgspec.DecodeError as fault:
        raise StoreFault(f"expected a watch, was something else: {fault}") from fault


__all__ = ["BankStore", "Handled", "Watch"]
