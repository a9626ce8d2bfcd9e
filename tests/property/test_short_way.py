"""The short way of small cases finds what the way over frames finds, to the last byte of what a case is told."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import polars as pl
import pytest
from docket import claim
from hypothesis import HealthCheck, given, settings
from ledgers import ledger, openings, statement
from twin import FEATURES, World, random_world, worlds
from twin.cases import CAUSAL

from recoup.cases.case import Case, Standing
from recoup.centre.case_sheets import Ledgers
from recoup.centre.case_trail import binding_among, facts_of, told_by
from recoup.centre.registry import COMMAND_REGISTRY
from recoup.centre.requests import Request, encode_request
from recoup.centre.trails import ACTOR
from recoup.clock import microseconds_of
from recoup.records import tables
from recoup.returns.unreported import _without_claims
from recoup.trace import (
    Course,
    Disputed,
    Kept,
    Options,
    Rows,
    SmallCase,
    course_of,
    short_way,
    trace_dossier,
)
from recoup.trace.ledger import compile_ledger, pockets_of
from recoup.trace.trace import build_scene

NOT_OF_THE_CHASE = frozenset(
    {"reversals", "reversals_again", "refunds", "links", "as_of", "since", "horizon", "dust"}
)
OF_THE_CHASE = FEATURES - NOT_OF_THE_CHASE


def of_the_chase(world: World) -> World:
    """The same world as the chase would meet it: holds without an end, no opening but those that balances state."""
    holds = tuple(replace(hold, until=None) for hold in world.holds)
    return replace(world, holds=holds, openings=())


def small(world: World) -> SmallCase:
    """The world as plain columns."""
    order = sorted(world.rows, key=lambda row: (row.time, row.sequence, row.id))
    everybody = {side for row in order for side in (row.payer, row.payee)} - {""}
    everybody |= {hold.account for hold in world.holds}
    return SmallCase(
        Rows(
            ids=[row.id for row in order],
            times=[microseconds_of(row.time) for row in order],
            payers=[row.payer for row in order],
            payees=[row.payee for row in order],
            amounts=[row.amount for row in order],
            currencies=[row.currency for row in order],
            kinds=[row.kind for row in order],
            references=[row.reference for row in order],
            payee_institutions=["" for _ in order],
            payer_balances=[row.payer_balance for row in order],
            payee_balances=[row.payee_balance for row in order],
        ),
        [
            Disputed(claim.claim, claim.transfer, claim.is_admitted)
            for claim in sorted(world.claims, key=lambda claim: claim.claim)
        ],
        world.known if world.known is not None else everybody,
        world.terminal,
        [
            Kept(hold.account, hold.currency, hold.amount, microseconds_of(hold.time))
            for hold in world.holds
        ],
    )


def long_way(world: World, rule: str) -> Course:
    """What the way over frames finds."""
    options = Options(rules=(rule,), bridge=True)
    course = course_of(trace_dossier(world.dossier(), world.claim_table(), options))
    return course if world.known is not None else replace(course, known=frozenset())


def assert_alike(world: World) -> None:
    for rule in CAUSAL:
        found = short_way(small(world), rule)
        if world.known is None:
            found = replace(found, known=frozenset())
        wanted = long_way(world, rule)
        assert repr(wanted) == repr(found), f"{rule}\n{world}"  # a zone, an order and a type show


@pytest.mark.parametrize("seed", range(20))
def test_random_worlds_give_the_same_course(seed: int) -> None:
    assert_alike(of_the_chase(random_world(seed, 40, OF_THE_CHASE)))


@pytest.mark.parametrize("feature", sorted(OF_THE_CHASE - {"bridge"}))
def test_each_feature_alone_gives_the_same_course(feature: str) -> None:
    features = frozenset({feature, "claims_many", "unknown", "bridge"})
    for seed in range(3):
        assert_alike(of_the_chase(random_world(seed, 30, features)))


def afresh(case: SmallCase) -> SmallCase:
    """The same case, its rows never laid out before."""
    return replace(case, rows=case.rows.ordered(range(len(case.rows.ids))))


@pytest.mark.parametrize("seed", range(8))
def test_rows_that_are_laid_out_already_give_the_same_course(seed: int) -> None:
    """Between two traces of the same rows other things are held, other claims stand, others are known, or are exits."""
    case = small(of_the_chase(random_world(seed, 40, OF_THE_CHASE)))
    kept, elsewhere = case.holds, Kept("nobody's yet", case.rows.currencies[0], 1, 1)
    others = [
        replace(case, holds=()),
        replace(case, holds=kept[:1]),
        replace(case, holds=[*kept, elsewhere]),  # an account that no row shows
        replace(case, holds=kept),
        replace(case, claims=case.claims[:1]),
        replace(case, known=frozenset(sorted(case.known)[1:])),
        replace(case, terminal=frozenset(sorted(case.known)[:1])),
    ]
    for other in (case, *others, case):
        assert repr(short_way(other, "fifo")) == repr(short_way(afresh(other), "fifo"))


def last_out(rows: Rows) -> dict[tuple[str, str], int]:
    """When money last left each account."""
    return dict(zip(zip(rows.payers, rows.currencies, strict=True), rows.times, strict=True))


def test_a_hold_after_which_nothing_leaves_its_account_changes_no_course() -> None:
    """And of those after which something does, some change it: the rule keeps no more than it must, and no less."""
    left_out = changed = 0
    for seed in range(80):
        case = small(of_the_chase(random_world(seed, 40, OF_THE_CHASE)))
        binding = binding_among(case.holds, last_out(case.rows))
        left_out += len(case.holds) - len(binding)
        for rule in CAUSAL:
            whole = short_way(case, rule)
            found = short_way(replace(case, holds=binding), rule)
            assert repr(found) == repr(whole), f"{rule}, seed {seed}"
        if binding:
            changed += repr(short_way(replace(case, holds=binding[1:]), "fifo")) != repr(
                short_way(case, "fifo")
            )
    assert left_out > 20
    assert changed > 4


@pytest.mark.parametrize("seed", range(8))
def test_pockets_looked_up_together_are_those_looked_up_one_by_one(seed: int) -> None:
    dossier = of_the_chase(random_world(seed, 30, OF_THE_CHASE)).dossier()
    dense = compile_ledger(dossier)
    names = ["", "!", *dense.accounts.to_list(), "~"]
    places = [(name, currency) for name in names for currency in (*dense.currencies, "XXX")]
    accounts = pl.Series([name for name, _ in places], dtype=pl.String)
    found = pockets_of(dense, accounts, [currency for _, currency in places])
    assert found == [dense.pocket(*place) for place in places]
    assert {-1} < set(found)
    assert pockets_of(dense, accounts.clear(), []) == []


@pytest.mark.parametrize("seed", range(6))
def test_a_scene_without_its_claims_is_the_one_that_is_built_without_them(seed: int) -> None:
    world = of_the_chase(random_world(seed, 30, OF_THE_CHASE))
    options, nobody = Options(bridge=True), pl.DataFrame(schema=tables.CLAIMS)
    scene = build_scene(world.dossier(), world.claim_table(), options)
    found, wanted = _without_claims(scene, options), build_scene(scene.dossier, nobody, options)
    assert repr(found.events) == repr(wanted.events)
    assert repr(found.events) != repr(scene.events), "claims were taken away"
    assert repr(found.ledger) == repr(wanted.ledger)
    assert repr(found.openings) == repr(wanted.openings)
    assert found.claims.equals(wanted.claims)


@pytest.mark.slow
@settings(max_examples=100, suppress_health_check=list(HealthCheck), deadline=None)
@given(worlds(OF_THE_CHASE))
def test_any_world_gives_the_same_course(world: World) -> None:
    assert_alike(of_the_chase(world))


@pytest.mark.parametrize(
    "leave_out", ["holds", "balances", "conversions", "terminal", "admission", "order"]
)
def test_what_the_short_way_leaves_out_shows(leave_out: str) -> None:
    # The negative control: each thing that could be forgotten changes some course.
    differing = 0
    for seed in range(20):
        world = of_the_chase(random_world(seed, 40, OF_THE_CHASE))
        case = small(world)
        rows, count = case.rows, len(case.rows.ids)
        changed = {
            "holds": lambda case=case: replace(case, holds=()),
            "balances": lambda case=case, rows=rows, count=count: replace(
                case,
                rows=replace(rows, payer_balances=[None] * count, payee_balances=[None] * count),
            ),
            "conversions": lambda case=case, rows=rows, count=count: replace(
                case, rows=replace(rows, references=[""] * count)
            ),
            "terminal": lambda case=case: replace(case, terminal=frozenset()),
            "admission": lambda case=case: replace(
                case, claims=[replace(claim, is_admitted=True) for claim in case.claims]
            ),
            "order": lambda case=case, rows=rows, count=count: replace(
                case, rows=replace(rows.ordered(range(count - 1, -1, -1)), times=rows.times)
            ),
        }[leave_out]()
        differing += short_way(changed, "fifo") != short_way(case, "fifo")
    assert differing > 1


def _read(given_rows, digests):
    return [given_rows[int(digest)] for digest in digests]


def asked_of(desk_case: Case, given_rows, since, terminal=(), kept: Ledgers | None = None):
    """What is traced of a case; with `kept` over a ledger that grew by one statement at a time."""
    grown = None
    if kept is not None:
        for count in range(len(given_rows) + 1):
            digests = tuple(str(n) for n in range(count))
            grown = kept.of("case-1", digests, partial(_read, given_rows))
            facts_of(desk_case, given_rows[:count], since, terminal, grown)  # changes nothing
    return facts_of(desk_case, given_rows, since, terminal, grown)


def told_bytes(asked, found) -> tuple[bytes, str]:
    """What a case is told and what orders' papers will say, byte for byte."""
    told = told_by(asked, found)
    request = Request(ACTOR, told.command, case="case-1")
    return encode_request(COMMAND_REGISTRY, request), repr(told)


