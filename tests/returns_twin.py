"""Awards once more, slowly and in fractions, written from the definitions; and random cases for program and twin."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random
from typing import TypeVar

from recoup.returns import (
    Basis,
    Claim,
    ClaimKind,
    Holder,
    Interest,
    Place,
    Plan,
    Pot,
    ReturnPolicy,
    Traced,
)

Key = TypeVar("Key", str, tuple[str, Place])
RULES = ("fifo", "lifo", "rolling")
RULE_SETS = (("fifo",), RULES, ())


def policy(
    *rules: str, basis: Basis = Basis.CASE, interest: Interest = Interest.APART
) -> ReturnPolicy:
    """Return a policy of these rules, with no choices told."""
    return ReturnPolicy("test", rules, RULES, True, basis, True, (), interest)


def by_claim(plan: Plan) -> dict[str, int]:
    """Return what each claim gets in all."""
    return {row.claim.id: row.direct + row.rest for row in plan.claims}


@dataclass(frozen=True)
class World:
    """One random case, its tracing made up: every pot's shares are at most what lies in it."""

    pots: list[Pot]
    claims: list[Claim]
    traced: dict[Place, Traced]


def random_world(seed: int) -> World:
    """Return the case of a seed; few units and many ties, some pots short, some holders innocent, some losses paid before."""
    random = Random(seed)
    currencies = ["CNY"] if random.random() < 0.8 else ["CNY", "USD"]
    scale = random.choice([1, 1, 7, 100_000])
    victims = [f"V{i}" for i in range(random.randint(1, 4))]
    claims = []
    for i in range(random.randint(1, 6)):
        loss = random.randint(1, 20) * scale + random.randint(0, 2)
        returned = random.choice([0, 0, 0, random.randint(0, loss)])
        compensated = random.choice([0, 0, random.randint(0, loss - returned)])
        claims.append(
            Claim(
                id=f"c{i}",
                victim=random.choice(victims),
                currency=random.choice(currencies),
                loss=loss,
                returned=returned,
                compensated=compensated,
                kind=random.choice(list(ClaimKind)),
                paid_into=f"A{random.randint(0, 3)}",
            )
        )
    pots, traced = [], {}
    for i in range(random.randint(1, 4)):
        place = Place(f"A{i}", random.choice(currencies))
        holder = Holder.INNOCENT if random.random() < 0.3 else Holder.INVOLVED
        pots.append(Pot(place, random.randint(1, 40) * scale, holder))
        if random.random() < 0.85:
            traced[place] = Traced(random.randint(1, 3), _shares(random, claims, place))
    return World(pots, claims, traced)


def with_payments(world: World, seed: int) -> World:
    """Return a case of which some was paid before, at random: of its pots, of accounts without one, above shares too."""
    random = Random(seed)
    places = sorted({*world.traced, *(pot.place for pot in world.pots)})
    claims = []
    for claim in world.claims:
        left, paid = claim.missing, []
        for place in places:
            if place.currency == claim.currency and left and random.random() < 0.5:
                amount = random.randint(1, left)
                left -= amount
                paid.append((place, amount))
        claims.append(replace(claim, paid=tuple(paid)))
    pots = [pot for pot in world.pots if len(world.pots) == 1 or random.random() < 0.8]
    return World(pots or world.pots, claims, world.traced)


def with_interest(world: World, seed: int) -> World:
    """Return a case with interest in some of its pots."""
    random = Random(seed)
    pots = [replace(pot, interest=random.choice([0, 1, 7, pot.amount])) for pot in world.pots]
    return replace(world, pots=pots)


