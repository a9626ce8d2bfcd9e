"""Checkpoints reach witnesses over real HTTP, whatever they knew before; a cut or rewritten journal is told of, not signed."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta

import httpx
import pytest
from banks import listened
from docket import claim, report
from sim.office import START, Done, Office

from recoup.cases.commands import TakeReport
from recoup.centre.notary import Notary
from recoup.centre.witnessing import Sealing, WitnessAddress, Witnessing
from recoup.clock import HandClock
from recoup.errors import NoteFault, StoreFault
from recoup.journal import verify
from recoup.journal.checkpoint import open_checkpoint
from recoup.journal.notes import Algorithm, NoteSecret
from recoup.witness import Witness
from recoup.witness.http import application

JOURNAL = NoteSecret.make("centre.example/journal", Algorithm.NOTE, b"\1" * 32)
NAMES = ("bank-a.example", "bank-b.example")
SECRETS = [
    NoteSecret.make(name, Algorithm.COSIGNATURE, bytes([2 + at]) * 32)
    for at, name in enumerate(NAMES)
]


OPENED = ExitStack()


@pytest.fixture(autouse=True)
def _close():
    yield
    OPENED.close()


class Watched:
    """A journal that grows, and two witnesses, the second of which may be away."""

    def __init__(self, folder, urls):
        self.office, self.told, self.count = Office(), [], 0
        self.client = OPENED.enter_context(httpx.Client())
        addresses = [WitnessAddress(s.key, url) for s, url in zip(SECRETS, urls, strict=True)]
        self.sealing = Sealing(JOURNAL, tuple(addresses))
        self.folder = folder

    def grow(self):
        self.count += 1
        case = f"case-{self.count}"
        paid = START - timedelta(hours=1)
        what = TakeReport(report(at=START), claim("c1", "a", 100, paid_at=paid), "station-1")
        assert isinstance(self.office.ask("taker", what, case=case), Done)

    def part(self):
        return Witnessing(self.office.open, self.sealing, self.client, self.say)

    def say(self, who, why):
        self.told.append((who, why))

    def notary(self):
        keys = [secret.key for secret in SECRETS]
        return Notary(self.office.open(), JOURNAL.name, JOURNAL.private, keys)


@pytest.fixture
def witnesses(tmp_path):
    made = [
        Witness(secret, [JOURNAL.key], tmp_path / secret.name, HandClock(START))
        for secret in SECRETS
    ]
    with listened(application(made[0])) as first, listened(application(made[1])) as second:
        yield made, (first, second), tmp_path


def test_all_witnesses_cosign_each_round_and_what_they_keep_verifies(witnesses):
    made, urls, folder = witnesses
    watched = Watched(folder, urls)
    part, notary = watched.part(), watched.notary()
    assert part.one_round(notary) == 0, "nothing was written yet"
    for _ in range(3):
        watched.grow()
        assert part.one_round(notary) == 2
    assert part.one_round(notary) == 2, "said again, nothing new"
    assert watched.told == []
    keys = [secret.key for secret in SECRETS]
    size, note = notary.newest()
    found = open_checkpoint(str(note).encode(), JOURNAL.key, keys, quorum=2)
    assert found.size == size == len(list(watched.office.journal.records()))
    for witness in made:
        held = open_checkpoint(witness.path(JOURNAL.name).read_bytes(), JOURNAL.key)
        assert verify(watched.office.journal.records(), (), (held,)).vouched == size


def test_a_witness_that_is_away_keeps_no_other_waiting_and_catches_up(witnesses):
    _, urls, folder = witnesses
    watched = Watched(folder, (urls[0], "http://127.0.0.1:9"))
    watched.grow()
    notary = watched.notary()
    assert watched.part().one_round(notary) == 1
    assert [who for who, _ in watched.told] == [NAMES[1]]
    watched.grow()
    later = Watched(folder, urls)
    later.office = watched.office
    assert later.part().one_round(notary) == 2, "from what each of them has, the one nothing"
    assert later.told == []


def test_another_process_goes_on_from_what_the_witness_says(witnesses):
    _, urls, folder = witnesses
    watched = Watched(folder, urls)
    watched.grow()
    assert watched.part().one_round(watched.notary()) == 2
    watched.grow()
    fresh = watched.part()  # it does not know what the witnesses have: they tell it
    assert fresh.one_round(watched.notary()) == 2


def test_a_journal_that_was_made_anew_gets_no_cosignature_and_is_told_of(witnesses):
    _, urls, folder = witnesses
    watched = Watched(folder, urls)
    for _ in range(3):
        watched.grow()
    assert watched.part().one_round(watched.notary()) == 2
    shorter = Watched(folder, urls)
    shorter.grow()
    assert shorter.part().one_round(shorter.notary()) == 0
    assert all("the journal was cut" in why for _, why in shorter.told)
    longer = Watched(folder, urls)
    longer.count = 7  # other cases: another past
    for _ in range(4):
        longer.grow()
    assert longer.part().one_round(longer.notary()) == 0
    assert ["status 422" in why for _, why in longer.told] == [True, True]


def test_the_thread_ends_with_a_fault_where_the_journal_does_not_continue_its_checkpoints(
    witnesses,
):
    _, urls, folder = witnesses
    watched = Watched(folder, urls)
    watched.grow()
    part = watched.part()
    part.start()
    part.stop()
    assert part.fault is None
    assert len(watched.office.journal.checkpoints()) == 1
    kept = watched.office.journal.checkpoints()[0]
    other = Watched(folder, urls)
    other.count = 7
    other.grow()
    other.office.journal.add_checkpoint(kept)
    spoiled = other.part()
    spoiled.start()
    spoiled.stop()
    assert isinstance(spoiled.fault, StoreFault)


@pytest.mark.parametrize("status", [500, 404, 200])
def test_a_witness_that_answers_nonsense_is_told_of(status):
    watched = Watched(None, ("http://a", "http://b"))
    watched.grow()
    reply = httpx.MockTransport(lambda _: httpx.Response(status, text="nonsense\n"))
    watched.client = httpx.Client(transport=reply)
    assert watched.part().one_round(watched.notary()) == 0
    assert len(watched.told) == 2
    size = httpx.MockTransport(lambda _: httpx.Response(409, text="many\n"))
    watched.client = httpx.Client(transport=size)
    watched.told.clear()
    assert watched.part().one_round(watched.notary()) == 0
    assert all("the size that the witness has" in why for _, why in watched.told)


def test_keys_of_the_wrong_kind_are_refused():
    good = WitnessAddress(SECRETS[0].key, "http://a")
    with pytest.raises(NoteFault, match="journal's key"):
        Sealing(SECRETS[0], (good,))
    with pytest.raises(NoteFault, match="witness's key"):
        Sealing(JOURNAL, (WitnessAddress(JOURNAL.key, "http://a"),))
    with pytest.raises(NoteFault, match="once"):
        Sealing(JOURNAL, (good, good))
