"""Around every request: while the process ends each answer ends its connection, and work that is broken off says so."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from recoup.api.callers import House
from recoup.api.operations import Figures
from recoup.api.passwords import Passwords
from recoup.api.port import CentrePort
from recoup.api.watch import Watch

SCOPE = {"type": "http", "method": "POST", "path": "/x", "headers": []}


class _Nobody:
    """A centre that is asked nothing."""


async def _served(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("done")(scope, receive, send)


async def _broken_off(*_: object) -> None:
    raise asyncio.CancelledError


async def _broken_off_within(_: Scope, __: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise asyncio.CancelledError


def _told(app: Any, *, is_draining: bool) -> list[Message]:
    port = cast("CentrePort", _Nobody())
    house = House(port, Passwords(memory_kibibytes=64, rounds=1), "")
    house.is_draining = is_draining
    told: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        told.append(message)

    asyncio.run(Watch(app, Figures(port), house)(dict(SCOPE), receive, send))
    return told


@pytest.mark.parametrize("is_draining", [True, False])
def test_an_answer_ends_its_connection_while_the_process_ends_and_only_then(
    is_draining: bool,
) -> None:
    start = _told(_served, is_draining=is_draining)[0]
    assert start["status"] == 200
    assert ((b"connection", b"close") in start["headers"]) is is_draining


def test_work_that_is_broken_off_is_not_known_to_be_done_and_no_mistake() -> None:
    start, body = _told(_broken_off, is_draining=True)
    assert start["status"] == 503
    assert b"outcome_unknown" in body["body"]


def test_an_answer_that_has_begun_is_broken_off() -> None:
    with pytest.raises(asyncio.CancelledError):
        _told(_broken_off_within, is_draining=True)
