"""The packet on paper says what the packet says, in both languages, names every state, and is cut only with a word of it."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pypdf
import pytest

from recoup import limits
from recoup.cases import Packet
from recoup.cases.decided import FindingKind, Matter
from recoup.cases.packet import Clock, PacketClaim, PacketDecision, PacketHold, PacketOrder
from recoup.cases.state import ClaimState, FindingState, MandateState, MotionState
from recoup.orders import HoldState, OrderKind, OrderState
from recoup.orders.hold import UNCLEAR
from recoup.paper import packet_pdf
from recoup.paper.packet_words import (
    CLAIM_STATES,
    CLOCKS,
    DECISION_STATES,
    DECISIONS,
    HOLD_WORDS,
    ORDER_STATES,
    WORDS,
)
from recoup.paper.words import KINDS

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

TABLES = (CLAIM_STATES, ORDER_STATES, HOLD_WORDS, CLOCKS, DECISIONS, DECISION_STATES)


def named(kind: str, number: int) -> str:
    return f"{kind}_{number + 0xABCDEF:032x}"


PACKET = Packet(
    "A440300-2026-0017",
    "futian-1",
    tuple(
        PacketClaim(named("claim", n), state, "CNY", 1234567 + n, 99 + n)
        for n, state in enumerate(ClaimState)
    ),
    tuple(
        PacketOrder(
            *(
                named("order", n),
                "d" * 64,
                kind,
                named("account", n),
                "CNY",
                f"bank-{n}",
                70000 + n,
            ),
            list(OrderState)[n % len(OrderState)],
            AT if n % 2 else None,
        )
        for n, kind in enumerate(OrderKind)
    ),
    tuple(
        PacketHold(named("account", n), "JPY", word, 800 + n, AT + timedelta(hours=48 + n))
        for n, word in enumerate((*HoldState, UNCLEAR))
    ),
    tuple(sign * 64 for sign in "abc"),
    12,
    11,
    "ab" * 32,
    (("mandate-1", "CNY", 5000000, 1200001),),
    tuple(Clock(kind, named("about", n), AT + timedelta(hours=n)) for n, kind in enumerate(CLOCKS)),
    tuple(
        PacketDecision(
            named("decision", n), kind, named("account", n), list(DECISION_STATES)[n % 7]
        )
        for n, kind in enumerate(DECISIONS)
    ),
)


def text_of(pdf: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return re.sub(r"\s+", "", "".join(page.extract_text() for page in pages))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_all_of_a_packet_stands_on_paper(language: str) -> None:
    seen = text_of(packet_pdf(PACKET, AT, language=language))
    place = ["zh", "en"].index(language)
    ids = (
        *(row.id for row in (*PACKET.claims, *PACKET.orders)),
        *(row.account for row in PACKET.holds),
        *(row.about for row in PACKET.clocks),
        *(word for row in PACKET.decisions for word in (row.id, row.about)),
    )
    words = [x for table in TABLES for x in table.values()]
    for word in (
        *ids,
        *PACKET.evidence,
        *(row[place] for row in (*words, *KINDS.values())),
        *(PACKET.digest, PACKET.trail_digest, PACKET.case, PACKET.unit, "mandate-1", "bank-7"),
        *("12345.67CNY", "0.99CNY", "700.05CNY", "807JPY", "50000.00CNY", "12000.01CNY"),
        *("2026-03-0217:30:00", "2026-03-0417:30:00", "2026-03-02T09:30:00Z"),
    ):
        assert word.replace(" ", "") in seen, word


def test_the_same_packet_at_the_same_time_gives_the_same_bytes() -> None:
    assert packet_pdf(PACKET, AT) == packet_pdf(PACKET, AT)
    other = replace(PACKET, facts_version=13)
    assert packet_pdf(other, AT) != packet_pdf(PACKET, AT)


def test_an_empty_case_and_a_state_of_later_times_are_printed() -> None:
    hold = PacketHold("a1", "CNY", "confiscated", 1, None)
    empty = Packet("C1", "", (), (), (hold,), (), 0, 0, "", (), ())
    seen = text_of(packet_pdf(empty, AT, language="en", timezone="UTC"))
    assert "confiscated" in seen
    assert seen.count("none") == 6


def test_a_table_that_is_too_long_says_by_how_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PACKET_ROWS_MAX", 2)
    seen = text_of(packet_pdf(PACKET, AT, language="en"))
    assert "1moreareinthepacket'sJSON" in seen
    assert PACKET.evidence[1] in seen
    assert PACKET.evidence[2] not in seen
    assert PACKET.digest in seen, "the digest is of all of it"


def test_every_state_and_phrase_has_both_languages() -> None:
    assert set(ORDER_STATES) == set(OrderState)
    assert set(HOLD_WORDS) == {*HoldState, *OrderState, UNCLEAR}
    assert set(CLAIM_STATES) == set(ClaimState)
    assert set(DECISIONS) == {*FindingKind, *Matter, "mandate"}
    assert set(DECISION_STATES) == {*FindingState, *MotionState, *MandateState}
    for words in (x for table in (WORDS, *TABLES) for x in table.values()):
        assert len(words) == 2
        assert all(words)
