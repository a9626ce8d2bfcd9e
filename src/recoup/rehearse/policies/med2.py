"""Policy `med2`: recovery of funds as MED 2.0 has it, generously: nobody is late, and a graph is there at once.

1. At the report the payer's institution creates one recovery for each disputed transfer; the graph is made of that moment's
   rows and never made again.
2. Each institution blocks, after its answer time, the full amount of each transfer up to the balance, and new money while it
   is short: blocks of several recoveries on one account are served in their order.
3. Seven days of analysis; one transfer that is not agreed to takes everything behind it out of the return.
4. The return begins 72 hours later, root first, one request after the other has closed, in all no more than the root's amount.
5. A block ends when its transfer is not agreed to, when its request closes, or when the recovery ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Final

from recoup.records.kinds import KINDS
from recoup.rehearse.country import Fraud, InstitutionKind
from recoup.rehearse.country.answer_times import answer_seconds
from recoup.rehearse.play.happened import (
    Answered,
    Entitled,
    HeldNow,
    Ordered,
    Reported,
    Returned,
    Stopper,
)
from recoup.rehearse.play.ports import Attempt, Judgements, Row, Stage, Word
from recoup.rehearse.policies.med2_graph import (
    Followed,
    GraphTerms,
    Transfer,
    agreed_chain,
    tracking_graph,
)
from recoup.rehearse.scenario import Scenario
from recoup.watch.state import Payments

_SECOND: Final = 1_000_000
_DAY_US: Final = 86_400 * _SECOND
_OUTSIDE: Final = frozenset({InstitutionKind.CASH, InstitutionKind.ABROAD})
_RETURN: Final = KINDS.index("reversal")


@dataclass(frozen=True, slots=True)
class Med2Terms:
    """Terms of the scheme; times are the published limits, which institutions use up."""

    graph: GraphTerms = field(default_factory=GraphTerms)
    analysis_us: int = 7 * _DAY_US
    return_us: int = 3 * _DAY_US
    """From the end of the analysis to the first request: 72 hours."""
    look_us: int = 3_600 * _SECOND
    """How often it is looked at what blocks have caught since; of the figures only, blocks bind at once."""


@dataclass
class _Asked:
    """One transfer of a recovery: what is asked of its receiving institution, and how that stands."""

    followed: Followed
    is_blocked: bool = False
    is_closed: bool = False
    held_told: int = 0

    @property
    def account(self) -> int:
        return self.followed.transfer.payee

    @property
    def amount(self) -> int:
        return self.followed.transfer.amount


@dataclass
class _Recovery:
    """One recovery: of one disputed transfer."""

    fraud: int
    victim: int
    root: Transfer
    asked: list[_Asked]
    returned: int = 0
    disagreed: frozenset[int] = frozenset()
    is_agreed: bool = False
    is_over: bool = False
    requests: list[_Asked] = field(default_factory=list)

    @property
    def cause(self) -> str:
        return f"recovery-{self.fraud}-{self.root.number}"


class Med2:
    """The scheme's recovery of funds. It has no centre, no stream, no appeal."""

    name = "med2"
    judges = False

    def __init__(self, terms: Med2Terms | None = None) -> None:
        """Begin without any recovery."""
        self.terms = terms or Med2Terms()
        self._recoveries: list[_Recovery] = []
        self._by_account: dict[int, list[tuple[_Recovery, _Asked]]] = {}
        self._is_looking = False

    def begin(self, stage: Stage) -> None:
        """Take the stage."""
        self._stage, self._country = stage, stage.country

    def judge(self, payments: Payments) -> Judgements:
        """Never called: the scheme looks at no payment before it is booked."""
        raise AssertionError(f"{len(payments)} payments shown to a scheme that does not judge")

    def booked(self, rows: Sequence[Row]) -> None:
        """Nothing: blocks take what comes in by themselves."""

    def failed(self, payments: Payments) -> None:
        """Nothing: no payment was let go on here."""

    # --- report and blocks

    def reported(self, fraud: Fraud, rows: Sequence[Row]) -> None:
        """Create a recovery for each disputed transfer; its graph is of this moment."""
        self._stage.say(Reported(self._stage.now_us, fraud.number))
        for row in rows:
            root = Transfer(row.row, row.time_us, row.payer, row.payee, row.amount)
            graph = tracking_graph(root, self._debits, self.terms.graph)
            one = _Recovery(fraud.number, row.payer, root, [_Asked(found) for found in graph])
            self._recoveries.append(one)
            for asked in one.asked:
                self._ask(one, asked)
            self._stage.at(
                self._stage.now_us + self.terms.analysis_us, partial(self._analysed, one)
            )
        if rows and not self._is_looking:
            self._is_looking = True
            self._stage.at(self._stage.now_us + self.terms.look_us, self._look_on)

    def _debits(self, account: int, since_us: int, until_us: int) -> Iterable[Transfer]:
        """Yield what left an account by this scheme: cash and what goes abroad are none of its payments."""
        until_us = min(until_us, self._stage.now_us)
        for row in self._stage.books.statement(account, since_us, until_us):
            if row.payer == account and not self._is_outside(row.payee):
                yield Transfer(row.row, row.time_us, row.payer, row.payee, row.amount)

    def _is_outside(self, account: int) -> bool:
        place = int(self._country.accounts.institution[account])
        return self._country.institutions[place].kind in _OUTSIDE

    def _ask(self, one: _Recovery, asked: _Asked) -> None:
        """Ask the receiving institution for a block; it is there after the answer time."""
        now, account = self._stage.now_us, asked.account
        place = int(self._country.accounts.institution[account])
        earlier = len(self._by_account.get(account, ()))
        key = f"{account}/{earlier + 1}" if earlier else account
        self._by_account.setdefault(account, []).append((one, asked))
        order = f"{one.cause}-{asked.followed.transfer.number}"
        hop = asked.followed.layer - 1
        self._stage.say(Ordered(now, order, one.fraud, account, "block", asked.amount, hop))
        institution = self._country.institutions[place]
        is_silent = self._draw(one, asked, "silent") < institution.silent_share
        seconds = answer_seconds(self._country, place, key)
        at_us = now + (self.terms.analysis_us if is_silent else round(seconds * _SECOND))
        self._stage.at(at_us, lambda: self._block(one, asked, order))

    def _block(self, one: _Recovery, asked: _Asked, order: str) -> None:
        """Block the full amount: what is there, and what comes while that is short."""
        if one.is_over or asked.is_closed:
            return
        asked.is_blocked = True
        self._stage.books.block(one.cause, asked.account, self._blocked(one, asked.account))
        self._look_at(asked.account)
        word = "held" if asked.held_told == asked.amount else "held_short"
        outcome = word if asked.held_told else "moved"
        self._stage.say(Answered(self._stage.now_us, order, outcome, asked.held_told))
        self._say_entitled(one.fraud)

    @staticmethod
    def _blocked(one: _Recovery, account: int) -> int:
        live = (a for a in one.asked if a.account == account and a.is_blocked and not a.is_closed)
        return sum(asked.amount for asked in live)

    def _held(self, account: int) -> list[tuple[_Recovery, _Asked, int]]:
        """Return what each live block of an account has: served in their order."""
        left, found = max(0, self._stage.books.balance(account)), []
        for one, asked in self._by_account.get(account, ()):
            if asked.is_blocked and not asked.is_closed:
                held = min(left, asked.amount)
                left -= held
                found.append((one, asked, held))
        return found

    def _look_at(self, account: int) -> None:
        """Say what blocks of an account hold, where that has changed."""
        changed: dict[str, _Recovery] = {}
        for one, asked, held in self._held(account):
            if held != asked.held_told:
                asked.held_told = held
                changed[one.cause] = one
        for one in changed.values():
            self._say_held(one, account)

    def _say_held(self, one: _Recovery, account: int) -> None:
        held = sum(
            a.held_told
            for a in one.asked
            if a.account == account and a.is_blocked and not a.is_closed
        )
        now, frozen = self._stage.now_us, one.is_agreed and held > 0
        said = HeldNow(now, Stopper.SCHEME, one.cause, one.fraud, account, held, frozen)
        self._stage.say(said)

    def _look_on(self) -> None:
        for account in list(self._by_account):
            self._look_at(account)
        if self._stage.now_us < self._country.end_us:  # nothing comes in after it
            self._stage.at(self._stage.now_us + self.terms.look_us, self._look_on)

    def _say_entitled(self, fraud: int) -> None:
        """Say what blocks ask for one fraud, and how much more they hold than is missing."""
        some = [one for one in self._recoveries if one.fraud == fraud]
        live = [a for one in some for a in one.asked if a.is_blocked and not a.is_closed]
        entitled, held = sum(a.amount for a in live), sum(a.held_told for a in live)
        missing = sum(one.root.amount - one.returned for one in some)
        overlap = max(0, held - missing)
        self._stage.say(Entitled(self._stage.now_us, fraud, entitled, missing, overlap))

    # --- analysis and return

    def _draw(self, one: _Recovery, asked: _Asked, what: str) -> float:
        seed = f"{self._country.seed}/med2/{one.fraud}/{asked.account}/{asked.amount}/{what}"
        return Random(seed).random()  # noqa: S311 - a seed, not secrecy

    def _is_agreed(self, one: _Recovery, asked: _Asked) -> bool:
        place = int(self._country.accounts.institution[asked.account])
        institution = self._country.institutions[place]
        wrong = institution.error_share + institution.refusal_share
        return self._draw(one, asked, "analysis") >= wrong

    def _analysed(self, one: _Recovery) -> None:
        """Close the analysis of all transfers: who disagrees unblocks, what still hangs together is to be returned."""
        one.disagreed = frozenset(
            asked.followed.transfer.number for asked in one.asked if not self._is_agreed(one, asked)
        )
        one.is_agreed = True
        chain = agreed_chain([asked.followed for asked in one.asked], one.disagreed)
        numbers = {followed.transfer.number for followed in chain}
        one.requests = [a for a in one.asked if a.followed.transfer.number in numbers]
        for asked in one.asked:
            if asked.followed.transfer.number in one.disagreed:
                self._close(one, asked)
            else:
                self._look_at(asked.account)
                self._say_held(one, asked.account)
        self._say_entitled(one.fraud)
        later = self._stage.now_us + self.terms.return_us
        self._stage.at(later, lambda: self._request(one))

    def _request(self, one: _Recovery) -> None:
        """Ask for the next return, or end the recovery."""
        if not one.requests or one.returned == one.root.amount:
            self._over(one)
            return
        asked = one.requests.pop(0)
        place = int(self._country.accounts.institution[asked.account])
        key = f"{one.cause}-{asked.followed.transfer.number}/return"
        seconds = answer_seconds(self._country, place, key)
        later = self._stage.now_us + round(seconds * _SECOND)
        self._stage.at(later, lambda: self._pay_back(one, asked))

    def _pay_back(self, one: _Recovery, asked: _Asked) -> None:
        """Pay what the block has, at most what is still missing of the root, and close the request."""
        held = next((h for _, a, h in self._held(asked.account) if a is asked), 0)
        amount = min(held, one.root.amount - one.returned)
        others = [
            (other.cause, a, h) for other, a, h in self._held(asked.account) if a is not asked
        ]
        self._close(one, asked)
        if amount and one.victim != asked.account:
            self._pay_out(one, asked.account, amount, others)
        self._say_entitled(one.fraud)
        self._request(one)

    def _pay_out(
        self, one: _Recovery, account: int, amount: int, others: Sequence[tuple[str, _Asked, int]]
    ) -> None:
        """Pay what one block had, past blocks that ask for the same money and have it not."""
        have: dict[str, int] = {}
        for cause, _, held in others:
            have[cause] = have.get(cause, 0) + held
        for cause, held in have.items():
            self._stage.books.block(cause, account, held)
        sides = (account, one.victim)
        paid = self._stage.pay(Attempt(*sides, amount, _RETURN, is_ordered=True))
        for cause in have:
            asked = (self._blocked(r, account) for r in self._recoveries if r.cause == cause)
            self._stage.books.block(cause, account, sum(asked))
        assert paid.word is Word.BOOKED, f"{amount} was held in {account}: {paid.word}"
        one.returned += amount
        self._stage.say(Returned(self._stage.now_us, one.fraud, account, amount))
        self._look_at(account)

    def _close(self, one: _Recovery, asked: _Asked) -> None:
        """Unblock one transfer's amount."""
        if asked.is_closed:
            return
        asked.is_closed = True
        if not asked.is_blocked:
            return
        left = self._blocked(one, asked.account)
        if left:
            self._stage.books.block(one.cause, asked.account, left)
        else:
            self._stage.books.lift(one.cause, asked.account)
        asked.held_told = 0
        self._say_held(one, asked.account)
        self._look_at(asked.account)  # the next in order has what this one had

    def _over(self, one: _Recovery) -> None:
        one.is_over = True
        for asked in one.asked:
            self._close(one, asked)
        self._say_entitled(one.fraud)

    def finish(self, until_us: int) -> None:
        """Nothing: recoveries end by themselves, eleven days after their report at the latest."""


def med2(scenario: Scenario, seed: int) -> Med2:
    """Return the policy; nothing of it depends on a scenario but the institutions that it meets."""
    del scenario, seed
    return Med2()


__all__ = ["Med2", "Med2Terms", "med2"]
