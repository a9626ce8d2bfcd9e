"""The files of a return: who gets what of which pot and why, what remains, and the inputs to work it out again.

Amounts are decimal text with the digits of their currency, text UTF-8, lines end in LF. `awards.csv` names no currency: a
claim has one, and `return-claims.csv` says which. Ids and accounts stand as they were given, also where one begins with
= + - or @: whoever opens them in a spreadsheet takes `awards.xlsx`, in which they are text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
import polars as pl

from recoup.evidence.decimals import with_decimals
from recoup.evidence.staging import SEAL, staged
from recoup.evidence.summary import source_document, versions
from recoup.money import Digits, format_minor
from recoup.records.provenance import Source
from recoup.returns import (
    NOT_SAID,
    PRO_RATA,
    SINGLE,
    Basis,
    Holder,
    Place,
    Plan,
    PotResult,
    ReturnPolicy,
    Standing,
    Traced,
)

FORMAT: Final = "recoup.return/1"
DOCUMENTS: Final = "documents"
"""The folder of the papers beside them."""
WORKED_OUT: Final = ("assumed", "terms", "totals", "claims", "digits")
"""What of `summary.json` follows from the inputs of the awards; the rest says where these came from."""
_ISO: Final = "%Y-%m-%dT%H:%M:%S%.fZ"
AWARDS: Final = ("claim", "account", "mode", "amount", "reason")
REMAINING: Final = (
    *("account", "currency", "holder", "kind", "frozen", "direct", "pro_rata", "holders_own"),
    *("remaining", "interest", "interest_shared", "reason"),
)
POTS: Final = ("account", "currency", "amount", "holder", "kind", "credits", "interest")
CLAIMS: Final = (
    *("claim", "victim", "currency", "loss", "returned", "compensated", "class", "paid_into"),
)
PAID: Final = ("claim", "account", "currency", "amount")
TRACED: Final = ("account", "currency", "rule", "claim", "amount")


def return_tables(plan: Plan, traced: Mapping[Place, Traced], digits: Digits) -> dict[str, str]:
    """Return the CSV files of a return by name, as text."""
    return {
        "awards.csv": _awards(plan, digits),
        "remaining.csv": _remaining(plan, digits),
        "return-pots.csv": _pots(plan, digits),
        "return-claims.csv": _claims(plan, digits),
        "return-paid.csv": _paid(plan, digits),
        "return-traced.csv": _traced(traced, digits),
    }


def likely_table(likely: pl.DataFrame, digits: Digits) -> str:
    """Return `likely-victims.csv` as text, of a frame of schema `returns.LIKELY`."""
    shown = with_decimals(likely, ("amount",), digits)
    return _csv(shown.with_columns(pl.col("since").dt.strftime(_ISO)), likely.columns)


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
        "terms": [_term(plan.policy, name) for name in ("interest", "unclaimed")],
        "totals": [_totals(plan, code, digits.of(code)) for code in currencies],
        "claims": _claim_results(plan, digits),
        "files": {name: sha256(text.encode()).hexdigest() for name, text in sorted(tables.items())},
        "digits": {code: digits.of(code) for code in currencies},
        "inputs": [source_document(source) for source in sources],
        "command": command,
        "versions": versions(("numpy", "numba", "polars")),
    }


def with_documents(document: Mapping[str, Any], made: Mapping[str, bytes]) -> dict[str, Any]:
    """Return `summary.json` with the digests of the papers that were made. A DOCX has none: it is there to be edited."""
    kept = {name: data for name, data in sorted(made.items()) if not name.endswith(".docx")}
    return {**document, DOCUMENTS: {name: sha256(data).hexdigest() for name, data in kept.items()}}


def write_return(folder: Path, tables: Mapping[str, str], document: Mapping[str, Any]) -> None:
    """Write the files of a return, all of them or none; raise `OSError` when the folder cannot be written."""
    with staged(folder) as stage:
        for name, text in tables.items():
            (stage / name).write_text(text, encoding="utf-8", newline="\n")
        words = msgspec.json.format(msgspec.json.encode(document), indent=2)
        (stage / SEAL).write_bytes(words + b"\n")


def _totals(plan: Plan, currency: str, digits: int) -> dict[str, Any]:
    pots = [pot for pot in plan.pots if pot.pot.place.currency == currency]
    claims = [claim for claim in plan.claims if claim.claim.currency == currency]
    direct, rest = sum(p.direct for p in pots), sum(p.rest for p in pots)
    agreed = sum(award.agreed for award in plan.awards if award.place.currency == currency)
    sums = {
        "frozen": sum(p.pot.amount for p in pots),
        "paid_before": sum(c.claim.paid_total for c in claims),
        "missing": sum(c.claim.missing for c in claims),
        "direct": direct,
        "agreed": agreed,
        "pro_rata": rest,
        "awarded": direct + rest,
        "holders_own": sum(p.owned for p in pots),
        "remaining": sum(p.left for p in pots),
        "interest": sum(p.pot.interest for p in pots),
        "interest_shared": sum(p.interest for p in pots),
        "short": sum(c.short for c in claims),
    }
    words = {name: format_minor(amount, digits) for name, amount in sums.items()}
    return {"currency": currency, "pots": len(pots), "claims": len(claims), **words}


def _term(policy: ReturnPolicy, name: str) -> dict[str, str]:
    """Return one term of the policy in words, with its source."""
    choice = policy.choice(name)
    if choice is None:
        return {"term": name, "value": "not said", "source": "", "standing": Standing.ASSUMED.value}
    return {
        "term": name,
        "value": choice.value,
        "source": choice.source,
        "standing": choice.standing.value,
    }


def _frame(columns: Mapping[str, list[Any]], money: Sequence[str], digits: Digits) -> pl.DataFrame:
    """Return columns as text, `money` from minor units with the decimals of `currency`."""
    types = {name: pl.Int64 if name in money else pl.String for name in columns}
    return with_decimals(pl.DataFrame(columns, schema=types), money, digits).cast(pl.String)


def _csv(frame: pl.DataFrame, header: Sequence[str]) -> str:
    return frame.select(header).write_csv()


def _awards(plan: Plan, digits: Digits) -> str:
    missing = {row.claim.id: row.claim.missing - row.direct for row in plan.claims}
    credit_counts = {row.pot.place: str(row.credits) for row in plan.pots}
    rows = plan.awards
    frame = _frame(
        {
            "claim": [row.claim for row in rows],
            "account": [row.place.account for row in rows],
            "currency": [row.place.currency for row in rows],
            "mode": [str(row.mode) for row in rows],
            "amount": [row.amount for row in rows],
            "agreed": [row.agreed for row in rows],
            "own": [missing[row.claim] for row in rows],
            "credits": [credit_counts[row.place] for row in rows],
        },
        ("amount", "agreed", "own"),
        digits,
    )
    is_shared, is_single = pl.col("mode") == str(PRO_RATA), pl.col("mode") == str(SINGLE)
    reason = (
        pl.when(is_shared)
        .then(_shared(plan, digits))
        .when(is_single)
        .then(pl.lit(f"the account's only credit, traced there ({', '.join(plan.policy.rules)})"))
        .otherwise(_found(plan))
    )
    return _csv(frame.with_columns(reason.alias("reason")), AWARDS)


def _shared(plan: Plan, digits: Digits) -> pl.Expr:
    """Return why a claim has part of the rest."""
    own = pl.col("own")
    if plan.policy.basis is Basis.ACCOUNT:
        words = "pro rata among the claims paid into this account; the claim still misses "
        return pl.concat_str(pl.lit(words), own)
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in plan.claims:
        sums[row.claim.currency][0] += row.claim.missing - row.direct
    for pot in plan.pots:
        sums[pot.pot.place.currency][1] += pot.rest + pot.left
    said = {
        code: f" of {format_minor(owed, digits.of(code))} that all claims miss, "
        f"{format_minor(fund, digits.of(code))} is there"
        for code, (owed, fund) in sums.items()
    }
    rest = pl.col("currency").replace_strict(said, default="", return_dtype=pl.String)
    return pl.concat_str(pl.lit("pro rata: the claim misses "), own, rest)


def _found(plan: Plan) -> pl.Expr:
    """Return why a claim has a direct part among several credits."""
    by = f" credits ({', '.join(plan.policy.rules)})"
    words = [pl.lit("traced there by time among "), pl.col("credits"), pl.lit(by)]
    if plan.policy.strength:
        every = f" of it under every one of {', '.join(plan.policy.strength)}"
        words += [pl.lit("; "), pl.col("agreed"), pl.lit(every)]
    return pl.concat_str(words)


def _remaining(plan: Plan, digits: Digits) -> str:
    rows = plan.pots
    frame = _frame(
        {
            "account": [row.pot.place.account for row in rows],
            "currency": [row.pot.place.currency for row in rows],
            "holder": [row.pot.holder.value for row in rows],
            "kind": [row.pot.kind.value for row in rows],
            "frozen": [row.pot.amount for row in rows],
            "direct": [row.direct for row in rows],
            "pro_rata": [row.rest for row in rows],
            "holders_own": [row.owned for row in rows],
            "remaining": [row.owned + row.left for row in rows],
            "interest": [row.pot.interest for row in rows],
            "interest_shared": [row.interest for row in rows],
            "reason": [_why_left(row, plan.policy) for row in rows],
        },
        (*REMAINING[4:9], "interest", "interest_shared"),
        digits,
    )
    return _csv(frame, REMAINING)


def _why_left(row: PotResult, policy: ReturnPolicy) -> str:
    reasons = []
    if row.owned:
        reasons.append("not traced to any claim: the innocent holder's own")
    if row.left:
        reasons.append("no claim misses it: stays frozen for its term")
    if row.pot.interest and row.pot.holder is Holder.INNOCENT:
        reasons.append("interest is the innocent holder's")
    elif row.pot.interest and not row.interest:
        reasons.append("interest is kept apart and not shared")
    if row.left and policy.unclaimed != NOT_SAID:
        reasons.append(
            f"if nobody claims it, after {policy.unclaimed.after}: {policy.unclaimed.to}"
        )
    return "; ".join(reasons)


def _pots(plan: Plan, digits: Digits) -> str:
    rows = plan.pots
    columns: dict[str, list[Any]] = {
        "account": [row.pot.place.account for row in rows],
        "currency": [row.pot.place.currency for row in rows],
        "amount": [row.pot.amount for row in rows],
        "holder": [row.pot.holder.value for row in rows],
        "kind": [row.pot.kind.value for row in rows],
        "credits": [str(row.credits) for row in rows],
        "interest": [row.pot.interest for row in rows],
    }
    return _csv(_frame(columns, ("amount", "interest"), digits), POTS)


def _claims(plan: Plan, digits: Digits) -> str:
    rows = [row.claim for row in plan.claims]
    columns: dict[str, list[Any]] = {
        "claim": [row.id for row in rows],
        "victim": [row.victim for row in rows],
        "currency": [row.currency for row in rows],
        "loss": [row.loss for row in rows],
        "returned": [row.returned for row in rows],
        "compensated": [row.compensated for row in rows],
        "class": [row.kind.value for row in rows],
        "paid_into": [row.paid_into for row in rows],
    }
    return _csv(_frame(columns, ("loss", "returned", "compensated"), digits), CLAIMS)


def _paid(plan: Plan, digits: Digits) -> str:
    rows = [(row.claim.id, *place, paid) for row in plan.claims for place, paid in row.claim.paid]
    columns = {name: [row[at] for row in rows] for at, name in enumerate(PAID)}
    return _csv(_frame(columns, ("amount",), digits), PAID)


def _traced(traced: Mapping[Place, Traced], digits: Digits) -> str:
    columns: dict[str, list[Any]] = {name: [] for name in TRACED}
    for place in sorted(traced):
        for rule, shares in traced[place].shares.items():
            count = len(shares)
            columns["account"] += [place.account] * count
            columns["currency"] += [place.currency] * count
            columns["rule"] += [rule] * count
            columns["claim"] += shares.keys()
            columns["amount"] += shares.values()
    return _csv(_frame(columns, ("amount",), digits), TRACED)


def _claim_results(plan: Plan, digits: Digits) -> list[dict[str, str]]:
    rows = plan.claims
    columns: dict[str, list[Any]] = {
        "claim": [row.claim.id for row in rows],
        "victim": [row.claim.victim for row in rows],
        "currency": [row.claim.currency for row in rows],
        "missing": [row.claim.missing for row in rows],
        "direct": [row.direct for row in rows],
        "pro_rata": [row.rest for row in rows],
        "short": [row.short for row in rows],
    }
    frame = _frame(columns, ("missing", "direct", "pro_rata", "short"), digits)
    return frame.to_dicts()
