"""Many investigators at one centre at once (R7): nothing lost or done twice, no money frozen twice, one order explains it."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from bureau import Bureau, reported
from crowd import Crowd
from crowd_auditor import Audit, Row, rows_of
from one_bank import People
from serving import Running, running

from recoup.centre.commands import Command
from recoup.centre.desk import Desk
from recoup.staff import Role

CASE = "C1"
CLIENTS = 8


def _bureau(folder: Path) -> tuple[Bureau, Crowd]:
    """A centre in this process with eight officers and three approvers, and the crowd that they are."""
    bureau = Bureau(folder)
    bureau.set_up()
    for number in range(CLIENTS):
        bureau.hire(f"officer-{number}", (Role.OFFICER, "gd"))
    for number in range(3):
        bureau.hire(f"approver-{number}", (Role.APPROVER, "gd"))
    bureau.hire("regulator", (Role.REGULATOR, "gd"))
    bureau.place(CASE, "gd", "officer-0")
    tokens = {bureau.ids[name]: token for name, token in bureau.tokens.items() if name != "root"}
    return bureau, _crowd(lambda: bureau.served.address, tokens)


def _crowd(address: Callable[[], str], tokens: dict[str, str]) -> Crowd:
    """Return the crowd of officers, approvers and one regulator, in the order of their hiring."""
    people = list(tokens.items())
    groups = people[:CLIENTS], people[CLIENTS:-1], people[-1:]
    return Crowd(address, CASE, *map(dict, groups))


def _audit(journal: Path, crowd: Crowd) -> Audit:
    audit = Audit(rows_of(journal), crowd.said, crowd.looked)
    audit.run()
    return audit


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Crowd, list[Row]]:
    """What a crowd did in a few seconds, and the journal of it."""
    bureau, crowd = _bureau(tmp_path_factory.mktemp("crowd"))
    crowd.run(3, 300, lambda: None)
    bureau.close()
    return crowd, rows_of(bureau.folder / "journal.sqlite")


def test_eight_clients_at_once_get_answers_that_one_order_explains(
    worked: tuple[Crowd, list[Row]],
) -> None:
    crowd, rows = worked
    audit = Audit(rows, crowd.said, crowd.looked)
    assert audit.run() == []
    statuses = {one.status for one in crowd.said}
    assert {200, 409} <= statuses, "without conflicts nothing was shown"
    assert any(one.is_repeat for one in crowd.said)
    assert audit.frozen, "nothing was frozen: nothing could have been frozen twice"
    assert crowd.looked


def _done(crowd: Crowd) -> list[int]:
    return [
        at
        for at, one in enumerate(crowd.said)
        if one.status == 200 and one.path == "/orders" and not one.is_repeat
    ]


def _forgotten(crowd: Crowd, rows: Sequence[Row]) -> tuple[Crowd, list[Row]]:
    lost = crowd.said[_done(crowd)[0]].command
    return crowd, [row for row in rows if row.command != lost]


def _doubled(crowd: Crowd, rows: Sequence[Row]) -> tuple[Crowd, list[Row]]:
    again = crowd.said[_done(crowd)[0]].command
    return crowd, [*rows, *(row for row in rows if row.command == again)]


def _swapped(crowd: Crowd, rows: Sequence[Row]) -> tuple[Crowd, list[Row]]:
    first = crowd.said[_done(crowd)[0]].command
    return crowd, [
        *(x for x in rows if x.command != first),
        *(x for x in rows if x.command == first),
    ]


def _by_the_maker(crowd: Crowd, rows: Sequence[Row]) -> tuple[Crowd, list[Row]]:
    made = {
        row.body["order"]["id"]: row.body["order"]["made_by"]
        for row in rows
        if row.name == "order_drafted"
    }
    return crowd, [
        replace(row, body=row.body | {"by": made[row.body["order_id"]]})
        if row.name == "order_approved"
        else row
        for row in rows
    ]


def _without_approvals(crowd: Crowd, rows: Sequence[Row]) -> tuple[Crowd, list[Row]]:
    return crowd, [row for row in rows if row.name != "order_approved"]


def _on_one_account(crowd: Crowd, rows: Sequence[Row]) -> tuple[Crowd, list[Row]]:
    def moved(row: Row) -> Row:
        if row.name != "order_drafted":
            return row
        order = row.body["order"]
        return replace(
            row, body={**row.body, "order": order | {"key": order["key"] | {"account": "A"}}}
        )

    return crowd, [moved(row) for row in rows]


def _told_otherwise(crowd: Crowd, rows: Sequence[Row]) -> tuple[Crowd, list[Row]]:
    at = _done(crowd)[0]
    said = list(crowd.said)
    said[at] = replace(said[at], told=said[at].told | {"state": "issued"})
    return replace(crowd, said=said), list(rows)


def _seen_too_little(crowd: Crowd, rows: Sequence[Row]) -> tuple[Crowd, list[Row]]:
    return replace(crowd, looked=[replace(crowd.looked[-1], holds=0)]), list(rows)


@pytest.mark.parametrize(
    ("planted", "words"),
    [
        (_forgotten, "lost"),
        (_doubled, "twice"),
        (_swapped, "out of order"),
        (_by_the_maker, "agreed to their own"),
        (_without_approvals, "issued by nobody"),
        (_on_one_account, "frozen twice"),
        (_told_otherwise, "told issued"),
        (_seen_too_little, "saw 0 holds"),
    ],
)
def test_whatever_is_planted_is_found(
    worked: tuple[Crowd, list[Row]],
    planted: Callable[[Crowd, Sequence[Row]], tuple[Crowd, list[Row]]],
    words: str,
) -> None:
    """Negative controls: one kind of wrong each, in what was really said or written."""
    crowd, rows = planted(*worked)
    found = Audit(rows, crowd.said, crowd.looked).run()
    assert any(one.startswith(words) for one in found), found[:5]


def test_a_centre_that_forgets_keys_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control with the fault in the centre itself: every command gets an id of its own."""
    bureau, crowd = _bureau(tmp_path)
    submit, count = Desk.submit, iter(range(10**6))

    async def forgetful(self: Desk, command: Command) -> object:
        return await submit(self, replace(command, id=f"{command.id}:{next(count)}"))

    monkeypatch.setattr(Desk, "submit", forgetful)
    try:
        crowd.run(3, 300, lambda: None)
        found = _audit(bureau.folder / "journal.sqlite", crowd).wrong
    except AssertionError as why:  # a client noticed it first
        found = [str(why)]
    bureau.close()
    assert any(one.startswith(("told otherwise", "lost", "twice")) for one in found), found[:5]


