"""The centre's own keys: the newest that is valid signs, the next one takes over by time, and nothing is started again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from banks import BANK, YEARS, order
from sim.office import START

from recoup.centre.directory import Directory
from recoup.centre.letters import Correspondence, Letters
from recoup.clock import HandClock
from recoup.errors import MessageFault
from recoup.ids import CountedIds
from recoup.messages import (
    Asked,
    AskMessage,
    KeyRing,
    MemoryReplays,
    NoticeTerms,
    SigningKey,
    open_message,
    open_paper,
)
from recoup.orders import OrderKind
from recoup.stores.memory import MemoryVaultTable
from recoup.stores.vault import LocalKeys, Vault

MONTH, DAY = timedelta(days=30), timedelta(days=1)
OLD = SigningKey("centre", bytes(range(32)), START - YEARS, START + 2 * MONTH)
NEXT = SigningKey("centre", bytes(range(1, 33)), START + MONTH, START + YEARS)
ASK = AskMessage(BANK.owner, Asked.DIGEST)


@pytest.fixture
def clock() -> HandClock:
    return HandClock(START)


def letters(clock: HandClock, *keys: SigningKey) -> Letters:
    ids = CountedIds()
    directory = Directory(Vault(MemoryVaultTable(), LocalKeys(b"k" * 32)), ids)
    first, *further = keys
    notice = NoticeTerms("x", (), "0")
    wire = Correspondence("centre", first, KeyRing([]), {}, notice, further=tuple(further))
    return Letters(wire, directory, clock, ids, lambda: 1)


def signer(said: bytes, clock: HandClock, *trusted: SigningKey) -> str:
    """Return the id of the pinned key that a message was signed with, as an institution reads it."""
    for key in trusted:
        try:
            open_message(
                said,
                KeyRing([key.public]),
                audience=BANK.owner,
                now=clock.now(),
                replays=MemoryReplays(),
                takes=(AskMessage,),
            )
        except MessageFault:
            continue
        return key.public.id
    return ""


def test_the_next_key_takes_over_when_it_begins_whichever_is_named_first(clock: HandClock) -> None:
    for keys in ((OLD, NEXT), (NEXT, OLD)):
        clock = HandClock(START)
        centre = letters(clock, *keys)
        assert signer(centre.sealed(ASK, BANK.owner), clock, OLD, NEXT) == OLD.public.id
        clock.move(MONTH - timedelta(seconds=1))
        assert signer(centre.sealed(ASK, BANK.owner), clock, OLD, NEXT) == OLD.public.id
        clock.move(timedelta(seconds=1))
        assert signer(centre.sealed(ASK, BANK.owner), clock, OLD, NEXT) == NEXT.public.id
        clock.move(2 * MONTH)  # the old one has ended
        assert signer(centre.sealed(ASK, BANK.owner), clock, OLD, NEXT) == NEXT.public.id


def test_what_was_signed_before_is_still_known_as_its_own_after(clock: HandClock) -> None:
    centre = letters(clock, OLD, NEXT)
    before = centre.sealed(order(OrderKind.QUERY), BANK.owner)
    clock.move(MONTH + DAY)
    assert open_paper(before, centre._wire.own).issuer == "centre"
    with pytest.raises(MessageFault, match="key_unknown"):
        open_paper(before, letters(clock, NEXT)._wire.own)


def test_with_no_key_that_counts_nothing_is_signed(clock: HandClock) -> None:
    centre = letters(clock, OLD)
    clock.move(3 * MONTH)
    with pytest.raises(MessageFault, match="key_not_valid"):
        centre.sealed(ASK, BANK.owner)
