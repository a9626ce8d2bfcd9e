"""Tracing back: of the money in an account now, or that a transfer carried, through which transfers it came and from where.

fifo and lifo ask every unit, which remembers its origin and its route; rolling and poison go through the moves in reverse.
Sources are (kind, key): deposit, unknown, terminal and conversion with the transfer that came in; opening, assumed and earlier
with the account. QUESTIONS settled here: a conversion's credit is a source (amounts of two currencies are never added up);
openings stay `opening` under --since for fifo and lifo, under rolling and poison what was there at that time is `earlier`
altogether; lowest-balance and pari-passu are not traced back.
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
    depths: dict[Source, int] = field(default_factory=dict)
    """Of every source the fewest transfers on the way, its own counted; an assumed credit counts as one."""
    hops: dict[str, int] = field(default_factory=dict)
    """Of every transfer the fewest from the target."""

    def came(self, source: Source, amount: int, depth: int) -> None:
        """Add to a source."""
        self.sources[source] += amount
        self.depths[source] = min(depth, self.depths.get(source, depth))

    def crossed(self, transfer: str, amount: int, hops: int) -> None:
        """Add to a transfer on the way."""
        self.flows[transfer] += amount
        self.hops[transfer] = min(hops, self.hops.get(transfer, hops))


class TwinBack:
    """Traces back from an account (its pockets at as-of) or a transfer; what all questions share is done once."""

    def __init__(self, dossier: Dossier, options: Options) -> None:
        self.facts = facts_of(dossier, tables.CLAIMS.to_frame(), options, waits=True)
        self.walks: dict[str, Walk] = {}

    def ask(self, target: str, rule: str) -> Back:
        """Return what one rule finds."""
        if rule == "rolling":
            result = RollingBack(self.facts).run(target)
        elif rule == "poison":
            result = _ReachBack(self.facts).run(target)
        else:
            if rule not in self.walks:
                self.walks[rule] = Walk(self.facts, LotStore(rule), rule).run()
            result = _units_back(self.facts, self.walks[rule], target)
        if rule != "poison":
            assert sum(result.sources.values()) == result.asked, result
        return result


def twin_back(dossier: Dossier, target: str, rule: str, options: Options) -> Back:
    """Trace back once."""
    return TwinBack(dossier, options).ask(target, rule)


def _units_back(facts: Facts, walk: Walk, target: str) -> Back:
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
    lying = [(p.currency, content.portion) for p in pockets for content in walk.store.contents(p)]
    for name, parcel in walk.waiting.items():  # counts where the exit's own row left it (choice 19)
        row = facts.rows[name]
        if name not in facts.pairs and row.payee == target:
            lying += [(row.currency, portion) for portion in parcel.portions]
    return lying


def _follow(facts: Facts, portion: Portion, currency: str, result: Back) -> None:
    """Go back along the route of one unit until it came from outside, or before --since."""
    since = facts.options.since
    credits = set(facts.pairs.values())
    for hops, name in enumerate(reversed(portion.route), start=1):
        row = facts.rows[name]
        if since is not None and row.time < since:
            result.came(("earlier", row.payee or row.payer, currency), 1, hops - 1)
            return
        result.crossed(name, 1, hops)
        if name in credits:
            result.came(("conversion", name, currency), 1, hops)
            return
    kind, key = portion.origin
    result.came((kind, key, currency), 1, len(portion.route) + (kind == "assumed"))


@dataclass
class _Want:
    """How much of what lies somewhere is asked for, and how many transfers lie between it and the target."""

    amount: int = 0
    hops: int = 0

    def add(self, amount: int, hops: int) -> None:
        """Ask for more; what is asked of one place has one number of hops, the fewest since nothing was asked."""
        if amount:
            self.hops = min(self.hops, hops) if self.amount else hops
            self.amount += amount

    def give(self, part: int) -> tuple[int, int]:
        """Take a part away."""
        self.amount -= part
        return part, self.hops


class _Reverse:
    """What rolling and poison share: the moves in reverse, and where each asks for what it brought."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.assumed = balances_of(facts).assumed
        self.want: dict[Pocket, _Want] = defaultdict(_Want)
        self.under_way: dict[str, _Want] = defaultdict(_Want)
        """Wanted of what crosses a link or comes back with a reversal, by the id of the row it left with."""
        self.entered: dict[str, int] = {}
        """Number of the link's entry, by the id of the exit."""
        self.number = 0
        """Of the move that is gone back over."""
        self.result = Back()

    def run(self, target: str) -> Back:
        """Go back from an account or a transfer."""
        moves = self.facts.moves()
        if target in self.facts.rows:
            index = next((i for i, move in enumerate(moves) if move.row.id == target), -1)
            moves = moves[: index + 1]
            self._prepare(moves)
            if moves:
                self._ask_transfer(moves[-1])
        else:
            self._prepare(moves)
            self._ask_account(target)
            self._ask_waiting(target, moves)
        self.entered = {move.fed_by: n for n, move in enumerate(moves) if move.fed_by}
        since = self.facts.options.since
        for number in reversed(range(len(moves))):
            row = moves[number].row
            if since is not None and row.time < since:
                break
            self.number = number
            self._undo(moves[number], number)
            self._undo_assumed(moves[number], number)
        self._stop(has_older=since is not None and any(move.row.time < since for move in moves))
        return self.result

    def _prepare(self, moves: list[Move]) -> None:
        """Look at the moves before going back."""

    def _ask_waiting(self, account: str, moves: list[Move]) -> None:
        """What waits for a link's entry counts where the exit's own row left it (choice 19)."""
        entered = {move.fed_by for move in moves}
        for move in moves:
            row = move.row
            if move.is_crossing and row.payee == account and row.id not in entered:
                back = sum(other.row.amount for other in moves if other.undoes == row.id)
                self._ask_rest(row.id, row.amount - back)

    def _ask_rest(self, exit_id: str, amount: int) -> None:
        raise NotImplementedError

    def _ask_transfer(self, move: Move) -> None:
        raise NotImplementedError

    def _ask_account(self, account: str) -> None:
        raise NotImplementedError

    def _undo(self, move: Move, number: int) -> None:
        raise NotImplementedError

    def _undo_assumed(self, move: Move, number: int) -> None:
        raise NotImplementedError

    def _bring(self, move: Move, part: int, hops: int) -> None:
        """Ask the payer for `part`."""
        row = move.row
        if not part:
            return
        self.result.crossed(row.id, part, hops)
        if move.converted_from is not None:
            self.result.came(("conversion", row.id, row.currency), part, hops)
        elif move.fed_by is not None:
            self.under_way[move.fed_by].add(part, hops)
        elif self.entered.get(row.reverses, self.number) < self.number:
            # The link's entry took it on before: what comes back now is clean (choice 19).
            kind = self.facts.standing[row.payer] if row.payer else "deposit"
            self.result.came((kind, row.id, row.currency), part, hops)
        elif move.undoes is not None or move.returns is not None:
            self.under_way[row.reverses].add(part, hops)
        elif move.source is None:
            kind = self.facts.standing[row.payer] if row.payer else "deposit"
            self.result.came((kind, row.id, row.currency), part, hops)
        else:
            self.want[move.source].add(part, hops)

    def _stop(self, *, has_older: bool) -> None:
        """What is still asked for lay there at --since, or is the opening."""
        kind = "earlier" if has_older else "opening"
        for pocket, want in self.want.items():
            if want.amount:
                self.result.came((kind, *pocket), want.amount, want.hops)
        for name, want in self.under_way.items():
            if want.amount:
                row = self.facts.rows[name]
                place = row.payee or row.payer
                self.result.came(("earlier", place, row.currency), want.amount, want.hops)


