"""A case's rows as they are listed: what an answer shows again leaves the list as it was, any news makes another one."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.centre.case_ledger import CaseLedger
from recoup.centre.case_trail import ledger_of
from recoup.centre.facts import FactRow, Statement

START = datetime(2026, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


def row(number: str, payer: str, payee: str, amount: int = 100, **said: object) -> FactRow:
    plain = FactRow(
        number, START, 0, payer, payee, amount, "CNY", "transfer", number, "", "", None, ""
    )
    return replace(plain, **said)


def shown(account: str, *rows: FactRow, institution: str = "bank-1", hours: int = 1) -> Statement:
    return Statement(account, institution, rows, START + hours * HOUR)


def read_off(ledger: CaseLedger) -> tuple[object, ...]:
    """Return all that a trail reads off a ledger's list, and the institutions beside it, which it reads as well."""
    rows = ledger.listed().rows
    columns = [list(getattr(rows, one.name)) for one in fields(rows) if one.compare]
    return columns, dict(ledger.institutions)


CAME, LEFT = row("n1", "v", "a"), row("n2", "a", "b", 60)


def grown(*statements: Statement) -> tuple[bool, CaseLedger]:
    """Return whether the last statement left the list as it was, and the ledger; the first ones are listed before it."""
    ledger = ledger_of(statements[:-1])
    before = ledger.listed()
    ledger.add(statements[-1])
    assert read_off(ledger) == read_off(ledger_of(statements))
    return ledger.listed() is before, ledger


def test_rows_that_are_shown_again_leave_the_list_as_it_was():
    is_same, ledger = grown(shown("a", CAME, LEFT), shown("a", CAME, LEFT, hours=9))
    assert is_same
    assert ledger.spans["a"][1] == START + 9 * HOUR, "how far it goes is noted all the same"


def test_the_other_sides_word_of_the_same_transfer_leaves_the_list_as_it_was():
    is_same, ledger = grown(shown("a", CAME, LEFT), shown("b", LEFT), shown("b", LEFT))
    assert is_same
    assert list(ledger.one_sided()) == []


@pytest.mark.parametrize(
    "news",
    [
        shown("a", CAME, LEFT, row("n3", "a", "b", 40)),
        shown("a", CAME, LEFT, LEFT),
        shown("a", CAME, replace(LEFT, balance_after=40)),
        shown("a", CAME, LEFT, institution="bank-2"),
        shown("a", CAME, replace(LEFT, payee_institution="bank-3")),
        shown("a", replace(CAME, payer_institution="bank-3"), LEFT),
        shown("b", replace(LEFT, balance_after=60)),
        shown("b"),
    ],
    ids=["row", "twice", "balance", "moved", "payee's", "payer's", "other's balance", "account"],
)
def test_any_news_makes_another_list(news):
    is_same, _ = grown(shown("a", CAME, LEFT), news)
    assert not is_same


def test_whom_only_the_other_side_names_makes_another_list():
    is_same, _ = grown(shown("a", replace(LEFT, payee="")), shown("b", LEFT))
    assert not is_same


# Few of each, so that most statements show again what an earlier one did, wholly or in part.
ROWS = st.builds(
    lambda number, sides, amount, balance, there: row(
        f"n{number}", *sides, amount, balance_after=balance, payee_institution=there
    ),
    st.integers(1, 3),
    st.sampled_from([("v", "a"), ("a", "b"), ("a", ""), ("", "b"), ("b", "a")]),
    st.sampled_from([60, 100]),
    st.sampled_from([None, 0, 40]),
    st.sampled_from(["", "bank-2"]),
)
STATEMENTS = st.builds(
    lambda account, rows, bank, hours: shown(account, *rows, institution=bank, hours=hours),
    st.sampled_from("ab"),
    st.lists(ROWS, max_size=3),
    st.sampled_from(["bank-1", "bank-2"]),
    st.integers(1, 3),
)


def kept_too_long(statements: list[Statement], ledger: CaseLedger) -> list[int]:
    """Return after which statements a list was the one of before though what is read off the rows was not."""
    found, before, said = [], None, None
    for at, statement in enumerate(statements):
        ledger.add(statement)
        listed, now = ledger.listed(), read_off(ledger_of(statements[: at + 1]))
        if listed is before and now != said:
            found.append(at)
        before, said = listed, now
    return found


@given(st.lists(STATEMENTS, min_size=2, max_size=6))
def test_a_list_that_is_kept_is_the_list_of_all_statements_read_anew(statements):
    ledger = CaseLedger()
    assert kept_too_long([*statements, *statements], ledger) == []
    assert read_off(ledger) == read_off(ledger_of([*statements, *statements]))


class Forgetful(CaseLedger):
    """Keeps its list whatever a statement says: the control."""

    __slots__ = ()

    def add(self, statement: Statement) -> None:
        before = self._newest
        super().add(statement)
        self._newest = before or self._newest


def test_a_ledger_that_never_lets_its_list_go_is_found_out():
    statements = [shown("a", CAME), shown("a", CAME, LEFT)]
    assert kept_too_long(statements, Forgetful()) == [1]
