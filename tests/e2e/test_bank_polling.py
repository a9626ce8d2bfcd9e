"""An agent that polls: orders wait at a centre's mailbox, answers are posted; a centre that is away loses nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import httpx
import pytest
from banks import BANK, CENTRE, START, bank, listened, order
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from recoup import limits
from recoup.bank.agent import AnswerLater
from recoup.bank.polling import DIGEST_SECONDS, Courier, Line, Poller
from recoup.bank.sandbox import Behaviour, Do
from recoup.errors import GatewayFault
from recoup.messages import (
    AnswerMessage,
    AppealMessage,
    Asked,
    DigestMessage,
    KeyRing,
    MemoryReplays,
    NoticeMessage,
    NoticeTerms,
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
    digests: list[DigestMessage] = field(default_factory=list)
    refuses: Response | None = None
    asked: list[str] = field(default_factory=list)
    is_away: bool = False
    says: Response | None = None
    _replays: MemoryReplays = field(default_factory=MemoryReplays)
    _sent: int = 0
    now: datetime = START

    def _open(self, data: bytes) -> object:
        ring = KeyRing([BANK.public])
        return open_message(
            data, ring, audience="centre", now=self.now, replays=self._replays
        ).message

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
            data = seal(told, CENTRE, audience=BANK.owner, jti=f"m{self._sent}", now=self.now)
            found.append({"cursor": str(place), "message": data.decode()})
        return JSONResponse({"messages": found})

    async def answers(self, request: Request) -> Response:
        if self.is_away:
            return PlainTextResponse("away", 503)
        said = self._open(await request.body())
        if self.refuses is not None:
            return self.refuses
        (self.digests if isinstance(said, DigestMessage) else self.taken).append(said)
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

        def made(a, url: str, heard: Callable[[str], None] = print) -> Poller:
            client = clients.enter_context(httpx.Client(base_url=url, timeout=10))
            line = Line(client, BANK.owner, heard)
            return Poller(a.agent, a.store, line, institution=BANK.owner, clock=a.clock)

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


def test_holders_that_were_told_and_their_objections_are_posted_once_and_after_the_answer(
    tmp_path, mailbox, url, poller_of
):
    a = bank(tmp_path)
    stop = order(OrderKind.STOP, notice=NoticeTerms("Police of X", ("paper 1",), "110"))
    mailbox.waiting, mailbox.is_away = [stop], True
    poller = poller_of(a, url)
    with pytest.raises(GatewayFault):
        poller.poll()
    a.agent.tell_holders()
    a.agent.file_appeal(stop.id, "my wage")
    mailbox.is_away = False
    poller.poll()
    poller.poll()
    assert [type(x) for x in mailbox.taken] == [AnswerMessage, NoticeMessage, AppealMessage]
    assert (mailbox.taken[1].is_delivered, mailbox.taken[2].statement) == (True, "my wage")


def test_a_letter_that_the_centre_will_never_take_does_not_keep_the_next_waiting(
    tmp_path, mailbox, url, poller_of
):
    a, said, stop = bank(tmp_path), [], order(OrderKind.STOP)
    a.tell(stop)
    a.agent.file_appeal(stop.id, "my wage")
    mailbox.refuses = JSONResponse({"type": "urn:recoup:problem:field_wrong"}, 422)
    poller = poller_of(a, url, said.append)
    poller.poll()
    assert said[0].endswith("status 422 field_wrong")
    mailbox.refuses = None
    a.agent.file_appeal(stop.id, "it is mine")
    poller.poll()
    assert [x.statement for x in mailbox.taken] == ["it is mine"]


def test_its_digest_is_posted_at_once_and_then_from_time_to_time(tmp_path, mailbox, url, poller_of):
    a = bank(tmp_path)
    mailbox.waiting = [order(OrderKind.STOP)]
    poller = poller_of(a, url)
    poller.poll()
    poller.poll()
    (digest,) = mailbox.digests
    assert [hold.held for hold in digest.holds] == [60_000]
    a.clock.move(timedelta(seconds=DIGEST_SECONDS))
    mailbox.now = a.clock.now()
    poller.poll()
    assert len(mailbox.digests) == 2


def test_an_answer_that_the_centre_will_never_take_does_not_keep_the_next_waiting(
    tmp_path, mailbox, url, poller_of
):
    a, said = bank(tmp_path), []
    mailbox.waiting = [order(OrderKind.STOP), order(OrderKind.RELEASE)]
    mailbox.refuses = JSONResponse({"type": "urn:recoup:problem:answer_id_taken"}, 409)
    poller = poller_of(a, url, said.append)
    assert poller.poll() == 2
    assert said[0].endswith("status 409 answer_id_taken")
    assert poller.poll() == 0, "the cursor moved on"


@pytest.mark.parametrize("status", [401, 429, 503])
def test_what_time_may_mend_is_posted_again(tmp_path, mailbox, url, poller_of, status):
    mailbox.waiting = [order(OrderKind.STOP)]
    mailbox.refuses = JSONResponse({}, status)
    poller = poller_of(bank(tmp_path), url)
    with pytest.raises(GatewayFault):
        poller.poll()
    mailbox.refuses = None
    assert poller.poll() == 1


def test_a_reply_of_the_centre_is_read_with_a_bound(tmp_path, mailbox, url, poller_of):
    mailbox.says = PlainTextResponse("x" * (limits.MAILBOX_BYTES_MAX + 1))
    with pytest.raises(GatewayFault, match="MessageFault"):
        poller_of(bank(tmp_path), url).poll()


def test_an_answer_that_comes_later_is_posted_when_it_is_ready(tmp_path, mailbox, url):
    a = bank(tmp_path, behaviours=[Behaviour(Do.LATER, seconds=60)])
    with pytest.raises(AnswerLater):
        a.tell(order(OrderKind.STOP))
    with httpx.Client(base_url=url, timeout=10) as client:
        courier = Courier(a.agent, Line(client, BANK.owner))
        assert courier.post() == 0
        a.clock.move(timedelta(seconds=60))
        mailbox.now, mailbox.is_away = a.clock.now(), True
        with pytest.raises(GatewayFault):
            courier.post()
        mailbox.is_away = False
        assert (courier.post(), courier.post()) == (1, 0)
    assert [x.outcome for x in mailbox.taken] == [Outcome.HELD]


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
