"""Compiled rules say what the plain twin says, one row or many; and no text makes the compiler raise anything but its fault."""

from __future__ import annotations

import math
import random
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_plain import Plain, Tight

from recoup.errors import RuleFault
from recoup.records.kinds import KINDS
from recoup.watch.rules import (
    FIELDS,
    FIRES,
    NO,
    UNKNOWN,
    Known,
    compile_expression,
    evaluate,
    joined,
    load_rules,
    new_stack,
    run_rules,
    vocabulary,
)
from recoup.watch.rules.limits import RULE_CHARS_MAX


class Figure(NamedTuple):
    name: str
    unit: str


UNITS = ("count", "minor", "seconds", "ratio", "score")
FEATURES = (
    *(Figure(f"{unit}_{n}", unit) for unit in UNITS for n in "ab"),
    *(Figure("flag_a", "flag"), Figure("flag_b", "flag")),
)
FACTS = (Figure("fact_count", "count"), Figure("fact_flag", "flag"))
LISTS = ("one", "two")
CURRENCIES = ("CNY", "USD")
NAMES = vocabulary(FEATURES, FACTS, LISTS, CURRENCIES)
VERDICTS = {True: FIRES, False: NO, None: UNKNOWN}

# --- rules that fit ----------------------------------------------------------------------------------------------------

_PLAIN = ("0", "1", "2", "3", "7", "0.5", "2.25", "1_000")
_LEAVES = {
    "count": ("count_a", "count_b", "fact_count", "hour", "0", "1", "3", "5"),
    "minor": ("minor_a", "minor_b", "amount", "5.00 CNY", "0.07 CNY", "big"),
    "seconds": ("seconds_a", "seconds_b", "24h", "1d1s", "90s", "soon"),
    "ratio": ("ratio_a", "ratio_b", "10%", "0.5", "1", "share"),
    "score": ("score_a", "score_b", "0.5", "0.125"),
}
_CONDITIONS = (
    *("flag_a", "flag_b", "fact_flag", "is_night", "true", 'payer in list("one")'),
    *('payee not in list("two")', 'kind == "abroad"', 'kind in ("fee", "transfer")'),
)
_SIGNS = ("<", "<=", ">", ">=", "==", "!=")


def figure(chance: random.Random, unit: str, depth: int) -> str:
    """Return a figure of a unit as text, its parts in brackets."""
    kind = chance.randrange(9) if depth else 8
    one, two = (figure(chance, unit, depth - 1) for _ in range(2)) if depth else ("", "")
    if kind == 0:
        return f"({one} {chance.choice('+-')} {two})"
    if kind == 1:
        return f"{chance.choice(('min', 'max', 'otherwise'))}({one}, {two})"
    if kind == 2:
        return f"(-{one})"
    if kind == 3:
        return f"abs({one})"
    if kind == 4:
        return f"({one} * {chance.choice(_PLAIN)})"
    if kind == 5:
        return f"({one} / {figure(chance, 'ratio', depth - 1)})"
    if kind == 6 and unit == "ratio":
        like = chance.choice(("minor", "seconds"))  # a count by a number is a count
        return f"({figure(chance, like, depth - 1)} / {figure(chance, like, depth - 1)})"
    if kind == 7 and unit in {"minor", "seconds"}:
        return f"({one} / {figure(chance, 'count', 0)})"
    return chance.choice(_LEAVES[unit])


def condition(chance: random.Random, depth: int = 3) -> str:
    """Return a condition as text."""
    kind = chance.randrange(10) if depth else chance.randrange(4, 10)
    if kind < 3:
        parts = [condition(chance, depth - 1) for _ in range(chance.choice((2, 2, 3)))]
        return "(" + chance.choice((" and ", " or ")).join(parts) + ")"
    if kind == 3:
        return f"not {condition(chance, depth - 1)}"
    unit = chance.choice(UNITS)
    one, two, three = (figure(chance, unit, min(depth, 2)) for _ in range(3))
    if kind == 4:
        return f"known({one})"
    if kind == 5:
        return f"{one} between {two} and {three}"
    if kind == 6:
        return f"{one} in ({two}, {three})"
    if kind == 7:
        return chance.choice(_CONDITIONS)
    return f"{one} {chance.choice(_SIGNS)} {two}"


