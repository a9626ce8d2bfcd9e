"""Hands orders to institutions over HTTP as signed messages, and brings their signed answers back. Decides nothing.

What is sent is written in `letters`, what comes back is taken in by `answers`. No more of a reply is read than a message may
have, and no reply is waited for without end.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from time import monotonic
from typing import Final

import httpx

from recoup import limits
from recoup.centre.answers import Answers, Concerns, HeldAt, Mend
from recoup.centre.commands import Command, Outcome
from recoup.centre.directory import Directory
from recoup.centre.letters import Correspondence, Letters
from recoup.centre.ports import Reply, ToldOf
from recoup.centre.terms import decode_issued
from recoup.clock import Clock
from recoup.errors import Fault, GatewayFault, MessageFault
from recoup.ids import Ids
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
    MemoryReplays,
    NoticeMessage,
    Opened,
    SightingMessage,
    SuspicionMessage,
    open_message,
)
from recoup.messages.transport import SCHEME, SIGNED, problem_name, whole_of
from recoup.orders import Order

REPLY_SECONDS_MAX: Final = 60.0
"""How long one reply may take to come in, however it comes."""

_OF_ITS_OWN: Final = (
    NoticeMessage,
    MeasureNoticeMessage,
    AppealMessage,
    AnswerMessage,
    SightingMessage,
    LeadMessage,
    SuspicionMessage,
    DecisionAppealMessage,
)
"""What an institution may say without being asked."""


class Rejected(Fault):
    """The institution will not take this message, however often it is sent: its name for it is in the text."""

    status = 0
    """The HTTP status, where that was the answer."""


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
        held_at: HeldAt = lambda institution: (),  # noqa: ARG005 - named for the reader
        order_of: Callable[[str], Order | None] = lambda order_id: None,  # noqa: ARG005 - the same
        told: ToldOf = lambda institution, why: None,  # noqa: ARG005 - the same
        *,
        epoch: Callable[[], int] = lambda: 0,
        mend: Mend = lambda drift: None,  # noqa: ARG005 - the same
        stands: Callable[[Outgoing], bool] = lambda message: True,  # noqa: ARG005 - the same
        concerns: Concerns = lambda institution, case: False,  # noqa: ARG005 - the same
        facts_follow: bool = False,
    ) -> None:
        """Prepare; `held_at`, `order_of` and `told` as in `Answers`, `epoch` is the one in which the writer leads.

        `stands` says whether a message is still to leave.

        With `facts_follow` whoever sends hands in what an answer brings, in one round with the answer: the case is traced
        once for both. Without, a case is told of it before the answer is returned.
        """
        self._wire, self._client, self._clock = wire, client, clock
        self._cursors: dict[str, str] = {}
        self._facts_follow, self._stands = facts_follow, stands
        self.letters = Letters(wire, directory, clock, ids, epoch)
        given = (held_at, order_of, told, wire.notice, mend, concerns)
        self.answers = Answers(directory, submit, clock, *given)

    def send(self, message: Outgoing) -> Reply:
        """Send one order and take in what the institution answers at once; one that is not to leave any more is settled."""
        if not self._stands(message):
            return Reply()
        issued = decode_issued(message.body)
        order = issued.order
        written = self.letters.order(issued)
        status, body = self._call("POST", order.institution, "/orders", content=written)
        if status == httpx.codes.ACCEPTED:
            return Reply()
        opened = self._opened(body, order.institution, AnswerMessage)
        answer = opened.message
        assert isinstance(answer, AnswerMessage), "nothing else is taken here"
        try:
            if self._facts_follow:
                return Reply((self.answers.words_of(answer),), self.answers.facts(order, answer))
            return Reply((self.answers.taken(order, answer),))
        except MessageFault as fault:
            raise Rejected(str(fault)) from fault

    def confirm(self, institution: str) -> int:
        """Ask for an institution's digest and tell the cases what it shows; return how many holds it shows."""
        shown = self.answers.shown(institution)
        while not shown.is_whole:
            asked = AskMessage(self._wire.centre, Asked.DIGEST, page=shown.page + 1)
            headers = {"Authorization": SCHEME + self.letters.sealed(asked, institution).decode()}
            _, body = self._call("GET", institution, "/digest", headers=headers)
            digest = self._opened(body, institution, DigestMessage).message
            assert isinstance(digest, DigestMessage), "nothing else is taken here"
            try:
                shown.take(digest)
            except MessageFault as fault:
                raise Rejected(str(fault)) from fault
        return shown.count

    def collect(self, institution: str) -> int:
        """Take in what an institution says of its own accord: holders that were told, and their objections; return how many.

        Told again after a restart, it changes nothing. An institution that has no such messages is left alone.
        """
        count = 0
        while True:
            after = self._cursors.get(institution, "")
            ask = AskMessage(self._wire.centre, Asked.MESSAGES, after=after)
            headers = {"Authorization": SCHEME + self.letters.sealed(ask, institution).decode()}
            try:
                _, body = self._call("GET", institution, "/messages", headers=headers)
            except Rejected as fault:
                if fault.status == httpx.codes.NOT_FOUND:
                    return count
                raise
            found = _letters_of(body)
            for cursor, data in found:
                said = self._opened(data, institution, *_OF_ITS_OWN).message
                assert isinstance(said, _OF_ITS_OWN), "nothing else is taken here"
                self.answers.hear(institution, said)
                self._cursors[institution] = cursor
            count += len(found)
            if len(found) < limits.LETTERS_MAX:
                return count

    def _opened(self, data: bytes, institution: str, *kinds: type) -> Opened:
        """Open what came back on our own request; a replay of an older reply names another order or an older time."""
        try:
            opened = open_message(
                data,
                self._wire.ring,
                audience=self._wire.centre,
                now=self._clock.now(),
                replays=MemoryReplays(),
                takes=kinds,
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
            raise Rejected("expected an institution that is pushed to")
        # Nothing packed: a small reply would unpack to anything.
        sent = {"Content-Type": SIGNED, "Accept-Encoding": "identity", **(headers or {})}
        until = monotonic() + REPLY_SECONDS_MAX
        called = self._client.stream(method, address + path, content=content, headers=sent)
        try:
            with called as response:
                chunks = response.iter_raw()
                body = whole_of(chunks, limits.MESSAGE_BYTES_MAX, lambda: monotonic() > until)
        except (httpx.HTTPError, TimeoutError) as fault:
            raise GatewayFault(f"expected an answer, was {type(fault).__name__}") from fault
        except MessageFault as fault:
            raise Rejected(f"expected an answer, was {fault}") from fault
        if response.is_success:
            return response.status_code, body
        what = f"expected an answer, was status {response.status_code} {problem_name(body)}"
        if response.is_server_error:
            raise GatewayFault(what)
        rejected = Rejected(what)
        rejected.status = response.status_code
        raise rejected


class NotConnected:
    """A `BankGateway` of a centre that reaches no institution: orders wait until somebody carries them on paper."""

    def send(self, message: Outgoing) -> Reply:
        """Refuse; the order stays issued until its time for an answer has passed, and is tried again after a start."""
        raise Rejected(f"expected a connection to {message.destination}, the centre has none")


def _letters_of(body: bytes) -> list[tuple[str, bytes]]:
    """Return cursors and signed messages."""
    try:
        found = [(row["cursor"], row["message"].encode()) for row in json.loads(body)["messages"]]
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise Rejected("expected an institution's messages, was something else") from fault
    if len(found) > limits.LETTERS_MAX or not all(type(cursor) is str for cursor, _ in found):
        raise Rejected(f"expected at most {limits.LETTERS_MAX} messages with their cursors")
    return found


__all__ = ["HTTPGateway", "NotConnected", "Rejected"]
