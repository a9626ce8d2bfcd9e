"""Strategies of launderers: what each does with a parcel of money. Not what they do when something is in the way: see `crew`.

Each is a function of crew, parcel and the parcel's own chance. A strategy ends where `_leave` sends money out: cash, abroad,
goods, tokens. What they do is told in public reports on laundering through mule accounts, score-running pools (跑分), third-
and fourth-party payment and virtual currency; the figures are the scenario's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Final

from recoup.rehearse.laundering.crew import HOUR, SECOND, Crew, Plan
from recoup.rehearse.laundering.parcel import (
    ABROAD,
    CASH_OUT,
    EXCHANGE,
    PURCHASE,
    TRANSFER,
    WALLET,
    Move,
    Parcel,
    Role,
)
from recoup.rehearse.laundering.planted import Following
from recoup.rehearse.scenario import Pattern, pattern_number

_EXITS: Final = ("cash", "tokens", "abroad", "goods")
_EXIT_WEIGHTS: Final = (45, 20, 15, 20)
"""Assumed: how crews without a way out of their own prefer to leave."""
_RUNNERS_MOST: Final = 40
_ROUNDS: Final = 3
"""Matched trades there and back before money leaves."""


# --- ways out --------------------------------------------------------------------------------------------------------------


def _leave(crew: Crew, parcel: Parcel, chance: Random, way: str | None = None) -> list[Move]:
    """Take a parcel out, by a given way or one that is drawn."""
    way = way or chance.choices(_EXITS, _EXIT_WEIGHTS)[0]
    places = crew.places
    if way == "tokens" and places.desks:
        return _to_desk(crew, parcel, chance)
    if way == "goods" and places.goods:
        return [
            Move(delay_us, chance.choice(places.goods), part, PURCHASE, Role.OUT)
            for delay_us, part in _spread(crew, parcel, chance, max(1, parcel.amount // 3))
        ]
    if way == "abroad" and places.abroad:
        line = int(crew.terms.abroad_line * chance.uniform(0.85, 0.98))
        return [
            Move(delay_us, chance.choice(places.abroad), part, ABROAD, Role.OUT)
            for delay_us, part in _spread(crew, parcel, chance, line, 24 * HOUR)
        ]
    if not places.cash:
        return []
    # Drawn in a row at one machine, each below what it gives, all below the reporting line; the rest on the next day.
    machine, moves, drawn, delay_us = chance.choice(places.cash), [], 0, crew.dwell_us(chance)
    for part in _below(parcel.amount, crew.terms.cash_most):
        if drawn + part > crew.terms.cash_line:
            drawn, delay_us = 0, delay_us + 24 * HOUR
        moves.append(Move(delay_us, machine, part, CASH_OUT, Role.OUT))
        drawn += part
        delay_us += int(chance.uniform(30, 120)) * SECOND
    return moves


def _to_desk(crew: Crew, parcel: Parcel, chance: Random) -> list[Move]:
    """Pay a desk for virtual currency."""
    desk = chance.randrange(len(crew.places.desks))
    payee = crew.places.desks[desk].paid
    return [Move(crew.dwell_us(chance), payee, parcel.amount, EXCHANGE, Role.BOUGHT)]


def _delivered(crew: Crew, parcel: Parcel, chance: Random) -> list[Move]:
    """Let a desk deliver from its stock, and buy what it sold again some hours later."""
    desk = next(one for one in crew.places.desks if one.paid == parcel.account)
    wallet = crew.fixed("tokens", "exchange")
    sold = max(
        1, parcel.amount - parcel.amount // 100
    )  # a desk lives of its spread: one per cent, assumed
    delay_us = int(chance.uniform(1, 10) * 60) * SECOND
    if desk.stock is None or desk.stock == desk.paid:
        return [Move(delay_us, wallet, sold, EXCHANGE, Role.TOKENS)]
    again_us = int(chance.uniform(1, 8) * HOUR)
    return [
        Move(delay_us, wallet, sold, EXCHANGE, Role.TOKENS, payer=desk.stock),
        Move(again_us, desk.stock, sold, EXCHANGE, Role.OUT),
    ]


def _withdrawn(crew: Crew, parcel: Parcel, chance: Random) -> list[Move]:
    """Take tokens off the exchange, to where nobody keeps accounts."""
    if not crew.places.abroad:
        return []
    payee = crew.places.abroad[0]
    return [Move(crew.dwell_us(chance, 0.5), payee, parcel.amount, EXCHANGE, Role.OUT)]


def _below(amount: int, line: int) -> list[int]:
    """Cut a sum in parts of at most a line."""
    line = max(1, line)
    full, rest = divmod(amount, line)
    return [line] * full + ([rest] if rest else [])


def _spread(
    crew: Crew, parcel: Parcel, chance: Random, line: int, apart_us: int = 300 * SECOND
) -> list[tuple[int, int]]:
    """Cut a parcel below a line, and its parts' times apart; return (delay, part)."""
    first_us = crew.dwell_us(chance)
    parts = _below(parcel.amount, line)
    return [(first_us + place * apart_us, part) for place, part in enumerate(parts)]


