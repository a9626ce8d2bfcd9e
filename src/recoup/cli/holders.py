"""`recoup bank notices`, `give`, `defer`, `appeal`, `appeals`: what a person at a bank does for holders, beside the agent.

They work on the agent's books while it runs or not; what they write reaches the centre with the agent's next letters. A
holder's words come from a file or a pipe, never from the command line, where everybody on the machine could read them.

Exit codes: 0 done; 2 something given could not be used.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from datetime import datetime

    from recoup.bank.holders import HolderDesk
    from recoup.bank.letters import HolderNotice

Books = Annotated[Path, typer.Option("--books", help="The agent's file of orders and holds.")]
OrderId = Annotated[str, typer.Argument(help="The order that began the hold, or froze it.")]
_STATEMENT_BYTES_MAX = 2**20


def register(group: typer.Typer) -> None:
    """Add the commands to the group `bank`."""
    for command, words in (
        (notices, "notices --books books.sqlite"),
        (give, "give ORDER --way counter --books books.sqlite"),
        (defer, "defer ORDER --reason REASON --until 2026-01-06T09:00:00Z --books books.sqlite"),
        (appeal, "appeal ORDER --statement letter.txt --books books.sqlite"),
        (appeals, "appeals --books books.sqlite"),
    ):
        group.command(command.__name__, epilog=f"Example: recoup bank {words}")(command)


@contextmanager
def _desk(books: Path) -> Iterator[HolderDesk]:
    """Open the books of an agent; say what could not be used, and end with 2."""
    from recoup.bank.serving import holder_desk
    from recoup.errors import Fault

    try:
        with holder_desk(books) as desk:
            yield desk
    except (Fault, OSError, ValueError) as fault:
        print(f"recoup bank: {fault}", file=sys.stderr)
        raise typer.Exit(2) from fault


def notices(
    order: Annotated[
        str, typer.Argument(help="Print the text of this order's notice, to hand it over.")
    ] = "",
    *,
    books: Books,
    account: Annotated[str, typer.Option("--account", help="Those of this account only.")] = "",
) -> None:
    """List the notices to holders with their state: due, given (when, how), deferred (why, until when)."""
    with _desk(books) as desk:
        found = [row for row in desk.notices() if account in {"", row.account}]
        if not order:
            for row in found:
                print(_line(row))
            return
        for row in found:
            if row.order == order:
                print(row.text, end="")
                return
        raise ValueError("expected an order of which a holder is to be told")


def _line(row: HolderNotice) -> str:
    """Return one notice: the account's last digits only, as in logs."""
    state = row.state.value
    if row.until is not None:
        state += f" until {row.until:%Y-%m-%dT%H:%M:%SZ}: {row.reason}"
    elif row.at is not None:
        state += f" at {row.at:%Y-%m-%dT%H:%M:%SZ} by {row.way}"
    return f"{row.order}  *{row.account[-4:]} {row.currency}  {state}"


def give(
    order: OrderId,
    *,
    way: Annotated[str, typer.Option("--way", help="Such as counter, letter, app.")],
    books: Books,
) -> None:
    """Note that the holder has the notice; the centre hears of it."""
    with _desk(books) as desk:
        desk.give(order, way)


def defer(
    order: OrderId,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why the holder is told later.")],
    until: Annotated[
        str, typer.Option("--until", help="When at the latest; before the hold ends.")
    ],
    books: Books,
) -> None:
    """Put a notice off, for a reason and until an end; then the holder is told. The centre hears of it."""
    with _desk(books) as desk:
        desk.put_off(order, reason, _instant(until))


def _instant(text: str) -> datetime:
    from datetime import UTC, datetime

    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"expected a time with its zone, as 2026-01-05T09:00:00Z, was {text}")
    return at.astimezone(UTC)


def appeal(
    order: OrderId,
    *,
    statement: Annotated[
        Path, typer.Option("--statement", help="File with the holder's words; - reads a pipe.")
    ],
    phone: Annotated[
        Path | None, typer.Option("--phone", help="File with the holder's phone number.")
    ] = None,
    books: Books,
) -> None:
    """File a holder's objection to a hold with the centre, and print its id once it is on disk."""
    with _desk(books) as desk:
        words = _words(statement)
        print(desk.file_appeal(order, words, _words(phone) if phone is not None else ""))


def _words(file: Path) -> str:
    from recoup.errors import MessageFault, MessageProblem

    with sys.stdin.buffer if str(file) == "-" else file.open("rb") as source:
        data = source.read(_STATEMENT_BYTES_MAX + 1)
    if len(data) > _STATEMENT_BYTES_MAX:
        raise MessageFault(MessageProblem.TOO_LARGE, f"{file}: more than {_STATEMENT_BYTES_MAX}")
    return data.decode("utf-8").strip()


def appeals(*, books: Books) -> None:
    """List the appeals that were filed here, and whether the centre has them."""
    with _desk(books) as desk:
        for row in desk.appeals():
            where = "taken" if row.is_taken else "waits"
            filed = row.appeal
            print(
                f"{filed.id}  {filed.order}  *{filed.account_number[-4:]}"
                f"  filed {filed.filed_at:%Y-%m-%dT%H:%M:%SZ}  {where}"
            )


__all__ = ["register"]
