"""A chase that learns one account's statement at a time ends where tracing everything at once ends, and never makes money."""

from __future__ import annotations

import pytest
from docket import Docket, claim, report
from ledgers import ledger, openings, statement

from recoup.cases import Found, Refusal
from recoup.cases.commands import AddFacts, SettleClaim, TakeReport
from recoup.cases.state import ClaimTrigger
from recoup.centre.case_trail import facts_of, told_by
from recoup.centre.facts import FactRow, Statement
from recoup.centre.tracer import trace_facts


def chased(rows: list[FactRow], given: list[Statement]) -> tuple[Docket, list[str]]:
    """A case whose trail was traced with these statements; the accounts at its frontier."""
    desk = Docket()
    root = rows[0]
    told = claim("c1", "a0", root.amount, payer="victim", paid_at=root.at, institution="bank-a0")
    desk.must(TakeReport(report(), told, "station-1"))
    desk.must(SettleClaim("c1", ClaimTrigger.ADMIT, "ann"))
    for number, one in enumerate(given):
        desk.must(AddFacts(f"digest-{number}", tuple(row.id for row in one.rows)))
    asked = facts_of(desk.case, given, {})
    heard = told_by(asked, trace_facts(asked.facts).trail)
    found = desk.do(heard.command)
    assert not isinstance(found, Refusal), found
    frontier = [p.account for p in desk.case.places if p.found is Found.UNKNOWN]
    return desk, sorted({*frontier, *(row.account for row in heard.command.bridged)})


def lying(desk: Docket) -> dict[tuple[str, str], int]:
    """Where the money is: by account and how."""
    out: dict[tuple[str, str], int] = {}
    for place in desk.case.places:
        key = (place.account, place.kind or place.found.value)
        out[key] = out.get(key, 0) + place.amount
    return out


@pytest.mark.parametrize("seed", range(25))
def test_one_statement_at_a_time_ends_where_all_at_once_ends(seed: int) -> None:
    rows = ledger(seed)
    opening = openings(rows, seed)
    given: list[Statement] = []
    for _ in range(20):
        desk, frontier = chased(rows, given)
        assert sum(lying(desk).values()) == 1000
        if not frontier:
            break
        known = {one.account for one in given}
        assert not known & set(frontier), "a known account is no frontier"
        given.append(statement(rows, frontier[0], opening))
    else:
        pytest.fail("the frontier never ended")
    reached = {one.account for one in given}
    whole, _ = chased(rows, [statement(rows, name, opening) for name in sorted(opening)])
    assert lying(desk) == lying(whole)
    assert {account for account, _ in lying(desk)} <= reached


def test_the_order_of_answers_does_not_matter() -> None:
    rows = ledger(3)
    opening = openings(rows, 3)
    given = [statement(rows, name, opening) for name in sorted(opening)]
    assert lying(chased(rows, given)[0]) == lying(chased(rows, given[::-1])[0])


def test_a_statement_that_is_left_out_shows() -> None:
    # The negative control: without one account's rows the chase ends elsewhere.
    differing = 0
    for seed in range(25):
        rows = ledger(seed)
        opening = openings(rows, seed)
        given = [statement(rows, name, opening) for name in sorted(opening)]
        without = [one for one in given if one.account != "a0"]
        differing += lying(chased(rows, given)[0]) != lying(chased(rows, without)[0])
    assert differing > 15


def test_both_sides_rows_of_one_transfer_are_one_transfer() -> None:
    rows = ledger(5)
    opening = openings(rows, 5)
    given = [statement(rows, name, opening) for name in sorted(opening)]
    desk, _ = chased(rows, given)
    asked = facts_of(desk.case, given, {})
    assert asked.facts.dossier.transfers.height == len(rows)


def test_the_report_stands_for_its_transfer_until_a_statement_shows_it() -> None:
    rows = ledger(5)
    desk, frontier = chased(rows, [])
    assert frontier == ["a0"]
    (place,) = desk.case.places
    assert (place.amount, place.institution, place.found) == (1000, "bank-a0", Found.UNKNOWN)
