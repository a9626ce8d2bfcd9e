"""How long the writer looks before it refuses a bank's person: another bank's account, and one that does not exist, in turn.

What it stands for: a person of a bank who guesses ids, and measures how long each refusal takes. A refusal asks the databases
for the same whatever there is (the tests hold it to that); what is left is the look in memory that is timed here, beside which
a request over HTTP takes a thousand times as long.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from time import perf_counter_ns
from typing import Final

import numpy as np

from recoup.bench.rows import Row, resident_mb
from recoup.cases import CasePolicy
from recoup.centre import Actor, CentreState, Request, evolve
from recoup.centre.account_room import ReadPersonal
from recoup.centre.commands import Declined
from recoup.centre.rights import admit
from recoup.ids import SubjectId
from recoup.staff import Grant, Role, StaffReason
from recoup.staff.events import PersonAdded, RoleGranted, SessionOpened

_PERSON: Final = "a bank's person"
_SESSION: Final = "a bank's session"


def refusal_rows(
    state: CentreState, there: Sequence[tuple[str, str]], looks: int, policy: CasePolicy
) -> list[Row]:
    """Return the rows of refusals, in microseconds.

    Args:
        state: a centre without staff; a bank's person is added to it.
        there: cases, each with an account of it at another bank.
        looks: how many refusals of each kind.
        policy: what the centre goes by.
    """
    now = datetime.now(UTC)
    for event in (
        PersonAdded(_PERSON, "root"),
        RoleGranted(_PERSON, Grant(Role.BANK_OPERATOR, "", "a bank with nothing"), "root"),
        SessionOpened(_PERSON, _SESSION, 1, now + timedelta(hours=8), now),
    ):
        state = evolve(state, SubjectId(_PERSON), event)
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(looks):
        case, account = there[number % len(there)]
        for took, place in zip(
            times, ((case, account), (f"no {case}", f"no {account}")), strict=True
        ):
            took.append(_microseconds(state, *place, now, policy))
    return [
        _row(name, took)
        for name, took in zip(("refusal_anothers", "refusal_nothing"), times, strict=True)
    ]


def _microseconds(
    state: CentreState, case: str, account: str, now: datetime, policy: CasePolicy
) -> float:
    asking = Request(
        Actor(_PERSON, "", "a reason"),
        ReadPersonal(account, "account_number"),
        case=case,
        session=_SESSION,
    )
    begin = perf_counter_ns()
    found = admit(state, asking, now, policy)
    took = perf_counter_ns() - begin
    assert isinstance(found, Declined), "it is not this bank's"
    assert found.reason == StaffReason.NOT_PERMITTED
    return took / 1e3


def _row(name: str, times: list[float]) -> Row:
    p50, p99 = (float(x) for x in np.percentile(times, [50, 99]))
    return Row(name, p50, "us", p50, p99, rss_mb=resident_mb())


__all__ = ["refusal_rows"]
