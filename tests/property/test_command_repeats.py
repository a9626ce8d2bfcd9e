"""A command that comes again (R2): one effect and one answer, however often, in any order, over restarts, from many at once."""

from __future__ import annotations

import random
import threading
from collections import Counter

import pytest
from sim.office import POLICY, Office, memory, some_order

from recoup.centre import (
    COMMAND_REGISTRY,
    EVENT_REGISTRY,
    Actor,
    CentreState,
    Request,
    Writer,
    command_of,
    decider,
    evolve,
)
from recoup.centre.commands import Command, Done, Turned
from recoup.centre.requests import SENDER
from recoup.centre.sender import answer_command
from recoup.clock import SystemClock
from recoup.orders import Answer, HoldKey, Outcome
from recoup.orders.commands import ConfirmSent, DraftOrder, IssueOrder, WithdrawOrder
from recoup.stores.memory import MemoryJournal
from recoup.stores.sqlite import SqliteJournal

QUICK, DUPLICATES, RACES, CLIENTS = 10_000, 50_000, 500, 8
OFFICER = Actor("officer-1", "officer", "a report")


def life(office: Office, number: int) -> list[Command]:
    """The commands of one stop by three ways: a person's, the sender's, an institution's."""
    key = HoldKey(f"case-{number}", f"account-{number}", "CNY")
    order = some_order(f"o{number}", key=key, made_by=OFFICER.who)
    asked = [DraftOrder(order)]
    asked.append(
        WithdrawOrder(order.id, order.made_by) if number % 7 == 0 else IssueOrder(order.id)
    )
    commands = [
        command_of(COMMAND_REGISTRY, f"c{number}-{n}", Request(OFFICER, what))
        for n, what in enumerate(asked)
    ]
    if number % 7:
        now = office.clock.now()
        sent = Request(SENDER, ConfirmSent(order.id, now))
        commands.append(command_of(COMMAND_REGISTRY, f"c{number}-sent", sent))
        answer = Answer(f"a{number}", Outcome.HELD, order.amount, now)
        commands.append(answer_command(order.institution, order.id, answer))
    return commands


class Repeats:
    """Sends commands one to five times each and remembers what the first answer was."""

    def __init__(self, office: Office, seed: int) -> None:
        self.office, self.chance = office, random.Random(seed)
        self.first: dict[str, bytes] = {}
        self.sent: list[Command] = []
        self.wrong: list[str] = []
        self.repeats = self.others = self.restarts = 0

    def run(self, duplicates: int) -> list[str]:
        lives: list[list[Command]] = []
        number = 0
        while self.repeats < duplicates:
            while len(lives) < 20:
                number += 1
                lives.append(life(self.office, number))
            batch = [self.chance.choice(lives).pop(0)]
            lives = [left for left in lives if left]
            for _ in range(self.chance.randrange(5)):
                pool = [*self.sent[-400:], batch[0], self.chance.choice(self.sent or batch)]
                batch.append(self.chance.choice(pool))
            self.write(batch)
            if self.sent and self.chance.random() < 0.05:
                self.write_other(self.chance.choice(self.sent))
            if self.repeats // (duplicates // 10) > self.restarts:
                self.restarts += 1
                self.office.restart()
        self.look()
        return self.wrong

    def write(self, batch: list[Command]) -> None:
        for command, outcome in zip(batch, self.office.scribe.write(batch), strict=True):
            known = self.first.get(command.id)
            if known is None:
                if not isinstance(outcome, Done) or outcome.is_repeat:
                    self.wrong.append(f"{command.id}: {outcome}")
                else:
                    self.first[command.id] = outcome.answer
                    self.sent.append(command)
                continue
            self.repeats += 1
            if outcome != Done(known, is_repeat=True):
                self.wrong.append(f"{command.id} again: {outcome}")

    def write_other(self, command: Command) -> None:
        """Use an id for something else: refused by name, whenever it was used first."""
        self.others += 1
        other = Command(command.id, command.content + b" ", command.value)
        (outcome,) = self.office.scribe.write([other])
        if not isinstance(outcome, Turned) or outcome.reason != "content_differs":
            self.wrong.append(f"{command.id} with other content: {outcome}")
        elif "content" not in outcome.what:
            self.wrong.append(f"{command.id}: does not say what differs")

    def look(self) -> None:
        """One effect each: the records of a command stand in one piece, with one actor."""
        acted = Counter(r.command for r in self.office.journal.records() if r.name == "acted")
        self.wrong += [
            f"{command}: {count} effects" for command, count in acted.items() if count > 1
        ]
        self.wrong += [f"{command}: no effect" for command in self.first if not acted[command]]


