"""Institutions for the bench, in a process of their own: they note when an order's bytes came, and answer at a given rate.

What they stand for: banks on whose accounts stolen money was passed on at once. The account that an order is about got the
money, sent seven tenths of it to one account elsewhere and the rest to another; after `HOPS` hops it lies still. Each answer
brings the account's statement of some two hundred rows. Orders are not verified here, answers are signed for the centre.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from time import perf_counter
from typing import Any, Final

from recoup.messages import AnswerMessage, Minor, SigningKey, StatementRow, generate_key, seal
from recoup.orders import Outcome

COUNT: Final = 100
HOPS: Final = 6
LOSS: Final = 10_000_000
PAIRS: Final = 99
"""Credits that were spent again before the stolen money came."""
CURRENCY: Final = "CNY"


@dataclass(frozen=True, slots=True)
class Spot:
    """An account of the bench: the `hop`-th of a case's chain, on it or beside it."""

    case: int
    hop: int = 0
    is_side: bool = False

    @property
    def number(self) -> str:
        """Return its number."""
        return f"62{self.case:06}{self.hop:02}{int(self.is_side)}"

    @property
    def institution(self) -> str:
        """Return where it lies."""
        return f"bank-{(self.case * 37 + self.hop * 7 + 3 * self.is_side) % COUNT}"

    @property
    def amount(self) -> int:
        """Return what came to it of the loss."""
        whole: int = LOSS * 7**self.hop // 10**self.hop
        return Spot(self.case, self.hop - 1).amount - whole if self.is_side else whole

    @property
    def payer(self) -> str:
        """Return from which number it came."""
        return Spot(self.case, self.hop - 1).number if self.hop else f"61{self.case:06}"

    @property
    def payees(self) -> tuple[Spot, ...]:
        """Return where it went on to."""
        if self.is_side or self.hop == HOPS:
            return ()
        return Spot(self.case, self.hop + 1), Spot(self.case, self.hop + 1, is_side=True)

    @classmethod
    def of(cls, number: str) -> Spot:
        """Return the account of a number."""
        return cls(int(number[2:8]), int(number[8:10]), number[10] == "1")


def arrival(hop: int, start: datetime) -> datetime:
    """Return when the money came to the accounts of a hop."""
    return start + timedelta(minutes=hop)


def _rows(spot: Spot, start: datetime) -> tuple[StatementRow, ...]:
    """Return an account's statement: money of its own that came and went, then the stolen part."""
    came = arrival(spot.hop, start)
    rows: list[StatementRow] = []

    def add(name: str, at: datetime, payer: str, payee: str, amount: int, bank: str) -> None:
        is_credit = payee == spot.number
        balance = (rows[-1].balance_after or 0) if rows else 0
        rows.append(
            StatementRow(
                name,
                at,
                len(rows),
                payer,
                payee,
                Minor(amount),
                CURRENCY,
                payer_institution=bank if is_credit else spot.institution,
                payee_institution=spot.institution if is_credit else bank,
                balance_after=Minor(balance + amount if is_credit else balance - amount),
            )
        )

    for pair in range(PAIRS):
        at, amount = came - timedelta(minutes=2 * PAIRS - 2 * pair), 1_000 + 7 * pair
        other = f"63{spot.number[2:]}{pair:03}"
        bank = f"bank-{(spot.case + pair) % COUNT}"
        add(f"c{other}", at, other, spot.number, amount, bank)
        add(f"d{other}", at + timedelta(minutes=1), spot.number, f"{other}9", amount, bank)
    before = Spot(spot.case, spot.hop - 1).institution if spot.hop else "bank-of-victims"
    add(f"t{spot.number}", came, spot.payer, spot.number, spot.amount, before)
    for number, payee in enumerate(spot.payees):
        at = arrival(payee.hop, start) + timedelta(seconds=number)
        add(f"t{payee.number}", at, spot.number, payee.number, payee.amount, payee.institution)
    return tuple(rows)


