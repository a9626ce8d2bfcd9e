"""A call taker's report over HTTP leads to a stop: `recoup serve` and a sandbox bank as processes, money held at the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from one_bank import NUMBER, People, keys, report, sandbox, settings
from program import recoup
from serving import running

from recoup.cases import Mandate
from recoup.cases.commands import AgreeToMandate, ProposeMandate
from recoup.centre import View
from recoup.centre.commands import Done
from recoup.centre.office import Office, Setting, wait_until
from recoup.centre.requests import MACHINE, Actor
from recoup.clock import SystemClock
from recoup.ids import RandomIds
from recoup.reading.policies import read_case_policy
from recoup.stores.sqlite import SqliteJournal
from recoup.stores.vault import LocalKeys


def agree_on_a_mandate(folder: Path, case: str) -> None:
    """Two persons set limits within which the chase goes on by itself, in the centre's own process and not over HTTP."""
    clock = SystemClock()
    keys = LocalKeys((folder / "data.key").read_bytes())
    store = folder / "data" / "journal.sqlite"
    vault = folder / "data" / "vault.sqlite"
    policy = read_case_policy("cn-2016")
    office = Office(Setting(store, keys, None, policy, clock, RandomIds(), vault=vault))
    office.start()
    until = clock.now() + timedelta(hours=2)
    mandate = Mandate("mandate-1", 8, 100_000, "CNY", until, "person-2")
    for who, what in (
        ("person-2", ProposeMandate(mandate)),
        ("person-3", AgreeToMandate(mandate.id, "person-3", mandate.digest)),
    ):
        outcome = office.ask(Actor(who, MACHINE, "rehearsal"), what, case).result()
        assert isinstance(outcome, Done), outcome
    office.stop()


def entered(keyed: Path, options: tuple[str, ...], body: dict[str, Any]) -> tuple[People, Any]:
    """Start a centre, let a call taker enter the report, and end it."""
    with running(*options) as centre:
        token = centre.wait_for("setup token")
        people = People(centre.wait_for("Listening"))
        people.set_up(token)
        people.hire("taker", "call_taker")
        people.hire("bo", "approver")
        answer: Any = people.post("/reports", body, "taker")
        plan: Any = people.get(f"/cases/{answer['case']}/plan", "taker", reason="the call")
        assert plan["orders"]["items"][0]["digest"] == answer["first"]["digest"]
        assert answer["is_connected"] is True
        people.client.close()
        assert centre.end() == 0
    for data in keyed.glob("data/*.sqlite*"):
        told = (NUMBER, "Holder 9", "account was not safe", "SN-0001")
        assert not [word for word in told if word.encode() in data.read_bytes()], data
    return people, answer


def test_a_report_over_http_is_stopped_at_the_bank_under_a_standing_authority(
    tmp_path: Path,
) -> None:
    keyed, at = keys(tmp_path), datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=20)
    with sandbox(keyed, at) as url:
        config = str(settings(keyed, url))
        options = ("--data", str(keyed / "data"), "--port", "0", "--config", config)
        people, answer = entered(keyed, options, report(at))
        case = answer["case"]
        agree_on_a_mandate(keyed, case)
        with running(*options) as centre:
            again = People(centre.wait_for("Listening"))
            again.tokens = people.tokens

            def holds() -> Any:
                return again.get(f"/cases/{case}/holds", "taker", reason="the call")["items"]

            assert wait_until(lambda: [x["word"] for x in holds()] == ["held"], 60), holds()
            (hold,) = holds()
            assert (hold["held"], hold["asked"]) == ("300.00", "300.00")
            assert hold["account"] == answer["account"]
            seen: Any = again.get(f"/cases/{case}", "bo", reason="did it work")
            assert (seen["money"][0]["net"], seen["money"][0]["overlap"]) == ("300.00", "0.00")
            todo: Any = again.get("/worklist", "bo")
            kinds = [x["kind"] for x in todo["items"]]
            assert kinds == ["notice_to_send", "hold_ends", "claim_to_admit"]
            again.client.close()
            assert centre.end() == 0
    file = keyed / "data" / "journal.sqlite"
    (found,) = View(SqliteJournal.read(file)).state.every()
    assert (found.state.value, found.held) == ("held", 30_000)
    assert recoup("verify", file).returncode == 0
    assert recoup("centre", "replay", file).returncode == 0


def test_the_bank_stops_nothing_for_a_report_that_names_another_holder(tmp_path: Path) -> None:
    """Negative control: the name that the vault kept is what the bank is asked about."""
    keyed, at = keys(tmp_path), datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=20)
    with sandbox(keyed, at) as url:
        config = str(settings(keyed, url))
        options = ("--data", str(keyed / "data"), "--port", "0", "--config", config)
        people, answer = entered(keyed, options, report(at, name="Holder 8"))
        agree_on_a_mandate(keyed, answer["case"])
        with running(*options) as centre:
            again = People(centre.wait_for("Listening"))
            again.tokens = people.tokens
            path = f"/cases/{answer['case']}/holds"

            def words() -> list[str]:
                rows: Any = again.get(path, "taker", reason="the call")["items"]
                return [row["word"] for row in rows]

            assert wait_until(lambda: words() == ["refused"], 60), words()
            again.client.close()
            assert centre.end() == 0
