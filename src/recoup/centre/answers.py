"""Takes in what institutions say, whichever way it came: pushed back, posted, or typed from paper. Opens no message.

An answer's statement rows go to the vault, and the case is told of their digest with the answer or before it, so that the
chase goes on from both. A digest's holds are told to their cases one by one; what a whole digest leaves out is no longer
confirmed, and where it differs from the record a person is told. Decides nothing: what a case refuses is no news.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from recoup import limits
from recoup.cases import Rest
from recoup.cases.commands import (
    AddFacts,
    ConfirmHold,
    FileAppeal,
    NoteAccountKind,
    SendNotice,
)
from recoup.centre.commands import Command, Done, Outcome, Turned
from recoup.centre.directory import Directory
from recoup.centre.drift import Drift, Stands, drift_of, recorded
from recoup.centre.facts import FactRow, Statement
from recoup.centre.passed_on import passed_on
from recoup.centre.ports import ToldOf
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import INSTITUTION, Actor, Request, command_of, derived_id
from recoup.centre.sender import answer_command
from recoup.centre.suspected import holder_told, suspected
from recoup.clock import Clock
from recoup.errors import GatewayFault, MessageFault, MessageProblem, VaultFault
from recoup.messages import (
    AnswerMessage,
    AppealMessage,
    DecisionAppealMessage,
    DigestMessage,
    LeadMessage,
    MeasureNoticeMessage,
    NoticeMessage,
    NoticeTerms,
    ResultCode,
    SightingKind,
    SightingMessage,
    StatementRow,
    SuspicionMessage,
)
from recoup.orders import AccountKind, Answer, Hold, HoldKey, Order, OrderKind, Receipt
from recoup.stores.vault import Purpose

_OfHolds = NoticeMessage | MeasureNoticeMessage | AppealMessage | AnswerMessage | SightingMessage
OfItsOwn = _OfHolds | LeadMessage | SuspicionMessage | DecisionAppealMessage
"""What an institution says without being asked."""

HeldAt = Callable[[str], Iterable[Hold]]
"""Gives an institution's holds of ours that stand or are on their way."""

Mend = Callable[[Drift], None]
"""Takes a difference between a digest and the record, and does what needs no person."""

Concerns = Callable[[str, str], bool]
"""Says whether an institution has to do with a case: nobody else's sightings are believed."""

IsNews = Callable[[HoldKey, int], bool]
"""Says whether a digest that shows so much of a hold tells its case anything that it does not know."""

_ROW_BYTES: Final = 600
"""A row without its texts: names of fields, ids, numbers, time."""
_PART_BYTES_MAX: Final = limits.REQUEST_BYTES_MAX // 2
_NO_NOTICE: Final = NoticeTerms("", (), "")


@dataclass(frozen=True, slots=True)
class _Said:
    """Rows of one account, as an institution's message has them."""

    institution: str
    case: str
    account: str
    """The directory's id."""
    number: str
    """'' where an order asked by a payment's number."""
    currency: str
    rows: Sequence[StatementRow]
    rows_left: int
    at: datetime


