"""The worked cases of SEMANTICS 3 and 4: what naive systems get wrong, and what the chase does instead."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
from docket import START, Docket, claim, lies, report

import recoup
from recoup.cases import Bridged, FindingKind, Found, Refusal
from recoup.cases.commands import (
    AddFacts,
    ApplyTrail,
    DecideSurplus,
    NoteOpinion,
    NoteRepaid,
    SettleClaim,
    TakeReport,
)
from recoup.cases.refusals import Reason
from recoup.cases.state import ClaimTrigger
from recoup.orders import OrderKind


def test_a_report_stops_the_first_account_at_once():
    case = Docket()
    case.must(TakeReport(report(), claim("c1", "a", 100), "station-1"))
    assert case.kinds() == [("stop", "a", 100)]
    case.send(OrderKind.STOP, "a")
    assert case.stands() == {"a": {"c1": 100}}
    assert case.kinds() == []


def test_an_order_at_the_next_account_lowers_the_one_before_in_the_same_entry():
    case = Docket().reported(claim("c1", "a", 100))
    case.holds("a")
    case.must(AddFacts("rows-1", ("t2",)))
    case.trace(lies("c1", "b", 100, Found.UNKNOWN, hop=2))
    assert case.stands() == {"a": {"c1": 100}}, "nobody has ordered b: a stands for it"
    order = case.order(OrderKind.EXTEND, "b")
    before = len(case.events)
    case.send(OrderKind.EXTEND, "b")
    kinds = [type(event).__name__ for _, event in case.events[before:]]
    assert kinds[-3:] == ["OrderTakenUp", "EntitlementsChanged", "SurplusMarked"]
    assert order.amount == 100
    assert case.stands() == {"b": {"c1": 100}}


def test_160_held_for_a_loss_of_100_is_100_net_and_the_60_go_only_after_two_confirmations():
    case = Docket().reported(claim("c1", "a", 100))
    case.holds("a", 60)  # the mule's own money by now
    case.trace(lies("c1", "b", 100, Found.UNKNOWN, hop=2))
    case.holds("b", 100, twice=False)
    assert case.plan.net == {"CNY": 100}
    assert case.plan.overlap == {"CNY": 60}
    assert case.kinds() == [], "one signed answer frees nothing"
    assert [(row.account, row.why) for row in case.plan.waiting] == [("a", "unconfirmed")]
    case.confirms("b", 100)
    assert case.kinds() == [("release", "a", 0)]
    case.send(OrderKind.RELEASE, "a")
    case.hears("a", 0, "released")
    assert case.plan.net == {"CNY": 100}
    assert case.plan.overlap == {"CNY": 0}


def test_a_bank_that_only_says_it_holds_frees_nothing_even_after_days():
    case = Docket().reported(claim("c1", "a", 100))
    case.holds("a", 100)
    case.trace(lies("c1", "b", 100, Found.UNKNOWN, hop=2))
    case.holds("b", 100, twice=False)
    keep_none = DecideSurplus("a", "CNY", 0, "lead", "judge", "the bank at b showed its books")
    assert case.do(keep_none).reason is Reason.CLOCK_RUNS
    case.wait(days=2)
    assert case.kinds() == []
    assert [row.why for row in case.plan.waiting] == ["overdue"]
    assert case.do(DecideSurplus("a", "CNY", 0, "lead", "lead", "r")).reason is Reason.MAKER_DECIDES
    case.must(keep_none)
    assert case.kinds() == [("release", "a", 0)]


def test_the_innocent_are_freed_first_and_one_confirmed_hold_is_counted_once():
    case = Docket().reported(claim("c1", "a", 100))
    case.holds("a", 100)
    case.trace(lies("c1", "b", 100, hop=2))
    case.holds("b", 100)
    case.trace(lies("c1", "d", 100, Found.UNKNOWN, hop=3))
    case.holds("d", 40)
    # Held: a 100, b 100, d 40 for a loss of 100, of which the trail says all is at d.
    case.found(FindingKind.INNOCENT_CONDUIT, "a")
    case.trace(lies("c1", "d", 100, Found.UNKNOWN, hop=3))
    assert case.kinds() == [("release", "a", 0)]
    waiting = [(row.account, row.why, row.amount) for row in case.plan.waiting]
    # b must keep 60 since only 40 of d are confirmed; the other 40 it would give, but a stop of cn-2016 cannot shrink.
    assert waiting == [("b", "cannot_shrink", 40), ("b", "unconfirmed", 60)]


def test_a_mule_that_disputes_its_own_payment_takes_nothing_over_before_two_persons_admit_it():
    case = Docket().reported(claim("c1", "a", 100))
    case.holds("a", 100)
    case.trace(lies("c1", "b", 100, Found.UNKNOWN, hop=2))
    mule = claim("c2", "b", 100, victim="mule", payer="a")
    case.must(TakeReport(report(), mule, "station-1"))
    assert case.do(SettleClaim("c2", ClaimTrigger.ADMIT, "taker")).reason is Reason.MAKER_DECIDES
    # Until it is admitted the tracer leaves the lots with c1, and c2 carries the rest of its transfer: nothing.
    case.trace(lies("c1", "b", 100, Found.UNKNOWN, hop=2))
    case.holds("b", 100)
    assert case.stands() == {"b": {"c1": 100}}
    case.must(SettleClaim("c2", ClaimTrigger.REJECT, "ann"))
    assert case.stands() == {"b": {"c1": 100}}


def test_the_tracer_leaves_the_lots_with_the_earlier_claim_until_admission():
    rows = pl.DataFrame(
        {
            "id": ["t1", "t2"],
            "payer": ["victim", "a"],
            "payee": ["a", "b"],
            "amount": ["1.00", "1.00"],
            "currency": ["CNY", "CNY"],
            "time": ["2026-03-02T08:00:00+08:00", "2026-03-02T08:01:00+08:00"],
        }
    )
    for admitted, at_b in ((False, {"c1": 100}), (True, {"c2": 100})):
        disputed = pl.DataFrame(
            {
                "claim": ["c1", "c2"],
                "victim": ["V", "a"],
                "transfer": ["t1", "t2"],
                "admitted": ["yes", "yes" if admitted else "no"],
            }
        )
        trail = recoup.trace(rows, disputed, rule="fifo")
        found = trail.positions.filter(pl.col("account") == "b").select("claim", "amount")
        assert dict(found.iter_rows()) == at_b


def test_a_bank_that_wrongly_says_innocent_frees_nothing_and_a_finding_frees_nothing_behind_it():
    case = Docket().reported(claim("c1", "a", 100))
    case.holds("a", 100)
    case.trace(lies("c1", "b", 40), lies("c1", "d", 60, Found.UNKNOWN, hop=3))
    case.holds("b", 40)
    case.holds("d", 60)
    case.send(OrderKind.RELEASE, "a")
    case.hears("a", 0, "released")
    before = case.stands()
    case.must(NoteOpinion("n1", "b", "bank-b", "text-1"))
    assert case.stands() == before
    assert case.kinds() == []
    case.found(FindingKind.INNOCENT_CONDUIT, "b")
    case.trace(lies("c1", "b", 40), lies("c1", "d", 60, Found.UNKNOWN, hop=3))
    assert case.stands() == {"b": {"c1": 40}, "d": {"c1": 60}}, (
        "the traced part and what lies behind stay"
    )
    assert case.kinds() == []


def test_a_void_claim_frees_what_rests_on_it_alone():
    case = Docket().reported(claim("c1", "a", 100), claim("c2", "a", 50))
    case.holds("a", 150)
    case.hears("a", 150, "frozen", basis=OrderKind.FREEZE)
    case.confirms("a", 150)
    case.found(FindingKind.CLAIM_VOID, "c2")
    assert case.stands() == {"a": {"c1": 100}}
    assert case.kinds() == [("reduce", "a", 100)]


def test_good_faith_value_ends_there_and_what_lies_behind_waits():
    case = Docket().reported(claim("c1", "a", 100))
    case.holds("a", 100)
    case.trace(lies("c1", "shop", 70), lies("c1", "d", 30, hop=3))
    case.holds("shop", 70)
    case.holds("d", 30)
    case.send(OrderKind.RELEASE, "a")
    case.hears("a", 0, "released")
    case.found(FindingKind.GOOD_FAITH_VALUE, "shop")
    assert case.kinds() == [("release", "shop", 0)]
    assert case.stands() == {"d": {"c1": 30}}
    # The worker traces again with the shop as terminal; what it found at d before is surplus now.
    case.trace(lies("c1", "shop", 100, Found.EXITED, kind="terminal"))
    assert case.stands() == {}
    assert ("release", "d", 0) not in case.kinds(), "nobody confirmed that this 30 lies elsewhere"


def test_money_that_came_back_is_no_longer_asked_for():
    case = Docket().reported(claim("c1", "a", 100))
    case.holds("a", 100)
    case.must(NoteRepaid("p1", "c1", returned=60))
    assert case.stands() == {"a": {"c1": 40}}
    assert case.do(NoteRepaid("p2", "c1", returned=41)).reason is Reason.AMOUNT_EXCEEDS_MISSING


def test_what_left_as_cash_is_given_up_by_persons_only():
    case = Docket().reported(claim("c1", "a", 100))
    case.holds("a", 100)
    case.trace(lies("c1", "a", 100, Found.EXITED, kind="cash_out"))
    assert case.stands() == {}
    assert case.kinds() == []
    case.wait(days=1, seconds=1)
    assert [row.why for row in case.plan.waiting] == ["overdue"]


def test_the_shop_that_spends_its_free_money_keeps_the_held_60():
    def trail_of(spent: bool):
        times = [
            "2026-03-02T08:00:00+08:00",
            "2026-03-02T08:01:00+08:00",
            "2026-03-02T08:10:00+08:00",
        ]
        rows = pl.DataFrame(
            {
                "id": ["t1", "t2", "t3"],
                "payer": ["victim", "other", "shop"],
                "payee": ["shop", "shop", "supplier"],
                "amount": ["0.60", "0.40", "0.40"],
                "currency": ["CNY"] * 3,
                "time": times,
            }
        )
        return recoup.trace(
            rows.head(3 if spent else 2),
            pl.DataFrame({"claim": ["c1"], "victim": ["V"], "transfer": ["t1"]}),
            holds=pl.DataFrame(
                {
                    "account": ["shop"],
                    "currency": ["CNY"],
                    "amount": [60],
                    "time": [datetime.fromisoformat("2026-03-02T08:05:00+08:00")],
                }
            ),
            rule="fifo",
        )

    case = Docket().reported(claim("c1", "shop", 60))
    case.holds("shop", 60)
    for spent in (False, True):
        trail = trail_of(spent)
        rows = [
            lies(row["claim"], row["account"], row["amount"], since=row["since"])
            for row in trail.positions.iter_rows(named=True)
        ]
        case.must(AddFacts(f"rows-{spent}", ("t3",)))
        case.trace(*rows)
        assert case.stands() == {"shop": {"c1": 60}}
        assert case.kinds() == []


def test_a_stale_trail_and_one_that_loses_money_are_refused():
    case = Docket().reported(claim("c1", "a", 100))
    version = case.case.facts_version
    case.must(AddFacts("rows-1", ("t2",)))
    stale = case.do(ApplyTrail(version, "d", (lies("c1", "a", 100),)))
    assert isinstance(stale, Refusal)
    assert stale.reason is Reason.TRAIL_STALE
    for places in ((lies("c1", "a", 99),), (lies("c1", "a", 101),), (lies("c9", "a", 100),)):
        found = case.do(ApplyTrail(version + 1, "d", places))
        assert found.reason is Reason.TRAIL_NOT_CONSERVED
    case.must(ApplyTrail(version + 1, "d", (lies("c1", "a", 100),)))
    assert case.do(ApplyTrail(version + 1, "d", (lies("c1", "a", 100),))) == ()
    assert case.do(ApplyTrail(version + 1, "e", ())).reason is Reason.TRAIL_DIFFERS


def test_money_last_seen_longest_ago_is_asked_for_last():
    case = Docket().reported(claim("c1", "a", 300))
    fresh, old = START, START - timedelta(days=2)
    case.trace(
        lies("c1", "b", 100, since=fresh), lies("c1", "d", 190, since=old), lies("c1", "e", 10)
    )
    assert [order.account for order in case.plan.orders] == ["b", "e", "d"]


def test_an_account_through_which_money_is_only_inferred_to_have_passed_is_asked_for_its_rows():
    case = Docket().reported(claim("c1", "a", 100))
    case.holds("a", 0)
    case.must(AddFacts("rows-1", ("t2", "t3")))
    passed = Bridged("b", "bank-b", "CNY", 2)
    places = (lies("c1", "d", 100, hop=3, is_inferred=True),)
    version = case.case.facts_version
    case.must(ApplyTrail(version, "digest", places, bridged=(passed, Bridged("x", "", "CNY"))))
    assert ("query", "b", 0) in case.kinds()
    assert "x" not in [account for _, account, _ in case.kinds()], "no institution to ask"
    case.send(OrderKind.QUERY, "b")
    assert ("query", "b", 0) not in case.kinds(), "asked once"


def test_a_freeze_asks_for_what_claims_are_entitled_to_and_can_be_topped_up():
    # The bank held 60 of 100; its statement shows that 40 had gone on to b, where they were held and confirmed.
    case = Docket().reported(claim("c1", "a", 100))
    case.holds("a", 60)
    case.trace(lies("c1", "a", 60), lies("c1", "b", 40, Found.UNKNOWN))
    case.holds("b")
    order = case.send(OrderKind.FREEZE, "a")
    assert order.amount == 60, "40 more would be taken out of what comes in, for months"
    case.hears("a", 60, "frozen", basis=OrderKind.FREEZE)
    assert case.stands() == {"a": {"c1": 60}, "b": {"c1": 40}}
    case.trace(lies("c1", "a", 100))  # the 40 came back
    assert ("raise", "a", 100) in case.kinds()


def test_a_freeze_keeps_what_is_not_confirmed_elsewhere():
    # The negative control: b said held once; a freeze of 0 or 60 at a would free real money on one word.
    case = Docket().reported(claim("c1", "a", 100))
    case.holds("a")
    case.trace(lies("c1", "a", 60), lies("c1", "b", 40, Found.UNKNOWN))
    case.holds("b", twice=False)
    assert case.send(OrderKind.FREEZE, "a").amount == 100


def test_a_short_freeze_takes_no_more_of_what_comes_in_than_claims_are_entitled_to():
    case = Docket().reported(claim("c1", "a", 100))
    case.holds("a", 60)
    case.send(OrderKind.FREEZE, "a")
    case.hears("a", 60, "frozen", basis=OrderKind.FREEZE, asked=100)
    case.trace(lies("c1", "a", 60), lies("c1", "b", 40, Found.UNKNOWN))
    case.holds("b")
    assert ("reduce", "a", 60) in case.kinds()
