"""What is traced for a case, and what its trail tells it: statements, holds and findings in, a command with places out.

The tracing itself is `tracer`'s. The same facts give the same command, so whoever traces a version again submits what was
submitted before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final

import polars as pl

from recoup.cases import Bridged, Case, Claim, Derived, Found, Place
from recoup.cases.case import HoldPlace
from recoup.cases.commands import ApplyTrail
from recoup.cases.decided import digest_of
from recoup.cases.state import LIVE_CLAIMS, ClaimState
from recoup.centre.case_grounds import TOLD, grounds_of
from recoup.centre.case_ledger import CaseLedger, Listed, Shown
from recoup.centre.case_sheets import Told
from recoup.centre.facts import ROOT_WITHIN, FactRow, Statement
from recoup.centre.for_value import ForValue
from recoup.centre.one_sided import marked, one_sided
from recoup.centre.tracer import RULE, CaseFacts
from recoup.clock import instant_of, microseconds_of
from recoup.limits import CASE_PLACES_MAX, REQUEST_BYTES_MAX, ROW_MINOR_MAX
from recoup.records import tables
from recoup.records.dossier import Dossier
from recoup.trace import (
    Course,
    Disputed,
    Kept,
    Moved,
    SmallCase,
    Trail,
    course_of,
    short_way,
)

_PLACE_BYTES: Final = 220
"""A place without its texts: names of fields, amount, hop, time."""
_PLACES_BYTES_MAX: Final = REQUEST_BYTES_MAX * 9 // 10


@dataclass(frozen=True)
class Asked:
    """One version of a case's facts, ready to be traced, and what is needed to read the trail."""

    case: Case
    listed: Listed
    """The transfers."""
    claims: tuple[Disputed, ...]
    """By id: those that are traced."""
    known: frozenset[str]
    terminal: frozenset[str]
    holds: tuple[Kept, ...]
    """What institutions hold: those lots are out of the flow (SEMANTICS 3)."""
    institutions: Mapping[str, str]
    """Institution by account."""
    roots: Mapping[str, Shown]
    """The disputed transfer by claim."""
    ignored: int = 0
    """Rows that carry nothing: of accounts that are not the statement's own, or of no possible amount."""
    doubted: frozenset[str] = frozenset()
    """Rows that one side's statement shows and the other's, which should, does not."""
    for_value: ForValue = field(default_factory=ForValue)
    """Where money came as the price of something; `terminal` has those at which the trail ends by it."""
    untraced: tuple[Place, ...] = ()
    """What is not followed, and why: `self_transfer`, `impossible_amount`, `reported_twice`."""

    @cached_property
    def rests_on(self) -> tuple[object, ...]:
        """What the trail follows from, beside its version: where this is equal and the rows are the same, so is the trail."""
        binding = binding_among(self.holds, self.listed.last_out)
        claims = tuple(
            (x.id, x.state, x.payer, x.payee, x.institution, x.currency, x.amount, x.paid_at)
            for x in self.case.claims
        )
        sides = (self.known, self.terminal, self.doubted, self.for_value, self.untraced)
        return (claims, self.claims, self.roots, binding, *sides)

    @cached_property
    def facts(self) -> CaseFacts:
        """The facts as frames."""
        victims = {claim.id: claim.victim for claim in self.case.claims}
        wanted = [
            (one.claim, victims[one.claim], one.transfer, None, one.is_admitted)
            for one in self.claims
        ]
        holds = [
            (one.account, one.currency, one.amount, instant_of(one.time), None)
            for one in self.holds
        ]
        dossier = Dossier(
            transfers=self.listed.frame,
            sources=(),
            known=self.known,
            terminal=self.terminal,
            holds=pl.DataFrame(holds, tables.HOLDS, orient="row"),
        )
        claims = pl.DataFrame(wanted, tables.CLAIMS, orient="row")
        return CaseFacts(self.case.id, self.case.facts_version, dossier, claims)

    def course(self) -> Course:
        """Trace the facts; a small case goes the short way to the same course."""
        rows = self.listed.rows
        small = SmallCase(rows, self.claims, self.known, self.terminal, self.holds)
        return short_way(small, RULE) if small.is_fit else course_of(self.facts.traced().trail)


