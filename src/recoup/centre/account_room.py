"""How accounts stand in the centre: entered for a case, read for a case. Their numbers and names lie in the vault, never here.

An account has one institution. A person's order is about an account that was entered for its case, where the account lies.
A case may learn another name of it, which the journal shows, but not while money is about to be paid to it: the bank compares
the name, so it must be the one that those who agreed have seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from recoup.cases import CasePolicy
from recoup.centre.commands import Decision, Declined, Noted
from recoup.centre.paying import is_payee
from recoup.centre.reasons import CentreReason
from recoup.centre.requests import Request, is_usable
from recoup.centre.state import CentreState
from recoup.centre.terms import Named
from recoup.ids import SubjectId
from recoup.journal.canonical import encode_plain
from recoup.orders import Order
from recoup.stores.vault import PersonalDataErased, PersonalDataRead

ACCOUNT_UNKNOWN: Final = "account_unknown"
INSTITUTION_DIFFERS: Final = "institution_differs"
TEXTS: Final = "texts"
"""Begins the vault's subject of all texts of a case."""
TEXT: Final = "text"
"""The field of a text that somebody wrote in a case; its subject is the text's own id."""


@dataclass(frozen=True, slots=True)
class AccountEntered:
    """An account is known to a case; its number and name lie in the vault."""

    account: str
    institution: str
    case: str
    by: str


@dataclass(frozen=True, slots=True)
class EnterAccount:
    """Make an account known to a case."""

    account: str
    institution: str
    case: str
    is_renamed: bool = False
    """Whether the name that comes with it is not the one under which the case knows it."""


@dataclass(frozen=True, slots=True)
class ReadPersonal:
    """Ask to see a piece about an account or a report of the request's case, or a text of it, for the actor's reason."""

    account: str
    field: str


Event = AccountEntered | PersonalDataRead | PersonalDataErased


def decide_accounts(
    state: CentreState, request: Request, _: datetime, __: CasePolicy
) -> Decision | Declined:
    """Decide one request about accounts."""
    command: EnterAccount | ReadPersonal = request.what
    who = request.actor.who
    match command:
        case EnterAccount(account, institution, case, is_renamed):
            if not state.case(case).is_open:
                return Declined(CentreReason.CASE_UNKNOWN, case)
            if not (is_usable(account) and is_usable(institution)):
                return Declined(CentreReason.ID_UNUSABLE)
            if state.accounts.get(account, institution) != institution:
                return Declined(INSTITUTION_DIFFERS, institution)
            if is_renamed and is_payee(state, case, account):
                return Declined(CentreReason.PAYEE_NAMED, account)
            entered = AccountEntered(account, institution, case, who)
            is_told = is_renamed or (case, account) not in state.entered
            return _decision(case, (entered,) if is_told else (), {"account": account})
        case ReadPersonal(account, name):
            if name != TEXT and state.target_of_subject(request.case, account) is None:
                return Declined(ACCOUNT_UNKNOWN, account)
            read = PersonalDataRead(account, name, who, request.case, request.actor.reason)
            return _decision(request.case, (read,), {"account": account, "field": name})


def entered(
    state: CentreState, case: str, accounts: Iterable[Named], by: str
) -> tuple[AccountEntered, ...] | Declined:
    """Return the events by which a case gets to know accounts that it did not know yet."""
    found: dict[str, AccountEntered] = {}
    for named in accounts:
        if state.accounts.get(named.account, named.institution) != named.institution:
            return Declined(INSTITUTION_DIFFERS, named.institution)
        if (case, named.account) not in state.entered:
            found[named.account] = AccountEntered(named.account, named.institution, case, by)
    return tuple(found.values())


def unfit(state: CentreState, order: Order) -> Declined | None:
    """Return why a person may not draft this order: its account is none of the case's, or lies elsewhere."""
    if (order.key.case, order.key.account) not in state.entered:
        return Declined(ACCOUNT_UNKNOWN, order.key.account)
    if state.accounts[order.key.account] != order.institution:
        return Declined(INSTITUTION_DIFFERS, order.institution)
    return None


def evolve_accounts(state: CentreState, _: SubjectId, event: Event) -> CentreState:
    """Fold an event about accounts into the registers; that data were read or erased is a fact for the record."""
    if isinstance(event, AccountEntered):
        state.accounts[event.account] = event.institution
        state.entered[event.case, event.account] = None
    return state


def _decision(subject: str, events: tuple[Event, ...], answer: dict[str, str]) -> Decision:
    return Decision(encode_plain(answer), tuple(Noted(SubjectId(subject), x) for x in events))


__all__ = [
    "ACCOUNT_UNKNOWN",
    "INSTITUTION_DIFFERS",
    "TEXT",
    "TEXTS",
    "AccountEntered",
    "EnterAccount",
    "Event",
    "ReadPersonal",
    "decide_accounts",
    "entered",
    "evolve_accounts",
    "unfit",
]
