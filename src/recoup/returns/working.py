"""Works a return out from a dossier: traces its admitted claims as the policy says, looks into the pots, plans the awards.

What a pot's account has no statement for is not traced and is shared with the rest. A pot that holds more than its statement
shows, or is of a currency in which nobody claims, is a problem and no plan is made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from recoup.records.dossier import Dossier
from recoup.returns.awards import Plan, plan_awards
from recoup.returns.case import Claim, ClaimKind, Holder, Payment, Place, Pot, PotKind, Traced
from recoup.returns.follow import traced_shares
from recoup.returns.policy import ReturnPolicy
from recoup.returns.route import route_to
from recoup.trace.assemble import Scene
from recoup.trace.follow import run_balances
from recoup.trace.ledger import KNOWN
from recoup.trace.trace import build_scene
from recoup.trace.trail import Options

PAID: pl.Schema = pl.Schema(
    {
        "claim": pl.String,
        "loss": pl.Int64,  # null: the whole disputed transfer
        "returned": pl.Int64,
        "compensated": pl.Int64,
        "class": pl.String,
    }
)
"""What a claims file says beside the disputed transfer, one row a claim; amounts in minor units."""


@dataclass(frozen=True, slots=True)
class PotProblem:
    """Why no plan can be made with a pot."""

    place: Place
    code: str
    found: int
    """Minor units that the statements show."""
    paid: int = 0
    """Minor units that earlier rounds paid out of it."""


@dataclass(frozen=True, slots=True)
class Case:
    """A case ready to be shared out under any policy: its scene, claims, pots, and where the pots lie."""

    scene: Scene
    claims: tuple[Claim, ...]
    pots: tuple[Pot, ...]
    pockets: Mapping[Place, int]
    """Pockets of the pots' accounts that have a statement."""
    credits: Mapping[Place, int]
    problems: tuple[PotProblem, ...]
    assumptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Worked:
    """A plan with all it was worked out from."""

    plan: Plan
    traced: Mapping[Place, Traced]
    assumptions: tuple[str, ...]


def build_case(
    dossier: Dossier,
    claims: pl.DataFrame,
    paid: pl.DataFrame,
    pots: Iterable[Pot],
    payments: Sequence[Payment] = (),
    *,
    bridge: bool = False,
) -> Case:
    """Return the case of `claims` (schema tables.CLAIMS) with what `paid` (schema `PAID`) says of them, and `pots`.

    Claims that are not admitted are left out, and the assumptions name them. `payments` are those of earlier rounds; an account
    that was paid from and has no pot any more becomes one with nothing in it [decision 19, 2]. Holds and links are the
    dossier's; `bridge` follows unknown accounts where others' rows show their debits.
    """
    admitted = claims.filter(pl.col("admitted").fill_null(value=True))
    scene = build_scene(dossier, admitted, Options(bridge=bridge))
    numbers = _pockets(scene)
    pots = tuple(sorted(_with_emptied(pots, payments, numbers), key=lambda pot: pot.place))
    known = {
        pot.place: numbers[pot.place]
        for pot in pots
        if pot.kind is PotKind.ACCOUNT
        and pot.place in numbers
        and scene.ledger.standing[numbers[pot.place]] == KNOWN
    }
    own = _claims(scene, paid, payments)
    return Case(
        scene=scene,
        claims=own,
        pots=pots,
        pockets=known,
        credits=_credits(scene, known),
        problems=_problems(scene, own, pots, known, dossier, payments),
        assumptions=_assumptions(claims, pots, known),
    )


def _with_emptied(
    pots: Iterable[Pot], payments: Sequence[Payment], numbers: Mapping[Place, int]
) -> list[Pot]:
    """Return the pots, and one with nothing in it for every other account of the ledger that was paid from."""
    found = {pot.place: pot for pot in pots}
    for payment in payments:
        if payment.place in numbers and payment.place not in found:
            found[payment.place] = Pot(payment.place, 0, payment.holder)
    return list(found.values())


def share_out(case: Case, policy: ReturnPolicy) -> Worked:
    """Return the plan of a case without problems under `policy`."""
    assert not case.problems, "a pot is to be put right first"
    involved = _of_involved(case) if policy.own_first else []
    names = case.scene.claims["claim"].to_list()
    of = {claim.id: claim.currency for claim in case.claims}
    currencies = [of[name] for name in names]
    has_several = len({*currencies, *(place.currency for place in case.pockets)}) > 1
    shares: dict[Place, dict[str, dict[str, int]]] = {place: {} for place in case.pockets}
    route = route_to(case.scene, case.pockets.values())
    for rule in policy.traced_rules:
        found = traced_shares(case.scene, rule, involved, case.pockets.values(), route)
        for place, pocket in case.pockets.items():
            # Money changed into another currency is a claim's, but no loss of it in that currency was admitted.
            parts = sorted(found[pocket].items())
            if has_several:
                parts = [part for part in parts if currencies[part[0]] == place.currency]
            shares[place][rule] = {names[number]: amount for number, amount in parts}
    traced = {place: Traced(case.credits[place], shares[place]) for place in case.pockets}
    return Worked(plan_awards(case.pots, case.claims, traced, policy), traced, case.assumptions)


