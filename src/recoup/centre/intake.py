"""A report as it was heard becomes pieces of the vault and one command of opaque ids. The rules are the rooms'; none is here.

**Which order is safe.** The vault first, in one transaction; the journal after it. An event then never names an id of which
nothing is kept: the chase may order a stop in the very entry in which a claim is made, and must find the account's number.
The other way round, a process that dies in between leaves a claim about an account that nobody can name.

1. Ids follow from the *seed* of the command (its id and its content) or from what a thing is found by (an account's number, a
   payment's serial number, a person's document). Whoever asks again after a crash meets the same ids, writes the same pieces in
   their place, and nothing is kept twice.
2. What was refused before leaves nothing: the command is decided on what is on disk before anything is kept.
3. What a process that died in between has kept and nobody asked for again is named by no event, so nobody can read it; a start
   drops it when it has waited long enough (`sweeping`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from recoup.cases import Channel, Claim, Grade, Report
from recoup.cases.commands import MakeClaim, TakeReport
from recoup.centre.directory import PERSON_DOCUMENT, Directory, Entry, Piece
from recoup.centre.import_commands import EnterForeign, Foreign, ForeignHold
from recoup.centre.terms import EnterClaim, EnterReport, Named

PERSON_NAME: Final = "person_name"
PERSON_PHONE: Final = "person_phone"
REPORT_TEXT: Final = "report_text"
PAYMENT_KIND: Final = "payment_kind"
PAYER_NAME: Final = "payer_name"
PAYEE_NAME: Final = "payee_name"

NewId = Callable[[str], str]
"""From a kind of thing to the id that follows from the seed: the same for the same command, nobody else's."""


@dataclass(frozen=True, slots=True)
class Told:
    """A person as a report names one. Without the number of a document nobody is recognised the next time."""

    name: str
    phone: str = ""
    document: str = ""


@dataclass(frozen=True, slots=True)
class Payment:
    """A disputed payment as the victim tells it."""

    payer: Entry | None
    """None: a deposit is disputed."""
    payee: Entry
    amount: int
    currency: str
    paid_at: datetime
    kind: str = ""
    serial: str = ""
    """Its number at the payee's institution, or at the payer's where the victim knows that one only."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A report with its first payment, as somebody wrote it down."""

    case: str
    """'': a case of its own."""
    unit: str
    reporter: Told
    victim: Told | None
    """None: the reporter is the victim."""
    grade: Grade
    channel: Channel
    accepts_liability: bool
    received_at: datetime
    payment: Payment
    text: str = ""


@dataclass(frozen=True, slots=True)
class HeardClaim:
    """Another payment of a report that was taken."""

    case: str
    report: str
    victim: str
    """Opaque id, as the report's first claim has it."""
    payment: Payment


@dataclass(frozen=True, slots=True)
class HeardForeign:
    """A report of another system, with the hold that stands for it there where there is one."""

    heard: Heard
    foreign: Foreign
    hold: ForeignHold | None = None
    """Its order's id is given here, with all other ids."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is to be kept, then what is to be asked of the writer."""

    case: str
    command: EnterReport | EnterClaim | EnterForeign
    pieces: tuple[Piece, ...]


def prepare_report(
    directory: Directory, heard: Heard, new_id: NewId, by: str, now: datetime
) -> Prepared:
    """Return the pieces and the command of a report; keeps nothing yet, save the ids that accounts and persons will have."""
    case, report_id = heard.case or new_id("case"), new_id("report")
    reporter = directory.reserve_person(heard.reporter.document, new_id("person"))
    pieces = [*_person_pieces(reporter, heard.reporter)]
    victim = reporter
    if heard.victim is not None:
        victim = directory.reserve_person(heard.victim.document, new_id("victim"))
        pieces += _person_pieces(victim, heard.victim)
    if heard.text:
        pieces.append((report_id, REPORT_TEXT, heard.text))
    report = Report(
        report_id,
        reporter,
        heard.grade,
        heard.channel,
        heard.accepts_liability,
        heard.received_at,
        now,
        by,
    )
    claim, named, about = _claim(directory, heard.payment, case, report_id, victim, new_id, by)
    command = EnterReport(TakeReport(report, claim, heard.unit), named)
    return Prepared(case, command, (*pieces, *about))


def prepare_foreign(
    directory: Directory, heard: HeardForeign, new_id: NewId, by: str, now: datetime
) -> Prepared:
    """Return the same of a row of another system."""
    found = prepare_report(directory, heard.heard, new_id, by, now)
    assert isinstance(found.command, EnterReport), "a report becomes a report"
    hold = None if heard.hold is None else replace(heard.hold, order=new_id("order"))
    return replace(found, command=EnterForeign(found.command, heard.foreign, hold))


def prepare_claim(directory: Directory, heard: HeardClaim, new_id: NewId, by: str) -> Prepared:
    """Return the pieces and the command of another payment of a report."""
    claim, named, about = _claim(
        directory, heard.payment, heard.case, heard.report, heard.victim, new_id, by
    )
    return Prepared(heard.case, EnterClaim(MakeClaim(claim), named), about)


def _claim(
    directory: Directory,
    payment: Payment,
    case: str,
    report: str,
    victim: str,
    new_id: NewId,
    by: str,
) -> tuple[Claim, tuple[Named, ...], tuple[Piece, ...]]:
    """Return a payment as a claim, the accounts that it names, and what is kept of it."""
    payee = directory.reserve(payment.payee.institution, payment.payee.number)
    pieces = [*directory.account_pieces(payee, case, payment.payee)]
    named = [Named(payee, payment.payee.institution)]
    payer = ""
    if payment.payer is not None:
        payer = directory.reserve(payment.payer.institution, payment.payer.number)
        named.append(Named(payer, payment.payer.institution))
        if payer != payee:
            pieces += directory.account_pieces(payer, case, payment.payer)
    known_at = payment.payee.institution
    transfer = directory.reserve_transfer(known_at, payment.serial, new_id("transfer"))
    pieces += directory.serial_pieces(transfer, known_at, payment.serial)
    # As this report has it: the case knows one name for an account, and victims were not told the same.
    said = {PAYMENT_KIND: payment.kind, PAYEE_NAME: payment.payee.name}
    said[PAYER_NAME] = payment.payer.name if payment.payer is not None else ""
    pieces += [(transfer, field, text) for field, text in said.items() if text]
    claim = Claim(
        new_id("claim"),
        report,
        victim,
        transfer,
        payer,
        payee,
        payment.payee.institution,
        payment.currency,
        payment.amount,
        payment.paid_at,
        by,
    )
    return claim, tuple(named), tuple(pieces)


def _person_pieces(person: str, told: Told) -> tuple[Piece, ...]:
    said = {PERSON_NAME: told.name, PERSON_PHONE: told.phone, PERSON_DOCUMENT: told.document}
    return tuple((person, field, text) for field, text in said.items() if text)


__all__ = [
    "PAYEE_NAME",
    "PAYER_NAME",
    "PAYMENT_KIND",
    "PERSON_NAME",
    "PERSON_PHONE",
    "REPORT_TEXT",
    "Heard",
    "HeardClaim",
    "HeardForeign",
    "NewId",
    "Payment",
    "Prepared",
    "Told",
    "prepare_claim",
    "prepare_foreign",
    "prepare_report",
]
