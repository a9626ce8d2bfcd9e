"""What the centre knows: holds, orders, cases, staff, accounts, and where each lies. Registers only; rules are elsewhere.

The values in the registers are frozen; the registers are changed in place by `evolve` alone, in the thread that owns them (the
writer's, or a view's). A copy of a register for each event would make a centre of a million holds stand still.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from recoup import limits
from recoup.cases import (
    Case,
    Clock,
    Lesson,
    Meeting,
    Packet,
    Report,
    asked_of,
    packet_of,
    reached_by,
)
from recoup.centre.cared import Cared
from recoup.centre.counter import Code
from recoup.centre.due import due_in_care, due_in_return
from recoup.centre.imported import Imported
from recoup.centre.listed import Listed
from recoup.centre.sheets import Scan, Sheet
from recoup.centre.written import Issued, Sent
from recoup.orders import Hold, HoldKey, Order, Tracked
from recoup.procedure import Return
from recoup.staff import Directory, Target


@dataclass(slots=True)
class CentreState:
    """All that commands are decided on, and all that is looked at."""

    holds: dict[HoldKey, Hold] = field(default_factory=dict)
    places: dict[str, HoldKey] = field(default_factory=dict)
    """Which hold an order is about."""
    cases: dict[str, Case] = field(default_factory=dict)
    drafted: dict[str, list[str]] = field(default_factory=dict)
    """Ids of a case's orders, in the order of drafting."""
    told: dict[str, list[str]] = field(default_factory=dict)
    """Ids of the orders issued to an institution, in the order of issue."""
    staff: Directory = field(default_factory=Directory)
    accounts: dict[str, str] = field(default_factory=dict)
    """The institution at which an account lies that was entered for a case."""
    entered: dict[tuple[str, str], None] = field(default_factory=dict)
    """(case, account), in the order of entering."""
    lessons: dict[str, deque[Lesson]] = field(default_factory=dict)
    """What an institution's answers taught, the newest last."""
    reached: dict[tuple[str, str], dict[str, None]] = field(default_factory=dict)
    """The cases with money at an account in a currency. Follows from the cases; kept so that nobody walks all of them."""
    reporters: dict[str, dict[tuple[str, str], Report]] = field(default_factory=dict)
    """Reports of a person, by case and id: who comes again and again is looked at twice."""
    listed: Listed = field(default_factory=Listed)
    """Involved and suspect subjects."""
    imported: Imported = field(default_factory=Imported)
    """What came from other systems, under which ids of theirs."""
    cared: Cared = field(default_factory=Cared)
    """Measures of accounts, leads and dissuasions."""

    def copied(self) -> CentreState:
        """Return registers of their own with the same values, for another thread to go on from."""
        return CentreState(**{row.name: _copied(getattr(self, row.name)) for row in fields(self)})

    sheets: dict[str, Sheet] = field(default_factory=dict)
    """Answer sheets that were typed from paper, in the order of typing."""
    scans: dict[str, Scan] = field(default_factory=dict)
    """Scans of answer sheets by id, in the order of their coming."""
    scanned: dict[str, list[str]] = field(default_factory=dict)
    """Ids of an order's scans. Follows from the scans."""
    returns: dict[str, Return] = field(default_factory=dict)
    """Returns of money by id, in the order of their opening."""
    returning: dict[str, str] = field(default_factory=dict)
    """The return that a case is in. Follows from the returns."""
    codes: dict[str, Code] = field(default_factory=dict)
    """Codes of the counter by digest, the newest of each claim."""
    coded: dict[tuple[str, str], str] = field(default_factory=dict)
    """The code of a (case, claim). Follows from the codes."""
    sent: dict[tuple[str, str], Sent] = field(default_factory=dict)
    """The newest letter that was sent about a (case, claim)."""
    papers: dict[str, Issued] = field(default_factory=dict)
    """Papers of returns by digest, in the order of their issue."""
    numbered: dict[tuple[str, str], str] = field(default_factory=dict)
    """The digest of the newest paper of a (return, number). Follows from the papers."""

    def hold(self, key: HoldKey) -> Hold:
        """Return the hold of `key`; one that nobody asked for yet is empty."""
        return self.holds.get(key) or Hold(key)

    def case(self, case_id: str) -> Case:
        """Return the case of that id; one that no report opened yet is empty."""
        return self.cases.get(case_id) or Case(case_id)

    def put_case(self, case: Case) -> None:
        """Set a case in its register, who reported, and where it has money."""
        before = self.cases.get(case.id)
        for report in case.reports[len(before.reports) if before else 0 :]:
            self.reporters.setdefault(report.reporter, {})[case.id, report.id] = report
        self.cases[case.id] = case
        if before is not None and before.places is case.places:
            return
        left = reached_by(before) if before is not None else frozenset()
        there = reached_by(case)
        for place in sorted(left - there):
            del self.reached[place][case.id]
            if not self.reached[place]:
                del self.reached[place]
        for place in sorted(there - left):
            self.reached.setdefault(place, {})[case.id] = None

    def put_scan(self, scan: Scan) -> None:
        """Set a scan in its register, and among its order's."""
        self.scans[scan.id] = scan
        self.scanned.setdefault(scan.order, []).append(scan.id)

    def put_return(self, found: Return) -> None:
        """Set a return in its register, and which cases are in it."""
        self.returns[found.id] = found
        for case in found.cases:
            self.returning[case] = found.id

    def put_code(self, code: Code) -> None:
        """Set a code in its register, in the place of the claim's code before."""
        before = self.coded.get((code.case, code.claim), "")
        self.codes.pop(before, None)
        self.codes[code.digest] = code
        self.coded[code.case, code.claim] = code.digest

    def put_paper(self, issued: Issued) -> None:
        """Set a paper in its register, as the newest of its number."""
        self.papers.pop(issued.paper.digest, None)
        self.papers[issued.paper.digest] = issued
        self.numbered[issued.of, issued.paper.number] = issued.paper.digest

    def learn(self, lesson: Lesson) -> None:
        """Keep what an answer taught, and forget the oldest beyond `LESSONS_MAX`."""
        kept = self.lessons.setdefault(lesson.institution, deque(maxlen=limits.LESSONS_MAX))
        kept.append(lesson)

    # --- what is looked at ---

    def meetings(self, case_id: str) -> tuple[Meeting, ...]:
        """Return the accounts at which this case meets others."""
        found = [(place, self.reached[place]) for place in sorted(reached_by(self.case(case_id)))]
        return tuple(Meeting(*place, tuple(sorted(ids))) for place, ids in found if len(ids) > 1)

    def find(self, order_id: str) -> tuple[Hold, Tracked] | None:
        """Return an order and its hold."""
        key = self.places.get(order_id)
        if key is None:
            return None
        tracked = self.holds[key].find(order_id)
        assert tracked is not None, "an order is found under its hold"
        return self.holds[key], tracked

    def every(self) -> Iterator[Hold]:
        """Yield all holds."""
        yield from self.holds.values()

    def of_case(self, case: str) -> Iterator[tuple[Hold, Tracked]]:
        """Yield a case's orders in the order of drafting."""
        return self._found(self.drafted.get(case, ()))

    def of_institution(self, institution: str) -> Iterator[tuple[Hold, Tracked]]:
        """Yield the orders issued to an institution, in the order of issue."""
        return self._found(self.told.get(institution, ()))

    def _found(self, ids: Iterable[str]) -> Iterator[tuple[Hold, Tracked]]:
        for order_id in ids:
            found = self.find(order_id)
            assert found is not None, "a listed order is there"
            yield found

    def scans_of(self, order_id: str) -> tuple[Scan, ...]:
        """Return an order's scans, in the order of their coming."""
        return tuple(self.scans[scan_id] for scan_id in self.scanned.get(order_id, ()))

    def packet_of(self, case_id: str) -> Packet:
        """Return what is handed over with a case, as it stands."""
        keys = dict.fromkeys(self.places[order_id] for order_id in self.drafted.get(case_id, ()))
        led = self.returns.get(self.returning.get(case_id, ""))
        holds = (self.holds[key] for key in keys)
        return packet_of(self.case(case_id), holds, due_in_return(led, case_id))

    def shift_of(self, unit: str) -> tuple[tuple[str, Clock], ...]:
        """Return what is open in a unit, with its case, the soonest due first: what one shift gives to the next.

        That is what is due in its own cases, in its care (measures, dissuasions, appeals against a watch), which is of no
        case, and what it is asked about the cases and appeals of units below it.
        """
        rows = [
            (case_id, clock)
            for case_id, case in self.cases.items()
            for clock in (
                self.packet_of(case_id).clocks if case.unit == unit else asked_of(case, unit)
            )
        ]
        rows += [("", clock) for clock in due_in_care(self.cared, unit)]
        return tuple(
            sorted(rows, key=lambda row: (row[1].due_at, row[0], row[1].kind, row[1].about))
        )

    # --- what things are to the table of rights ---

    def unit_of_case(self, case: str) -> str:
        """Return the unit that has a case: where its report was taken, or that took it over; '' for an unknown one."""
        return self.case(case).unit

    def target_of_case(self, case: str) -> Target:
        """Return what a case is to the table of rights."""
        return Target(unit=self.unit_of_case(case))

    def written_order(self, case: str, order: str) -> Order | None:
        """Return an order that a person wrote down in a case, whether or not it has left since."""
        waiting = next((row for row in self.case(case).written if row.id == order), None)
        left = self.find(order)
        if waiting is not None or left is None:
            return waiting
        found = left[1].order
        return found if found.key.case == case else None

    def institution_told(self, case: str, account: str) -> str:
        """Return the institution that was told the newest order about an account; '' where none was told."""
        told = [
            tracked
            for hold, tracked in self.of_case(case)
            if hold.key.account == account and tracked.issued_at is not None
        ]
        return told[-1].order.institution if told else ""

    def target_of_order(self, order: Order) -> Target:
        """Return what an order is to it; an institution reaches it only once it was issued."""
        found = self.find(order.id)
        is_told = found is not None and found[1].issued_at is not None
        unit = self.unit_of_case(order.key.case)
        return Target(unit, order.institution if is_told else "", order.made_by)

    def target_of_account(self, case: str, account: str) -> Target | None:
        """Return what an account of a case is to it; None when it is none of the case."""
        if (case, account) not in self.entered:
            return None
        is_told = any(
            hold.key.account == account and tracked.issued_at is not None
            for hold, tracked in self.of_case(case)
        )
        unit = self.unit_of_case(case)
        return Target(unit, self.accounts[account] if is_told else "")

    def target_of_subject(self, case: str, subject: str) -> Target | None:
        """The same of whatever personal data of a case are kept about; what a report tells is no institution's to see."""
        if (case, subject) in self.entered:
            return self.target_of_account(case, subject)
        found = self.case(case)
        is_told = any(subject in {row.id, row.reporter} for row in found.reports) or any(
            subject in {row.victim, row.transfer} for row in found.claims
        )
        # What the chase met is the case's too; an institution sees only what it was told about.
        met = {row.account for row in found.places} | {row.account for row in found.holds}
        is_met = subject in met | {row.account for row in found.tasks}
        return Target(found.unit) if is_told or is_met else None


def _copied(value: Any) -> Any:  # noqa: ANN401 - a register, or what is in one
    """Return a copy of what is changed in place; what is frozen is shared."""
    if isinstance(value, dict):
        return {key: _copied(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_copied(part) for part in value]
    if isinstance(value, deque):
        return value.copy()
    if isinstance(value, Listed | Imported | Cared):
        return type(value)(**{row.name: _copied(getattr(value, row.name)) for row in fields(value)})
    return set(value) if isinstance(value, set) else value


__all__ = ["CentreState"]
