"""Takes in what institutions say, whichever way it came: pushed back, posted, or typed from paper. Opens no message.

An answer's statement rows go to the vault, and the case is told of their digest before it is told of the answer, so that the
chase goes on from both. A digest's holds are told to their cases one by one; what a whole digest leaves out is no longer
confirmed. Decides nothing: what a case refuses is no news.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from recoup import limits
from recoup.cases.commands import AddFacts, ConfirmHold
from recoup.centre.commands import Command, Done, Outcome, Turned
from recoup.centre.directory import Directory
from recoup.centre.facts import FactRow, Statement
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import INSTITUTION, Actor, Request, command_of, derived_id
from recoup.clock import Clock
from recoup.errors import GatewayFault, MessageFault, MessageProblem, VaultFault
from recoup.messages import AnswerMessage, DigestMessage
from recoup.orders import Answer, HoldKey, Order
from recoup.orders import Outcome as Said
from recoup.stores.vault import Purpose
from recoup.unrecognised import Unrecognised

HeldAt = Callable[[str], Iterable[HoldKey]]
"""Gives our holds that stand at an institution, as it said."""

_ROW_BYTES: Final = 600
"""A row without its texts: names of fields, ids, numbers, time."""
_PART_BYTES_MAX: Final = limits.REQUEST_BYTES_MAX // 2


class Answers:
    """Answers and digests that are believed become facts here. Safe to call from several threads."""

    def __init__(
        self,
        directory: Directory,
        submit: Callable[[Command], Future[Outcome]],
        clock: Clock,
        held_at: HeldAt = lambda institution: (),  # noqa: ARG005 - named for the reader
    ) -> None:
        self._directory, self._submit, self._clock = directory, submit, clock
        self._held_at = held_at

    def taken(self, order: Order, answer: AnswerMessage) -> Answer:
        """Keep an answer's rows and return it in the words of orders; `MessageFault` for no answer to this order."""
        if (answer.order, answer.institution) != (order.id, order.institution):
            raise _wrong("order", "expected an answer to this order, was one to another")
        if answer.currency != order.key.currency:
            raise _wrong("currency", "expected an amount in the order's currency, was in another")
        if answer.rows:
            self._take_rows(order, answer)
        return answer_of(answer)

    def shown(self, institution: str) -> Shown:
        """Return what takes an institution's digest, page by page."""
        return Shown(institution, self._tell, self._directory, self._clock, self._held_at)

    def _take_rows(self, order: Order, answer: AnswerMessage) -> None:
        """Keep the rows, then tell the case of them; in parts that vault and journal can take."""
        statement = self._statement(order, answer)
        for part in _parts(statement):
            digest = self._directory.keep_statement(order.key.case, part)
            rows = tuple(row.id for row in part.rows)
            self._tell(order.institution, order.key.case, AddFacts(digest, rows), digest)

    def _statement(self, order: Order, answer: AnswerMessage) -> Statement:
        """Return the rows with the directory's ids in the place of numbers."""
        bank = order.institution
        own = self._own_number(order)
        account = order.key.account
        if not own:  # asked by a payment's serial number: the rows say whose they are
            own = _common_number(answer, bank)
            account = self._directory.account(bank, own) or account

        def side(institution: str, number: str, name: str) -> tuple[str, str]:
            if number and number == own and institution in {"", bank}:
                return account, bank  # it need not say of its own account whose it is
            return self._directory.account(institution, number, name), institution

        rows = []
        for row in answer.rows:
            payer, payer_bank = side(row.payer_institution, row.payer, row.payer_name)
            payee, payee_bank = side(row.payee_institution, row.payee, row.payee_name)
            rows.append(
                FactRow(
                    row.id,
                    row.at,
                    row.sequence,
                    payer,
                    payee,
                    row.amount,
                    row.currency,
                    row.kind,
                    row.reference,
                    payer_bank,
                    payee_bank,
                    row.balance_after,
                )
            )
        return Statement(account, bank, tuple(rows), min(answer.at, self._clock.now()))

    def _own_number(self, order: Order) -> str:
        purpose = Purpose("sender", order.key.case, f"answer to {order.id}")
        try:
            return self._directory.entry(order.key.account, purpose).number
        except VaultFault:
            return ""  # asked by a payment's serial number

    def _tell(self, institution: str, case_id: str, what: object, of: object) -> None:
        """Submit a fact about a case; what the case refuses is no news, what the writer refuses is tried again later."""
        actor = Actor(institution, INSTITUTION, "answers an order")
        request = Request(actor, what, case=case_id)
        name = COMMAND_REGISTRY.name_of(what)[0]
        stamp = of.isoformat() if isinstance(of, datetime) else str(of)
        key = getattr(what, "account", "")
        command_id = derived_id(name, case_id, institution, key, stamp)
        outcome = self._submit(command_of(COMMAND_REGISTRY, command_id, request)).result()
        is_taken = isinstance(outcome, Done)
        is_refused = isinstance(outcome, Turned) and not outcome.is_transient
        if not (is_taken or is_refused):
            raise GatewayFault("expected the writer to take a fact, it is away")


