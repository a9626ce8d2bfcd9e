"""Objections to decisions of a served watch: what is passed on, what is refused, and what the centre's word does, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from waiting_payments import CALLERS, NOON, PATIENT, SECOND, configuration, core, end, outcome, pay
from watch_service import Running

from recoup.care import DecisionGround, DecisionKind, MeasureGround, MeasureKind
from recoup.clock import instant_of
from recoup.errors import MessageFault
from recoup.messages import ChangeKind, change_of, row_of
from recoup.reading.policies import read_case_policy
from recoup.watch.decision import Action, Cause, Decision, Ground
from recoup.watch.stream import Bound
from recoup.watch.told import AppealSettled, Measured, chain
from recoup.watching.asked import Plain
from recoup.watching.service.appealing import Addressed, Appealed, Appeals, letter_of
from recoup.watching.service.linked import CHAIN, CHANGES, _packed
from recoup.watching.service.port import CONFIGURE
from recoup.watching.service.problems import ProblemError

NOW = instant_of(NOON)
TO = Addressed("bank-7", "gd", lambda account: account.startswith("own-"))


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """Have the compiled parts there before anything waits for an answer: on a fresh clone they take a minute."""
    core().warm()


PAID = Plain(NOON, "own-a", "own-b", 60_000, "CNY", "", ())
DELAYED = Decision(
    "p-1", Action.DELAY, Ground.RULE, (Cause("c-1", "w", "w"), Cause("c-1", "w", "w")), NOON + 9
)


def test_the_letter_says_what_was_decided_and_of_the_holder_the_account_alone():
    made = letter_of(PAID, DELAYED, "mine", TO, NOW)
    assert (made.kind, made.ground) == (DecisionKind.DELAY, DecisionGround.RULE)
    said = (made.decision, made.account_number, made.amount, made.codes, made.unit)
    assert said == ("p-1", "own-a", 60_000, ("c-1",), "gd")
    assert made.waits_until == instant_of(NOON + 9)
    other = letter_of(PAID._replace(payer="theirs"), DELAYED, "mine", TO, NOW)
    assert other.account_number == "own-b", "the payer's is another institution's"
    assert made.id == letter_of(PAID, DELAYED, "other words", TO, NOW + timedelta(1)).id
    assert made.id != letter_of(PAID, replace(DELAYED, id="p-2"), "mine", TO, NOW).id
    assert made.id != letter_of(PAID, DELAYED, "mine", TO._replace(institution="bank-8"), NOW).id


@pytest.mark.parametrize("ground", Ground)
@pytest.mark.parametrize("action", Action)
def test_only_what_a_rule_or_the_model_did_is_appealed_against(ground, action):
    decision = replace(DELAYED, ground=ground, action=action)
    if ground in {Ground.RULE, Ground.MODEL} and action is not Action.ALLOW:
        assert letter_of(PAID, decision, "mine", TO, NOW).kind == action.name.lower()
        return
    with pytest.raises(ProblemError, match="decision_not_appealable"):
        letter_of(PAID, decision, "mine", TO, NOW)


def test_nobody_objects_for_accounts_of_others():
    paid = PAID._replace(payer="theirs", payee="")
    with pytest.raises(ProblemError, match="decision_not_appealable"):
        letter_of(paid, DELAYED, "mine", TO, NOW)


def test_the_clock_that_holders_are_told_is_that_of_the_policy_that_is_shipped():
    from recoup.cli.watch_settings import _APPEAL_SECONDS

    care = read_case_policy("cn-2016").care
    assert care is not None
    assert _APPEAL_SECONDS[2] == care.appeal_seconds


@pytest.mark.parametrize("is_upheld", [True, False])
def test_an_outcome_is_written_as_a_change_and_read_as_it_is(is_upheld):
    (change,) = chain([(NOON, AppealSettled("p-1", is_upheld))])
    row = row_of(change)
    assert (row.kind, row.reference) == (ChangeKind.APPEAL, "p-1")
    assert change_of(row) == change
    for wrong in (replace(row, word="perhaps"), replace(row, word=""), replace(row, reference="")):
        with pytest.raises(MessageFault):
            change_of(wrong)


class Books:
    """Letters in memory, the first of an id for ever, and why the centre will not take some."""

    def __init__(self):
        self.letters, self.why = {}, {}

    def declined(self, letter):
        return self.why.get(letter.decision, "")

    def kept(self, letter):
        return self.letters.setdefault(letter.id, letter)


def asked(running: Running, books: Books, number: str, words: str = "mine") -> Appealed:
    to = TO._replace(is_ours=lambda _: True)
    appeals = Appeals(lambda: running.core.watch, lambda work: work(), books, to, lambda: NOW)
    return appeals.file(number, words)


def filed(running: Running, books: Books, number: str, words: str = "mine") -> str:
    try:
        return asked(running, books, number, words).state
    except ProblemError as problem:
        return problem.name


def told(running: Running, *whats) -> None:
    """Let the centre say things, one change after the other."""
    copy = running.core.watch.copy
    for what in whats:
        (change,) = chain([(NOON, what)], copy.digest, copy.version)
        running.inform(CHANGES, _packed("chain-1", [change], NOON))


MEASURE = Measured(
    "m-1",
    "acc-c",
    "CNY",
    MeasureKind.CREDIT_ONLY.value,
    MeasureGround.RED_FLAG.value,
    0,
    NOON + 86_400 * SECOND,
)


def test_upheld_goes_on_once_and_dismissed_and_bound_ones_wait_after_a_restart_too(tmp_path):
    books, running = Books(), core()
    with Running(tmp_path, running, PATIENT, callers=CALLERS) as first:
        first.inform(CONFIGURE, configuration(tmp_path))
        for id_ in ("p-1", "p-2", "p-4"):
            assert pay(first, id_)["decision"] == "delay"
        assert pay(first, "p-3", payer="acc-c")["decision"] == "delay"
        assert filed(first, books, "p-9") == "decision_unknown"
        for unfit in ("", " \n", "x" * 5_001, "bell \a"):
            assert filed(first, books, "p-1", unfit) == "statement_unfit"
        assert [filed(first, books, "p-1"), filed(first, books, "p-1")] == ["filed", "filed"]
        assert filed(first, books, "p-1", "other words") == "decision_appealed"
        assert len(books.letters) == 1
        assert outcome(end(first, "cancel", "core-token", "p-4")) == "cancelled"

        # Upheld, it goes on; not where a measure binds its payer by now, nor what is over, nor what nobody knows.
        before = first.core.watch.stream.shard.peek([0, 1]).tolist()
        told(first, AppealSettled("p-2", False), AppealSettled("p-4", True))
        told(first, MEASURE, AppealSettled("p-3", True), AppealSettled("p-77", True))
        stands = [asked(first, books, id_).payment for id_ in ("p-2", "p-3", "p-4", "p-77")]
        assert [one.state.value for one in stands] == ["waiting", "stopped", "over", "unknown"]
        assert stands[1].bound_by == (Bound("measure", "m-1"),)
        assert first.core.watch.stream.shard.peek([0, 1]).tolist() == before
        told(first, AppealSettled("p-1", True))
        after = first.core.watch.stream.shard.peek([0, 1]).tolist()
        assert after != before
        assert outcome(end(first, "release", "ann-token", "p-1")) == "not_waiting"
        assert [filed(first, books, "p-1", "again"), filed(first, books, "p-2")] == [
            "upheld",
            "dismissed",
        ]

        # A chain that begins anew says it once more: nothing happens twice.
        said = [AppealSettled("p-1", True), AppealSettled("p-2", False)]
        first.inform(CHAIN, _packed("chain-2", chain([(NOON, what) for what in said]), NOON))
        assert first.core.watch.stream.shard.peek([0, 1]).tolist() == after
    again = core()
    with Running(tmp_path, again, PATIENT, callers=CALLERS) as second:
        assert second.core.watch.stream.shard.peek([0, 1]).tolist() == after
        assert outcome(end(second, "cancel", "core-token", "p-2")) == "cancelled"
        assert filed(second, books, "p-1") == "upheld"
        assert asked(second, books, "p-1").payment.state.value == "released"
        assert asked(second, books, "p-2").payment.state.value == "over"
        assert asked(second, books, "p-3").payment.bound_by == (Bound("measure", "m-1"),)


def test_an_objection_that_the_centre_does_not_take_ends_and_says_why(tmp_path):
    books, running = Books(), core()
    with Running(tmp_path, running, PATIENT, callers=CALLERS) as first:
        first.inform(CONFIGURE, configuration(tmp_path))
        assert pay(first, "p-1")["decision"] == "delay"
        assert filed(first, books, "p-1") == "filed"
        books.why["p-1"] = "unit_unknown"
        found = asked(first, books, "p-1")
        assert (found.state, found.reason, found.payment.state.value) == (
            "declined",
            "unit_unknown",
            "waiting",
        )
        # The centre's word on it goes before: a letter that came again may have been taken after all.
        told(first, AppealSettled("p-1", True))
        assert asked(first, books, "p-1").state == "upheld"


def test_words_promise_the_way_to_the_centre_only_where_there_is_one(tmp_path):
    running = core()
    with Running(tmp_path, running, PATIENT, callers=CALLERS) as first:
        first.inform(CONFIGURE, configuration(tmp_path))
        assert "centre" not in pay(first, "p-1")["remedy"]["en"]
        running.appeal_seconds = 3 * 86_400
        remedy = pay(first, "p-2")["remedy"]
        assert "decision p-2: the bank passes it on to the centre" in remedy["en"]
        assert "within 3 days" in remedy["en"]
        assert "3 日内" in remedy["zh"]
        assert "goes on at once" in remedy["en"]
        headers = {"authorization": "Bearer ann-token"}
        body = {"id": "p-1", "statement": "mine"}
        found = first.client.post("/v1/appeals", json=body, headers=headers)
        assert found.json()["type"].endswith(":appeals_unaddressed")
