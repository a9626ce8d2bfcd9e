"""What the agent does at the centre's address: asks its mailbox for orders, posts answers and digests. Nobody reaches in.

    GET  {centre}/institutions/{id}/messages?after=CURSOR   Authorization: Recoup <signed request>
         200 {"messages": [{"cursor": "...", "message": "<signed order>"}]}, oldest first, each signed when it is handed out
    POST {centre}/institutions/{id}/answers                 application/jose: a signed answer, refusal, page of the digest,
         2xx once it is on the centre's disk                 notice or appeal

The cursor moves on only after the centre took the answer, so a crash repeats a message and never loses one; the letters of our
own (holders that were told, and their objections) have a cursor of the same kind. An answer that the centre will never take (it
names why, with a 4xx that is no matter of time or trust) does not keep the orders after it waiting: somebody is told, and the
cursor moves on. Letters follow the answers: of a hold that the centre does not know yet it could not take one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final
from urllib.parse import quote

import httpx
import msgspec

from recoup import limits
from recoup.bank.agent import Agent, AnswerLater, OrderIdTaken
from recoup.bank.store import BankStore
from recoup.clock import Clock
from recoup.errors import GatewayFault, MessageFault
from recoup.messages import Asked, AskMessage, RefusalMessage
from recoup.messages.transport import SCHEME, SIGNED, problem_name, whole_of

DIGEST_SECONDS: Final = 300.0
"""Between two digests that an agent posts which cannot be asked for one."""

REPLY_SECONDS_MAX: Final = 60.0
"""How long one reply of the centre may take to come in, however it comes."""

_CURSOR: Final = "cursor"
_FOR_GOOD: Final = frozenset({400, 404, 409, 413, 422})
"""Statuses that the same message would get again, however it is signed."""

Heard = Callable[[str], None]
"""Hears what a person at the bank should know."""


class _Entry(msgspec.Struct):
    cursor: str
    message: str


class _Mail(msgspec.Struct):
    messages: list[_Entry]


class Line:
    """The way to the centre. What comes back is read with a bound."""

    def __init__(
        self,
        client: httpx.Client,
        institution: str,
        heard: Heard = lambda what: None,  # noqa: ARG005 - the parameter's name is for the reader
    ) -> None:
        """Prepare; `client` has the centre's address as its base."""
        self._client, self._heard = client, heard
        self._path = f"/institutions/{quote(institution, safe='')}"

    def waiting(self, ask: bytes, after: str) -> list[_Entry]:
        """Return what waits after a cursor."""
        headers = {"Authorization": SCHEME + ask.decode()}
        params = {"after": after} if after else {}
        status, body = self._call("GET", "/messages", headers=headers, params=params)
        if not 200 <= status < 300:
            raise _away("GET /messages", status, body)
        try:
            return msgspec.json.decode(body, type=_Mail).messages
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
            raise GatewayFault("expected the centre's messages, was something else") from fault

    def post(self, data: bytes) -> bool:
        """Post a signed message; False where the centre will never take it. `GatewayFault`: try again, signed anew."""
        return not self.declined(data)

    def declined(self, data: bytes) -> str:
        """Post a signed message; return why the centre will never take it, '' where it has it. Raises as `post` does."""
        status, body = self._call("POST", "/answers", content=data)
        if 200 <= status < 300:
            return ""
        if status not in _FOR_GOOD:
            raise _away("POST /answers", status, body)
        name = problem_name(body)
        self._heard(f"the centre did not take an answer: status {status} {name}")
        return name or f"status_{status}"

    def _call(self, method: str, path: str, **more: Any) -> tuple[int, bytes]:  # noqa: ANN401 - as httpx takes it
        # Nothing packed: a small reply would unpack to anything.
        headers = {"Content-Type": SIGNED, "Accept-Encoding": "identity", **more.pop("headers", {})}
        until = monotonic() + REPLY_SECONDS_MAX
        called = self._client.stream(method, self._path + path, headers=headers, **more)
        try:
            with called as response:
                chunks = response.iter_raw()
                body = whole_of(chunks, limits.MAILBOX_BYTES_MAX, lambda: monotonic() > until)
        except (httpx.HTTPError, TimeoutError, MessageFault) as fault:
            raise GatewayFault(f"{method} {path}: {type(fault).__name__}") from fault
        return response.status_code, body


class Poller:
    """Takes what waits at the centre, message by message, and posts the digest from time to time."""

    def __init__(
        self, agent: Agent, store: BankStore, line: Line, *, institution: str, clock: Clock
    ) -> None:
        self._agent, self._store, self._line = agent, store, line
        self._institution, self._clock = institution, clock
        self._digest_at: datetime | None = None

    def poll(self) -> int:
        """Take the messages that wait and answer each; return how many there were.

        Raises:
            GatewayFault: the centre did not answer, or not as it must; the next poll goes on from the same place.
        """
        after = self._store.kept(_CURSOR)
        ask = AskMessage(self._institution, Asked.MESSAGES, after=after)
        entries = self._line.waiting(self._agent.sealed(ask), after)
        for entry in entries:
            reply = self._reply(entry.message.encode())
            if reply is not None:
                self._line.post(reply)
            self._store.keep(_CURSOR, entry.cursor)
        post_letters(self._agent, self._line)
        self._post_digest()
        return len(entries)

    def _reply(self, data: bytes) -> bytes | None:
        """Return the signed answer or refusal; None where the answer comes later."""
        try:
            return self._agent.take(data).data
        except AnswerLater:
            return None
        except (MessageFault, OrderIdTaken) as fault:
            name = fault.problem.value if isinstance(fault, MessageFault) else "order_id_taken"
            now = self._clock.now()
            refusal = RefusalMessage(self._institution, now, name, what=str(fault))
            return self._agent.sealed(refusal)

    def _post_digest(self) -> None:
        """Post all pages where the time has come; one that was not taken is cut anew at the next poll."""
        now = self._clock.now()
        if self._digest_at is not None and now < self._digest_at:
            return
        page = pages = 1
        while page <= pages:
            digest = self._agent.digest_page(page)
            if not self._line.post(self._agent.sealed(digest)):
                break
            page, pages = page + 1, digest.pages
        self._digest_at = now + timedelta(seconds=DIGEST_SECONDS)


class Courier:
    """Posts the answers that the agent took its time for, to orders that were pushed or polled."""

    def __init__(self, agent: Agent, line: Line, *, letters: bool = False) -> None:
        """Prepare; with `letters`, what waits for the centre's next question is posted at once, such as what was watched."""
        self._agent, self._line, self._letters = agent, line, letters

    def post(self) -> int:
        """Post what is ready; return how many the centre has now. `GatewayFault`: they are posted at the next call."""
        count = 0
        for answer in self._agent.owed():
            count += self._line.post(self._agent.sealed(answer))
            self._agent.paid(answer.id)
        return count + (post_letters(self._agent, self._line) if self._letters else 0)


def post_letters(agent: Agent, line: Line) -> int:
    """Post what the agent says of its own accord, oldest first; what was taken is not posted again. Return how many."""
    count = 0
    while letters := agent.waiting(limits.LETTERS_MAX):
        for place, message in letters:
            agent.handed_over(place, line.declined(agent.sealed(message)))
            count += 1
    return count


def _away(what: str, status: int, body: bytes) -> GatewayFault:
    return GatewayFault(f"{what}: expected success, was {status} {problem_name(body)}".rstrip())


__all__ = ["Courier", "Line", "Poller"]