def ledger_of(statements: Iterable[Statement]) -> CaseLedger:
    """Return the transfers that statements show, oldest answer first."""
    ledger = CaseLedger()
    for statement in statements:
        ledger.add(statement)
    return ledger


def facts_of(
    case: Case,
    statements: Sequence[Statement],
    held_since: Mapping[HoldPlace, datetime],
    terminal: Sequence[str] = (),
    ledger: CaseLedger | None = None,
    for_value: Mapping[str, int] | None = None,
) -> Asked:
    """Return the newest facts of a case's live claims.

    Args:
        case: whose claims, holds and findings.
        statements: the rows behind `case.facts`, oldest answer first; not looked at where a `ledger` is given.
        held_since: when each live hold began.
        terminal: accounts at which a finding ends the trail.
        ledger: what `ledger_of` makes of the statements, where it is there already; what is traced stays as it is.
        for_value: by kind of payment, with how many others a seller trades: the policy's.
    """
    ledger = ledger_of(statements) if ledger is None else ledger
    claims = [claim for claim in case.claims if claim.state in LIVE_CLAIMS]
    institutions = dict(ledger.institutions)
    for claim in claims:
        institutions.setdefault(claim.payee, claim.institution)
    untraced: list[Place] = []
    roots = _roots(ledger, claims, untraced)
    listed = ledger.listed([root for root in roots.values() if root.rail == TOLD])
    wanted = tuple(
        Disputed(claim.id, listed.index[roots[claim.id]], claim.state is ClaimState.ADMITTED)
        for claim in sorted(claims, key=lambda claim: claim.id)
        if claim.id in roots
    )
    doubted = one_sided(ledger.one_sided(), listed.index, ledger.spans)
    never = {claim.payee for claim in case.claims}
    sold = ledger.trades.for_value(ledger.accounts, for_value or {}, never)
    return Asked(
        case,
        listed,
        wanted,
        frozenset(ledger.accounts),
        frozenset(terminal) | sold.ends,
        _holds(case, held_since),
        institutions,
        roots,
        ledger.ignored,
        doubted - {claim.transfer for claim in wanted},
        sold,
        tuple(untraced),
    )


def told_by(asked: Asked, found: Trail | Course) -> Told:
    """Return what the trail of these facts, or its course, tells their case."""
    course = course_of(found) if isinstance(found, Trail) else found
    claims = [claim for claim in asked.case.claims if claim.id in asked.roots]
    places = marked(_places(course, asked), course, asked.doubted, claims)
    places = _bounded((*places, *asked.untraced))
    derived = tuple(_derived(course, claims))
    bridged = _bridged(course, asked.institutions)
    index = asked.listed.index
    disputed = [_moved(root, index[root]) for root in (asked.roots[claim.id] for claim in claims)]
    told = {index[root] for root in asked.roots.values() if root.rail == TOLD}
    sold = asked.for_value.kinds
    grounds = grounds_of(course, disputed, told, places, asked.listed.number_of, sold)
    return Told(_command(asked.case, places, derived, bridged), grounds)


def binding_among(holds: Iterable[Kept], last_out: Mapping[HoldPlace, int]) -> tuple[Kept, ...]:
    """Return the holds that can change a trail: a hold takes money out of what leaves its account after it.

    Where nothing does, all of it lies there, held or not. `last_out` is by account and currency when money last left,
    microseconds; what leaves in the instant of the hold leaves before it.
    """
    return tuple(x for x in holds if last_out.get((x.account, x.currency), x.time) > x.time)


def told_again(asked: Asked, told: Told) -> Told:
    """Return what was told of facts that another version's trail rested on as well, in the words of this version."""
    before = told.command
    command = _command(asked.case, before.places, before.derived, before.bridged)
    return Told(command, told.grounds)


