"""The real centre and the real agents in virtual time: promises of the journal, of the books, and of the way back."""

from __future__ import annotations

import gc
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise

import pytest
from sim.auditor import Auditor

from recoup.cases import Case, decide, evolve, fold, followed, plan_asking, plan_orders
from recoup.cases.case import Found
from recoup.cases.commands import ApplyTrail
from recoup.cases.entitlements import current, entitle, missing_of
from recoup.cases.events import ClaimMade, ClaimRepaid, EntitlementsChanged, TrailApplied
from recoup.cases.plans import plan_anew
from recoup.centre import EVENT_REGISTRY
from recoup.centre.case_sheets import CaseSheets, Kept
from recoup.centre.one_sided import one_sided
from recoup.centre.return_sheets import ReturnSheets, UnworkableError
from recoup.clock import instant_of
from recoup.journal import Verified, verify
from recoup.messages import OrderMessage
from recoup.money import split
from recoup.orders import OrderKind
from recoup.orders.kinds import UNDER_MANDATE
from recoup.procedure import Reason
from recoup.rehearse.office import Mandate, OfficePolicy, OfficeTerms
from recoup.rehearse.office.desk import Desk
from recoup.rehearse.play.happened import (
    Answered,
    Appealed,
    Entitled,
    HeldNow,
    Ordered,
    Reported,
    Returned,
)
from recoup.rehearse.play.ports import Attempt
from recoup.rehearse.playing import play
from recoup.rehearse.policies import policy_of
from recoup.rehearse.scenario import Scenario
from rehearsal.hamlet import HOUR, MINUTE, hamlet
from rehearsal.little import LittleStage

DAY = 24 * HOUR
UNTIL = 90 * DAY
FREEING = {OrderKind.REDUCE, OrderKind.RELEASE}


class Idle(OfficePolicy):
    """A centre whose people go home: nothing is frozen, nothing returned."""

    def finish(self, until_us):
        pass


def played(country, policy, days=90):
    return LittleStage(country, policy).play(country.end_us + days * DAY)


def of(stage, kind):
    return [one for one in stage.happened if isinstance(one, kind)]


@pytest.fixture(scope="module")
def run():
    """One chase of three frauds with its return, for all that only looks."""
    country, policy = hamlet(5), OfficePolicy(Mandate.CHASE)
    return played(country, policy), policy


def test_the_journal_of_a_run_is_whole_and_the_auditor_finds_no_broken_promise(run):
    _, policy = run
    journal = policy.centre.journal
    assert isinstance(verify(journal.records(), registry=EVENT_REGISTRY), Verified)
    auditor = Auditor(policy.centre.policy)
    auditor.catch_up(journal)
    assert auditor.read == policy.centre.scribe.count > 500


@dataclass
class Standing:
    """What claims miss and what orders are entitled to, by case, as the journal alone says; no rule of the centre is asked."""

    missing: dict = field(default_factory=lambda: defaultdict(int))
    behind: dict = field(default_factory=dict)
    checked: int = 0

    def take(self, case, event):
        match event:
            case ClaimMade(claim):
                self.missing[case, claim.id] += claim.amount
            case ClaimRepaid():
                self.missing[case, event.claim] -= event.returned + event.compensated
            case EntitlementsChanged(rows):
                for row in rows:
                    self.behind[case, row.claim, row.account, row.currency] = row.amount

    def check(self):
        """At the end of an entry: what is behind all orders of a claim is never above what it misses."""
        sums = defaultdict(int)
        for (case, claim, *_), amount in self.behind.items():
            sums[case, claim] += amount
        for key, amount in sums.items():
            assert 0 <= amount <= self.missing[key], f"{key}: {amount} of {self.missing[key]}"
            self.checked += 1


def entries(journal):
    """Yield the events of each entry, with their subjects."""
    entry, command = [], None
    for record in journal.records():
        if command not in {None, record.command}:
            yield entry
            entry = []
        command = record.command
        event = EVENT_REGISTRY.decode(record.name, record.version, record.body)
        entry.append((record.subject, event))
    yield entry


