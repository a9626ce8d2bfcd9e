"""What a card uses: orders about the acceptance accounts, sent as the centre would, and what the bank said. Judges nothing.

A card's cases are its own, so that cards can be played again and in any order; what a card held is released at its end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from recoup.clock import Clock
from recoup.errors import GatewayFault
from recoup.ids import Ids
from recoup.messages import (
    AnswerMessage,
    AppealMessage,
    Asked,
    AskMessage,
    DigestHold,
    DigestMessage,
    Disputed,
    KeyRing,
    MemoryReplays,
    Message,
    Minor,
    NoticeMessage,
    NoticeTerms,
    OrderMessage,
    SigningKey,
    open_message,
    seal,
)
from recoup.messages.keys import to_base64url
from recoup.messages.transport import PROBLEM, SCHEME, SIGNED
from recoup.orders import InstitutionKind, OrderKind, Policy

CASES: Final = "acceptance-"
"""How every case of the cards begins: a run first releases what an earlier one left."""

ARRIVED: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)
AMOUNT: Final = Minor(60_000)
NAMES: Final = {
    1: "ACCEPTANCE PLAIN",
    2: "ACCEPTANCE SHORT",
    3: "ACCEPTANCE MOVED",
    4: "ACCEPTANCE PAIR",
    5: "ACCEPTANCE OTHER",
    6: "ACCEPTANCE RAISE",
    7: "验收 测试",
    8: "ACCEPTANCE PAYER",
    9: "ACCEPTANCE PAYEE",
    10: "ACCEPTANCE CLOSED",
    11: "ACCEPTANCE WALLET",
    12: "ACCEPTANCE SHOP",
    13: "ACCEPTANCE CLIENT",
    14: "ACCEPTANCE PASSED",
}
NOTICE: Final = NoticeTerms("acceptance authority", ("acceptance paper",), "110")


class LeftOut(Exception):
    """The card cannot be played here; the text says what it would need."""


class Failed(Exception):
    """The bank did not do what the card asks; the text says what was expected and found."""


def expect(expected: object, found: object, what: str) -> None:
    """Fail the card unless both are equal."""
    if expected != found:
        raise Failed(f"{what}: expected {_shown(expected)}, was {_shown(found)}")


def expect_that(is_so: bool, what: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Fail the card unless it is so."""
    if not is_so:
        raise Failed(what)


def _shown(value: object) -> str:
    return str(getattr(value, "value", value))


@dataclass(frozen=True, slots=True)
class Said:
    """What the bank said to one request."""

    status: int
    problem: str
    """Name of the problem, '' if there was none."""
    document: dict[str, Any]
    answer: AnswerMessage | None
    is_repeat: bool


