"""Where trails of several cases meet: accounts that more than one case follows money to, and the groups that makes. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from recoup.cases.case import Case, Found, HoldPlace


@dataclass(frozen=True, slots=True)
class Meeting:
    """Cases whose trails reach one account; their holds on it are independent and never hold the same cent twice."""

    account: str
    currency: str
    cases: tuple[str, ...]


def reached_by(case: Case) -> frozenset[HoldPlace]:
    """Return where a case has money, located or last seen there."""
    return frozenset(
        place.hold for place in case.places if place.found in {Found.LOCATED, Found.UNKNOWN}
    )


def meetings_of(cases: Iterable[Case]) -> tuple[Meeting, ...]:
    """Return every account at which at least two cases have money, located or last seen there."""
    reached: dict[HoldPlace, dict[str, None]] = {}
    for case in cases:
        for hold in sorted(reached_by(case)):
            reached.setdefault(hold, {})[case.id] = None
    return tuple(
        Meeting(*hold, tuple(sorted(ids))) for hold, ids in sorted(reached.items()) if len(ids) > 1
    )


def groups_of(meetings: Iterable[Meeting]) -> tuple[tuple[str, ...], ...]:
    """Return cases that hang together over any number of meetings, each group in the order of ids."""
    root: dict[str, str] = {}

    def top(case: str) -> str:
        while root.setdefault(case, case) != case:
            case = root[case]
        return case

    for meeting in meetings:
        for other in meeting.cases[1:]:
            first, second = sorted((top(meeting.cases[0]), top(other)))
            root[second] = first
    groups: dict[str, list[str]] = {}
    for case in sorted(root):
        groups.setdefault(top(case), []).append(case)
    return tuple(tuple(group) for _, group in sorted(groups.items()))
