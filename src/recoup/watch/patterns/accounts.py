"""Measures of whole accounts as of an instant: what each did, passed on, stands near to, and whether ways lead back to it.

A pure function of the transfers up to the instant; no label goes in. `measures` names the columns. Amounts become floats: they
are measured here, never moved.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from scipy import sparse

from recoup.watch.patterns.catalogue import PATTERN_FEATURES
from recoup.watch.patterns.kernels import most_others
from recoup.watch.patterns.measures import ACCOUNT_MEASURES, CORE
from recoup.watch.patterns.stream import Patterns
from recoup.watch.patterns.sums import (
    F64,
    I64,
    commonest,
    counted,
    extremes,
    gaps,
    links,
    over_neighbours,
    ratio,
    returning,
    spread,
)
from recoup.watch.state import Payments

_DAY_US: Final = 86_400_000_000
_SECOND: Final = 1e6
_COLUMN: Final = {feature.name: at for at, feature in enumerate(PATTERN_FEATURES)}

Columns = dict[str, F64]


def measure_accounts(payments: Payments, accounts: int, until_us: int) -> F64:
    """Return the matrix [accounts, F] of `ACCOUNT_MEASURES`, of the payments before `until_us`; NaN where there is nothing.

    Args:
        payments: in order of time; pockets are accounts here: amounts of different currencies are not told apart.
        accounts: how many; dense numbers.
        until_us: microseconds of UTC; later payments change nothing.
    """
    rows = payments.part(0, int(np.searchsorted(payments.time_us, until_us, "left")))
    payer, payee = rows.payer.astype(np.int64), rows.payee.astype(np.int64)
    time, amount = rows.time_us, rows.amount_minor.astype(np.float64)
    is_inner = (payer >= 0) & (payee >= 0)
    ends = (payer[is_inner], payee[is_inner])
    when, paid = time[is_inner], amount[is_inner]
    found: Columns = {}
    for way, mine, others in (("out", 0, "payees"), ("in", 1, "payers")):
        rows_of_way = (ends[mine], ends[1 - mine], when, paid)
        found |= _own(way, others, rows_of_way, accounts, until_us)
    found["out_count_share"] = ratio(found["out_count"], found["out_count"] + found["in_count"])
    found["out_sum_share"] = ratio(found["out_sum"], found["out_sum"] + found["in_sum"])
    found["net_sum"] = found["in_sum"] - found["out_sum"]
    found["others_difference"] = found["out_payees"] - found["in_payers"]
    for way, keys, beyond in (("from", payee, payer), ("to", payer, payee)):
        is_outer = (beyond < 0) & (keys >= 0)
        found |= _outside(way, keys[is_outer], amount[is_outer], accounts)
    found["in_to_outside_ratio"] = ratio(found["in_sum"], found["from_outside_sum"])
    found["out_to_outside_ratio"] = ratio(found["out_sum"], found["to_outside_sum"])
    found |= _passing(rows, accounts)
    found |= _around(found, links(*ends, accounts))
    return np.column_stack([found[measure.name] for measure in ACCOUNT_MEASURES])


def _own(
    way: str, others: str, rows: tuple[I64, I64, I64, F64], accounts: int, until_us: int
) -> Columns:
    keys, other, time, amount = rows
    order = np.lexsort((time, keys))
    by_account = (keys[order], other[order], time[order])
    mean, deviation = spread(keys, amount, accounts)
    smallest, largest = extremes(keys, amount, accounts)
    pair = keys * accounts + other
    _, pair_at, pair_count = np.unique(pair, return_inverse=True, return_counts=True)
    repeats = pair_count[pair_at].astype(np.float64)
    gap_mean, gap_deviation = gaps(keys, time, accounts)
    begin = int(time[0]) if len(time) else 0
    own = {
        "count": counted(keys, accounts),
        "sum": counted(keys, accounts, amount),
        "amount_mean": mean,
        "amount_deviation": deviation,
        "amount_smallest": smallest,
        "amount_largest": largest,
        "amount_variation": ratio(deviation, mean),
        "smallest_to_mean": ratio(smallest, mean),
        others: counted(np.unique(pair) // accounts, accounts),
        f"{others}_7d": most_others(*by_account, 7 * _DAY_US, accounts),
        f"{others}_30d": most_others(*by_account, 30 * _DAY_US, accounts),
        "repeated_count": counted(keys, accounts, (repeats > 1).astype(np.float64)),
        "pair_count_largest": extremes(keys, repeats, accounts)[1],
        "same_amount_count": commonest(keys, amount.astype(np.int64), accounts),
        "day_count_largest": commonest(keys, time // _DAY_US, accounts),
        "last_age": (until_us - extremes(keys, time.astype(np.float64), accounts)[1]) / _SECOND,
        "time_deviation": spread(keys, (time - begin) / _SECOND, accounts)[1],
        "gap_mean": gap_mean / _SECOND,
        "gap_deviation": gap_deviation / _SECOND,
    }
    return {f"{way}_{name}": column for name, column in own.items()}


def _outside(way: str, keys: I64, amount: F64, accounts: int) -> Columns:
    mean, deviation = spread(keys, amount, accounts)
    smallest, largest = extremes(keys, amount, accounts)
    own = {
        "count": counted(keys, accounts),
        "sum": counted(keys, accounts, amount),
        "amount_mean": mean,
        "amount_deviation": deviation,
        "amount_smallest": smallest,
        "amount_largest": largest,
    }
    return {f"{way}_outside_{name}": column for name, column in own.items()}


def _passing(rows: Payments, accounts: int) -> Columns:
    """Return what the features of the stream say of an account's payments, taken together."""
    is_inner = (rows.payer >= 0) & (rows.payee >= 0)
    read = Patterns(accounts).apply(rows)[is_inner]
    passes = (read[:, _COLUMN["payment_passed_ratio"]] >= 0).astype(np.float64)
    hops = read[:, _COLUMN["payment_chain_hops"]]
    closes = (read[:, _COLUMN["payment_cycle_hops"]] > 0).astype(np.float64)
    found: Columns = {}
    for way, side in (("out", rows.payer), ("in", rows.payee)):
        keys = side[is_inner].astype(np.int64)
        found[f"{way}_passing_share"] = ratio(
            counted(keys, accounts, passes), counted(keys, accounts)
        )
        found[f"{way}_chain_hops_largest"] = extremes(keys, hops, accounts)[1]
        found[f"{way}_cycle_count"] = counted(keys, accounts, closes)
    return found


