"""Makes every file of this folder from `story.py`, the same to the byte each time: `python examples/make.py [FOLDER]`.

case/        the ledger: transfers.csv, claims.csv, known.csv
statements/  the same case as the banks sent it: one workbook an institution, one sheet an account, and claims.csv
expected/    what fifo and lifo must find, computed by `naive.py`
"""

from __future__ import annotations

import csv
import sys
from datetime import UTC, datetime
from pathlib import Path

import xlsxwriter
from naive import Result, trace
from story import BANKS, DRAWN_AT, Account, Case, Row, simulate

RULES = ("fifo", "lifo")
CURRENCY = "CNY"
NEWEST_FIRST = "SY"
IN_OUT = {"ZY": ("支出", "收入"), "HS": ("支出", "收入")}
"""Words of the 借贷标志 column, out and in; banks say 借 and 贷."""
WORDS = {
    "transfer": "转账",
    "cash_in": "现金存入",
    "cash_out": "ATM取现",
    "purchase": "消费",
    "exchange": "数字货币交易",
    "wallet": "钱包充值",
    "abroad": "跨境汇款",
    "fee": "手续费",
    "reversal": "冲正",
}
LEDGER = (
    "id,time,payer,payee,amount,currency,sequence,rail,kind,reference,payer_name,payee_name,"
    "payer_institution,payee_institution,balance_after,reverses"
)
STATEMENT = "交易时间,交易金额,借贷标志,对方账号,对方户名,账户余额,摘要,流水号,原流水号,币种"


def yuan(fen: int) -> str:
    """Return fen as decimal text."""
    return f"{fen // 100}.{fen % 100:02d}"


def utc(time: datetime) -> str:
    """Return an instant the way the outputs write it."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def write_csv(path: Path, header: str, rows: list[list[str]]) -> None:
    """Write UTF-8 CSV with plain line ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(rows)


def write_case(case: Case, folder: Path) -> None:
    """Write the ledger: `balance_after` is the payer's, or the payee's of a deposit; empty where no statement says it."""
    rows = []
    for sequence, row in enumerate(case.rows, 1):
        payer, payee = case.accounts.get(row.payer), case.accounts.get(row.payee)
        balance = row.payer_balance if row.payer else row.payee_balance
        rows.append(
            [
                row.id,
                row.time.isoformat(),
                payer.number if payer else "",
                payee.number if payee else "",
                yuan(row.amount),
                CURRENCY,
                str(sequence),
                row.rail,
                row.kind,
                row.reference,
                row.payer_name,
                row.payee_name,
                BANKS[payer.bank] if payer else "",
                BANKS[payee.bank] if payee else "",
                "" if balance is None else yuan(balance),
                row.reverses,
            ]
        )
    write_csv(folder / "transfers.csv", LEDGER, rows)
    claims = [
        [claim, victim, transfer, at.isoformat()]
        for claim, victim, transfer, at in sorted(case.claims)
    ]
    write_csv(folder / "claims.csv", "claim,victim,transfer,reported_at", claims)
    write_csv(
        folder / "known.csv",
        "account",
        [[account.number] for account in case.accounts.values() if account.known],
    )


def write_statements(case: Case, folder: Path) -> None:
    """Write one workbook an institution, and the claims as victims tell them: from, to, how much, when."""
    folder.mkdir(parents=True, exist_ok=True)
    for code, name in BANKS.items():
        with xlsxwriter.Workbook(folder / f"{name}.xlsx") as book:
            book.set_properties({"author": name, "created": DRAWN_AT.replace(tzinfo=None)})
            for account in case.accounts.values():
                if account.known and account.bank == code:
                    _write_sheet(book, account, case)
    by_id = {row.id: row for row in case.rows}
    rows = []
    for claim, victim, transfer, at in sorted(case.claims):
        row = by_id[transfer]
        ends = [case.accounts[key].number if key else "" for key in (row.payer, row.payee)]
        rows.append([claim, victim, *ends, yuan(row.amount), row.time.isoformat(), at.isoformat()])
    write_csv(folder / "claims.csv", "claim,victim,payer,payee,amount,time,reported_at", rows)


