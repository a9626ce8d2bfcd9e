"""The port `CentrePort`: what the API asks of the centre. The desk implements it; whatever else does must keep its promises.

1. `submit` returns after the command's effect is on disk, or when it is known to have none.
2. `view` shows only what is on disk, and all that was answered before.
3. Nothing of the vault is returned whose reading was not journalled, save to log its owner in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from recoup.centre.commands import Command, Outcome
from recoup.centre.desk import Backlog
from recoup.centre.facts import Grounds
from recoup.centre.mailbox import Waiting
from recoup.journal.record import Record
from recoup.messages import AnswerMessage
from recoup.orders import Answer, Hold, Order, Tracked
from recoup.paper.words import Language
from recoup.staff import Directory, Target
from recoup.stores.vault import Purpose


class View(Protocol):
    """What can be looked at."""

    @property
    def staff(self) -> Directory:
        """Units, persons, sessions, duties."""
        ...

    @property
    def accounts(self) -> dict[str, str]:
        """The institution at which an account lies."""
        ...

    def find(self, order_id: str) -> tuple[Hold, Tracked] | None:
        """Return an order and its hold."""
        ...

    def every(self) -> Iterator[Hold]:
        """Yield all holds."""
        ...

    def of_case(self, case: str) -> Iterator[tuple[Hold, Tracked]]:
        """Yield a case's orders."""
        ...

    def of_institution(self, institution: str) -> Iterator[tuple[Hold, Tracked]]:
        """Yield the orders issued to an institution."""
        ...

    def target_of_case(self, case: str) -> Target:
        """Return what a case is to the table of rights."""
        ...

    def target_of_order(self, order: Order) -> Target:
        """Return what an order is to it."""
        ...

    def target_of_account(self, case: str, account: str) -> Target | None:
        """Return what an account of a case is to it; None when it is none of the case."""
        ...


class CentrePort(Protocol):
    """The centre, as far as persons reach it over HTTP."""

    @property
    def is_ready(self) -> bool:
        """Whether commands are taken."""
        ...

    def now(self) -> datetime:
        """Return the time."""
        ...

    def new_id(self, kind: str) -> str:
        """Return an id that was never given before."""
        ...

    def digest(self, purpose: str, data: bytes) -> bytes:
        """Return 32 bytes that only the centre's key makes of `data`."""
        ...

    async def submit(self, command: Command) -> Outcome:
        """Carry out a command."""
        ...

    def view(self) -> View:
        """Return what can be looked at now; not to be kept."""
        ...

    def happened(self, after: int, limit: int) -> Sequence[Record]:
        """Return the next records after one."""
        ...

    def last(self) -> int:
        """Return the number of the last record."""
        ...

    def backlog(self) -> Backlog:
        """Return what is late or waits."""
        ...

    async def hand_out(self, institution: str, ask: bytes, after: str) -> Sequence[Waiting]:
        """Return what waits for an institution that polls; raise what `Mailbox.hand_out` raises."""
        ...

    async def take_signed(self, institution: str, data: bytes) -> None:
        """Take in what an institution says; raise what `Mailbox.take` raises."""
        ...

    def answer_of(self, message: AnswerMessage) -> Answer:
        """Return an answer in the words of orders."""
        ...

    async def order_paper(self, order_id: str, language: Language, timezone: str) -> bytes | None:
        """Return an issued order as PDF, signed; None where the centre has no signing key."""
        ...

    async def keep_rows(self, order: Order, message: AnswerMessage) -> None:
        """Keep the rows of an answer that was recorded, and tell the case of them."""
        ...

    async def enter_account(self, command: Command, number: str, name: str) -> Outcome:
        """Make an account known to a case, number and name kept in the vault."""
        ...

    async def keep_grounds(self, order_id: str, grounds: Grounds) -> None:
        """Keep by which transfer the money came that an order is about."""
        ...

    async def read_account(self, account: str, field: str, purpose: Purpose) -> str | None:
        """Return a piece about an account whose reading was journalled."""
        ...

    async def find_person(self, login_name: str) -> str | None:
        """Return the person who logs in under this name."""
        ...

    async def reserve_person(self, login_name: str) -> str:
        """Return the id that goes with a login name."""
        ...

    async def keep_factor(self, reference: str, secret: str) -> None:
        """Keep a second factor's secret."""
        ...

    async def factor(self, reference: str, person: str) -> str | None:
        """Return a second factor's secret; None if there is none."""
        ...


__all__ = ["CentrePort", "View"]