# --- strategies ------------------------------------------------------------------------------------------------------------


def _onward(
    crew: Crew, parcel: Parcel, chance: Random, parts: Sequence[int], kind: str = "bank",
    *, by: int = TRANSFER, role: Role = Role.ON, factor: float = 1.0,
) -> list[Move]:  # fmt: skip
    """Pay parts to accounts of the next hop, one soon after the other."""
    delay_us, moves = crew.dwell_us(chance, factor), []
    for part in parts:
        payee = crew.pick(chance, parcel.hop + 1, parcel.account, kind)
        moves.append(Move(delay_us, payee, part, by, role))
        delay_us += int(chance.uniform(5, 60)) * SECOND
    return moves


def _is_last(crew: Crew, parcel: Parcel, chance: Random) -> bool:
    """Draw whether a parcel leaves here: by share, when it is deep, or when it is small."""
    drawn = chance.random() < crew.terms.exit_share
    is_deep = parcel.hop >= crew.terms.hops_most
    return (drawn and parcel.hop > 1) or is_deep or parcel.amount <= crew.terms.part_least


def fan_out(crew: Crew, parcel: Parcel, chance: Random) -> Sequence[Move]:
    """Layers of mules, split at each."""
    if _is_last(crew, parcel, chance):
        return _leave(crew, parcel, chance)
    most = max(2, crew.terms.split_most // parcel.hop)
    parts = crew.parts(chance, crew.keeps(parcel.amount), chance.randint(2, most))
    return _onward(crew, parcel, chance, parts)


def fan_in(crew: Crew, parcel: Parcel, chance: Random) -> Sequence[Move]:
    """Out to several accounts, all of them into one, then out."""
    if parcel.hop == 1:
        count = chance.randint(2, max(2, crew.terms.split_most))
        return _onward(crew, parcel, chance, crew.parts(chance, parcel.amount, count))
    if parcel.hop == 2:
        collector = crew.fixed("collector", "firm")
        return [Move(crew.dwell_us(chance), collector, crew.keeps(parcel.amount))]
    if parcel.hop == 3:
        return _onward(crew, parcel, chance, [parcel.amount], factor=2.0)
    return _leave(crew, parcel, chance)


def cycle(crew: Crew, parcel: Parcel, chance: Random) -> Sequence[Move]:
    """Around in a circle, back to the first account, then out."""
    ring = _ring(crew)
    if parcel.hop > len(ring) + 1:
        return _leave(crew, parcel, chance)
    at = ring.index(parcel.account) if parcel.account in ring else -1
    payee = ring[(at + 1) % len(ring)]
    return [Move(crew.dwell_us(chance), payee, crew.keeps(parcel.amount))]


def _ring(crew: Crew) -> list[int]:
    banks = list(crew.members("bank"))
    first = crew.fraud.instalments[0].payee
    others = [one for one in banks if one != first]
    chance = crew.chance("ring")
    return [first, *chance.sample(others, min(len(others), chance.randint(2, 4)))]


def mixing(crew: Crew, parcel: Parcel, chance: Random) -> Sequence[Move]:
    """Mixed with money of the mules' own: some is left behind, some of their own goes along."""
    if _is_last(crew, parcel, chance):
        return _leave(crew, parcel, chance)
    own = max(0, crew.balance(parcel.account) - parcel.amount)
    along = int(own * chance.uniform(0.1, 0.6))
    behind = int(parcel.amount * chance.uniform(0.0, 0.15))
    whole = parcel.amount - behind + along
    parts = crew.parts(chance, whole, chance.randint(1, 3))
    return _onward(crew, parcel, chance, parts, factor=2.0)


def score_running(crew: Crew, parcel: Parcel, chance: Random) -> Sequence[Move]:
    """A pool (跑分): many runners take small sums, keep a share, and pay the pool's collector."""
    if parcel.hop == 1:
        small = int(crew.terms.small_sum * chance.uniform(0.8, 0.99))
        if parcel.amount > small * _RUNNERS_MOST:
            small = max(small, parcel.amount // chance.randint(10, _RUNNERS_MOST))
        return _onward(crew, parcel, chance, _below(parcel.amount, small), "runner")
    if parcel.hop == 2:
        collector = crew.fixed(f"pool {chance.randrange(2)}", "shell")
        kept = int(parcel.amount * chance.uniform(0.01, 0.03))
        return [Move(crew.dwell_us(chance, 0.5), collector, max(1, parcel.amount - kept))]
    return _leave(crew, parcel, chance, chance.choice(("tokens", "abroad", "cash")))


def third_party(crew: Crew, parcel: Parcel, chance: Random) -> Sequence[Move]:
    """Through merchants of a payment institution, a fourth-party aggregator, and the firm that it settles to."""
    if parcel.hop == 1:
        parts = crew.parts(chance, parcel.amount, chance.randint(2, 6))
        return _onward(crew, parcel, chance, parts, "merchant", by=PURCHASE)
    if parcel.hop == 2:
        kept = crew.keeps(parcel.amount)
        return _onward(crew, parcel, chance, [kept], "aggregator", by=WALLET, factor=2.0)
    if parcel.hop == 3:
        return _onward(crew, parcel, chance, [parcel.amount], "firm", factor=3.0)
    return _leave(crew, parcel, chance)


def wallets(crew: Crew, parcel: Parcel, chance: Random) -> Sequence[Move]:
    """Into wallets, from wallet to wallet, back to a bank, and out."""
    if parcel.hop == 1:
        parts = crew.parts(chance, parcel.amount, chance.randint(2, 5))
        return _onward(crew, parcel, chance, parts, "wallet", by=WALLET)
    if parcel.hop == 2:
        return _onward(crew, parcel, chance, [crew.keeps(parcel.amount)], "wallet", by=WALLET)
    if parcel.hop == 3:
        parts = crew.parts(chance, parcel.amount, 2)
        return _onward(crew, parcel, chance, parts, by=WALLET)
    return _leave(crew, parcel, chance)


def otc(crew: Crew, parcel: Parcel, chance: Random) -> Sequence[Move]:
    """A hop of mules, then a desk that sells virtual currency."""
    if parcel.hop == 1:
        parts = crew.parts(chance, crew.keeps(parcel.amount), chance.randint(1, 3))
        return _onward(crew, parcel, chance, parts)
    return _leave(crew, parcel, chance, "tokens")


def matched_trades(crew: Crew, parcel: Parcel, chance: Random) -> Sequence[Move]:
    """Trades that end where they began (对敲): like amounts there and back, each a little smaller, before money leaves."""
    if parcel.hop > 2 * _ROUNDS:
        return _leave(crew, parcel, chance)
    back = max(1, parcel.amount - int(parcel.amount * chance.uniform(0.001, 0.01)))
    kind = "exchange" if parcel.hop % 2 else "bank"
    return _onward(crew, parcel, chance, [back], kind, by=EXCHANGE, factor=0.5)


def cash(crew: Crew, parcel: Parcel, chance: Random) -> Sequence[Move]:
    """Cash mules: split so that each draws below the line of a day."""
    if parcel.hop == 1 and parcel.amount > crew.terms.cash_most:
        line = max(1, int(crew.terms.cash_line * chance.uniform(0.3, 0.95)))
        return _onward(crew, parcel, chance, _below(parcel.amount, line), factor=0.5)
    return _leave(crew, parcel, chance, "cash")


def abroad(crew: Crew, parcel: Parcel, chance: Random) -> Sequence[Move]:
    """Split below the line of a day, and paid abroad."""
    if parcel.hop <= 2:
        line = max(1, int(crew.terms.abroad_line * chance.uniform(0.4, 0.95)))
        return _onward(crew, parcel, chance, _below(crew.keeps(parcel.amount), line))
    return _leave(crew, parcel, chance, "abroad")


STRATEGIES: Final[Mapping[str, Plan]] = {
    "fan_out": fan_out,
    "fan_in": fan_in,
    "cycle": cycle,
    "mixing": mixing,
    "score_running": score_running,
    "third_party": third_party,
    "wallets": wallets,
    "otc": otc,
    "matched_trades": matched_trades,
    "cash": cash,
    "abroad": abroad,
}
"""All but the adaptive one, which chooses among them."""


def plan_of(name: str, patterns: Sequence[Pattern] = ()) -> Plan:
    """Return what a strategy's crews do, ways out included; one plan a crew, since one that follows a pattern counts.

    `patterns` are those of the scenario, which names such as `planted-3` mean.
    """
    number = pattern_number(name)
    strategy = STRATEGIES[name] if number is None else Following(patterns[number], _leave)

    def plan(crew: Crew, parcel: Parcel, chance: Random) -> Sequence[Move]:
        if parcel.role is Role.BOUGHT:
            return _delivered(crew, parcel, chance)
        if parcel.role is Role.TOKENS:
            return _withdrawn(crew, parcel, chance)
        return strategy(crew, parcel, chance)

    return plan


__all__ = ["STRATEGIES", "plan_of"]
