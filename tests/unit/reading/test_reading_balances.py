"""Implied openings and breaks, against a plain loop over the rows."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from recoup.reading import from_frames
from recoup.records.balances import BREAKS, IMPLIED, balance_breaks, implied_openings
from recoup.records.tables import TRANSFERS

ROWS = st.lists(
    st.tuples(
        st.sampled_from(["", "A", "B", "C"]),
        st.sampled_from(["", "A", "B", "C"]),
        st.integers(1, 9),
        st.sampled_from(["CNY", "USD"]),
        st.none() | st.integers(-3, 30),
        st.none() | st.integers(-3, 30),
    ),
    max_size=15,
)
Row = tuple[str, str, int, str, int | None, int | None]


def table(rows: list[Row]) -> pl.DataFrame:
    named = [
        {
            "id": str(place),
            "payer": payer,
            "payee": payee,
            "amount": amount,
            "currency": currency,
            "payer_balance": first,
            "payee_balance": second,
            "source": 0,
            "row": place,
        }
        for place, (payer, payee, amount, currency, first, second) in enumerate(rows)
    ]
    return pl.DataFrame(named, schema={name: TRANSFERS[name] for name in TRANSFERS})


def slow(
    rows: list[Row],
) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], tuple[int, int, int]]]:
    """Openings and the first break of each pocket, leg by leg."""
    running: dict[tuple[str, str], int] = {}
    openings: dict[tuple[str, str], int] = {}
    breaks: dict[tuple[str, str], tuple[int, int, int]] = {}
    for place, (payer, payee, amount, currency, first, second) in enumerate(rows):
        for account, sign, balance in ((payer, -1, first), (payee, 1, second)):
            if not account:
                continue
            pocket = (account, currency)
            running[pocket] = running.get(pocket, 0) + (0 if payer == payee else sign * amount)
            if balance is None:
                continue
            implied = balance - running[pocket]
            if pocket not in openings:
                openings[pocket] = implied
            elif implied != openings[pocket]:
                breaks.setdefault(pocket, (place, openings[pocket] + running[pocket], balance))
    return openings, breaks


@given(ROWS)
def test_openings_and_first_breaks_are_those_of_the_loop(rows: list[Row]) -> None:
    frame, broken = implied_openings(table(rows))
    openings, breaks = slow(rows)
    assert frame.schema == IMPLIED
    assert broken.schema == BREAKS
    assert openings == {
        (account, currency): opening for account, currency, opening in frame.iter_rows()
    }
    assert breaks == {
        (row["account"], row["currency"]): (row["row"], row["expected"], row["found"])
        for row in broken.iter_rows(named=True)
    }


@given(ROWS)
def test_all_breaks_begin_with_the_first(rows: list[Row]) -> None:
    first = implied_openings(table(rows))[1]
    every = balance_breaks(table(rows)).unique(
        ["account", "currency"], keep="first", maintain_order=True
    )
    assert first.sort("account", "currency").rows() == every.sort("account", "currency").rows()


def test_a_wrong_balance_shows_twice_and_a_missing_row_once() -> None:
    wrong = [
        ("A", "", 1, "CNY", 9, None),
        ("A", "", 1, "CNY", 5, None),
        ("A", "", 1, "CNY", 7, None),
    ]
    assert [
        (row["expected"], row["found"])
        for row in balance_breaks(table(wrong)).iter_rows(named=True)
    ] == [(8, 5), (4, 7)]
    missing = [
        ("A", "", 1, "CNY", 9, None),
        ("A", "", 1, "CNY", 5, None),
        ("A", "", 1, "CNY", 4, None),
    ]
    assert balance_breaks(table(missing)).height == 1


def test_the_payees_break_cites_the_payees_row() -> None:
    frame = table([("A", "B", 1, "CNY", None, 5), ("A", "B", 1, "CNY", None, 9)]).with_columns(
        other_source=pl.lit(3, pl.Int32), other_row=pl.col("row") + 100
    )
    assert implied_openings(frame)[1].select("source", "row", "account").row(0) == (3, 101, "B")


def test_no_stated_balance_implies_nothing() -> None:
    assert implied_openings(table([("A", "B", 1, "CNY", None, None)]))[0].is_empty()
    assert from_frames(pl.DataFrame({"x": [1]}))[0].transfers.is_empty()
