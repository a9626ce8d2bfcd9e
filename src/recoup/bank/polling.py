"""The other way to get orders: the agent asks the centre's mailbox and posts its answers. Nobody reaches in from outside.

    GET  {centre}/institutions/{id}/messages?after=CURSOR   Authorization: Recoup <signed request>
         200 {"messages": [{"cursor": "...", "message": "<signed order>"}]}, oldest first, each signed when it is handed out
    POST {centre}/institutions/{id}/answers                 application/jose: a signed answer, or a signed refusal
         2xx once it is on the centre's disk

The cursor moves on only after the centre took the answer, so a crash repeats a message and never loses one.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

import httpx

from recoup.bank.agent import Agent, AnswerLater, OrderIdTaken
from recoup.bank.store import BankStore
from recoup.clock import Clock
from recoup.errors import GatewayFault, MessageFault
from recoup.messages import Asked, AskMessage, RefusalMessage
from recoup.messages.transport import SCHEME, SIGNED

_CURSOR: Final = "cursor"


class Poller:
    """Takes what waits at the centre, message by message."""

    def __init__(
        self,
        agent: Agent,
        store: BankStore,
        client: httpx.Client,
        *,
        institution: str,
        clock: Clock,
    ) -> None:
        """Prepare; `client` has the centre's address as its base."""
        self._agent, self._store, self._client = agent, store, client
        self._institution, self._clock = institution, clock
        self._path = f"/institutions/{quote(institution, safe='')}"

    def poll(self) -> int:
        """Take the messages that wait and answer each; return how many there were.

        Raises:
            GatewayFault: the centre did not answer, or not as it must; the next poll goes on from the same place.
        """
        after = self._store.kept(_CURSOR)
        waiting = self._waiting(after)
        for entry in waiting:
            reply = self._reply(entry["message"].encode())
            if reply is not None:
                self._post(reply)
            self._store.keep(_CURSOR, entry["cursor"])
        return len(waiting)

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

    def _waiting(self, after: str) -> list[dict[str, str]]:
        ask = self._agent.sealed(AskMessage(self._institution, Asked.MESSAGES, after=after))
        headers = {"Authorization": SCHEME + ask.decode()}
        params = {"after": after} if after else {}
        response = self._call("GET", "/messages", headers=headers, params=params)
        try:
            entries = response.json()["messages"]
        except (ValueError, KeyError, TypeError) as fault:
            raise GatewayFault("expected the centre's messages, was something else") from fault
        is_right = isinstance(entries, list) and all(
            isinstance(entry, dict)
            and isinstance(entry.get("cursor"), str)
            and isinstance(entry.get("message"), str)
            for entry in entries
        )
        if not is_right:
            raise GatewayFault("expected the centre's messages, was something else")
        return list(entries)

    def _post(self, data: bytes) -> None:
        self._call("POST", "/answers", content=data, headers={"Content-Type": SIGNED})

    def _call(self, method: str, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - as httpx takes it
        try:
            response = self._client.request(method, self._path + path, **more)
        except httpx.HTTPError as fault:
            raise GatewayFault(f"{method} {path}: {type(fault).__name__}") from fault
        if not response.is_success:
            raise GatewayFault(f"{method} {path}: expected success, was {response.status_code}")
        return response


__all__ = ["Poller"]
