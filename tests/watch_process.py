"""`recoup watch serve` as a process of its own, for tests."""

from __future__ import annotations

import httpx
from program import start
from watch_service import payment

SECONDS_MAX = 120.0


class Process:
    def __init__(self, folder, *options):
        self.process = start("watch", "serve", "--data", folder, "--port", 0, *options)
        line = self.process.stdout.readline()
        assert line.startswith("Listening on "), self.process.communicate()
        self.client = httpx.Client(base_url=line.split()[-1], timeout=SECONDS_MAX)

    def pay(self, **changed):
        return self.client.post("/v1/decisions", json=payment(**changed)).json()

    def end(self, sig) -> str:
        self.client.close()
        self.process.send_signal(sig)
        return self.process.communicate(timeout=SECONDS_MAX)[1]
