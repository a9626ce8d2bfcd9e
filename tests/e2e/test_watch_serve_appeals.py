"""A served watch and a centre: a holder objects to a delay, another person decides, the payment goes on or waits."""

from __future__ import annotations

import hashlib
import signal
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from served_watch import BANK, PATIENCE_SECONDS, SECOND, SHOP, Scene, figure
from watch_process import Process

from recoup.centre.office import wait_until
from recoup.staff import Role
from recoup.watching.rule_files import read_rules

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

RULES = """id = "house"
timezone = "Asia/Shanghai"
night = [22, 6]

[[rules]]
id = "large"
expression = "amount >= large"
currency = "CNY"
action = "delay"
reason = "own-large"
words = "a large payment"
author = "risk-7"
thresholds.large = { value = "500.00 CNY", source = "our own", standing = "assumed" }
"""
WORD_OF_TESS = "of the bank's operator"
WORDS = "给女儿交的学费，学校的通知在此。"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    found = Scene(tmp_path, behind=timedelta(minutes=5))
    for name, role in (("bo", Role.APPROVER), ("off", Role.OFFICER)):
        found.bureau.hire(name, (role, "gd"))
    found.bureau.hire("tess", (Role.BANK_OPERATOR, BANK))
    found.bureau.hire("omar", (Role.BANK_OPERATOR, "bank-8"))
    yield found
    found.close()


def serve(scene: Scene) -> Process:
    file = scene.folder / "rules.toml"
    file.write_text(RULES, encoding="utf-8")
    (rule,) = read_rules(file, currencies=("CNY",)).rules
    live = f'mode = "live"\napprover = "risk-2"\napproved = "{rule.digest}"\n'
    file.write_text(RULES.replace("[[rules]]\n", "[[rules]]\n" + live), encoding="utf-8")
    digest = hashlib.sha256(WORD_OF_TESS.encode()).hexdigest()
    more = f'unit = "gd"\n[operators]\ntess = "{digest}"\n'
    more += "[shedding]\nmilliseconds = 10_000\nearly_milliseconds = 60_000\n"
    return scene.serve(settings=f'rules = "{file}"\npolicy = "cn"\n', centre=more)


def post(watch: Process, path: str, body: dict[str, Any], token: str = WORD_OF_TESS):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return watch.client.post(path, json=body, headers=headers)


def objected(watch: Process, id_: str, words: str = WORDS) -> str:
    found = post(watch, "/v1/appeals", {"id": id_, "statement": words})
    assert found.status_code == 200, found.text
    return found.json()["state"]


def stands(watch: Process, id_: str) -> str:
    """Return where the payment stands: what a bank acts on."""
    return post(watch, "/v1/appeals", {"id": id_, "statement": WORDS}).json()["payment"]["state"]


def until(scene: Scene, look: Callable[[], object]) -> None:
    def looked() -> bool:
        scene.keep_time()
        return bool(look())

    assert wait_until(looked, PATIENCE_SECONDS)


def rows(scene: Scene, path: str, by: str = "ann", **where: str) -> list[dict[str, Any]]:
    found = scene.bureau.get(path, by, **where)
    assert found.status_code == 200, found.text
    return found.json()["items"]


def waits(scene: Scene) -> list[dict[str, Any]]:
    found = scene.bureau.get("/worklist", "bo")
    assert found.status_code == 200, found.text
    return [row for row in found.json()["items"] if row["kind"] == "decision_appeal_to_decide"]


def decide(scene: Scene, appeal: str, word: str, by: str):
    path = f"/decision-appeals/{appeal}/{word}"
    return scene.bureau.post(path, {"reason": "the school confirms it"}, by)


def test_an_objection_goes_to_the_centre_and_what_a_person_decides_there_comes_back_to_the_watch(
    scene: Scene,
) -> None:
    watch = serve(scene)
    assert scene.pay(watch, "in", "", SECOND, "5000.00", before=30)["decision"] == "delay"
    for id_, amount in (("p-1", "600.00"), ("p-2", "700.00")):
        told = scene.pay(watch, id_, SECOND, SHOP, amount)
        assert told["decision"] == "delay", told
        assert f"names decision {id_}: the bank passes it on to the centre" in told["remedy"]["en"]
        assert "within 24 hours" in told["remedy"]["en"]
        assert f"{id_}：银行转交中心" in told["remedy"]["zh"]

    # Only an operator of the bank passes an objection on, once, to a decision that there is.
    body = {"id": "p-1", "statement": WORDS}
    assert post(watch, "/v1/appeals", body, "").status_code == 403
    unknown = post(watch, "/v1/appeals", {**body, "id": "p-9"})
    assert unknown.json()["type"].endswith(":decision_unknown")
    assert (objected(watch, "p-1"), objected(watch, "p-1"), objected(watch, "p-2")) == (
        "filed",
        "filed",
        "filed",
    )
    other = post(watch, "/v1/appeals", {**body, "statement": "other words"})
    assert other.json()["type"].endswith(":decision_appealed")

    # It waits at the centre for a person, with what is at stake and until when, and without a number or a word of the holder.
    until(scene, lambda: len(waits(scene)) == 2)
    first, second = rows(scene, "/decision-appeals", unit="gd")
    said = (first["kind"], first["ground"], first["codes"], first["amount"], first["state"])
    assert said == ("delay", "rule", ["own-large"], "600.00", "open")
    assert {row["about"] for row in waits(scene)} == {first["id"], second["id"]}
    for personal in ("p-1", SECOND, WORDS):
        assert personal not in str(first)
    found = scene.bureau.post(
        f"/decision-appeals/{first['id']}/read", {"reason": "to decide"}, "bo"
    )
    assert (found.json()["decision"], found.json()["text"]) == ("p-1", WORDS)

    # Neither the bank that decided nor an officer without the right decides; another bank does not see it.
    for name in ("tess", "omar", "off"):
        assert decide(scene, first["id"], "uphold", name).status_code == 403, name
    assert rows(scene, "/decision-appeals", "tess", institution=BANK)[0]["id"] == first["id"]
    assert scene.bureau.get(f"/decision-appeals/{first['id']}", "omar").status_code == 403

    # Killed and started again the watch goes on from what it had; upheld, the payment goes on; dismissed, it waits on.
    watch.end(signal.SIGKILL)
    watch = serve(scene)
    assert decide(scene, first["id"], "uphold", "bo").json()["state"] == "upheld"
    assert decide(scene, second["id"], "dismiss", "bo").json()["state"] == "dismissed"
    late = decide(scene, second["id"], "uphold", "ann").json()
    assert late["type"].endswith(":decision_appeal_settled")
    until(scene, lambda: figure(watch, "recoup_watch_copy_version") >= 2)
    assert (objected(watch, "p-1"), objected(watch, "p-2")) == ("upheld", "dismissed")
    assert (stands(watch, "p-1"), stands(watch, "p-2")) == ("released", "waiting")
    ended = [
        post(watch, "/v1/waiting/cancel", {"id": id_}).json()["outcome"] for id_ in ("p-1", "p-2")
    ]
    assert ended == ["not_waiting", "cancelled"]
    assert waits(scene) == []

    # Killed once more, the log says the same again: nothing is let go twice, nothing told anew.
    watch.end(signal.SIGKILL)
    watch = serve(scene)
    until(scene, lambda: figure(watch, "recoup_watch_copy_version") >= 2)
    assert len(rows(scene, "/decision-appeals", unit="gd")) == 2
    assert objected(watch, "p-1") == "upheld"
    assert (stands(watch, "p-1"), stands(watch, "p-2")) == ("released", "over")