class Answers:
    """Answers, digests, notices and appeals that are believed become facts here. Safe to call from several threads."""

    def __init__(
        self,
        directory: Directory,
        submit: Callable[[Command], Future[Outcome]],
        clock: Clock,
        held_at: HeldAt = lambda institution: (),  # noqa: ARG005 - named for the reader
        order_of: Callable[[str], Order | None] = lambda order_id: None,  # noqa: ARG005 - the same
        told: ToldOf = lambda institution, why: None,  # noqa: ARG005 - the same
        notice: NoticeTerms = _NO_NOTICE,
        mend: Mend = lambda drift: None,  # noqa: ARG005 - the same
        concerns: Concerns = lambda institution, case: False,  # noqa: ARG005 - the same
        is_news: IsNews = lambda key, held: True,  # noqa: ARG005 - the same
    ) -> None:
        """Prepare; `order_of` gives an order that was issued, `told` hears where a digest differs from the record.

        `mend` hears of the same differences, to do what needs no person. Of holds that are no news a case is not told.
        """
        self._is_news = is_news
        self._directory, self._submit, self._clock = directory, submit, clock
        self._held_at, self._order_of, self._told, self._notice = held_at, order_of, told, notice
        self._mend, self._concerns = mend, concerns

    def taken(self, order: Order, answer: AnswerMessage) -> Answer:
        """Tell the case what an answer brings and return it in the words of orders; `MessageFault` as `facts`."""
        for fact in self.facts(order, answer):
            self._tell(fact)
        return self.words_of(answer)

    def words_of(self, answer: AnswerMessage) -> Answer:
        """Return an answer in the words of orders; a receipt's number as its keyed digest."""
        return answer_of(answer, self._directory.row_id)

    def facts(self, order: Order, answer: AnswerMessage) -> tuple[Command, ...]:
        """Return what tells the case of all that an answer brings beside itself; `MessageFault` for no answer to this order."""
        if (answer.order, answer.institution) != (order.id, order.institution):
            raise _wrong("order", "expected an answer to this order, was one to another")
        if answer.currency != order.key.currency:
            raise _wrong("currency", "expected an amount in the order's currency, was in another")
        for name, words in (("failed", answer.failed), ("papers", answer.papers)):
            if len(words) > limits.ANSWER_WORDS_MAX:
                raise _wrong(name, f"expected at most {limits.ANSWER_WORDS_MAX}")
        where = (order.institution, order.key.case)
        if order.kind is OrderKind.WATCH and is_cut_short(answer):
            early = "its watch ended early, too much moved there: order another, or a stop"
            self._told(order.institution, f"order {order.id} of case {order.key.case}: {early}")
        if answer.receipt is not None:
            receipt = {f"receipt {answer.id}": answer.receipt.reference}
            self._directory.keep(f"order {order.id}", receipt)
        facts = []
        kind = answer.account_kind
        if isinstance(kind, AccountKind) and kind is not AccountKind.ORDINARY:
            # That it is an ordinary one is no news: nobody need say so.
            facts.append(_fact(*where, NoteAccountKind(order.key.account, kind), answer.id))
        if answer.rows:
            said = self._said(order, answer)
            facts += [_fact(*where, fact, fact.digest) for fact in self._rows(said)]
        return tuple(facts)

    def shown(self, institution: str) -> Shown:
        """Return what takes an institution's digest, page by page."""
        known = list(
            self._held_at(institution)
        )  # before the digest is cut: what begins later is no drift
        told = (self._told, self._mend)
        given = (self._directory, self._clock, known, *told, self._is_news)
        return Shown(institution, self._tell, *given)

    def hear(self, institution: str, message: OfItsOwn) -> str:
        """Tell the case what an institution says of its own accord: about an order that it was given, or of stolen money.

        What its watch says of likely victims and suspect accounts, and what holders say against its decisions, is told to the
        room of care. Returned is why an objection to a decision was not taken: whoever passed it on must hear that it ended.
        """
        if isinstance(message, LeadMessage | SuspicionMessage | DecisionAppealMessage):
            refusal = self._suspect(institution, message)
            return refusal if isinstance(message, DecisionAppealMessage) else ""
        self._hear(institution, message)
        return ""

    def _hear(self, institution: str, message: _OfHolds) -> None:
        if isinstance(message, SightingMessage):
            self._see(institution, message)
            return
        if isinstance(message, MeasureNoticeMessage):
            if message.is_delivered:
                if refusal := self._tell(holder_told(institution, message)):
                    what = f"measure {message.measure}: its holder was told otherwise: {refusal}"
                    self._told(institution, what)
            else:
                self._told(
                    institution, _later(f"measure {message.measure}", message.deferred_until)
                )
            return
        order = self._order_of(message.order)
        if order is None or order.institution != institution:
            self._told(institution, "a message about no order of its own was passed over")
            return
        place = (order.key.account, order.key.currency)
        if isinstance(message, AnswerMessage):  # of its own accord: a payment came back
            self._tell(answer_command(institution, order.id, self.taken(order, message)))
        elif isinstance(message, AppealMessage):
            appeal_id = f"{institution}:{message.id}"  # two institutions may number alike
            subject = (
                f"appeal {appeal_id}"  # what a holder writes is personal: it lies in the vault
            )
            self._directory.keep(subject, {"statement": message.statement, "phone": message.phone})
            appeal = FileAppeal(appeal_id, *place, is_through_bank=True, text=subject)
            self._tell(_fact(institution, order.key.case, appeal, message.id))
        elif message.is_delivered:
            terms = self._notice
            sent = SendNotice(*place, "; ".join(terms.documents), terms.phone)
            self._tell(_fact(institution, order.key.case, sent, message.id))
        else:  # its words may be personal: whoever asks finds them at the institution
            self._told(institution, _later(f"order {order.id}", message.deferred_until))

    def _suspect(
        self, institution: str, message: LeadMessage | SuspicionMessage | DecisionAppealMessage
    ) -> str:
        """Tell the room of care; return why what was said is not taken."""
        try:
            now = self._clock.now()
            if isinstance(message, DecisionAppealMessage):
                command = passed_on(self._directory, institution, message, now)
            else:
                command = suspected(self._directory, institution, message, now)
        except (
            MessageFault
        ) as fault:  # sent again it would be the same, and keep later letters back
            self._told(institution, f"what its watch said was passed over: {fault}")
            return MessageProblem.FIELD_WRONG.value  # never a matter of trust: such are sent again
        refusal = self._tell(command)
        if refusal and isinstance(message, DecisionAppealMessage):
            # Its holder was told that it goes to a person: where it cannot, a person hears of that at least.
            self._told(institution, f"a holder's objection was not taken: {refusal}")
        return refusal

    def _see(self, institution: str, seen: SightingMessage) -> None:
        """Keep what a watch saw as rows of that account: the chase goes on from them, before any order is answered there."""
        if not self._concerns(institution, seen.case):
            self._told(institution, "a sighting in no case of its own was passed over")
            return
        if seen.rows:
            account = self._directory.account(institution, seen.account_number)
            number, rows = seen.account_number, seen.rows
            given = (account, number, seen.currency, rows, seen.rows_left, seen.at)
            for fact in self._rows(_Said(institution, seen.case, *given)):
                self._tell(_fact(institution, seen.case, fact, fact.digest))
        if seen.kind is SightingKind.HELD:
            until = seen.until.isoformat() if seen.until is not None else "an order ends it"
            self._told(institution, f"case {seen.case}: a payment of its money is held, {until}")

    def _said(self, order: Order, answer: AnswerMessage) -> _Said:
        return _Said(
            order.institution,
            order.key.case,
            order.key.account,
            self._own_number(order),
            order.key.currency,
            answer.rows,
            answer.rows_left,
            answer.at,
        )

    def _rows(self, said: _Said) -> list[AddFacts]:
        """Keep the rows, in parts that vault and journal can take; return what is said of them."""
        with self._directory.together():  # accounts and rows with one sync
            statement = self._statement(said)
            parts = list(_parts(statement))
            digests = self._directory.keep_statements(said.case, parts)
        begins_at, until = statement.rows[0].at, statement.rows[-1].at
        place = (statement.account, said.currency, said.institution)
        rest = Rest(*place, until, max(0, said.rows_left))
        facts = [
            AddFacts(digest, tuple(row.id for row in part.rows))
            for digest, part in zip(digests, parts, strict=True)
        ]
        facts[-1] = replace(facts[-1], begins_at=begins_at, rest=rest)
        return facts

    def _statement(self, said: _Said) -> Statement:
        """Return the rows with the directory's ids in the place of numbers."""
        bank, own, account = said.institution, said.number, said.account
        if not own:  # asked by a payment's serial number: the rows say whose they are
            own = _common_number(said.rows, bank)
            account = self._directory.account(bank, own) or account

        def is_own(institution: str, number: str) -> bool:
            return bool(number) and number == own and institution in {"", bank}

        def seen(institution: str, number: str, name: str) -> tuple[str, str, str, bool]:
            if is_own(institution, number):
                return bank, own, name, True  # its name, as it says
            return institution, number, name, institution == bank

        sides = [
            side
            for row in said.rows
            for side in (
                seen(row.payer_institution, row.payer, row.payer_name),
                seen(row.payee_institution, row.payee, row.payee_name),
            )
        ]
        known = self._directory.accounts(side for side in sides if side[1])

        def side_of(institution: str, number: str) -> tuple[str, str]:
            if is_own(institution, number):
                return account, bank  # it need not say of its own account whose it is
            return known.get((institution, number), ""), institution

        rows = []
        names = self._directory.row_ids([row.id for row in said.rows])
        for name, row in zip(names, said.rows, strict=True):
            payer, payer_bank = side_of(row.payer_institution, row.payer)
            payee, payee_bank = side_of(row.payee_institution, row.payee)
            rows.append(
                FactRow(
                    name,
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
                    row.id,
                )
            )
        until = min(said.at, self._clock.now())
        if said.rows_left > 0:
            until = min(until, rows[-1].at)  # of what came after nothing is known yet
        return Statement(account, bank, tuple(rows), until)

    def _own_number(self, order: Order) -> str:
        purpose = Purpose("sender", order.key.case, f"answer to {order.id}")
        try:
            return self._directory.place(order.key.account, purpose)[1]
        except VaultFault:
            return ""  # asked by a payment's serial number

    def _tell(self, fact: Command) -> str:
        """Submit a fact and return why it was refused, '' where it was taken; what the writer refuses is tried again later."""
        outcome = self._submit(fact).result()
        is_taken = isinstance(outcome, Done)
        is_refused = isinstance(outcome, Turned) and not outcome.is_transient
        if not (is_taken or is_refused):
            raise GatewayFault("expected the writer to take a fact, it is away")
        return outcome.reason if isinstance(outcome, Turned) else ""