@pytest.mark.parametrize("seed", range(12))
def test_a_case_is_told_the_same_bytes(seed: int) -> None:
    rows = ledger(seed)
    # Institutions number alike, one names nobody, and two claims meet.
    rows[5] = replace(rows[5], id=rows[4].id)
    rows[7] = replace(rows[7], kind="wallet", payee="", payee_institution="paygate")
    opening = openings(rows, seed)
    given_rows = [statement(rows, name, opening) for name in sorted(opening)][: 2 + seed % 6]
    given_rows = [replace(one, until=one.rows[-1].at) if one.rows else one for one in given_rows]
    root = rows[0]
    claims = (
        claim("c1", "a0", 1000, payer="victim", paid_at=root.at, institution="bank-a0"),
        claim("c2", "a1", 70, payer="other", paid_at=root.at, institution="bank-a1"),
    )
    held = Standing("a0", "CNY", "bank-a0", held=120)
    case = Case("case-1", claims=claims, holds=(held,), facts_version=seed)
    since = {held.hold: rows[len(rows) // 2].at}
    asked = asked_of(case, given_rows, since, ("a3",))
    wanted = told_bytes(asked, asked.facts.traced().trail)
    assert wanted == told_bytes(asked, asked.course())
    grown = asked_of(case, given_rows, since, ("a3",), Ledgers(10_000))
    assert wanted == told_bytes(grown, grown.course())
    assert wanted == told_bytes(grown, grown.facts.traced().trail)
