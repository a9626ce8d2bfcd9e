"""The sandbox's script: what is played, and that each wrong line is named."""

from __future__ import annotations

import tomllib
from datetime import timedelta

import pytest
from banks import START

from recoup.bank.conformance import accounts_text
from recoup.bank.sandbox import Do, ScriptFault, parse_script, read_script
from recoup.clock import HandClock
from recoup.orders import AccountKind, InstitutionKind, OrderKind

GOOD = """
institution = "bank-a"
match_seconds = 60
[[accounts]]
number = "1"
name = "holder"
currency = "CNY"
opening = "10.00"
[[transfers]]
id = "t1"
at = 2026-01-05T17:00:00+08:00
payer = "victim"
payee = "1"
amount = "600.00"
currency = "CNY"
[[payments]]
id = "p1"
after_seconds = 30
payer = "1"
payee = "x"
amount = "610.00"
currency = "CNY"
[[behaviour]]
do = "late"
kinds = ["stop"]
seconds = 5
times = 2
"""


def test_a_script_is_played():
    clock = HandClock(START)
    script = parse_script(tomllib.loads(GOOD))
    core = script.core(clock)
    assert core.find("1")[0].balance == 61_000
    clock.move(timedelta(seconds=30))
    assert core.find("1")[0].balance == 0
    (found,) = script.behaviours
    assert (found.do, found.kinds, found.seconds, found.times) == (Do.LATE, (OrderKind.STOP,), 5, 2)


def test_an_account_may_be_a_protected_one():
    text = GOOD.replace('opening = "10.00"', 'opening = "10.00"\nkind = "payroll"')
    core = parse_script(tomllib.loads(text)).core(HandClock(START))
    assert core.find("1")[0].kind is AccountKind.PAYROLL
    with pytest.raises(ScriptFault, match=r"accounts 1: kind: expected one of ordinary, payroll"):
        parse_script(tomllib.loads(text.replace("payroll", "wages")))


def test_a_payment_into_a_block_is_declined():
    clock = HandClock(START)
    core = parse_script(tomllib.loads(GOOD)).core(clock)
    core.set_block("recoup/x", "1", "CNY", 1, START)
    clock.move(timedelta(seconds=30))
    assert core.find("1")[0].balance == 61_000
    assert [payment.id for payment in core.declined] == ["p1"]


def test_a_seed_makes_the_same_clients_each_time():
    text = 'institution = "a"\n[random]\nseed = 3\nclients = 9\ntransfers = 40\n'
    first, second = (parse_script(tomllib.loads(text)) for _ in range(2))
    assert first == second
    assert len(first.clients) == 9
    total = sum(client.opening for client in first.clients)
    core = first.core(HandClock(START))
    assert sum(core.find(client.number)[0].balance for client in first.clients) == total
    assert first != parse_script(tomllib.loads(text.replace("seed = 3", "seed = 4")))


def test_the_acceptance_accounts_are_a_script(tmp_path):
    (tmp_path / "a.toml").write_text(accounts_text(), encoding="utf-8")
    assert read_script(tmp_path / "a.toml").institution == "bank-under-test"


BLOCK = """
[[blocks]]
account = "9"
currency = "CNY"
amount = "1.00"
authority = "court"
at = 2026-01-05T09:00:00Z
"""
WRONG = [
    ("surprise = 1\n" + GOOD, "surprise"),
    (GOOD.replace('institution = "bank-a"', ""), "institution"),
    (GOOD.replace("match_seconds = 60", 'match_seconds = "60"'), "match_seconds"),
    (GOOD.replace('name = "holder"', ""), "accounts 1: nothing said of name"),
    (GOOD.replace('name = "holder"', 'name = "holder"\nsurname = "x"'), "accounts 1: no such field"),
    (GOOD.replace('opening = "10.00"', "opening = 10.0"), "accounts 1: opening"),
    (GOOD.replace('opening = "10.00"', 'opening = "-10.00"'), "at least zero"),
    (GOOD.replace('amount = "600.00"', 'amount = "600.001"'), "transfers 1"),
    (GOOD.replace('currency = "CNY"', 'currency = "XXX"'), "accounts 1"),
    (GOOD.replace("+08:00", ""), "with its zone"),
    (GOOD.replace('do = "late"', 'do = "early"'), "behaviour 1"),
    (GOOD.replace("seconds = 5", ""), "behaviour 1: nothing said of seconds"),
    (GOOD.replace('do = "late"', 'do = "say_amount"\namount = "much"'), "behaviour 1: expected a decimal"),
    (GOOD.replace('["stop"]', '["halt"]'), "behaviour 1"),
    (GOOD.replace("after_seconds = 30", "after_seconds = true"), "payments 1"),
    (GOOD + BLOCK, "no account 9"),
    (GOOD + '[[accounts]]\nnumber = "1"\nname = "x"\ncurrency = "CNY"\nopening = "0.00"\n', "twice"),
    ('accounts = 1\ninstitution = "a"', "accounts"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "what"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_line_is_named(text, what):
    with pytest.raises(ScriptFault, match=what):
        parse_script(tomllib.loads(text))


def test_a_payer_who_has_not_that_much_is_named():
    script = parse_script(tomllib.loads(GOOD.replace('payer = "victim"', 'payer = "1"')))
    with pytest.raises(ScriptFault, match="t1"):
        script.core(HandClock(START))


@pytest.mark.parametrize("text", ["= 1", None])
def test_a_file_that_is_no_script_is_refused(tmp_path, text):
    if text is not None:
        (tmp_path / "s.toml").write_text(text)
    with pytest.raises(ScriptFault, match=r"s\.toml"):
        read_script(tmp_path / "s.toml")


def test_a_merchants_settlement_pays_out_what_no_block_keeps():
    text = GOOD.replace('amount = "610.00"', 'amount = "0.00"')
    clock = HandClock(START)
    core = parse_script(tomllib.loads(text)).core(clock)
    core.set_block("recoup/o1", "1", "CNY", 20_000, START + timedelta(days=2))
    clock.move(timedelta(seconds=30))
    assert core.find("1")[0].balance == 20_000
    assert [row.amount for row in core.statement("1", "CNY", START, clock.now())] == [41_000]


def test_a_script_says_what_the_institution_is():
    script = parse_script(tomllib.loads('kind = "aggregator"\n' + GOOD))
    assert script.kind is InstitutionKind.AGGREGATOR
    with pytest.raises(ScriptFault, match="kind: expected one of bank, payment"):
        parse_script(tomllib.loads('kind = "mint"\n' + GOOD))
