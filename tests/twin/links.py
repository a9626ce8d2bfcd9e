"""Links that somebody asserts (choice 19) and the one order of all rows, assumed rows included. Nothing moves here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from recoup.records.dossier import Dossier
from twin.rows import Row


@dataclass(frozen=True, slots=True)
class Link:
    """One link with the rows it joins."""

    number: int
    source: str
    target: str
    amount: int
    currency: str
    time: datetime
    exit_row: Row
    entry_row: Row


def joined(
    dossier: Dossier, rows: dict[str, Row], standing: dict[str, str], pairs: dict[str, str]
) -> list[Link]:
    """Join exits and entries, the links choosing in row order; rows of conversion pairs serve no link."""
    used = set(pairs) | set(pairs.values())
    ordered = sorted(rows.values(), key=_key)
    links: list[Link] = []
    for number, given in enumerate(dossier.links.iter_rows(named=True)):
        same = [
            row
            for row in ordered
            if row.amount == given["amount"]
            and row.currency == given["currency"]
            and row.payer != row.payee
            and row.id not in used
        ]
        link = _joined(number, given, same, standing)
        used |= {link.exit_row.id, link.entry_row.id}
        links.append(link)
    return links


def _joined(number: int, given: dict[str, Any], same: list[Row], standing: dict[str, str]) -> Link:
    """Choose the latest exit and the first entry of the rows that could be, else assume them."""
    source, target, time = given["from"], given["to"], given["time"]
    amount, currency = given["amount"], given["currency"]
    elsewhere = ("", "terminal", "unknown", "bridged")
    exits = [
        row
        for row in same
        if row.payer == source
        and row.payee != target
        and row.time <= time
        and standing.get(row.payee, "") in elsewhere
    ]
    entries = [
        row
        for row in same
        if row.payee == target and row.time == time and standing.get(row.payer, "") in elsewhere
    ]
    assumed = Row(
        f"link:{number}", time, 0, source, target, amount, currency, "transfer", is_assumed=True
    )
    exit_row = exits[-1] if exits else replace(assumed, id=f"link:{number}:debit", payee="")
    entry_row = entries[0] if entries else replace(assumed, id=f"link:{number}:credit", payer="")
    return Link(number, source, target, amount, currency, time, exit_row, entry_row)


def _key(row: Row) -> tuple[datetime, int, str]:
    return (row.time, row.sequence, row.id)


def ordered_rows(rows: dict[str, Row], pairs: dict[str, str], links: list[Link]) -> list[Row]:
    """Return all rows in the order of events, assumed rows of links after the other transfers of their instant."""
    order = sorted((row for row in rows.values() if not row.is_assumed), key=_key)
    for debit, credit in pairs.items():
        if rows[debit].time == rows[credit].time:
            order.remove(rows[credit])
            order.insert(order.index(rows[debit]) + 1, rows[credit])
    for link in links:
        _place(order, link)
    return order


def _place(order: list[Row], link: Link) -> None:
    """Put the assumed rows of a link into the order, and its entry behind its exit when both have one time (choice 19)."""
    if link.exit_row.is_assumed and not link.entry_row.is_assumed:
        order.insert(order.index(link.entry_row), link.exit_row)
    elif link.exit_row.is_assumed:
        order.insert(_end_of(order, link.time), link.exit_row)
    behind = order.index(link.exit_row) + 1
    is_one_instant = link.exit_row.time == link.entry_row.time
    if link.entry_row.is_assumed:
        order.insert(behind if is_one_instant else _end_of(order, link.time), link.entry_row)
    elif is_one_instant:
        order.remove(link.entry_row)
        order.insert(order.index(link.exit_row) + 1, link.entry_row)


def _end_of(order: list[Row], time: datetime) -> int:
    return sum(1 for row in order if row.time <= time)
