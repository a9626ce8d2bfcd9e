"""A small trail made by hand that has everything a file must show: two rules and poison, three currencies, both sides cited."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from recoup.money import Digits
from recoup.records import Dossier, Source, tables
from recoup.trace import trail as shape
from recoup.trace.trail import Options, Trail

START = datetime(2025, 11, 12, 6, 0, tzinfo=UTC)
SHOP = "6299017245424821931"


def frame(schema, rows):
    """Return rows with '' for text, 0 for numbers and null for times where they say nothing."""
    empty = {}
    for name, kind in schema.items():
        empty[name] = "" if kind == pl.String else (0 if kind.is_integer() else None)
    for name in ("payer_balance", "payee_balance", "other_source", "other_row"):
        empty.update({name: None} if name in empty else {})
    return pl.DataFrame([empty | row for row in rows], schema=schema, orient="row")


def dossier(**more):
    """Four transfers: yuan, yen, a token with six digits; one cited from both sides, one id and name that need quotes."""
    rows = [
        {
            "id": "T1",
            "payer": "V",
            "payee": SHOP,
            "amount": 100_05,
            "currency": "CNY",
            "other_source": 1,
            "other_row": 9,
        },
        {"id": 'T,"2"', "payer": SHOP, "payee": "=cmd()", "amount": 40_00, "currency": "CNY"},
        {"id": "T3", "payer": "J", "payee": "K", "amount": 7_000, "currency": "JPY"},
        {
            "id": "T4",
            "payer": "K",
            "payee": "",
            "kind": "exchange",
            "amount": 1_500_000,
            "currency": "USDT",
        },
        {
            "id": "T5",
            "payer": "=cmd()",
            "payee": "N",
            "amount": 5_00,
            "currency": "CNY",
            "time": START + timedelta(seconds=9, microseconds=250_000),
        },
    ]
    rows = [
        {"kind": "transfer", "time": START + timedelta(minutes=i), "row": i + 2} | row
        for i, row in enumerate(rows)
    ]
    sources = (
        Source("case/transfers.csv", "", "ab" * 32, 5),
        Source(
            "statements/子虚银行.xlsx", SHOP, "cd" * 32, 3, "子虚银行", "2025-11-13", "〔2025〕1号"
        ),
    )
    return Dossier(frame(tables.TRANSFERS, rows), sources, **more)


def trail(*, holds=False, **more):
    """Claims C1 (yuan) and C2 (yen, converted into a token), under fifo; C1 under lifo too; poison for reach."""
    flows = [
        {"rule": "fifo", "claim": "C1", "transfer": "T1", "depth": 1, "amount": 100_05},
        {
            "rule": "fifo",
            "claim": "C1",
            "transfer": 'T,"2"',
            "depth": 2,
            "amount": 30_00,
            "inferred": 10_00,
        },
        {"rule": "fifo", "claim": "C2", "transfer": "T3", "depth": 1, "amount": 7_000},
        {"rule": "fifo", "claim": "C2", "transfer": "T4", "depth": 2, "amount": 1_500_000},
        {"rule": "lifo", "claim": "C1", "transfer": "T1", "depth": 1, "amount": 100_05},
        {"rule": "lifo", "claim": "C1", "transfer": 'T,"2"', "depth": 2, "amount": 40_00},
        {"rule": "lifo", "claim": "C2", "transfer": "T3", "depth": 1, "amount": 7_000},
        {
            "rule": "poison",
            "claim": "",
            "transfer": "T1",
            "depth": 1,
            "amount": None,
            "inferred": None,
            "asserted": None,
        },
    ]
    places = [
        {
            "rule": "fifo",
            "claim": "C1",
            "account": SHOP,
            "currency": "CNY",
            "amount": 70_05,
            "held": 20_00,
            "since": START,
        },
        {
            "rule": "lifo",
            "claim": "C1",
            "account": SHOP,
            "currency": "CNY",
            "amount": 60_05,
            "since": START,
        },
        {
            "rule": "lifo",
            "claim": "C2",
            "account": "K",
            "currency": "JPY",
            "amount": 7_000,
            "since": START,
        },
        {
            "rule": "poison",
            "claim": "",
            "account": SHOP,
            "currency": "CNY",
            "amount": None,
            "held": None,
            "inferred": None,
            "asserted": None,
        },
    ]
    exits = [
        {
            "rule": "fifo",
            "claim": "C2",
            "transfer": "T3",
            "account": "K",
            "currency": "JPY",
            "kind": "converted",
            "amount": 7_000,
        },
        {
            "rule": "fifo",
            "claim": "C2",
            "transfer": "T4",
            "account": "K",
            "currency": "USDT",
            "kind": "exchange",
            "amount": 1_500_000,
        },
    ]
    unknown = [
        {
            "rule": "fifo",
            "claim": "C1",
            "account": "=cmd()",
            "currency": "CNY",
            "amount": 30_00,
            "inferred": 10_00,
            "since": START,
        },
        {
            "rule": "lifo",
            "claim": "C1",
            "account": "=cmd()",
            "currency": "CNY",
            "amount": 40_00,
            "since": START,
        },
    ]
    sums = [
        ("fifo", "C1", "周甲", "CNY", 100_05, 70_05, 20_00, 0, 30_00),
        ("fifo", "C2", "吴乙", "JPY", 7_000, 0, 0, 7_000, 0),
        ("fifo", "C2", "吴乙", "USDT", 1_500_000, 0, 0, 1_500_000, 0),
        ("lifo", "C1", "周甲", "CNY", 100_05, 60_05, 0, 0, 40_00),
        ("lifo", "C2", "吴乙", "JPY", 7_000, 7_000, 0, 0, 0),
    ]
    names = ("rule", "claim", "victim", "currency", "loss", "located", "held", "exited", "unknown")
    summary = [
        dict(zip(names, row, strict=True))
        | {"recoverable": row[5] + row[8], "accounts": 2, "depth": 2}
        for row in sums
    ]
    accounts = [
        {
            "account": "V",
            "currency": "CNY",
            "name": "周甲",
            "institution": "子虚银行",
            "standing": "known",
            "opening": 200_00,
            "opening_basis": "given",
            "balance": 99_95,
        },
        {
            "account": SHOP,
            "currency": "CNY",
            "name": "虚构烟酒店",
            "institution": "子虚银行",
            "standing": "known",
            "depth": 1,
            "opening_basis": "stated",
            "balance": 60_05,
        },
        {
            "account": "=cmd()",
            "currency": "CNY",
            "name": "@柳",
            "institution": "乌有银行",
            "standing": "unknown",
            "depth": 2,
            "opening_basis": "smallest",
        },
        {
            "account": "K",
            "currency": "JPY",
            "name": "",
            "institution": "",
            "standing": "known",
            "depth": 1,
            "opening_basis": "smallest",
            "balance": 7_000,
        },
    ]
    claims = [
        {
            "claim": "C1",
            "victim": "周甲",
            "transfer": "T1",
            "payer": "V",
            "payee": SHOP,
            "currency": "CNY",
            "loss": 100_05,
            "time": START,
        },
        {
            "claim": "C2",
            "victim": "吴乙",
            "transfer": "T3",
            "payer": "J",
            "payee": "K",
            "currency": "JPY",
            "loss": 7_000,
            "time": START,
        },
    ]
    leads = [
        {
            "account": "=cmd()",
            "transfer": "T5",
            "payee": "N",
            "currency": "CNY",
            "amount": 5_00,
            "time": START + timedelta(seconds=9, microseconds=250_000),
        }
    ]
    declared = frame(
        tables.HOLDS,
        [{"account": SHOP, "currency": "CNY", "amount": 20_00, "time": START}] if holds else [],
    )
    kept = (
        [
            {
                "rule": "fifo",
                "hold": 1,
                "claim": "C1",
                "account": SHOP,
                "currency": "CNY",
                "amount": 20_00,
            }
        ]
        if holds
        else []
    )
    return Trail(
        dossier(holds=declared, **more),
        Options(
            rules=("fifo", "lifo", "poison"), as_of=START + timedelta(hours=1), dust={"CNY": 1_00}
        ),
        frame(shape.CLAIMS, claims),
        frame(shape.POSITIONS, places),
        frame(shape.FLOWS, flows),
        frame(shape.EXITS, exits),
        frame(shape.UNKNOWN, unknown),
        frame(shape.SUMMARY, summary),
        frame(shape.ACCOUNTS, accounts),
        frame(shape.LEADS, leads),
        frame(shape.HOLDS_FILLED, kept),
        (
            "The opening balance of 1 of the accounts reached was given in a file; each stands in the list of accounts.",
        ),
    )


def empty_trail():
    """A trail of nothing: no claim, no transfer."""
    nothing = [
        frame(getattr(shape, name), [])
        for name in (
            "CLAIMS",
            "POSITIONS",
            "FLOWS",
            "EXITS",
            "UNKNOWN",
            "SUMMARY",
            "ACCOUNTS",
            "LEADS",
            "HOLDS_FILLED",
        )
    ]
    return Trail(Dossier(frame(tables.TRANSFERS, []), (), Digits({})), Options(), *nothing)