@dataclass(slots=True)
class Desk:
    """The centre's end, for the cards."""

    client: httpx.Client
    key: SigningKey
    ring: KeyRing
    institution: str
    policy: Policy
    clock: Clock
    ids: Ids
    run: str
    epoch: int = 0
    """Of the centre: a later run's is higher."""
    object_to: Callable[[str, str], None] | None = None
    """Has a holder object to the hold that an order began, at the bank, in these words; None: nobody can, here."""
    kind: InstitutionKind = InstitutionKind.BANK
    """What is examined: cards for another kind are left out."""
    _opened: list[OrderMessage] = field(default_factory=list)

    def order(self, kind: OrderKind, account: int, case: str = "a", **changes: Any) -> OrderMessage:  # noqa: ANN401
        """Return an order about an acceptance account that matches in everything but `changes`."""
        holds_nothing = kind in {OrderKind.RELEASE, OrderKind.QUERY, OrderKind.WATCH}
        order = OrderMessage(
            id=self.ids.new("order"),
            kind=kind,
            case=f"{CASES}{self.run}-{case}",
            institution=self.institution,
            account_number=f"62220000000000{account:02d}",
            account_name=NAMES.get(account, "ACCEPTANCE NOBODY"),
            currency="CNY",
            amount=Minor(0) if holds_nothing else AMOUNT,
            issued_at=self.clock.now(),
            reason="acceptance",
            disputed=None if holds_nothing else Disputed(AMOUNT, ARRIVED),
            notice=NOTICE,
        )
        return replace(order, **changes)

    def send(self, order: OrderMessage) -> Said:
        """Send an order, signed as it must be."""
        self._opened.append(order)
        return self.post(self.sealed(order))

    def answer(self, order: OrderMessage) -> AnswerMessage:
        """Send an order and return the answer; fail the card if there is none."""
        return self.answer_of(self.send(order))

    def answer_of(self, said: Said) -> AnswerMessage:
        """Return the answer, or fail the card."""
        if said.answer is None:
            raise Failed(f"expected a signed answer, was status {said.status} {said.problem}")
        return said.answer

    def sealed(self, message: Message, **changes: Any) -> bytes:  # noqa: ANN401 - what `seal` takes
        """Return a signed message; `changes` are key, audience, jti, now or epoch."""
        given = {
            "key": self.key,
            "audience": self.institution,
            "jti": self.ids.new("sending"),
            "now": self.clock.now(),
            "epoch": self.epoch,
            **changes,
        }
        return seal(message, given.pop("key"), **given)

    def sealed_text(self, order: OrderMessage, body: bytes) -> bytes:
        """Return any text under the header of an order, signed as it must be: what no centre of ours would send."""
        head, _, _ = self.sealed(order).split(b".")
        signed = head + b"." + to_base64url(body).encode()
        private = Ed25519PrivateKey.from_private_bytes(self.key.secret)
        return signed + b"." + to_base64url(private.sign(signed)).encode()

    def post(self, data: bytes) -> Said:
        """Send bytes as an order."""
        response = self._call("POST", "/orders", content=data, headers={"Content-Type": SIGNED})
        if response.status_code != 200:
            return Said(response.status_code, *_problem(response), None, False)
        message = self._opened_message(response.content, AnswerMessage)
        assert isinstance(message, AnswerMessage), "nothing else was taken"
        is_repeat = response.headers.get("Recoup-Repeat") == "true"
        return Said(200, "", {}, message, is_repeat)

    def digest(self) -> list[DigestHold]:
        """Return all holds of the cards' cases, page by page, as the bank signs them."""
        found: list[DigestHold] = []
        page = pages = 1
        while page <= pages:
            response = self.ask(AskMessage(self.institution, Asked.DIGEST, page))
            if response.status_code != 200:
                raise Failed(f"expected a digest, was status {response.status_code}")
            message = self._opened_message(response.content, DigestMessage)
            assert isinstance(message, DigestMessage), "nothing else was taken"
            expect(page, message.page, "page")
            found += message.holds
            page, pages = page + 1, message.pages
        return [hold for hold in found if hold.case.startswith(CASES)]

    def letters(self) -> list[Message]:
        """Return what the bank says of its own accord, oldest first."""
        found: list[Message] = []
        after = ""
        while True:
            response = self.ask(
                AskMessage(self.institution, Asked.MESSAGES, after=after), "/messages"
            )
            if response.status_code != 200:
                raise Failed(f"expected messages, was status {response.status_code}")
            rows = response.json()["messages"]
            if not rows:
                return found
            found += [
                self._opened_message(
                    row["message"].encode(), NoticeMessage, AppealMessage, AnswerMessage
                )
                for row in rows
            ]
            expect_that(rows[-1]["cursor"] != after, "the cursor does not go on")
            after = rows[-1]["cursor"]

    def held_of(self, order: OrderMessage) -> DigestHold | None:
        """Return the hold of an order's case and account, as the digest has it."""
        return next(
            (
                hold
                for hold in self.digest()
                if (hold.case, hold.account_number) == (order.case, order.account_number)
            ),
            None,
        )

    def ask(
        self,
        message: AskMessage | None,
        path: str = "/digest",
        **changes: Any,  # noqa: ANN401 - as `sealed`
    ) -> httpx.Response:
        """Ask for the digest or for messages, with or without authority."""
        headers = {}
        if message is not None:
            headers["Authorization"] = SCHEME + self.sealed(message, **changes).decode()
        return self._call("GET", path, headers=headers)

    def tidy(self) -> None:
        """Release what the card held."""
        for order in reversed(self._opened):
            self._release(order.case, order.account_number, order.account_name)
        self._opened = []

    def clear(self) -> None:
        """Release what an earlier run left."""
        by_number = {f"62220000000000{number:02d}": name for number, name in NAMES.items()}
        for hold in self.digest():
            self._release(hold.case, hold.account_number, by_number.get(hold.account_number, ""))

    def _release(self, case: str, account: str, name: str) -> None:
        plain = self.order(OrderKind.RELEASE, 1)
        order = replace(plain, case=case, account_number=account, account_name=name)
        self.post(self.sealed(order))

    def _opened_message(self, data: bytes, *kinds: type) -> Message:
        return open_message(
            data,
            self.ring,
            audience=self.key.owner,
            now=self.clock.now(),
            replays=MemoryReplays(),
            takes=kinds,
        ).message

    def _call(self, method: str, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - as httpx takes it
        try:
            return self.client.request(method, path, **more)
        except httpx.HTTPError as fault:
            raise GatewayFault(f"{method} {path}: {type(fault).__name__}: {fault}") from fault


def _problem(response: httpx.Response) -> tuple[str, dict[str, Any]]:
    try:
        document = response.json()
    except ValueError:
        return "", {}
    if not isinstance(document, dict):
        return "", {}
    return str(document.get("type", "")).removeprefix(PROBLEM), document


Play = Callable[[Desk], None]


@dataclass(frozen=True, slots=True)
class Card:
    """One thing that a bank's implementation must do."""

    number: int
    what: str
    play: Play


class Deck:
    """The cards in their order; their numbers never change meaning."""

    def __init__(self) -> None:
        self.cards: list[Card] = []

    def card(self, number: int, what: str) -> Callable[[Play], Play]:
        """Enter a function as a card."""

        def enter(play: Play) -> Play:
            assert number not in {card.number for card in self.cards}, f"two cards {number}"
            self.cards.append(Card(number, what, play))
            return play

        return enter


MINUTE: Final = timedelta(minutes=1)

__all__ = [
    "AMOUNT", "ARRIVED", "MINUTE", "NAMES", "NOTICE", "Card", "Deck", "Desk", "Failed", "LeftOut", "Said", "expect",
    "expect_that",
]  # fmt: skip