def _write_sheet(book: xlsxwriter.Workbook, account: Account, case: Case) -> None:
    """Write one account as its bank lists it: titles, a header, a row a movement; every number of an account is text."""
    sheet = book.add_worksheet(account.number)
    sheet.set_column(0, 9, 20)
    sheet.write_string(0, 0, f"{BANKS[account.bank]}账户交易明细")
    sheet.write_string(1, 0, f"户名：{account.name}")
    sheet.write_string(1, 3, f"账号：{account.number}")
    sheet.write_string(2, 0, f"查询时间：{DRAWN_AT:%Y-%m-%d %H:%M:%S}")
    sheet.write_string(2, 3, "查询文书：虚公（刑）查财字〔2025〕0001号")
    for column, name in enumerate(STATEMENT.split(",")):
        sheet.write_string(4, column, name)
    money = book.add_format({"num_format": "0.00"})
    rows = [row for row in case.rows if account.key in (row.payer, row.payee)]
    for line, row in enumerate(reversed(rows) if account.bank == NEWEST_FIRST else rows, 5):
        for column, value in enumerate(_statement_row(row, account, case)):
            if isinstance(value, float):
                sheet.write_number(line, column, value, money)
            else:
                sheet.write_string(line, column, value)


def _statement_row(row: Row, account: Account, case: Case) -> list[str | float]:
    is_out = row.payer == account.key
    out, into = IN_OUT.get(account.bank, ("借", "贷"))
    other = case.accounts.get(row.payee if is_out else row.payer)
    balance = row.payer_balance if is_out else row.payee_balance
    assert balance is not None
    original = next((other.reference for other in case.rows if other.id == row.reverses), "")
    return [
        f"{row.time:%Y-%m-%d %H:%M:%S}",
        row.amount / 100,  # as Excel keeps it; two decimals of such size survive a float
        out if is_out else into,
        other.number if other else "",
        row.payee_name if is_out else row.payer_name,
        balance / 100,
        WORDS[row.kind],
        row.reference,
        original,
        CURRENCY if account.bank in IN_OUT else "人民币",
    ]


def write_expected(case: Case, folder: Path) -> None:
    """Write what the rules must find, in the columns of the program's own files, sorted by their keys."""
    number = {key: account.number for key, account in case.accounts.items()} | {"": ""}
    tables: dict[str, list[list[str]]] = {
        name: [] for name in ("positions", "flows", "exits", "unknown", "summary")
    }
    for rule in RULES:
        found = trace(case, rule)
        tables["positions"] += sorted(
            [rule, claim, number[key], CURRENCY, yuan(amount), utc(since)]
            for (claim, key), (amount, since) in found.positions.items()
        )
        tables["flows"] += sorted(
            [rule, c, t, str(depth), yuan(amount)]
            for (c, t), (depth, amount) in found.flows.items()
        )
        tables["exits"] += sorted(
            [rule, c, t, number[key], CURRENCY, kind, yuan(amount)]
            for (c, t, key, kind), amount in found.exits.items()
        )
        tables["unknown"] += sorted(
            [rule, c, number[key], CURRENCY, yuan(a)] for (c, key), a in found.unknown.items()
        )
        tables["summary"] += _summary(rule, found)
    headers = {
        "positions": "rule,claim,account,currency,amount,since",
        "flows": "rule,claim,transfer,depth,amount",
        "exits": "rule,claim,transfer,account,currency,kind,amount",
        "unknown": "rule,claim,account,currency,amount",
        "summary": "rule,claim,currency,loss,located,exited,unknown",
    }
    for name, rows in tables.items():
        write_csv(folder / f"{name}.csv", headers[name], rows)


def _summary(rule: str, found: Result) -> list[list[str]]:
    rows = []
    for claim, loss in sorted(found.loss.items()):
        located = sum(amount for (c, _), (amount, _) in found.positions.items() if c == claim)
        exited = sum(amount for (c, *_), amount in found.exits.items() if c == claim)
        unknown = sum(amount for (c, _), amount in found.unknown.items() if c == claim)
        rows.append([rule, claim, CURRENCY, *map(yuan, (loss, located, exited, unknown))])
    return rows


def check(case: Case) -> None:
    """Assert that the story holds together: times never go back, and no money appears or vanishes inside."""
    assert all(a.time <= b.time for a, b in zip(case.rows, case.rows[1:], strict=False))
    inside = sum(account.balance - account.opening for account in case.accounts.values())
    came = sum(row.amount for row in case.rows if not row.payer)
    left = sum(row.amount for row in case.rows if not row.payee)
    assert inside == came - left
    assert len({account.number for account in case.accounts.values()}) == len(case.accounts)


def main(folder: Path) -> None:
    """Write the three folders below `folder`."""
    case = simulate()
    check(case)
    write_case(case, folder / "case")
    write_statements(case, folder / "statements")
    write_expected(case, folder / "expected")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
