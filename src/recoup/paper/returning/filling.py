"""What stands in each field of each document, from plan, particulars and flows, in one language. No layout, no file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Any, Final
from zoneinfo import ZoneInfo

from recoup import limits
from recoup.amount_words import chinese_words, english_words
from recoup.errors import LimitFault
from recoup.money import Digits, format_minor
from recoup.paper.returning.layouts import Kind
from recoup.paper.returning.particulars import (
    FrozenAccount,
    Objection,
    Officer,
    Party,
    ReturnParticulars,
    Worded,
)
from recoup.paper.returning.wording import VALUES, said
from recoup.paper.words import Language
from recoup.returns import PRO_RATA, Claim, ClaimResult, Place, Plan, PotKind

BLANK: Final = "＿" * 6
"""What stands in a sentence where a value is missing."""

_TAIL: Final = 4
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Flow:
    """One transfer that carried money of a claim."""

    claim: str
    level: int
    at: datetime
    payer: str
    payee: str
    currency: str
    amount: int
    """Minor units that the transfer moved."""
    traced: int
    """Of them the claim's."""
    reference: str


@dataclass(frozen=True, slots=True)
class ReturnFacts:
    """What the documents of a return are made of."""

    plan: Plan
    digits: Digits
    particulars: ReturnParticulars
    flows: Sequence[Flow] = ()
    proof: str = ""
    """SHA-256 of awards.csv."""


@dataclass(frozen=True, slots=True)
class Filled:
    """One document's values: plain fields by name, and rows by table. What is empty is filled in by hand."""

    kind: Kind
    language: Language
    number: int
    about: str = ""
    """The claim, as the list of documents names it."""
    values: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, Sequence[Row]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Payment:
    """All that one claim gets of one pot: one order to one bank."""

    claim: Claim
    place: Place
    amount: int
    modes: tuple[int, ...]


def filled_documents(facts: ReturnFacts) -> list[Filled]:
    """Return every document of a return in every language asked for, in a fixed order.

    Raises:
        LimitFault: more documents than are made at once.
    """
    payments = _payments(facts.plan)
    most = limits.RETURN_DOCUMENTS_MAX
    made: list[Filled] = []
    for language in facts.particulars.languages:
        for document in _Filler(facts, language, payments).every():
            made.append(document)
            if (
                len(made) > most
            ):  # as soon as it is known: a case may have a hundred thousand claims
                raise LimitFault("RETURN_DOCUMENTS_MAX", most, len(made))
    return made


def unmatched(particulars: ReturnParticulars, plan: Plan) -> list[str]:
    """Return the keys of particulars that no victim, no pot and no claim of the plan has: a slip, or of another case."""
    victims = {row.claim.victim for row in plan.claims}
    accounts = {row.pot.place.account for row in plan.pots}
    awarded = {award.claim for award in plan.awards}
    return [
        *(f"parties.{name}" for name in particulars.parties if name not in victims),
        *(f"accounts.{name}" for name in particulars.accounts if name not in accounts),
        *(f"claims: {name}" for name in particulars.claims if name not in awarded),
    ]


def law_of(policy: str, given: Worded) -> Worded:
    """Return the law that a decision names: what the particulars say, else what was shipped with the policy."""
    if given.zh or given.en:
        return given
    found = _laws().get(policy, {})
    return Worded(found.get("zh", ""), found.get("en", ""))