def told(journal, change=lambda event: event):
    standing = Standing()
    for entry in entries(journal):
        for subject, event in entry:
            standing.take(subject, change(event))
        standing.check()
    return standing


def test_entitlements_are_never_above_what_is_missing_at_any_entry(run):
    _, policy = run
    assert told(policy.centre.journal).checked > 100


def test_an_entitlement_too_much_is_found(run):
    _, policy = run

    def swollen(event):
        if not isinstance(event, EntitlementsChanged):
            return event
        return EntitlementsChanged(tuple(replace(x, amount=2 * x.amount) for x in event.rows))

    with pytest.raises(AssertionError, match=r"case-\d"):
        told(policy.centre.journal, swollen)


def test_who_stands_behind_an_order_is_at_each_entry_what_working_it_all_out_anew_gives(run):
    _, policy = run
    cases, checked = {}, 0
    for entry in entries(policy.centre.journal):
        changed = set()
        for subject, event in entry:
            if type(event).__module__ == "recoup.cases.events":
                cases[subject] = evolve(cases.get(subject) or Case(subject), event)
                changed.add(subject)
        for subject in changed:
            assert entitle(cases[subject]) == current(cases[subject])
            checked += 1
    assert checked > 100


def test_a_trail_that_is_told_again_is_the_trail_of_rows_and_holds_read_anew(monkeypatch):
    again, traced = [0, 0], CaseSheets.traced

    def both(sheets, kept):
        versions = [known[2].command for known in told_of(kept, sheets.case)]
        found = traced(sheets, kept)
        assert found == traced(sheets, Kept())
        again[any(found.told.command.places is one.places for one in versions)] += 1
        return found

    def told_of(kept, case):
        _, ledger = kept.ledgers._kept.get(case, ((), None))
        return [ledger.told] if ledger is not None and ledger.told else []

    monkeypatch.setattr(CaseSheets, "traced", both)
    played(hamlet(7), OfficePolicy(Mandate.CHASE))
    assert min(again) > 2, "some are traced, some told again"


def test_a_plan_that_was_kept_is_the_plan_that_is_made(run):
    stage, policy = run
    now, terms = instant_of(stage.now_us), policy.centre.policy
    for case in policy.centre.state.cases.values():
        for at in (now, now, now + timedelta(hours=1)):
            assert plan_orders(case, at, terms) == plan_anew(case, at, terms)


def cases_of(journal):
    """Yield each case after each entry that changed it."""
    cases = {}
    for entry in entries(journal):
        changed = {}
        for subject, event in entry:
            if type(event).__module__ == "recoup.cases.events":
                cases[subject] = evolve(cases.get(subject) or Case(subject), event)
                changed[subject] = None
        yield from (cases[subject] for subject in changed)


def test_the_orders_that_ask_are_the_first_of_the_plan_and_all_others_give_up(run):
    stage, policy = run
    now, terms, given_up = instant_of(stage.now_us), policy.centre.policy, 0
    for case in cases_of(policy.centre.journal):
        asking, whole = plan_asking(case, now, terms), plan_anew(case, now, terms).orders
        assert asking == whole[: len(asking)]
        given_up += len(whole) - len(asking)
        rest = {order.kind for order in whole[len(asking) :]}
        assert rest <= {OrderKind.REDUCE, OrderKind.RELEASE}
        assert plan_orders(case, now, terms).orders == plan_orders(case, now, terms).orders == whole
    assert given_up


