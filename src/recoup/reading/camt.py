"""camt.053, camt.054 and camt.052: statements as ISO 20022 XML, any version, several in one file. No schema check.

Elements are found by their local names, so every version reads alike. No DTD is loaded, no entity expanded, no network used.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final

import polars as pl
from lxml import etree

from recoup.reading.findings import Findings
from recoup.reading.libraries import guarded
from recoup.reading.raw import RawTable

COLUMNS: Final = (
    "account", "account_name", "account_institution", "currency", "time", "direction", "amount", "id", "reference",
    "counterparty", "counterparty_name", "counterparty_institution", "note", "kind", "status", "balance",
)  # fmt: skip
"""Columns of every statement-like message, as the header names that are recognised."""

_STATEMENTS: Final = ("Stmt", "Ntfctn", "Rpt")
_OPENING: Final = ("OPBD", "PRCD", "OPAV")
_CLOSING: Final = ("CLBD",)
_NO_REFERENCE: Final = ("", "NOTPROVIDED", "NONREF", "N/A")


@dataclass(slots=True)
class Statement:
    """One statement while it is read: its account, balances, and one dict a booked row."""

    name: str = ""
    account: dict[str, str] = field(default_factory=dict)
    opening: Decimal | None = None
    closing: Decimal | None = None
    rows: list[dict[str, str]] = field(default_factory=list)


def is_xml(data: bytes) -> bool:
    """Return whether the bytes begin like XML."""
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith((b"<?xml", b"<Document", b"<!--", b"<ns")) or (
        head[:2] in (b"\xff\xfe", b"\xfe\xff") and b"<\0?\0x" in data[:16]
    )


def read_camt(data: bytes, source: int, file: str, findings: Findings) -> list[RawTable]:
    """Return one table a statement of the message, numbered from `source`."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        findings.add_file("xml_invalid", file, "a document type declaration")
        return []
    read = guarded(lambda: _statements(data))
    if isinstance(read, str):
        findings.add_file("xml_invalid", file, read)
        return []
    if not read:
        findings.add_file("xml_invalid", file, "no statement, report or notification")
        return []
    full = [statement for statement in read if statement.rows]
    if not full:
        findings.add_file("file_empty", file, "statements without entries")
    return [statement_table(statement, source + place) for place, statement in enumerate(full)]


def statement_table(statement: Statement, source: int) -> RawTable:
    """Return a statement's rows as a table; stated opening and closing balances stand at its first and last row."""
    rows = [{**statement.account, **row} for row in statement.rows]
    _state_balances(statement, rows)
    columns = {name: [row.get(name) or None for row in rows] for name in COLUMNS}
    frame = pl.DataFrame(columns, schema=dict.fromkeys(COLUMNS, pl.String))
    frame = frame.select(
        name
        for name in COLUMNS
        if frame[name].null_count() < frame.height
        or name in {"account", "direction", "currency", "amount", "time"}
    )
    numbers = pl.int_range(1, frame.height + 1, dtype=pl.Int32, eager=True)
    return RawTable(source, frame, numbers, sheet=statement.name, shape="statement")


def _state_balances(statement: Statement, rows: list[dict[str, str]]) -> None:
    """Opening plus the first row is the balance after it; the closing balance is the one after the last row."""
    booked = [row for row in rows if row.get("status", "BOOK") in {"", "BOOK"}]
    if not booked:
        return
    newest_first = booked[0]["time"] > booked[-1]["time"]
    first, last = (booked[-1], booked[0]) if newest_first else (booked[0], booked[-1])
    if statement.opening is not None:
        moved = decimal_of(first["amount"])
        if moved is not None:
            first["balance"] = str(
                statement.opening + (moved if first["direction"] == "CRDT" else -moved)
            )
    if statement.closing is not None and (last is not first or statement.opening is None):
        last["balance"] = str(statement.closing)


