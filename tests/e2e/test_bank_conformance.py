"""Our own agent passes every acceptance card over real HTTP; agents that go wrong fail the cards meant for them."""

from __future__ import annotations

import pytest
from banks import START, served

from recoup.bank.conformance import DECK, play
from recoup.bank.sandbox import Behaviour, Do
from recoup.clock import HandClock
from recoup.orders import InstitutionKind, OrderKind, Outcome

ALL = frozenset(card.number for card in DECK)


LEGS = frozenset(range(101, 108))
"""Cards for institutions that are no banks."""


def _failed(
    tmp_path,
    *behaviours: Behaviour,
    only: frozenset[int] = ALL - LEGS,
    kind: InstitutionKind = InstitutionKind.BANK,
) -> dict[int, str]:
    with served(tmp_path, HandClock(START), behaviours, kind) as desk:
        verdicts = list(play(desk, only))
    assert {verdict.card.number for verdict in verdicts} == only
    return {verdict.card.number: verdict.why for verdict in verdicts if verdict.why}


def test_our_own_agent_passes_every_card(tmp_path):
    assert len(DECK) >= 70
    assert _failed(tmp_path) == {}


def test_the_cards_can_be_played_again_on_what_a_run_left(tmp_path):
    with served(tmp_path, HandClock(START)) as desk:
        left = desk.order(OrderKind.STOP, 1, "left")
        desk.answer(left)
        assert [verdict.why for verdict in play(desk, ALL - LEGS) if verdict.why] == []


def test_every_card_beyond_the_plainest_has_an_agent_that_fails_it():
    """A card that no agent can fail proves nothing."""
    failing = set().union(*(fails for _, fails, _ in BROKEN))
    failing |= set().union(*(fails for _, _, fails in BROKEN_LEGS))
    assert {card.number for card in DECK if card.number > 41} - failing == WITHOUT_AN_AGENT


WITHOUT_AN_AGENT = {60, 61, 62, 63}
"""What keeps these stands before the agent, in its HTTP: a broken body and a request without authority."""

PAYING = (OrderKind.PAY_BACK,)
BROKEN = [
    (Behaviour(Do.OBEY_MISMATCH), {3, 5, 6, 43}, {1, 11, 50}),
    (Behaviour(Do.TRUST_ALL), {50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 64, 65, 69}, {1, 3, 11}),
    (Behaviour(Do.FORGET), {13, 14, 15, 16, 20, 25, 28, 33, 40, 45, 82, 83, 84}, {3, 11, 50}),
    (Behaviour(Do.TWICE), {13, 45, 70, 82}, {1, 14, 59}),
    (Behaviour(Do.TELL_AT_ONCE), {85}, {1, 82, 83}),
    (Behaviour(Do.FULL_TERM), {83}, {1, 2, 84, 85}),
    (Behaviour(Do.SAY_AMOUNT, kinds=(OrderKind.STOP,), amount="600.00"), {11, 12, 29, 32}, {1, 3}),
    (Behaviour(Do.SAY_OUTCOME, outcome=Outcome.HELD), {3, 11, 12, 16, 22, 26, 39, 44}, {1, 50}),
    (Behaviour(Do.SAY_OUTCOME, kinds=(OrderKind.WATCH,), outcome=Outcome.HELD), {111, 113}, {1}),
    (Behaviour(Do.HIDE), {112, 14, 28, 29, 30, 33, 41, 47, 48, 49}, {1, 11, 50}),
    (Behaviour(Do.OVERBOOK), {29, 31, 32}, {1, 11, 50}),
    (Behaviour(Do.SAY_AMOUNT, kinds=(OrderKind.FREEZE,), amount="600.00"), {42}, {1, 22, 50}),
    (Behaviour(Do.SHORT_ROWS), {11, 12, 35, 36, 46}, {1, 3, 50}),
    (Behaviour(Do.LENIENT), {66, 67, 68}, {1, 3, 50, 53, 60}),
    (Behaviour(Do.SAY_OUTCOME, kinds=PAYING, outcome=Outcome.PAID), set(range(73, 82)), {71, 72}),
    (Behaviour(Do.PAY_AMOUNT, amount="50.00"), {71, 72, 81}, {75, 76}),
    (Behaviour(Do.PAY_TWICE), {71, 72}, {75, 76}),
    (Behaviour(Do.PAY_NEVER), {71, 72, 81}, {75, 80}),
    (Behaviour(Do.PAY_BLINDLY), {73, 79}, {71, 72, 77}),
    (Behaviour(Do.FORGET, kinds=PAYING), {72}, {71, 74}),
    (Behaviour(Do.NEVER, kinds=(OrderKind.FREEZE,)), {22, 23, 24, 25, 26}, {1, 3, 50}),
]


PAYMENT, AGGREGATOR, EXCHANGE = (
    InstitutionKind.PAYMENT,
    InstitutionKind.AGGREGATOR,
    InstitutionKind.EXCHANGE,
)
OF = {PAYMENT: {101, 102, 103, 104}, AGGREGATOR: {105, 106}, EXCHANGE: {107}}
BROKEN_LEGS = [
    (PAYMENT, Behaviour(Do.SAY_AMOUNT, amount="1.00"), {101, 102}),
    (PAYMENT, Behaviour(Do.OBEY_MISMATCH), {103}),
    (PAYMENT, Behaviour(Do.SHORT_ROWS), {104}),
    (AGGREGATOR, Behaviour(Do.SAY_OUTCOME, outcome=Outcome.HELD), {105}),
    (AGGREGATOR, Behaviour(Do.SHORT_ROWS), {106}),
    (EXCHANGE, Behaviour(Do.SAY_OUTCOME, outcome=Outcome.HELD), {107}),
]


@pytest.mark.parametrize("kind", OF)
def test_institutions_that_are_no_banks_pass_their_own_cards(tmp_path, kind):
    cards = frozenset(OF[kind])
    assert _failed(tmp_path, only=cards, kind=kind) == {}
    other = tmp_path / "bank"
    other.mkdir()
    with served(other, HandClock(START)) as desk:
        assert all(verdict.is_left_out for verdict in play(desk, cards)), "a bank is not asked"


@pytest.mark.parametrize(
    ("kind", "behaviour", "fails"), BROKEN_LEGS, ids=[f"{k}-{b.do}" for k, b, _ in BROKEN_LEGS]
)
def test_a_broken_agent_that_is_no_bank_fails_the_cards_meant_for_it(
    tmp_path, kind, behaviour, fails
):
    assert fails <= _failed(tmp_path, behaviour, only=frozenset(OF[kind]), kind=kind).keys()


@pytest.mark.parametrize(
    ("behaviour", "fails", "passes"),
    BROKEN,
    ids=[f"{b[0].do}{'-'.join(b[0].kinds)}" for b in BROKEN],
)
def test_a_broken_agent_fails_the_cards_meant_for_it(tmp_path, behaviour, fails, passes):
    failed = _failed(tmp_path, behaviour, only=frozenset(fails | passes))
    assert fails == failed.keys(), failed
