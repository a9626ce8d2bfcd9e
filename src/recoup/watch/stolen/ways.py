"""By which pockets a case's money went, as the retained rows say: what a centre is told when a claim becomes known late.

Followed by place on the axis, as one claim alone is; behind a hold or a reversal nothing is followed, since from then on each
movement is told as it happens.
"""

from __future__ import annotations

from collections import deque

from recoup import limits
from recoup.watch.stolen.flow import StolenFlow
from recoup.watch.stolen.sums import KNOWN


def way_of(flow: StolenFlow, case: str) -> dict[int, tuple[int, int]]:
    """Return when a case's money first came to each pocket whose debits are seen, and how much came in all.

    At most SIGHTING_POCKETS_MAX of them: the nearest to the victims first.
    """
    facts, index = flow.pictures.facts, flow.index
    found: dict[int, tuple[int, int]] = {}
    for (of_case, _), number in facts.numbers.items():
        row = index.row(facts.labels[number].root) if of_case == case else None
        if row is None:
            continue
        todo = deque([(row.payee, row.into, row.into + row.amount, row.number, row.time_us)])
        while todo and len(found) < limits.SIGHTING_POCKETS_MAX:
            pocket, low, high, since, time_us = todo.popleft()
            if facts.standing[pocket] != KNOWN:
                continue
            first, amount = found.get(pocket, (time_us, 0))
            found[pocket] = min(first, time_us), amount + high - low
            if pocket in facts.bent or pocket in facts.entries:
                continue
            for debit in index.rows_after(pocket, low, since):
                if debit.out >= high:
                    break
                part = max(low, debit.out), min(high, debit.out + debit.amount)
                shift = debit.into - debit.out
                place = (debit.payee, part[0] + shift, part[1] + shift)
                todo.append((*place, debit.number, debit.time_us))
    return found
