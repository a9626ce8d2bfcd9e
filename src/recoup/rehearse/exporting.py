"""A play as files that the other rooms read: transfers, claims, reports, labels, pots; the truth in a folder of its own.

What a file says beside `truth/` is what a centre has in the end: no row there knows a crime that nobody reported.
Statements end before the first payment back, since a payment out of a pot would be taken for one of its holder's debits. So a
later trace finds what was frozen where it was frozen, and the truth is that of the same instant.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from recoup.evidence.decimals import with_decimals
from recoup.money import ISO_DIGITS
from recoup.records.kinds import KINDS
from recoup.rehearse.country import Country
from recoup.rehearse.figures import Stolen, Truth, traceable
from recoup.rehearse.play.happened import Reported, Returned
from recoup.rehearse.play.played import Played

FORMATS: Final = ("csv", "parquet")

_TIME: Final = pl.Datetime("us", "UTC")


def export(played: Played, folder: Path, *, form: str = "csv") -> dict[str, int]:
    """Write a play into a folder and return the rows of each file, by its name; files of an earlier export are replaced.

    Args:
        played: any policy's play.
        folder: made if it is not there.
        form: of the transfers, one of `FORMATS`; everything else is CSV.

    Amounts are decimals of the country's currency, times UTC with microseconds. `transfers` and `truth/transfers` have the same
    ids: `t` and the place in the ledger, from 1.
    """
    assert form in FORMATS, form
    cut = _before_returns(played)
    truth = traceable(cut)
    tables: dict[str, pl.DataFrame] = {
        f"transfers.{form}": _transfers(cut),
        **_declared(cut, truth),
        **_reported(cut, truth),
        **_truth(cut, truth),
    }
    (folder / "truth").mkdir(parents=True, exist_ok=True)
    for name in _NAMES:
        (folder / name).unlink(missing_ok=True)
    for name, table in tables.items():
        if name.endswith(".parquet"):
            table.write_parquet(folder / name)
        else:
            table.write_csv(folder / name, datetime_format="%Y-%m-%dT%H:%M:%S%.6fZ")
    text = json.dumps(_summary(cut, truth), indent=1, ensure_ascii=False)
    (folder / "truth" / "summary.json").write_text(text + "\n", encoding="utf-8", newline="\n")
    return {name: table.height for name, table in tables.items()}


_NAMES: Final = (
    *(f"transfers.{form}" for form in FORMATS),
    *(
        f"{name}.csv"
        for name in (
            *("claims", "reports", "labels", "account-labels", "known", "terminal", "opening"),
            *("holds", "pots", "truth/claims", "truth/labels", "truth/account-labels"),
            *("truth/frauds", "truth/located", "truth/left", "truth/transfers"),
        )
    ),
)


def _before_returns(played: Played) -> Played:
    """Return the play up to the first payment back, or all of it where there is none."""
    back = [one.at_us for one in played.happened if isinstance(one, Returned)]
    if not back:
        return played
    first = min(back)
    return replace(
        played,
        ledger=played.ledger.filter(pl.col("time_us") < first),
        happened=tuple(one for one in played.happened if one.at_us < first),
    )


# --- what a centre has -----------------------------------------------------------------------------------------------------


def _transfers(played: Played) -> pl.DataFrame:
    """Return the ledger as statements show it: nothing of why."""
    country, ledger = played.country, played.ledger
    accounts, names = country.accounts, [one.name for one in country.institutions]
    payer, payee = (ledger[side].to_numpy() for side in ("payer", "payee"))
    frame = pl.DataFrame(
        {
            "id": _ids(np.arange(ledger.height)),
            "time": _times(ledger["time_us"]),
            "payer": _named(accounts.id, payer),
            "payee": _named(accounts.id, payee),
            "amount": ledger["amount"],
            "currency": pl.repeat(country.currency, ledger.height, eager=True),
            "sequence": pl.int_range(1, ledger.height + 1, eager=True),
            "kind": _named(KINDS, ledger["kind"].to_numpy()),
            "payer_institution": _named(names, accounts.institution[payer]),
            "payee_institution": _named(names, accounts.institution[payee]),
        }
    )
    return with_decimals(frame, ["amount"], ISO_DIGITS)


def _declared(played: Played, truth: Truth) -> dict[str, pl.DataFrame]:
    """Return which statements there are, what accounts opened with, and what is held; files without rows are left out."""
    country = played.country
    ids, inside = country.accounts.id, ~country.is_outside
    used = np.zeros(len(ids), np.bool_)
    for side in ("payer", "payee"):
        used[played.ledger[side].to_numpy()] = True
    known, terminal = np.flatnonzero(inside & used), np.flatnonzero(~inside & used)
    opening = pl.DataFrame(
        {
            "account": _named(ids, known),
            "currency": pl.repeat(country.currency, len(known), eager=True),
            "time": pl.repeat(country.begin_us, len(known), eager=True).cast(_TIME),
            "balance": country.accounts.opening_minor[known],
        }
    )
    found = {
        "known.csv": pl.DataFrame({"account": _named(ids, known)}),
        "terminal.csv": pl.DataFrame({"account": _named(ids, terminal)}),
        "opening.csv": with_decimals(opening, ["balance"], ISO_DIGITS),
        "holds.csv": _holds(country, truth),
        "pots.csv": _pots(played, truth),
    }
    return {name: frame for name, frame in found.items() if not frame.is_empty()}


def _holds(country: Country, truth: Truth) -> pl.DataFrame:
    """Return every hold, a row for each stretch of it."""
    spans = [
        (truth.holds.holds[one.hold].account, one.amount, one.since_us, one.until_us)
        for one in truth.holds.spans
        if one.until_us is None or one.until_us - 1 > one.since_us
    ]
    rows = pl.DataFrame(
        {
            "account": [country.accounts.id[account] for account, *_ in spans],
            "currency": [country.currency] * len(spans),
            "amount": pl.Series([amount for _, amount, *_ in spans], dtype=pl.Int64),
            "time": _times([since for *_, since, _ in spans]),
            # Its last instant, as holds are told; a debit at the instant of its end finds the money free.
            "until": _times([None if until is None else until - 1 for *_, until in spans]),
        }
    )
    return with_decimals(rows, ["amount"], ISO_DIGITS)


def _pots(played: Played, truth: Truth) -> pl.DataFrame:
    """Return what is frozen at the end of the statements: by account what is held for longer than a stop, if it lies there."""
    country, sums = played.country, dict[int, int]()
    for one in truth.holds.holds:
        if one.frozen_most and one.at_end:
            sums[one.account] = sums.get(one.account, 0) + one.at_end
    ledger = played.ledger
    balance = country.accounts.opening_minor.copy()
    np.add.at(balance, ledger["payee"].to_numpy(), ledger["amount"].to_numpy())
    np.subtract.at(balance, ledger["payer"].to_numpy(), ledger["amount"].to_numpy())
    free = {account: min(held, int(balance[account])) for account, held in sorted(sums.items())}
    rows = [(country.accounts.id[account], amount) for account, amount in free.items() if amount]
    frame = pl.DataFrame(
        {
            "account": [account for account, _ in rows],
            "amount": pl.Series([amount for _, amount in rows], dtype=pl.Int64),
            "currency": [country.currency] * len(rows),
        }
    )
    return with_decimals(frame, ["amount"], ISO_DIGITS)


def _reported(played: Played, truth: Truth) -> dict[str, pl.DataFrame]:
    """Return what victims said, and what was known by it in the end."""
    told = [
        one
        for one in truth.stolen
        if one.fraud in truth.reported_us and one.time_us <= truth.reported_us[one.fraud]
    ]
    claims = _claims(played, truth, told)
    reports = [(one.at_us, one.fraud) for one in played.happened if isinstance(one, Reported)]
    paid = {one.fraud: one for one in reversed(told)}
    sums = {fraud: sum(one.amount for one in told if one.fraud == fraud) for fraud in paid}
    rows = [(at_us, fraud) for at_us, fraud in reports if fraud in paid]
    frame = pl.DataFrame(
        {
            "report": [f"r{number}" for number in range(1, len(rows) + 1)],
            "reported_at": _times([at_us for at_us, _ in rows]),
            "victim": [_victim(played.country, fraud) for _, fraud in rows],
            "transfer": [f"t{paid[fraud].row + 1}" for _, fraud in rows],
            "amount": pl.Series([sums[fraud] for _, fraud in rows], dtype=pl.Int64),
            "currency": [played.country.currency] * len(rows),
        }
    )
    return {
        "claims.csv": claims,
        "reports.csv": with_decimals(frame, ["amount"], ISO_DIGITS),
        "labels.csv": _labels(played, set(truth.reported_us)),
        "account-labels.csv": _account_labels(played, set(truth.reported_us)),
    }


def _claims(played: Played, truth: Truth, stolen: Sequence[Stolen]) -> pl.DataFrame:
    """Return a claim for each instalment; it loses the whole of its transfer."""
    country = played.country
    frame = pl.DataFrame(
        {
            "claim": [f"c{number}" for number in range(1, len(stolen) + 1)],
            "victim": [_victim(country, one.fraud) for one in stolen],
            "transfer": [f"t{one.row + 1}" for one in stolen],
            "reported_at": _times([truth.reported_us.get(one.fraud) for one in stolen]),
            "loss": pl.Series([one.amount for one in stolen], dtype=pl.Int64),
            "currency": [country.currency] * len(stolen),
        }
    )
    return with_decimals(frame, ["loss"], ISO_DIGITS)


def _victim(country: Country, fraud: int) -> str:
    """Return the victim's name: the number of the holder, who has all its accounts."""
    by_number = next(one for one in country.frauds if one.number == fraud)
    return f"holder-{int(country.accounts.holder[by_number.instalments[0].payer])}"


