"""From a report over HTTP to the first order's bytes at the institution: a real centre, a real sandbox bank, each a process.

What it stands for: the call that is not over yet. A call taker enters one more payment of an open case whose standing authority
two persons have set before, so that no order waits for a person; every report names an account that nobody has named before.
The time runs from sending the report until all bytes of the order about its account are at the bank's address. There they are
noted and handed on, so what that takes is no part of the time. The bank declares that it takes any number of orders a minute:
otherwise its capacity would be measured and not the centre.
"""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Any, Final

import httpx
import numpy as np
import pyotp

from recoup.bench.rows import Row, resident_mb
from recoup.messages import generate_key, write_key, write_public

BANK: Final = "bank-1"
CENTRE: Final = "centre"
_CURRENCY: Final = "CNY"
_AMOUNT: Final = "3000.00"
_UNIT: Final = "unit-1"
_PASSWORD: Final = "a long word of the bench"  # noqa: S105 - of nobody, in a temporary folder
_PER_CASE: Final = 10
"""Payments of one case that are measured."""
_PAUSE_SECONDS: Final = 0.25
_WAIT_SECONDS_MAX: Final = 60.0


class _Relay:
    """Stands before the bank: notes when an order's bytes were all there, and hands them on."""

    def __init__(self, host: str, port: int) -> None:
        self.came: dict[str, float] = {}
        """By account number."""
        self.changed = threading.Condition()
        self.port = 0
        self._there = (host, port)
        self._is_up = threading.Event()
        self._end: Callable[[], object] = lambda: None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()
        self._is_up.wait(_WAIT_SECONDS_MAX)

    def stop(self) -> None:
        """End."""
        self._end()
        self._thread.join()

    async def _run(self) -> None:
        """Serve until told to end; what is still open then is closed."""
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**21)
        self.port = server.sockets[0].getsockname()[1]
        self._end = lambda: loop.call_soon_threadsafe(ended.set)
        self._is_up.set()
        await ended.wait()
        server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        other, onward = await asyncio.open_connection(*self._there, limit=2**21)
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                await self._carry(reader, writer, other, onward)
        finally:
            onward.close()
            writer.close()

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        other: asyncio.StreamReader,
        onward: asyncio.StreamWriter,
    ) -> None:
        """Hand requests on and answers back, until one side has no more."""
        while True:
            for source, sink in ((reader, onward), (other, writer)):
                head = await source.readuntil(b"\r\n\r\n")
                length = head.lower().partition(b"content-length:")[2]
                body = await source.readexactly(int(length.split(b"\r\n", 1)[0] or 0))
                if source is reader:
                    self._note(head, body)
                sink.write(head + body)
                await sink.drain()

    def _note(self, head: bytes, body: bytes) -> None:
        came = perf_counter()
        if not head.startswith(b"POST /orders"):
            return
        payload = body.split(b".")[1]
        order = json.loads(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
        with self.changed:
            self.came.setdefault(order["account_number"], came)
            self.changed.notify_all()


class _Persons:
    """Who works with the centre over HTTP."""

    def __init__(self, address: str) -> None:
        self._client = httpx.Client(base_url=address, timeout=_WAIT_SECONDS_MAX)
        self._keys = (f"bench-{n:06}" for n in count())
        self._tokens: dict[str, str] = {}

    def post(self, path: str, body: dict[str, Any], by: str = "") -> dict[str, Any]:
        """Ask for something that is done."""
        headers = {"Idempotency-Key": next(self._keys)}
        if by:
            headers["Authorization"] = f"Bearer {self._tokens[by]}"
        return self._body(self._client.post(path, json=body, headers=headers))

    def get(self, path: str, by: str, reason: str) -> dict[str, Any]:
        """Look at something."""
        headers = {"Authorization": f"Bearer {self._tokens[by]}"}
        return self._body(self._client.get(path, params={"reason": reason}, headers=headers))

    def _body(self, found: httpx.Response) -> dict[str, Any]:
        assert found.status_code == httpx.codes.OK, found.text
        body: dict[str, Any] = found.json()
        return body

    def set_up(self, token: str) -> None:
        """Make the administrator, a call taker, an officer and an approver."""
        body = {"token": token, "name": "root", "password": _PASSWORD, "unit": _UNIT}
        self._log_in("root", self.post("/setup", body)["secret"])
        for name in ("call_taker", "officer", "approver"):
            added = self.post("/persons", {"name": name}, "root")
            body = {"token": added["token"], "name": name, "password": _PASSWORD}
            secret = self.post("/enrolments", body)["secret"]
            role = {"role": name, "unit": _UNIT}
            self.post(f"/persons/{added['id']}/roles/grant", role, "root")
            self._log_in(name, secret)

    def _log_in(self, name: str, secret: str) -> None:
        body = {"name": name, "password": _PASSWORD, "code": pyotp.TOTP(secret).now()}
        self._tokens[name] = self.post("/sessions", body)["token"]

    def close(self) -> None:
        """Let go of the centre."""
        self._client.close()


def _number(payment: int) -> str:
    return f"6222{payment:012}"


def _script(payments: int, at: datetime) -> str:
    """Return a bank with one account for each payment, which came there."""
    lines = [f'institution = "{BANK}"']
    for n in range(payments):
        account = {"number": _number(n), "name": f"Holder {n}", "currency": _CURRENCY}
        moved = {"id": f"T{n}", "payer": f"6111{n:012}", "payee": _number(n), "amount": _AMOUNT}
        moved |= {"currency": _CURRENCY, "payer_name": f"Victim {n}", "payee_name": f"Holder {n}"}
        moved |= {"payer_institution": "bank-9", "payee_institution": BANK, "kind": "transfer"}
        for table, row in (("accounts", account | {"opening": "5.00"}), ("transfers", moved)):
            lines += [f"[[{table}]]", *(f"{key} = {json.dumps(x)}" for key, x in row.items())]
        lines.append(f"at = {at.isoformat()}")
    return "\n".join(lines) + "\n"


def _told(payment: int, at: datetime, case: str) -> dict[str, Any]:
    """Return what the victim of a payment tells."""
    payee = {"institution": BANK, "number": _number(payment), "name": f"Holder {payment}"}
    payer = {"institution": "bank-9", "number": f"6111{payment:012}", "name": f"Victim {payment}"}
    told: dict[str, Any] = {
        "channel": "emergency_call",
        "accepts_liability": True,
        "received_at": datetime.now(UTC).isoformat(),
        "reporter": {"name": f"Victim {payment}", "phone": "000"},
        "payment": {
            "payer": payer,
            "payee": payee,
            "amount": _AMOUNT,
            "currency": _CURRENCY,
            "paid_at": at.isoformat(),
            "kind": "transfer",
            "serial": f"SN-{payment}",
        },
        "text": "The caller said that the account was not safe.",
    }
    return told | ({"case": case} if case else {})


@contextmanager
def _process(waits_for: str, *words: object) -> Iterator[tuple[str, list[str]]]:
    """Run the program; give the last word of the line that is waited for, and the lines before it."""
    command = [sys.executable, "-m", "recoup", *map(str, words)]
    process = subprocess.Popen(  # noqa: S603 (our own program, by our own interpreter)
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    try:
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line.strip())
            if waits_for in line:
                break
        assert lines, f"{words[0]} ended before it began"
        yield lines[-1].split()[-1], lines
    finally:
        process.terminate()
        process.wait(_WAIT_SECONDS_MAX)
        process.stdout.close()


@contextmanager
def _running(folder: Path, payments: int, at: datetime) -> Iterator[tuple[_Relay, _Persons]]:
    """Run bank, relay and centre; give the relay, and persons who may do what is needed."""
    now = datetime.now(UTC)
    for owner in (CENTRE, BANK):
        key = generate_key(owner, now - timedelta(hours=1), now + timedelta(days=1))
        write_key(key, folder / f"{owner}.key.json")
        write_public(key.public, folder / f"{owner}.public.json")
    script = folder / "bank.toml"
    script.write_text(_script(payments, at), encoding="utf-8")
    words = ["--script", script, "--centre", CENTRE, "--books", folder / "books.sqlite"]
    words += ["--key", folder / f"{BANK}.key.json", "--trust", folder / f"{CENTRE}.public.json"]
    with ExitStack() as stack:
        bank = _process("http", "bank", "sandbox", *words, "--port", 0)
        address, _ = stack.enter_context(bank)
        there = httpx.URL(address)
        relay = _Relay(there.host, there.port or 80)
        stack.callback(relay.stop)
        config = folder / "centre.toml"
        config.write_text(
            f'name = "{CENTRE}"\nsigning_key = "{folder / CENTRE}.key.json"\n'
            '[notice]\nauthority = "Bench centre"\ndocuments = ["notice of a stop"]\nphone = "000"\n'
            f'[institutions.{BANK}]\nkeys = ["{folder / BANK}.public.json"]\n'
            f'url = "http://127.0.0.1:{relay.port}"\norders_per_minute = 100000\n',
            encoding="utf-8",
        )
        serve = ("serve", "--data", folder / "data", "--port", 0, "--config", config)
        address, lines = stack.enter_context(_process("Listening", *serve))
        persons = _Persons(address)
        stack.callback(persons.close)
        persons.set_up(next(line for line in lines if "setup token" in line).split()[-1])
        yield relay, persons


def _open_case(persons: _Persons, payment: int, at: datetime) -> str:
    """Open a case with a report and give it a standing authority; return its id."""
    case = str(persons.post("/reports", _told(payment, at, ""), "call_taker")["case"])
    until = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    limits = {"hops_max": "8", "amount_max": "1000000.00", "currency": _CURRENCY, "until": until}
    mandate = persons.post(f"/cases/{case}/mandates", limits, "officer")["id"]
    seen = persons.get(f"/cases/{case}/decisions", "approver", "asked to agree")["mandates"]
    digest = {"digest": next(row["digest"] for row in seen if row["id"] == mandate)}
    persons.post(f"/cases/{case}/mandates/{mandate}/agree", digest, "approver")
    return case


def report_to_order(reports: int) -> Row:
    """Return milliseconds from a report to its order at the bank, over `reports` of them one after another.

    `baseline` is the time until the centre answered the report itself (median).
    """
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=20)
    cases = -(-reports // _PER_CASE) + 1  # the first is not counted: it warms up
    times: list[float] = []
    answers: list[float] = []
    with (
        TemporaryDirectory() as name,
        _running(Path(name), cases * (_PER_CASE + 1), at) as (relay, persons),
    ):
        fresh = count()
        for number in range(cases):
            opening = next(fresh)
            case = _open_case(persons, opening, at)
            _arrival(relay, opening)
            for _ in range(_PER_CASE):
                sleep(_PAUSE_SECONDS)
                payment = next(fresh)
                begin = perf_counter()
                persons.post("/reports", _told(payment, at, case), "call_taker")
                answered = perf_counter()
                came = _arrival(relay, payment)
                if number:
                    times.append((came - begin) * 1e3)
                    answers.append((answered - begin) * 1e3)
    p50, p99 = (float(x) for x in np.percentile(times, [50, 99]))
    baseline = float(np.median(answers))
    return Row("report_to_order", p50, "ms", p50, p99, baseline=baseline, rss_mb=resident_mb())


def _arrival(relay: _Relay, payment: int) -> float:
    """Wait for an order about a payment's account; return when it was there."""
    number = _number(payment)
    with relay.changed:
        is_there = relay.changed.wait_for(lambda: number in relay.came, _WAIT_SECONDS_MAX)
        assert is_there, "an order that never reached the bank"
        return relay.came[number]


__all__ = ["report_to_order"]
