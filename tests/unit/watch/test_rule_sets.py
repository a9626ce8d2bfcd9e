"""A file of rules loads as a whole or is refused with every problem; live takes two persons and the digest of what they saw."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from recoup.errors import RuleFault
from recoup.watch.rules import Action, Known, Mode, load_rules
from recoup.watch.rules.limits import (
    RULE_LISTS_MAX,
    RULE_PROBLEMS_MAX,
    RULE_SET_BYTES_MAX,
    RULE_SET_RULES_MAX,
    RULE_SNOOZES_MAX,
)

HEAD = 'id = "house"\ntimezone = "Asia/Shanghai"\nnight = [22, 6]\nlists = ["suspect"]\n'
RULE = """
[[rules]]
id = "night"
expression = "is_night and amount >= large"
currency = "CNY"
action = "delay"
reason = "own-night"
words = "a large payment at night"
author = "risk-7"
budget = 50
thresholds.large = { value = "50_000.00 CNY", source = "our own", standing = "assumed" }
"""
SNOOZE = """
[[snoozes]]
rule = "night"
account = "A-1"
reason = "night shift of a hospital"
author = "risk-7"
approver = "risk-2"
from = 2026-11-01T00:00:00Z
until = 2026-12-01T00:00:00Z
"""


class Figure(NamedTuple):
    name: str
    unit: str


KNOWN = Known([Figure("payee_age", "seconds")], currencies=("CNY",), reasons={"cn-3006": "known"})


def load(text: str):
    return load_rules(text, KNOWN)


def codes(text: str) -> list[tuple[str, str]]:
    with pytest.raises(RuleFault) as caught:
        load(text)
    return [(problem.field, problem.code) for problem in caught.value.problems]


def test_a_set_loads_and_begins_in_shadow() -> None:
    found = load(HEAD + RULE)
    (rule,) = found.rules
    assert (rule.mode, rule.action, rule.version) == (Mode.SHADOW, Action.DELAY, 1)
    assert found.expressions[0].names == ("amount", "is_night")
    assert (found.night, found.names.lists) == ((22, 6), ("suspect",))
    assert len(found.programs.starts) == 2


def test_every_problem_of_every_rule_is_named_at_once() -> None:
    bad = RULE.replace('"delay"', '"arrest"').replace("large", "lrge", 1).replace("words", "wrods")
    other = '[[rules]]\nid = "two words"\nexpression = "payee_age > 3"\naction = "warn"\nreason = "cn-3006"\n'
    with pytest.raises(RuleFault) as caught:
        load(HEAD.replace("Shanghai", "Nowhere") + bad + other)
    found = [(problem.rule, problem.field, problem.code) for problem in caught.value.problems]
    assert found == [
        ("", "timezone", "timezone_unknown"),
        ("night", "action", "field_type"),
        ("night", "words", "field_missing"),
        ("night", "", "field_unknown"),
        ("night", "expression", "name_unknown"),
        ("two words", "id", "name_unfit"),
        ("two words", "author", "field_missing"),
        ("", "expression", "unit_wrong"),
    ]
    assert "rule night expression line 1 column 24: name_unknown" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('id = "night"', 'id = "night"\nversion = 0', ("version", "field_type")),
        ("budget = 50", "budget = -1", ("budget", "field_type")),
        ("budget = 50", "budget = true", ("budget", "field_type")),
        ("budget = 50", "from = 2026-11-01", ("from", "field_type")),
        ("budget = 50", "from = 2026-11-01T00:00:00", ("from", "field_type")),
        ("budget = 50", "from = 0001-01-01T00:00:00+08:00", ("from", "field_type")),
        (
            "budget = 50",
            "from = 2026-11-02T00:00:00Z\nuntil = 2026-11-02T00:00:00Z",
            ("until", "ends_first"),
        ),
        (
            'standing = "assumed"',
            'standing = "guessed"',
            ("thresholds.large.standing", "field_type"),
        ),
        ('source = "our own"', 'source = ""', ("thresholds.large.source", "field_missing")),
        ('"50_000.00 CNY"', '"50_000.001 CNY"', ("thresholds.large", "amount_wrong")),
        ('"50_000.00 CNY"', '"50_000.00 USD"', ("thresholds.large", "currency_wrong")),
        ('author = "risk-7"', "", ("author", "field_missing")),
        ('words = "a large payment at night"', "", ("words", "field_missing")),
        ("thresholds.large", "thresholds.amount", ("thresholds", "name_unfit")),
        ("thresholds.large", "thresholds.payee_age", ("thresholds", "name_unfit")),
    ],
)
def test_a_field_that_does_not_fit_is_named(old: str, new: str, expected: tuple[str, str]) -> None:
    assert expected in codes(HEAD + RULE.replace(old, new))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("id = ", "not_toml"),
        ("a = " + "[" * 5_000, "not_toml"),
        ("x = 1" + "0" * 5_000, "not_toml"),
        ("#" * (RULE_SET_BYTES_MAX + 1), "too_long"),
        (HEAD + "rules = 3", "field_type"),
        (HEAD + RULE + RULE, "same_twice"),
        (HEAD.replace('["suspect"]', '["a", "a"]'), "same_twice"),
        (HEAD.replace('["suspect"]', '["a\\"b"]'), "name_unfit"),
        (HEAD.replace("[22, 6]", "[22, 24]"), "field_type"),
        (HEAD.replace("[22, 6]", "22"), "field_type"),
        (HEAD + "snoozes = [3]", "field_type"),
        (HEAD + "more = 1", "field_unknown"),
    ],
)
def test_a_set_that_does_not_fit_is_refused(text: str, code: str) -> None:
    assert code in [found for _, found in codes(text)]


def test_rules_and_lists_are_bounded() -> None:
    line = '[[rules]]\nid = "r{0}"\nexpression = "is_night"\naction = "warn"\nreason = "cn-3006"\nauthor = "a"\n'
    many = "".join(line.format(n) for n in range(RULE_SET_RULES_MAX))
    assert len(load(HEAD + many).rules) == RULE_SET_RULES_MAX
    assert ("rules", "too_many") in codes(HEAD + many + line.format("x"))
    names = [f"l{n}" for n in range(RULE_LISTS_MAX)]
    assert len(load(HEAD.replace('["suspect"]', str(names))).names.lists) == RULE_LISTS_MAX
    assert ("lists", "too_many") in codes(HEAD.replace('["suspect"]', str([*names, "more"])))


def test_snoozes_are_bounded() -> None:
    many = SNOOZE * RULE_SNOOZES_MAX
    assert len(load(HEAD + RULE + many).snoozes) == RULE_SNOOZES_MAX
    assert codes(HEAD + RULE + many + SNOOZE) == [("snoozes", "too_many")]


def test_a_file_may_be_as_long_as_the_bound() -> None:
    text = HEAD + RULE + "\n#"
    assert load(text + "x" * (RULE_SET_BYTES_MAX - len(text))).rules
    assert codes(text + "x" * (RULE_SET_BYTES_MAX - len(text) + 1)) == [("", "too_long")]


def test_no_more_problems_are_named_than_somebody_reads() -> None:
    many = "".join(f"[[rules]]\nid = 'r{n}'\n" for n in range(RULE_PROBLEMS_MAX))
    with pytest.raises(RuleFault) as caught:
        load(HEAD + many)
    assert len(caught.value.problems) == RULE_PROBLEMS_MAX + 1
    assert caught.value.problems[-1].code == "more"


# --- two persons -------------------------------------------------------------------------------------------------------


def live(approver: str, approved: str) -> str:
    return f'mode = "live"\napprover = "{approver}"\napproved = "{approved}"\nbudget = 50'


def test_a_rule_is_live_with_a_second_person_who_states_what_they_saw() -> None:
    (rule,) = load(HEAD + RULE).rules
    (found,) = load(HEAD + RULE.replace("budget = 50", live("risk-2", rule.digest))).rules
    assert (found.mode, found.approver) == (Mode.LIVE, "risk-2")
    assert found.digest == rule.digest


def test_a_rule_is_not_live_by_one_person_nor_by_nobody() -> None:
    (rule,) = load(HEAD + RULE).rules
    alone = RULE.replace("budget = 50", live("risk-7", rule.digest))
    assert codes(HEAD + alone) == [("approver", "approver_is_author")]
    nobody = RULE.replace("budget = 50", live("", rule.digest))
    assert codes(HEAD + nobody) == [("approver", "approver_missing")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("amount >= large", "amount > large"),
        ("50_000.00", "40_000.00"),
        ('"delay"', '"hold"'),
        ("budget = 50", "budget = 51"),
        ('id = "night"', 'id = "night"\nversion = 2'),
        ("our own", "somebody"),
        ('"a large payment at night"', '"a small one"'),
        ("budget = 50", "budget = 50\nuntil = 2027-01-01T00:00:00Z"),
    ],
)
def test_an_approval_is_stale_once_anything_changed(old: str, new: str) -> None:
    (rule,) = load(HEAD + RULE).rules
    approved = f'mode = "live"\napprover = "risk-2"\napproved = "{rule.digest}"\nbudget = 50'
    text = RULE.replace(old, new).replace(new if "budget" in new else "budget = 50", "BUDGET", 1)
    text = text.replace(
        "BUDGET", approved.replace("budget = 50", new if "budget" in new else "budget = 50")
    )
    assert codes(HEAD + text) == [("approved", "approval_stale")]


def test_an_approval_is_stale_once_the_night_of_the_set_changed() -> None:
    (rule,) = load(HEAD + RULE).rules
    approved = RULE.replace("budget = 50", live("risk-2", rule.digest))
    for old, new in (("[22, 6]", "[20, 6]"), ("Asia/Shanghai", "Asia/Tokyo")):
        assert codes(HEAD.replace(old, new) + approved) == [("approved", "approval_stale")]


def test_a_rule_is_in_force_between_its_dates() -> None:
    dated = "from = 2026-11-01T00:00:00+08:00\nuntil = 2026-11-02T00:00:00+08:00\nbudget = 50"
    (rule,) = load(HEAD + RULE.replace("budget = 50", dated)).rules
    begins = datetime(2026, 10, 31, 16, tzinfo=UTC)
    tick, day = timedelta(microseconds=1), timedelta(days=1)
    found = [rule.mode_at(begins + step) for step in (-tick, 0 * tick, day - tick, day)]
    assert found == [None, Mode.SHADOW, Mode.SHADOW, None]


# --- snoozes -----------------------------------------------------------------------------------------------------------


def test_a_snooze_holds_for_one_rule_one_account_and_its_time() -> None:
    found = load(HEAD + RULE + SNOOZE)
    begins, ends = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    tick = timedelta(microseconds=1)
    assert found.snoozed("night", "A-1", begins) == found.snoozes[0]
    assert found.snoozed("night", "A-1", ends - tick) == found.snoozes[0]
    assert found.snoozed("night", "A-1", begins - tick) is None
    assert found.snoozed("night", "A-1", ends) is None
    assert found.snoozed("night", "A-2", begins) is None
    assert found.snoozed("day", "A-1", begins) is None


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('rule = "night"', 'rule = "day"', ("snoozes.rule", "rule_unknown")),
        ('"risk-2"', '"risk-7"', ("snoozes.approver", "approver_is_author")),
        ('reason = "night shift of a hospital"', "", ("snoozes.reason", "field_missing")),
        ("until = 2026-12-01T00:00:00Z", "", ("snoozes.until", "field_missing")),
        ("2026-12-01", "2026-11-01", ("snoozes.until", "ends_first")),
        (
            "until = 2026-12-01T00:00:00Z",
            "until = 2027-01-30T00:00:01Z",
            ("snoozes.until", "ends_first"),
        ),
    ],
)
def test_a_snooze_needs_reason_end_and_two_persons(old, new, expected) -> None:
    assert expected in codes(HEAD + RULE + SNOOZE.replace(old, new))


def test_a_snooze_may_last_ninety_days() -> None:
    text = SNOOZE.replace("until = 2026-12-01T00:00:00Z", "until = 2027-01-30T00:00:00Z")
    assert load(HEAD + RULE + text).snoozes


def test_the_digest_of_a_set_follows_what_it_does() -> None:
    plain = load(HEAD + RULE).digest
    assert load(HEAD + RULE + "\n# a remark\n").digest == plain
    others = [
        HEAD + RULE + SNOOZE,
        HEAD.replace("22", "23") + RULE,
        HEAD.replace("suspect", "known") + RULE,
        HEAD + RULE.replace("50_000", "40_000"),
    ]
    found = {load(text).digest for text in others}
    assert plain not in found
    assert len(found) == len(others)