class Shown:
    """One digest of one institution, page after page; what it shows is held twice said.

    A hold that no case of ours knows is passed over: it must not keep the institution's other holds unconfirmed. A hold of ours
    that the whole digest leaves out is confirmed no longer, or money elsewhere might be given up against it.
    """

    def __init__(
        self,
        institution: str,
        tell: Callable[[Command], object],
        directory: Directory,
        clock: Clock,
        known: Iterable[Hold],
        told: ToldOf,
        mend: Mend,
        is_news: IsNews,
    ) -> None:
        self._institution, self._tell, self._directory = institution, tell, directory
        self._is_news = is_news
        self._clock, self._known, self._told, self._mend = clock, known, told, mend
        self._begun: datetime | None = None
        self._shown: dict[HoldKey, Stands] = {}
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
        numbers = {hold.account_number: None for hold in digest.holds if hold.account_number}
        ids = self._directory.accounts((self._institution, x, "", False) for x in numbers)
        for hold in digest.holds:
            account = ids.get((self._institution, hold.account_number), "")
            key = HoldKey(hold.case, account, hold.currency)
            self._shown[key] = Stands(hold.held, hold.ends_at)
            self.count += 1
            if self._is_news(key, hold.held):
                shown = ConfirmHold(account, hold.currency, hold.held, digest.at)
                self._tell(_fact(self._institution, hold.case, shown, digest.at))
        self.page = digest.page
        if digest.page == digest.pages:
            self._end(self._begun)

    def _end(self, begun: datetime) -> None:
        """Tell where the record differs, and of holds of ours that the whole digest leaves out."""
        ours, under_way = recorded(self._known)
        for drift in drift_of(ours, self._shown, under_way)[: limits.DRIFTS_TOLD_MAX]:
            self._told(self._institution, str(drift))
            self._mend(drift)
        for key in ours:
            if key not in self._shown:
                gone = ConfirmHold(key.account, key.currency, 0, begun)
                self._tell(_fact(self._institution, key.case, gone, begun))
        self.is_whole = True


