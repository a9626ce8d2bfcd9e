"""Cases, holds and statements from which the centre works a return's awards out, and the awards as rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from docket import START, claim

from recoup.cases import Case
from recoup.cases.state import ClaimState
from recoup.centre.facts import FactRow, Statement, encode_paper
from recoup.centre.return_sheets import ReturnSheets, WorkedOut
from recoup.orders import Hold, HoldKey, HoldState, Order, OrderKind, OrderState, Tracked
from recoup.procedure import Application, Capacity, ClaimKey, Payee, PayeeKind, Return, Round

PAYEE = Payee(PayeeKind.ORIGINAL, "card", "person", "bank-home")


def case(name: str, *losses: tuple[str, str, int], state: ClaimState = ClaimState.ADMITTED) -> Case:
    """A case whose claims are (id, account paid, loss), admitted."""
    told = {"state": state, "paid_at": START}
    claims = (
        claim(
            number,
            account,
            loss,
            transfer=f"t-{name}-{number}",
            payer=f"card-{name}-{number}",
            **told,
        )
        for number, account, loss in losses
    )
    return Case(name, claims=tuple(claims), facts_version=3)


def frozen(case_id: str, account: str, held: int, asked: int | None = None, **more: object) -> Hold:
    """What an institution froze; it was asked for as much unless said otherwise."""
    since, key = START + timedelta(hours=1), HoldKey(case_id, account, "CNY")
    amount = held if asked is None else asked
    order = Order(f"f-{account}", OrderKind.FREEZE, key, f"bank-{account}", amount, "ann", "filed")
    told = Tracked(order, OrderState.ANSWERED, issued_at=since)
    hold = Hold(key, HoldState.FROZEN, held, OrderKind.FREEZE, since, orders=(told,))
    return replace(hold, **more)  # type: ignore[arg-type]


def shown(account: str, *moves: tuple[str, str, int]) -> bytes:
    """The statement of an account: (payer, payee, amount), a minute apart."""
    rows = tuple(
        FactRow(
            f"{account}-{at}",
            START + timedelta(minutes=at),
            at,
            payer,
            payee,
            amount,
            "CNY",
            "transfer",
            "",
            "bank-home",
            f"bank-{payee}",
            None,
        )
        for at, (payer, payee, amount) in enumerate(moves)
    )
    return encode_paper(Statement(account, f"bank-{account}", rows))


def sheets(
    cases: list[Case], holds: list[Hold], *statements: bytes, **more: object
) -> ReturnSheets:
    """All claims of the cases are applied for."""
    keys = [ClaimKey(one.id, row.id) for one in cases for row in one.claims]
    asks = (
        Application(f"app-{at}", key, Capacity.VICTIM, "person", PAYEE, "ann")
        for at, key in enumerate(keys)
    )
    found = Return(
        "r1", tuple(one.id for one in cases), (Round(1, "ann", applications=tuple(asks)),)
    )
    made = ReturnSheets(found, tuple(cases), statements, tuple(holds), (), "cn-2016")
    return replace(made, **more)  # type: ignore[arg-type]


def given(worked: WorkedOut) -> list[tuple[str, str, str, int, int]]:
    """Whose claim gets how much of whose hold: (case, claim, the hold's case, mode, amount)."""
    return sorted(
        (row.key.case, row.key.claim, row.place.case, row.mode, row.amount) for row in worked.awards
    )


ONE, TWO = case("case-1", ("c1", "a", 100)), case("case-2", ("c1", "a", 60))
BOTH = shown("a", ("card-case-1-c1", "a", 100), ("card-case-2-c1", "a", 60))


__all__ = ["BOTH", "ONE", "PAYEE", "TWO", "case", "frozen", "given", "sheets", "shown"]
