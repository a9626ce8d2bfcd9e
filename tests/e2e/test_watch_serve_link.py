"""A centre and `recoup watch serve` as a process of its own: stolen money that came over HTTP is stopped, also after a kill."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from banks import CENTRE, YEARS
from bureau import Bureau, paid, reported
from watch_process import Process

from recoup.cases import Mandate
from recoup.cases.commands import AgreeToMandate, ProposeMandate
from recoup.centre.letters import Correspondence
from recoup.centre.office import wait_until
from recoup.clock import HandClock, SystemClock, instant_text
from recoup.messages import KeyRing, NoticeTerms, generate_key, write_key, write_public
from recoup.orders import HoldKey
from recoup.staff import Role

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
CASE, BANK = "C1", "bank-7"
VICTIM, ABROAD = "6222029999000011117", "6222025555000011110"
MULE, SECOND, SHOP = "6222027777000011117", "6222027777000022225", "6222027777000033333"
LOSS, ONWARD = "300.00", "200.00"
PATIENCE_SECONDS = 60


class Scene:
    """A centre, the keys of a bank, and the bank's watch; the victim's 300.00 came to a mule, 200.00 of it went on."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now = folder, SystemClock().now()
        self.clock, self.started = HandClock(self.now), list[Process]()
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

    def serve(self, *, is_linked: bool = True) -> Process:
        """Start the watch; linked, it asks the centre."""
        text = f"rows_followed = 10000\ncatch_seconds = {86_400 if is_linked else 0}\n"
        if is_linked:
            files = {"keys": "bank.key.json", "trust": "centre.public.json"}
            lists = "".join(f'{n} = ["{self.folder / f}"]\n' for n, f in files.items())
            text += f'[centre]\nurl = "{self.bureau.served.address}"\nid = "{CENTRE.owner}"\n'
            text += f'institution = "{BANK}"\nown = ["62220277"]\n{lists}'
        settings = self.folder / "watch.toml"
        settings.write_text(text, encoding="utf-8")
        self.started.append(Process(self.folder / "watch", "--config", str(settings)))
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


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    found = Scene(tmp_path)
    yield found
    found.close()


def test_stolen_money_over_http_is_held_told_ordered_and_bound_without_the_centre(
    scene: Scene,
) -> None:
    watch = scene.serve()
    scene.steal(watch)
    scene.report()
    assert wait_until(lambda: figure(watch, "recoup_watch_copy_version") > 0, PATIENCE_SECONDS)
    assert "copy: fresh" in watch.client.get("/healthz").text
    assert figure(watch, "recoup_watch_copy_old") == 0

    # The second account's next payment would move stolen money on: it is held, the holder's own goes on.
    held = scene.pay(watch, "flight", SECOND, ABROAD, "240.00")
    assert held["decision"] == "hold", held
    assert [one["code"] for one in held["reasons"]] == ["stolen-caught"]
    assert scene.pay(watch, "own", SECOND, SHOP, "40.00")["decision"] == "allow"
    assert scene.pay(watch, "shop", SHOP, ABROAD, "140.00")["decision"] == "allow"
    assert scene.pay(watch, "flight", SECOND, ABROAD, "240.00") == {**held, "is_repeat": True}

    # The centre hears of it and, once it may, orders; the order comes back and binds.
    scene.authorise()
    assert wait_until(lambda: scene.asked(SECOND), PATIENCE_SECONDS), scene.bureau.case(CASE)

    def refused() -> bool:
        refused.count += 1
        found = scene.pay(watch, f"try-{refused.count}", SECOND, ABROAD, "1.00")
        return found["decision"] == "refuse" and found["reasons"][0]["code"] == "order-binds"

    refused.count = 0
    assert wait_until(refused, PATIENCE_SECONDS)

    # The centre is away and the watch is killed: what was told binds all the same, and health says that it is old.
    scene.bureau.close()
    watch.end(signal.SIGKILL)
    again = scene.serve()
    assert scene.pay(again, "late", SECOND, ABROAD, "1.00")["decision"] == "refuse"
    assert is_bound(again, SECOND, SHOP) == [True, False]
    assert "copy: old" in again.client.get("/healthz").text
    assert figure(again, "recoup_watch_copy_old") == 1
    log = again.end(signal.SIGTERM)
    assert again.process.returncode == 0, log
    assert json.loads(log.splitlines()[-1])["event"] == "stopped"


def test_without_the_link_the_money_leaves(scene: Scene) -> None:
    """Negative control: the same payments and the same report, and nobody tells the watch."""
    watch = scene.serve(is_linked=False)
    scene.steal(watch)
    scene.report()
    scene.authorise()
    assert wait_until(lambda: scene.asked(MULE), PATIENCE_SECONDS)
    assert scene.pay(watch, "flight", SECOND, ABROAD, "240.00")["decision"] == "allow"
    watch.end(signal.SIGTERM)
