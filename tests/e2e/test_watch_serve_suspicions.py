"""A served watch and a centre: a live rule opens dissuasions and asks for a measure, which binds once two persons agreed."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from served_watch import ABROAD, MULE, PATIENCE_SECONDS, SECOND, SHOP, VICTIM, Scene
from watch_process import Process

from recoup.centre.office import wait_until
from recoup.staff import Role
from recoup.watching.rule_files import read_rules

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

RULES = """id = "house"
timezone = "Asia/Shanghai"
night = [22, 6]

[[rules]]
id = "large-to-somebody"
expression = "payee_in_count_24h >= 0 and amount >= large"
currency = "CNY"
action = "delay"
reason = "own-large"
words = "a large payment to an account that is looked at"
author = "risk-7"
thresholds.large = { value = "500.00 CNY", source = "our own", standing = "assumed" }
"""
PATIENT = "[shedding]\nmilliseconds = 10_000\nearly_milliseconds = 60_000\n"
"""What is not scored says nothing: on a slow machine the first payment may wait for compiled parts."""


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    found = Scene(tmp_path, behind=timedelta(minutes=5))
    for name, role in (("off", Role.OFFICER), ("bo", Role.APPROVER), ("cy", Role.APPROVER)):
        found.bureau.hire(name, (role, "gd"))
    yield found
    found.close()


def write_rules(scene: Scene, *, is_live: bool) -> Path:
    """Write the rule; live where a second person approved its digest."""
    file = scene.folder / "rules.toml"
    file.write_text(RULES, encoding="utf-8")
    (rule,) = read_rules(file, currencies=("CNY",)).rules
    if is_live:
        live = f'mode = "live"\napprover = "risk-2"\napproved = "{rule.digest}"\n'
        file.write_text(RULES.replace("[[rules]]\n", "[[rules]]\n" + live), encoding="utf-8")
    return file


def serve(scene: Scene, *, is_live: bool = True) -> Process:
    settings = f'rules = "{write_rules(scene, is_live=is_live)}"\npolicy = "cn"\n'
    return scene.serve(settings=settings, centre=f'unit = "gd"\n{PATIENT}')


def rows(scene: Scene, path: str) -> list[dict[str, Any]]:
    scene.keep_time()
    found = scene.bureau.get(path, "ann", unit="gd")
    assert found.status_code == 200, found.text
    return found.json()["items"]


def pay_the_mule(scene: Scene, watch: Process, word: str) -> None:
    for at, payer in enumerate((VICTIM, SECOND, SHOP)):
        made = scene.pay(watch, f"in-{at}", payer, MULE, "600.00", before=30 - at)
        assert made["decision"] == word, made


def test_what_live_rules_say_becomes_tasks_and_a_proposal_that_two_persons_let_bind(
    scene: Scene,
) -> None:
    watch = serve(scene)
    pay_the_mule(scene, watch, "delay")

    # A delay is a lead of middle grade, about the institution's own payers alone: the first is another bank's.
    assert wait_until(lambda: len(rows(scene, "/dissuasions")) == 2, PATIENCE_SECONDS)
    tasks = rows(scene, "/dissuasions")
    assert [(one["grade"], one["amount"], one["state"]) for one in tasks] == [
        ("middle", "600.00", "to_message")
    ] * 2
    assert wait_until(lambda: rows(scene, "/measures"), PATIENCE_SECONDS)
    (asked,) = rows(scene, "/measures")
    said = (asked["kind"], asked["ground"], asked["about"], asked["state"])
    assert said == ("counter_only", "red_flag", "own-large", "proposed")

    # Killed and started again it tells nothing twice.
    watch.end(signal.SIGKILL)
    watch = serve(scene)
    assert scene.pay(watch, "out-1", MULE, ABROAD, "1.00")["decision"] == "allow", "nobody agreed"

    # One person is not enough where a machine proposed; the second lets it stand.
    path = f"/measures/{asked['id']}"
    for name in ("bo", "cy"):
        (asked,) = rows(scene, "/measures")
        assert asked["state"] == "proposed"
        found = scene.bureau.post(f"{path}/agree", {"digest": asked["digest"]}, name)
        assert found.status_code == 200, found.text
    assert found.json()["state"] == "standing"

    def refused() -> bool:
        scene.keep_time()
        scene.tries = getattr(scene, "tries", 0) + 1
        made = scene.pay(watch, f"try-{scene.tries}", MULE, ABROAD, "1.00")
        codes = [one["code"] for one in made.get("reasons", ())]
        return (made["decision"], codes) == ("refuse", ["measure-counter-only"])

    assert wait_until(refused, PATIENCE_SECONDS)
    assert len(rows(scene, "/measures")) == 1
    assert len(rows(scene, "/dissuasions")) == 2


def test_a_rule_in_shadow_tells_nobody(scene: Scene) -> None:
    """Negative control: the same payments, and the rule only counts. Switched on, it tells of the next one alone."""
    watch = serve(scene, is_live=False)
    pay_the_mule(scene, watch, "allow")
    write_rules(scene, is_live=True)
    watch.process.send_signal(signal.SIGHUP)
    tries = iter(range(10_000))

    def is_delayed() -> bool:
        made = scene.pay(watch, f"next-{next(tries)}", SECOND, SHOP, "600.00")
        return made["decision"] == "delay"

    assert wait_until(is_delayed, PATIENCE_SECONDS)
    assert wait_until(lambda: rows(scene, "/dissuasions"), PATIENCE_SECONDS)
    assert (len(rows(scene, "/dissuasions")), rows(scene, "/measures")) == (1, [])