def slowly_entitled(case):
    """Who stands behind what, written from the definition: no memory, no short cut."""
    left, due = missing_of(case), defaultdict(lambda: defaultdict(int))
    there = [x for x in case.places if x.found in {Found.LOCATED, Found.UNKNOWN}]
    there.sort(key=lambda x: (x.found is Found.UNKNOWN, -x.since.timestamp(), x.account, x.amount))
    for x in there:
        part = min(x.amount, max(0, left.get((x.claim, x.currency), 0)))
        left[x.claim, x.currency] = left.get((x.claim, x.currency), 0) - part
        due[x.account, x.currency][x.claim] += part
    for cap in case.caps:
        parts = due[cap.account, cap.currency]
        shared(min(cap.amount, sum(parts.values())), parts)
    asked = {hold.hold: hold.asked for hold in case.holds}
    behind, waits = defaultdict(lambda: defaultdict(int)), defaultdict(int)
    for place, parts in due.items():
        wanted = dict(parts)
        shared(min(asked.get(place, 0), sum(parts.values())), parts)
        for claim, amount in parts.items():
            behind[place][claim] += amount
            waits[claim, place[1]] += wanted[claim] - amount
    for hold in sorted(case.holds, key=lambda x: (case.is_innocent(x.account), x.hold)):
        for claim, amount in hold.stood:
            room = hold.asked - sum(behind[hold.hold].values())
            beyond = amount - behind[hold.hold][claim]
            more = max(0, min(beyond, room, waits[claim, hold.currency]))
            behind[hold.hold][claim] += more
            waits[claim, hold.currency] -= more
    none = {place: {c: n for c, n in parts.items() if n} for place, parts in behind.items()}
    return {place: parts for place, parts in none.items() if parts}


def shared(amount, parts):
    """Share an amount out among parts, in place."""
    claims = sorted(parts)
    given = split(amount, [parts[claim] for claim in claims]) if sum(parts.values()) else []
    parts.update(zip(claims, given, strict=False))


def test_who_stands_behind_an_order_is_what_the_definition_says(run):
    _, policy = run
    found = [(entitle(case), slowly_entitled(case)) for case in cases_of(policy.centre.journal)]
    assert all(quick == slow for quick, slow in found)
    assert sum(bool(slow) for _, slow in found) > 100
    # And in no order of asking: nothing that was kept of one case is told of another.
    cases = list(cases_of(policy.centre.journal))[::-7]
    assert [entitle(case) for case in cases] == [slowly_entitled(case) for case in cases]


def test_a_trail_that_was_foreseen_leads_to_what_it_leads_to_when_it_is_decided_anew(run):
    stage, policy = run
    terms, cases, checked = policy.centre.policy, {}, 0
    now = instant_of(stage.now_us)
    for entry in entries(policy.centre.journal):
        for subject, event in entry:
            if type(event).__module__ != "recoup.cases.events":
                continue
            case = cases.get(subject) or Case(subject)
            if isinstance(event, TrailApplied):
                told = (event.facts_version, event.digest, event.places)
                command = ApplyTrail(*told, event.derived, event.bridged)
                first = decide(case, command, now, terms)
                again = decide(case, command, now, terms)
                assert first == again == decide(replace(case), replace(command), now, terms)
                assert followed(case, again) == fold(case, again)
                later = now + timedelta(days=1)
                twin = decide(replace(case), replace(command), later, terms)
                assert decide(case, command, later, terms) == twin
                checked += 1
            cases[subject] = evolve(case, event)
    assert checked > 20


def test_a_plan_that_cannot_be_made_is_tried_again_of_other_facts_only(monkeypatch):
    tried = defaultdict(list)

    def cannot(sheets, _read):
        tried[sheets.of.id].append(sheets)
        raise UnworkableError(Reason.PLAN_EMPTY)

    monkeypatch.setattr(ReturnSheets, "worked_out", cannot)
    policy = OfficePolicy(Mandate.CHASE)
    played(hamlet(3, frauds=1, payments=200), policy)
    assert tried, "something was frozen"
    for sheets in tried.values():
        assert all(one != after for one, after in pairwise(sheets))
    assert set(policy.returning.stood_still.values()) <= {"plan_empty", "nothing frozen"}


def test_a_play_leaves_the_collector_as_it_was():
    before = gc.get_threshold(), bool(gc.get_freeze_count())
    play(hamlet(3, frauds=1, payments=0), policy_of("none", Scenario(), 3))
    assert (gc.get_threshold(), bool(gc.get_freeze_count())) == before


