"""Worked cases of decisions: bad input, repeats, stolen money and orders, waits, budgets, shadow, late scoring, the policy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from math import exp
from random import Random

import polars as pl
import pytest
from deciding import DAY, SECOND, START, model_of, policy_of, rules_of

from recoup.errors import RuleFault, StateFault
from recoup.watch.decision import Action, Ground, Problem, Withheld, load_policy
from recoup.watch.rules import Mode
from recoup.watch.state import NEVER, Settings
from recoup.watch.stolen import ClaimOpened, HoldAsked, Taken, chain
from recoup.watch.stream import How
from recoup.watching import Asked, Watch, read_policy
from recoup.watching.policy_files import _HERE

SETTINGS = Settings(late_seconds=600, ahead_seconds=30 * 86_400)


def pay(id_, seconds=0, payer="a", payee="b", amount=100, currency="CNY", **more) -> Asked:
    return Asked(id_, START + seconds * SECOND, payer, payee, amount, currency, **more)


def watch_of(*rows, **more) -> Watch:
    given = {"policy": policy_of(more.get("model")), "settings": SETTINGS, "accounts_max": 16}
    rules = rules_of(*rows) if rows else None
    currencies = ("CNY", "USD")
    return Watch(rules=rules, currencies=currencies, **(given | more))


BAD = {
    "negative": (pay("x", amount=-1), Problem.AMOUNT_NOT_POSITIVE),
    "zero": (pay("x", amount=0), Problem.AMOUNT_NOT_POSITIVE),
    "huge": (pay("x", amount=10**30), Problem.AMOUNT_TOO_LARGE),
    "past the bound": (pay("x", amount=2**60), Problem.AMOUNT_TOO_LARGE),
    "a float": (pay("x", amount=1.5), Problem.FIELD_UNFIT),
    "no number": (pay("x", amount="12"), Problem.FIELD_UNFIT),
    "true": (pay("x", amount=True), Problem.FIELD_UNFIT),
    "late": (pay("x", -601), Problem.TIME_LATE),
    "far ahead": (pay("x", 31 * 86_400), Problem.TIME_AHEAD),
    "no instant": (pay("x")._replace(time="now"), Problem.FIELD_UNFIT),
    "no offset": (pay("x")._replace(time=datetime(2026, 1, 1)), Problem.FIELD_UNFIT),  # noqa: DTZ001
    "time past 64 bits": (pay("x")._replace(time=2**70), Problem.FIELD_UNFIT),
    "currency": (pay("x", currency="XXX"), Problem.CURRENCY_UNKNOWN),
    "same account": (pay("x", payee="a"), Problem.SAME_ACCOUNT),
    "both outside": (pay("x", payer="", payee=""), Problem.SAME_ACCOUNT),
    "kind": (pay("x", kind="gift"), Problem.KIND_UNKNOWN),
    "no id": (pay(""), Problem.ID_UNFIT),
    "id of a number": (pay(7), Problem.ID_UNFIT),
    "id too long": (pay("x" * 129), Problem.ID_UNFIT),
    "id taken": (pay("p", amount=101), Problem.ID_TAKEN),
    "account": (pay("x", payee=None), Problem.FIELD_UNFIT),
    "account with a line break": (pay("x", payee="a\nb"), Problem.FIELD_UNFIT),
    "facts": (pay("x", facts={"n": "many"}), Problem.FIELD_UNFIT),
    "facts that are no table": (pay("x", facts=3), Problem.FIELD_UNFIT),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_a_named_refusal_and_changes_nothing(name):
    asked, problem = BAD[name]
    watch, other = watch_of(), watch_of()
    for one in (watch, other):
        one.decide([pay("p")])
    (found,) = watch.decide([asked])
    assert (found.action, found.ground, found.problem) == (Action.REFUSE, Ground.INPUT, problem)
    assert found.causes[0].english
    assert found.causes[0].chinese
    assert watch.stream.shard.snapshot() == other.stream.shard.snapshot()
    assert watch._pockets == other._pockets


def test_one_account_too_many_is_refused():
    watch = watch_of(accounts_max=2)
    found = watch.decide([pay("p"), pay("q", payee="c"), pay("r", payer="b", payee="a")])
    assert [one.problem for one in found] == [Problem.NONE, Problem.ACCOUNTS_MANY, Problem.NONE]


def test_a_hundred_repeats_at_once_are_answered_once():
    watch, other = watch_of(), watch_of()
    found = watch.decide([pay("p")] * 100)
    assert [one.is_repeat for one in found] == [False] + [True] * 99
    other.decide([pay("p")])
    assert watch.decide([pay("p")])[0].is_repeat
    assert watch.stream.shard.snapshot() == other.stream.shard.snapshot()


def test_an_id_with_other_content_names_the_field_also_within_a_batch():
    found = watch_of().decide([pay("p"), pay("p", payee="c"), pay("p", kind="purchase")])
    assert [(one.problem, one.field) for one in found] == [
        (Problem.NONE, ""),
        (Problem.ID_TAKEN, "payee"),
        (Problem.ID_TAKEN, "kind"),
    ]


def test_a_forgotten_id_cannot_be_booked_twice():
    watch = watch_of(ids_seconds=0)
    watch.decide([pay("p")])
    watch.decide([pay("q", 600)])
    assert watch.decide([pay("p")])[0].is_repeat
    watch.decide([pay("r", 601)])
    assert watch.decide([pay("p")])[0].problem is Problem.TIME_LATE


def test_every_form_of_a_batch_gives_the_same():
    rows = [pay(f"p{i}", i) for i in range(3)]
    columns = {name: [getattr(one, name) for one in rows] for name in Asked._fields[:-1]}
    frame = pl.DataFrame(columns)
    forms = [rows, columns, frame, frame.to_arrow()]
    times = [datetime.fromtimestamp(one.time / SECOND, UTC) for one in rows]
    forms.append(frame.with_columns(time=pl.Series(times)))
    found = [list(watch_of().decide(form)) for form in forms]
    assert all(one == found[0] for one in found)
    assert found[0][0].action is Action.ALLOW
    with pytest.raises(StateFault, match="payee is missing"):
        watch_of().decide(frame.drop("payee"))


def robbed(**more) -> Watch:
    """The victim paid 60 to the mule, who has 40 of its own; the case is open."""
    watch = watch_of(rows_followed=32, **more)
    watch.decide([pay("own", 0, "", "mule", 40), pay("theft", 1, "victim", "mule", 60)])
    opened = ClaimOpened("case", "claim", "theft", is_admitted=True)
    assert watch.take(chain([(START, opened)])[0]) == (Taken.CARRIED_OUT, None)
    return watch


def test_stolen_money_is_held_at_the_first_attempt_and_free_money_goes_on():
    watch = robbed(catch_seconds=3_600)
    found = watch.decide([pay("on", 2, "mule", "next", 80), pay("shop", 3, "mule", "shop", 40)])
    assert [one.action for one in found] == [Action.HOLD, Action.ALLOW]
    assert found[0].ground is Ground.ORDER
    assert found[0].causes[0].code == "stolen-caught"
    assert found[0].expires_us == START + 2 * SECOND + 3_600 * SECOND + 1
    assert [(one.case, one.held) for one in found.caught(0)] == [("case", 60)]
    after = watch.decide([pay("small", 4, "mule", "shop", 1)])
    assert after[0].action is Action.HOLD


def test_without_catching_stolen_money_is_told_of_and_goes_on():
    found = robbed().decide([pay("on", 2, "mule", "next", 80)])
    assert found[0].action is Action.ALLOW
    assert [type(one).__name__ for one in found.told] == ["Moved"]


def test_an_order_binds_while_scoring_is_late_and_before_the_first_payment():
    watch = watch_of(rows_followed=32)
    watch.take(chain([(START, HoldAsked("case", "a", "CNY", 500, None))])[0])
    found = watch.decide([pay("in", 0, "", "a", 550), pay("out", 1, amount=100)], is_late=True)
    assert [one.action for one in found] == [Action.ALLOW, Action.REFUSE]
    assert [one.ground for one in found] == [Ground.UNSCORED, Ground.ORDER]
    assert watch.decide([pay("rest", 2, amount=50)], is_late=True)[0].action is Action.ALLOW


def test_a_payment_that_waits_meets_the_orders_of_the_time_when_it_goes_on():
    watch = watch_of(("large", "amount >= 10.00 CNY", "delay"), rows_followed=32)
    watch.decide([pay("in", 0, "", "a", 900), pay("wait", 1, amount=900 + 100)])
    watch.take(chain([(START, HoldAsked("case", "a", "CNY", 900, None))])[0])
    ended = watch.decide([pay("later", 86_402, "b", "c", 1)]).ended
    assert [(one.id, one.ended.how) for one in ended] == [("wait", How.STOPPED)]


@pytest.mark.parametrize(("act", "how"), [("release", How.RELEASED), ("cancel", How.CANCELLED)])
def test_a_person_ends_a_wait(act, how):
    watch = watch_of(("large", "amount >= 10.00 CNY", "hold"))
    assert watch.decide([pay("p", amount=1_000)])[0].action is Action.HOLD
    assert watch.stream.shard.peek([1])["flow_in"][0] == 0
    (ended,) = getattr(watch, act)("p", START + 60 * SECOND)
    assert (ended.id, ended.ended.how) == ("p", how)
    assert watch.stream.shard.peek([1])["flow_in"][0] == (1_000 if act == "release" else 0)
    assert getattr(watch, act)("p", START + 61 * SECOND)[0].ended.how is How.NOT_WAITING
    assert getattr(watch, act)("p", START - DAY) == ()


def test_a_wait_lapses_by_itself_and_is_booked_then():
    watch = watch_of(("large", "amount >= 10.00 CNY", "delay"))
    (found,) = watch.decide([pay("p", amount=1_000)])
    assert found.expires_us == START + DAY
    assert watch.advance(START + DAY - 1) == ()
    (ended,) = watch.advance(START + DAY)
    assert (ended.ended.how, ended.ended.time_us) == (How.LAPSED, START + DAY)
    assert watch.stream.shard.peek([1])["last_in"][0] == START + DAY


def test_a_rule_in_shadow_is_counted_and_does_nothing():
    rules = rules_of(("large", "amount >= 1.00 CNY", "refuse"), live=False)
    (found,) = Watch(rules=rules, policy=policy_of(), currencies=("CNY", "USD")).decide([pay("p")])
    assert (found.action, found.would, found.rules_shadow) == (
        Action.ALLOW,
        Action.REFUSE,
        ("large",),
    )


MODEL = model_of(at=50_000.0)


def test_a_model_nobody_switched_on_is_in_shadow_and_one_of_another_approval_too():
    assert policy_of(MODEL).is_live(MODEL.digest)
    for policy in (policy_of(), policy_of(model_of(at=1.0))):
        (found,) = watch_of(model=MODEL, policy=policy).decide([pay("p", amount=60_000)])
        assert (found.action, found.withheld) == (Action.ALLOW, Withheld.SHADOW)
        assert found.would is Action.HOLD
    (found,) = watch_of(model=MODEL).decide([pay("p", amount=60_000)])
    assert (found.action, found.ground) == (Action.HOLD, Ground.MODEL)
    assert found.causes[0].feature == "payment_amount"
    assert found.causes[0].added > 0


def test_budgets_end_what_the_model_asks_and_turn_with_the_day():
    asked = [pay(f"p{i}", i, f"a{i}", f"b{i}", 60_000) for i in range(4)]
    alerts = policy_of(MODEL, alerts_per_day=2)
    watch = watch_of(model=MODEL, policy=alerts)
    found = watch.decide(asked)
    assert [one.action for one in found] == [Action.HOLD] * 2 + [Action.ALLOW] * 2
    assert found[2].withheld is Withheld.ALERTS
    assert watch.decide([pay("next", 86_400, amount=60_000)])[0].action is Action.HOLD
    few = watch_of(model=MODEL, policy=policy_of(MODEL, innocents_most=0.06)).decide(asked)
    assert [one.action for one in few][:2] == [Action.HOLD, Action.WARN]
    assert few[1].withheld is Withheld.INNOCENTS


ALERT = '[alert]\nCNY = { least = "400.00", most = "40000.00", source = "ours", standing = "assumed" }\n'


@pytest.mark.parametrize("seed", range(4))
def test_the_more_alerts_are_used_up_the_more_one_must_save(seed):
    """Beside a plain count of the same, and where the policy says nothing of it."""
    chance = Random(seed)
    amounts = [int(chance.lognormvariate(12.0, 1.5)) + 50_001 for _ in range(60)]
    asked = [pay(f"p{n}", n, "a", f"b{n}", amount) for n, amount in enumerate(amounts)]
    told = {}
    for name, text in (("priced", ALERT), ("unpriced", "")):
        prices = load_policy((_HERE / "cn.toml").read_text() + text).figures
        policy = policy_of(alerts_per_day=8, innocents_most=100)
        policy = replace(policy, figures=prices | policy.figures, mode=Mode.LIVE, approver="risk-2")
        live = replace(policy, approved=policy.to_approve(MODEL.digest))
        watch = watch_of(model=MODEL, policy=live, accounts_max=128)
        found = watch.decide(asked)
        told[name] = [n for n, one in enumerate(found) if one.action is not Action.ALLOW]
        assert all(one.withheld is Withheld.ALERTS for one in found if one.action is Action.ALLOW)
    sure, plain = 1.0 / (1.0 + exp(-3.0)), []
    for n, amount in enumerate(amounts):
        least = 40_000 * 100 ** (len(plain) / 8)
        if len(plain) < 8 and 0.8 * sure * amount >= least:
            plain.append(n)
    assert told["priced"] == plain
    assert told["unpriced"] == list(range(8))
    assert sum(amounts[n] for n in told["priced"]) > sum(amounts[:8])


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('least = "400.00"', 'least = "400.001"', "alert.CNY.least"),
        ('least = "400.00"', 'least = "0.00"', "alert.CNY.least"),
        ('least = "400.00"', 'least = "40000.01"', "alert.CNY.least"),
        ('most = "40000.00"', "most = 40000", "alert.CNY.most"),
        ("CNY = {", "USD = {", "alert.CNY"),
        ("CNY = {", "more = 1\nCNY = {", "alert"),
    ],
)
def test_a_price_of_alerts_that_is_none_is_a_problem(old, new, field):
    text = (_HERE / "cn.toml").read_text() + ALERT.replace(old, new)
    with pytest.raises(RuleFault) as found:
        load_policy(text)
    assert field in {one.field for one in found.value.problems}


WAIT = '[wait]\nCNY = { innocent = "30.00", source = "ours", standing = "assumed" }\n'


@pytest.mark.parametrize("seed", range(4))
def test_a_larger_sum_must_be_surer_before_it_waits(seed):
    """Beside the rule itself, and where the policy says nothing of it. A live rule is not bound by it."""
    chance, sure = Random(seed), 1.0 / (1.0 + exp(-3.0))
    amounts = [chance.randrange(50_001, 90_000) for _ in range(40)]
    asked = [pay(f"p{n}", n, "a", f"b{n}", amount) for n, amount in enumerate(amounts)]
    told = {}
    for name, text in (("capped", WAIT), ("free", "")):
        figures = load_policy((_HERE / "cn.toml").read_text() + text).figures
        policy = policy_of(alerts_per_day=100, innocents_most=100)
        policy = replace(
            policy, figures=figures | policy.figures, mode=Mode.LIVE, approver="risk-2"
        )
        live = replace(policy, approved=policy.to_approve(MODEL.digest))
        told[name] = watch_of(model=MODEL, policy=live, accounts_max=128).decide(asked)
        ruled = watch_of(
            ("large", "amount >= 800.00 CNY", "hold"), model=MODEL, policy=live, accounts_max=128
        ).decide(asked)
        held = [one for one, n in zip(ruled, amounts, strict=True) if n >= 80_000]
        assert held
        assert {one.action for one in held} == {Action.HOLD}
    assert {one.action for one in told["free"]} == {Action.HOLD}
    fits = [(1.0 - sure) * amount <= 3_000 for amount in amounts]
    assert any(fits)
    assert not all(fits)
    assert [one.action is Action.HOLD for one in told["capped"]] == fits
    over = [one for one, fit in zip(told["capped"], fits, strict=True) if not fit]
    assert {(one.action, one.withheld) for one in over} == {(Action.WARN, Withheld.SUM)}
    assert {one.would for one in over} == {Action.HOLD}


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('innocent = "30.00"', 'innocent = "30.001"', "wait.CNY.innocent"),
        ('innocent = "30.00"', "innocent = 30", "wait.CNY.innocent"),
        ("CNY = {", "USD = {", "wait.CNY"),
        ("CNY = {", "more = 1\nCNY = {", "wait"),
    ],
)
def test_a_ceiling_of_waits_that_is_none_is_a_problem(old, new, field):
    text = (_HERE / "cn.toml").read_text() + WAIT.replace(old, new)
    with pytest.raises(RuleFault) as found:
        load_policy(text)
    assert field in {one.field for one in found.value.problems}


def test_a_model_does_not_act_in_a_currency_whose_friction_nobody_stated():
    watch = watch_of(model=MODEL)
    found = watch.decide([pay("p", amount=60_000, currency="USD")])
    assert (found[0].action, found[0].would) == (Action.ALLOW, Action.ALLOW)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("seconds = { value = 86_400", "seconds = { value = 86_401", "over_cap"),
        ('standing = "known"', 'standing = "sure"', "field_type"),
        ("value = 200\n", 'value = "200"\n', "field_type"),
        ('handling = "2.00"', "handling = 2.0", "field_type"),
        ('handling = "2.00"', 'handling = "2.001"', "field_type"),
        ('author = "recoup"', 'author = "recoup"\nmode = "live"', "approver_missing"),
        ('author = "recoup"', 'author = "recoup"\nautor = "x"', "field_unknown"),
        ("[warn]", "[worn]", "field_type"),
    ],
)
def test_a_policy_that_is_wrong_is_refused_by_name(old, new, code):
    text = (_HERE / "cn.toml").read_text()
    assert old in text
    with pytest.raises(RuleFault) as raised:
        load_policy(text.replace(old, new))
    assert code in {problem.code for problem in raised.value.problems}


def test_a_policy_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(RuleFault, match="shipped are cn"):
        read_policy(tmp_path / "none.toml")


def test_time_has_not_begun_before_the_first_payment():
    assert watch_of().stream.shard.clock == NEVER
