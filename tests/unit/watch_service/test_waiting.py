"""Payments that wait end over HTTP and in the watch: who may say so, what becomes of the money, and that a restart knows it."""

from __future__ import annotations

import pytest
from deciding import HEAD, policy_of, rule_text, rules_of
from watch_service import Running, token_digest

from recoup.watch.stolen import Moved
from recoup.watch.stream import How
from recoup.watch.told import ClaimOpened, after
from recoup.watching import Asked, Watch
from recoup.watching.rule_files import read_rules
from recoup.watching.service import Callers, Files, Terms, read_files
from recoup.watching.service.core import WatchCore
from recoup.watching.service.port import CONFIGURE

SECOND = 1_000_000
NOON = 1_795_428_000_000_000
PATIENT = Terms(shed_seconds=60.0, early_seconds=60.0)
RULES = rules_of(("small", "amount < 250.00 CNY", "delay"))
CALLERS = Callers(
    {token_digest("core-token"): "core-banking"}, {token_digest("ann-token"): "operator-1"}
)


def core() -> WatchCore:
    return WatchCore(("CNY",), 64, rows_followed=100)


def configuration(folder) -> bytes:
    """Return what a live rule and the shipped policy say as files."""
    file, text = folder / "rules.toml", HEAD + rule_text("small", "amount < 250.00 CNY", "delay")
    file.write_text(text)
    (rule,) = read_rules(file, currencies=("CNY",)).rules
    file.write_text(f'{text}mode = "live"\napprover = "risk-2"\napproved = "{rule.digest}"\n')
    return read_files(Files(str(file), "cn"), ("CNY",))


def end(running: Running, how: str, token: str, id_: str = "p-1"):
    headers = {"authorization": f"Bearer {token}"}
    return running.client.post(f"/v1/waiting/{how}", json={"id": id_}, headers=headers)


def pay(running: Running, id_: str, payer: str = "acc-a") -> dict[str, object]:
    row = {"id": id_, "payer": payer, "payee": "acc-b", "amount": "12.50", "currency": "CNY"}
    headers = {"authorization": "Bearer core-token"}
    body = row | {"time": "2026-11-23T10:00:00Z"}
    return running.client.post("/v1/decisions", json=body, headers=headers).json()


def outcome(answer) -> str:
    assert answer.status_code == 200, answer.text
    return answer.json()["outcome"]


def test_an_operator_lets_go_on_what_waits_a_caller_takes_it_back_and_a_restart_knows(tmp_path):
    with Running(tmp_path, core(), PATIENT, callers=CALLERS) as running:
        running.inform(CONFIGURE, configuration(tmp_path))
        for id_ in ("p-1", "p-2", "p-3"):
            assert pay(running, id_)["decision"] == "delay"
        assert end(running, "release", "core-token").status_code == 403, "a person looks"
        assert end(running, "cancel", "nobody").status_code == 401
        assert outcome(end(running, "release", "ann-token")) == "released"
        assert outcome(end(running, "release", "ann-token")) == "not_waiting"
        assert outcome(end(running, "cancel", "core-token", "p-2")) == "cancelled"
        assert outcome(end(running, "cancel", "core-token", "unheard-of")) == "not_waiting"
        assert pay(running, "p-1")["decision"] == "delay", "the message again, its first answer"
        stream = running.core.watch.stream
        assert [one.payer for one in stream.waiting.values()] == [0]
        left = running.core.watch.stream.shard.peek([0, 1]).tolist()
    again = core()
    with Running(tmp_path, again, PATIENT, callers=CALLERS) as running:
        assert len(again.watch.stream.waiting) == 1
        assert again.watch.stream.shard.peek([0, 1]).tolist() == left
        assert outcome(end(running, "release", "ann-token", "p-2")) == "not_waiting"
        assert outcome(end(running, "release", "ann-token", "p-3")) == "released"


@pytest.mark.parametrize(
    "body", [b"{", b'{"id": 1}', b'{"id": "a", "time": 1}', b"[]", b'{"id": "\\ud800"}']
)
def test_what_is_no_request_ends_nothing(tmp_path, body):
    with Running(tmp_path, core()) as running:
        answer = running.client.post(
            "/v1/waiting/cancel", content=body, headers={"content-type": "application/json"}
        )
        assert answer.status_code == 400, answer.text
        long = running.client.post("/v1/waiting/cancel", json={"id": "x" * 129})
        assert long.json()["type"].endswith("payment_id_too_long")
        early = running.client.post("/v1/waiting/cancel", json={"id": "before anything came"})
        assert early.json()["outcome"] == "not_waiting"


@pytest.fixture
def mule() -> Watch:
    """A watch with a payment of stolen money that waits; nothing is caught, so it would move it on."""
    watch = Watch(
        rules=RULES,
        policy=policy_of(),
        currencies=("CNY", "USD"),
        rows_followed=100,
        accounts_max=64,
    )
    watch.decide([Asked("theft", NOON, "victim", "mule", 30_000, "CNY")])
    copy = watch.copy
    claim = ClaimOpened("case", "claim", "theft", is_admitted=True)
    taken, refusal = watch.take(after(copy.digest, copy.version, NOON, claim))
    assert refusal is None, taken
    made = watch.decide([Asked("on", NOON + SECOND, "mule", "next", 20_000, "CNY")])
    assert (made[0].action.name, made.told) == ("DELAY", ())
    return watch


def moved(told) -> list[tuple[str, int]]:
    return [(one.case, one.amount) for one in told if isinstance(one, Moved)]


def test_what_a_release_did_to_stolen_money_is_told(mule):
    ended = mule.release("on", NOON + 2 * SECOND)
    assert [one.ended.how for one in ended] == [How.RELEASED]
    assert moved(ended.told) == [("case", 20_000)]


def test_what_time_alone_did_to_stolen_money_is_told(mule):
    assert mule.advance(NOON + 2 * SECOND).told == ()
    ended = mule.advance(NOON + 2 * 86_400 * SECOND)
    assert [one.ended.how for one in ended] == [How.LAPSED]
    assert moved(ended.told) == [("case", 20_000)]


def test_what_was_taken_back_moved_nothing(mule):
    ended = mule.cancel("on", NOON + 2 * SECOND)
    assert ([one.ended.how for one in ended], ended.told) == ([How.CANCELLED], ())
