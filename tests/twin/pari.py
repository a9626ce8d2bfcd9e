"""pari-passu in fractions: one linear system over all pockets, solved exactly, then rounded as choice 11 says.

Every pocket's debits up to as-of carry all its credits up to as-of in proportion, so what a transfer carries of a colour is
a linear form in the unknowns "all of colour k that ever came into pocket p".

QUESTIONS settled here: a claim's own money that comes back to its victim and leaves again with the disputed transfer exits
as `to_victim` too; what a reversal brings back of an exit, or out of an unknown account, is the original's money in
proportion; `since` and `depth` ignore order as the rule does.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from twin.balances import balances_of
from twin.facts import Facts, HoldStart, Move, Pocket, Refused
from twin.outcome import Fields, Flow, Frontier, Outcome, Parts, Position
from twin.walk import summarised

Colour = tuple[str, int]
Unknown = tuple[Colour, Pocket]
Form = dict[Unknown | None, Fraction]
"""A linear form; the key None is the constant."""
Parcel = dict[Colour, Form]
Place = tuple[int, tuple[object, ...]]
"""Order of kinds (0 located, 1 unknown, 2 exit) and the place itself."""


def _add(form: Form, other: Form, factor: Fraction | int = 1) -> None:
    for key, value in other.items():
        form[key] = form.get(key, Fraction(0)) + value * factor


@dataclass
class _System:
    """Linear forms of everything, built from the moves once the colours of every pocket are known."""

    facts: Facts
    credited: dict[Pocket, int]
    colours: dict[Pocket, set[Colour]]
    inflow: dict[Unknown, Form] = field(default_factory=lambda: defaultdict(dict))
    exits: dict[tuple[str, int, str, str, str, str], Form] = field(
        default_factory=lambda: defaultdict(dict)
    )
    """By (claim, mark, transfer, account, currency, kind)."""
    flows: dict[tuple[str, str], dict[int, Form]] = field(default_factory=lambda: defaultdict(dict))
    losses: dict[tuple[str, str], Form] = field(default_factory=lambda: defaultdict(dict))
    waiting: dict[str, Parcel] = field(default_factory=dict)
    moved: dict[str, tuple[Move, Parcel]] = field(default_factory=dict)
    """What every row put where it went, for reversals."""

    def build(self) -> _System:
        for move in self.facts.moves():
            self._move(move)
        return self

    def _move(self, move: Move) -> None:
        parcel = dict(self._taken(move))
        self._dispute(move, parcel)
        for (claim, mark), form in parcel.items():
            _add(self.flows[claim, move.row.id].setdefault(mark, {}), form)
        if move.own_claim is not None:
            account = move.row.payer  # as of every exit: the account the money left from
            for colour in [colour for colour in parcel if colour[0] == move.own_claim]:
                self._exit(move, colour, parcel.pop(colour), "reversed", account)
        self._deliver(move, parcel)

    def _taken(self, move: Move) -> Parcel:
        if move.fed_by is not None:
            parcel = self.waiting.pop(move.fed_by)
            if move.converted_from is None:
                self.moved.pop(move.fed_by)
                return parcel
            ratio = Fraction(move.row.amount, move.converted_from)
            new = {
                colour: {key: value * ratio for key, value in form.items()}
                for colour, form in parcel.items()
            }
            for (claim, _), form in new.items():
                _add(self.losses[claim, move.row.currency], form)
            return new
        if move.undoes is not None or move.returns is not None:
            return self._undone(move)
        if move.source is None:
            return {}
        share = Fraction(move.row.amount, self.credited[move.source])
        return {
            colour: {(colour, move.source): share} for colour in sorted(self.colours[move.source])
        }

    def _undone(self, move: Move) -> Parcel:
        """Take back of what the original put its part, out of the exit, from under way or out of the unknown account."""
        original, parcel = self.moved.get(move.row.reverses, (move, {}))
        ratio = Fraction(move.row.amount, original.row.amount)
        back: Parcel = {}
        for colour, form in parcel.items():
            back[colour] = {key: value * ratio for key, value in form.items()}
            if original.row.id in self.waiting:
                waiting = self.waiting[original.row.id]
                waiting[colour] = dict(waiting[colour])
                _add(waiting[colour], back[colour], -1)
            elif original.target is not None:
                _add(self.inflow[colour, original.target], back[colour], -1)
            else:
                self._exit(
                    original,
                    colour,
                    {key: -value for key, value in back[colour].items()},
                    original.exit_kind,
                    original.exit_account,
                )
        return back

    def _dispute(self, move: Move, parcel: Parcel) -> None:
        claim = move.claim
        if claim is None:
            return
        own: Form = {None: Fraction(move.row.amount)}
        for colour in list(parcel):
            self._exit(move, colour, parcel.pop(colour), "to_victim", move.row.payer)
        _add(parcel.setdefault((claim.id, 0), {}), own)
        _add(self.losses[claim.id, move.row.currency], own)

    def _deliver(self, move: Move, parcel: Parcel) -> None:
        self.moved[move.row.id] = (move, dict(parcel))
        if move.is_crossing or move.is_converting:
            self.waiting[move.row.id] = dict(parcel)
        if move.is_crossing:
            return
        for colour, form in parcel.items():
            if move.target is None:
                self._exit(move, colour, form, move.exit_kind, move.exit_account)
            else:
                _add(self.inflow[colour, move.target], form)

    def _exit(self, move: Move, colour: Colour, form: Form, kind: str, account: str) -> None:
        key = (*colour, move.row.id, account, move.row.currency, kind)
        _add(self.exits[key], form)


def _built(facts: Facts, credited: dict[Pocket, int]) -> _System:
    """Build with more and more colours until no pocket receives a new one."""
    colours: dict[Pocket, set[Colour]] = defaultdict(set)
    while True:
        system = _System(facts, credited, colours).build()
        grown: dict[Pocket, set[Colour]] = defaultdict(set)
        for colour, pocket in system.inflow:
            grown[pocket].add(colour)
        if grown == {pocket: found for pocket, found in colours.items() if found}:
            return system
        colours = grown


def solve(equations: dict[Unknown, Form]) -> dict[Unknown, Fraction]:
    """Solve x = form(x) for all unknowns by plain Gauss elimination in fractions."""
    rows: list[tuple[dict[Unknown, Fraction], Fraction]] = []
    for unknown, form in equations.items():
        left: dict[Unknown, Fraction] = {unknown: Fraction(1)}
        for key, value in form.items():
            if key is not None:
                left[key] = left.get(key, Fraction(0)) - value
        rows.append((left, form.get(None, Fraction(0))))
    done: list[tuple[Unknown, dict[Unknown, Fraction], Fraction]] = []
    while rows:
        left, right = rows.pop()
        left = {key: value for key, value in left.items() if value}
        assert left, "the system is regular: a closed circle of money without any origin cannot be"
        pivot = min(left, key=repr)
        scale = left[pivot]
        left = {key: value / scale for key, value in left.items()}
        right /= scale
        rows = [_eliminated(other, pivot, left, right) for other in rows]
        done.append((pivot, left, right))
    values: dict[Unknown, Fraction] = {}
    for pivot, left, right in reversed(done):
        values[pivot] = right - sum(
            (value * values[key] for key, value in left.items() if key != pivot), Fraction(0)
        )
    return values


def _eliminated(
    row: tuple[dict[Unknown, Fraction], Fraction],
    pivot: Unknown,
    left: dict[Unknown, Fraction],
    right: Fraction,
) -> tuple[dict[Unknown, Fraction], Fraction]:
    factor = row[0].get(pivot, Fraction(0))
    if not factor:
        return row
    merged = dict(row[0])
    for key, value in left.items():
        merged[key] = merged.get(key, Fraction(0)) - factor * value
    return {key: value for key, value in merged.items() if value}, row[1] - factor * right


def trace_pari(facts: Facts) -> Outcome:
    """Return the outcome of pari-passu; refuses holds, horizon, dust and claims that are not admitted (choices 11 and 15)."""
    if any(isinstance(event, HoldStart) for event in facts.events):
        raise Refused("pari-passu takes no holds")
    if facts.options.horizon is not None or facts.options.dust:
        raise Refused("pari-passu takes neither horizon nor dust")
    if not all(claim.is_admitted for claim in facts.claims.values()):
        raise Refused("pari-passu takes no claims that are not admitted")
    return _Pari(facts).outcome()


class _Pari:
    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.assumed, self.balance, self.credited = _money(facts)
        self.system = _built(facts, self.credited)
        self.values = solve(self.system.inflow)
        self.since, self.depth = _first(facts, self._carries())
        self.exact: dict[tuple[str, str], dict[Place, dict[int, Fraction]]] = self._places()

    def _value(self, form: Form) -> Fraction:
        return sum(
            (v * (self.values[k] if k is not None else 1) for k, v in form.items()), Fraction(0)
        )

    def _carries(self) -> set[tuple[str, str]]:
        return {
            key
            for key, forms in self.system.flows.items()
            if sum((self._value(f) for f in forms.values()), Fraction(0))
        }

    def _places(self) -> dict[tuple[str, str], dict[Place, dict[int, Fraction]]]:
        """Return by (claim, currency) and place the exact amounts by mark."""
        found: dict[tuple[str, str], dict[Place, dict[int, Fraction]]] = defaultdict(
            lambda: defaultdict(dict)
        )
        for (claim, mark), pocket in self.system.inflow:
            unknown = ((claim, mark), pocket)
            if not self.credited[pocket]:
                continue  # all that came in went back
            exact = self.values[unknown] * Fraction(self.balance[pocket], self.credited[pocket])
            kind = 0 if self.facts.standing[pocket.account] == "known" else 1
            place = found[claim, pocket.currency][kind, tuple(pocket)]
            place[mark] = place.get(mark, Fraction(0)) + exact
        order = {move.row.id: i for i, move in enumerate(self.facts.moves())}
        for (
            claim,
            mark,
            transfer,
            account,
            currency,
            kind_name,
        ), form in self.system.exits.items():
            key: Place = (2, (order[transfer], kind_name, transfer, account))
            place = found[claim, currency][key]
            place[mark] = place.get(mark, Fraction(0)) + self._value(form)
        return found

    def _room(self, place: Place) -> int:
        """Return what a place holds."""
        kind, key = place
        if kind == 2:
            return self.facts.rows[str(key[2])].amount
        return self.balance[Pocket(str(key[0]), str(key[1]))]

    def _rounded(self) -> dict[tuple[str, str], dict[Place, int]]:
        """Round down, then give the missing units by largest remainder, claim by claim (choice 11)."""
        result: dict[tuple[str, str], dict[Place, int]] = {}
        carried: dict[Place, Fraction] = defaultdict(Fraction)
        used: dict[Place, int] = defaultdict(int)
        for claim, currency in sorted(self.exact):
            whole = {
                place: sum(marks.values(), Fraction(0))
                for place, marks in self.exact[claim, currency].items()
            }
            whole = {place: exact for place, exact in sorted(whole.items()) if exact}
            loss = int(self._value(self.system.losses[claim, currency]) // 1)
            given = {
                place: min(int(exact // 1), self._room(place) - used[place])
                for place, exact in whole.items()
            }
            for _ in range(loss - sum(given.values())):
                open_places = [p for p in given if used[p] + given[p] < self._room(p)] or list(
                    given
                )
                best = max(
                    open_places,
                    key=lambda p: (whole[p] - given[p] + carried[p], [-p[0]], _earlier(p)),
                )
                given[best] += 1
            for place, exact in whole.items():
                carried[place] += exact - given[place]
                used[place] += given[place]
            result[claim, currency] = given
        return result

    def outcome(self) -> Outcome:
        result = Outcome("pari-passu")
        for (claim, currency), given in self._rounded().items():
            for place, amount in given.items():
                if amount:
                    self._write(result, claim, currency, place, amount)
        for (claim, transfer), forms in self.system.flows.items():
            amount, inferred, asserted = _parts(
                {mark: self._value(form) for mark, form in forms.items()}
            )
            if amount:
                result.flows[claim, transfer] = Flow(
                    amount, self.depth[claim, transfer], inferred, asserted
                )
        for pocket, opening in self.facts.openings.items():
            if self.facts.standing[pocket.account] in ("known", "bridged"):
                fields = Fields(
                    opening.amount, opening.basis, self.assumed[pocket], self.balance[pocket]
                )
                result.pockets[pocket] = fields
        self._summarise(result)
        return result

    def _write(self, result: Outcome, claim: str, currency: str, place: Place, amount: int) -> None:
        kind, key = place
        _, inferred, asserted = _parts(self.exact[claim, currency][place])
        inferred, asserted = min(inferred, amount), min(asserted, amount)
        if kind == 2:
            exit_key = (claim, str(key[2]), str(key[3]), currency, str(key[1]))
            result.exits[exit_key] = Parts(amount, inferred, asserted)
            return
        account = str(key[0])
        since = self.since[claim, Pocket(account, currency)]
        if kind == 0:
            result.positions[claim, account, currency] = Position(
                amount, since, 0, inferred, asserted
            )
        else:
            result.unknown[claim, account, currency] = Frontier(amount, since, inferred, asserted)

    def _summarise(self, result: Outcome) -> None:
        losses = {key: int(self._value(form) // 1) for key, form in self.system.losses.items()}
        keys = {
            (claim, self.facts.rows[c.transfer].currency) for claim, c in self.facts.claims.items()
        }
        keys |= set(self.facts.unfollowed.items()) | {key for key, loss in losses.items() if loss}
        for key in sorted(keys):
            result.summary[key] = summarised(result, self.facts, key, losses.get(key, 0), 0, set())
            totals = result.summary[key]
            assert totals.loss == totals.located + totals.exited + totals.unknown, (key, totals)


def _earlier(place: Place) -> list[tuple[int, ...]]:
    """Greater for the earlier of two places of one kind: by account and currency, exits by the order of transfers."""
    return [
        tuple(-n for n in part.encode("utf-32-be")) if isinstance(part, str) else (-int(str(part)),)
        for part in place[1]
    ]


def _parts(marks: dict[int, Fraction]) -> Parts:
    """Round to the nearest unit, half up; nothing is marked (choice 11)."""
    return Parts(int((sum(marks.values(), Fraction(0)) + Fraction(1, 2)) // 1))


def _money(facts: Facts) -> tuple[dict[Pocket, int], dict[Pocket, int], dict[Pocket, int]]:
    """Return assumed credits, balances at the end, and all that ever came in, by pocket."""
    walked = balances_of(facts, with_holds=False)
    assumed: dict[Pocket, int] = defaultdict(int)
    credited = {pocket: opening.amount for pocket, opening in facts.openings.items()}
    balance = dict(credited)
    for move in facts.moves():
        if move.source is not None:
            assumed[move.source] += walked.assumed.get(move.row.id, 0)
            balance[move.source] -= move.row.amount
        if move.target is not None and not move.is_crossing:
            credited[move.target] += move.row.amount
            balance[move.target] += move.row.amount
        if move.returns is not None:
            # As if it had never come: so every place still has its credits' fractions.
            credited[move.returns] -= move.row.amount
            balance[move.returns] -= move.row.amount
    for pocket, amount in assumed.items():
        credited[pocket] += amount
        balance[pocket] += amount
    return assumed, balance, credited


def _first(
    facts: Facts, carries: set[tuple[str, str]]
) -> tuple[dict[tuple[str, Pocket], datetime], dict[tuple[str, str], int]]:
    """Return the earliest arrival of each claim in each pocket, and the fewest hops of each flow, order ignored."""
    since: dict[tuple[str, Pocket], datetime] = {}
    depth: dict[tuple[str, str], int] = {}
    reached: dict[tuple[str, Pocket], int] = {}
    has_changed = True
    while has_changed:
        has_changed = False
        for move in facts.moves():
            for claim in sorted(c for c, transfer in carries if transfer == move.row.id):
                hops = _hops(move, claim, reached, depth)
                if hops is not None and hops < depth.get((claim, move.row.id), hops + 1):
                    depth[claim, move.row.id] = hops
                    has_changed = True
                if (
                    hops is None
                    or move.target is None
                    or move.is_crossing
                    or move.own_claim == claim
                ):
                    continue
                key = (claim, move.target)
                since[key] = min(since.get(key, move.row.time), move.row.time)
                reached[key] = min(reached.get(key, hops), hops)
    return since, depth


def _hops(
    move: Move,
    claim: str,
    reached: dict[tuple[str, Pocket], int],
    depth: dict[tuple[str, str], int],
) -> int | None:
    if move.claim is not None and move.claim.id == claim:
        return 1
    before = None
    if move.fed_by is not None:
        before = depth.get((claim, move.fed_by))
    elif move.undoes is not None or move.returns is not None:
        before = depth.get((claim, move.row.reverses))
    elif move.source is not None:
        before = reached.get((claim, move.source))
    return None if before is None else before + 1