def check(seed: int, duplicates: int) -> None:
    """Send commands again, over ten restarts."""
    sent = Repeats(Office(), seed)
    assert sent.run(duplicates) == []
    assert sent.repeats >= duplicates
    assert sent.restarts >= 9
    assert sent.others > duplicates // 500
    print(f"{sent.repeats} repeats of {len(sent.first)} commands, {sent.restarts} restarts")


def test_ten_thousand_repeats_have_no_effect_and_the_first_answer() -> None:
    check(1, QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
def test_fifty_thousand_repeats_have_no_effect_and_the_first_answer(seed: int) -> None:
    check(seed, DUPLICATES)


class Forgetful(MemoryJournal):
    """A store that keeps no answers."""

    def answers_of(self, _):  # type: ignore[no-untyped-def]
        return {}


def test_a_store_that_forgets_what_it_answered_is_found() -> None:
    """Negative control."""
    opened = memory()
    sent = Repeats(Office(lambda: Forgetful(opened()._disk)), 1)
    assert any("again" in one for one in sent.run(200))


class Race:
    """Eight clients who hand in one id at the same moment, half of them with another content."""

    def __init__(self, path, journal=SqliteJournal.open) -> None:  # type: ignore[no-untyped-def]
        self.writer = Writer(
            lambda: journal(path),
            EVENT_REGISTRY,
            SystemClock(),
            state=CentreState(),
            decide=decider(POLICY),
            evolve=evolve,
        )
        self.writer.start()
        self.wrong: list[str] = []

    def run(self, races: int) -> list[str]:
        barrier, outcomes = threading.Barrier(CLIENTS), [[None] * CLIENTS for _ in range(races)]

        def client(place: int) -> None:
            for race in range(races):
                key = HoldKey("case-1", f"account-{race}-{place % 2}", "CNY")
                order = some_order(f"o{race}-{place % 2}", key=key, made_by=OFFICER.who)
                request = Request(OFFICER, DraftOrder(order))
                command = command_of(COMMAND_REGISTRY, f"race-{race}", request)
                barrier.wait()
                outcomes[race][place] = self.writer.submit(command).result()  # type: ignore[call-overload]

        threads = [threading.Thread(target=client, args=(place,)) for place in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.writer.drain()
        for race, found in enumerate(outcomes):
            self.judge(race, found)
        return self.wrong

    def judge(self, race: int, found: list[object]) -> None:
        won = [at for at, x in enumerate(found) if isinstance(x, Done) and not x.is_repeat]
        if len(won) != 1:
            self.wrong.append(f"race {race}: {len(won)} effects")
            return
        for at, outcome in enumerate(found):
            same = at % 2 == won[0] % 2
            answer = found[won[0]].answer  # type: ignore[attr-defined]
            is_right = (
                at == won[0] or outcome == Done(answer, is_repeat=True)
                if same
                else isinstance(outcome, Turned) and outcome.reason == "content_differs"
            )
            if not is_right:
                self.wrong.append(f"race {race}, client {at}: {outcome}")


def test_in_five_hundred_races_of_eight_clients_one_content_wins(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "journal.sqlite"
    assert Race(path).run(RACES) == []
    names = [record.name for record in SqliteJournal.read(path).records()]
    assert Counter(names) == {"acted": RACES, "order_drafted": RACES}


class ForgetfulFile(SqliteJournal):
    """The same for a file."""

    def answers_of(self, _):  # type: ignore[no-untyped-def]
        return {}


def test_a_file_that_forgets_what_it_answered_is_found(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Negative control."""
    assert Race(tmp_path / "journal.sqlite", ForgetfulFile.open).run(20)
