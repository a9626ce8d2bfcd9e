"""Awards: how much of which pot each claim gets, by a policy [SEMANTICS 5]. A function of pots, claims and traced shares.

1. No pot gives more than it has, of an innocent holder's pot not more than what is traced there.
2. No claim gets more than it still misses.
3. On basis *case*, awards sum to the smaller of the two sums (holders involved).
4. The order in which pots and claims are given changes nothing.
5. What a claim gets of a pot directly was traced there under every rule of the policy, for its victim as a whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from recoup.returns.case import NOTHING_TRACED, Claim, Holder, Place, Pot, Traced
from recoup.returns.direct import agreed_parts, direct_parts, funds_of, paid_out_of, victims_of
from recoup.returns.policy import Basis, Interest, ReturnPolicy
from recoup.returns.rest import share_by_account, share_case, share_in_turn

SINGLE, BY_TIME, PRO_RATA = 1, 2, 3
"""Modes of a return: a single credit, traceable by time among several, pro rata [return-rules art. 8]."""


@dataclass(frozen=True, slots=True)
class Award:
    """What one claim gets of one pot in one mode, in minor units."""

    claim: str
    place: Place
    mode: int
    amount: int
    agreed: int = 0
    """Of a direct award, what every rule of the policy's strength finds for the victim."""


@dataclass(frozen=True, slots=True)
class PotResult:
    """What became of one pot: `pot.amount + interest` = direct + rest + owned + left."""

    pot: Pot
    credits: int
    direct: int
    rest: int
    owned: int
    """An innocent holder's own."""
    left: int
    """What stays frozen for its term."""
    interest: int = 0
    """Accrued interest that the policy shares as well."""


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """What one claim gets: `claim.missing` = direct + rest + short."""

    claim: Claim
    direct: int
    rest: int

    @property
    def short(self) -> int:
        """What the claim still misses."""
        return self.claim.missing - self.direct - self.rest


@dataclass(frozen=True, slots=True)
class Plan:
    """All awards of a case under one policy, sorted by claim, account and mode; results of every pot and claim."""

    policy: ReturnPolicy
    awards: tuple[Award, ...]
    pots: tuple[PotResult, ...]
    claims: tuple[ClaimResult, ...]


def plan_awards(
    pots: Iterable[Pot],
    claims: Iterable[Claim],
    traced: Mapping[Place, Traced],
    policy: ReturnPolicy,
) -> Plan:
    """Return what each claim gets of each pot under `policy`; each place has one pot, each id one claim."""
    pots = sorted(pots, key=lambda pot: pot.place)
    claims = sorted(claims, key=lambda claim: claim.id)
    assert len({pot.place for pot in pots}) == len(pots), "a place has one pot"
    assert len({claim.id for claim in claims}) == len(claims), "a claim stands once"
    by_id = {claim.id: claim for claim in claims}
    victims, paid = victims_of(claims), paid_out_of(claims)
    funds = funds_of(pots, by_id, traced, paid, policy)
    direct = direct_parts(funds, by_id, traced, paid, policy)
    given: dict[str, int] = defaultdict(int)
    for parts in direct.values():
        for claim, amount in parts.items():
            given[claim] += amount
    rest = _rest(pots, claims, funds, direct, given, traced, policy)
    awards = []
    for place, parts in direct.items():
        found = traced[place]
        agreed = agreed_parts(parts, found, paid.get(place, {}), victims, policy)
        mode = SINGLE if found.credits == 1 else BY_TIME
        awards += [Award(c, place, mode, amount, agreed[c]) for c, amount in parts.items()]
    shared: dict[str, int] = defaultdict(int)
    for (claim, place), amount in rest.items():
        awards.append(Award(claim, place, PRO_RATA, amount))
        shared[claim] += amount
    results = [ClaimResult(claim, given[claim.id], shared[claim.id]) for claim in claims]
    plan = Plan(
        policy,
        tuple(sorted(awards, key=attrgetter("claim", "place", "mode"))),
        _pot_results(pots, funds, traced, awards, policy),
        tuple(results),
    )
    check_plan(plan)
    return plan