def test_whether_a_plan_has_anything_that_an_authority_lets_leave_is_the_same_at_all_times(run):
    stage, policy = run
    begin, terms, found = instant_of(stage.country.begin_us), policy.centre.policy, set()
    for case in cases_of(policy.centre.journal):
        plans = [plan_anew(case, begin + timedelta(hours=at), terms) for at in (0, 7, 900)]
        let = {any(order.kind in UNDER_MANDATE for order in plan.orders) for plan in plans}
        assert len(let) == 1
        assert len({any(x.kind in FREEING for x in plan.orders) for plan in plans}) == 1
        found |= {(let.pop(), bool(plans[0].orders))}
    assert found == {(True, True), (False, True), (False, False)}, "all three are met"


def test_what_a_ledger_looks_up_is_what_looking_at_every_transfer_gives(run):
    _, policy = run
    checked = 0
    for _, ledger in policy.centre._kept.ledgers._kept.values():
        ids = ledger.listed().index
        every = one_sided(ledger.shown, ids, ledger.spans)
        assert one_sided(ledger.one_sided(), ids, ledger.spans) == every
        for amount in {one.first.amount for one in ledger.shown}:
            alike = [one for one in ledger.shown if one.first.amount == amount]
            assert ledger.of_amount(amount) == alike
            checked += len(alike)
    assert checked > 100


def test_a_run_says_what_it_does(run):
    stage, _ = run
    assert len(of(stage, Reported)) == 3
    ordered, answered = of(stage, Ordered), of(stage, Answered)
    assert {one.order for one in answered} <= {one.order for one in ordered}
    stops = [one for one in ordered if one.kind == "stop"]
    assert {one.hop for one in stops} == {0}
    first = {one.number: one.instalments[0].payee for one in stage.country.frauds}
    assert all(one.account == first[one.fraud] for one in stops)
    assert max(one.hop for one in ordered) >= 2
    assert all(one.entitled <= one.missing for one in of(stage, Entitled))


def test_what_is_returned_arrives_and_is_never_more_than_was_lost(run):
    stage, policy = run
    returned = defaultdict(int)
    rows = [row for row in stage.books.rows if row.time_us > stage.country.end_us]
    booked = [(row.time_us, row.payer, row.payee, row.amount) for row in stage.books.rows]
    for one in of(stage, Returned):
        victim = stage.country.frauds[one.fraud].instalments[0].payer
        booked.remove(
            (one.at_us, one.account, victim, one.amount)
        )  # each return has a row of its own
        returned[one.fraud] += one.amount
    assert returned
    assert sum(row.amount for row in rows) == sum(returned.values())
    for number, amount in returned.items():
        assert 0 < amount <= stage.country.frauds[number].loss_minor
    for case in policy.centre.state.cases.values():
        assert all(claim.missing >= 0 for claim in case.claims)


def test_what_is_shared_waits_for_its_public_notice(run):
    _, policy = run
    returns = policy.centre.state.returns.values()
    shared = [one for one in returns if any(each.notices for each in one.rounds)]
    assert shared, "money that ran together is shared pro rata"
    checked = 0
    for one in shared:
        for payment in one.payments:
            notices = one.rounds[payment.round - 1].notices
            for fact in payment.facts:
                checked += 1
                assert not notices or fact.at > notices[-1].ends_at
    assert checked


def test_a_run_twice_gives_the_same_journal():
    last = []
    for _ in range(2):
        policy = OfficePolicy(Mandate.CHASE)
        stage = played(hamlet(3, frauds=1, payments=200), policy)
        last.append((policy.centre.scribe.last.hash, tuple(stage.happened)))
    assert last[0] == last[1]
    assert last[0][1]


