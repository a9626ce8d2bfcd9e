"""Which accounts decisions speak against: a slow twin, the sides of rules, what is kept, and what must say nothing."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup import limits
from recoup.care import MeasureKind, RiskGrade
from recoup.clock import microseconds_of
from recoup.errors import StateFault
from recoup.watch.decision import Action, Cause, Decision, Ground
from recoup.watch.features import Side
from recoup.watching.rule_files import read_rules
from recoup.watching.service.suspecting import letter_of
from recoup.watching.suspects import LikelyVictim, Paid, Suspect, Suspects, SuspectTerms, sides_of

SECOND = 1_000_000
NOW = datetime(2026, 3, 1, tzinfo=UTC)
BEGIN = microseconds_of(NOW)
SIDES = {"of-payee": Side.PAYEE, "of-payer": Side.PAYER, "of-both": None}
TERMS = SuspectTerms(3, 2, 1_000, 100, RiskGrade.LOW, Action.DELAY, MeasureKind.COUNTER_ONLY)


def decided(
    action: Action = Action.DELAY,
    ground: Ground = Ground.MODEL,
    rules: tuple[str, ...] = (),
    code: str = "c",
    **more: object,
) -> Decision:
    return Decision("p", action, ground, (Cause(code, "", ""),), None, rules=rules, **more)


def paid(at: int, payer: str, payee: str, amount: int = 100) -> Paid:
    return Paid(f"p{at}", BEGIN + at * SECOND, payer, payee, "CNY", amount)


def told(suspects: Suspects, kind: type) -> list[tuple[str, ...]]:
    return [(one.account, one.code) for one in suspects.found if isinstance(one, kind)]


class Twin:
    """All that ever was decided, looked through anew each time."""

    def __init__(self) -> None:
        self.against: list[tuple[int, str, str, str]] = []
        self.spent: dict[str, int] = {}
        """By account: how many of its rows were counted already."""
        self.leads: list[tuple[int, str, int]] = []
        self.said: list[tuple[str, str, int]] = []

    def live(self, account: str, since: int) -> list[tuple[int, str, str, str]]:
        own = [row for row in self.against if row[1] == account][self.spent.get(account, 0) :]
        return [row for row in own if row[0] > since]

    def saw(self, one: Paid, made: Decision) -> None:
        if made.ground is Ground.MODEL:
            against = Side.PAYEE
        elif made.ground is Ground.RULE:
            said = {SIDES[rule] for rule in made.rules if SIDES[rule] is not None}
            against = next(iter(said)) if len(said) == 1 else None
        else:
            return
        if made.action is Action.ALLOW:
            return
        if against is not None and made.action >= Action.DELAY:
            sides = (one.payee, one.payer)
            account, other = sides if against is Side.PAYEE else sides[::-1]
            if account.startswith("own"):
                self.against.append((one.time_us, account, other, made.causes[0].code))
                rows = self.live(account, one.time_us - 1_000 * SECOND)
                if len(rows) >= 3 and len({row[2] for row in rows}) >= 2:
                    codes = Counter(row[3] for row in rows)
                    code = min(codes, key=lambda c: (-codes[c], c))
                    self.said.append((account, code, len(rows)))
                    self.spent[account] = sum(row[1] == account for row in self.against)
        if against is Side.PAYER or not one.payer.startswith("own"):
            return
        if self.live(one.payer, one.time_us - 1_000 * SECOND):
            return
        rank = {Action.WARN: 2, Action.DELAY: 1}.get(made.action, 0)
        before = [row for row in self.leads if row[1] == one.payer]
        if before and one.time_us < before[-1][0] + 100 * SECOND and before[-1][2] <= rank:
            return
        self.leads.append((one.time_us, one.payer, rank))


_ACTIONS = st.sampled_from(list(Action))
_GROUNDS = st.sampled_from([Ground.MODEL, Ground.RULE, Ground.ORDER, Ground.UNSCORED])
_RULES = st.lists(st.sampled_from(sorted(SIDES)), min_size=1, max_size=3, unique=True)
_NAMES = st.sampled_from(["own-1", "own-2", "own-3", "far-1", "far-2", ""])
_ROWS = st.tuples(st.integers(1, 200), _NAMES, _NAMES, _ACTIONS, _GROUNDS, _RULES, _NAMES)


@settings(max_examples=300, deadline=None)
@given(st.lists(_ROWS, max_size=24), st.integers(0, 24))
def test_it_says_what_a_slow_twin_says_also_across_a_restart(rows, restart) -> None:
    twin, suspects = Twin(), Suspects(TERMS, lambda account: account.startswith("own"))
    at = 0
    for place, (step, payer, payee, action, ground, rules, code) in enumerate(rows):
        at += step
        one = paid(at, payer, payee)
        made = decided(action, ground, tuple(rules) if ground is Ground.RULE else (), code or "c")
        if place == restart:
            again = Suspects(TERMS, suspects.is_ours)
            again.go_on_from(suspects.kept())
            suspects = again
        twin.saw(one, made)
        suspects.saw(one, made, SIDES)
    ranks = {grade.value: grade.rank for grade in RiskGrade}
    found = [one for one in suspects.found if isinstance(one, Suspect)]
    leads = [one for one in suspects.found if isinstance(one, LikelyVictim)]
    assert twin.said == [(one.account, one.code, one.payments) for one in found]
    assert twin.leads == [(one.at_us, one.account, ranks[one.grade]) for one in leads]


@pytest.mark.parametrize(
    "made",
    [
        decided(Action.ALLOW),
        decided(ground=Ground.ORDER),
        decided(ground=Ground.MEASURE),
        decided(ground=Ground.UNSCORED),
        decided(ground=Ground.INPUT),
        decided(is_repeat=True),
    ],
)
def test_what_no_live_rule_or_model_asked_for_says_nothing(made) -> None:
    suspects = Suspects(TERMS)
    for at, payer in enumerate("abcdef"):
        suspects.saw(paid(at, payer, "z"), made, SIDES)
    assert not suspects.found


def test_an_account_is_asked_about_again_only_after_as_many_decisions_anew() -> None:
    suspects = Suspects(TERMS)
    for at, payer in enumerate("abcde"):
        suspects.saw(paid(at, payer, "z"), decided(), SIDES)
    assert told(suspects, Suspect) == [("z", "c")]
    suspects.saw(paid(6, "f", "z"), decided(code="d"), SIDES)
    assert [one.payments for one in suspects.found if isinstance(one, Suspect)] == [3, 3]


def test_one_other_side_alone_is_no_ground() -> None:
    suspects = Suspects(TERMS)
    for at in range(40):
        suspects.saw(paid(at, "a", "z"), decided(), SIDES)
    assert told(suspects, Suspect) == []
    suspects.saw(paid(41, "b", "z"), decided(), SIDES)
    assert len(told(suspects, Suspect)) == 1


def test_a_mule_on_the_way_is_not_warned_as_a_victim() -> None:
    suspects = Suspects(TERMS)
    suspects.saw(paid(1, "victim", "mule"), decided(), SIDES)
    suspects.saw(paid(2, "mule", "next"), decided(), SIDES)
    assert told(suspects, LikelyVictim) == [("victim", "c")]


def test_a_payer_is_named_again_only_at_a_higher_grade_or_later() -> None:
    suspects = Suspects(TERMS)
    for at, action in ((1, Action.DELAY), (2, Action.DELAY), (3, Action.HOLD), (4, Action.WARN)):
        suspects.saw(paid(at, "a", f"z{at}"), decided(action), SIDES)
    suspects.saw(paid(500, "a", "z9"), decided(Action.WARN), SIDES)
    grades = [one.grade for one in suspects.found if isinstance(one, LikelyVictim)]
    assert grades == ["middle", "high", "low"]


def test_what_waits_and_what_is_remembered_is_bounded(monkeypatch) -> None:
    monkeypatch.setattr(limits, "SUSPICIONS_WAITING_MAX", 5)
    monkeypatch.setattr(limits, "SUSPECTS_MAX", 7)
    suspects = Suspects(TERMS)
    for at in range(30):
        suspects.saw(paid(at, f"a{at}", f"z{at}"), decided(), SIDES)
    assert (len(suspects.found), suspects.passed_over) == (5, 25)
    assert (len(suspects._spoken), len(suspects._named)) == (7, 7)


def test_damaged_memory_is_refused_and_changes_nothing() -> None:
    suspects = Suspects(TERMS)
    suspects.saw(paid(1, "a", "z"), decided(), SIDES)
    kept = suspects.kept()
    for cut in (b"", b"\xc1", kept[:-1], b"\x94\x01\x02\x03\x04"):
        with pytest.raises(StateFault):
            suspects.go_on_from(cut)
    assert suspects.kept() == kept


def test_the_side_of_a_rule_is_whose_figures_and_lists_it_reads() -> None:
    rules = read_rules("cn-flags", currencies=("CNY",))
    sides = sides_of(rules)
    assert (sides["cn-1001"], sides["cn-2001"]) == (Side.PAYEE, Side.PAYEE)
    names = {rule.id: set(e.names) for rule, e in zip(rules.rules, rules.expressions, strict=True)}
    for rule, side in sides.items():
        reads = {name.split("_")[0] for name in names[rule]} & {"payer", "payee"}
        if side is not None and not any("in list" in e.text for e in rules.expressions):
            assert reads == {side.value}, rule


def test_what_comes_too_late_is_no_letter_and_none_is_dated_ahead() -> None:
    suspects = Suspects(TERMS)
    suspects.saw(paid(1_000, "a", "z", 250), decided(Action.HOLD), SIDES)
    (one,) = suspects.found
    assert letter_of(one, "bank-1", "gd", NOW + timedelta(seconds=1_100)) is None
    letter = letter_of(one, "bank-1", "gd", NOW)
    assert (letter.at, letter.grade, letter.amount) == (NOW, RiskGrade.HIGH, 250)


def test_ids_follow_from_what_was_decided() -> None:
    """The same twice is one letter; another payment is another."""

    def ids(seed: int) -> list[str]:
        suspects, drawn = Suspects(TERMS), random.Random(seed)
        for at in range(50):
            suspects.saw(paid(at, f"a{drawn.randrange(9)}", "z"), decided(), SIDES)
        return [one.id for one in suspects.found]

    assert ids(1) == ids(1)
    assert len(set(ids(1))) == len(ids(1))
