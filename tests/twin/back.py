"""Tracing back: of the money in an account now, or that a transfer carried, through which transfers it came and from where.

fifo and lifo ask every unit, which remembers its origin and its route; rolling goes through the moves in reverse. Sources are
(kind, key): deposit, unknown, terminal and conversion with the transfer that came in; opening, assumed and earlier with the
account. QUESTIONS settled here: a conversion's credit is a source (amounts of two currencies are never added up); openings
stay `opening` under --since for fifo and lifo, under rolling what was there at that time is `earlier` altogether; rolling
counts held money as lying there; lowest-balance and pari-passu are not traced back.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from recoup.records import tables
from recoup.records.dossier import Dossier
from recoup.trace.trail import Options
from twin.balances import balances_of
from twin.facts import Facts, Move, Pocket, facts_of
from twin.lots import LotStore
from twin.walk import Portion, Walk

Source = tuple[str, str, str]
"""Kind, key, currency."""


@dataclass
class Back:
    """The result of tracing back; sources sum to the money asked about."""

    asked: int = 0
    sources: dict[Source, int] = field(default_factory=lambda: defaultdict(int))
    flows: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def twin_back(dossier: Dossier, target: str, rule: str, options: Options) -> Back:
    """Trace back from an account (its pockets at as-of) or a transfer, under fifo, lifo or rolling."""
    facts = facts_of(dossier, tables.CLAIMS.to_frame(), options)
    result = _rolling_back(facts, target) if rule == "rolling" else _units_back(facts, target, rule)
    assert sum(result.sources.values()) == result.asked, result
    return result


def _units_back(facts: Facts, target: str, rule: str) -> Back:
    walk = Walk(facts, LotStore(rule), rule).run()
    result = Back()
    for currency, portion in _asked(facts, walk, target):
        result.asked += 1
        _follow(facts, portion, currency, result)
    return result


def _asked(facts: Facts, walk: Walk, target: str) -> list[tuple[str, Portion]]:
    if target in facts.rows:
        return [
            (facts.rows[target].currency, portion) for portion in walk.last_seen.get(target, [])
        ]
    pockets = [pocket for pocket in walk.balance if pocket.account == target]
    return [(p.currency, content.portion) for p in pockets for content in walk.store.contents(p)]


def _follow(facts: Facts, portion: Portion, currency: str, result: Back) -> None:
    """Go back along the route of one unit until it came from outside, or before --since."""
    since = facts.options.since
    credits = set(facts.pairs.values())
    for name in reversed(portion.route):
        row = facts.rows[name]
        if since is not None and row.time < since:
            result.sources["earlier", row.payee or row.payer, currency] += 1
            return
        result.flows[name] += 1
        if name in credits:
            result.sources["conversion", name, currency] += 1
            return
    result.sources[(*portion.origin, currency)] += 1


def _rolling_back(facts: Facts, target: str) -> Back:
    return _RollingBack(facts).run(target)


class _RollingBack:
    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.money = balances_of(facts)
        self.want: dict[Pocket, int] = defaultdict(int)
        self.under_way: dict[str, int] = defaultdict(int)
        """Wanted of what crosses a link or comes back with a reversal, by the id of the row it left with."""
        self.result = Back()

    def run(self, target: str) -> Back:
        moves = self.facts.moves()
        if target in self.facts.rows:
            moves = self._from_transfer(moves, target)
        else:
            self._from_account(target)
        since = self.facts.options.since
        for number in reversed(range(len(moves))):
            if since is not None and moves[number].row.time < since:
                break
            self._undo(moves[number], number)
        has_stopped = since is not None and any(move.row.time < since for move in moves)
        for pocket, amount in self.want.items():
            if amount:
                self.result.sources["earlier" if has_stopped else "opening", *pocket] += amount
        for name, amount in self.under_way.items():
            if amount:
                row = self.facts.rows[name]
                self.result.sources["earlier", row.payer, row.currency] += amount
        return self.result

    def _from_account(self, account: str) -> None:
        ends = (
            self.money.after[-1]
            if self.money.after
            else {p: o.amount for p, o in self.facts.openings.items()}
        )
        for pocket, balance in ends.items():
            if pocket.account == account:
                self.want[pocket] = balance
                self.result.asked += balance

    def _from_transfer(self, moves: list[Move], target: str) -> list[Move]:
        index = next((i for i, move in enumerate(moves) if move.row.id == target), None)
        if index is None:
            return []
        amount = moves[index].row.amount
        self.result.asked = amount
        self._bring(moves[index], index, amount)
        return moves[:index]

    def _undo(self, move: Move, number: int) -> None:
        """Take back one move: floor(want * credit / balance) of what is wanted came by this credit, the rest was there."""
        if move.is_crossing or move.target is None:
            self._bring(move, number, self.under_way.pop(move.row.id, 0))
        else:
            balance = self.money.after[number][move.target]
            part = self.want[move.target] * move.row.amount // balance if balance else 0
            self.want[move.target] -= part
            self._bring(move, number, part + self.under_way.pop(move.row.id, 0))

    def _bring(self, move: Move, number: int, part: int) -> None:
        """Ask the payer for `part`, and undo the credit that was assumed right before."""
        row = move.row
        if part:
            self.result.flows[row.id] += part
        if move.converted_from is not None:
            self._source("conversion", row.id, row.currency, part)
        elif move.fed_by is not None:
            self.under_way[move.fed_by] += part
        elif move.undoes is not None or move.returns is not None:
            self.under_way[move.row.reverses] += part
        elif move.source is None:
            kind = self.facts.standing[row.payer] if row.payer else "deposit"
            self._source(kind, row.id, row.currency, part)
        else:
            self.want[move.source] += part
            self._undo_assumed(move, move.source, number)

    def _undo_assumed(self, move: Move, source: Pocket, number: int) -> None:
        assumed = self.money.assumed.get(move.row.id, 0)
        if assumed:
            balance = self.money.after[number][source] + move.row.amount
            part = self.want[source] * assumed // balance
            self.want[source] -= part
            self._source("assumed", source.account, source.currency, part)

    def _source(self, kind: str, key: str, currency: str, amount: int) -> None:
        if amount:
            self.result.sources[kind, key, currency] += amount
