"""One stop from a person's hand to the bank's answer: `recoup serve` and a sandbox bank as processes, everything over HTTP."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from one_bank import NAME, NUMBER, People, keys, report, sandbox, settings
from program import recoup
from serving import Running, running

from recoup.bank import BankStore
from recoup.centre import View
from recoup.centre.office import wait_until
from recoup.stores.sqlite import SqliteJournal


def stopped(people: People, at: datetime) -> str:
    """Have the victim's 300.00 stopped by two persons; return the order."""
    people.post("/reports", report(at, case="C1"), "ann")
    body: dict[str, object] = {"case": "C1", "institution": "bank-1"}
    account = people.post("/accounts", body | {"number": NUMBER, "name": NAME}, "ann")["account"]
    arrival = {"amount": "300.00", "at": at.isoformat()}
    body = {"case": "C1", "account": account, "kind": "stop", "currency": "CNY"}
    body |= {"amount": "300.00", "reason": "the victim's transfer", "arrival": arrival}
    order = people.post("/orders", body, "ann")["order"]
    people.post(f"/orders/{order}/submit", {}, "ann")
    seen = people.get(f"/orders/{order}", "bo", case="C1", reason="asked to agree")
    if seen["state"] == "awaiting_approval":
        people.post(f"/orders/{order}/approve", {"digest": seen["digest"]}, "bo")
        seen = people.get(f"/orders/{order}", "bo", case="C1", reason="did it leave")
    if seen["state"] == "drafted":
        people.post(f"/orders/{order}/issue", {}, "ann")
    return order


def _staffed(centre: Running) -> People:
    token = centre.wait_for("setup token")
    people = People(centre.wait_for("Listening"))
    people.set_up(token)
    people.hire("ann", "officer")
    people.hire("bo", "approver")
    return people


def test_a_stop_that_two_persons_agreed_on_is_sent_answered_and_held(tmp_path: Path) -> None:
    keyed, at = keys(tmp_path), datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=20)
    with sandbox(keyed, at) as url:
        options = ("--data", str(keyed / "data"), "--port", "0")
        with running(*options, "--config", str(settings(keyed, url))) as centre:
            people = _staffed(centre)
            order = stopped(people, at)

            def state() -> str:
                return people.get(f"/orders/{order}", "ann", case="C1", reason="wait")["state"]

            wait_until(lambda: state() == "answered", 20)
            seen = people.get(f"/orders/{order}", "ann", case="C1", reason="what became of it")
            assert seen["state"] == "answered"
            people.client.close()
            assert centre.end() == 0
    file = keyed / "data" / "journal.sqlite"
    (hold,) = View(SqliteJournal.read(file)).state.every()
    assert (hold.state.value, hold.held) == ("held", 30_000)
    verified = recoup("verify", file)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    replayed = recoup("centre", "replay", file)
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    assert "held      30000 minor units of CNY" in replayed.stdout
    assert "to send   0" in replayed.stdout
    for data in keyed.glob("data/journal.sqlite*"):
        assert NUMBER.encode() not in data.read_bytes(), "numbers lie in the vault only"


def _state(people: People, order: str) -> str:
    return people.get(f"/orders/{order}", "ann", case="C1", reason="wait")["state"]


def _objected(people: People, folder: Path, order: str) -> None:
    """See the holder's notice given at bank and centre, and the holder's objection arrive there, over the bank's own posts."""

    def notices() -> list[str]:
        case = people.get("/cases/C1", "ann", reason="was the holder told")
        return [row["state"] for row in case["notices"]["items"]]

    assert wait_until(lambda: notices() == ["sent"], 20), notices()
    books = ("--books", folder / "books.sqlite")
    seen = recoup("bank", "notices", *books)
    assert f"{order}  *{NUMBER[-4:]} CNY  given at " in seen.stdout, seen
    words = folder / "words.txt"
    words.write_text("This is my wage.\n", encoding="utf-8")
    filed = recoup("bank", "appeal", order, "--statement", words, *books)
    assert filed.returncode == 0, filed.stderr

    def appeals() -> list[str]:
        decisions = people.get("/cases/C1/decisions", "ann", reason="an objection")
        return [row["id"] for row in decisions["appeals"]]

    assert wait_until(lambda: appeals() == [f"bank-1:{filed.stdout.strip()}"], 20), appeals()

    def listed() -> str:
        return recoup("bank", "appeals", *books).stdout

    assert wait_until(lambda: "taken" in listed(), 20), listed()


def test_a_bank_that_polls_gets_the_order_and_its_answer_holds(tmp_path: Path) -> None:
    """Nobody reaches the bank: it asks, also after the centre was killed, and its answer is the same as on a push."""
    keyed = keys(tmp_path)
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=20)
    options = ("--data", str(keyed / "data"), "--config", str(settings(keyed, "")))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    with running(*options, "--port", port) as centre:
        people = _staffed(centre)
        order = stopped(people, at)
        assert _state(people, order) == "issued"
        people.client.close()
        centre.process.kill()
        centre.process.wait()
    with (
        running(*options, "--port", port) as centre,
        sandbox(keyed, at, "--poll", f"http://127.0.0.1:{port}"),
    ):
        people.client = httpx.Client(base_url=centre.wait_for("Listening"), timeout=30)
        wait_until(lambda: _state(people, order) == "answered", 20)
        assert _state(people, order) == "answered"
        _objected(people, keyed, order)
        people.client.close()
        assert centre.end() == 0
    file = keyed / "data" / "journal.sqlite"
    (hold,) = View(SqliteJournal.read(file)).state.every()
    assert (hold.state.value, hold.held) == ("held", 30_000)
    assert "to send   0" in recoup("centre", "replay", file).stdout


