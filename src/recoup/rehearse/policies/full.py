"""Policy `full`: the centre with its agents and the watch together. It decides nothing: it hands over what one tells the other.

1. What a victim reports reaches the watch when the centre has entered it, with the centre's own word on admission.
2. Stolen money that the watch saw pass, or sees move, reaches the case as a sighting of the account's institution: a letter
   with the account's statement, as `bank.link` writes it. It is written when the row is booked, and only of what is booked.
3. Orders bind in the institutions' books, where every payment is tried; the stream is told of claims only.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from typing import Final

from recoup.bank.statements import fitting, shown_from
from recoup.cases.state import ClaimState
from recoup.clock import instant_of
from recoup.messages import Minor, SightingKind, SightingMessage, StatementRow
from recoup.rehearse.country import Fraud
from recoup.rehearse.guard import Guard, watch
from recoup.rehearse.office import OfficePolicy, case_of, chase
from recoup.rehearse.play.ports import Judgements, Row, Stage
from recoup.rehearse.scenario import Scenario
from recoup.watch.state import Payments
from recoup.watch.stolen import Moved, way_of

LINK_US: Final = 1_000_000
"""Between the watch and the centre, either way: an institution's agent asks and posts once a second; assumed."""


class Full:
    """The real centre and the real watch of one country."""

    name = "full"
    judges = True

    def __init__(self, office: OfficePolicy, guard: Guard) -> None:
        """Take both; neither has begun."""
        self.office, self.guard = office, guard
        self._came: dict[tuple[str, int], int] = {}
        """By case and account, when its money was first seen to come there."""
        self._told: dict[tuple[str, int], str] = {}
        """By case and account, the last row that a sighting showed."""
        self._is_over = False
        self.sightings = 0
        """Letters that were written."""

    def begin(self, stage: Stage) -> None:
        """Open the centre and lay the stream over the country."""
        self._stage = stage
        self.office.begin(stage)
        self.guard.begin(stage)
        self.office.entered.append(self._entered)
        self.guard.saw.append(self._saw)

    def reported(self, fraud: Fraud, rows: Sequence[Row]) -> None:
        """Take a report to the centre; the watch hears of it when it is entered."""
        self.office.reported(fraud, rows)

    def judge(self, payments: Payments) -> Judgements:
        """Let the watch judge."""
        return self.guard.judge(payments)

    def booked(self, rows: Sequence[Row]) -> None:
        """Let the watch book what was booked outside: payments back, payments that waited."""
        self.guard.booked(rows)

    def failed(self, payments: Payments) -> None:
        """Let the watch take back what was not booked."""
        self.guard.failed(payments)

    def finish(self, until_us: int) -> None:
        """Let the clocks of both run on; money that goes back to victims is no sighting."""
        self._is_over = True
        self.office.finish(until_us)
        self.guard.finish(until_us)

    # --- from the centre to the watch

    def _entered(self, number: int, rows: tuple[Row, ...]) -> None:
        claimed = partial(self._claimed, case_of(number), rows)
        self._stage.at(self._stage.now_us + LINK_US, claimed)

    def _claimed(self, case: str, rows: tuple[Row, ...]) -> None:
        """Tell the stream of a case's claims, and the case where the stream saw its money pass before."""
        claims = self.office.centre.state.case(case).claims
        is_admitted = all(one.state is ClaimState.ADMITTED for one in claims)
        self.guard.claim(case, rows, is_admitted=is_admitted)
        flow = self.guard.stream.flow
        assert flow is not None, "a guard follows stolen money"
        way = way_of(flow, case)
        for account, (since_us, _) in way.items():
            self._came[case, account] = min(since_us, self._came.get((case, account), since_us))
        self._stage.at(self._stage.now_us + LINK_US, partial(self._passed, case, tuple(way)))

    # --- from the watch to the centre

    def _saw(self, moved: Moved) -> None:
        """Note a movement; its institution tells it once it is booked, which may be some seconds after it was judged."""
        self._came.setdefault((moved.case, moved.payee), moved.time_us)
        if not self._is_over:
            at = max(self._stage.now_us, moved.time_us) + LINK_US
            self._stage.at(at, partial(self._moved, moved))

    def _passed(self, case: str, accounts: tuple[int, ...]) -> None:
        """Have accounts shown that a case's money passed, the nearest to the victim first: each makes the next known."""
        for account in accounts:
            if rows := self._fresh(case, account):
                self._tell(SightingKind.PASSED, case, "", account, -1, 0, rows)

    def _moved(self, moved: Moved) -> None:
        if rows := self._fresh(moved.case, moved.payer):
            given = (moved.case, moved.claim, moved.payer, moved.payee, moved.amount)
            self._tell(SightingKind.MOVED, *given, rows)

    def _fresh(self, case: str, account: int) -> Sequence[StatementRow]:
        """Return an account's rows since a case's money came there; none where the last one was shown already."""
        centre = self.office.centre
        branch = centre.branches.get(centre.names.institution(account))
        since_us = self._came.get((case, account))
        if branch is None or since_us is None:
            return ()
        now, since = instant_of(self._stage.now_us), instant_of(since_us)
        number, currency = centre.names.name(account), self._stage.country.currency
        rows = branch.core.statement(number, currency, since, now)
        if (earlier := shown_from(rows, number, since)) < since:
            rows = branch.core.statement(number, currency, earlier, now)
        if not rows or self._told.get((case, account)) == rows[-1].id:
            return ()
        self._told[case, account] = rows[-1].id
        return rows

    def _tell(
        self,
        kind: SightingKind,
        case: str,
        claim: str,
        account: int,
        payee: int,
        amount: int,
        rows: Sequence[StatementRow],
    ) -> None:
        """Have an institution write a sighting, and the centre take it in."""
        centre = self.office.centre
        names = centre.names
        branch = centre.branches[names.institution(account)]
        to = names.name(payee) if payee >= 0 and not names.leaving(payee) else ""
        fits = [one.id for one in rows if to and (one.payee, one.amount) == (to, amount)]
        text = "\n".join((kind, case, claim, names.name(account), rows[-1].id))
        shown = fitting(rows)
        letter = SightingMessage(
            id=f"sighting-{sha256(text.encode()).hexdigest()[:32]}",
            institution=branch.name,
            kind=kind,
            case=case,
            claim=claim,
            at=instant_of(self._stage.now_us),
            account_number=names.name(account),
            currency=self._stage.country.currency,
            amount=Minor(amount),
            payee_number=to,
            payee_institution=names.institution(payee) if to else "",
            payment=fits[-1] if fits else "",
            rows=shown,
            rows_left=len(rows) - len(shown),
        )
        self.sightings += 1
        branch.agent.write(letter)
        self.office.appeals.collect(branch)


def full(scenario: Scenario, seed: int) -> Full:
    """Return a policy that has not begun; `ValueError` for the seed of a country that its model has seen."""
    return Full(chase(scenario, seed), watch(scenario, seed))


__all__ = ["LINK_US", "Full", "full"]
