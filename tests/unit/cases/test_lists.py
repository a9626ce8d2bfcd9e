"""Lists: who puts a subject on and takes it off, what a case lists by itself, and what clears it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from docket import POLICY, START, Docket, claim, lies

from recoup.cases import FindingKind, Found
from recoup.cases.commands import FileAppeal, SettleAppeal
from recoup.cases.lists import (
    ENTRY_MOVES,
    ENTRY_REFUSALS,
    Entry,
    EntryAdded,
    EntryMoved,
    EntryRenewed,
    EntryState,
    EntryTrigger,
    Ground,
    Level,
    ListReason,
    ListRefusal,
    Subject,
    add_entry,
    agree_to_entry,
    evolve_entry,
    follow_case,
    found_of,
    ground_of,
    pass_end,
    plain_of,
    withdraw_entry,
)
from recoup.cases.state import AppealTrigger

FAR = START + timedelta(days=99_999)
END = START + timedelta(seconds=POLICY.listing_seconds)


def entry(**more) -> Entry:
    values = {"id": "e1", "subject": Subject.PERSON, "level": Level.INVOLVED, "key": "k1"}
    values |= {"case": "case-1", "origin": "", "reason": "seen", "added_by": "ann"}
    values |= {"added_at": START, "ends_at": FAR, **more}
    return Entry(**values)


def added(**more) -> Entry:
    (event,) = add_entry(entry(**more), (), START, POLICY)
    assert isinstance(event, EntryAdded)
    return event.entry


def after(one: Entry, found) -> Entry:
    assert not isinstance(found, ListRefusal), found
    for event in found:
        one = evolve_entry(one, event)
    return one


def agreed(one: Entry, by: str = "bo") -> Entry:
    return after(one, agree_to_entry(one, by, one.digest, START))


def reason(found) -> ListReason:
    assert isinstance(found, ListRefusal), found
    return found.reason


def test_every_pair_is_a_move_or_a_refusal_and_every_state_is_reached():
    assert set(ENTRY_MOVES) | set(ENTRY_REFUSALS) == set(product(EntryState, EntryTrigger))
    assert not set(ENTRY_MOVES) & set(ENTRY_REFUSALS)
    assert set(ENTRY_MOVES.values()) | {EntryState.PROPOSED} == set(EntryState)


def test_an_involved_subject_is_listed_by_two_persons_and_a_suspect_by_one():
    proposed = added()
    assert found_of([proposed], START) == (), "nobody hears of a proposal"
    assert reason(agree_to_entry(proposed, "ann", proposed.digest, START)) is (
        ListReason.ENTRY_SAME_PERSON
    )
    assert reason(agree_to_entry(proposed, "bo", "0" * 64, START)) is ListReason.ENTRY_STALE
    stands = agreed(proposed)
    assert (stands.state, stands.agreed_by) == (EntryState.STANDING, "bo")
    assert found_of([stands], START) == (stands,)
    assert reason(agree_to_entry(stands, "cy", stands.digest, START)) is ListReason.ENTRY_STANDS
    suspect = added(level=Level.SUSPECT)
    assert found_of([stands, suspect], START) == (stands, suspect)


def test_an_involved_subject_is_taken_off_by_two_persons_and_stands_until_then():
    stands = agreed(added())
    leaving = after(stands, withdraw_entry(stands, "bo", "a mistake", START))
    assert leaving.state is EntryState.LEAVING
    assert found_of([leaving], START) == (leaving,)
    assert reason(withdraw_entry(leaving, "cy", "the same", START)) is ListReason.ENTRY_LEAVING
    assert reason(agree_to_entry(leaving, "bo", leaving.digest, START)) is (
        ListReason.ENTRY_SAME_PERSON
    )
    assert reason(agree_to_entry(leaving, "cy", stands.digest, START)) is ListReason.ENTRY_STALE
    gone = agreed(leaving, "ann")
    assert (gone.state, gone.ended_by, gone.ended_at) == (EntryState.WITHDRAWN, "ann", START)
    assert found_of([gone], START) == ()
    assert reason(withdraw_entry(gone, "cy", "again", START)) is ListReason.ENTRY_ENDED


@pytest.mark.parametrize("one", [added(), added(level=Level.SUSPECT)])
def test_a_proposal_and_a_suspect_are_taken_off_by_one(one):
    gone = after(one, withdraw_entry(one, "ann", "a mistake", START))
    assert (gone.state, gone.ended_for) == (EntryState.WITHDRAWN, "a mistake")


def test_an_entry_ends_by_itself_and_never_later_than_the_policy_says():
    one = added(level=Level.SUSPECT)
    assert one.ends_at == END
    sooner = START + timedelta(days=1)
    assert added(level=Level.SUSPECT, ends_at=sooner).ends_at == sooner
    assert reason(add_entry(entry(ends_at=START), (), START, POLICY)) is ListReason.ENTRY_END_PASSED
    assert found_of([one], END) == (), "whether or not the deadline was carried out"
    early = END - timedelta(microseconds=1)
    assert found_of([one], early)
    case = Docket().case
    assert reason(pass_end(one, case, early, POLICY)) is ListReason.ENTRY_RUNS
    assert after(one, pass_end(one, case, END, POLICY)).state is EntryState.LAPSED


def test_the_same_is_listed_once_for_a_case_and_level():
    one = added(level=Level.SUSPECT)
    again = add_entry(entry(id="e2", level=Level.SUSPECT, added_by="bo"), [one], START, POLICY)
    assert reason(again) is ListReason.ENTRY_STANDS
    for other in ({"level": Level.INVOLVED}, {"case": "case-2"}, {"origin": "register"}):
        more = entry(id="e2", **{"level": Level.SUSPECT, **other})
        assert not isinstance(add_entry(more, [one], START, POLICY), ListRefusal)


def test_a_subject_is_the_same_however_it_was_typed_and_another_under_another_kind():
    assert plain_of(Subject.DEVICE, "AA:bb 01") == plain_of(Subject.DEVICE, "ＡＡ:BB01")
    assert plain_of(Subject.DEVICE, "AA") != plain_of(Subject.PERSON, "AA")


def test_an_entry_never_shows_anybody_the_digest_of_another_state():
    one = added()
    moves = [one, agreed(one), replace(agreed(one), state=EntryState.LEAVING, leaving_by="bo")]
    changed = [replace(one, level=Level.SUSPECT), replace(one, key="k2"), replace(one, ends_at=FAR)]
    assert len({row.digest for row in (*moves, *changed)}) == 6


# --- what a case lists ---------------------------------------------------------------------------------------------------


def followed(docket: Docket, live=()) -> tuple[dict[str, Entry], list[str]]:
    fresh, cleared = follow_case(docket.case, live, docket.now, docket.policy)
    return fresh, [event.reason for event in cleared]


def held() -> tuple[Docket, Entry]:
    docket = Docket().reported(claim("c1", "a", 100), claim("c2", "b", 50))
    docket.holds("a", 60)
    fresh, cleared = followed(docket)
    assert list(fresh) == ["a"]
    assert cleared == []
    return docket, replace(fresh["a"], id="e1")


def test_an_account_is_suspect_from_the_moment_that_money_is_held_there():
    docket = Docket().reported(claim("c1", "a", 100))
    assert followed(docket) == ({}, []), "a place alone is no ground"
    docket, one = held()
    assert (one.level, one.state, one.claims) == (Level.SUSPECT, EntryState.STANDING, ("c1",))
    assert one.is_own
    assert followed(docket, [one]) == ({}, []), "once"


def test_what_an_entry_rests_on_is_told_apart():
    docket, one = held()
    assert ground_of(one, docket.case) is Ground.PROVEN
    docket.trace(
        lies("c1", "a", 60, is_inferred=True),
        lies("c1", "z", 40, Found.UNKNOWN),
        lies("c2", "b", 50),
    )
    assert ground_of(one, docket.case) is Ground.INFERRED
    assert ground_of(added(), docket.case) is Ground.STATED
    assert ground_of(agreed(added()), docket.case) is Ground.DECIDED


@pytest.mark.parametrize("kind", [FindingKind.INNOCENT_CONDUIT, FindingKind.GOOD_FAITH_VALUE])
def test_a_finding_clears_what_the_case_and_what_persons_listed_for_it(kind):
    docket, one = held()
    docket.found(kind, "a")
    by_hand = agreed(added(id="e2", subject=Subject.ACCOUNT, key="a"))
    elsewhere = agreed(added(id="e3", subject=Subject.ACCOUNT, key="b"))
    fresh, why = followed(docket, [one, by_hand, elsewhere])
    assert (fresh, why) == ({}, ["finding f0"] * 2), "and it is not listed again while still held"


def test_an_upheld_appeal_clears_only_when_nothing_stays_held():
    for keep, why in ((0, ["appeal x1"]), (10, [])):
        docket, one = held()
        docket.must(FileAppeal("x1", "a", "CNY", False))
        docket.must(SettleAppeal("x1", AppealTrigger.UPHOLD, "judge", keep, "papers seen"))
        assert followed(docket, [one]) == ({}, why)


def test_an_entry_falls_with_the_claims_it_was_made_for_and_not_with_the_money():
    docket, one = held()
    docket.hears("a", 0, "lapsed")
    docket.trace(lies("c1", "z", 100), lies("c2", "b", 50))
    assert followed(docket, [one]) == ({}, []), "it went on: the account passed it"
    docket.found(FindingKind.CLAIM_VOID, "c1")
    by_hand = agreed(added(id="e2", subject=Subject.ACCOUNT, key="a"))
    assert followed(docket, [one, by_hand]) == ({}, ["no claim stands"]), "two persons said so"


def test_an_end_that_comes_while_money_is_held_is_put_off():
    docket, one = held()
    end = one.ends_at
    later = end + timedelta(seconds=POLICY.listing_seconds)
    assert pass_end(one, docket.case, end, POLICY) == (EntryRenewed("e1", later),)
    assert evolve_entry(one, EntryRenewed("e1", later)).ends_at == later
    docket.hears("a", 0, "lapsed")
    (moved,) = pass_end(one, docket.case, end, POLICY)
    assert isinstance(moved, EntryMoved)
    assert moved.state is EntryState.LAPSED
