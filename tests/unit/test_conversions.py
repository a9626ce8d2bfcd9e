"""Conversions of a ledger: a debit and a credit under one reference; a ledger without any costs no query."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from recoup.records import tables
from recoup.trace.events import conversion_pairs

START = datetime(2026, 1, 5, tzinfo=UTC)


def transfers(*rows: tuple[str, str, str, str]) -> pl.DataFrame:
    """Return transfers of payer, payee, kind and reference, a minute apart."""
    texts = {"payer": 0, "payee": 1, "kind": 2, "reference": 3}
    columns: dict[str, list[object]] = {
        name: [None] * len(rows) for name in tables.TRANSFERS if name not in texts
    }
    columns |= {name: [row[at] for row in rows] for name, at in texts.items()}
    columns["time"] = [START + timedelta(minutes=at) for at in range(len(rows))]
    return pl.DataFrame({name: columns[name] for name in tables.TRANSFERS}, tables.TRANSFERS)


PLAIN = ("a", "b", "transfer", "r1")
OUT, BACK = ("a", "", "conversion", "r1"), ("", "a", "conversion", "r1")


def test_a_ledger_without_conversions_has_the_pairs_of_one_whose_conversion_has_no_other_leg() -> (
    None
):
    found, unpaired = conversion_pairs(transfers(PLAIN, PLAIN)), conversion_pairs(transfers(OUT))
    assert found.is_empty()
    assert unpaired.is_empty()
    assert found.schema == unpaired.schema
    assert conversion_pairs(transfers()).schema == unpaired.schema


def test_two_legs_under_one_reference_are_a_pair_and_legs_of_another_kind_are_none() -> None:
    assert conversion_pairs(transfers(PLAIN, OUT, BACK)).rows() == [(1, 2, False)]
    legs = [(payer, payee, "transfer", reference) for payer, payee, _, reference in (OUT, BACK)]
    assert conversion_pairs(transfers(*legs)).is_empty()