def _command(
    case: Case,
    places: tuple[Place, ...],
    derived: tuple[Derived, ...],
    bridged: tuple[Bridged, ...],
) -> ApplyTrail:
    version = case.facts_version
    digest = digest_of("trail", case.id, version, places, derived, bridged)
    return ApplyTrail(version, digest, places, derived, bridged)


def _moved(one: Shown, name: str) -> Moved:
    first = one.first
    return Moved(
        name,
        one.payer,
        one.payee,
        first.currency,
        first.amount,
        first.at,
        first.reference,
        one.payee_institution,
    )


def _impossible(claim: Claim) -> str:
    """Return why a claim cannot be traced; it must not keep the case's others from being traced."""
    if claim.payer == claim.payee:
        return "self_transfer"
    return "impossible_amount" if claim.amount > ROW_MINOR_MAX else ""


def _is_again(
    claim: Claim,
    others: Iterable[Claim],
    roots: Mapping[str, Shown],
    ledger: CaseLedger,
) -> bool:
    """Whether a claim that no row shows is a second report of one that a row shows.

    Only where the payee's statement goes from before its time to after it: else a second payment may just not be shown yet.
    """
    begins, span = ledger.begins.get(claim.payee), ledger.spans.get(claim.payee)
    if begins is None or span is None or not begins <= claim.paid_at <= span[1]:
        return False
    return any(
        other.id in roots
        and roots[other.id].rail != TOLD
        and (other.payer, other.payee, other.amount, other.currency)
        == (claim.payer, claim.payee, claim.amount, claim.currency)
        and abs(other.paid_at - claim.paid_at) <= ROOT_WITHIN
        for other in others
    )


def _not_followed(claim: Claim, why: str) -> Place:
    """Return a claim's amount as residual: it is conserved, and nothing is asked for it."""
    place = (claim.payee, claim.institution, claim.currency, claim.amount, claim.paid_at)
    return Place(claim.id, *place, Found.RESIDUAL, why)


def _roots(
    ledger: CaseLedger,
    claims: Sequence[Claim],
    untraced: list[Place],
) -> dict[str, Shown]:
    """Return by claim its disputed transfer: the statement's row where one shows it, else a row of what was reported.

    Claims that are not followed have none; they are added to `untraced`.
    """
    roots: dict[str, Shown] = {}
    taken: set[Shown] = set()
    for claim in sorted(claims, key=lambda claim: (claim.paid_at, claim.id)):
        if why := _impossible(claim):
            untraced.append(_not_followed(claim, why))
            continue
        fitting = [
            one
            for one in ledger.of_amount(claim.amount)
            if one not in taken
            and (one.payee, one.first.currency) == (claim.payee, claim.currency)
            and one.payer in {claim.payer, ""}
            and abs(one.first.at - claim.paid_at) <= ROOT_WITHIN
        ]
        if fitting:
            root = min(
                fitting,
                key=lambda one: (
                    one.payer != claim.payer,  # who is named is not mistaken for who is not
                    abs(one.first.at - claim.paid_at),
                    one.first.id,
                ),
            )
        elif _is_again(claim, claims, roots, ledger):
            untraced.append(_not_followed(claim, "reported_twice"))
            continue
        else:
            said = FactRow(
                claim.transfer,
                claim.paid_at,
                0,
                claim.payer,
                claim.payee,
                claim.amount,
                claim.currency,
                "transfer",
                "",
                "",
                claim.institution,
                None,
            )
            root = Shown.of(said, TOLD)
        taken.add(root)
        roots[claim.id] = root
    return roots


def _holds(case: Case, since: Mapping[HoldPlace, datetime]) -> tuple[Kept, ...]:
    """Return what institutions hold."""
    return tuple(
        Kept(hold.account, hold.currency, hold.held, microseconds_of(since[hold.hold]))
        for hold in case.holds
        if hold.held and hold.hold in since
    )