THRESHOLDS = {"big": "12.34 CNY", "soon": "36h", "share": "33%"}
_ODD = (*range(-3, 13), 0.5, 0.1, 1e6, 500, 86_400, math.nan, math.inf, -math.inf)


def payment(chance: random.Random) -> dict[str, object]:
    """Return the values of one payment by name, and which of its sides stands on which list."""
    every = (*FEATURES, *FACTS)
    values = {f.name: float(chance.choice(_ODD)) for f in every if f.unit != "flag"}
    values |= {f.name: chance.choice((True, False, None)) for f in every if f.unit == "flag"}
    return values | {
        "amount": float(chance.choice((1, 7, 500, 1_234, 2_000))),
        "kind": chance.choice(KINDS),
        "currency": chance.choice(("CNY", "CNY", "USD")),
        "hour": float(chance.randrange(24)),
        "is_night": chance.random() < 0.5,
        "lists": frozenset(
            (side, name) for side in ("payer", "payee") for name in LISTS if chance.random() < 0.5
        ),
    }


def arrays(values):
    """Return the row of features and of facts that a payment of the twin has."""

    def number(value) -> float:
        return float("nan") if value is None else float(value)

    row = [number(values[figure.name]) for figure in FEATURES]
    coded = values | {
        "kind": KINDS.index(values["kind"]),
        "currency": CURRENCIES.index(values["currency"]),
    }
    facts = [number(coded.get(name, 0)) for name, _, _ in FIELDS]
    facts += [number(values[figure.name]) for figure in FACTS]
    facts += [
        float((side, name) in values["lists"]) for name in LISTS for side in ("payer", "payee")
    ]
    return np.array(row), np.array(facts)


def twin_says(text: str, values, twin=Plain) -> int:
    plain = twin(
        values, values["lists"], THRESHOLDS, "CNY" if "CNY" in text or "big" in text else ""
    )
    return VERDICTS[plain.fires(text)]


def compiled(text: str):
    currency = "CNY" if "CNY" in text or "big" in text else ""
    used = {name: value for name, value in THRESHOLDS.items() if currency or name != "big"}
    return compile_expression(text, NAMES, currency=currency, thresholds=used).program


def compiles(text: str):
    """Return the program, or nothing where the drawn text passes a bound or divides by a written zero."""
    try:
        return compiled(text)
    except RuleFault as fault:
        codes = {problem.code for problem in fault.problems}
        if not codes <= {"too_deep", "too_many_parts", "divisor_zero"}:
            raise
        return None


def compare(twin, seed: int, rules: int) -> int:
    """Compare so many rules for three payments each; return how many verdicts of each kind there were."""
    chance, seen = random.Random(seed), dict.fromkeys(VERDICTS.values(), 0)
    for _ in range(rules):
        text = condition(chance)
        program = compiles(text)
        for values in [payment(chance) for _ in range(3)] if program else ():
            try:
                expected = twin_says(text, values, twin)
            except Tight:
                continue
            found = evaluate(program, *arrays(values), new_stack())
            if found != expected:
                raise Differs(f"{text}\n{values}\nexpected {expected}, was {found}")
            seen[expected] += 1
    return min(seen.values())


class Differs(AssertionError):
    """The kernel says something else than the twin."""


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**32))
def test_a_compiled_rule_says_what_the_plain_twin_says(seed: int) -> None:
    assert compare(Plain, seed, 100) > 0  # of each verdict there were some


class TwoValued(Plain):
    """Takes unknown for false, as a language without it would."""

    def compared(self, sign, left, right):
        return bool(super().compared(sign, left, right))


class Strict(Plain):
    """Takes `<=` for `<`."""

    def compared(self, sign, left, right):
        return super().compared("<" if sign == "<=" else sign, left, right)


@pytest.mark.parametrize("wrong", [TwoValued, Strict])
def test_a_twin_that_is_wrong_is_found_out(wrong) -> None:
    with pytest.raises(Differs):
        compare(wrong, 1, 2_000)


