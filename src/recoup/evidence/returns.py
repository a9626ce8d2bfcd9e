"""The files of a return: who gets what of which pot and why, what remains, and the inputs from which anyone can work it out again.

Amounts are decimal text with the digits of their currency, text UTF-8, lines end in LF. `awards.csv` names no currency: a claim has
one, and `return-claims.csv` says which.
"""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from recoup.evidence.staging import SEAL, staged
from recoup.evidence.summary import source_document, versions
from recoup.money import Digits, format_minor
from recoup.records.provenance import Source
from recoup.returns import PRO_RATA, SINGLE, Award, Basis, Place, Plan, PotResult, Traced

FORMAT: Final = "recoup.return/1"
AWARDS: Final = ("claim", "account", "mode", "amount", "reason")
REMAINING: Final = (
    *("account", "currency", "holder", "kind", "frozen", "direct", "pro_rata", "holders_own"),
    *("remaining", "reason"),
)
POTS: Final = ("account", "currency", "amount", "holder", "kind", "credits")
CLAIMS: Final = (
    *("claim", "victim", "currency", "loss", "returned", "compensated", "class", "paid_into"),
)
TRACED: Final = ("account", "currency", "rule", "claim", "amount")


def return_tables(plan: Plan, traced: Mapping[Place, Traced], digits: Digits) -> dict[str, str]:
    """Return the CSV files of a return by name, as text."""
    return {
        "awards.csv": _table(AWARDS, _award_rows(plan, digits)),
        "remaining.csv": _table(REMAINING, _remaining_rows(plan, digits)),
        "return-pots.csv": _table(POTS, _pot_rows(plan, digits)),
        "return-claims.csv": _table(CLAIMS, _claim_rows(plan, digits)),
        "return-traced.csv": _table(TRACED, _traced_rows(traced, digits)),
    }


def return_document(
    plan: Plan,
    tables: Mapping[str, str],
    digits: Digits,
    policy: Mapping[str, Any],
    *,
    sources: Sequence[Source] = (),
    assumptions: Sequence[str] = (),
    command: str = "",
) -> dict[str, Any]:
    """Return the content of `summary.json`: the policy with its sources, sums, what is assumed, digests of the other files.

    Args:
        plan: the awards.
        tables: `return_tables` of the plan.
        digits: decimals by currency.
        policy: the policy as it is written in a file (`reading.return_policies.policy_table`).
        sources: the input files.
        assumptions: what else had to be assumed.
        command: the command line.
    """
    currencies = sorted(
        {c.claim.currency for c in plan.claims} | {p.pot.place.currency for p in plan.pots}
    )
    return {
        "format": FORMAT,
        "policy": dict(policy),
        "assumed": [
            f"{choice.term}: {choice.value} ({choice.source})" for choice in plan.policy.assumed
        ],
        "assumptions": list(assumptions),
        "totals": [_totals(plan, code, digits.of(code)) for code in currencies],
        "claims": [
            {
                "claim": row.claim.id,
                "victim": row.claim.victim,
                "currency": row.claim.currency,
                "missing": format_minor(row.claim.missing, digits.of(row.claim.currency)),
                "direct": format_minor(row.direct, digits.of(row.claim.currency)),
                "pro_rata": format_minor(row.rest, digits.of(row.claim.currency)),
                "short": format_minor(row.short, digits.of(row.claim.currency)),
            }
            for row in plan.claims
        ],
        "files": {name: sha256(text.encode()).hexdigest() for name, text in sorted(tables.items())},
        "digits": {code: digits.of(code) for code in currencies},
        "inputs": [source_document(source) for source in sources],
        "command": command,
        "versions": versions(("numpy", "numba", "polars")),
    }


def write_return(folder: Path, tables: Mapping[str, str], document: Mapping[str, Any]) -> None:
    """Write the files of a return, all of them or none; raise `OSError` when the folder cannot be written."""
    with staged(folder) as stage:
        for name, text in tables.items():
            (stage / name).write_text(text, encoding="utf-8", newline="\n")
        words = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
        (stage / SEAL).write_text(words, encoding="utf-8", newline="\n")


