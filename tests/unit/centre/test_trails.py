"""What the chase keeps, looks at and hands to which process: no more than it needs, and the same for ten cases or thousands."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest
from docket import claim, report
from ledgers import ledger, openings, statement
from sim.office import START
from unit.centre.test_chaser import Chase

from recoup import limits
from recoup.cases import Case
from recoup.cases.commands import AddFacts, SettleClaim, TakeReport
from recoup.cases.state import ClaimTrigger
from recoup.centre import case_trail, chaser, trails
from recoup.centre.case_sheets import CaseSheets, Decoded, Ledgers, TracedCase
from recoup.centre.case_trail import ledger_of
from recoup.centre.commands import Done, Turned
from recoup.centre.facts import Statement, encode_paper
from recoup.centre.tracer import NotKept, trace_facts
from recoup.errors import VaultFault


@pytest.fixture
def chase():
    return Chase()


def _looked_at(monkeypatch):
    seen = []
    plan = chaser.plan_asking

    def planned(case, *rest):
        seen.append(case.id)
        return plan(case, *rest)

    monkeypatch.setattr(chaser, "plan_asking", planned)
    return seen


def test_only_cases_that_changed_are_looked_at(chase, monkeypatch):
    for number in range(5):
        chase.reported(f"case-{number}")
    assert chase.look() == 5
    seen = _looked_at(monkeypatch)
    assert chase.look() == 0
    assert seen == []
    chase.reported("case-9").look()
    assert set(seen) == {"case-9"}


def test_cases_left_from_before_the_start_are_looked_at_a_few_at_a_time(chase, monkeypatch):
    monkeypatch.setattr(limits, "CHASE_LOOKS_MAX", 2)
    for number in range(5):
        chase.reported(f"case-{number}")
    step = chaser.ChaseStep(
        chaser.View(chase.office.open(), from_snapshot=False),
        chase.directory,
        chase.trails,
        chase.trace,
        chase.submit,
        chase.office.clock,
        chase.ids,
        chase.step._policy,
        chase.say,
    )
    looks = left = 0
    while step.is_left:
        left += step.run()
        looks += 1
    assert looks == 3
    assert left + sum(step.run() for _ in range(6)) == 5


def test_a_trail_that_differs_from_the_one_taken_is_told_once_and_orders_leave_all_the_same(
    chase, monkeypatch
):
    """The second trace of the same version gives another digest: the process is a newer program, say."""
    chase.reported("case-1", is_standing=False)
    chase.look()
    chase.trails._grounds.clear()  # a start anew: by which transfers money came is not in the journal
    chase.authorised("case-1")
    take = chase.trails.take

    def odd(traced):
        command = replace(traced.told.command, digest=sha256(b"other").hexdigest())
        take(replace(traced, told=replace(traced.told, command=command)))

    monkeypatch.setattr(chase.trails, "take", odd)
    monkeypatch.setattr(
        chaser, "command_for", lambda one: replace(trails.command_for(one), id=f"{one.case}-2")
    )
    assert chase.look(20) == 1
    assert chase.traced == 2
    ((_, why),) = chase.told
    assert "trail_differs" in why


def _rounds(chase, monkeypatch):
    """Return what is handed in for one round each."""
    rounds = []
    plain = chase.step._together

    def noted(commands):
        rounds.append([type(command.value.what).__name__ for command in commands])
        return plain(commands)

    monkeypatch.setattr(chase.step, "_together", noted)
    return rounds


def test_a_trail_and_the_orders_that_follow_from_it_are_handed_in_for_one_round(chase, monkeypatch):
    rounds = _rounds(chase, monkeypatch)
    chase.reported("case-1")
    assert chase.look() == 1
    assert rounds == [["ApplyTrail", "TakeUp"]]
    assert chase.traced == 1
    assert chase.told == []


def test_of_a_trail_that_will_be_refused_no_order_is_foreseen(chase, monkeypatch):
    rounds = _rounds(chase, monkeypatch)
    monkeypatch.setattr(case_trail, "_places", lambda *_: ())  # money is lost: never conserved
    chase.reported("case-1")
    assert chase.look() == 0
    assert rounds == [["ApplyTrail"]]
    ((_, why),) = chase.told
    assert "trail_not_conserved" in why


def test_a_trail_that_is_stale_when_it_is_found_is_not_handed_in_and_the_newer_one_is(
    chase, monkeypatch
):
    rounds = _rounds(chase, monkeypatch)
    chase.reported("case-1")
    take = chase.trails.take

    def meanwhile(traced):
        take(traced)
        monkeypatch.setattr(chase.trails, "take", take)
        _learns_more(chase)

    monkeypatch.setattr(chase.trails, "take", meanwhile)
    assert chase.look() >= 1
    assert chase.traced == 2
    assert rounds[0][0] == "ApplyTrail"
    assert sum(row.count("ApplyTrail") for row in rounds) == 1, "the stale one is left aside"
    assert chase.told == []


def _learns_more(chase):
    told = claim("c2", "a-2", 50, report="r2", institution="bank-1", paid_at=START)
    for who, what in (
        ("taker", TakeReport(report("r2", at=START), told, "station-1")),
        ("ann", SettleClaim("c2", ClaimTrigger.ADMIT, "ann")),
    ):
        assert isinstance(chase.office.ask(who, what, case="case-1"), Done)


def test_what_was_foreseen_from_a_trail_that_is_refused_as_stale_is_decided_for_itself(
    chase, monkeypatch
):
    """The case learns more between the look and the writer: nothing is ordered twice, and all of it in the end."""
    rounds = _rounds(chase, monkeypatch)
    plain = chase.step._together

    def late(commands):
        monkeypatch.setattr(chase.step, "_together", plain)
        _learns_more(chase)
        return plain(commands)

    monkeypatch.setattr(chase.step, "_together", late)
    chase.reported("case-1").look(20)
    assert rounds[0] == ["ApplyTrail", "TakeUp"]
    assert chase.traced == 2
    ((_, why),) = chase.told
    assert "trail_stale" in why
    holds = chase.office.scribe.state.every()
    ordered = {hold.key.account: [x.order.amount for x in hold.orders] for hold in holds}
    assert ordered == {"a-case-1": [100], "a-2": [50]}


def test_nothing_is_kept_of_a_case_whose_trail_was_taken_but_its_grounds(chase, monkeypatch):
    monkeypatch.setattr(limits, "TRAILS_KEPT_MAX", 3)
    for number in range(6):
        chase.reported(f"case-{number}")
    chase.look()
    assert chase.trails._newest == {}
    assert len(chase.trails._grounds) == 3


def _sheets(case, version, size=1):
    known = replace(Case(case), facts_version=version)
    return CaseSheets(known, (b"x" * size,), {}, ())


def _found(case, version):
    return TracedCase(case, version, None, 0)


def test_a_trail_of_older_facts_is_left_aside_and_the_newer_is_still_traced():
    kept = trails.Trails()
    kept.ask(_sheets("case-1", 1))
    kept.ask(_sheets("case-1", 2))
    kept.take(_found("case-1", 1))
    assert kept.found() == []
    assert kept.newest("case-1").version == 2


def test_what_cannot_be_traced_is_forgotten_unless_newer_facts_wait():
    kept = trails.Trails()
    kept.ask(_sheets("case-1", 1))
    kept.newest("case-1")
    kept.ask(_sheets("case-1", 2))
    kept.drop("case-1")
    assert kept.newest("case-1").version == 2
    kept.drop("case-1")
    assert kept.newest("case-1") is None


def test_a_case_of_many_rows_goes_to_the_process_for_large_ones():
    kept = trails.Trails()
    went = []

    class Lane:
        def __init__(self, name):
            self.changed = lambda case: went.append((name, case))
            self.start = lambda: None

    both = trails.Tracers(kept, lambda *_: None)
    both._small, both._large = Lane("small"), Lane("large")
    for case, size in (
        ("s", limits.TRACE_QUICK_BYTES_MAX),
        ("l", limits.TRACE_QUICK_BYTES_MAX + 1),
    ):
        kept.ask(_sheets(case, 1, size))
        both.changed(case)
    assert went == [("small", "s"), ("large", "l")]


@pytest.mark.parametrize("ahead", [True, False])
def test_the_tracing_processes_begin_with_the_chase_or_with_its_first_case(ahead):
    went = []

    class Lane:
        def __init__(self):
            self.changed = went.append
            self.start = lambda: went.append("start")
            self.stop = lambda: went.append("stop")

    both = trails.Tracers(trails.Trails(lambda _: None), lambda *_: None, ahead=ahead)
    both._small, both._large = Lane(), Lane()
    both.start()
    assert went == (["start", "start"] if ahead else [])
    both.changed("case-1")
    both.changed("case-2")
    both.stop()
    assert went == ["start", "start", "case-1", "case-2", "stop", "stop"]


def test_what_never_began_is_not_ended():
    idle = trails.Tracers(trails.Trails(lambda _: None), lambda *_: None, ahead=False)
    ended = []
    idle._small.stop = idle._large.stop = lambda: ended.append("stop")
    idle.start()
    idle.stop()
    assert ended == []


def test_sheets_leave_out_what_was_given_and_a_process_without_it_says_so():
    body = encode_paper(Statement("a", "bank", ()))
    case = replace(Case("case-1"), facts=("d0", "d1"))
    sheets = CaseSheets(case, (body, body + b" "), {}, ())
    assert sheets.lean(("d0",)).statements == (b"", body + b" ")
    assert sheets.lean(()).statements == sheets.statements
    with pytest.raises(NotKept):
        Decoded(5).statement("d0", b"")


def test_statements_that_a_process_has_are_read_only_where_it_turns_out_not_to_have_them():
    bodies = {f"d{n}": encode_paper(Statement(f"a{n}", "bank", ())) + b" " * n for n in range(3)}
    case = replace(Case("case-1"), facts=tuple(bodies))
    asked = []

    def read(digests):
        asked.extend(digests)
        return [bodies[digest] for digest in digests]

    whole = CaseSheets(case, tuple(bodies.values()), {}, ())
    unread = sum(len(bodies[digest]) for digest in ("d0", "d1"))
    lazy = CaseSheets(case, (b"", b"", bodies["d2"]), {}, (), unread, read)
    assert lazy.size == whole.size
    assert lazy.lean(("d0", "d1")) == whole.lean(("d0", "d1"))
    assert asked == [], "nothing was missing"
    assert lazy.lean(("d0",)) == whole.lean(("d0",))
    assert asked == ["d1"]
    assert lazy.lean(()) == whole
    assert asked == ["d1", "d0", "d1"]


def test_a_case_that_was_erased_is_not_traced_on_from_what_a_process_still_has(chase):
    chase.reported("case-1")
    body = Statement("a-case-1", "bank-1", (), START)
    digest = chase.directory.keep_statement("case-1", body)
    assert isinstance(chase.office.ask("officer", AddFacts(digest, ()), case="case-1"), Done)
    chase.look()
    assert chase.step._sizes == {digest: len(encode_paper(body))}
    case = chase.step._view.state.case("case-1")
    chase.step._trace(case)
    chase.directory._vault.erase("statements case-1", "a judge", "an order of a court")
    with pytest.raises(VaultFault):
        chase.step._trace(case)


def test_the_rows_that_a_process_keeps_are_bounded():
    body = encode_paper(Statement("a", "bank", ()))
    kept = Decoded(5)
    rows = [Statement("a", "bank", (None,) * 3) for _ in range(3)]
    for number, one in enumerate(rows):
        kept._kept[str(number)] = one
        kept._rows += 3
        kept.statement(str(number), body)
        assert kept.rows <= 5
    assert list(kept._kept) == ["2"]


def test_a_ledger_grows_by_what_is_new_and_begins_anew_where_the_rest_differs():
    rows = ledger(4)
    given = [statement(rows, name, openings(rows, 4)) for name in ("a0", "a1", "a2")]
    kept = Ledgers(10_000)
    named = dict(zip(("d0", "d1", "d2"), given, strict=True))
    asked = []

    def read(digests):
        asked.extend(digests)
        return [named[digest] for digest in digests]

    first = kept.of("case-1", ("d0", "d1"), read)
    assert kept.of("case-1", ("d0", "d1", "d2"), read) is first
    assert asked == ["d0", "d1", "d2"], "what is in the ledger is not read again"
    assert first.listed().rows == ledger_of(given).listed().rows
    assert kept.rows == sum(len(one.rows) for one in given)
    other = kept.of("case-1", ("d2", "d1"), read)
    assert other is not first
    assert asked[3:] == ["d2", "d1"]
    assert other.listed().rows == ledger_of(given[:0:-1]).listed().rows
    assert kept.rows == sum(len(one.rows) for one in given[1:])


def test_the_rows_of_kept_ledgers_are_bounded():
    rows = ledger(4)
    one = statement(rows, "a0", openings(rows, 4))
    kept = Ledgers(2 * len(one.rows))
    for number in range(3):
        kept.of(f"case-{number}", ("d",), lambda digests: [one] * len(digests))
    assert list(kept._kept) == ["case-1", "case-2"]
    assert kept.rows == 2 * len(one.rows)
    for number in range(3, 9):
        assert kept.of(f"case-{number}", (), list).rows == 0
    assert list(kept._kept) == ["case-1", "case-2"], "a case without rows takes no place"


def test_bytes_in_another_process_give_what_statements_give_here(chase):
    """The way over bytes and the plain way find the same."""
    chase.reported("case-1")
    chase.step._view.catch_up()
    case = chase.step._view.state.case("case-1")
    sheets = CaseSheets(case, (), {}, ())
    assert trace_facts(sheets) == trace_facts(sheets.slim())
    assert not isinstance(trace_facts(sheets).told, Turned)
