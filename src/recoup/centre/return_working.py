"""Works a return's awards out from its cases' statements, claims and holds; runs in a process of its own. Decides nothing.

1. All admitted claims of all cases share, whether or not somebody applied for them: who applies first takes nothing of others'.
2. A pot is what is frozen on an account for all the cases together, or in custody, not set aside for a payment already and no
   others' before the claims: a right that is larger than the hold it was noted on takes of the account's other holds, in the
   order of the cases. Interest is shown and given to nobody.
3. What an earlier round paid, or has set aside and not yet paid, counts as paid (decision 19); statements are those of the
   case without the rows of those payments, so holds are followed as they were before that.
4. Which case's hold an award is paid out of: the claim's own first, then by the order of the cases.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final

import polars as pl

from recoup.cases import Case
from recoup.cases.state import LIVE_CLAIMS, ClaimState
from recoup.centre.case_trail import facts_of
from recoup.centre.facts import Statement, statement_of
from recoup.centre.paid_rows import unpaid_statements
from recoup.centre.reasons import CentreReason
from recoup.centre.return_sheets import ReturnSheets, UnworkableError, WorkedOut, claim_name
from recoup.errors import PolicyFault
from recoup.evidence.decimals import with_decimals
from recoup.evidence.returns import likely_table, return_document, return_tables
from recoup.money import ISO_DIGITS
from recoup.orders import Hold, HoldKey
from recoup.procedure import ClaimKey, Reason, Return
from recoup.procedure.commands import Wanted
from recoup.reading.return_policies import policy_table, read_return_policy
from recoup.records import tables
from recoup.returns import (
    PAID,
    Holder,
    Interest,
    Payment,
    Place,
    Plan,
    Pot,
    PotKind,
    ReturnPolicy,
    Worked,
    build_case,
    likely_victims,
    share_out,
)
from recoup.returns import Case as Shared

SUMMARY: Final = "summary.json"
BEFORE: Final = "before-sharing.csv"


def work_out(sheets: ReturnSheets, read: Callable[[bytes], Statement] = statement_of) -> WorkedOut:
    """Return the plan of a return, its statements as `read` gives them.

    Raise `UnworkableError` where what is frozen and what statements show do not fit.
    """
    try:
        policy = read_return_policy(sheets.policy)
    except (
        PolicyFault
    ) as fault:  # a jurisdiction's procedure, and nothing said of how its money is shared
        raise UnworkableError(Reason.TERMS_MISSING, sheets.policy) from fault
    if not policy.is_payable or policy.interest is not Interest.APART:
        # What banks hold has no interest in it: a policy that shares it out is worked out on files.
        raise UnworkableError(Reason.TERMS_MISSING, policy.id)
    shared = _shared(sheets, read)
    worked = share_out(shared, policy)
    files = _files(sheets, shared, worked, policy)
    return WorkedOut(
        _sha(files[SUMMARY]),
        _sha(files["awards.csv"]),
        policy.id,
        tuple(_wanted(sheets, worked.plan)),
        files,
    )


def _shared(sheets: ReturnSheets, read: Callable[[bytes], Statement]) -> Shared:
    """Return the joined cases as one that can be shared out."""
    joint = _joint(sheets)
    shown = unpaid_statements([read(x) for x in sheets.statements], sheets.of.payments)
    facts = facts_of(joint, shown, {}, sheets.terminal, for_value=sheets.for_value).facts
    admitted = set(facts.claims.filter(pl.col("admitted"))["claim"])
    currencies = {claim.currency for claim in joint.claims if claim.id in admitted}
    pots = [pot for pot in _pots(sheets) if pot.place.currency in currencies]
    if not any(pot.amount for pot in pots):
        raise UnworkableError(Reason.PLAN_EMPTY)
    dossier = replace(facts.dossier, holds=_kept(sheets))
    found = build_case(dossier, facts.claims, _losses(sheets), pots, _payments(sheets), bridge=True)
    if found.problems:
        place = found.problems[0].place
        raise UnworkableError(CentreReason.POT_ABOVE_BALANCE, f"{place.account} {place.currency}")
    return found


def _joint(sheets: ReturnSheets) -> Case:
    """Return one case with the claims of all, each under a name that no two share."""
    claims = [
        replace(claim, id=claim_name(ClaimKey(case.id, claim.id)))
        for case in sheets.cases
        for claim in case.claims
        if claim.state in LIVE_CLAIMS
    ]
    return replace(sheets.cases[0], id=sheets.of.id, claims=tuple(claims), holds=())


def _holder(sheets: ReturnSheets, account: str) -> Holder:
    """Return what a holder is: innocent where one of the cases found so."""
    is_innocent = any(case.is_innocent(account) for case in sheets.cases)
    return Holder.INNOCENT if is_innocent else Holder.INVOLVED


@dataclass(frozen=True, slots=True)
class Lying:
    """What lies in one place, and what of it is shared: `there = set_aside + prior + free`."""

    key: HoldKey
    kind: PotKind
    there: int
    """Frozen as far as it was asked for, or in custody and not paid out."""
    set_aside: int
    """For payments that are decided and still to be made."""
    prior: int
    """Others', before the claims: as far as it is there."""
    free: int
    interest: int
    """Apart, in none of the others."""
    queued_behind: int = 0
    """Earlier freezes of others, by the bank's last word; what it holds is counted after them."""