def decimal_of(text: str) -> Decimal | None:
    """Return the decimal number in `text`, or None."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _statements(data: bytes) -> list[Statement]:
    found: list[Statement] = []
    current = Statement()
    events = etree.iterparse(
        io.BytesIO(data),
        events=("start", "end"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    for event, element in events:
        name = _local(element)
        if event == "start":
            if name in _STATEMENTS:
                current = Statement(name=f"{name} {len(found) + 1}")
                found.append(current)
            continue
        parent = _local(element.getparent()) if element.getparent() is not None else ""
        if parent in _STATEMENTS:
            _statement_part(current, name, element)
            if name == "Ntry":
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
    return found


def _statement_part(current: Statement, name: str, element: etree._Element) -> None:
    if name == "Id":
        current.name = (element.text or "").strip() or current.name
    elif name == "Acct":
        current.account = {
            "account": _first(element, "Id/IBAN", "Id/Othr/Id"),
            "currency": _first(element, "Ccy"),
            "account_name": _first(element, "Ownr/Nm", "Ownr/Pty/Nm", "Nm"),
            "account_institution": _first(
                element, "Svcr/FinInstnId/BICFI", "Svcr/FinInstnId/BIC", "Svcr/FinInstnId/Nm"
            ),
        }
    elif name == "Bal":
        kind, amount = _first(element, "Tp/CdOrPrtry/Cd"), decimal_of(_first(element, "Amt"))
        signed = (
            -amount if amount is not None and _first(element, "CdtDbtInd") == "DBIT" else amount
        )
        if kind in _OPENING and current.opening is None:
            current.opening = signed
        elif kind in _CLOSING:
            current.closing = signed
        current.account.setdefault("currency", _currency(element))
    elif name == "Ntry":
        current.rows += _entry(element)


def _entry(entry: etree._Element) -> list[dict[str, str]]:
    """The rows of one entry: one for each detail of a batch if their amounts are stated and sum to the entry's, else one."""
    common = {
        "amount": _first(entry, "Amt"),
        "direction": _first(entry, "CdtDbtInd"),
        "time": _time(entry),
        "status": _first(entry, "Sts/Cd", "Sts"),
        "id": _first(entry, "AcctSvcrRef", "NtryRef"),
        "note": _first(entry, "AddtlNtryInf"),
        "kind": "reversal" if _first(entry, "RvslInd").lower() in {"true", "1"} else "",
    }
    currency = _currency(entry)
    if currency:
        common["currency"] = currency
    details = _find(entry, "NtryDtls/TxDtls")
    amounts = [
        _first(detail, "Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt") for detail in details
    ]
    values = [decimal_of(amount) for amount in amounts]
    whole = decimal_of(common["amount"])
    if len(details) > 1:
        if (
            whole is None
            or None in values
            or sum(value for value in values if value is not None) != whole
        ):
            return [common]
        return [
            {**common, **_detail(detail, common), "amount": amount}
            for detail, amount in zip(details, amounts, strict=True)
        ]
    return [{**common, **_detail(details[0], common)}] if details else [common]


def _detail(detail: etree._Element, common: dict[str, str]) -> dict[str, str]:
    direction = _first(detail, "CdtDbtInd") or common["direction"]
    # The other side of a credit is its debtor. A reversal keeps the parties of the original.
    side = (
        ("Dbtr" if direction == "CRDT" else "Cdtr")
        if not common["kind"]
        else ("Cdtr" if direction == "CRDT" else "Dbtr")
    )
    references = (
        _first(detail, "Refs/UETR"),
        _first(detail, "Refs/EndToEndId"),
        _first(detail, "Refs/TxId"),
    )
    own = {
        "direction": direction,
        "id": _first(detail, "Refs/AcctSvcrRef") or common["id"],
        "reference": next((text for text in references if text not in _NO_REFERENCE), ""),
        "counterparty": _first(
            detail, f"RltdPties/{side}Acct/Id/IBAN", f"RltdPties/{side}Acct/Id/Othr/Id"
        ),
        "counterparty_name": _first(detail, f"RltdPties/{side}/Nm", f"RltdPties/{side}/Pty/Nm"),
        "counterparty_institution": _first(
            detail,
            f"RltdAgts/{side}Agt/FinInstnId/BICFI",
            f"RltdAgts/{side}Agt/FinInstnId/BIC",
            f"RltdAgts/{side}Agt/FinInstnId/Nm",
        ),
        "note": _first(detail, "RmtInf/Ustrd", "AddtlTxInf"),
    }
    return {name: text for name, text in own.items() if text}


def _time(entry: etree._Element) -> str:
    text = _first(entry, "BookgDt/DtTm", "BookgDt/Dt", "ValDt/DtTm", "ValDt/Dt")
    return text[:10] if "T" not in text else text


def _local(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _find(element: etree._Element, path: str) -> list[etree._Element]:
    found = [element]
    for step in path.split("/"):
        found = [child for one in found for child in one if _local(child) == step]
    return found


def _first(element: etree._Element, *paths: str) -> str:
    for path in paths:
        for found in _find(element, path):
            text = (found.text or "").strip()
            if text:
                return text
    return ""


def _currency(element: etree._Element) -> str:
    return next((str(amount.get("Ccy") or "") for amount in _find(element, "Amt")), "")