def _labels(played: Played, frauds: Iterable[int]) -> pl.DataFrame:
    """Return the transfers that moved money of some frauds; every other is not known to be bad."""
    rows = np.flatnonzero(np.isin(played.ledger["fraud"].to_numpy(), sorted(frauds)))
    return pl.DataFrame({"transfer": _ids(rows), "label": pl.repeat(1, len(rows), eager=True)})


def _account_labels(played: Played, frauds: Iterable[int]) -> pl.DataFrame:
    """Return lent and made accounts that some frauds used, each from its first use on."""
    country = played.country
    bad = np.flatnonzero(country.is_criminal)
    rows = played.ledger.filter(pl.col("fraud").is_in(sorted(frauds)))
    sides = pl.concat(
        [rows.select(pl.col(side).alias("account"), "time_us") for side in ("payer", "payee")]
    )
    first = (
        sides.filter(pl.col("account").is_in(bad.tolist()))
        .group_by("account").agg(pl.col("time_us").min()).sort("account")
    )  # fmt: skip
    return pl.DataFrame(
        {
            "account": _named(country.accounts.id, first["account"].to_numpy()),
            "label": pl.repeat(1, first.height, eager=True),
            "since": _times(first["time_us"]),
        }
    )


# --- the truth -------------------------------------------------------------------------------------------------------------


