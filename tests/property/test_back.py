"""Tracing back finds for every account and transfer the sources that the slow twin finds, and they sum to what is there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from soaking import IS_SOAK
from twin import FEATURES, PLAIN, Back, Refused, World, random_world
from twin.back import TwinBack

from recoup.errors import InputFault
from recoup.records.dossier import Dossier
from recoup.records.tables import TRANSFERS
from recoup.trace.back import trace_back, trace_lineages
from recoup.trace.sources import Lineage
from recoup.trace.trail import Options

LINK = "link:"
RULES = ("fifo", "lifo", "rolling", "poison")

Table = dict[tuple[str, ...], tuple[int, int]]
"""Sources or transfers on the way to (minor units, fewest hops)."""


def plain_name(name: str) -> str:
    """Rows that links assume are named otherwise by the twin."""
    return LINK if name.startswith(LINK) else name


def added(rows: Iterable[tuple[tuple[str, ...], int, int]]) -> Table:
    table: Table = {}
    for key, amount, hops in rows:
        before = table.get(key, (0, hops))
        table[key] = (before[0] + amount, min(before[1], hops))
    return table


def told(found: Lineage) -> tuple[Table, Table]:
    """What the engine says: sources and transfers on the way."""
    sources = (
        (
            (row["source"], plain_name(row["transfer"] or row["account"]), row["currency"]),
            row["amount"] or 0,
            row["depth"],
        )
        for row in found.sources.iter_rows(named=True)
    )
    flows = (
        ((plain_name(row["transfer"]),), row["amount"] or 0, row["depth"])
        for row in found.flows.iter_rows(named=True)
    )
    return added(sources), added(flows)


def expected(twin: Back) -> tuple[Table, Table]:
    """What the twin says."""
    sources = (
        ((kind, plain_name(key), currency), amount, twin.depths[kind, key, currency])
        for (kind, key, currency), amount in twin.sources.items()
    )
    flows = (((plain_name(name),), amount, twin.hops[name]) for name, amount in twin.flows.items())
    return added(sources), added(flows)


def world_of(seed: int, size: int, features: frozenset[str]) -> World:
    """A world without what backward tracing does not know; a horizon counts from the target there."""
    world = random_world(seed, size, features)
    return replace(world, options=replace(world.options, horizon=None, dust=None))


def is_refused(world: World, target: str) -> bool:
    """Whether the question has no answer: nothing moved, another time, or money that left the ledger."""
    options = world.options
    row = next((row for row in world.rows if row.id == target), None)
    if row is not None:
        is_late = options.as_of is not None and row.time > options.as_of
        is_early = options.since is not None and row.time < options.since
        return is_late or is_early or row.payer == row.payee
    return target in world.terminal - {link.source for link in world.links} or not target


def check(seed: int, size: int, features: frozenset[str]) -> int:
    world = world_of(seed, size, features)
    dossier, asked = world.dossier(), 0
    try:
        twin = TwinBack(dossier, world.options)
    except Refused:
        return 0
    accounts = sorted({r.payer for r in world.rows} | {r.payee for r in world.rows})
    for target in [*accounts, *(row.id for row in world.rows[::3])]:
        if is_refused(world, target):
            with pytest.raises(InputFault):
                list(trace_lineages(dossier, target, RULES, world.options))
            continue
        lineages = trace_lineages(dossier, target, RULES, world.options)
        for rule, found in zip(RULES, lineages, strict=True):
            other = twin.ask(target, rule)
            place = f"seed {seed}, {rule} back from {target}\n{world}"
            assert expected(other) == told(found), place
            asked += other.asked > 0
    return asked


def seeds(quick: int, all_: int) -> list[Any]:
    """Return seeds, of which only the first few belong to every run."""
    return [*range(quick), *(pytest.param(x, marks=pytest.mark.slow) for x in range(quick, all_))]


@pytest.mark.parametrize("seed", seeds(6, 15))
def test_sources_and_flows_are_those_of_the_twin(seed: int) -> None:
    check(seed, 30, FEATURES)


@pytest.mark.parametrize("seed", seeds(2, 5))
def test_sources_in_plain_worlds_are_those_of_the_twin(seed: int) -> None:
    check(500 + seed, 40, PLAIN)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_sources_and_flows_in_many_worlds_are_those_of_the_twin(part: int) -> None:
    for seed in range(100 * part, 100 * part + (100 if IS_SOAK else 20)):
        check(seed, 15 + seed % 20, FEATURES)


def test_a_self_transfer_fills_no_account_that_a_link_opens() -> None:
    check(354, 29, FEATURES)


def test_a_reversal_of_what_a_link_took_on_is_no_deposit() -> None:
    check(121, 30, FEATURES)


def test_the_worlds_ask_something() -> None:
    assert sum(check(seed, 30, FEATURES) for seed in range(2)) > 20


def small() -> Dossier:
    rows = [
        ("t1", 1, "", "A", 100),
        ("t2", 2, "", "A", 50),
        ("t3", 3, "A", "B", 120),
        ("t4", 4, "B", "C", 60),
    ]
    frame = pl.DataFrame(
        [
            {
                **dict.fromkeys((n for n, kind in TRANSFERS.items() if kind == pl.String), ""),
                "id": name,
                "time": datetime(2026, 1, day, tzinfo=UTC),
                "sequence": 0,
                "payer": payer,
                "payee": payee,
                "amount": amount,
                "currency": "CNY",
                "kind": "transfer",
                "source": 0,
                "row": day,
            }
            for name, day, payer, payee, amount in rows
        ],
        schema=TRANSFERS,
    )
    return Dossier(transfers=frame, sources=())


def listed(frame: pl.DataFrame) -> list[tuple[str, str, int | None, int]]:
    return list(frame.select("source", "transfer", "amount", "depth").iter_rows())


def test_each_rule_names_the_deposits() -> None:
    assert listed(trace_back(small(), "C", "fifo")) == [("deposit", "t1", 60, 3)]
    assert listed(trace_back(small(), "C", "lifo")) == [
        ("deposit", "t2", 50, 3),
        ("deposit", "t1", 10, 3),
    ]
    assert listed(trace_back(small(), "C", "rolling")) == [
        ("deposit", "t1", 40, 3),
        ("deposit", "t2", 20, 3),
    ]
    assert listed(trace_back(small(), "C", "poison")) == [
        ("deposit", "t1", None, 3),
        ("deposit", "t2", None, 3),
    ]


def test_what_lay_before_since_is_earlier() -> None:
    options = Options(since=datetime(2026, 1, 4, tzinfo=UTC))
    assert listed(trace_back(small(), "C", "fifo", options)) == [("earlier", "", 60, 1)]


def paid_back() -> Dossier:
    """M has 900 of others; A pays it 100, which M sends back after it has paid 500 away."""
    rows = [("t1", "", "M", 900), ("t2", "", "A", 100), ("t3", "A", "M", 100)]
    rows += [("t4", "M", "", 500), ("t5", "M", "A", 40), ("t6", "M", "A", 20)]
    first = small().transfers.row(0, named=True)
    frame = pl.DataFrame(
        [
            {
                **first,
                "id": name,
                "time": datetime(2026, 1, day, tzinfo=UTC),
                "payer": payer,
                "payee": payee,
                "amount": amount,
                "kind": "reversal" if name > "t4" else "transfer",
                "reverses": "t3" if name > "t4" else "",
                "row": day,
            }
            for day, (name, payer, payee, amount) in enumerate(rows, start=1)
        ],
        schema=TRANSFERS,
    )
    return Dossier(transfers=frame, sources=())


def test_rolling_finds_in_a_reversal_the_very_money_first_then_the_pocket_s() -> None:
    # Of the 100, half left with the 500; so t5 and 10 of t6 are A's own money, and 10 of t6 the others'.
    assert listed(trace_back(paid_back(), "A", "rolling")) == [
        ("deposit", "t2", 50, 3),
        ("deposit", "t1", 10, 2),
    ]


def test_a_transfer_before_since_is_refused() -> None:
    options = Options(since=datetime(2026, 1, 4, tzinfo=UTC))
    with pytest.raises(InputFault) as fault:
        trace_back(small(), "t3", "fifo", options)
    assert fault.value.problems[0].code == "target_before_since"


@pytest.mark.parametrize(
    ("target", "rule", "code"),
    [
        ("nobody", "fifo", "target_not_found"),
        ("A", "lowest-balance", "rule_needs_claims"),
        ("A", "pari-passu", "rule_needs_claims"),
    ],
)
def test_questions_without_an_answer_are_refused(target: str, rule: str, code: str) -> None:
    with pytest.raises(InputFault) as fault:
        trace_back(small(), target, rule)
    assert fault.value.problems[0].code == code


def test_a_name_that_is_both_is_refused_until_it_is_said_which() -> None:
    both = replace(
        small(), transfers=small().transfers.with_columns(pl.col("id").replace("t4", "B"))
    )
    with pytest.raises(InputFault) as fault:
        trace_back(both, "B", "fifo")
    assert fault.value.problems[0].code == "target_ambiguous"
    assert trace_back(both, "transfer:B", "fifo")["amount"].sum() == 60
    assert trace_back(both, "account:B", "fifo")["amount"].sum() == 60