class _House(People):
    """Who works with a centre in a process of its own."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.ids: dict[str, str] = {}

    def post(self, path: str, body: dict[str, object], by: str = "") -> dict[str, str]:
        told = super().post(path, body, by)
        if path == "/persons":
            self.ids[str(body["name"])] = told["id"]
        return told


@pytest.mark.slow
def test_eight_clients_for_half_a_minute_at_a_centre_that_is_killed_twice(tmp_path: Path) -> None:
    """R7 at its CI figures: `recoup serve` over HTTP, 30 s and 5,000 commands, SIGKILL at a third and at two thirds."""
    options = ("--data", str(tmp_path / "centre"))
    with running(*options, "--port", "0") as first:
        token = first.wait_for("setup token")
        address = first.wait_for("Listening")
        people = _House(address)
        people.set_up(token)
        for number in range(CLIENTS):
            people.hire(f"officer-{number}", "officer")
        for number in range(3):
            people.hire(f"approver-{number}", "approver")
        people.hire("regulator", "regulator")
        people.post("/reports", reported(CASE, "gd"), "officer-0")
        people.client.close()
        tokens = {people.ids[name]: people.tokens[name] for name in people.ids}
        crowd = _crowd(lambda: address, tokens)
        port = address.rsplit(":", 1)[1]
        serving, kills, began = [first], [10.0, 20.0], time.monotonic()

        def kill_now_and_then() -> None:
            if kills and time.monotonic() - began > kills[0]:
                kills.pop(0)
                serving[-1].process.send_signal(signal.SIGKILL)
                serving[-1].process.wait(10)
                serving.append(Running(*options, "--port", port))
                serving[-1].wait_for("Listening")

        crowd.run(30, 5_000, kill_now_and_then)
        assert not kills
        assert serving[-1].end() == 0
        for one in serving[1:]:
            one._log.join()
            for pipe in (one.process.stdout, one.process.stderr):
                assert pipe is not None
                pipe.close()
    audit = _audit(tmp_path / "centre" / "journal.sqlite", crowd)
    done = sum(one.status == 200 for one in crowd.said)
    refused = sum(one.status != 200 for one in crowd.said)
    seconds = time.monotonic() - began
    print(
        f"{len(crowd.said)} commands, {done} done, {refused} refused, {len(audit.frozen)} frozen, {seconds:.0f} s"
    )
    assert audit.wrong == []
    assert refused > len(crowd.said) / 100, "without conflicts nothing was shown"