def test_a_stop_that_nobody_follows_ends_after_its_48_hours_at_centre_and_institution_alike():
    country = hamlet(7, frauds=2, payments=200)
    policy = Idle(Mandate.CHASE, OfficeTerms(freeze_before_us=0, round_us=30 * DAY))
    stage = played(country, policy, days=12)
    began, ended = {}, {}
    for one in of(stage, HeldNow):
        place = one.account, one.cause
        if one.held:
            began.setdefault(place, one.at_us)
        else:
            ended.setdefault(place, one.at_us)  # the law allows a second stop after it
    lapsed = [place for place in ended if ended[place] - began[place] == 48 * HOUR]
    assert len(lapsed) >= 10
    assert not any(stage.books.blocks.values()), "no block outlives its hold"
    assert not [hold for hold in policy.centre.state.every() if hold.is_live]


def test_a_wrong_answer_in_the_middle_does_not_cut_the_chase():
    country = hamlet(11)
    wrong = replace(country.institutions[0], error_share=1.0)
    country = replace(country, institutions=(wrong, *country.institutions[1:]))
    policy = OfficePolicy(Mandate.CHASE)
    stage = played(country, policy)
    ordered = {one.order: one for one in of(stage, Ordered)}
    place = country.accounts.institution
    denied = {ordered[one.order].account for one in of(stage, Answered) if one.outcome == "moved"}
    assert denied
    assert all(place[account] == 0 for account in denied)
    behind = {row.payee for row in stage.books.rows if row.payer in denied}
    went_on = {one.account for one in ordered.values() if one.account in behind}
    assert went_on, "orders beyond the institution that said that nothing was there"
    assert sum(one.held for one in of(stage, Answered)) > 0


def test_a_recall_is_of_the_first_account_only_and_an_officer_a_hop_comes_later_than_the_chase():
    country = hamlet(5)
    hops, seconds = {}, {}
    for mandate in Mandate:
        stage = played(country, Idle(mandate), days=1)
        asked = [one for one in of(stage, Ordered) if one.kind in {"stop", "extend"}]
        hops[mandate] = max(one.hop for one in asked)
        later = [one.at_us for one in asked if one.hop == 1]
        seconds[mandate] = min(later, default=0)
    assert hops[Mandate.FIRST_HOP] == 0
    assert hops[Mandate.CHASE] >= hops[Mandate.MANUAL] >= 1
    assert seconds[Mandate.MANUAL] - seconds[Mandate.CHASE] > 20 * MINUTE


def test_an_officer_reads_the_trail_of_the_newest_facts_and_nothing_is_traced_in_between(
    monkeypatch,
):
    read, plan = [], Desk._plan

    def reading(desk, case_id):
        read.append(desk._centre.state.case(case_id).has_current_trail())
        return plan(desk, case_id)

    monkeypatch.setattr(Desk, "_plan", reading)
    policy = OfficePolicy(Mandate.MANUAL)
    played(hamlet(5), policy)
    assert read
    assert all(read)
    names = Counter(record.name for record in policy.centre.journal.records())
    assert 0 < names["trail_applied"] < names["facts_changed"] * 2 // 3


def test_orders_that_were_all_refused_are_written_again_only_after_an_answer_or_in_a_round(
    monkeypatch,
):
    hops, hop = [], Desk._hop

    def hopping(desk, case_id):
        hops.append(case_id)
        hop(desk, case_id)

    tell = Desk._tell
    monkeypatch.setattr(Desk, "_hop", hopping)
    monkeypatch.setattr(Desk, "_tell", lambda *given: 0 if hops else tell(*given))
    stage = played(hamlet(5), Idle(Mandate.MANUAL), days=4)
    answers, reports, rounds = len(of(stage, Answered)), len(of(stage, Reported)), 5 * 4
    assert 0 < len(hops) <= answers + reports * rounds, "not every forty minutes"