def _wrong(path: str, what: str) -> MessageFault:
    return MessageFault(MessageProblem.FIELD_WRONG, what, path)


def _later(of: str, until: datetime | None) -> str:
    when = until.isoformat() if until is not None else "an end that was not said"
    return f"{of}: its holder is told later, until {when}"


def _fact(institution: str, case_id: str, what: object, of: object) -> Command:
    """Return the command that tells a case of a fact, under an id that follows from it."""
    actor = Actor(institution, INSTITUTION, "answers an order")
    request = Request(actor, what, case=case_id)
    name = COMMAND_REGISTRY.name_of(what)[0]
    stamp = of.isoformat() if isinstance(of, datetime) else str(of)
    key = getattr(what, "account", "")
    command_id = derived_id(name, case_id, institution, key, stamp)
    return command_of(COMMAND_REGISTRY, command_id, request)


def _common_number(rows: Sequence[StatementRow], bank: str) -> str:
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
        for row in rows
    ]
    return next((x for x in sides[0] if all(x in numbers for numbers in sides)), "")


def _parts(statement: Statement) -> Iterator[Statement]:
    """Yield a statement in parts, each small enough for a piece of the vault and, by its row ids, for a command."""
    rows: list[FactRow] = []
    size = 0
    for row in statement.rows:
        texts = (row.number, row.reference, row.kind, row.payer_institution, row.payee_institution)
        more = _ROW_BYTES + 6 * sum(len(text) for text in texts)  # at most six bytes a character
        if rows and size + more > _PART_BYTES_MAX:
            yield replace(statement, rows=tuple(rows))
            rows, size = [], 0
        rows.append(row)
        size += more
    if rows:
        yield replace(statement, rows=tuple(rows))


def is_cut_short(answer: AnswerMessage) -> bool:
    """Whether a watch that began is over before its end: its institution says any code but that all is done."""
    return answer.started_at is not None and answer.code is not ResultCode.DONE


def answer_of(message: AnswerMessage, digest: Callable[[str], str] = str) -> Answer:
    """Return an answer in the words of orders; a word that this program does not know stays that word: money may be held.

    `digest` makes of a receipt's number what stands in events.
    """
    said = message.receipt
    return Answer(
        message.id,
        message.outcome,
        message.held,
        message.started_at,
        str(message.code.value),
        message.queued_behind,
        Receipt(said.amount, digest(said.reference), said.at) if said is not None else None,
        tuple(str(check.value) for check in message.failed),
        tuple(str(paper.value) for paper in message.papers),
    )


__all__ = ["Answers", "Concerns", "HeldAt", "IsNews", "Mend", "Shown", "answer_of"]
