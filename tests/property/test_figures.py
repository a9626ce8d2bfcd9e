"""Figures against a slow twin: every figure of every question over journals that the real centre wrote at random."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import datetime, timedelta
from random import Random

import pytest
from figures_plain import plain_sum
from figures_twin import Look, Slow, looks, nearest_rank
from sim.office import START
from wards import BANKS, UNITS, Wards

from recoup.cases.entitlements import net_of, overlap_of
from recoup.centre.figuring import KEPT, Figuring, keep_figures, kept_figures
from recoup.centre.snapshots import decode_state, encode_state, sealed
from recoup.figures import Asked, Fact
from recoup.figures.known import KnownHold

FAR = timedelta(days=4_000)
EVER = Asked(START - FAR, START + FAR)


def _questions(chance: Random, end: datetime, cases: list[str]) -> list[Asked]:
    """All of it, and some units, institutions and periods; both ends are often instants at which something happened."""
    span = (end - START).total_seconds()
    out = [EVER]
    for _ in range(6):
        first, second = sorted(chance.uniform(-0.1, 1.1) * span for _ in range(2))
        units = frozenset(chance.sample(UNITS, chance.randrange(1, 3)))
        out.append(
            Asked(
                START + timedelta(seconds=first),
                START + timedelta(seconds=second),
                chance.choice([None, units]),
                chance.choice(["", *BANKS]),
                chance.choice(["", "", chance.choice(cases)]) if cases else "",
            )
        )
    return out


def _compare(figuring: Figuring, all_looks: list[Look], asked: Asked) -> None:
    tally = figuring.tally(asked)
    assert tally == plain_sum(_said(figuring), asked), asked
    slow = Slow(asked, all_looks)
    for currency in ("CNY", "USD"):
        expected = slow.money(currency)
        found = asdict(tally.money[currency]) if currency in tally.money else {}
        assert {name: found.get(name, 0) for name in expected} == expected, (currency, asked)
    for name, count in slow.counts().items():
        assert getattr(tally, name) == count, (name, asked)
    for name, numbers in slow.times().items():
        spread = tally.spreads[name]
        assert spread.count == len(numbers), (name, asked)
        assert spread.p50 == nearest_rank(numbers, 50), (name, asked)
        assert spread.p90 == nearest_rank(numbers, 90), (name, asked)
        assert spread.most == (max(numbers) if numbers else None), (name, asked)


def walk(seeds: range, steps: int = 120) -> Counter[str]:
    marks: Counter[str] = Counter()
    for seed in seeds:
        wards = Wards(seed).work(steps)
        figuring = Figuring(lambda: wards.office.journal)  # noqa: B023 - used at once
        all_looks = looks(wards.office.journal.records())
        for asked in _questions(Random(seed), wards.now, [case.id for case in wards.cases]):
            _compare(figuring, all_looks, asked)
        whole = figuring.tally(EVER)
        marks += wards.marks
        marks += Counter(
            {
                name: 1
                for name in ("late", "in_limit", "false_holds", "appeals_overdue", "waiting")
                if getattr(whole, name)
            }
        )
        for money in whole.money.values():
            marks += Counter({name: 1 for name, amount in asdict(money).items() if amount})
    return marks


def test_every_figure_is_as_the_twin_says() -> None:
    marks = walk(range(16))
    for mark in (
        *("reported stopped_gross stopped_net frozen released lapsed".split()),
        *("held_net overlap frozen_live overlap_most".split()),
        *("AcceptHandover", "unclear", "claim_void"),
        *("late in_limit false_holds appeals_overdue waiting".split()),
    ):
        assert marks[mark], f"never met {mark}: {marks}"


def test_figures_that_are_read_in_parts_are_those_read_at_once() -> None:
    wards = Wards(5)
    growing = Figuring(lambda: wards.office.journal)
    for _ in range(40):
        wards.work(3)
        growing.tally(EVER)
    at_once = Figuring(lambda: wards.office.journal)
    assert growing.tally(EVER) == at_once.tally(EVER)
    assert _said(growing) == _said(at_once)


def test_a_kept_book_reads_on_where_it_was_kept() -> None:
    wards = Wards(7)
    at_once = Figuring(lambda: wards.office.journal)
    for steps in (20, 30, 40):
        wards.work(steps)
        keep_figures(wards.office.journal)
        sequence = wards.office.journal.last().sequence
        assert kept_figures(wards.office.journal) == (sequence, True)
        wards.work(20)
        read_on = Figuring(lambda: wards.office.journal)
        assert read_on._now().kept == sequence, "it was taken up again"
        assert read_on.tally(EVER) == at_once.tally(EVER)
        assert _said(read_on) == _said(at_once)
    assert len(at_once._now().book.facts) > 100


def test_a_kept_book_that_says_something_else_is_found_and_one_of_another_journal_is_not_read() -> (
    None
):
    wards, other = Wards(7).work(30), Wards(8).work(30)
    keep_figures(wards.office.journal)
    kept = wards.office.journal.snapshot(KEPT)
    other.office.journal.add_snapshot(kept)
    assert kept_figures(other.office.journal) is None
    body, last = kept.body.partition(b"\n")[2], wards.office.journal.last()
    wrong = body.replace(b'"has_order":true', b'"has_order":false', 1)
    assert wrong != body
    wards.office.journal.add_snapshot(sealed(KEPT, wrong, last))
    assert kept_figures(wards.office.journal) == (last.sequence, False)
    wards.office.journal.add_snapshot(sealed(KEPT, b"[]\n", last))
    assert kept_figures(wards.office.journal) is None, "of another program"


def _said(figuring: Figuring) -> list[Fact]:
    return list(figuring._now().book.facts)


def test_periods_that_follow_one_another_add_up_and_units_too() -> None:
    wards = Wards(9).work(150)
    figuring = Figuring(lambda: wards.office.journal)
    cut = START + (wards.now - START) / 2
    whole = figuring.tally(EVER)
    parts = [figuring.tally(asked) for asked in (Asked(EVER.begin, cut), Asked(cut, EVER.end))]
    units = [figuring.tally(Asked(EVER.begin, EVER.end, frozenset({unit}))) for unit in UNITS]
    for pieces in (parts, units):
        for currency, money in whole.money.items():
            for name in (
                "reported",
                "stopped_gross",
                "stopped_net",
                "frozen",
                "released",
                "lapsed",
            ):
                found = sum(getattr(p.money[currency], name) for p in pieces if currency in p.money)
                assert found == getattr(money, name), (currency, name)
        for name in ("cases", "orders", "in_limit", "late", "holds", "false_of_begun"):
            assert sum(getattr(piece, name) for piece in pieces) == getattr(whole, name), name


def test_all_that_was_worked_folds_the_same_again_and_from_a_snapshot() -> None:
    wards = Wards(11).work(200)
    before = encode_state(wards.office.scribe.state)
    wards.office.restart()
    assert encode_state(wards.office.scribe.state) == before
    assert encode_state(decode_state(before)) == before
    assert any(case.handovers for case in wards.cases)
    assert any(case.escalations for case in wards.cases)


def test_what_stands_at_the_end_is_what_the_cases_say() -> None:
    wards = Wards(3).work(150)
    whole = Figuring(lambda: wards.office.journal).tally(EVER)
    for currency, money in whole.money.items():
        assert money.held_net == sum(net_of(case).get(currency, 0) for case in wards.cases)
        assert money.overlap == sum(overlap_of(case).get(currency, 0) for case in wards.cases)


def test_a_book_that_looks_within_an_entry_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: held as a whole is no net figure."""
    monkeypatch.setattr(KnownHold, "net", property(lambda hold: hold.held))
    with pytest.raises(AssertionError):
        walk(range(4))


def test_a_question_that_takes_its_end_in_is_found() -> None:
    """Negative control: an instant is in the period that begins with it, and in no period that ends with it."""
    wards = Wards(2).work(100)
    at = next(r.at for r in wards.office.journal.records() if r.name == "claim_made")
    figuring = Figuring(lambda: wards.office.journal)
    tally = figuring.tally(Asked(EVER.begin, at + timedelta(microseconds=1)))
    slow = Slow(Asked(EVER.begin, at), looks(wards.office.journal.records()))
    assert tally.cases == slow.counts()["cases"] + 1
