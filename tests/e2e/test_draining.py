"""`recoup serve` is told to end while eight clients work: what was answered is done, the rest once or not at all."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import httpx
import pyotp
from serving import PASSWORD, running

from recoup import limits

CLIENTS = 8
ANSWERS = 5
"""That each client has before the end: so all their connections stand."""
PATIENCE_SECONDS = 60
PACE_SECONDS = 0.05
"""Between two commands of one client: within what one person may ask in a minute."""


@dataclass
class Client:
    """Adds persons one after the other, and notes what it was told of each; None where no answer came."""

    address: str
    bearer: str
    number: int

    def __post_init__(self) -> None:
        self.told: dict[str, tuple[int, str] | None] = {}
        self.thread = threading.Thread(target=self._work)
        self.thread.start()

    @property
    def answered(self) -> int:
        """How many answers it got."""
        return sum(found is not None for found in list(self.told.values()))

    def _work(self) -> None:
        headers = {"Authorization": f"Bearer {self.bearer}"}
        with httpx.Client(base_url=self.address, timeout=30, headers=headers) as client:
            for count in range(1_000):
                key = f"person-{self.number}-{count:04d}"
                self.told[key] = None
                try:
                    self.told[key] = _add(client, key)
                except httpx.TransportError:
                    return
                time.sleep(PACE_SECONDS)


def _add(client: httpx.Client, key: str) -> tuple[int, str]:
    found = client.post("/persons", json={"name": key}, headers={"Idempotency-Key": key})
    return found.status_code, found.json().get("id", "") if found.status_code == 200 else ""


def _rooted(client: httpx.Client, token: str) -> str:
    """Set the centre up and return the session of its administrator."""
    body = {"token": token, "name": "root", "password": PASSWORD, "unit": "gd"}
    made = client.post("/setup", json=body, headers={"Idempotency-Key": "setup-0001"}).json()
    code = pyotp.TOTP(made["secret"]).now()
    body = {"name": "root", "password": PASSWORD, "code": code}
    found = client.post("/sessions", json=body, headers={"Idempotency-Key": "login-0001"})
    assert found.status_code == 200, found.text
    return str(found.json()["token"])


def test_what_was_answered_before_the_end_is_done_and_the_rest_once_or_not_at_all(
    tmp_path: Path,
) -> None:
    options = ("--data", str(tmp_path / "centre"), "--port", "0")
    with running(*options) as centre:
        token = centre.wait_for("setup token")
        address = centre.wait_for("Listening")
        with httpx.Client(base_url=address, timeout=30) as client:
            bearer = _rooted(client, token)
        clients = [Client(address, bearer, number) for number in range(CLIENTS)]
        until = time.monotonic() + PATIENCE_SECONDS
        while min(one.answered for one in clients) < ANSWERS and time.monotonic() < until:
            time.sleep(PACE_SECONDS)
        centre.process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        for one in clients:
            one.thread.join(60)
            assert not one.thread.is_alive(), "an open connection kept its client waiting"
        seconds = time.monotonic() - began
        assert centre.process.wait(60) == 0, "an end that was asked for is no fault"
    assert seconds < limits.DRAIN_SECONDS_MAX, "clients ended by themselves and were not cut off"
    told = {key: found for one in clients for key, found in one.told.items()}
    done = {key: found[1] for key, found in told.items() if found and found[0] == 200}
    statuses = Counter(found[0] for found in told.values() if found)
    assert len(done) >= ANSWERS * CLIENTS, "nobody worked: nothing would be shown"
    assert set(statuses) <= {200, 429, 503}, statuses
    with running(*options) as again:
        address = again.wait_for("Listening")
        headers = {"Authorization": f"Bearer {bearer}"}
        with httpx.Client(base_url=address, timeout=30, headers=headers) as client:
            for key, found in told.items():
                repeated = client.post(
                    "/persons", json={"name": key}, headers={"Idempotency-Key": key}
                )
                assert repeated.status_code == 200, (key, repeated.text)
                if key in done:
                    assert repeated.json()["id"] == done[key], key
                    assert repeated.headers["Idempotency-Replayed"] == "true", key
                elif found is not None:
                    assert "Idempotency-Replayed" not in repeated.headers, "it was refused"
            persons = client.get("/persons").json()
        assert again.end() == 0
    assert len(persons) == len(told) + 1, "each key made one person, and one is root"