@dataclass
class _Debit:
    """What one move took: out of which pools, and what of it no pool gave (an unknown account's reversal, choice 13)."""

    parts: dict[str, int]
    """Pool to amount: the id of a transfer that is reversed later, or '' for the common pool."""
    clean: int
    merged: int = 0
    """What was left of the original's pool at its last reversal and fell to the common pool."""


class RollingBack(_Reverse):
    """floor(want * credit / common pool) of what is wanted of a common pool came by a credit, the rest was there.

    What a transfer that is reversed later brought is a pool of its own until its last reversal.
    """

    def __init__(self, facts: Facts) -> None:
        super().__init__(facts)
        self.pools: dict[Pocket, dict[str, int]] = {}
        self.debits: list[_Debit | None] = []
        self.common: list[dict[Pocket, int]] = []
        """What lies in every common pool after each move, without what fell to it at this very move."""
        self.last: dict[str, int] = {}

    def has_short_reversal(self) -> bool:
        """Say whether any reversal up to as-of finds too little of what its original brought."""
        moves = self.facts.moves()
        self._prepare(moves)
        return any(
            debit is not None
            and move.row.reverses in self.last
            and debit.parts.get(move.row.reverses, 0) < move.row.amount
            for move, debit in zip(moves, self.debits, strict=True)
        )

    def _prepare(self, moves: list[Move]) -> None:
        """Go forward once."""
        self.pools = {p: {"": opening.amount} for p, opening in self.facts.openings.items()}
        placed = {move.row.id: move.target for move in moves if not move.is_crossing}
        for number, move in enumerate(moves):
            pocket = placed.get(move.row.reverses)
            if pocket is not None and pocket in (move.source, move.returns):
                self.last[move.row.reverses] = number
        for number, move in enumerate(moves):
            pocket = move.source or move.returns
            debit = None if pocket is None else self._debit(move, pocket, number)
            self.debits.append(debit)
            if move.target is not None and not move.is_crossing:
                pool = move.row.id if move.row.id in self.last else ""
                pools = self.pools[move.target]
                pools[pool] = pools.get(pool, 0) + move.row.amount
            self.common.append({p: pools[""] for p, pools in self.pools.items()})

    def _debit(self, move: Move, pocket: Pocket, number: int) -> _Debit:
        row, pools = move.row, self.pools[pocket]
        pools[""] += self.assumed.get(row.id, 0) if move.source is not None else 0
        very = min(row.amount, pools[row.reverses]) if pools.get(row.reverses) else 0
        very = very if row.reverses else 0
        parts = {row.reverses: very} if very else {}
        if very:
            pools[row.reverses] -= very
        rest = row.amount - very
        if move.source is not None:
            whole, upto, seen = sum(pools.values()), 0, 0
            for pool in [name for name in pools if name] + [""]:
                seen += pools[pool]
                amount = (seen * rest // whole if whole else 0) - upto
                upto += amount
                parts[pool] = parts.get(pool, 0) + amount
                pools[pool] -= amount
        debit = _Debit(parts, rest if move.source is None else 0)
        if row.reverses and self.last.get(row.reverses) == number and row.reverses in pools:
            debit.merged = pools.pop(row.reverses)
            pools[""] += debit.merged
        return debit

    def _ask_rest(self, exit_id: str, amount: int) -> None:
        self.under_way[exit_id].add(amount, 0)
        self.result.asked += amount

    def _ask_transfer(self, move: Move) -> None:
        self.result.asked = move.row.amount
        self.under_way[move.row.id].add(move.row.amount, 0)

    def _ask_account(self, account: str) -> None:
        for pocket, pools in self.pools.items():
            if pocket.account == account:
                self.want[pocket].add(sum(pools.values()), 0)
                self.result.asked += sum(pools.values())

    def _undo(self, move: Move, number: int) -> None:
        waiting = self.under_way.pop(move.row.id, _Want())
        found = _Want()
        if not move.is_crossing and move.target is not None and move.row.id not in self.last:
            want, common = self.want[move.target], self.common[number][move.target]
            found.add(*want.give(want.amount * move.row.amount // common if common else 0))
        found.add(waiting.amount, waiting.hops)
        self._bring_of(move, found.amount, found.hops + 1, number)

    def _bring_of(self, move: Move, part: int, hops: int, number: int) -> None:
        """Ask the pools of the payer that the move took of."""
        pocket, debit = move.source or move.returns, self.debits[number]
        if pocket is None or debit is None:
            self._bring(move, part, hops)
            return
        if debit.merged:
            want, common = self.want[pocket], self.common[number][pocket]
            self.under_way[move.row.reverses].add(*want.give(want.amount * debit.merged // common))
        if part:
            self.result.crossed(move.row.id, part, hops)
        seen = upto = 0
        for pool, amount in debit.parts.items():
            seen += amount
            share = part * seen // move.row.amount - upto
            upto += share
            if pool:
                self.under_way[pool].add(share, hops)
            elif not debit.clean:
                self.want[pocket].add(share + part - part * seen // move.row.amount, hops)
        if debit.clean and part - upto:
            source = (self.facts.standing[move.row.payer], move.row.id, move.row.currency)
            self.result.came(source, part - upto, hops)

    def _undo_assumed(self, move: Move, number: int) -> None:
        assumed, source = self.assumed.get(move.row.id, 0), move.source
        if assumed and source is not None:
            want = self.want[source]
            debit = self.debits[number]
            assert debit is not None
            common = self.common[number][source] - debit.merged + debit.parts[""]
            part, hops = want.give(want.amount * assumed // common)
            if part:
                self.result.came(("assumed", *source), part, hops + 1)


class _ReachBack(_Reverse):
    """poison: all that came to a place before money left it for the target; amounts mean nothing."""

    def _ask_rest(self, exit_id: str, amount: int) -> None:
        self.under_way[exit_id].add(min(amount, 1), 0)

    def _ask_transfer(self, move: Move) -> None:
        self.under_way[move.row.id].add(1, 0)

    def _ask_account(self, account: str) -> None:
        for pocket in self.facts.openings:
            if pocket.account == account:
                self.want[pocket].add(1, 0)

    def _undo(self, move: Move, number: int) -> None:
        del number
        found = self.under_way.pop(move.row.id, _Want())
        if not move.is_crossing and move.target is not None:
            want = self.want[move.target]
            found.add(want.amount, want.hops)
        self._bring(move, min(found.amount, 1), found.hops + 1)

    def _undo_assumed(self, move: Move, number: int) -> None:
        del number
        if move.row.id in self.assumed and move.source is not None:
            want = self.want[move.source]
            if want.amount:
                self.result.came(("assumed", *move.source), 1, want.hops + 1)

    def _stop(self, *, has_older: bool) -> None:
        since = self.facts.options.since
        filled = {
            move.target
            for move in self.facts.moves()
            if since is not None and move.row.time < since and not move.is_crossing
        }
        for pocket in list(self.want):  # where nothing was, nothing came from
            if not self.facts.openings[pocket].amount and pocket not in filled:
                del self.want[pocket]
        super()._stop(has_older=has_older)
        for table in (self.result.sources, self.result.flows):
            table.update(dict.fromkeys(table, 0))