def _places(course: Course, asked: Asked) -> Iterable[Place]:
    institutions, sold = asked.institutions, asked.for_value
    for lying, found in ((course.located, Found.LOCATED), (course.unknown, Found.UNKNOWN)):
        for lies in lying:
            yield Place(
                lies.claim,
                lies.account,
                institutions.get(lies.account, ""),
                lies.currency,
                lies.amount,
                lies.since,
                found,
                sold.kinds.get(lies.account, ""),
                hop=max(1, course.hops.get(lies.account, 1)),
                is_inferred=bool(lies.inferred),
            )
    for left in course.exits:
        transfer = course.moved[left.transfer]
        is_sold = left.account in sold.ends  # its statement is there: nothing more is asked
        yield Place(
            left.claim,
            left.account,
            transfer.payee_institution or institutions.get(left.account, ""),
            left.currency,
            left.amount,
            transfer.time,
            Found.EXITED,
            left.kind,
            hop=max(1, course.hops.get(left.account, 1)),
            serial=left.transfer if transfer.payee_institution and not is_sold else "",
            is_inferred=bool(left.inferred),
        )


def _bounded(places: tuple[Place, ...]) -> tuple[Place, ...]:
    """Return places that one command can carry: past that, the smallest become their claims' residual.

    A launderer who pays a thousand accounts a cent each must not keep the case from having a trail at all.
    """
    claims = {(place.claim, place.currency) for place in places}
    room = _PLACES_BYTES_MAX - _PLACE_BYTES * len(claims)
    if len(places) + len(claims) <= CASE_PLACES_MAX and sum(map(_size, places)) <= room:
        return places
    by_size = sorted(range(len(places)), key=lambda at: (-places[at].amount, at))
    kept: set[int] = set()
    for at in by_size:
        room -= _size(places[at])
        if room < 0 or len(kept) + len(claims) >= CASE_PLACES_MAX:
            break
        kept.add(at)
    if len(kept) == len(places):
        return places
    left: dict[tuple[str, str], Place] = {}
    for at, place in enumerate(places):
        if at in kept:
            continue
        known = left.get((place.claim, place.currency))
        amount = place.amount + (known.amount if known else 0)
        left[place.claim, place.currency] = Place(
            place.claim, "", "", place.currency, amount, place.since, Found.RESIDUAL, "small"
        )
    return (*(places[at] for at in sorted(kept)), *(left[key] for key in sorted(left)))


def _size(place: Place) -> int:
    """Return how many bytes a place takes at most in a command."""
    texts = (place.claim, place.account, place.institution, place.kind, place.serial)
    whole = "".join(texts)
    if whole.isascii():
        return _PLACE_BYTES + 2 * len(whole)
    return (
        _PLACE_BYTES
        + 6 * sum(len(text) for text in texts if not text.isascii())
        + sum(2 * len(text) for text in texts if text.isascii())
    )


def _derived(course: Course, claims: Iterable[Claim]) -> Iterable[Derived]:
    """Return what became another currency: a loss of its own there."""
    own = {(claim.id, claim.currency) for claim in claims}
    for lost in course.losses:
        if (lost.claim, lost.currency) not in own and lost.amount:
            yield Derived(*lost)


def _bridged(course: Course, institutions: Mapping[str, str]) -> tuple[Bridged, ...]:
    """Return the accounts without a statement whose debits, seen on others' statements, carry claims' money."""
    passed = [course.moved[flow.transfer] for flow in course.flows if flow.inferred > 0]
    hops = course.hops
    return tuple(
        Bridged(account, institutions.get(account, ""), currency, max(1, hops.get(account, 1)))
        for account, currency in sorted({(row.payer, row.currency) for row in passed})
        if account and account not in course.known
    )


__all__ = [
    "ROOT_WITHIN",
    "Asked",
    "binding_among",
    "facts_of",
    "ledger_of",
    "told_again",
    "told_by",
]
