"""Hands orders to institutions over HTTP as signed messages, and brings their signed answers back. Decides nothing.

The outbox has an order with opaque ids. Here its account's number and name and the transfer that brought the money are added
from the vault, in memory only; `order_sent` in the journal says that they were given to the institution. An answer's statement
rows go to the vault, and the case is told of their digest before it is told of the answer, so that the chase goes on from both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

import httpx

from recoup import limits
from recoup.cases.commands import AddFacts, ConfirmHold
from recoup.centre.commands import Command, Done, Outcome, Turned
from recoup.centre.directory import Directory
from recoup.centre.facts import FactRow, Statement
from recoup.centre.ports import Reply
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import INSTITUTION, Actor, Request, command_of, derived_id
from recoup.centre.terms import IssuedOrder, decode_issued
from recoup.clock import Clock
from recoup.errors import Fault, GatewayFault, MessageFault, VaultFault
from recoup.ids import Ids
from recoup.journal.port import Message as Outgoing
from recoup.messages import (
    AnswerMessage,
    Asked,
    AskMessage,
    DigestMessage,
    Disputed,
    KeyRing,
    MemoryReplays,
    Message,
    Minor,
    NoticeTerms,
    Opened,
    OrderMessage,
    SigningKey,
    open_message,
    seal,
)
from recoup.messages.transport import SCHEME, SIGNED, problem_name, whole_of
from recoup.orders import Answer, HoldKey, Order, OrderKind
from recoup.orders import Outcome as Said
from recoup.stores.vault import Purpose
from recoup.unrecognised import Unrecognised

_WITHOUT_GROUNDS: Final = frozenset(
    {OrderKind.RELEASE, OrderKind.REDUCE, OrderKind.QUERY, OrderKind.WATCH}
)

_ROW_BYTES: Final = 600
"""A row without its texts: names of fields, ids, numbers, time."""
REPLY_SECONDS_MAX: Final = 60.0
"""How long one reply may take to come in, however it comes."""

_PART_BYTES_MAX: Final = limits.REQUEST_BYTES_MAX // 2


class Rejected(Fault):
    """The institution will not take this message, however often it is sent: its name for it is in the text."""


@dataclass(frozen=True, slots=True)
class Correspondence:
    """Who the centre is on the wire, and where institutions are reached."""

    centre: str
    key: SigningKey
    ring: KeyRing
    addresses: Mapping[str, str]
    """Base address by institution."""
    notice: NoticeTerms
    """What account holders are told."""


class HTTPGateway:
    """A `BankGateway` over HTTP. Safe to call from several threads."""

    def __init__(
        self,
        wire: Correspondence,
        client: httpx.Client,
        directory: Directory,
        submit: Callable[[Command], Future[Outcome]],
        clock: Clock,
        ids: Ids,
        held_at: Callable[[str], Iterable[HoldKey]] = lambda institution: (),  # noqa: ARG005 - named for the reader
        epoch: Callable[[], int] = lambda: 0,
    ) -> None:
        """Prepare; `held_at` gives our holds that stand at an institution, `epoch` the one in which the writer leads."""
        self._wire, self._client, self._directory = wire, client, directory
        self._submit, self._clock, self._ids = submit, clock, ids
        self._held_at, self._epoch = held_at, epoch

    def send(self, message: Outgoing) -> Reply:
        """Send one order and take in what the institution answers at once."""
        issued = decode_issued(message.body)
        order = issued.order
        written = self._written(issued)
        status, body = self._call(
            "POST", order.institution, "/orders", content=self._sealed(written, order.institution)
        )
        if status == httpx.codes.ACCEPTED:
            return Reply()
        opened = self._opened(body, order.institution, AnswerMessage)
        answer = opened.message
        assert isinstance(answer, AnswerMessage), "nothing else is taken here"
        if answer.order != order.id or answer.institution != order.institution:
            raise Rejected("expected an answer to this order, was one to another")
        if answer.currency != order.key.currency:
            raise Rejected("expected an amount in the order's currency, was in another")
        if answer.rows:
            self._take_rows(order, answer)
        return Reply((answer_of(answer),))

    def confirm(self, institution: str) -> int:
        """Ask for an institution's digest and tell the cases what it shows; return how many holds it shows.

        A hold that no case of ours knows is passed over: it must not keep the institution's other holds unconfirmed. A hold of
        ours that the whole digest leaves out is confirmed no longer, or money elsewhere might be given up against it.
        """
        page, pages, count = 1, 1, 0
        begun: datetime | None = None
        shown_at: set[HoldKey] = set()
        while page <= pages:
            asked = AskMessage(self._wire.centre, Asked.DIGEST, page=page)
            headers = {"Authorization": SCHEME + self._sealed(asked, institution).decode()}
            _, body = self._call("GET", institution, "/digest", headers=headers)
            digest = self._opened(body, institution, DigestMessage).message
            assert isinstance(digest, DigestMessage), "nothing else is taken here"
            if digest.institution != institution:
                raise Rejected("expected the digest of the institution that was asked")
            ahead = timedelta(seconds=limits.MESSAGE_AHEAD_SECONDS_MAX)
            if digest.at > self._clock.now() + ahead:
                raise Rejected("expected a digest of what stands now, was one of the future")
            if digest.page != page or digest.pages > limits.DIGEST_PAGES_MAX:
                raise Rejected(f"expected page {page} of at most {limits.DIGEST_PAGES_MAX}")
            begun = begun or digest.at
            for hold in digest.holds:
                account = self._directory.account(institution, hold.account_number)
                shown_at.add(HoldKey(hold.case, account, hold.currency))
                shown = ConfirmHold(account, hold.currency, hold.held, digest.at)
                self._tell(institution, hold.case, shown, digest.at)
                count += 1
            page, pages = page + 1, digest.pages
        assert begun is not None, "a digest has at least one page"
        for key in self._held_at(institution):
            if key not in shown_at:
                gone = ConfirmHold(key.account, key.currency, 0, begun)
                self._tell(institution, key.case, gone, begun)
        return count

    def _written(self, issued: IssuedOrder) -> OrderMessage:
        """Return the order as the institution gets it."""
        order = issued.order
        purpose = Purpose("sender", order.key.case, f"order {order.id}")
        serial, number, name = "", "", ""
        try:
            entry = self._directory.entry(order.key.account, purpose)
            number, name = entry.number, entry.name
        except VaultFault:
            if order.kind is not OrderKind.QUERY:
                raise
            serial = order.key.account  # a payment's serial number: the account behind it is asked
        grounds = self._directory.grounds(order.id, purpose)
        disputed = None
        if grounds is not None and order.kind not in _WITHOUT_GROUNDS:
            disputed = Disputed(Minor(grounds.amount), grounds.at, grounds.reference)
        return OrderMessage(
            id=order.id,
            kind=order.kind,
            case=order.key.case,
            institution=order.institution,
            account_number=number,
            account_name=name,
            currency=order.key.currency,
            amount=Minor(order.amount),
            issued_at=issued.issued_at,
            reason=order.reason,
            extent=order.extent,
            disputed=disputed,
            original=grounds.original if grounds else "",
            serial=serial,
            rows_from=grounds.rows_from if grounds else None,
            notice=self._wire.notice,
        )

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

    def _sealed(self, message: Message, institution: str) -> bytes:
        now = self._clock.now()
        jti = self._ids.new("sending")
        key, epoch = self._wire.key, self._epoch()
        return seal(message, key, audience=institution, jti=jti, now=now, epoch=epoch)

    def _opened(self, data: bytes, institution: str, kind: type) -> Opened:
        """Open what came back on our own request; a replay of an older reply names another order or an older time."""
        try:
            opened = open_message(
                data,
                self._wire.ring,
                audience=self._wire.centre,
                now=self._clock.now(),
                replays=MemoryReplays(),
                takes=(kind,),
            )
        except MessageFault as fault:
            raise GatewayFault(f"expected a signed answer, was {fault.problem.value}") from fault
        if opened.issuer != institution:
            raise GatewayFault("expected the institution's own answer, was another's")
        return opened

    def _call(
        self,
        method: str,
        institution: str,
        path: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Return status and body of a success; no more of a reply is read than a message may have, and not for ever."""
        address = self._wire.addresses.get(institution)
        if address is None:
            raise Rejected("expected an institution that is connected: send the order on paper")
        # Nothing packed: a small reply would unpack to anything.
        sent = {"Content-Type": SIGNED, "Accept-Encoding": "identity", **(headers or {})}
        until = monotonic() + REPLY_SECONDS_MAX
        called = self._client.stream(method, address + path, content=content, headers=sent)
        try:
            with called as response:
                chunks, is_late = response.iter_raw(), lambda: monotonic() > until
                body = whole_of(chunks, limits.MESSAGE_BYTES_MAX, is_late)
        except (httpx.HTTPError, TimeoutError) as fault:
            raise GatewayFault(f"expected an answer, was {type(fault).__name__}") from fault
        except MessageFault as fault:
            raise Rejected(f"expected an answer, was {fault}") from fault
        if response.is_success:
            return response.status_code, body
        what = f"expected an answer, was status {response.status_code} {problem_name(body)}"
        raise GatewayFault(what) if response.is_server_error else Rejected(what)


class NotConnected:
    """A `BankGateway` of a centre that reaches no institution: orders wait until somebody carries them on paper."""

    def send(self, message: Outgoing) -> Reply:
        """Refuse; the order stays issued until its time for an answer has passed, and is tried again after a start."""
        raise Rejected(f"expected a connection to {message.destination}, the centre has none")


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


__all__ = ["Correspondence", "HTTPGateway", "NotConnected", "Rejected", "answer_of"]