@dataclass(slots=True)
class Seen:
    """What one order's account saw, in seconds of one clock."""

    came: float
    """When the whole request was there."""
    answered: float = 0.0
    """When the answer's last byte was handed to the socket."""


@dataclass
class Institutions:
    """All of them, behind one socket."""

    keys: dict[str, SigningKey]
    centre: str
    start: datetime
    tell: Callable[[object], None]
    rate: float = 10.0
    seen: dict[str, Seen] = field(default_factory=dict)
    waiting: deque[tuple[dict[str, Any], asyncio.StreamWriter]] = field(default_factory=deque)
    count: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take requests of one connection."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                size = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
                body = await reader.readexactly(size)
                came = perf_counter()
                payload = body.split(b".")[1]
                order = json.loads(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
                self.seen.setdefault(order["account_number"], Seen(came))
                self.waiting.append((order, writer))
        writer.close()

    async def answer(self) -> None:
        """Answer what waits, so many a second: what came first comes first."""
        due = perf_counter()
        while True:
            due = max(due + 1 / self.rate, perf_counter() - 1)
            await asyncio.sleep(max(0.0, due - perf_counter()))
            if not self.waiting:
                continue
            order, writer = self.waiting.popleft()
            spot = Spot.of(order["account_number"])
            self._write(self._answer(order, spot), writer)
            self.seen[spot.number].answered = perf_counter()
            if spot.hop == HOPS and not spot.is_side:
                self.tell(spot.case)

    def _answer(self, order: dict[str, Any], spot: Spot) -> bytes:
        self.count += 1
        now = datetime.now(UTC)
        amount = 0 if spot.payees else spot.amount
        answer = AnswerMessage(
            f"answer-{self.count}",
            order["id"],
            spot.institution,
            Outcome.HELD if amount else Outcome.MOVED,
            now,
            CURRENCY,
            Minor(amount),
            started_at=now if amount else None,
            ends_at=now + timedelta(hours=48) if amount else None,
            rows=_rows(spot, self.start),
        )
        key = self.keys[spot.institution]
        return seal(answer, key, audience=self.centre, jti=f"j{self.count}", now=now)

    def _write(self, body: bytes, writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/jose\r\ncontent-length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)


def keys_of_all(now: datetime) -> dict[str, SigningKey]:
    """Return a key for each."""
    ends = now + timedelta(days=1)
    names = [f"bank-{n}" for n in range(COUNT)]
    return {name: generate_key(name, now - timedelta(hours=1), ends) for name in names}


def run(channel: Connection, keys: dict[str, SigningKey], centre: str, start: datetime) -> None:
    """Serve until told to stop: the process's whole work. Tells its port, then each case that came to its end.

    A number on the channel is a new rate; None asks for all that was seen, and begins anew.
    """

    async def serving() -> None:
        banks = Institutions(keys, centre, start, channel.send)
        server = await asyncio.start_server(banks.serve, "127.0.0.1", 0, limit=2**21)
        channel.send(server.sockets[0].getsockname()[1])
        answering = asyncio.create_task(banks.answer())
        stopped = asyncio.Event()

        def heard() -> None:
            word = channel.recv() if channel.poll() else None
            match word:
                case float():
                    banks.rate = word
                case "seen":
                    channel.send(dict(banks.seen))
                case "stop":
                    stopped.set()

        asyncio.get_running_loop().add_reader(channel.fileno(), heard)
        ended = asyncio.create_task(stopped.wait())
        await asyncio.wait((ended, answering), return_when=asyncio.FIRST_COMPLETED)
        if answering.done():
            answering.result()  # never ends but by a fault
        answering.cancel()
        server.close()

    asyncio.run(serving())


__all__ = [
    "COUNT",
    "CURRENCY",
    "HOPS",
    "LOSS",
    "Seen",
    "Spot",
    "arrival",
    "keys_of_all",
    "run",
]