class Shown:
    """One digest of one institution, page after page; what it shows is held twice said.

    A hold that no case of ours knows is passed over: it must not keep the institution's other holds unconfirmed. A hold of ours
    that the whole digest leaves out is confirmed no longer, or money elsewhere might be given up against it.
    """

    def __init__(
        self,
        institution: str,
        tell: Callable[[str, str, object, object], None],
        directory: Directory,
        clock: Clock,
        held_at: HeldAt,
    ) -> None:
        self._institution, self._tell, self._directory = institution, tell, directory
        self._clock, self._held_at = clock, held_at
        self._begun: datetime | None = None
        self._keys: set[HoldKey] = set()
        self.page, self.count, self.is_whole = 0, 0, False
        """Pages taken, holds shown, and whether the last page came."""

    def take(self, digest: DigestMessage) -> None:
        """Take the next page; `MessageFault` for a page that is not it."""
        if digest.institution != self._institution:
            raise _wrong("institution", "expected the digest of the institution that was asked")
        ahead = timedelta(seconds=limits.MESSAGE_AHEAD_SECONDS_MAX)
        if digest.at > self._clock.now() + ahead:
            raise _wrong("at", "expected a digest of what stands now, was one of the future")
        if (
            digest.page != self.page + 1
            or not digest.page <= digest.pages <= limits.DIGEST_PAGES_MAX
        ):
            what = f"expected page {self.page + 1} of at most {limits.DIGEST_PAGES_MAX}"
            raise _wrong("page", what)
        self._begun = self._begun or digest.at
        for hold in digest.holds:
            account = self._directory.account(self._institution, hold.account_number)
            self._keys.add(HoldKey(hold.case, account, hold.currency))
            shown = ConfirmHold(account, hold.currency, hold.held, digest.at)
            self._tell(self._institution, hold.case, shown, digest.at)
            self.count += 1
        self.page = digest.page
        if digest.page == digest.pages:
            self._end(self._begun)

    def _end(self, begun: datetime) -> None:
        for key in self._held_at(self._institution):
            if key not in self._keys:
                gone = ConfirmHold(key.account, key.currency, 0, begun)
                self._tell(self._institution, key.case, gone, begun)
        self.is_whole = True


def _wrong(path: str, what: str) -> MessageFault:
    return MessageFault(MessageProblem.FIELD_WRONG, what, path)


def _common_number(answer: AnswerMessage, bank: str) -> str:
    """Return the number of the institution's own account that every row is of, the payee of the first if there are two."""
    sides = [
        [
            number
            for number, institution in (
                (row.payee, row.payee_institution),
                (row.payer, row.payer_institution),
            )
            if number and institution in {"", bank}
        ]
        for row in answer.rows
    ]
    return next((x for x in sides[0] if all(x in numbers for numbers in sides)), "")


def _parts(statement: Statement) -> Iterator[Statement]:
    """Yield a statement in parts, each small enough for a piece of the vault and, by its row ids, for a command."""
    rows: list[FactRow] = []
    size = 0
    for row in statement.rows:
        texts = (row.id, row.reference, row.kind, row.payer_institution, row.payee_institution)
        more = _ROW_BYTES + 6 * sum(len(text) for text in texts)  # at most six bytes a character
        if rows and size + more > _PART_BYTES_MAX:
            yield replace(statement, rows=tuple(rows))
            rows, size = [], 0
        rows.append(row)
        size += more
    if rows:
        yield replace(statement, rows=tuple(rows))


def answer_of(message: AnswerMessage) -> Answer:
    """Return an answer in the words of orders; a word that this program does not know is a refusal with its code."""
    outcome = message.outcome
    is_known = not isinstance(outcome, Unrecognised)
    code = message.code.value
    return Answer(
        message.id,
        outcome if isinstance(outcome, Said) and is_known else Said.REFUSED,
        message.held,
        message.started_at,
        str(code),
        message.queued_behind,
    )


__all__ = ["Answers", "HeldAt", "Shown", "answer_of"]
