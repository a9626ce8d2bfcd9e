"""Letters that the centre will never take: why is kept, once, beside what it took; nothing behind them is kept back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from banks import CENTRE, START, YEARS

from recoup.bank import BankStore, Identity
from recoup.bank.polling import Line, post_letters
from recoup.bank.post import Post
from recoup.care import DecisionGround, DecisionKind
from recoup.clock import HandClock
from recoup.errors import GatewayFault
from recoup.ids import RandomIds
from recoup.messages import DecisionAppealMessage, KeyRing, Minor, generate_key
from recoup.messages.transport import PROBLEM

FIRST = DecisionAppealMessage(
    *("appeal-1", "bank-7", "gd", "p-1", "6222", "CNY"),
    *(Minor(100), DecisionKind.WARN, DecisionGround.RULE, START, START, "mine"),
)
SECOND = replace(FIRST, id="appeal-2", decision="p-2")


class Centre:
    """Answers what it is told to, and counts."""

    def __init__(self, store: BankStore) -> None:
        self.answers: list[tuple[int, str]] = []
        self.count, self.heard = 0, list[str]()
        key, ring = generate_key("bank-7", START - YEARS, START + YEARS), KeyRing([CENTRE.public])
        who = Identity("bank-7", CENTRE.owner, lambda _: key, lambda: ring)
        self.post = Post(who, store, HandClock(START), RandomIds())
        client = httpx.Client(base_url="http://centre", transport=httpx.MockTransport(self._said))
        self.line = Line(client, "bank-7", self.heard.append)

    def _said(self, _: httpx.Request) -> httpx.Response:
        self.count += 1
        status, name = self.answers.pop(0)
        body = json.dumps({"type": PROBLEM + name} if name else {}).encode()
        return httpx.Response(status, stream=httpx.ByteStream(body))


@pytest.fixture
def centre() -> Iterator[Centre]:
    store = BankStore.in_memory()
    yield Centre(store)
    store.close()


def test_why_a_letter_is_declined_is_kept_and_the_next_one_goes(centre):
    for letter in (FIRST, SECOND):
        assert centre.post.kept(letter) == letter
    centre.answers = [(404, "unit_unknown"), (204, "")]
    assert post_letters(centre.post, centre.line) == 2
    assert [centre.post.declined(one) for one in (FIRST, SECOND)] == ["unit_unknown", ""]
    assert centre.heard == ["the centre did not take an answer: status 404 unit_unknown"]
    assert post_letters(centre.post, centre.line) == 0, "neither is posted again"
    assert centre.post.declined(replace(FIRST, id="appeal-3")) == "", "nobody wrote that"


def test_one_that_the_centre_cannot_take_now_waits_and_is_not_declined(centre):
    centre.post.kept(FIRST)
    for status in (401, 429, 500, 503):
        centre.answers = [(status, "")]
        with pytest.raises(GatewayFault):
            post_letters(centre.post, centre.line)
        assert centre.post.declined(FIRST) == ""
    centre.answers = [(422, "")]
    assert post_letters(centre.post, centre.line) == 1
    assert centre.post.declined(FIRST) == "status_422", "it did not say why"


def test_killed_between_the_answer_and_its_note_it_goes_again_and_the_first_reason_stays(centre):
    centre.post.kept(FIRST)
    centre.answers = [(404, "unit_unknown")]
    ((place, _),) = centre.post.waiting(9)
    centre.post._letters._store.keep(f"letter declined {place}", "decision_unfit")
    assert post_letters(centre.post, centre.line) == 1
    assert centre.post.declined(FIRST) == "decision_unfit"
