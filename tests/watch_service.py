"""A running watch service for tests: a real socket, a real folder, the plain core unless another is given."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from pathlib import Path

import httpx
from plain_watch import PlainCore

from recoup.clock import SystemClock
from recoup.watching.service import Callers, Changes, Desk, Figures, Keeping, Service, Terms, serve

OPEN_SECONDS_MAX = 60.0


def token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


_WARM: set[type] = set()
"""Kinds of core whose compiled parts are loaded in this process."""
OPERATORS = {token_digest("ann-token"): "operator-1", token_digest("bo-token"): "operator-2"}


def _warm(core) -> None:
    """Have what a core needs compiled, as `recoup watch serve` has before it listens: no test waits for a compiler.

    Where nothing is kept from an earlier run that takes minutes, and the loop stands still while its own parts are made.
    """
    if type(core) not in _WARM:
        core.warm()
        _WARM.add(type(core))


class Running:
    """A service on a free port. `close` ends it as SIGTERM would; the folder stays."""

    def __init__(
        self,
        folder: Path,
        core=None,
        terms: Terms | None = None,
        read=None,
        callers=None,
        now_us=None,
        pacs_channels=None,
    ):
        self.core = core or PlainCore()
        _warm(self.core)
        self.figures, self.halts = Figures(), []
        keeping = Keeping(folder)
        self.desk = Desk(
            self.core, keeping, terms or Terms(), self.figures, self.halts.append, now_us
        )
        self.records = self.desk.recover()
        self.changes = Changes(
            self.desk, read or (lambda: b"version 2"), lambda: dict(self.core.versions())
        )
        self.service = service = Service(
            self.desk,
            self.changes,
            self.figures,
            SystemClock(),
            callers or Callers(operators=OPERATORS),
            pacs_channels=pacs_channels,
        )
        self.service, ready = service, threading.Event()

        def started(port, stop):
            self.port, self._stop = port, stop
            self.loop = asyncio.get_running_loop()
            ready.set()

        def run():
            asyncio.run(serve(service, self.desk, self.changes, "127.0.0.1", 0, started))

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        assert ready.wait(OPEN_SECONDS_MAX), "the service did not listen"
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60.0)

    def inform(self, name: str, body: bytes) -> None:
        async def told():
            return await self.desk.inform(name, body)

        asyncio.run_coroutine_threadsafe(told(), self.loop).result(OPEN_SECONDS_MAX)

    def pay(self, **changed) -> httpx.Response:
        return self.client.post("/v1/decisions", json=payment(**changed))

    def figure(self, name: str) -> float:
        lines = self.client.get("/metrics").text.splitlines()
        return sum(float(x.rsplit(" ", 1)[1]) for x in lines if x.startswith(name + "_total"))

    def close(self) -> None:
        self.client.close()
        self._stop()
        self._thread.join(OPEN_SECONDS_MAX)
        assert not self._thread.is_alive()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def payment(**changed) -> dict[str, object]:
    """Return a payment as JSON with some fields changed; None leaves one out."""
    row = {
        "id": "p-1",
        "payer": "acc-a",
        "payee": "acc-b",
        "amount": "12.50",
        "currency": "CNY",
        "time": "2026-11-23T10:00:00Z",
        **changed,
    }
    return {name: value for name, value in row.items() if value is not None}