def _around(own: Columns, paid: Any) -> Columns:  # noqa: ANN401  # scipy's matrices have no stubs that fit
    """Return what stands around each account: neighbours' own measures, ways back, and accounts that repeat themselves."""
    paid_by = paid.T.tocsr()
    found: Columns = {}
    core = np.column_stack([own[name] for name in CORE])
    for others, matrix in (("payees", paid), ("payers", paid_by)):
        for how, values in zip(
            ("mean", "largest", "smallest"), over_neighbours(matrix, core), strict=True
        ):
            for at, name in enumerate(CORE):
                found[f"{others}_{name}_{how}"] = values[:, at]
    walk, tie = steps_of(paid)
    for weight, steps in (("walk", walk), ("tie", tie)):
        for length, back in enumerate(returning(steps), start=2):
            found[f"cycle_{length}_{weight}"] = back
    pays, is_paid = own["out_repeated_count"] > 0, own["in_repeated_count"] > 0
    marks = np.column_stack([pays, is_paid, pays | is_paid]).astype(np.float64)
    payers, payees = np.maximum(np.diff(paid_by.indptr), 1), np.maximum(np.diff(paid.indptr), 1)
    near = {
        "payees": paid @ marks,
        "payers": paid_by @ marks,
        "payees_share": paid @ (marks / payers[:, None]),
        "payers_share": paid_by @ (marks / payees[:, None]),
        "ties": tie @ marks,
        "ties_shared": tie @ (tie.T @ marks),
        "ties_sharing": tie.T @ (tie @ marks),
        "ties_after": tie @ (tie @ marks),
        "ties_before": tie.T @ (tie.T @ marks),
    }
    for place, weights in near.items():
        for at, repeater in enumerate(("payer", "payee", "either")):
            found[f"repeating_{repeater}_{place}"] = weights[:, at]
    return found


def steps_of(paid: Any) -> tuple[Any, Any]:  # noqa: ANN401
    """Return the links weighed two ways: as chances of a step to a payee, and by the numbers on both ends alike."""
    payees = np.maximum(np.asarray(paid.sum(1)).ravel(), 1)
    payers = np.maximum(np.asarray(paid.sum(0)).ravel(), 1)
    walk = sparse.diags(1 / payees) @ paid
    tie = sparse.diags(1 / np.sqrt(payees)) @ paid @ sparse.diags(1 / np.sqrt(payers))
    return walk.tocsr(), tie.tocsr()


def accounts_linked(payments: Payments, accounts: int, until_us: int) -> Any:  # noqa: ANN401
    """Return who paid whom before an instant, as a sparse matrix of ones; the outside is left out."""
    rows = payments.part(0, int(np.searchsorted(payments.time_us, until_us, "left")))
    is_inner = (rows.payer >= 0) & (rows.payee >= 0)
    payer, payee = (side[is_inner].astype(np.int64) for side in (rows.payer, rows.payee))
    return links(payer, payee, accounts)


def _check_columns() -> None:
    names = [measure.name for measure in ACCOUNT_MEASURES]
    assert len(set(names)) == len(names), "a measure is named twice"


_check_columns()

__all__ = ["accounts_linked", "measure_accounts", "steps_of"]
