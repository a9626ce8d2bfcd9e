"""MT940 (and MT942): SWIFT statements of accounts. The information field 86 is free text; common layouts are understood."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from recoup.reading.camt import Statement, decimal_of, statement_table
from recoup.reading.delimited import to_utf8
from recoup.reading.findings import Findings
from recoup.reading.raw import RawTable

_TAG: Final = re.compile(r"^:(\d{2}[A-Z]?):", re.MULTILINE)
_OPENS: Final = re.compile(rb"(?:\A(?:\xef\xbb\xbf)?|[\r\n]):(20|25|60[FM]):")
_LINE: Final = re.compile(
    r"^(?P<date>\d{6})(?P<entry>\d{4})?(?P<mark>R?[CD]|E[CD])(?P<funds>[A-Z])?(?P<amount>\d[\d,]{0,20})(?P<type>[A-Z][A-Z0-9]{3})"
    r"(?P<reference>[^\n]{0,80}?)(?://(?P<bank>[^\n]{0,40}))?(?:\n(?P<more>.*))?$",
    re.DOTALL,
)
_BALANCE: Final = re.compile(r"^([CD])(\d{6})([A-Z]{3})(\d[\d,]{0,20})")
_NO_REFERENCE: Final = ("", "NONREF", "NOTPROVIDED")


def is_mt940(data: bytes) -> bool:
    """Return whether the bytes hold the tags of an MT940 message, each where a line begins: a time like 09:20:25 is none."""
    found = {match.group(1) for match in _OPENS.finditer(data[:4096])}
    return b"20" in found and len(found) > 1


def read_mt940(data: bytes, source: int, file: str, findings: Findings) -> list[RawTable]:
    """Return one table a statement of the file, numbered from `source`; lines that cannot be read are refused."""
    text = to_utf8(data)
    if text is None:
        findings.add_file("encoding_unreadable", file, data[:16].hex(" "))
        return []
    plain = text.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    statements: list[Statement] = []
    for tag, value, line in _fields(plain):
        if tag == "20":
            statements.append(Statement(name=value.strip()))
        elif not statements:
            continue
        elif not _take(statements[-1], tag, value):
            findings.add_file(
                "mt940_invalid",
                file,
                f":{tag}:{value}",
                sheet=statements[-1].name,
                row=line,
                column=tag,
            )
    full = [statement for statement in statements if statement.rows]
    if not full:
        findings.add_file("file_empty" if statements else "mt940_invalid", file, "no field 61")
    return [statement_table(statement, source + place) for place, statement in enumerate(full)]


def _fields(text: str) -> list[tuple[str, str, int]]:
    """Tag, value and line of every field; the envelope of the message is left out."""
    marks = list(_TAG.finditer(text))
    fields = []
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    for mark, end in zip(marks, ends, strict=False):  # a text without tags has an end only
        value = text[mark.end() : end]
        value = re.split(r"\n-\}?|\n\{", value, maxsplit=1)[0]
        fields.append((mark.group(1), value.rstrip("\n"), text.count("\n", 0, mark.start()) + 1))
    return fields


def _take(statement: Statement, tag: str, value: str) -> bool:
    if tag == "25":
        account = value.strip().splitlines()[0] if value.strip() else ""
        statement.account["account"] = account.rpartition("/")[2] or account
    elif tag == "28C":
        statement.name = f"{statement.name} {value.strip()}".strip()
    elif tag[:2] in {"60", "62"}:
        return _balance(statement, tag, value)
    elif tag == "61":
        row = _entry(value)
        if row is None:
            return False
        statement.rows.append(row)
    elif tag == "86" and statement.rows and "86" not in statement.rows[-1]:
        statement.rows[-1] |= {"86": "seen", **_information(value)}
    return True


def _balance(statement: Statement, tag: str, value: str) -> bool:
    found = _BALANCE.match(value.strip())
    amount = decimal_of(_point(found.group(4))) if found else None
    if found is None or amount is None:
        return False
    signed: Decimal = -amount if found.group(1) == "D" else amount
    statement.account["currency"] = found.group(3)
    if tag.startswith("60"):
        statement.opening = signed
    else:
        statement.closing = signed
    return True


def _entry(value: str) -> dict[str, str] | None:
    found = _LINE.match(value)
    if found is None:
        return None
    date, entry, mark = found["date"], found["entry"], found["mark"]
    year = ("19" if date[:2] > "79" else "20") + date[:2]
    day = f"{year}-{date[2:4]}-{date[4:6]}"
    if entry:
        day = _entry_day(year, date[2:4], entry)
    # A reversed credit takes money out, a reversed debit brings it back; EC and ED are expected, not booked.
    credit = mark in {"C", "RD", "EC"}
    reference = found["reference"].strip()
    return {
        "time": day,
        "direction": "CRDT" if credit else "DBIT",
        "amount": _point(found["amount"]),
        "kind": "reversal" if mark.startswith("R") else "",
        "status": "PDNG" if mark.startswith("E") else "BOOK",
        "reference": "" if reference in _NO_REFERENCE else reference,
        "id": (found["bank"] or "").strip(),
        "note": (found["more"] or "").strip(),
    }


def _entry_day(year: str, value_month: str, entry: str) -> str:
    """The booking day has no year: it is near the value day, at most a turn of the year away."""
    turn = {("12", "01"): 1, ("01", "12"): -1}.get((value_month, entry[:2]), 0)
    return f"{int(year) + turn}-{entry[:2]}-{entry[2:]}"


def _information(value: str) -> dict[str, str]:
    """Counterparty and purpose of field 86: German `?20...` subfields, `/IBAN/.../NAME/...` words, or plain text."""
    flat = value.replace("\n", "")
    if re.match(r"^\d{3}.?\?", flat):
        parts = dict(re.findall(r"\?(\d{2})([^?]*)", flat))
        pieces = {
            "counterparty": parts.get("31", "").strip(),
            "counterparty_institution": parts.get("30", "").strip(),
            "counterparty_name": (parts.get("32", "") + parts.get("33", "")).strip(),
            "note": " ".join(parts[key].strip() for key in sorted(parts) if key.startswith("2")),
        }
    else:
        words: dict[str, str] = dict(re.findall(r"/(IBAN|ACCW|NAME|BIC|REMI|EREF)/([^/]*)", flat))
        pieces = {
            "counterparty": words.get("IBAN", words.get("ACCW", "")).split(",")[0].strip(),
            "counterparty_name": words.get("NAME", "").strip(),
            "counterparty_institution": words.get("BIC", "").strip(),
            "note": words.get("REMI", "" if words else value.replace("\n", " ")).strip(),
        }
    return {name: text for name, text in pieces.items() if text}


def _point(amount: str) -> str:
    return amount.replace(",", ".").rstrip(".")