def _totals(plan: Plan, currency: str, digits: int) -> dict[str, Any]:
    pots = [pot for pot in plan.pots if pot.pot.place.currency == currency]
    claims = [claim for claim in plan.claims if claim.claim.currency == currency]
    direct, rest = sum(p.direct for p in pots), sum(p.rest for p in pots)
    agreed = sum(award.agreed for award in plan.awards if award.place.currency == currency)
    sums = {
        "frozen": sum(p.pot.amount for p in pots),
        "missing": sum(c.claim.missing for c in claims),
        "direct": direct,
        "agreed": agreed,
        "pro_rata": rest,
        "awarded": direct + rest,
        "holders_own": sum(p.owned for p in pots),
        "remaining": sum(p.left for p in pots),
        "short": sum(c.short for c in claims),
    }
    words = {name: format_minor(amount, digits) for name, amount in sums.items()}
    return {"currency": currency, "pots": len(pots), "claims": len(claims), **words}


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def _award_rows(plan: Plan, digits: Digits) -> Iterable[Sequence[str]]:
    missing = {row.claim.id: row.claim.missing - row.direct for row in plan.claims}
    owed: dict[str, int] = defaultdict(int)
    for row in plan.claims:
        owed[row.claim.currency] += missing[row.claim.id]
    funds: dict[str, int] = defaultdict(int)
    for pot in plan.pots:
        funds[pot.pot.place.currency] += pot.rest + pot.left
    credit_counts = {pot.pot.place: pot.credits for pot in plan.pots}
    for award in plan.awards:
        currency = award.place.currency
        shift = digits.of(currency)
        if award.mode == PRO_RATA:
            sums = (missing[award.claim], owed[currency], funds[currency])
            reason = _shared(plan, *(format_minor(amount, shift) for amount in sums))
        else:
            reason = _found(plan, award, credit_counts[award.place], shift)
        amount = format_minor(award.amount, shift)
        yield award.claim, award.place.account, str(award.mode), amount, reason


def _shared(plan: Plan, own: str, everyone: str, fund: str) -> str:
    if plan.policy.basis is Basis.ACCOUNT:
        return f"pro rata among the claims paid into this account; the claim still misses {own}"
    return f"pro rata: the claim misses {own} of {everyone} that all claims miss, {fund} is there"


def _found(plan: Plan, award: Award, credits_count: int, shift: int) -> str:
    rules = ", ".join(plan.policy.rules)
    if award.mode == SINGLE:
        return f"the account's only credit, traced there ({rules})"
    words = f"traced there by time among {credits_count} credits ({rules})"
    if not plan.policy.strength:
        return words
    agreed = format_minor(award.agreed, shift)
    return f"{words}; {agreed} of it under every one of {', '.join(plan.policy.strength)}"


def _remaining_rows(plan: Plan, digits: Digits) -> Iterable[Sequence[str]]:
    for row in plan.pots:
        place, shift = row.pot.place, digits.of(row.pot.place.currency)
        sums = (row.pot.amount, row.direct, row.rest, row.owned, row.owned + row.left)
        words = [format_minor(amount, shift) for amount in sums]
        yield (*place, row.pot.holder.value, row.pot.kind.value, *words, _why_left(row))


def _why_left(row: PotResult) -> str:
    reasons = []
    if row.owned:
        reasons.append("not traced to any claim: the innocent holder's own")
    if row.left:
        reasons.append("no claim misses it: stays frozen for its term")
    return "; ".join(reasons)


def _pot_rows(plan: Plan, digits: Digits) -> Iterable[Sequence[str]]:
    for row in plan.pots:
        pot = row.pot
        amount = format_minor(pot.amount, digits.of(pot.place.currency))
        yield (*pot.place, amount, pot.holder.value, pot.kind.value, str(row.credits))


def _claim_rows(plan: Plan, digits: Digits) -> Iterable[Sequence[str]]:
    for row in plan.claims:
        claim, shift = row.claim, digits.of(row.claim.currency)
        sums = [
            format_minor(amount, shift)
            for amount in (claim.loss, claim.returned, claim.compensated)
        ]
        yield claim.id, claim.victim, claim.currency, *sums, claim.kind.value, claim.paid_into


def _traced_rows(traced: Mapping[Place, Traced], digits: Digits) -> Iterable[Sequence[str]]:
    for place in sorted(traced):
        for rule, shares in traced[place].shares.items():
            for claim, amount in sorted(shares.items()):
                yield (*place, rule, claim, format_minor(amount, digits.of(place.currency)))
