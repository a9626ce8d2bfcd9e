"""Runs the service on a socket: opens the desk, listens, reloads on SIGHUP; at SIGTERM answers what waits, keeps the state."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Final

import uvicorn

from recoup import limits
from recoup.watching.service.app import Service
from recoup.watching.service.changing import Changes
from recoup.watching.service.desk import Desk
from recoup.watching.service.short import protocol_of


class _Server(uvicorn.Server):
    """Says at which port it listens, and ends at a signal without ending the process by it."""

    def __init__(
        self, config: uvicorn.Config, service: Service, started: Callable[[int], None]
    ) -> None:
        super().__init__(config)
        self._service, self._started = service, started

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """Listen, then say at which port."""
        await super().startup(sockets)  # type: ignore[arg-type]
        if self.servers:
            self._started(self.servers[0].sockets[0].getsockname()[1])

    async def shutdown(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """Let open requests end; a connection that was accepted and is told too late to be asked to end, ends by itself."""
        self._service.is_ending = True
        await super().shutdown(sockets)  # type: ignore[arg-type]

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a handler has one
        """Drain at the first signal, break off at the second."""
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


async def serve(
    service: Service,
    desk: Desk,
    changes: Changes,
    host: str,
    port: int,
    started: Callable[[int, Callable[[], None]], None] = lambda port, stop: None,  # noqa: ARG005
) -> None:
    """Serve until told to stop; the desk was recovered before.

    Args:
        service: the application.
        desk: is opened and closed here.
        changes: what a SIGHUP asks to reload.
        host: where to listen.
        port: 0 lets the system choose.
        started: hears the port, and how to stop from any thread.
    """
    loop = asyncio.get_running_loop()
    config = uvicorn.Config(
        service,
        host=host,
        port=port,
        http=protocol_of(service),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=limits.DRAIN_SECONDS_MAX,
        h11_max_incomplete_event_size=limits.WATCH_HEAD_BYTES_MAX,
    )

    def stop() -> None:
        server.should_exit = True

    server = _Server(config, service, lambda port: started(port, stop))
    is_main = threading.current_thread() is threading.main_thread()
    tasks: set[asyncio.Task[bool]] = set()

    def reload() -> None:
        task = loop.create_task(changes.reload())
        tasks.add(task)  # a task that nobody holds may be collected before it has run
        task.add_done_callback(tasks.discard)

    if is_main:
        with contextlib.suppress(AttributeError, NotImplementedError):  # Windows has no SIGHUP
            loop.add_signal_handler(signal.SIGHUP, reload)
    desk.open()
    try:
        with _little_collecting():
            await server.serve()
    finally:
        await desk.close()


@contextlib.contextmanager
def _little_collecting() -> Iterator[None]:
    """Have what is kept seldom looked through for cycles: that stops all threads, for longer the more there is."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTED)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


_COLLECTED: Final = (20_000, 20, 1_000)
"""Objects that are new, and how often the young are collected before the older are, and these before all."""


__all__ = ["serve"]
