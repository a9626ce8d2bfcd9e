"""Runs an app on a socket until the process is told to stop, then lets open requests end. Knows nothing of what is served."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType

import uvicorn
from fastapi import FastAPI

from recoup import limits


class _Server(uvicorn.Server):
    """Tells the app when it is told to stop, so that endless answers end and nothing new is taken."""

    def __init__(
        self, config: uvicorn.Config, app: FastAPI, started: Callable[[int], None]
    ) -> None:
        super().__init__(config)
        self._app, self._started = app, started

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """Listen, then say at which port."""
        await super().startup(sockets)  # type: ignore[arg-type]
        if self.servers:
            self._started(self.servers[0].sockets[0].getsockname()[1])

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a handler has one
        """Drain at the first signal, break off at the second. Not uvicorn's own way: that ends the process by the signal."""
        self._app.state.house.is_draining = True
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True

    def stop(self) -> None:
        """End as a signal would, from another thread."""
        self.handle_exit(signal.SIGTERM, None)


def server_of(
    app: FastAPI,
    host: str,
    port: int,
    started: Callable[[int], None] = lambda port: None,  # noqa: ARG005 - named for the reader
) -> _Server:
    """Return a server of `app`; port 0 lets the system choose, `started` hears which."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=limits.DRAIN_SECONDS_MAX,
        h11_max_incomplete_event_size=2**16,
    )
    return _Server(config, app, started)


class Served:
    """A server in a thread of its own, for tests and rehearsals."""

    def __init__(self, app: FastAPI) -> None:
        """Listen on a free port of this machine; `address` says where."""
        ready = threading.Event()
        self._port = 0

        def started(port: int) -> None:
            self._port = port
            ready.set()

        self._server = server_of(app, "127.0.0.1", 0, started)
        self._thread = threading.Thread(target=self._server.run, name="api", daemon=True)
        self._thread.start()
        if not ready.wait(limits.DRAIN_SECONDS_MAX):
            raise RuntimeError("expected the server to listen, did not")

    @property
    def address(self) -> str:
        """Return the address under which it listens."""
        return f"http://127.0.0.1:{self._port}"

    def stop(self) -> None:
        """Let open requests end, then stop."""
        self._server.stop()
        self._thread.join()


__all__ = ["Served", "server_of"]