def _lying(sheets: ReturnSheets) -> list[Lying]:
    """Return what is frozen, by hold in the order of the cases, and what is in custody."""
    rank = {case.id: at for at, case in enumerate(sheets.cases)}
    ordered = sorted(sheets.holds, key=lambda hold: (rank[hold.key.case], hold.key.account))
    # What a bank holds beyond what was asked for, a whole account of it, is the holder's own money.
    rows = [
        _lies(sheets.of, hold.key, PotKind.ACCOUNT, min(hold.frozen_live, hold.payable), hold)
        for hold in ordered
    ]
    for seized in sheets.of.seized:
        if seized.is_shared:
            left = seized.amount - sheets.of.paid_at(seized.place)
            rows.append(_lies(sheets.of, seized.place, PotKind(seized.kind.value), left))
    return _without_rights(sheets.of, rows)


def _without_rights(found: Return, rows: list[Lying]) -> list[Lying]:
    """Return the places with less in them: others' rights are met where they were noted, else elsewhere in the same pot."""
    unmet: dict[tuple[HoldKey, ...], int] = {}
    met: dict[HoldKey, int] = {}
    for pot in dict.fromkeys(found.pot_of(row.key) for row in rows):
        unmet[pot] = sum(found.prior_at(place) for place in pot)
    for row in rows:
        met[row.key] = min(row.free, found.prior_at(row.key))
        unmet[found.pot_of(row.key)] -= met[row.key]
    for row in rows:
        more = min(row.free - met[row.key], unmet[found.pot_of(row.key)])
        met[row.key] += more
        unmet[found.pot_of(row.key)] -= more
    less = [replace(row, prior=met[row.key], free=row.free - met[row.key]) for row in rows]
    for row in less:
        assert row.there == row.set_aside + row.prior + row.free, "money is somebody's"
        assert min(row.there, row.set_aside, row.prior, row.free) >= 0, "nobody owes a pot"
        assert not (row.free and unmet[found.pot_of(row.key)]), (
            "shared while others' right is unmet"
        )
    return less


def _lies(
    found: Return, key: HoldKey, kind: PotKind, there: int, hold: Hold | None = None
) -> Lying:
    """Return what lies in a place before others' rights are met."""
    aside = min(there, found.set_aside_at(key))
    answers = [answer for row in (hold.orders if hold else ()) for answer in row.answers]
    behind = answers[-1].queued_behind if answers else 0
    return Lying(key, kind, there, aside, 0, there - aside, found.accrued_at(key), behind)


def _free(sheets: ReturnSheets) -> dict[HoldKey, int]:
    """Return what is shared, by place, in the order of the cases."""
    return {row.key: row.free for row in _lying(sheets) if row.free}


def _pots(sheets: ReturnSheets) -> list[Pot]:
    """Return the pots: holds of several cases on one account are one, and so is their interest."""
    found: dict[Place, Pot] = {}
    for row in _lying(sheets):
        if not row.free:
            continue
        place = Place(row.key.account, row.key.currency)
        is_account = row.kind is PotKind.ACCOUNT
        holder = _holder(sheets, place.account) if is_account else Holder.INVOLVED
        known = found.get(place) or Pot(place, 0, holder, row.kind)
        found[place] = replace(
            known, amount=known.amount + row.free, interest=known.interest + row.interest
        )
    return [found[place] for place in sorted(found)]