def _shares(random: Random, claims: list[Claim], place: Place) -> dict[str, dict[str, int]]:
    shares: dict[str, dict[str, int]] = {rule: {} for rule in RULES}
    for claim in claims:
        if claim.currency == place.currency and random.random() < 0.6:
            for rule in RULES:
                part = random.choice([0, claim.loss // 4, claim.loss // 3, claim.loss])
                if part:
                    shares[rule][claim.id] = part
    return shares


@dataclass(frozen=True)
class TwinPlan:
    """What each claim gets of each pot directly, what it gets in all, what each pot gives in all."""

    direct: dict[tuple[str, Place], int]
    by_claim: dict[str, int]
    by_pot: dict[Place, int]


def twin_plan(
    world: World, rules: tuple[str, ...], interest: Interest = Interest.APART
) -> TwinPlan:
    """Return the plan of a case on basis *case*."""
    claims = {claim.id: claim for claim in world.claims}
    funds = _funds(world, rules)
    direct = _direct(world, claims, funds, rules)
    by_claim: dict[str, int] = defaultdict(int)
    by_pot: dict[Place, int] = defaultdict(int)
    for (claim, place), amount in direct.items():
        by_claim[claim] += amount
        by_pot[place] += amount
    for currency in {claim.currency for claim in world.claims}:
        left = {p: Fraction(f - by_pot[p]) for p, f in funds.items() if p.currency == currency}
        for pot in world.pots:
            is_shared = interest is Interest.CLAIMS and pot.holder is not Holder.INNOCENT
            if is_shared and pot.place in left:
                left[pot.place] += pot.interest
        open_ = {
            c.id: Fraction(_missing(c) - by_claim[c.id])
            for c in world.claims
            if c.currency == currency
        }
        exact = _filled(left, open_)
        whole = sum(exact.values())
        assert whole.denominator == 1, "what is shared is whole"
        for claim, amount in _largest_remainder(exact, int(whole)).items():
            by_claim[claim] += amount
        order = {pot.place: (pot.holder is Holder.INNOCENT, pot.place) for pot in world.pots}
        rest = int(whole)
        for place in sorted(left, key=order.__getitem__):
            part = min(rest, int(left[place]))
            by_pot[place] += part
            rest -= part
    return TwinPlan(direct, dict(by_claim), dict(by_pot))


def _funds(world: World, rules: tuple[str, ...]) -> dict[Place, int]:
    funds = {pot.place: pot.amount for pot in world.pots}
    innocent = sorted(pot.place for pot in world.pots if pot.holder is Holder.INNOCENT)
    out = {place: sum(_paid(claim, place) for claim in world.claims) for place in innocent}
    is_there = {place: _found_there(world, place, rules) for place in innocent}
    for place in innocent:
        funds[place] = min(funds[place], max(0, is_there[place] - out[place]))
    for currency in {place.currency for place in innocent}:
        own = [place for place in innocent if place.currency == currency]
        excess = sum(max(0, out[place] - is_there[place]) for place in own)
        whole = sum(funds[place] for place in own)
        excess = min(excess, whole)
        if excess:
            shares = {("", place): Fraction(excess * funds[place], whole) for place in own}
            for (_, place), amount in _largest_remainder(shares, excess).items():
                funds[place] -= amount
    return funds


def _found_there(world: World, place: Place, rules: tuple[str, ...]) -> int:
    if place not in world.traced:
        return 0
    sums = []
    for rule in rules or ("fifo",):
        found = _found(world, rule)
        for claim in world.claims:
            _cap(found, [key for key in sorted(found) if key[0] == claim.id], claim.loss)
        sums.append(sum(amount for (_, at), amount in found.items() if at == place))
    return min(sums)


def _found(world: World, rule: str) -> dict[tuple[str, Place], int]:
    return {
        (claim.id, place): traced.shares[rule].get(claim.id, 0)
        for claim in world.claims
        for place, traced in world.traced.items()
    }


def _paid(claim: Claim, place: Place) -> int:
    return sum(amount for at, amount in claim.paid if at == place)


def _direct(
    world: World, claims: dict[str, Claim], funds: dict[Place, int], rules: tuple[str, ...]
) -> dict[tuple[str, Place], int]:
    direct: dict[tuple[str, Place], int] = {}
    for place, found in world.traced.items():
        if place not in funds:
            continue
        for victim in {claim.victim for claim in claims.values()} if rules else ():
            own = [c for c in sorted(claims) if claims[c].victim == victim]
            least = min(sum(found.shares[rule].get(c, 0) for c in own) for rule in rules)
            least = max(0, least - sum(_paid(claims[c], place) for c in own))
            lead = {
                c: max(0, found.shares["fifo"].get(c, 0) - _paid(claims[c], place)) for c in own
            }
            whole = sum(lead.values())
            if whole:
                least = min(least, whole)
                shares = {c: Fraction(least * part, whole) for c, part in lead.items()}
                for c, amount in _largest_remainder(shares, least).items():
                    direct[c, place] = amount
    for c, claim in claims.items():
        _cap(
            direct,
            [k for k in sorted(direct) if k[0] == c],
            _missing(claim),
        )
    for place, fund in funds.items():
        _cap(direct, [k for k in sorted(direct) if k[1] == place], fund)
    return {key: amount for key, amount in direct.items() if amount}


def _missing(claim: Claim) -> int:
    return claim.loss - claim.returned - claim.compensated - sum(a for _, a in claim.paid)


def _cap(direct: dict[tuple[str, Place], int], keys: list[tuple[str, Place]], most: int) -> None:
    whole = sum(direct[key] for key in keys)
    if whole > most:
        shares = {key: Fraction(most * direct[key], whole) for key in keys}
        direct.update(_largest_remainder(shares, most))


def _filled(left: dict[Place, Fraction], owed: dict[str, Fraction]) -> dict[str, Fraction]:
    """Share all pots at once, cap at the loss, close capped claims, repeat; literally."""
    left = dict(left)
    given = dict.fromkeys(owed, Fraction(0))
    while True:
        open_ = {c: owed[c] for c in owed if given[c] < owed[c]}
        whole = sum(open_.values())
        if not open_ or not sum(left.values()):
            return given
        offered = {c: sum(f * part / whole for f in left.values()) for c, part in open_.items()}
        over = [c for c in open_ if given[c] + offered[c] >= owed[c]]
        takes = {c: owed[c] - given[c] for c in over} if over else offered
        share = sum(takes.values()) / sum(left.values())
        for c, amount in takes.items():
            given[c] += amount
        left = {place: amount * (1 - share) for place, amount in left.items()}


def _largest_remainder(shares: Mapping[Key, Fraction], total: int) -> dict[Key, int]:
    parts = {key: int(share) for key, share in shares.items()}
    order = sorted(parts, key=lambda key: (parts[key] - shares[key], key))
    for key in order[: total - sum(parts.values())]:
        parts[key] += 1
    return parts
