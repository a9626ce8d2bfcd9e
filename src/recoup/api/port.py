"""The port `CentrePort`: what the API asks of the centre. The desk implements it; whatever else does must keep its promises.

1. `submit` returns after the command's effect is on disk, or when it is known to have none.
2. `view` shows only what is on disk, and all that was answered before.
3. Nothing of the vault is returned whose reading was not journalled, save to log its owner in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from recoup.cases import Case, CasePolicy, Clock, Packet, Task
from recoup.cases.lists import Subject
from recoup.centre.backlog import Backlog
from recoup.centre.cared import Cared
from recoup.centre.commands import Command, Outcome
from recoup.centre.facts import Grounds
from recoup.centre.imported import Imported
from recoup.centre.intake import Heard, HeardClaim, HeardForeign
from recoup.centre.listed import Listed
from recoup.centre.mailbox import Waiting
from recoup.centre.sheets import Scan
from recoup.centre.worklist import Todo
from recoup.centre.written import Issued
from recoup.figures import Asked, Tally
from recoup.journal.record import Record
from recoup.messages import AnswerMessage, CallMessage, NoticeTerms
from recoup.orders import Answer, Hold, HoldKey, Order, Tracked
from recoup.paper.abroad import Asking
from recoup.paper.words import Language
from recoup.procedure import Return
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

    @property
    def imported(self) -> Imported:
        """What came from other systems."""
        ...

    @property
    def cared(self) -> Cared:
        """Measures of accounts, leads and dissuasions."""
        ...

    @property
    def listed(self) -> Listed:
        """Involved and suspect subjects."""
        ...

    @property
    def cases(self) -> dict[str, Case]:
        """Cases that a report opened."""
        ...

    @property
    def returns(self) -> dict[str, Return]:
        """Returns of money by id."""
        ...

    @property
    def returning(self) -> dict[str, str]:
        """The return that a case is in."""
        ...

    @property
    def papers(self) -> dict[str, Issued]:
        """Papers of returns that were issued, by digest."""
        ...

    @property
    def numbered(self) -> dict[tuple[str, str], str]:
        """The digest of the newest paper of a (return, number)."""
        ...

    def case(self, case_id: str) -> Case:
        """Return a case; one that no report opened is empty."""
        ...

    def scans_of(self, order_id: str) -> tuple[Scan, ...]:
        """Return an order's scans."""
        ...

    def packet_of(self, case_id: str) -> Packet:
        """Return what is handed over with a case."""
        ...

    def shift_of(self, unit: str) -> tuple[tuple[str, Clock], ...]:
        """Return what is open in a unit, with its case."""
        ...

    def find(self, order_id: str) -> tuple[Hold, Tracked] | None:
        """Return an order and its hold."""
        ...

    def every(self) -> Iterator[Hold]:
        """Yield all holds."""
        ...

    def written_order(self, case: str, order: str) -> Order | None:
        """Return an order that a person wrote down in a case, whether or not it has left since."""
        ...

    def institution_told(self, case: str, account: str) -> str:
        """Return the institution that was told the newest order about an account; '' where none was told."""
        ...

    def of_case(self, case: str) -> Iterator[tuple[Hold, Tracked]]:
        """Yield a case's orders."""
        ...

    def of_institution(self, institution: str) -> Iterator[tuple[Hold, Tracked]]:
        """Yield the orders issued to an institution."""
        ...

    def hold(self, key: HoldKey) -> Hold:
        """Return the hold of `key`; one that nobody asked for yet is empty."""
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

    def target_of_subject(self, case: str, subject: str) -> Target | None:
        """The same of an account, a report, a person or a payment of a case."""
        ...


class CentrePort(Protocol):
    """The centre, as far as persons reach it over HTTP."""

    @property
    def is_ready(self) -> bool:
        """Whether commands are taken."""
        ...

    @property
    def policy(self) -> CasePolicy:
        """The terms of cases."""
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

    def alone(self, command: str) -> AbstractAsyncContextManager[None]:
        """Let nobody else of this process be about the same command."""

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

    async def figures(self, asked: Asked) -> Tally:
        """Return the figures of all that is on disk."""
        ...

    async def todos(self, is_reached: Callable[[str], bool], count: int) -> Sequence[Todo]:
        """Return the first so many that wait for persons in the cases of these units, by deadline, then value."""
        ...

    def backlog(self) -> Backlog:
        """Return what is late or waits."""
        ...

    def answer_seconds(self, bounds: Sequence[int]) -> tuple[Sequence[int], int]:
        """Return how many orders were first answered within each bound and in all, and all the seconds together."""
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

    async def look_at_scan(self, order_id: str, data: bytes, media: str) -> Scan:
        """Return what an uploaded scan is; raise `ScanFault` for one that is not kept."""
        ...

    def order_in(self, code: str) -> str | None:
        """Return the order that a code on paper says, if this centre signed it; None for anything else."""
        ...

    async def take_scan(self, command: Command, data: bytes) -> Outcome:
        """Keep a scan that was looked at."""
        ...

    async def read_scan(self, scan: Scan, purpose: Purpose) -> bytes | None:
        """Return a scan whose reading was journalled; None if it was erased."""
        ...

    async def keep_rows(self, order: Order, message: AnswerMessage) -> None:
        """Keep the rows of an answer that was recorded, and tell the case of them."""
        ...

    async def enter_account(self, command: Command, number: str, name: str) -> Outcome:
        """Make an account known to a case, number and name kept in the vault."""
        ...

    async def key_of_account(self, institution: str, number: str, *, kept: bool) -> str:
        """Return the key under which lists have an account; `kept`: give it one where it has none."""
        ...

    def key_of(self, subject: Subject, value: str) -> str:
        """Return the key of a person or a device."""
        ...

    def open_call(self, data: bytes) -> CallMessage:
        """Return what an institution's machine signed; raise `MessageFault` for anything else."""
        ...

    def reaches(self, institution: str) -> bool:
        """Whether orders to an institution go over the wire; else they are carried on paper."""
        ...

    async def take_in(self, command: Command, heard: Heard | HeardClaim | HeardForeign) -> Outcome:
        """Take a report or another payment of it in, its personal pieces kept in the vault before."""
        ...

    async def keep_grounds(self, order_id: str, grounds: Grounds) -> None:
        """Keep by which transfer the money came that an order is about."""
        ...

    async def ground_order(self, order: Order) -> bool:
        """Keep by which transfer the money came, before the order leaves; False: its case is not traced yet."""
        ...

    async def plan_return(self, command: Command) -> Outcome:
        """Work a return's awards out from what its cases show, and bind them as its plan."""
        ...

    async def keep_text(self, case: str, text: str, words: str) -> None:
        """Keep what somebody wrote in a case under its opaque id."""
        ...

    async def read_text(self, case: str, text: str, purpose: Purpose) -> str | None:
        """Return a text of a case whose reading was journalled."""
        ...

    @property
    def notice(self) -> NoticeTerms | None:
        """Who the centre is to people and to other countries."""
        ...

    async def asking_abroad(self, case: Case, task: Task, purpose: Purpose) -> Asking:
        """Return all that is known of a payment abroad, for somebody whose reading of it was journalled."""
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