def test_every_policy_meets_the_same_institutions():
    country = hamlet(1, frauds=1, payments=0)
    draws = []
    for mandate in (Mandate.MANUAL, Mandate.CHASE):
        policy = OfficePolicy(mandate)
        stage = LittleStage(country, policy)
        policy.begin(stage)
        (branch, *_) = policy.centre.branches.values()
        given = {"institution": "b", "account_name": "", "currency": "CNY", "amount": 1}
        given |= {"issued_at": instant_of(0), "reason": "r"}
        asked = [
            OrderMessage(id=f"{mandate}-{n}", kind=kind, case="case-1", account_number="1", **given)
            for n, kind in enumerate((OrderKind.STOP, OrderKind.STOP, OrderKind.FREEZE))
        ]
        draws.append([branch.drawn(one) for one in asked])
    assert draws[0] == draws[1]
    assert len({one.answer_us for one in draws[0]}) == 3


def _paid_by_mistake(frauds=1, spent=0, opening=5_000_000):
    """Play a hamlet whose victims pay an innocent, who spends so much of it; return stage, policy and that account."""
    country = hamlet(5, payments=0)
    first = country.frauds[0].instalments[0]
    innocent, sum_paid = first.payer + 1, 0
    defrauded = []
    for fraud in country.frauds[:frauds]:
        (one,) = fraud.instalments
        moved = replace(one, time_us=first.time_us, payee=innocent)
        sum_paid += one.amount_minor
        crew, reported = (innocent,) * 8, first.time_us + HOUR + fraud.number * MINUTE
        defrauded.append(replace(fraud, crew=crew, instalments=(moved,), reported_us=reported))
    openings = country.accounts.opening_minor.copy()
    openings[innocent] = opening
    accounts = replace(country.accounts, opening_minor=openings)
    country = replace(country, frauds=tuple(defrauded), accounts=accounts)
    policy = OfficePolicy(Mandate.FIRST_HOP, OfficeTerms(appealing=1.0))
    stage = LittleStage(country, policy)
    stage._defraud = lambda fraud: _pays_and_reports(stage, fraud)
    share = Attempt(innocent, 0, sum_paid * spent // 100)
    stage.at(first.time_us + MINUTE, lambda: spent and stage.pay(share))
    stage.play(country.end_us + 5 * DAY)
    return stage, policy, innocent


def test_an_innocent_holder_objects_and_another_person_decides_within_the_clock():
    stage, policy, innocent = _paid_by_mistake()
    filed, appeal = of(stage, Appealed)
    assert filed == replace(appeal, decided_us=filed.at_us, is_granted=False), "told while it runs"
    assert appeal.account == innocent
    assert 0 < appeal.decided_us - appeal.at_us <= 24 * HOUR
    assert appeal.is_granted, "nothing was passed on"
    assert not any(stage.books.blocks.values())
    (row,) = policy.centre.state.case("case-0").appeals
    assert row.decided_by == "judge"


def test_an_objection_is_to_all_that_is_held_of_an_account_for_whichever_case():
    """Freed in one case and still held for another, nobody is free."""
    stage, policy, innocent = _paid_by_mistake(frauds=2)
    appeals = [policy.centre.state.case(f"case-{n}").appeals for n in range(2)]
    assert [len(some) for some in appeals] == [1, 1], "once for each"
    assert len({some[0].filed_at for some in appeals}) == 1, "at one instant"
    assert {one.account for one in of(stage, Appealed)} == {innocent}
    assert not any(stage.books.blocks.values())


@pytest.mark.parametrize(
    ("spent", "opening", "is_granted"),
    [(90, 5_000_000, True), (90, 0, False), (40, 0, True)],
)
def test_who_had_as_much_besides_passed_nothing_on_by_paying(spent, opening, is_granted):
    stage, _, _ = _paid_by_mistake(spent=spent, opening=opening)
    assert of(stage, Appealed)[-1].is_granted is is_granted


def _pays_and_reports(stage, fraud):
    """A victim pays by mistake, and the one who was paid does nothing with it."""
    paid = []

    def pays():
        one = fraud.instalments[0]
        found = stage.pay(Attempt(one.payer, one.payee, one.amount_minor))
        paid.append(stage.books.rows[found.row])

    stage.at(fraud.instalments[0].time_us, pays)
    stage.at(fraud.reported_us, lambda: stage.policy.reported(fraud, paid))
