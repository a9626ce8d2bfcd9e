"""The same tracing as anyone would write it in plain Python: dictionaries, and deques of lots. Slow on purpose."""

from __future__ import annotations

from collections import defaultdict, deque
from time import perf_counter

from recoup.bench.inputs import Input

_SECONDS_MAX = 30.0
_LOOK_EVERY = 1 << 14


def _rows(sample: Input) -> list[tuple[int, int, int, int]]:
    """Return (payer, payee, amount, claim or -1) as Python numbers."""
    events = sample.events
    claim = dict(zip(events.root.tolist(), range(len(events.root)), strict=True))
    columns = zip(
        events.source.tolist(), events.payee.tolist(), events.amount.tolist(), strict=True
    )
    return [(p, q, a, claim.get(i, -1)) for i, (p, q, a) in enumerate(columns)]


def _openings(sample: Input) -> dict[int, int]:
    return dict(enumerate(sample.openings.amount.tolist()))


def deque_fifo(sample: Input) -> tuple[float, dict[tuple[int, int], int]]:
    """Return (transfers per second, what lies where by (claim, pocket)) of a queue of lots per account."""
    rows = _rows(sample)
    queues = {pocket: deque([[-1, amount]]) for pocket, amount in _openings(sample).items()}
    begin = perf_counter()
    done = 0
    for done, (payer, payee, amount, claim) in enumerate(rows, start=1):
        source, target = queues[payer], queues[payee]
        left = amount
        while left:
            lot = source[0]
            part = min(left, lot[1])
            left -= part
            if part == lot[1]:
                source.popleft()
            else:
                lot[1] -= part
            owner = lot[0] if claim < 0 else claim
            if target and target[-1][0] == owner:
                target[-1][1] += part
            else:
                target.append([owner, part])
        if done % _LOOK_EVERY == 0 and perf_counter() - begin > _SECONDS_MAX:
            break
    rate = done / (perf_counter() - begin)
    lying: dict[tuple[int, int], int] = defaultdict(int)
    for pocket, queue in queues.items():
        for owner, part in queue:
            if owner >= 0:
                lying[owner, pocket] += part
    return rate, dict(lying)


def dict_rolling(sample: Input) -> tuple[float, dict[int, int]]:
    """Return (transfers per second, claims' money by pocket) of one colour, each debit borne rateably."""
    rows = _rows(sample)
    balances = _openings(sample)
    taint = dict.fromkeys(balances, 0)
    begin = perf_counter()
    done = 0
    for done, (payer, payee, amount, claim) in enumerate(rows, start=1):
        have = taint[payer]
        moved = have * amount // balances[payer] if have else 0
        balances[payer] -= amount
        balances[payee] += amount
        taint[payer] = have - moved
        taint[payee] += moved if claim < 0 else amount
        if done % _LOOK_EVERY == 0 and perf_counter() - begin > _SECONDS_MAX:
            break
    rate = done / (perf_counter() - begin)
    return rate, {pocket: amount for pocket, amount in taint.items() if amount}