def _before(sheets: ReturnSheets) -> str:
    """Return what lay in each place, whose it was, and what was shared of it, as a table."""
    rows = [row for row in _lying(sheets) if row.there]
    sums = ("frozen", "set_aside", "prior_rights", "shared", "interest")
    columns: dict[str, list[Any]] = {
        "case": [row.key.case for row in rows],
        "account": [row.key.account for row in rows],
        "currency": [row.key.currency for row in rows],
        "kind": [row.kind.value for row in rows],
        "frozen": [row.there for row in rows],
        "set_aside": [row.set_aside for row in rows],
        "prior_rights": [row.prior for row in rows],
        "shared": [row.free for row in rows],
        "interest": [row.interest for row in rows],
        "queued_behind": [str(row.queued_behind) for row in rows],
    }
    types = {name: pl.Int64 if name in sums else pl.String for name in columns}
    frame = with_decimals(pl.DataFrame(columns, schema=types), sums, ISO_DIGITS)
    return frame.write_csv()


def _payments(sheets: ReturnSheets) -> list[Payment]:
    """Return what earlier rounds paid of each account, and what they set aside."""
    return [
        Payment(
            claim_name(row.key),
            Place(row.place.account, row.place.currency),
            row.paid + row.outstanding,
            _holder(sheets, row.place.account),
        )
        for row in sheets.of.payments
        if row.paid + row.outstanding
    ]


def _kept(sheets: ReturnSheets) -> pl.DataFrame:
    """Return the holds as they were before anything was paid out of them."""
    rows = [
        (hold.key.account, hold.key.currency, hold.held + hold.returned, hold.since, None)
        for hold in sheets.holds
        if hold.since is not None and hold.held + hold.returned
    ]
    return pl.DataFrame(rows, tables.HOLDS, orient="row")


def _losses(sheets: ReturnSheets) -> pl.DataFrame:
    """Return what claims got back otherwise: the case has counted what this return paid, which stands among the payments."""
    rows = [
        (
            claim_name(ClaimKey(case.id, claim.id)),
            None,
            max(0, claim.returned - sheets.of.paid_of(ClaimKey(case.id, claim.id))),
            claim.compensated,
            None,
        )
        for case in sheets.cases
        for claim in case.claims
        if claim.state is ClaimState.ADMITTED
    ]
    return pl.DataFrame(rows, PAID, orient="row")


def _wanted(sheets: ReturnSheets, plan: Plan) -> Iterator[Wanted]:
    """Yield the awards of the claims for which somebody applied, each with the hold that it is paid out of."""
    keys = {
        claim_name(ClaimKey(case.id, claim.id)): ClaimKey(case.id, claim.id)
        for case in sheets.cases
        for claim in case.claims
    }
    free, lying = _free(sheets), defaultdict(list)
    for hold in free:
        lying[hold.account, hold.currency].append(hold)
    for award in plan.awards:
        key, left = keys[award.claim], award.amount
        has_applied = sheets.of.round.application_of(key) is not None
        for hold in sorted(lying[award.place], key=lambda hold: hold.case != key.case):
            part = min(left, free[hold])
            free[hold] -= part
            left -= part
            if part and has_applied:
                yield Wanted(key, hold, award.mode, part)
        assert not left, "awards of an account are at most what is frozen there"


def _files(
    sheets: ReturnSheets, shared: Shared, worked: Worked, policy: ReturnPolicy
) -> dict[str, str]:
    made = return_tables(worked.plan, worked.traced, ISO_DIGITS)
    made["likely-victims.csv"] = likely_table(likely_victims(shared), ISO_DIGITS)
    made[BEFORE] = _before(sheets)
    document = return_document(
        worked.plan,
        made,
        ISO_DIGITS,
        policy_table(policy),
        assumptions=worked.assumptions,
        command=f"plan of return {sheets.of.id}, round {sheets.of.round.number}",
    )
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    return {**made, SUMMARY: text}


def _sha(text: str) -> str:
    return sha256(text.encode()).hexdigest()


__all__ = ["SUMMARY", "work_out"]