@cache
def _laws() -> Mapping[str, Mapping[str, Any]]:
    path = resources.files("recoup.paper").joinpath("assets/returning_law.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _payments(plan: Plan) -> list[_Payment]:
    claims = {row.claim.id: row.claim for row in plan.claims}
    sums: dict[tuple[str, Place], tuple[int, tuple[int, ...]]] = {}
    for award in plan.awards:
        amount, modes = sums.get((award.claim, award.place), (0, ()))
        sums[award.claim, award.place] = (amount + award.amount, (*modes, award.mode))
    return [
        _Payment(claims[name], place, amount, modes)
        for (name, place), (amount, modes) in sums.items()
        if amount
    ]


@dataclass(frozen=True, slots=True)
class _Filler:
    """Fills the documents of one language."""

    facts: ReturnFacts
    language: Language
    payments: Sequence[_Payment]

    def every(self) -> Iterator[Filled]:
        """Yield every document."""
        of_claim: dict[str, list[_Payment]] = {}
        for payment in self.payments:
            of_claim.setdefault(payment.claim.id, []).append(payment)
        wanted = frozenset(self.facts.particulars.claims or of_claim)
        numbered = [
            (number, own)
            for number, (claim, own) in enumerate(of_claim.items(), 1)
            if claim in wanted
        ]
        for number, own in numbered:
            yield self._application(number, own)
        yield self._flows()
        yield self._report()
        for number, payment in enumerate(self.payments, start=1):
            if payment.claim.id not in wanted:
                continue
            yield self._document(Kind.DECISION, number, payment)
            if self._kind(payment.place) is PotKind.ACCOUNT:  # of anything else no bank is asked
                yield self._document(Kind.ASSIST, number, payment)
        if any(PRO_RATA in payment.modes for payment in self.payments):
            yield self._notice()
        for number, objection in enumerate(self.facts.particulars.objections, start=1):
            yield self._objection(number, objection)
        for number, own in numbered:
            yield self._letter(number, own)

    def _application(self, number: int, own: Sequence[_Payment]) -> Filled:
        claim = own[0].claim
        values = self._case() | self._party(claim) | {"involved_account": claim.paid_into}
        values |= self._amount("loss", claim.loss, claim.currency)
        pots = {row.pot.place: row.pot.amount for row in self.facts.plan.pots}
        rows = [
            {
                "frozen_account": p.place.account,
                "frozen_bank": self._frozen(p.place).bank,
                "frozen_amount": self._money(pots[p.place], p.place.currency),
                "award": self._money(p.amount, p.place.currency),
            }
            for p in own
        ]
        return Filled(Kind.APPLICATION, self.language, number, claim.id, values, {"pots": rows})

    def _flows(self) -> Filled:
        flows, most = self.facts.flows, limits.RETURN_FLOWS_MAX
        zone = ZoneInfo(self.facts.particulars.timezone)
        rows = [
            {
                "level": str(flow.level),
                "time": f"{flow.at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
                "claim": flow.claim,
                "payer": flow.payer,
                "payee": flow.payee,
                "transferred": self._money(flow.amount, flow.currency),
                "traced": self._money(flow.traced, flow.currency),
                "reference": flow.reference,
            }
            for flow in flows[:most]
        ]
        left = len(flows) - len(rows)
        note = self._said("rows_cut", shown=len(rows), left=left) if left > 0 else ""
        values = self._case() | {
            "flow_rule": self._said("rule", rule=self._said(f"rule_{self.facts.plan.policy.lead}")),
            "timezone": zone.key,
            "flows_note": note or self._said("rows_all", count=len(rows)),
        }
        return Filled(Kind.FLOWS, self.language, 1, "", values, {"flows": rows})

    def _report(self) -> Filled:
        rows, totals = [], dict[str, int]()
        for payment in self.payments:
            party = self._of(payment.claim)
            currency = payment.place.currency
            totals[currency] = totals.get(currency, 0) + payment.amount
            rows.append(
                {
                    "claim": payment.claim.id,
                    "victim_name": party.name,
                    "frozen_account": payment.place.account,
                    "return_bank": party.bank,
                    "return_account": party.account,
                    "award": self._money(payment.amount, currency),
                    "basis": self._basis(payment),
                }
            )
        both = [self._amount("total", amount, code) for code, amount in sorted(totals.items())]
        joint = "；" if self.language == "zh" else "; "
        values = self._case() | {
            "total": joint.join(x["total"] for x in both),
            "total_words": joint.join(x["total_words"] for x in both),
            "payment_count": str(len(self.payments)),
            "findings": self._shared("findings", self.payments),
        }
        return Filled(Kind.REPORT, self.language, 1, "", values, {"payments": rows})

    def _document(self, kind: Kind, number: int, payment: _Payment) -> Filled:
        """Return a decision or a notice to the bank: one payment."""
        numbered = self.facts.particulars.case.decision_number.replace("{n}", str(number))
        frozen = self._frozen(payment.place)
        values = self._case() | self._party(payment.claim)
        values |= self._amount("amount", payment.amount, payment.place.currency)
        values |= {
            "decision_number": numbered,
            "basis": self._basis(payment),
            "whose": self._shared("whose", (payment,)),
            "frozen_account": payment.place.account,
            "frozen_bank": frozen.bank,
            "frozen_holder": frozen.holder,
            "source": self._said(
                f"source_{self._kind(payment.place).value}",
                bank=frozen.bank or BLANK,
                account=payment.place.account,
            ),
            "bank_outcome": self._said("bank_boxes"),
        }
        return Filled(kind, self.language, number, payment.claim.id, values)

    def _notice(self) -> Filled:
        """Return the public notice. It names nobody: claims by their ids, accounts by their last digits."""
        notice = self.facts.particulars.notice
        shared = {payment.claim.id for payment in self.payments if PRO_RATA in payment.modes}
        pots = [
            {
                "frozen_tail": self._said(
                    f"pot_{row.pot.kind.value}", tail=row.pot.place.account[-_TAIL:]
                ),
                "frozen_bank": self._frozen(row.pot.place).bank,
                "shared_amount": self._money(row.rest, row.pot.place.currency),
            }
            for row in self.facts.plan.pots
            if row.rest
        ]
        rows = [self._share(row) for row in self.facts.plan.claims if row.claim.id in shared]
        values = self._case() | {
            "notice_begins": _day(notice.begins_on),
            "notice_ends": _day(notice.ends_on),
            "notice_place": notice.place,
        }
        tables: dict[str, Sequence[Row]] = {"shared_pots": pots, "shares": rows}
        return Filled(Kind.NOTICE, self.language, 1, "", values, tables)

    def _share(self, row: ClaimResult) -> Row:
        currency = row.claim.currency
        owed = row.claim.missing - row.direct
        part = Fraction(row.rest, owed)
        return {
            "claim": row.claim.id,
            "missing": self._money(owed, currency),
            "award": self._money(row.rest, currency),
            "ratio": f"{format_minor(round(part * 10_000), 2)} %",
        }

    def _objection(self, number: int, given: Objection) -> Filled:
        outcome = {True: "outcome_upheld", False: "outcome_rejected", None: ""}[given.is_upheld]
        values = self._case() | {
            "objector": given.objector,
            "filed_on": _day(given.filed_on),
            "grounds": given.grounds,
            "reasons": given.reasons,
            "outcome": self._said(outcome) if outcome else "",
            "decided_on": _day(given.decided_on),
            **_officers(given.officers),
        }
        return Filled(Kind.OBJECTION, self.language, number, "", values)

    def _letter(self, number: int, own: Sequence[_Payment]) -> Filled:
        claim, party = own[0].claim, self._of(own[0].claim)
        values = self._case() | self._party(claim) | {"code": party.code}
        values |= self._amount("amount", sum(p.amount for p in own), claim.currency)
        if party.account:  # the last digits are enough for the owner, and no use to a finder
            name = "tail_at" if party.bank else "tail"
            values["return_tail"] = self._said(name, bank=party.bank, tail=party.account[-_TAIL:])
        return Filled(Kind.LETTER, self.language, number, claim.id, values)

    def _case(self) -> dict[str, str]:
        given = self.facts.particulars
        case, policy = given.case, self.facts.plan.policy.id
        return {
            "case_number": case.number,
            "case_name": case.name,
            "filing_unit": case.filing_unit,
            "filing_number": case.filing_number,
            "freezing_unit": case.freezing_unit,
            "approving_unit": case.approving_unit,
            "approver": case.approver,
            "phone": case.phone,
            "law": law_of(policy, case.law).said(self.language),
            "policy": self._said("policy", policy=policy),
            "check": given.check.said(self.language),
            "proof": self.facts.proof,
            "made_on": _day(given.made_on),
            "due_on": _day(case.due_on),
            **_officers(given.officers),
        }

    def _party(self, claim: Claim) -> dict[str, str]:
        party = self._of(claim)
        return {
            "victim_name": party.name,
            "victim_sex": party.sex,
            "victim_born": _day(party.born_on),
            "victim_id": f"{party.id_kind} {party.id_number}".strip(),
            "victim_address": party.address,
            "victim_phone": party.phone,
            "return_bank": party.bank,
            "return_account": party.account,
            "return_account_name": party.account_name,
            "agent": party.agent,
        }

    def _of(self, claim: Claim) -> Party:
        return self.facts.particulars.parties.get(claim.victim, Party())

    def _frozen(self, place: Place) -> FrozenAccount:
        return self.facts.particulars.accounts.get(place.account, FrozenAccount())

    def _kind(self, place: Place) -> PotKind:
        return next(row.pot.kind for row in self.facts.plan.pots if row.pot.place == place)

    def _basis(self, payment: _Payment) -> str:
        joint = "；" if self.language == "zh" else "; "
        return joint.join(self._said(f"mode_{mode}") for mode in payment.modes)

    def _shared(self, phrase: str, payments: Iterable[_Payment]) -> str:
        """Return how a phrase is said of what is traced, of what is shared pro rata, or of both: nobody is told the other."""
        kinds = {mode == PRO_RATA for payment in payments for mode in payment.modes}
        return self._said(
            f"{phrase}_{'both' if len(kinds) > 1 else 'shared' if True in kinds else 'direct'}"
        )

    def _amount(self, name: str, minor: int, currency: str) -> dict[str, str]:
        spelled = chinese_words if self.language == "zh" else english_words
        return {
            name: self._money(minor, currency),
            f"{name}_words": spelled(minor, currency, self.facts.digits.of(currency)),
        }

    def _money(self, minor: int, currency: str) -> str:
        return f"{format_minor(minor, self.facts.digits.of(currency))} {currency}"

    def _said(self, name: str, **parts: object) -> str:
        return said(VALUES, name, self.language).format(**parts)


def _officers(given: Sequence[Officer]) -> dict[str, str]:
    first, second = (*given, Officer(), Officer())[:2]
    return {
        "officer_1": f"{first.name} {first.card}".strip(),
        "officer_2": f"{second.name} {second.card}".strip(),
    }


def _day(given: date | None) -> str:
    return given.isoformat() if given is not None else ""


__all__ = [
    "BLANK",
    "Filled",
    "Flow",
    "ReturnFacts",
    "Row",
    "filled_documents",
    "law_of",
    "unmatched",
]