def _truth(played: Played, truth: Truth) -> dict[str, pl.DataFrame]:
    """Return every crime and what became of its money, as `recoup trace` follows it: good faith ends no trail here."""
    country, ids = played.country, played.country.accounts.id
    every = [one.number for one in country.frauds]
    carried = truth.carried
    located = truth.lies.with_columns(currency=pl.lit(country.currency))
    left = truth.left.with_columns(currency=pl.lit(country.currency))
    moved = carried.with_columns(currency=pl.lit(country.currency))
    frauds = pl.DataFrame(
        {
            "fraud": every,
            "script": [one.script for one in country.frauds],
            "strategy": [one.strategy for one in country.frauds],
            "victim": [_victim(country, number) for number in every],
            "reported_at": _times([truth.reported_us.get(number) for number in every]),
            "loss": pl.Series(
                [sum(one.amount for one in truth.stolen if one.fraud == n) for n in every],
                dtype=pl.Int64,
            ),
            "currency": [country.currency] * len(every),
        }
    )
    return {
        "truth/claims.csv": _claims(played, truth, truth.stolen),
        "truth/labels.csv": _labels(played, every),
        "truth/account-labels.csv": _account_labels(played, every),
        "truth/frauds.csv": with_decimals(frauds, ["loss"], ISO_DIGITS),
        "truth/located.csv": with_decimals(
            located.select(
                pl.Series("account", _named(ids, located["account"].to_numpy())),
                "fraud", "amount", "currency",
            ),
            ["amount"], ISO_DIGITS,
        ),
        "truth/left.csv": with_decimals(
            left.select("fraud", pl.col("time_us").cast(_TIME).alias("time"), "amount", "currency"),
            ["amount"], ISO_DIGITS,
        ),
        "truth/transfers.csv": with_decimals(
            moved.select(
                pl.Series("transfer", _ids(moved["row"].to_numpy())), "fraud", "amount", "currency"
            ),
            ["amount"], ISO_DIGITS,
        ),
    }  # fmt: skip


def _summary(played: Played, truth: Truth) -> dict[str, Any]:
    """Return what was exported, in minor units: what a trace of `truth/claims.csv` must find."""
    loss = sum(one.amount for one in truth.stolen)
    located, left = int(truth.lies["amount"].sum()), int(truth.left["amount"].sum())
    assert loss == located + left, "stolen money lies inside or has left"
    return {
        "policy": played.policy,
        "seed": played.country.seed,
        "currency": played.country.currency,
        "transfers": played.ledger.height,
        "frauds": len(played.country.frauds),
        "reported": len(truth.reported_us),
        "unit": "minor units",
        "loss": loss,
        "located": located,
        "left": left,
    }


# --- columns ---------------------------------------------------------------------------------------------------------------


def _ids(rows: np.ndarray[Any, Any]) -> pl.Series:
    return pl.select(pl.format("t{}", pl.Series(rows + 1, dtype=pl.Int64))).to_series()


def _named(names: Sequence[str], places: np.ndarray[Any, Any]) -> pl.Series:
    return pl.Series(list(names), dtype=pl.String).gather(pl.Series(places).cast(pl.UInt32))


def _times(microseconds: Iterable[int | None]) -> pl.Series:
    return pl.Series(list(microseconds), dtype=pl.Int64).cast(_TIME)


__all__ = ["FORMATS", "export"]