def test_a_bank_that_comes_back_on_an_old_backup_is_found_by_its_digest_and_told_again(
    tmp_path: Path,
) -> None:
    """Its books are as on the first day and its core system lost the block: the stop is told again and the money held."""
    keyed = keys(tmp_path)
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=20)
    options = ("--data", str(keyed / "data"), "--config", str(settings(keyed, "")))
    books = keyed / "books.sqlite"
    with running(*options, "--port", "0") as centre:
        people = _staffed(centre)
        poll = ("--poll", str(people.client.base_url).rstrip("/"))
        with sandbox(keyed, at, *poll):
            order = stopped(people, at)
            assert wait_until(lambda: _state(people, order) == "answered", 20)
        assert _holds(books) == {order: 30_000}
        for file in keyed.glob("books.sqlite*"):
            file.unlink()
        with sandbox(keyed, at, *poll):
            assert wait_until(lambda: _holds(books) == {order: 30_000}, 30), centre.logged
        people.client.close()
        assert centre.end() == 0
    assert any("drift, missing" in line for line in centre.logged)
    file = keyed / "data" / "journal.sqlite"
    (hold,) = View(SqliteJournal.read(file)).state.every()
    assert (hold.state.value, hold.held) == ("held", 30_000)
    said = [answer.held for tracked in hold.orders for answer in tracked.answers]
    assert said == [30_000, 30_000], "both answers are kept"
    assert "to send   0" in recoup("centre", "replay", file).stdout


def _holds(books: Path) -> dict[str, int]:
    """Return what a bank's books hold for each order."""
    if not books.exists():
        return {}
    store = BankStore.open(books)
    try:
        return {hold.id: hold.asked for hold in store.live("", 10)}
    finally:
        store.close()


def test_a_bank_that_takes_an_order_with_202_posts_its_answer_later(tmp_path: Path) -> None:
    keyed = keys(tmp_path)
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=20)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    later = '[[behaviour]]\ndo = "later"\nseconds = 1\n'
    where = ("--answers-to", f"http://127.0.0.1:{port}")
    with sandbox(keyed, at, *where, script_end=later) as url:
        options = ("--data", str(keyed / "data"), "--config", str(settings(keyed, url)))
        with running(*options, "--port", port) as centre:
            people = _staffed(centre)
            order = stopped(people, at)
            seen = []

            def is_answered() -> bool:
                seen.append(_state(people, order))
                return seen[-1] == "answered"

            assert wait_until(is_answered, 20)
            assert "sent" in seen, "it was taken before it was answered"
            people.client.close()
            assert centre.end() == 0


def test_a_centre_that_was_restored_leads_and_the_old_one_commands_nobody(tmp_path: Path) -> None:
    """Backed up while it runs, killed, restored elsewhere; started again on its old files, the bank refuses it by name."""
    keyed = keys(tmp_path)
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=20)
    old, new, copy = keyed / "data", keyed / "new", keyed / "copy"
    with sandbox(keyed, at) as url:
        more = ("--port", "0", "--config", str(settings(keyed, url)))
        with running("--data", str(old), *more) as centre:
            people = _staffed(centre)
            taken = recoup("centre", "backup", "--data", old, "--to", copy)
            assert taken.returncode == 0, taken.stderr
            people.client.close()
            centre.process.kill()
            centre.process.wait()
        assert recoup("verify", copy / "journal.sqlite").returncode == 0
        assert recoup("centre", "restore", "--from", copy, "--data", old).returncode == 2
        restored = recoup("centre", "restore", "--from", copy, "--data", new)
        assert restored.returncode == 0, restored.stderr
        (keyed / "new.key").write_bytes((keyed / "data.key").read_bytes())
        with running("--data", str(new), *more) as centre:
            people.client = httpx.Client(base_url=centre.wait_for("Listening"), timeout=30)
            order = stopped(people, at)
            assert wait_until(lambda: _state(people, order) == "answered", 20)
            people.client.close()
            assert centre.end() == 0
        with running("--data", str(old), *more) as centre:
            people.client = httpx.Client(base_url=centre.wait_for("Listening"), timeout=30)
            order = stopped(people, at)
            assert wait_until(lambda: any("409 epoch_old" in x for x in centre.logged), 20)
            assert _state(people, order) == "issued"
            people.client.close()
            assert centre.end() == 0


def test_a_centre_that_reaches_nobody_keeps_the_order_until_somebody_carries_it(
    tmp_path: Path,
) -> None:
    """The negative control of the other: without a connection nothing is answered, and the log says why once."""
    keyed, at = keys(tmp_path), datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=20)
    options = ("--data", str(keyed / "data"), "--port", "0")
    with running(*options) as centre:
        people = _staffed(centre)
        order = stopped(people, at)
        seen = people.get(f"/orders/{order}", "ann", case="C1", reason="wait")
        assert seen["state"] == "issued"
        people.client.close()
        assert centre.end() == 0
        assert len([x for x in centre.logged if "no institution is connected" in x]) == 1
    replayed = recoup("centre", "replay", keyed / "data" / "journal.sqlite")
    assert "to send   1" in replayed.stdout
