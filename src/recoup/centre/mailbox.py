"""The centre's mailbox: orders for institutions that ask for them, and signed answers from all of them. Speaks no HTTP.

1. What waits for an institution is what the outbox holds for it, in the order in which it was decided, each signed when it is
   handed out. It waits until the institution asks for what comes after it, or answers it: so it comes at least once.
2. A cursor is the id of the last message taken. It says that the institution has what came before; the note of that is the
   sender's own command, so an order counts as sent once, whichever way it went.
3. An answer becomes the very commands that it would become had it come back on a push. It may come late: to any order that was
   issued to this institution, by whatever way that went.
4. What binds the institution's stream of payments is handed out the same way, to whoever pushes or polls (`bulletins`).
5. Nothing is believed that is not signed by the institution's own pinned key, fresh, and never taken before: the ids of
   sendings are remembered on disk.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from recoup import limits
from recoup.centre.answers import Answers, Shown
from recoup.centre.bulletins import Bulletins
from recoup.centre.commands import Command, Outcome, Turned, WriterRefusal
from recoup.centre.letters import Correspondence, Letters, Way
from recoup.centre.order_room import carries
from recoup.centre.sender import Told, answer_command, confirm_command, wrong_outcome
from recoup.centre.terms import decode_issued
from recoup.clock import Clock
from recoup.errors import Fault, GatewayFault, MessageFault, MessageProblem, VaultFault
from recoup.journal.port import Journal
from recoup.journal.port import Message as Outgoing
from recoup.messages import (
    AnswerMessage,
    AppealMessage,
    Asked,
    AskMessage,
    DecisionAppealMessage,
    DigestMessage,
    LeadMessage,
    MeasureNoticeMessage,
    NoticeMessage,
    Opened,
    RefusalMessage,
    Replays,
    SightingMessage,
    SuspicionMessage,
    open_message,
)
from recoup.orders import Order, Reason

MAILBOX_UNKNOWN: Final = "mailbox_unknown"
_OF_ITS_OWN: Final = (
    NoticeMessage,
    MeasureNoticeMessage,
    AppealMessage,
    SightingMessage,
    LeadMessage,
    SuspicionMessage,
    DecisionAppealMessage,
)
_TAKES: Final = (AnswerMessage, RefusalMessage, DigestMessage, *_OF_ITS_OWN)
_ENTRY_BYTES: Final = 64
"""An entry of the list without its two texts."""


class Turnaway(Fault):
    """What an institution said is believed and leads to nothing; `reason` is the name of why, as problem documents have it."""

    def __init__(self, reason: str, what: str = "") -> None:
        self.reason = reason
        super().__init__(": ".join(filter(None, (reason, what))))


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message as it is handed out."""

    cursor: str
    message: str


class FindOrder(Protocol):
    """Gives an order that was issued, as far as the disk says; None for any other id."""

    def __call__(self, order_id: str) -> Order | None:
        """Look it up."""
        ...