def _of_involved(case: Case) -> list[int]:
    """Return the pockets in which own money is spent first: an involved holder's pot makes its account so, in every currency.

    A pot of an innocent holder in the same account stays out, and so does what has no statement [decision 13, 1].
    """
    holders = {pot.place: pot.holder for pot in case.pots}
    places: Mapping[Place, int] = case.pockets
    if len(case.scene.ledger.currencies) > 1:
        accounts = {place.account for place, holder in holders.items() if holder is Holder.INVOLVED}
        places = {
            place: pocket
            for place, pocket in _pockets(case.scene).items()
            if place.account in accounts and case.scene.ledger.standing[pocket] == KNOWN
        }
    return [
        pocket
        for place, pocket in places.items()
        if holders.get(place, Holder.INVOLVED) is Holder.INVOLVED
    ]


def _pockets(scene: Scene) -> dict[Place, int]:
    """Return the pocket of every place of the ledger."""
    ledger = scene.ledger
    accounts, currencies = ledger.accounts.to_list(), ledger.currencies
    owners = zip(ledger.pocket_account.tolist(), ledger.pocket_currency.tolist(), strict=True)
    return {
        Place(accounts[account], currencies[currency]): pocket
        for pocket, (account, currency) in enumerate(owners)
        if account >= 0
    }


def _claims(scene: Scene, paid: pl.DataFrame, payments: Sequence[Payment]) -> tuple[Claim, ...]:
    """Return the claims in order of id, with what was returned, compensated and paid before."""
    sums: dict[str, dict[Place, int]] = defaultdict(lambda: defaultdict(int))
    for payment in payments:
        sums[payment.claim][payment.place] += payment.amount
    rows = scene.claims.join(paid, on="claim", how="left", suffix="_admitted").sort("claim")
    return tuple(
        Claim(
            id=row["claim"],
            victim=row["victim"],
            currency=row["currency"],
            loss=row["loss"] if row["loss_admitted"] is None else row["loss_admitted"],
            returned=row["returned"] or 0,
            compensated=row["compensated"] or 0,
            kind=ClaimKind(row["class"] or ClaimKind.VICTIM),
            paid_into=row["payee"],
            paid=tuple(sorted(sums[row["claim"]].items())) if row["claim"] in sums else (),
        )
        for row in rows.iter_rows(named=True)
    )


def _credits(scene: Scene, known: Mapping[Place, int]) -> dict[Place, int]:
    """Return how many amounts came into each pocket, an opening balance and each assumed credit counted as one."""
    events, count = scene.events, len(scene.ledger.standing)
    came = np.bincount(events.payee[: events.stop], minlength=count)
    came += scene.openings.amount > 0
    return {place: int(came[pocket]) for place, pocket in known.items()}


def _problems(
    scene: Scene,
    claims: Sequence[Claim],
    pots: Sequence[Pot],
    known: Mapping[Place, int],
    dossier: Dossier,
    payments: Sequence[Payment],
) -> tuple[PotProblem, ...]:
    out: dict[Place, int] = defaultdict(int)
    for payment in payments:
        out[payment.place] += payment.amount
    currencies = {claim.currency for claim in claims}
    balances = run_balances(scene.openings, scene.events)
    problems = []
    for pot in pots:
        if pot.place.currency not in currencies:
            problems.append(PotProblem(pot.place, "pot_currency", 0))
            continue
        if pot.kind is not PotKind.ACCOUNT:
            continue
        pocket = known.get(pot.place)
        shown = 0 if pocket is None else int(balances[pocket])
        has_statement = pocket is not None or _is_known(dossier, pot.place.account)
        if has_statement and pot.amount + out[pot.place] > shown:
            problems.append(PotProblem(pot.place, "pot_above_balance", shown, out[pot.place]))
    return tuple(problems)


def _is_known(dossier: Dossier, account: str) -> bool:
    """Whether an account's statement was given, so that what it does not show was not there."""
    if account in dossier.terminal:
        return False
    return dossier.known is None or account in dossier.known


def _assumptions(
    claims: pl.DataFrame, pots: Sequence[Pot], known: Mapping[Place, int]
) -> tuple[str, ...]:
    out = claims.filter(~pl.col("admitted").fill_null(value=True))["claim"].sort().to_list()
    found = []
    if out:
        found.append(f"claims that are not admitted are left out: {', '.join(out)}")
    silent = [
        pot.place.account for pot in pots if pot.kind is PotKind.ACCOUNT and pot.place not in known
    ]
    if silent:
        found.append(
            "no statement shows what lies in these accounts, so nothing of them is returned directly: "
            + ", ".join(silent)
        )
    return tuple(found)
