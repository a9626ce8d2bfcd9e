"""Figures of one side of payments whose labels become known later: the pass over one account after another. A kernel."""

# mypy: disable-error-code="no-untyped-call,no-untyped-def"
from __future__ import annotations

import numpy as np

from recoup.trace.kernels.compiled import kernel

_DAY = 86_400_000_000
_SECOND = 1e6
PER_WINDOW = 6
ALWAYS = 6


@kernel
def run_risk(rows, begins, time_us, amount, labels, windows, delay):
    """Return [n, 6 * windows + 6] float64 for rows sorted by account and time; `begins` [accounts + 1] cuts them. O(n).

    A payment of an account is before another if it stands before it in `rows`. A label counts once `delay` is over.
    """
    wide = len(windows)
    out = np.full((len(rows), PER_WINDOW * wide + ALWAYS), np.nan)
    early, told_early = np.zeros(wide, np.int64), np.zeros(wide, np.int64)
    for account in range(len(begins) - 1):
        begin, end = begins[account], begins[account + 1]
        early[:] = begin
        told_early[:] = begin
        sums = np.zeros(end - begin + 1)
        squares = np.zeros(end - begin + 1)
        frauds = np.zeros(end - begin + 1, np.int64)
        told, last_fraud = begin, -1
        for at in range(begin, end):
            here, now, value = rows[at], time_us[rows[at]], amount[rows[at]]
            line = out[here]
            while told < at and time_us[rows[told]] <= now - delay:
                if labels[rows[told]]:
                    last_fraud = told
                told += 1
            for w in range(wide):
                column = PER_WINDOW * w
                while early[w] < at and time_us[rows[early[w]]] <= now - windows[w]:
                    early[w] += 1
                while told_early[w] < told and time_us[rows[told_early[w]]] <= (
                    now - delay - windows[w]
                ):
                    told_early[w] += 1
                count = at - early[w]
                total = sums[at - begin] - sums[early[w] - begin]
                line[column] = count
                if count:
                    line[column + 1] = total / count
                    if total > 0:  # payments of nothing have no usual amount
                        line[column + 5] = value * count / total
                known = told - told_early[w]
                bad = frauds[told - begin] - frauds[told_early[w] - begin]
                line[column + 2] = known
                line[column + 4] = bad
                if known:
                    line[column + 3] = bad / known
            column = PER_WINDOW * wide
            before = at - begin
            line[column + 5] = before
            if before:
                line[column] = (now - time_us[rows[at - 1]]) / _SECOND
            if before > 1:
                mean = sums[before] / before
                deviation = np.sqrt(max(squares[before] / before - mean * mean, 0.0))
                line[column + 1] = mean
                line[column + 2] = (value - mean) / (deviation + 1)
            if last_fraud >= 0:
                line[column + 3] = (now - time_us[rows[last_fraud]]) / _SECOND
            largest = 0.0
            for earlier in range(at - 1, max(begin, at - 40) - 1, -1):
                if time_us[rows[earlier]] <= now - 7 * _DAY:
                    break
                largest = max(largest, amount[rows[earlier]])
            line[column + 4] = largest
            sums[before + 1] = sums[before] + value
            squares[before + 1] = squares[before] + value * value
            frauds[before + 1] = frauds[before] + labels[here]
    return out


__all__ = ["ALWAYS", "PER_WINDOW", "run_risk"]
