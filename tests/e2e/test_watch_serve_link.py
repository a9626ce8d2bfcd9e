"""A centre and `recoup watch serve` as a process of its own: stolen money that came over HTTP is stopped, also after a kill."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from served_watch import (
    ABROAD,
    CASE,
    MULE,
    PATIENCE_SECONDS,
    SECOND,
    SHOP,
    Scene,
    figure,
    is_bound,
)

from recoup.centre.office import wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


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
