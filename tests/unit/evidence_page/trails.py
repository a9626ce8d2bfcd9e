"""Trails made without the engine: the example's expected results, small ones by hand, large ones by a seeded generator."""

from __future__ import annotations

import csv
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from recoup.money import parse_minor
from recoup.records import tables
from recoup.records.dossier import Dossier
from recoup.records.provenance import Source
from recoup.trace import trail as shape
from recoup.trace.trail import Options, Trail

ROOT = Path(__file__).parents[3]
START = datetime(2025, 11, 12, 5, 58, tzinfo=UTC)


def frame(schema: pl.Schema, rows: list[dict]) -> pl.DataFrame:
    """Return rows with defaults for what they do not say: '' for text, 0 for numbers, null for times."""
    empty = {
        name: "" if kind == pl.String else (0 if kind.is_integer() else None)
        for name, kind in schema.items()
    }
    for name in ("payer_balance", "payee_balance", "other_source", "other_row"):
        if name in empty:
            empty[name] = None
    return pl.DataFrame([empty | row for row in rows], schema=schema, orient="row")


def trail_of(
    transfers: list[dict],
    claims: list[dict],
    flows: list[dict],
    *,
    exits: list[dict] = (),
    positions: list[dict] = (),
    unknown: list[dict] = (),
    accounts: list[dict] = (),
    leads: list[dict] = (),
    rules: tuple[str, ...] = ("fifo",),
    assumptions: tuple[str, ...] = (),
) -> Trail:
    """Return a Trail whose summary is computed from the other frames; amounts are fen, the currency CNY unless said."""
    rows = [
        {
            "currency": "CNY",
            "kind": "transfer",
            "sequence": i,
            "row": i + 2,
            "time": START + timedelta(minutes=i),
        }
        | row
        for i, row in enumerate(transfers)
    ]
    by_id = {row["id"]: row for row in rows}
    full = []
    for claim in claims:
        row = by_id[claim["transfer"]]
        full.append(
            {"loss": row["amount"], "currency": row["currency"], "time": row["time"]}
            | {"payer": row.get("payer", ""), "payee": row.get("payee", "")}
            | claim
        )
    money = [{"rule": rules[0], "currency": "CNY"} | row for row in (*exits,)]
    places = [{"rule": rules[0], "currency": "CNY"} | row for row in (*positions,)]
    frontier = [{"rule": rules[0], "currency": "CNY"} | row for row in (*unknown,)]
    carried = [{"rule": rules[0], "depth": 1} | row for row in flows]
    summary = []
    for rule in rules:
        for claim in full:
            key = (rule, claim["claim"], claim["currency"])

            def total(table, part="amount", key=key):
                mine = (r for r in table if (r["rule"], r["claim"], r["currency"]) == key)
                return sum(r.get(part, 0) for r in mine)

            summary.append(
                {"rule": rule, "claim": claim["claim"], "victim": claim.get("victim", "")}
                | {
                    "currency": claim["currency"],
                    "loss": claim["loss"],
                    "recoverable": claim["loss"],
                }
                | {"located": total(places), "held": total(places, "held")}
                | {"exited": total(money), "unknown": total(frontier)}
            )
    names = {}
    for row in rows:
        for side in ("payer", "payee"):
            if row.get(side):
                names[row[side]] = (row.get(f"{side}_name", ""), row.get(f"{side}_institution", ""))
    hops = {}
    for row in carried:
        payee = by_id[row["transfer"]].get("payee", "")
        hops[payee] = min(hops.get(payee, 99), row["depth"])
    for claim in full:
        hops[claim["payer"]] = 0
    given = {row["account"] for row in accounts}
    lost = {row["account"] for row in frontier}
    pockets = [{"currency": "CNY"} | row for row in accounts] + [
        {
            "account": account,
            "currency": currency,
            "name": names[account][0],
            "institution": names[account][1],
        }
        | {
            "standing": "unknown" if account in lost else "known",
            "depth": depth,
            "opening_basis": "smallest",
        }
        for account, depth in sorted(hops.items())
        for currency in sorted({row["currency"] for row in rows})
        if account and account not in given
    ]
    source = Source(
        "case/transfers.csv", "", "ab" * 32, len(rows), "子虚银行", "2025-11-12", "协查〔2025〕17号"
    )
    dossier = Dossier(frame(tables.TRANSFERS, rows), (source,))
    return Trail(
        dossier,
        Options(rules=rules),
        frame(shape.CLAIMS, full),
        frame(shape.POSITIONS, places),
        frame(shape.FLOWS, carried),
        frame(shape.EXITS, money),
        frame(shape.UNKNOWN, frontier),
        frame(shape.SUMMARY, summary),
        frame(shape.ACCOUNTS, pockets),
        frame(shape.LEADS, list(leads)),
        frame(shape.HOLDS_FILLED, []),
        assumptions,
    )


