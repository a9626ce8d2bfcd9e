"""Appeals against a watch at the centre: letters in, who decides, deadlines, worklist, figures apart, what is told back."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cared import START, TERMS, objected
from sim.office import Office

from recoup.care import DecisionAppealState, DecisionKind
from recoup.care.appealing import FileDecisionAppeal, PassDecisionAppeal, SettleDecisionAppeal
from recoup.centre import Actor, Request, View, command_of
from recoup.centre.answers import Answers
from recoup.centre.binding import settled_by
from recoup.centre.bulletins import Bulletins
from recoup.centre.care_todos import care_todos
from recoup.centre.commands import Command, Done, Outcome, Turned
from recoup.centre.directory import Directory
from recoup.centre.figuring import Figuring
from recoup.centre.passed_on import number_of, passed_on
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import INSTITUTION
from recoup.centre.rights import MACHINES
from recoup.centre.snapshots import decode_state, encode_state
from recoup.errors import MessageFault
from recoup.figures import Asked
from recoup.ids import CountedIds
from recoup.limits import OUTCOME_TOLD_SECONDS_MAX
from recoup.messages import ChangesMessage, DecisionAppealMessage, Minor, decode, encode, name_of
from recoup.stores.memory import MemoryVaultTable
from recoup.stores.vault import LocalKeys, Vault
from recoup.unrecognised import Unrecognised
from recoup.watch.told import AppealSettled

ALWAYS = Asked(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
LIMIT = timedelta(seconds=TERMS.appeal_seconds)


def letter(**changed: Any) -> DecisionAppealMessage:
    made = DecisionAppealMessage(
        "appeal-of-p-1",
        "bank-1",
        "station-1",
        "p-1",
        "6222027777000022225",
        "CNY",
        Minor(60_000),
        DecisionKind.DELAY,
        objected().ground,
        START,
        START,
        "我给女儿交学费",
        ("own-large",),
        START + timedelta(hours=20),
    )
    return replace(made, **changed)


class House:
    """An office, its vault, and an institution that writes."""

    def __init__(self) -> None:
        self.office = Office()
        self.directory = Directory(Vault(MemoryVaultTable(), LocalKeys(b"k" * 32)), CountedIds())

    @property
    def cared(self):
        return self.office.scribe.state.cared

    def hear(self, message: DecisionAppealMessage, institution: str = "bank-1") -> Outcome:
        now = self.office.clock.now()
        return self.office.submit(passed_on(self.directory, institution, message, now))

    def settle(self, appeal: str, by: str = "bo", *, is_upheld: bool = True) -> Outcome:
        return self.office.ask(by, SettleDecisionAppeal(appeal, is_upheld, by, "the papers fit"))

    def due(self) -> set[str]:
        far = self.office.clock.now() + timedelta(days=9999)
        return {row.kind for row in self.office.journal.due(far, 100)}

    def until(self, at: datetime) -> None:
        self.office.clock.move(at - self.office.clock.now())
        self.office.fire()


@pytest.fixture
def house() -> House:
    return House()


def why(found: Outcome) -> str:
    assert isinstance(found, Turned), found
    return found.reason


def test_the_letter_is_written_and_read_as_it_is():
    for one in (letter(), letter(kind=DecisionKind.WARN, waits_until=None, codes=())):
        assert decode(name_of(one), encode(one)) == one


def test_a_letter_becomes_one_appeal_and_what_is_personal_lies_in_the_vault(house):
    assert isinstance(house.hear(letter()), Done)
    (found,) = house.cared.appeals.values()
    said = (found.institution, found.kind, found.amount, found.codes, found.state)
    assert said == (
        "bank-1",
        DecisionKind.DELAY,
        60_000,
        ("own-large",),
        DecisionAppealState.OPEN,
    )
    assert (found.filed_at, found.due_at) == (START, START + LIMIT)
    assert house.directory.known("bank-1", "6222027777000022225") == found.account
    assert number_of(house.directory, found.id, "bo", "to decide") == "p-1"
    journal = b"".join(record.body for record in house.office.journal.records())
    for personal in ("p-1", "6222027777000022225", "我给女儿交学费"):
        assert personal.encode() not in journal

    # The same letter once more, after a crash as well, changes nothing; nor do other words under its id.
    before = list(house.office.journal.records())
    for again in (letter(), letter(statement="other words")):
        assert isinstance(house.hear(again), Done)
    house.office.restart()
    house.office.clock.move(timedelta(hours=1))
    assert isinstance(house.hear(letter()), Done)
    assert list(house.office.journal.records()) == before
    # Under another id it is a second appeal of the same decision.
    assert why(house.hear(letter(id="appeal-2"))) == "decision_appealed"
    house.settle(found.id)
    assert why(house.hear(letter(id="appeal-3"))) == "decision_appealed"
    # Another bank's decision of that number is another decision.
    assert isinstance(house.hear(letter(institution="bank-2"), "bank-2"), Done)
    assert len(house.cared.appeals) == 2


def swept(house: House) -> int:
    """Drop what waits for a letter that was never taken, as a start does."""
    answer_of = house.office.journal.answer_of
    return house.directory.sweep(lambda piece: answer_of(piece.command) is None)


def test_what_is_kept_for_a_letter_that_is_not_taken_goes_again_and_is_none_of_another_decision(
    house,
):
    now = house.office.clock.now()
    passed_on(house.directory, "bank-1", letter(), now)  # killed before the journal hears of it
    house.hear(letter(decision="p-2"))
    (found,) = house.cared.appeals
    assert number_of(house.directory, found, "bo", "to decide") == "p-2"
    assert why(house.hear(letter(id="appeal-2", decision="p-2"))) == "decision_appealed"
    assert swept(house) == 4, "words and number of each that nobody decides on"
    assert number_of(house.directory, found, "bo", "to decide") == "p-2"
    assert swept(house) == 0
    assert isinstance(house.hear(letter(id="appeal-3", decision="p-1")), Done), "it may come again"
    assert [number_of(house.directory, one, "bo", "r") for one in house.cared.appeals] == [
        "p-2",
        "p-1",
    ]


def test_where_the_centre_cannot_take_an_objection_a_person_hears_of_it(house):
    told: list[tuple[str, str]] = []

    def submit(command: Command) -> Future[Outcome]:
        future: Future[Outcome] = Future()
        future.set_result(house.office.submit(command))
        return future

    answers = Answers(
        house.directory,
        submit,
        house.office.clock,
        told=lambda what, reason: told.append((what, reason)),
    )
    for _ in range(2):
        assert answers.hear("bank-1", letter()) == ""
        house.office.clock.move(timedelta(hours=1))
    assert (told, len(house.cared.appeals)) == ([], 1), "taken, and the same once more"
    assert answers.hear("bank-1", letter(id="appeal-2")) == "decision_appealed"
    unfit = letter(id="appeal-3", decision="p-3", amount=Minor(0))
    assert answers.hear("bank-1", unfit) == "decision_unfit", "the bank hears why it ended"
    said = [f"a holder's objection was not taken: decision_{one}" for one in ("appealed", "unfit")]
    assert told == [("bank-1", one) for one in said]


def taken_down(said: list[ChangesMessage]):
    """Return what takes down a message in the place of signing it."""

    def sealed(message: ChangesMessage, _: str) -> bytes:
        said.append(message)
        return b""

    return sealed


def test_no_bank_hears_of_another_banks_appeals_and_none_of_their_numbers_is_read_for_it(house):
    house.hear(letter())
    house.hear(letter(institution="bank-2", decision="p-2"), "bank-2")
    for appeal in list(house.cared.appeals):
        house.settle(appeal)
    read: list[str] = []
    whole = house.directory.read
    house.directory.read = lambda *given: read.append(whole(*given)) or read[-1]  # type: ignore[method-assign]
    office = house.office
    sealed = taken_down(said := [])
    bulletins = Bulletins(
        lambda: View(office.open(), from_snapshot=False),
        house.directory,
        office.clock,
        CountedIds(),
        office.policy,
        sealed,
    )
    for bank, number in (("bank-1", "p-1"), ("bank-2", "p-2"), ("bank-3", "")):
        read.clear()
        bulletins.next(bank, "")
        numbers = [row.reference for row in said.pop().changes]
        assert numbers == read == ([number] if number else []), bank
    bulletins.close()


@pytest.mark.parametrize(
    "changed",
    [
        {"institution": "bank-2"},
        {"kind": Unrecognised("watch_closely")},
        {"ground": Unrecognised("order")},
        {"statement": " \n"},
        {"statement": "x" * 5001},
        {"decision": ""},
        {"codes": ("c",) * 41},
        {"codes": ("c" * 65,)},
    ],
)
def test_a_letter_that_cannot_be_is_a_fault_and_keeps_nothing(house, changed):
    with pytest.raises(MessageFault):
        house.hear(letter(**changed))
    assert (house.cared.appeals, list(house.office.journal.records())) == ({}, [])


def by_machine(house: House, wanted, institution: str) -> Outcome:
    request = Request(Actor(institution, INSTITUTION, "its watch"), FileDecisionAppeal(wanted))
    name = f"institution {institution}:{wanted.id} {wanted.decision}"
    return house.office.submit(command_of(COMMAND_REGISTRY, name, request))


def test_an_institution_passes_on_what_is_said_against_its_own_decisions_only(house):
    assert why(by_machine(house, objected(), "bank-2")) == "actor_differs"
    other = objected(filed_by="bank-2")
    assert why(by_machine(house, other, "bank-2")) == "other_institution"
    assert isinstance(by_machine(house, objected(), "bank-1"), Done)
    assert why(by_machine(house, objected(decision="row-2"), "bank-1")) == "id_unusable"


def test_no_machine_decides_and_nobody_on_what_they_filed_or_for_another(house):
    assert isinstance(house.office.ask("cy", FileDecisionAppeal(objected(filed_by="cy"))), Done)
    settle = SettleDecisionAppeal("appeal-1", True, "bank-1", "r")
    for role in sorted(MACHINES):
        assert why(house.office.ask("bank-1", settle, role=role)) == "actor_differs"
    assert why(house.office.ask("bo", settle)) == "actor_differs"
    assert why(house.settle("appeal-1", "cy")) == "decision_appeal_same_person"
    assert why(house.settle("appeal-9")) == "decision_appeal_unknown"
    assert why(house.office.ask("bo", PassDecisionAppeal("appeal-1"))) == "actor_differs"
    assert isinstance(house.settle("appeal-1"), Done)
    assert why(house.settle("appeal-1", "dd", is_upheld=False)) == "decision_appeal_settled"


def test_it_has_a_deadline_at_its_limit_and_waits_by_the_end_of_the_payment(house):
    house.hear(letter())
    (appeal,) = house.cared.appeals.values()

    def todos(unit: str = "station-1"):
        return [
            (row.kind.value, row.about, row.amount, row.due_at, row.why)
            for row in care_todos(house.cared, lambda one: one == unit)
        ]

    row = ("decision_appeal_to_decide", appeal.id, 60_000, appeal.waits_until, "delay rule")
    assert (todos(), todos("station-2")) == ([row], [])
    assert house.due() == {"pass_decision_appeal"}
    house.until(START + LIMIT - timedelta(seconds=1))
    assert not house.cared.appeals[appeal.id].is_overdue
    house.until(START + LIMIT)
    assert house.cared.appeals[appeal.id].is_overdue
    assert (todos(), house.due()) == ([row], {"pass_appeal_escalation"}), "late, it is still open"
    assert isinstance(house.settle(appeal.id, is_upheld=False), Done)
    assert todos() == []


def test_decided_in_time_it_has_no_deadline(house):
    house.hear(letter())
    (appeal,) = house.cared.appeals
    house.settle(appeal)
    assert house.due() == set()


@pytest.mark.parametrize("is_upheld", [True, False])
def test_the_institution_that_decided_is_told_what_was_decided_for_as_long_as_it_is_of_use(
    house, is_upheld
):
    house.hear(letter())
    (appeal,) = house.cared.appeals

    def told(now: datetime):
        found = house.cared.appeals[appeal]
        return list(
            settled_by(found, now, lambda one: number_of(house.directory, one, "sender", "r"))
        )

    assert told(START) == [], "nothing is decided"
    house.settle(appeal, is_upheld=is_upheld)
    last = START + timedelta(seconds=OUTCOME_TOLD_SECONDS_MAX)
    assert told(START) == [("bank-1", None, AppealSettled("p-1", is_upheld))]
    assert told(last - timedelta(microseconds=1)) == told(START)
    assert told(last) == []


def test_registers_are_the_same_after_a_restart_and_from_a_snapshot(house):
    house.hear(letter())
    house.hear(letter(id="appeal-2", decision="p-2"))
    house.settle(next(iter(house.cared.appeals)))
    office = house.office
    before = encode_state(office.scribe.state)
    assert b"decision_appeal " in before
    assert decode_state(before) == office.scribe.state
    office.restart()
    assert encode_state(office.scribe.state) == before
    View(office.open(), from_snapshot=False).keep(office.open())
    assert encode_state(View(office.open()).state) == before


def test_false_interceptions_are_counted_apart_from_warnings_and_from_false_holds(house):
    kinds = list(DecisionKind)
    for kind in kinds:
        for number in range(2):
            waits = kind in {DecisionKind.DELAY, DecisionKind.HOLD}
            until = START + timedelta(hours=20) if waits else None
            given = {"id": f"{kind}-{number}", "decision": f"{kind}-{number}"}
            assert isinstance(house.hear(letter(kind=kind, waits_until=until, **given)), Done)
    for number, appeal in enumerate(list(house.cared.appeals)):
        if number < 2:
            continue  # the first two, of warnings, are late
        house.settle(appeal, is_upheld=number % 2 == 0)
    house.until(START + LIMIT)
    first, second = list(house.cared.appeals)[:2]
    house.settle(first)
    house.settle(second, is_upheld=False)
    figuring = Figuring(house.office.open)
    tally = figuring.tally(ALWAYS)
    assert (tally.decision_appeals, tally.decision_appeals_overdue) == (8, 2)
    assert (tally.false_interceptions, tally.false_warnings) == (3, 1)
    holds = (tally.false_holds, tally.false_of_begun, tally.appeals, tally.appeals_overdue)
    assert (holds, tally.holds, tally.cases, tally.intercepted) == ((0, 0, 0, 0), 0, 0, 0)
    there = figuring.tally(replace(ALWAYS, institution="bank-1"))
    assert there.false_interceptions == 3
    assert figuring.tally(replace(ALWAYS, institution="bank-2")).decision_appeals == 0
    figuring.close()
