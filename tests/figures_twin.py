"""The figures once more, slowly: folds whole cases and holds and compares what stood before and after each journal entry.

It shares with the room of figures the question and nothing else: no facts, no book, no changes that are added up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, pairwise
from typing import Any

from recoup.cases import Case
from recoup.cases.entitlements import current
from recoup.cases.state import AppealState
from recoup.centre import EVENT_REGISTRY, CentreState, evolve
from recoup.figures import Asked
from recoup.ids import SubjectId
from recoup.journal.record import Record
from recoup.orders import Hold, HoldKey, OrderKind, Tracked

FLOWS = tuple("reported stopped_gross stopped_net frozen released lapsed".split())
MONEY = (*FLOWS, *(f"{name}_taken_over" for name in FLOWS), "held_net", "overlap", "frozen_live")


@dataclass
class Look:
    """Everything after one entry."""

    at: datetime
    cases: dict[str, Case]
    holds: dict[HoldKey, Hold]
    names: list[tuple[str, Any]]
    """Case and event, for what states do not show."""

    @property
    def takes_over(self) -> bool:
        """Whether this entry takes a row of another system over."""
        return "ForeignNoted" in {type(event).__name__ for _, event in self.names}

    @property
    def holds_taken(self) -> set[tuple[str, str, str]]:
        """Case, account and currency of the hold that it takes over."""
        taken = [event.order.key for _, event in self.names if "TakenOver" in type(event).__name__]
        return {(key.case, key.account, key.currency) for key in taken}


Steps = list[tuple[Look, Look]]
HoldPeriod = tuple[str, str, str, int]
"""Case, account, currency and the number of the period."""


def looks(records: Iterable[Record]) -> list[Look]:
    """Return what stood after each entry."""
    state, out = CentreState(), []
    for _, rows in groupby(records, key=lambda record: record.command):
        names, at = [], None
        for record in rows:
            event = EVENT_REGISTRY.decode(record.name, record.version, record.body)
            evolve(state, SubjectId(record.subject), event)
            names.append((record.subject, event))
            at = record.at
        assert at is not None
        out.append(Look(at, dict(state.cases), dict(state.holds), names))
    return out


def _tracked(look: Look) -> Iterator[Tracked]:
    for hold in look.holds.values():
        yield from hold.orders


def _pair(before: Look, after: Look) -> Iterator[tuple[Case, Case]]:
    for case_id, case in after.cases.items():
        yield before.cases.get(case_id, Case(case_id)), case


@dataclass
class Slow:
    """Figures of one question, by the definitions."""

    asked: Asked
    all: list[Look]
    figures: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        nothing = Look(datetime.min.replace(tzinfo=self.asked.begin.tzinfo), {}, {}, [])
        whole = [nothing, *self.all]
        self.ever: Steps = list(pairwise(whole))
        self.all = [nothing, *(look for look in self.all if look.at < self.asked.end)]
        self.steps: Steps = list(pairwise(self.all))
        self.taken = {key for look in whole for key in look.holds_taken}

    def is_taken(self, case: str, account: str, currency: str, period: int) -> bool:
        """Whether a period of a hold was begun by another system."""
        return period == 0 and (case, account, currency) in self.taken

    def is_mine(self, case: Case) -> bool:
        if self.asked.case and case.id != self.asked.case:
            return False
        return self.asked.units is None or case.unit in self.asked.units

    def is_there(self, institution: str) -> bool:
        return not self.asked.institution or institution == self.asked.institution

    def is_within(self, look: Look) -> bool:
        return self.asked.begin <= look.at

    def currencies(self) -> list[str]:
        found = {claim.currency for case in self.all[-1].cases.values() for claim in case.claims}
        return sorted(found)

    # --- money ---

    def money(self, currency: str) -> dict[str, int]:
        out = dict.fromkeys(MONEY, 0)
        most: dict[tuple[str, str, str], int] = {}
        for before, after in self.steps:
            for old, new in _pair(before, after):
                for name, amount in self._grown(old, new, currency, most):
                    if name == "reported" and after.holds_taken:
                        continue
                    is_foreign = after.takes_over and name == "reported"
                    if self.is_within(after) and self.is_mine(new):
                        out[f"{name}_taken_over" if is_foreign else name] += amount
        last = self.all[-1]
        out["held_net"], out["overlap"], out["frozen_live"] = self._standing(last, currency)
        stood = [
            self._standing(one, currency)[1]
            for one, following in zip(self.all, [*self.all[1:], None], strict=True)
            if self.is_within(one) or following is None or self.is_within(following)
        ]
        out["overlap_most"] = max(stood)
        return out

    def _grown(
        self, old: Case, new: Case, currency: str, most: dict[tuple[str, str, str], int]
    ) -> Iterator[tuple[str, int]]:
        known = {claim.id for claim in old.claims}
        for claim in new.claims:
            is_asked = claim.currency == currency and self.is_there(claim.institution)
            if claim.id not in known and is_asked:
                yield "reported", claim.amount
        net = {"": 0, "_taken_over": 0}
        for row in new.holds:
            if row.currency != currency:
                continue
            before = old.standing(row.account, currency)
            was = before.held if before else 0
            if row.held < was and before is not None and self.is_there(before.institution):
                is_taken = self.is_taken(new.id, row.account, currency, before.period)
                whose = "_taken_over" if is_taken else ""
                if row.word in {"released", "reduced"}:
                    yield f"released{whose}", was - row.held
                if row.word == "lapsed":
                    yield f"lapsed{whose}", was - row.held
            if not self.is_there(row.institution):
                continue
            frozen = row.held if row.basis is OrderKind.FREEZE else 0
            is_taken = self.is_taken(new.id, row.account, currency, row.period)
            whose = "_taken_over" if is_taken else ""
            for flow, amount in (("stopped_gross", row.held), ("frozen", frozen)):
                name = flow + whose
                yield name, self._above(most, (name, new.id, row.account), amount)
            net[whose] += min(row.held, sum(current(new).get(row.hold, {}).values()))
        for whose, amount in net.items():
            name = f"stopped_net{whose}"
            yield name, self._above(most, (name, new.id, ""), amount)

    @staticmethod
    def _above(most: dict[tuple[str, str, str], int], key: tuple[str, str, str], now: int) -> int:
        more = max(0, now - most.get(key, 0))
        most[key] = max(now, most.get(key, 0))
        return more

    def _standing(self, look: Look, currency: str) -> tuple[int, int, int]:
        net = overlap = frozen = 0
        for case in look.cases.values():
            for row in case.holds if self.is_mine(case) else ():
                if row.currency == currency and self.is_there(row.institution):
                    behind = sum(current(case).get(row.hold, {}).values())
                    net += min(row.held, behind)
                    overlap += max(0, row.held - behind)
                    frozen += row.held if row.basis is OrderKind.FREEZE else 0
        return net, overlap, frozen

    # --- counts and times ---

    def counts(self) -> dict[str, int]:
        names = "cases reports orders in_limit late holds false_holds false_of_begun appeals"
        names += " appeals_overdue cases_taken_over reports_taken_over holds_taken_over"
        names += " false_holds_taken_over"
        out = dict.fromkeys(names.split(), 0)
        for before, after in self.steps:
            for old, new in _pair(before, after):
                if not (self.is_within(after) and self.is_mine(new)):
                    continue
                if not self.asked.institution:
                    whose = "_taken_over" if after.takes_over else ""
                    out[f"cases{whose}"] += new.is_open and not old.is_open
                    if not after.holds_taken:
                        out[f"reports{whose}"] += len(new.reports) - len(old.reports)
                for name, institution in self._of_appeals(old, new):
                    out[name] += self.is_there(institution)
            for name, tracked, case in self._of_orders(before, after):
                wanted = self.is_within(after) and self.is_mine(case)
                out[name] += wanted and self.is_there(tracked.order.institution)
        for key, (look, case, place) in self._begun(self.steps).items():
            if self._counts(look, case, place) and self.is_taken(*key):
                out["holds_taken_over"] += 1
            elif self._counts(look, case, place):
                out["holds"] += 1
                out["false_of_begun"] += key in self._wrongs(self.ever)
        for key, (look, case, place) in self._wrongs(self.steps).items():
            name = "false_holds_taken_over" if self.is_taken(*key) else "false_holds"
            out[name] += self._counts(look, case, place)
        out["waiting"] = sum(
            tracked.issued_at is not None
            and not tracked.answers
            and self.is_there(tracked.order.institution)
            and self.is_mine(self.all[-1].cases.get(tracked.order.key.case, Case("")))
            for tracked in _tracked(self.all[-1])
        )
        return out

    @staticmethod
    def _of_appeals(old: Case, new: Case) -> Iterator[tuple[str, str]]:
        known = {row.id: row for row in old.appeals}
        for row in new.appeals:
            hold = new.standing(row.account, row.currency)
            institution = hold.institution if hold else ""
            if row.id not in known:
                yield "appeals", institution
            elif row.state is AppealState.OVERDUE and known[row.id].state is AppealState.FILED:
                yield "appeals_overdue", institution

    def _of_orders(self, before: Look, after: Look) -> Iterator[tuple[str, Tracked, Case]]:
        known = {tracked.order.id: tracked for tracked in _tracked(before)}
        for now in _tracked(after):
            if now.order.key in [HoldKey(*key) for key in after.holds_taken]:
                continue  # issued by another system
            was = known.get(now.order.id)
            case = after.cases.get(now.order.key.case, Case(""))
            if now.issued_at is not None and (was is None or was.issued_at is None):
                yield "orders", now, case
            due = now.answer_due_at
            if due is None or was is None:
                continue
            was_missed = was.state.value == "unanswered"
            if now.state.value == "unanswered" and not was_missed:
                yield "late", now, case
            elif now.answers and not was.answers and not was_missed:
                yield ("in_limit" if after.at <= due else "late"), now, case

    def _counts(self, look: Look, case: Case, institution: str) -> bool:
        return self.is_within(look) and self.is_mine(case) and self.is_there(institution)

    @staticmethod
    def _begun(steps: Steps) -> dict[HoldPeriod, tuple[Look, Case, str]]:
        """Return when each period of a hold first held something, and where."""
        out: dict[HoldPeriod, tuple[Look, Case, str]] = {}
        for _, after in steps:
            for case in after.cases.values():
                for row in case.holds:
                    if row.held:
                        key = (case.id, row.account, row.currency, row.period)
                        out.setdefault(key, (after, case, row.institution))
        return out

    def _wrongs(self, steps: Steps) -> dict[HoldPeriod, tuple[Look, Case, str]]:
        """Return when each period of a hold was first found wrong."""
        begun = self._begun(steps)
        out: dict[HoldPeriod, tuple[Look, Case, str]] = {}
        for before, after in steps:
            for old, new in _pair(before, after):
                for account, currency in self._wrong(old, new):
                    row = new.standing(account, currency)
                    key = (new.id, account, currency, row.period if row else 0)
                    if row is not None and key in begun and begun[key][0].at <= after.at:
                        out.setdefault(key, (after, new, row.institution))
        return out

    @staticmethod
    def _wrong(old: Case, new: Case) -> Iterator[tuple[str, str]]:
        known = {row.id: row.state for row in old.appeals}
        for row in new.appeals:
            if row.state is AppealState.UPHELD and known.get(row.id) is not AppealState.UPHELD:
                yield row.account, row.currency
        stood = {row.id for row in old.claims if row.state.value in {"reported", "admitted"}}
        void = {row.id for row in new.claims if row.state.value == "void"} & stood
        for row in old.holds:
            place = (row.account, row.currency)
            behind = {e.claim for e in old.entitlements if (e.account, e.currency) == place}
            if row.held and behind and behind <= void:
                yield place
        decided = {row.id for row in old.findings if row.state.value == "decided"}
        for finding in new.findings:
            is_new = finding.state.value == "decided" and finding.id not in decided
            if is_new and finding.kind.value in {"good_faith_value", "innocent_conduit"}:
                for row in old.holds:
                    if row.account == finding.subject and row.asked and row.held:
                        yield row.account, row.currency

    def times(self) -> dict[str, list[int]]:
        out: dict[str, list[int]] = {"entry": [], "first_order": [], "answer": [], "appeal": []}
        out |= {"hops": [], "entry_taken_over": [], "first_order_taken_over": []}
        ordered: set[str] = set()
        foreign: set[str] = set()
        """Cases that another system's row opened."""
        for before, after in self.steps:
            is_within = self.is_within(after)
            for old, new in _pair(before, after):
                is_asked = is_within and self.is_mine(new)
                if new.is_open and not old.is_open and after.takes_over:
                    foreign.add(new.id)
                if is_asked and not self.asked.institution and not after.holds_taken:
                    for one in new.reports[len(old.reports) :]:
                        name = "entry_taken_over" if after.takes_over else "entry"
                        out[name].append(_seconds(one.received_at, one.entered_at))
                known = {row.id: row for row in old.appeals}
                for row in new.appeals:
                    hold = new.standing(row.account, row.currency)
                    was = known.get(row.id)
                    ended = {AppealState.UPHELD, AppealState.DENIED, AppealState.WITHDRAWN}
                    is_new = row.state in ended and (was is None or was.state not in ended)
                    if is_new and is_asked and self.is_there(hold.institution if hold else ""):
                        out["appeal"].append(_seconds(row.filed_at, after.at))
            ordered |= {case_id for case_id, _, _ in after.holds_taken}
            for name, tracked, case in self._of_orders(before, after):
                mine = is_within and self.is_mine(case) and self.is_there(tracked.order.institution)
                if name == "orders" and case.id not in ordered:
                    ordered.add(case.id)
                    if case.reports and mine:
                        entered = case.reports[0].entered_at
                        kind = "first_order_taken_over" if case.id in foreign else "first_order"
                        out[kind].append(_seconds(entered, tracked.issued_at))
            known_orders = {one.order.id: one for one in _tracked(before)}
            for one in _tracked(after):
                was_one = known_orders.get(one.order.id)
                case = after.cases.get(one.order.key.case, Case(""))
                mine = is_within and self.is_mine(case) and self.is_there(one.order.institution)
                if one.answers and was_one and not was_one.answers and mine:
                    out["answer"].append(_seconds(one.issued_at, after.at))
            for subject, event in after.names:
                is_taken_up = type(event).__name__ == "OrderTakenUp" and not after.takes_over
                if is_taken_up and self._counts(after, after.cases[subject], event.institution):
                    out["hops"].append(event.hop)
        return out


def _seconds(begin: datetime | None, end: datetime | None) -> int:
    assert begin is not None
    assert end is not None
    return max(0, int((end - begin).total_seconds()))


def nearest_rank(numbers: list[int], percent: int) -> int | None:
    """Return the smallest number that at least `percent` of all numbers do not exceed, by trying each."""
    for number in sorted(numbers):
        if sum(one <= number for one in numbers) * 100 >= percent * len(numbers):
            return number
    return None
