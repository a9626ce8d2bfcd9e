"""`recoup bench watch-http`: payments a second over HTTP, one by one and in batches, with the time that a caller waits.

What it stands for: a bank's core system beside the watch, on one machine of two cores. The service runs as it would, with the
shipped rules, its log synced before each answer; whoever sends runs in a process of its own and keeps so many connections busy.
Nobody warms anything but the first second. Nothing here is a test.
"""

from __future__ import annotations

import asyncio
import gc
import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import numpy as np

from recoup.bench.machine import describe_machine
from recoup.bench.report import Report, Tell
from recoup.bench.rows import Row

_START: Final = 1_700_000_000_000_000
_ACCOUNTS: Final = 100_000
_READY: Final = 24_000
"""Single payments that are ready for each second: more than are answered."""
_CONNECTIONS: Final = {"single": 32, "json": 4, "arrow": 4}


@dataclass(frozen=True)
class Plan:
    """How much to measure."""

    seconds: float = 10.0
    batch: int = 500

    @classmethod
    def quick(cls) -> Plan:
        """Return a plan of a moment, to see that the bench works; its figures say nothing."""
        return cls(0.5, 20)


def bench_watch_http(plan: Plan, tell: Tell) -> Report:
    """Return the rows: single payments, JSON batches, Arrow batches."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for kind, wanted in (("single", 8_000), ("json", 300_000), ("arrow", 300_000)):
            tell(f"{kind} over HTTP")
            found = _measured(Path(folder) / kind, kind, plan)
            size = 1 if kind == "single" else plan.batch
            rate = found["requests"] * size / found["seconds"]
            times = found["milliseconds"]
            p50, p99 = (float(x) for x in np.percentile(times, [50, 99]))
            rows += [
                Row(f"watch_http_{kind}", rate, "payments/s", baseline=wanted, ratio=rate / wanted),
                Row(f"watch_http_{kind}_wait", p50, "ms", p50, p99),
            ]
    return Report(describe_machine(), tuple(rows))


def _measured(folder: Path, kind: str, plan: Plan) -> dict[str, Any]:
    """Run a service and a sender, each a process of its own; return what the sender saw."""
    command = [sys.executable, "-m", "recoup", "watch", "serve", "--data", str(folder)]
    command += ["--port", "0", "--rules", "cn-flags", "--policy", "cn"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as service:  # noqa: S603 - our own program
        try:
            assert service.stdout is not None, "piped"
            port = int(service.stdout.readline().rsplit(":", 1)[1])
            asked = [sys.executable, "-m", "recoup.bench.watch_http"]
            asked += [str(port), kind, str(plan.seconds), str(plan.batch)]
            seen = subprocess.run(asked, stdout=subprocess.PIPE, check=True)  # noqa: S603 - as above
            found: dict[str, Any] = json.loads(seen.stdout)
        finally:
            service.terminate()
    return found


# --- the sender ---


def bodies(kind: str, batch: int, connection: int) -> Iterator[bytes]:
    """Yield the bodies of one connection: payments among so many accounts, each with an id of its own."""
    draw = np.random.default_rng([7, connection])
    count, size = 0, 1 if kind == "single" else batch
    while True:
        payers, payees = draw.integers(0, _ACCOUNTS, (2, size)).tolist()
        amounts = draw.integers(1, 10**6, size).tolist()
        numbers = range(count, count + size)
        count += size
        rows = [
            (f"{connection}-{n}", f"62{a:09}", f"63{b:09}", f"{x // 100}.{x % 100:02}", n)
            for n, a, b, x in zip(numbers, payers, payees, amounts, strict=True)
        ]
        yield _arrow(rows) if kind == "arrow" else _json(rows, is_single=kind == "single")


def _json(rows: list[tuple[str, str, str, str, int]], *, is_single: bool) -> bytes:
    import msgspec

    found = [
        {
            "id": i,
            "payer": a,
            "payee": b,
            "amount": x,
            "currency": "CNY",
            "time": "2023-11-14T23:00:00Z",
        }
        for i, a, b, x, _ in rows
    ]
    return msgspec.json.encode(found[0] if is_single else {"payments": found})


def _arrow(rows: list[tuple[str, str, str, str, int]]) -> bytes:
    import pyarrow as pa

    ids, payers, payees, amounts, _ = (list(column) for column in zip(*rows, strict=True))
    time = pa.array([_START] * len(rows), pa.timestamp("us", "UTC"))
    columns = {"id": ids, "payer": payers, "payee": payees, "amount": amounts}
    made = pa.record_batch({**columns, "currency": ["CNY"] * len(rows), "time": time})
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, made.schema) as writer:
        writer.write_batch(made)
    return sink.getvalue()


class _Line(asyncio.Protocol):
    """One connection that is kept busy: the next request leaves when the answer is whole."""

    def __init__(self, requests: list[bytes], until: float, times: list[float]) -> None:
        self._requests, self._until, self._times = iter(requests), until, times
        self._parts: list[bytes] = []
        self._missing = 0
        self._begin = 0.0
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport), "of a socket"
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        if not self._missing:
            data = b"".join([*self._parts, data])
            self._parts = []
            end = data.find(b"\r\n\r\n") + 4
            if end < 4:
                self._parts = [data]
                return
            assert data.startswith(b"HTTP/1.1 200"), data[:end]
            length = data.find(b"content-length:", 0, end) + len(b"content-length:")
            self._missing = end + int(data[length : data.index(b"\r", length)])
        self._missing -= len(data)
        if not self._missing:
            self._times.append((perf_counter() - self._begin) * 1e3)
            self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_exception(error or ConnectionError("the service hung up"))

    def _next(self) -> None:
        self._begin = perf_counter()
        request = next(self._requests, None) if self._begin < self._until else None
        if request is None:
            self.ended.set_result(None)
            self._transport.close()
        else:
            self._transport.write(request)


async def _send(port: int, kind: str, seconds: float, batch: int) -> dict[str, Any]:
    path = "/v1/decisions.arrow" if kind == "arrow" else "/v1/decisions"
    media = "application/vnd.apache.arrow.stream" if kind == "arrow" else "application/json"
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: {media}\r\nContent-Length: "
    made = [bodies(kind, batch, at) for at in range(_CONNECTIONS[kind])]
    ready = int((_READY if kind == "single" else 1_500) * seconds / len(made))
    requests = [
        [
            f"{head}{len(body)}\r\n\r\n".encode() + body
            for _, body in zip(range(ready), one, strict=False)
        ]
        for one in made
    ]
    gc.freeze()  # what is ready is not looked through again
    times: list[float] = []
    begin = perf_counter()
    lines = [_Line(own, begin + seconds, times) for own in requests]
    loop = asyncio.get_running_loop()
    for line in lines:
        await loop.create_connection(lambda line=line: line, "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.gather(*(line.ended for line in lines))
    return {"requests": len(times), "seconds": perf_counter() - begin, "milliseconds": times}


def main(argv: list[str], write: Callable[[str], object] = print) -> None:
    """Send as the four words say: port, kind, seconds, batch; write what was seen as JSON."""
    port, kind, seconds, batch = argv
    write(json.dumps(asyncio.run(_send(int(port), kind, float(seconds), int(batch)))))


if __name__ == "__main__":
    main(sys.argv[1:])

__all__ = ["Plan", "bench_watch_http", "bodies", "main"]
