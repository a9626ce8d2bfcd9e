"""An agent that polls: orders wait at a centre's mailbox, answers are posted; a centre that is away loses nothing."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace

import httpx
import pytest
from banks import BANK, CENTRE, START, bank, listened, order
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from recoup.bank.polling import Poller
from recoup.bank.sandbox import Behaviour, Do
from recoup.errors import GatewayFault
from recoup.messages import (
    AnswerMessage,
    Asked,
    KeyRing,
    MemoryReplays,
    OrderMessage,
    RefusalMessage,
    open_message,
    seal,
)
from recoup.orders import OrderKind, Outcome


@dataclass
class Mailbox:
    """A centre's mailbox for one bank: signs each order when it is handed out."""

    waiting: list[OrderMessage] = field(default_factory=list)
    taken: list[object] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    is_away: bool = False
    says: Response | None = None
    _replays: MemoryReplays = field(default_factory=MemoryReplays)
    _sent: int = 0

    def _open(self, data: bytes) -> object:
        ring = KeyRing([BANK.public])
        return open_message(data, ring, audience="centre", now=START, replays=self._replays).message

    async def messages(self, request: Request) -> Response:
        ask = self._open(request.headers["authorization"].removeprefix("Recoup ").encode())
        assert ask.what is Asked.MESSAGES
        after = request.query_params.get("after", "")
        assert ask.after == after
        self.asked.append(after)
        if self.says is not None:
            return self.says
        found = []
        for place, told in enumerate(self.waiting[int(after or 0) :], start=int(after or 0) + 1):
            self._sent += 1
            data = seal(told, CENTRE, audience=BANK.owner, jti=f"m{self._sent}", now=START)
            found.append({"cursor": str(place), "message": data.decode()})
        return JSONResponse({"messages": found})

    async def answers(self, request: Request) -> Response:
        if self.is_away:
            return PlainTextResponse("away", 503)
        self.taken.append(self._open(await request.body()))
        return Response(status_code=204)

    def app(self) -> Starlette:
        path = f"/institutions/{BANK.owner}"
        return Starlette(
            routes=[
                Route(f"{path}/messages", self.messages),
                Route(f"{path}/answers", self.answers, methods=["POST"]),
                Route("/healthz", lambda _: PlainTextResponse("ok")),
            ]
        )


@pytest.fixture
def mailbox():
    return Mailbox()


@pytest.fixture
def url(mailbox):
    with listened(mailbox.app()) as url:
        yield url


@pytest.fixture
def poller_of():
    with contextlib.ExitStack() as clients:

        def made(a, url: str) -> Poller:
            client = clients.enter_context(httpx.Client(base_url=url, timeout=10))
            return Poller(a.agent, a.store, client, institution=BANK.owner, clock=a.clock)

        yield made


def test_waiting_orders_are_answered_and_the_cursor_moves_on(tmp_path, mailbox, url, poller_of):
    a = bank(tmp_path)
    mailbox.waiting = [order(OrderKind.STOP), order(OrderKind.RELEASE)]
    poller = poller_of(a, url)
    assert poller.poll() == 2
    assert [x.outcome for x in mailbox.taken] == [Outcome.HELD, Outcome.RELEASED]
    assert poller.poll() == 0
    assert mailbox.asked == ["", "2"]


def test_an_answer_that_could_not_be_posted_is_posted_at_the_next_poll(
    tmp_path, mailbox, url, poller_of
):
    a = bank(tmp_path)
    mailbox.waiting, mailbox.is_away = [order(OrderKind.STOP)], True
    poller = poller_of(a, url)
    with pytest.raises(GatewayFault):
        poller.poll()
    assert a.held() == {"a": 60_000}  # the stop is not put off by that
    mailbox.is_away = False
    assert poller.poll() == 1
    (answer,) = mailbox.taken
    assert isinstance(answer, AnswerMessage)
    assert a.held() == {"a": 60_000}


def test_what_cannot_be_obeyed_is_refused_and_does_not_stop_the_rest(
    tmp_path, mailbox, url, poller_of
):
    a = bank(tmp_path)
    first = order(OrderKind.STOP)
    mailbox.waiting = [first, replace(first, amount=1), order(OrderKind.RELEASE)]
    poller_of(a, url).poll()
    assert [type(x) for x in mailbox.taken] == [AnswerMessage, RefusalMessage, AnswerMessage]
    assert mailbox.taken[1].problem == "order_id_taken"


def test_a_bank_that_stays_silent_posts_nothing(tmp_path, mailbox, url, poller_of):
    a = bank(tmp_path, behaviours=[Behaviour(Do.NEVER)])
    mailbox.waiting = [order(OrderKind.STOP)]
    assert poller_of(a, url).poll() == 1
    assert mailbox.taken == []


@pytest.mark.parametrize(
    "says",
    [
        PlainTextResponse("x"), JSONResponse([]), JSONResponse({"messages": [{}]}),
        JSONResponse({"messages": {}}), PlainTextResponse("no", 500),
    ],
)  # fmt: skip
def test_a_centre_that_talks_nonsense_is_a_fault(tmp_path, mailbox, url, says, poller_of):
    mailbox.says = says
    with pytest.raises(GatewayFault):
        poller_of(bank(tmp_path), url).poll()


def test_a_centre_that_is_not_there_is_a_fault(tmp_path, poller_of):
    with pytest.raises(GatewayFault):
        poller_of(bank(tmp_path), "http://127.0.0.1:9").poll()
