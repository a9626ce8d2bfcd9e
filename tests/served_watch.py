"""A centre and `recoup watch serve` as a process of its own, linked or not, for tests: who pays, who steals, who reports."""

from __future__ import annotations

import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

from banks import CENTRE, YEARS
from bureau import Bureau, paid, reported
from watch_process import Process

from recoup.cases import Mandate
from recoup.cases.commands import AgreeToMandate, ProposeMandate
from recoup.centre.letters import Correspondence
from recoup.clock import HandClock, SystemClock, instant_text
from recoup.messages import KeyRing, NoticeTerms, generate_key, write_key, write_public
from recoup.orders import HoldKey
from recoup.staff import Role

CASE, BANK = "C1", "bank-7"
VICTIM, ABROAD = "6222029999000011117", "6222025555000011110"
MULE, SECOND, SHOP = "6222027777000011117", "6222027777000022225", "6222027777000033333"
LOSS, ONWARD = "300.00", "200.00"
PATIENCE_SECONDS = 60


class Scene:
    """A centre, the keys of a bank, and the bank's watch; the victim's 300.00 came to a mule, 200.00 of it went on."""

    def __init__(self, folder: Path, *, behind: timedelta = timedelta(0)) -> None:
        """Open; the centre's clock begins behind the watch's: each hiring moves it on by a step of its one-time codes."""
        self.folder, self.now = folder, SystemClock().now()
        self.clock, self.started = HandClock(self.now - behind), list[Process]()
        key = generate_key(BANK, self.now - YEARS, self.now + YEARS)
        write_key(key, folder / "bank.key.json")
        write_public(CENTRE.public, folder / "centre.public.json")
        notice = NoticeTerms("Centre", ("notice",), "000")
        self.wire = Correspondence(
            CENTRE.owner, CENTRE, KeyRing([key.public]), {}, notice, frozenset({BANK})
        )
        self.bureau = Bureau(folder, self.clock, wire=self.wire)
        self.bureau.set_up()
        self.bureau.hire("ann", (Role.CASE_LEAD, "gd"))

    def serve(self, *, is_linked: bool = True, settings: str = "", centre: str = "") -> Process:
        """Start the watch; linked, it asks the centre. The texts are further settings, of the watch and of its link."""
        text = f"{settings}rows_followed = 10000\ncatch_seconds = {86_400 if is_linked else 0}\n"
        if is_linked:
            files = {"keys": "bank.key.json", "trust": "centre.public.json"}
            lists = "".join(f'{n} = ["{self.folder / f}"]\n' for n, f in files.items())
            text += f'[centre]\nurl = "{self.bureau.served.address}"\nid = "{CENTRE.owner}"\n'
            text += f'institution = "{BANK}"\nown = ["62220277"]\n{lists}{centre}'
        file = self.folder / "watch.toml"
        file.write_text(text, encoding="utf-8")
        self.started.append(Process(self.folder / "watch", "--config", str(file)))
        return self.started[-1]

    def pay(self, watch: Process, id_: str, *sides: str, before: int = 0) -> dict[str, Any]:
        payer, payee, amount = sides
        time = instant_text(self.now - timedelta(minutes=before))
        return watch.pay(id=id_, payer=payer, payee=payee, amount=amount, time=time)

    def steal(self, watch: Process) -> None:
        """Let the holders' own money and the victim's come, and most of it go on."""
        for id_, owner, amount in (("o1", SECOND, "40.00"), ("o2", SHOP, "100.00")):
            assert self.pay(watch, id_, "", owner, amount, before=90)["decision"] == "allow"
        assert self.pay(watch, "theft", VICTIM, MULE, LOSS, before=60)["decision"] == "allow"
        assert self.pay(watch, "on", MULE, SECOND, ONWARD, before=30)["decision"] == "allow"

    def report(self) -> None:
        at = instant_text(self.now - timedelta(minutes=60))
        payment = paid(paid_at=at, payee={"institution": BANK, "number": MULE, "name": "Sun"})
        body = reported(CASE, "gd", payment=payment, received_at=instant_text(self.now))
        found = self.bureau.post("/reports", body, "ann")
        assert found.status_code == 200, found.text

    def authorise(self) -> None:
        """Let two persons set limits within which the chase goes on by itself."""
        until = self.now + timedelta(hours=6)
        mandate = Mandate("m1", 8, 100_000, "CNY", until, "person-2")
        self.bureau.told(CASE, ProposeMandate(mandate), "person-2")
        self.bureau.told(CASE, AgreeToMandate("m1", "person-3", mandate.digest), "person-3")

    def keep_time(self) -> None:
        """Let the centre's clock catch up with the watch's: what is signed too early or long ago is not believed."""
        self.clock.move(max(timedelta(0), SystemClock().now() - self.clock.now()))

    def asked(self, number: str) -> bool:
        """Whether the centre's standing authority has had a hold asked for there."""
        account = self.bureau.desk._office.directory.account(BANK, number)
        return bool(self.bureau.desk.view().hold(HoldKey(CASE, account, "CNY")).orders)

    def close(self) -> None:
        """End what still runs."""
        for one in self.started:
            if one.process.poll() is None:
                one.end(signal.SIGKILL)
        self.bureau.close()


def figure(watch: Process, name: str) -> float:
    lines = watch.client.get("/metrics").text.splitlines()
    return float(next(x for x in lines if x.startswith(f"{name} ")).rsplit(" ", 1)[1])


def is_bound(watch: Process, *accounts: str) -> list[bool]:
    found = watch.client.post("/v1/lists/check", json={"accounts": accounts}).json()
    return [one["is_bound"] for one in found["accounts"]]