def check_plan(plan: Plan) -> None:
    """Assert the promises 1, 2 and 3 of this module once more, from the awards alone."""
    of_pot: dict[Place, int] = dict.fromkeys((row.pot.place for row in plan.pots), 0)
    of_claim: dict[str, int] = dict.fromkeys((row.claim.id for row in plan.claims), 0)
    currencies = {result.claim.id: result.claim.currency for result in plan.claims}
    for award in plan.awards:
        claim_id, place, amount = award.claim, award.place, award.amount
        assert amount > 0, "an award is of something"
        assert currencies[claim_id] == place.currency, "one currency"
        of_pot[place] += amount
        of_claim[claim_id] += amount
    for pot in plan.pots:
        assert of_pot[pot.pot.place] == pot.direct + pot.rest, "a pot gives what its awards say"
        assert pot.owned >= 0, "an innocent holder's own is no debt"
        assert pot.left >= 0, "a pot gives what it has"
        whole = pot.direct + pot.rest + pot.owned + pot.left
        assert pot.pot.amount + pot.interest == whole, "a pot is what became of it"
        assert pot.direct <= pot.pot.amount, "interest is no direct part"
    short: dict[str, int] = defaultdict(int)
    for claim in plan.claims:
        given = claim.direct + claim.rest
        assert of_claim[claim.claim.id] == given, "a claim gets its awards"
        still = claim.claim.missing - given
        assert still >= 0, "no claim gets more than it misses"
        short[claim.claim.currency] += still
    if plan.policy.basis is Basis.CASE:
        for currency, missed in short.items():
            left = sum(p.left for p in plan.pots if p.pot.place.currency == currency)
            assert not (left and missed), "no money stays while a claim of the case misses it"


def _rest(
    pots: Sequence[Pot],
    claims: Sequence[Claim],
    funds: Mapping[Place, int],
    direct: Mapping[Place, Mapping[str, int]],
    given: Mapping[str, int],
    traced: Mapping[Place, Traced],
    policy: ReturnPolicy,
) -> dict[tuple[str, Place], int]:
    """Return what is shared pro rata by claim and place, each currency by itself."""
    rest: dict[tuple[str, Place], int] = {}
    for currency in sorted({claim.currency for claim in claims}):
        # Involved holders' pots first: what is left over is left over in an innocent holder's account.
        ordered = sorted(
            (pot for pot in pots if pot.place.currency == currency),
            key=lambda pot: (pot.holder is Holder.INNOCENT, pot.place),
        )
        left = {
            pot.place: funds[pot.place]
            - sum(direct.get(pot.place, {}).values())
            + _shared_interest(pot, policy)
            for pot in ordered
        }
        own = [claim for claim in claims if claim.currency == currency]
        missing = {claim.id: claim.missing - given.get(claim.id, 0) for claim in own}
        if policy.basis is Basis.CASE:
            rest.update(share_case(left, missing))
        elif policy.basis is Basis.ASKED_FIRST:
            found_in = {
                place: traced.get(place, NOTHING_TRACED).shares.get(policy.lead, {})
                for place in left
            }
            rest.update(share_in_turn(left, missing, found_in))
        elif policy.basis is Basis.ACCOUNT:
            sharing = {
                place: [claim.id for claim in own if claim.paid_into == place.account]
                for place in left
            }
            rest.update(share_by_account(left, missing, sharing))
    return rest


def _pot_results(
    pots: Sequence[Pot],
    funds: Mapping[Place, int],
    traced: Mapping[Place, Traced],
    awards: Iterable[Award],
    policy: ReturnPolicy,
) -> tuple[PotResult, ...]:
    direct_of: dict[Place, int] = defaultdict(int)
    rest_of: dict[Place, int] = defaultdict(int)
    for award in awards:
        (rest_of if award.mode == PRO_RATA else direct_of)[award.place] += award.amount
    results = []
    for pot in pots:
        place, fund = pot.place, funds[pot.place]
        direct, rest = direct_of[place], rest_of[place]
        credits_count = traced.get(place, NOTHING_TRACED).credits
        owned = pot.amount - fund
        interest = _shared_interest(pot, policy)
        left = fund + interest - direct - rest
        results.append(PotResult(pot, credits_count, direct, rest, owned, left, interest))
    return tuple(results)


def _shared_interest(pot: Pot, policy: ReturnPolicy) -> int:
    """Return what of a pot's interest is shared with the rest: nothing unless the policy says so."""
    is_shared = policy.interest is Interest.CLAIMS and pot.holder is Holder.INVOLVED
    return pot.interest if is_shared else 0
