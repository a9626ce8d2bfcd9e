"""Payments that wait end over HTTP and in the watch: who may say so, what becomes of the money, and that a restart knows it."""

from __future__ import annotations

import pytest
from deciding import policy_of, rules_of
from waiting_payments import CALLERS, NOON, PATIENT, SECOND, configuration, core, end, outcome, pay
from watch_service import Running

from recoup.watch.stolen import Moved
from recoup.watch.stream import How
from recoup.watch.told import ClaimOpened, after
from recoup.watching import Asked, Watch
from recoup.watching.service.port import CONFIGURE

RULES = rules_of(("small", "amount < 250.00 CNY", "delay"))


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