class Mailbox:
    """What institutions reach. Safe to call from several threads."""

    def __init__(
        self,
        wire: Correspondence,
        letters: Letters,
        answers: Answers,
        replays: Replays,
        journal: Journal,
        find: FindOrder,
        submit: Callable[[Command], Future[Outcome]],
        clock: Clock,
        told: Told,
        stands: Callable[[Outgoing], bool],
        bulletins: Bulletins | None = None,
    ) -> None:
        """Put it together; `journal` is a connection of its own, `stands` says whether a message is still to leave."""
        self._bulletins = bulletins
        self._wire, self._letters, self._answers, self._replays = wire, letters, answers, replays
        self._journal, self._find, self._submit = journal, find, submit
        self._clock, self._told, self._stands = clock, told, stands
        self._reading = threading.Lock()
        self._digests: dict[str, Shown] = {}
        self._confirming = threading.Lock()

    def hand_out(self, institution: str, ask: bytes, after: str) -> list[Waiting]:
        """Return what waits for an institution after a cursor, as much as one reply holds.

        Raises:
            MessageFault: the signed request cannot be believed, or asks for something else.
            Turnaway: the institution is not one that asks.
            GatewayFault: the centre's writer is away; ask again.
        """
        asked = self._opened(ask, (AskMessage,), institution).message
        assert isinstance(asked, AskMessage), "nothing else is taken here"
        if asked.institution != institution:
            raise MessageFault(MessageProblem.SENDER_WRONG)
        if asked.what is Asked.CHANGES and asked.after == after and self._bulletins is not None:
            cursor, data = self._bulletins.next(institution, after)
            return [Waiting(cursor, data.decode())]
        if asked.what is not Asked.MESSAGES or asked.after != after:
            what = "expected a request for messages after the cursor of the address"
            raise MessageFault(MessageProblem.FIELD_WRONG, what, "after")
        if self._wire.way(institution) is not Way.POLL:
            raise Turnaway(MAILBOX_UNKNOWN)
        every = self._pending(institution)
        later = self._pending(institution, after)
        left = {message.id for message in later}
        self._confirm([message for message in every if after and message.id not in left])
        return self._written(later)

    def take(self, institution: str, data: bytes) -> None:
        """Take in what an institution says; when this returns, what follows from it is on disk.

        Raises:
            MessageFault: the message cannot be believed or read.
            Turnaway: it is believed and leads to nothing, however often it comes.
            GatewayFault: the centre's writer is away; send the same again.
        """
        said = self._opened(data, _TAKES, institution)
        match said.message:
            case AnswerMessage():
                self._take_answer(institution, said.message)
            case RefusalMessage():
                self._take_refusal(institution, said.message)
            case DigestMessage():
                self._take_digest(institution, said.message)
            case (
                NoticeMessage()
                | MeasureNoticeMessage()
                | AppealMessage()
                | SightingMessage()
                | LeadMessage()
                | SuspicionMessage()
                | DecisionAppealMessage()
            ):
                why = self._answers.hear(institution, said.message)
                if why:  # the same again would get the same: its holder is told that it ended
                    raise Turnaway(why)
            case _:
                raise AssertionError("nothing else is taken here")

    # --- messages out ---

    def _pending(self, institution: str, after: str = "") -> list[Outgoing]:
        with self._reading:
            found = self._journal.pending(limits.PAGE_ROWS_MAX, after, institution)
        return [pending.message for pending in found]

    def _written(self, messages: list[Outgoing]) -> list[Waiting]:
        """Return the first messages, signed: those that fit one reply."""
        out: list[Waiting] = []
        size = 0
        for message in filter(self._stands, messages[: limits.MAILBOX_MESSAGES_MAX]):
            try:
                sealed = self._letters.order(decode_issued(message.body)).decode()
            except VaultFault as fault:  # erased: it must not keep the others back
                self._told(message, str(fault))
                continue
            size += len(sealed) + len(message.id) + _ENTRY_BYTES
            if size > limits.MAILBOX_BYTES_MAX:
                break
            out.append(Waiting(message.id, sealed))
        return out

    def _confirm(self, messages: list[Outgoing]) -> None:
        """Note that the institution has these messages."""
        now = self._clock.now()
        self._done([confirm_command(message, now) for message in messages])

    # --- answers in ---

    def _take_answer(self, institution: str, answer: AnswerMessage) -> None:
        order = self._find(answer.order)
        if order is None or order.institution != institution:
            raise Turnaway(Reason.ORDER_UNKNOWN)
        said = self._answers.taken(order, answer)
        self._confirm([x for x in self._pending(institution) if carries(x.id, order.id)])
        outcome = self._done([answer_command(institution, order.id, said)])[-1]
        if isinstance(outcome, Turned):
            is_taken = outcome.reason == WriterRefusal.CONTENT_DIFFERS
            raise Turnaway(Reason.ANSWER_ID_TAKEN if is_taken else outcome.reason, outcome.what)

    def _take_refusal(self, institution: str, refusal: RefusalMessage) -> None:
        """Tell a person: the message stands, and is sent once more when its time for an answer has passed."""
        of = refusal.order or refusal.message or "a message"
        self._told(Outgoing(of, institution, "refused", b""), f"refused: {refusal.problem[:64]}")

    def _take_digest(self, institution: str, digest: DigestMessage) -> None:
        """Take a page: the first begins a digest anew, the others follow one another."""
        with self._confirming:
            shown = self._digests.get(institution)
            if digest.page == 1 or shown is None:
                shown = self._digests[institution] = self._answers.shown(institution)
            shown.take(digest)
            if shown.is_whole:
                del self._digests[institution]

    # --- both ---

    def _opened(self, data: bytes, takes: Collection[type], institution: str) -> Opened:
        opened = open_message(
            data,
            self._wire.ring,
            audience=self._wire.centre,
            now=self._clock.now(),
            replays=self._replays,
            takes=takes,
        )
        if opened.issuer != institution:
            raise MessageFault(MessageProblem.SENDER_WRONG)
        return opened

    def _done(self, commands: list[Command]) -> list[Outcome]:
        outcomes = [future.result() for future in [self._submit(x) for x in commands]]
        if wrong_outcome(outcomes):
            raise GatewayFault("expected the writer to take what an institution said, it is away")
        return outcomes


class ByTheWriter:
    """Remembers nothing: whoever copies a call gives its command's id again, and gets what was told already."""

    def remember(self, issuer: str, jti: str, until: datetime, now: datetime) -> bool:  # noqa: ARG002 - the protocol's
        """Take it."""
        return True


__all__ = ["MAILBOX_UNKNOWN", "ByTheWriter", "FindOrder", "Mailbox", "Turnaway", "Waiting"]
