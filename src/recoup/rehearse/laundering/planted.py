"""A crew that follows a pattern seen elsewhere, payment by payment. What it does when something is in the way: see `crew`.

The pattern begins when the victim's money comes. A payment is made its time after the last credit before it of its account, so
that one which never comes takes those behind it along; it moves its share, by weight among the payments of the account still to
come, of what came there for this instalment. Patterns in which several accounts begin are fed by one more, which the victim
paid. What reaches an account from which nothing more goes on leaves as with other crews.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from recoup.rehearse.laundering.crew import SECOND, Crew
from recoup.rehearse.laundering.parcel import Move, Parcel
from recoup.rehearse.scenario import Pattern, PatternMove

_BEGIN = -1
"""Stands for the victim's payment among the places of moves."""

Leave = Callable[[Crew, Parcel, Random], list[Move]]


class Following:
    """One crew's plan: what the next payments of a pattern are. It counts what came, so each crew has its own."""

    def __init__(self, pattern: Pattern, leave: Leave) -> None:
        self._moves, self._leave = pattern.moves, leave
        self._behind = _behind(pattern.moves)
        begin = [pattern.moves[place] for place in self._behind.get(_BEGIN, ())]
        self._firsts = tuple(dict.fromkeys(move.payer for move in begin))
        self._place: dict[str, int] = {}
        """By a parcel's path, the move that it is; absent: a first account's feed."""
        self._fed: dict[str, int] = {}
        self._came: dict[tuple[str, int], int] = {}
        """By instalment and account, what came and was not meant for another payment yet."""

    def __call__(self, crew: Crew, parcel: Parcel, chance: Random) -> Sequence[Move]:
        """Return the payments that wait for this parcel."""
        if "." not in parcel.path:
            return self._begin(crew, parcel, chance)
        if parcel.path in self._fed:
            return self._first(crew, parcel, self._fed[parcel.path], 0)
        place = self._place[parcel.path]
        return self._next(crew, parcel, chance, place)

    def _begin(self, crew: Crew, parcel: Parcel, chance: Random) -> list[Move]:
        dwell_us = crew.dwell_us(chance)
        if len(self._firsts) == 1:
            return self._first(crew, parcel, self._firsts[0], dwell_us)
        out, left = [], parcel.amount
        weights = [
            sum(move.weight for move in self._remaining(_BEGIN, first)) for first in self._firsts
        ]
        for at, first in enumerate(self._firsts):
            part = left * weights[at] // sum(weights[at:])
            left -= part
            self._fed[f"{parcel.path}.{at}"] = first
            out.append(Move(dwell_us + at * SECOND, self._account(crew, parcel, first), part))
        return out

    def _first(self, crew: Crew, parcel: Parcel, first: int, wait_us: int) -> list[Move]:
        places = [at for at in self._behind[_BEGIN] if self._moves[at].payer == first]
        return self._paid(crew, parcel, places, -wait_us)

    def _next(self, crew: Crew, parcel: Parcel, chance: Random, place: int) -> list[Move]:
        arrived = self._moves[place]
        if not any(move.payer == arrived.payee for move in self._moves[place + 1 :]):
            return self._leave(crew, parcel, chance)
        return self._paid(crew, parcel, self._behind.get(place, ()), arrived.after_us)

    def _paid(self, crew: Crew, parcel: Parcel, places: Sequence[int], since_us: int) -> list[Move]:
        """Return payments out of the parcel's account, their times counted from `since_us` of the pattern."""
        instalment = parcel.path.partition(".")[0]
        key = (instalment, parcel.account)
        left, out = self._came.get(key, 0) + parcel.amount, []
        for at, place in enumerate(places):
            move = self._moves[place]
            weights = sum(one.weight for one in self._remaining(place - 1, move.payer))
            part = left * move.weight // weights
            left -= part
            self._place[f"{parcel.path}.{at}"] = place
            payee = self._account(crew, parcel, move.payee)
            out.append(Move(max(SECOND, move.after_us - since_us), payee, part))
        self._came[key] = left
        return out

    def _remaining(self, place: int, payer: int) -> list[PatternMove]:
        return [move for move in self._moves[place + 1 :] if move.payer == payer]

    def _account(self, crew: Crew, parcel: Parcel, number: int) -> int:
        """Return the crew's account for one of the pattern's; where one account begins, it is the one that the victim paid."""
        instalment = int(parcel.path.partition(".")[0])
        paid = crew.fraud.instalments[instalment].payee
        others = [one for one in crew.members("any") if one != paid]
        is_paid = len(self._firsts) == 1 and number == self._firsts[0]
        found = paid if is_paid else others[number % len(others)]
        return found if found != parcel.account else others[(number + 1) % len(others)]


def _behind(moves: Sequence[PatternMove]) -> dict[int, list[int]]:
    """Return by the place of a credit the payments that wait for it: those whose account's last credit before them it is."""
    found: dict[int, list[int]] = {}
    last: dict[int, int] = {}
    for place, move in enumerate(moves):
        found.setdefault(last.get(move.payer, _BEGIN), []).append(place)
        last[move.payee] = place
    return found


__all__ = ["Following"]
