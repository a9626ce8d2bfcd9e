"""A centre and `recoup watch serve`: two persons let a measure stand, the watch carries it out, lifting it ends it at once."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bureau import Bureau
from served_watch import ABROAD, BANK, MULE, PATIENCE_SECONDS, SECOND, SHOP, Scene, figure
from watch_process import Process

from recoup.centre.office import wait_until
from recoup.staff import Role

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    found = Scene(tmp_path, behind=timedelta(minutes=5))
    for name, role in (("off", Role.OFFICER), ("bo", Role.APPROVER), ("cy", Role.CASE_LEAD)):
        found.bureau.hire(name, (role, "gd"))
    yield found
    found.close()


def done(bureau: Bureau, path: str, by: str, body: dict[str, Any]) -> dict[str, str]:
    found = bureau.post(path, body, by)
    assert found.status_code == 200, found.text
    return found.json()


def propose(bureau: Bureau, number: str, kind: str, **more: Any) -> dict[str, str]:
    account = {"kind": "account", "institution": BANK, "number": number}
    body = {
        "unit": "gd",
        "account": account,
        "currency": "CNY",
        "kind": kind,
        "ground": "red_flag",
        "about": "3006",
        "reason": "scattered in, concentrated out",
        **more,
    }
    return done(bureau, "/measures", "ann", body)


def attempt(scene: Scene, watch: Process, payer: str, amount: str) -> dict[str, Any]:
    scene.tries = getattr(scene, "tries", 0) + 1
    return scene.pay(watch, f"try-{scene.tries}", payer, ABROAD, amount)


def until(scene: Scene, look: Callable[[], bool]) -> None:
    def looked() -> bool:
        scene.keep_time()
        return look()

    assert wait_until(looked, PATIENCE_SECONDS)


def codes(answer: dict[str, Any]) -> tuple[str, list[str]]:
    return answer["decision"], [one["code"] for one in answer.get("reasons", ())]


def test_measures_agreed_to_at_the_centre_bind_the_served_watch_and_their_end_frees_at_once(
    scene: Scene,
) -> None:
    watch = scene.serve()
    scene.steal(watch)

    # Credit only needs a second person: proposed, it binds nobody. Lower limits need nobody else.
    proposed = propose(scene.bureau, MULE, "credit_only")
    limited = propose(scene.bureau, SECOND, "lower_limits", limit="30.00")
    assert (proposed["state"], limited["state"]) == ("proposed", "standing")
    until(scene, lambda: figure(watch, "recoup_watch_copy_version") >= 1)
    assert codes(attempt(scene, watch, SECOND, "30.01")) == ("refuse", ["measure-lower-limits"])
    assert attempt(scene, watch, SECOND, "30.00")["decision"] == "allow"
    assert codes(attempt(scene, watch, SECOND, "0.01")) == ("refuse", ["measure-lower-limits"])
    assert attempt(scene, watch, MULE, "1.00")["decision"] == "allow"

    # With the second person's agreement it binds debits, and no credit.
    path = f"/measures/{proposed['measure']}"
    done(scene.bureau, f"{path}/agree", "bo", {"digest": proposed["digest"]})
    until(scene, lambda: figure(watch, "recoup_watch_copy_version") >= 2)
    refused = attempt(scene, watch, MULE, "1.00")
    assert codes(refused) == ("refuse", ["measure-credit-only"]), refused
    assert proposed["measure"] in str(refused), "its holder can object to it"
    assert scene.pay(watch, "in", SHOP, MULE, "50.00")["decision"] == "allow", "credits come in"
    listed = watch.client.post("/v1/lists/check", json={"accounts": [MULE, SHOP]}).json()
    assert [one["is_bound"] for one in listed["accounts"]] == [True, False]

    # Killed and without the centre it goes on binding: it lies in the watch's own log.
    watch.end(signal.SIGKILL)
    again = scene.serve()
    assert codes(attempt(scene, again, MULE, "1.00")) == ("refuse", ["measure-credit-only"])
    assert codes(attempt(scene, again, SECOND, "0.01")) == ("refuse", ["measure-lower-limits"])

    # A third person lifts it: the next payment goes on.
    done(scene.bureau, f"{path}/lift", "cy", {"reason": "the papers are in order"})
    until(scene, lambda: attempt(scene, again, MULE, "1.00")["decision"] == "allow")
    assert codes(attempt(scene, again, SECOND, "0.01")) == ("refuse", ["measure-lower-limits"])


def test_without_the_link_the_measure_binds_nothing(scene: Scene) -> None:
    """Negative control: the same measure, and nobody tells the watch."""
    watch = scene.serve(is_linked=False)
    scene.steal(watch)
    limited = propose(scene.bureau, SECOND, "lower_limits", limit="30.00")
    assert limited["state"] == "standing", limited
    assert attempt(scene, watch, SECOND, "30.01")["decision"] == "allow"
    watch.end(signal.SIGTERM)