def example_trail() -> Trail:
    """Return the example's trail under fifo and lifo, from `examples/expected`, with a hold, a lead and assumptions added."""
    folder = ROOT / "examples"

    def read(name: str) -> list[dict]:
        with (folder / name).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            for key in ("amount", "loss"):
                if key in row:
                    row[key] = parse_minor(row[key], 2)
            for key in ("time", "since", "reported_at"):
                if row.get(key):
                    row[key] = datetime.fromisoformat(row[key]).astimezone(UTC)
            for key in ("sequence", "depth"):
                if key in row:
                    row[key] = int(row[key])
            row.pop("balance_after", None)
        return rows

    transfers = sorted(
        read("case/transfers.csv"), key=lambda r: (r["time"], r["sequence"], r["id"])
    )
    positions = read("expected/positions.csv")
    largest = max(positions, key=lambda r: r["amount"])
    for row in positions:
        is_held = row["account"] == largest["account"]
        row["held"] = (
            row["amount"] if is_held else row["amount"] // 2 if row["amount"] > 800_000 else 0
        )
    unknown = read("expected/unknown.csv")
    unknown_account = unknown[0]["account"]
    leads = [
        {k: row[k] for k in ("payee", "currency", "amount", "time")}
        | {"account": unknown_account, "transfer": row["id"]}
        for row in transfers
        if row["payer"] == unknown_account
    ]
    return trail_of(
        transfers,
        read("case/claims.csv"),
        read("expected/flows.csv"),
        exits=read("expected/exits.csv"),
        positions=positions,
        unknown=unknown,
        leads=leads,
        rules=("fifo", "lifo"),
        assumptions=(
            "Opening balances of 41 accounts are the smallest that keep them from going negative.",
            "12 rows of 南柯银行 share a minute with others; their order is the statements' order.",
        ),
    )


def random_trail(seed: int, *, accounts: int, transfers: int, claims: int) -> Trail:
    """Return a conserved trail of a ring that spreads, mixes, circles and cashes out; pockets give in claim order."""
    chance = random.Random(seed)
    surnames, given = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨", "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳"
    mules = [f"6299{chance.randrange(10**14, 10**15)}" for _ in range(accounts)]
    names = {
        m: chance.choice(surnames) + chance.choice(given) + chance.choice(given) for m in mules
    }
    level = {m: min(1 + int(chance.paretovariate(0.9) % 7), 7) for m in mules}
    by_level = {d: [m for m in mules if level[m] == d] for d in range(1, 9)}
    lost = {m for m in mules if level[m] > 2 and chance.random() < 0.06}
    pocket: dict[str, dict[str, tuple[int, int]]] = {}
    rows, flows, exits, unknown, made = [], [], [], [], []
    for i in range(claims):
        victim, first = f"6230{i:015d}", chance.choice(by_level[1])
        amount = int(chance.paretovariate(1.1) * 1_000_000)
        row = {
            "id": f"D{i:05}",
            "payer": victim,
            "payee": first,
            "amount": amount,
            "payer_name": f"受害人{i}",
        }
        rows.append(row | {"payee_name": names[first], "payee_institution": "乌有银行"})
        made.append({"claim": f"C{i:05}", "victim": f"受害人{i}", "transfer": f"D{i:05}"})
        flows.append({"claim": f"C{i:05}", "transfer": f"D{i:05}", "depth": 1, "amount": amount})
        pocket.setdefault(first, {})[f"C{i:05}"] = (amount, 1)
    while len(rows) < transfers + claims:
        payer = chance.choice(list(pocket)[-400:])
        mine = pocket[payer]
        total = sum(a for a, _ in mine.values())
        amount = max(1, int(total * chance.choice([0.2, 0.4, 0.7, 1.0])))
        is_exit = chance.random() < 0.04 * level[payer]
        deeper = by_level[min(level[payer] + 1, 8)] or mules
        payee = "" if is_exit else chance.choice(deeper if chance.random() < 0.9 else mules)
        if payee == payer:
            continue
        kind = (
            chance.choice(["cash_out", "purchase", "exchange", "wallet", "abroad"])
            if is_exit
            else "transfer"
        )
        name = f"T{len(rows):06}"
        row = {"id": name, "payer": payer, "payee": payee, "amount": amount, "kind": kind}
        row |= {"payer_name": names[payer], "payee_name": names.get(payee, "")}
        rows.append(
            row
            | {"payer_institution": "南柯银行", "payee_institution": "乌有银行" if payee else ""}
        )
        rest = amount
        for claim, (have, depth) in sorted(mine.items()):
            part = min(have, rest)
            rest -= part
            if not part:
                continue
            mine[claim] = (have - part, depth)
            if have == part:
                del mine[claim]
            flows.append({"claim": claim, "transfer": name, "depth": depth + 1, "amount": part})
            if is_exit:
                exits.append(
                    {
                        "claim": claim,
                        "transfer": name,
                        "account": payer,
                        "kind": kind,
                        "amount": part,
                    }
                )
            elif payee in lost:
                unknown.append({"claim": claim, "account": payee, "amount": part, "since": START})
            else:
                before = pocket.setdefault(payee, {}).get(claim, (0, 99))
                pocket[payee][claim] = (before[0] + part, min(before[1], depth + 1))
        if not mine:
            del pocket[payer]
    positions = [
        {
            "claim": c,
            "account": m,
            "amount": a,
            "held": a if chance.random() < 0.3 else 0,
            "since": START,
        }
        for m, parts in pocket.items()
        for c, (a, _) in parts.items()
    ]
    return trail_of(rows, made, flows, exits=exits, positions=positions, unknown=unknown)