def given_many(chance: random.Random) -> list[dict[str, object]]:
    """Return payments for a run of sixty-four at once and a rest; now and then sixty-four that are alike: jumps are taken."""
    first = payment(chance)
    is_alike = chance.random() < 0.3
    return [first if is_alike else payment(chance) for _ in range(64)] + [
        payment(chance) for _ in range(3)
    ]


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32))
def test_many_rules_for_many_payments_say_what_each_says_alone(seed: int) -> None:
    chance = random.Random(seed)
    programs = [program for _ in range(8) if (program := compiles(condition(chance)))]
    rows, facts = (np.stack(part) for part in zip(*map(arrays, given_many(chance)), strict=False))
    found = run_rules(joined(programs), NAMES, rows, facts)
    alone = [
        [evaluate(program, row, fact, new_stack()) for program in programs]
        for row, fact in zip(rows, facts, strict=True)
    ]
    assert found.tolist() == alone


def test_rows_of_other_columns_are_refused() -> None:
    programs = joined([compiled("is_night")])
    with pytest.raises(ValueError, match="expected features"):
        run_rules(programs, NAMES, np.zeros((2, 3)), np.zeros((2, NAMES.facts_count)))
    with pytest.raises(ValueError, match="expected facts"):
        run_rules(programs, NAMES, np.zeros((2, len(FEATURES))), np.zeros((1, NAMES.facts_count)))


# --- any text ----------------------------------------------------------------------------------------------------------

_WORDS = (
    "and or not in between true false list min max abs known otherwise amount kind currency payer payee is_night count_a"
    ' minor_a seconds_a flag_a nobody ( ) , + - * / % < <= > >= == != 3 0 0.5 24h 5.00 CNY USD XXQ "one" "fee" # \n'
).split(" ")
soup = st.lists(st.sampled_from(_WORDS), max_size=60).map(" ".join)
glued = st.lists(st.sampled_from(_WORDS), max_size=60).map("".join)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=200), soup, glued), st.sampled_from(["", "CNY", "nonsense"]))
def test_no_text_raises_anything_but_the_fault_with_places_inside_the_text(text, currency) -> None:
    try:
        program = compile_expression(text, NAMES, currency=currency, thresholds={"t": text}).program
    except RuleFault as fault:
        assert fault.problems  # noqa: PT017 - any text may also compile
        lines = text.split("\n")
        for problem in fault.problems:
            if problem.line:
                assert 1 <= problem.line <= len(lines)
                assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
            str(problem)
        return
    verdict = evaluate(program, np.zeros(len(FEATURES)), np.zeros(NAMES.facts_count), new_stack())
    assert verdict in {NO, FIRES, UNKNOWN}


@pytest.mark.parametrize(
    "text",
    [
        "(" * RULE_CHARS_MAX,
        "-" * RULE_CHARS_MAX,
        "not " * 1_000,
        "1" * RULE_CHARS_MAX,
        "1d" * 2_000,
        "a(" * 2_000,
        "1+" * 2_000 + "1 > 0",
        "x" * RULE_CHARS_MAX,
        '"' + "a" * 4_000,
        "is_night in " * 300,
        "1_" * 2_000,
        "true and (" * 400,
        "\x00",
        "\ud800",
        "９ > ８",
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_long_and_odd_texts_are_refused_and_nothing_else(text) -> None:
    with pytest.raises(RuleFault):
        compile_expression(text, NAMES)


GOOD = """\
id = "house"
timezone = "Asia/Shanghai"
night = [22, 6]
lists = ["suspect"]

[[rules]]
id = "night"
version = 2
expression = "is_night and amount >= large and payee in list(\\"suspect\\")"
currency = "CNY"
action = "delay"
reason = "own-night"
words = "at night"
author = "risk-7"
from = 2026-11-01T00:00:00+08:00
budget = 50
thresholds.large = { value = "50_000.00 CNY", source = "our own", standing = "assumed" }

[[snoozes]]
rule = "night"
account = "A-1"
reason = "a hospital's own night shift"
author = "risk-7"
approver = "risk-2"
from = 2026-11-01T00:00:00Z
until = 2026-12-01T00:00:00Z
"""


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, len(GOOD)),
    st.integers(0, 30),
    st.one_of(
        st.text(max_size=12), st.sampled_from(["[" * 3_000, "= 9" * 2, '"', "\n", "{}", "[[x]]"])
    ),
)
def test_no_file_of_rules_raises_anything_but_the_fault(at, cut, put) -> None:
    text = GOOD[:at] + put + GOOD[at + cut :]
    try:
        assert load_rules(text, Known(currencies=CURRENCIES)).digest
    except RuleFault as fault:
        assert str(fault)  # noqa: PT017 - what is left may load
